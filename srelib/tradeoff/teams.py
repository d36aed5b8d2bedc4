"""What the services of each team add up to: counts and rates, never one level for several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from srelib import events
from srelib.tradeoff.after_deployments import WEEK
from srelib.tradeoff.association import Span
from srelib.tradeoff.scoreboard import Scorecard


@dataclass(frozen=True)
class TeamTotals:
    """The services of one team over the time of the scoreboard.

    team: empty for services without a team
    services: in the order of the scoreboard given
    overspent: those that have used more than their error budget
    unknown: how many have no error budget that is known
    deployments: that reached users; None: nobody exported deployments
    incidents: one of several services of the team once; None: not exported
    weeks: length of the time [weeks]
    """

    team: str
    services: tuple[str, ...]
    overspent: tuple[str, ...]
    unknown: int
    deployments: int | None
    incidents: int | None
    weeks: float


def team_totals(
    board: Mapping[str, Scorecard],
    teams: pd.Series,
    *,
    between: Span | None,
    incidents: pd.DataFrame | None = None,
) -> list[TeamTotals]:
    """How the services of each team stand, counted one by one; services without a team last.

    Teams in the order of their first service; none where no service has one.

    Parameters
    ----------
    board : mapping of str to Scorecard, of each service (`scoreboard`)
    teams : Series, name of the team of each service (`Dataset.teams`)
    between : pair of Timestamp or None, the time of the scoreboard
    incidents : DataFrame or None, table ``incidents``; None: nobody exported it

    Examples
    --------
    >>> from srelib import objectives, simulate, tradeoff
    >>> data = simulate.fleet(seed=1).dataset
    >>> span = data.series["first"].min(), data.as_of
    >>> counts = objectives.per_service(objectives.measured(data))
    >>> board = tradeoff.scoreboard(counts, data.deployments, between=span)
    >>> own = pd.Series({"api": "core", "web": "core", "worker": "jobs"})
    >>> [(one.team, one.services) for one in team_totals(board, own, between=span)]
    [('core', ('api', 'web')), ('jobs', ('worker',))]
    """
    groups: dict[str, list[str]] = {}
    for service in board:
        groups.setdefault(str(teams.get(service, "")), []).append(service)
    if between is None or not {*groups} - {""}:
        return []
    if incidents is not None:
        incidents = events.eligible_incidents(incidents)
        incidents = incidents[incidents["started_at"].between(*between, inclusive="left")]
    found = []
    for team in sorted(groups, key=lambda team: not team):  # services without a team last
        cards = [board[service] for service in groups[team]]
        own = None if incidents is None else incidents[incidents["service"].isin(groups[team])]
        deployed = any(one.frequency.value == one.frequency.value for one in cards)
        found.append(TeamTotals(
            team,
            tuple(groups[team]),
            tuple(one.service for one in cards if one.left.value < 0),
            sum(one.left.value != one.left.value for one in cards),
            sum(one.deployments for one in cards) if deployed else None,
            None if own is None else len(events.once_for_fleet(own)),
            (between[1] - between[0]) / WEEK,
        ))  # fmt: skip
    return found
