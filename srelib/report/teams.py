"""Rows of the first page by team, and the choice of one without any script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from srelib import wording
from srelib.findings.teams import NO_TEAM, totals_text
from srelib.tradeoff import TeamTotals


@dataclass(frozen=True)
class Team:
    """A team as a heading: its name, its place (0: no team), counts and rates of its services."""

    name: str
    place: int
    words: str = ""


@dataclass(frozen=True)
class Group:
    """Rows of one team; without a team where the folder names none."""

    team: Team | None
    rows: tuple[Any, ...]


def headings(totals: Iterable[TeamTotals]) -> dict[str, Team]:
    """The teams by name, services without one under an empty name."""
    return {
        one.team: Team(wording.label(one.team or NO_TEAM, limit=60), place if one.team else 0,
                       totals_text(one))
        for place, one in enumerate(totals, start=1)
    }  # fmt: skip


def grouped(
    rows: Sequence[Any], teams: dict[str, Team], *, of: Callable[[Any], str]
) -> tuple[Group, ...]:
    """Rows under their teams, in the order of the teams; one group where there are none."""
    if not teams:
        return (Group(None, tuple(rows)),)
    every = teams | ({} if "" in teams else {"": Team(NO_TEAM, 0)})
    own = {name: tuple(row for row in rows if _known(of(row), teams) == name) for name in every}
    return tuple(Group(team, own[name]) for name, team in every.items() if own[name])


def _known(name: str, teams: dict[str, Team]) -> str:
    return name if name in teams else ""


def css(teams: dict[str, Team]) -> str:
    """Rules that hide the rows of other teams where one is chosen."""
    return "".join(
        f"\nmain:has(#team-{one.place}:checked) [data-team]:not([data-team=\"{one.place}\"])"
        " { display: none; }"
        for one in teams.values()
    )  # fmt: skip
