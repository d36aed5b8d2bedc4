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

    Parameters
    ----------
    team : str; empty for services without a team
    services : tuple of str, in the order of the scoreboard given
    overspent : tuple of str, those that have used more than their error budget
    unknown : int, how many have no error budget that is known
    deployments : int or None, that reached users; None: nobody exported deployments
    incidents : int or None, one of several services of the team once; None: not exported
    weeks : float, length of the time [weeks]
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
    """How the services of each team stand, counted one by one.

    Parameters
    ----------
    board : mapping of str to Scorecard, of each service (`scoreboard`)
    teams : Series, name of the team of each service (`Dataset.teams`)
    between : pair of Timestamp or None, the time of the scoreboard
    incidents : DataFrame or None, table ``incidents``; None: nobody exported it

    Returns
    -------
    list of TeamTotals
        Teams in the order of their first service; services without a team last. Empty where no
        service has one.

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
    last = [*(team for team in groups if team), *([""] if "" in groups else [])]
    return [_totals(team, groups[team], board, between, incidents) for team in last]


def _totals(
    team: str,
    services: list[str],
    board: Mapping[str, Scorecard],
    between: Span,
    incidents: pd.DataFrame | None,
) -> TeamTotals:
    cards = [board[service] for service in services]
    return TeamTotals(
        team,
        tuple(services),
        tuple(one.service for one in cards if one.left.value < 0),
        sum(one.left.value != one.left.value for one in cards),
        sum(one.deployments for one in cards)
        if any(one.frequency.value == one.frequency.value for one in cards) else None,
        None if incidents is None else _incidents(incidents, services, between),
        (between[1] - between[0]) / WEEK,
    )  # fmt: skip


def _incidents(incidents: pd.DataFrame, services: list[str], between: Span) -> int:
    own = events.eligible_incidents(incidents)
    own = own[own["service"].isin(services)]
    own = own[own["started_at"].between(*between, inclusive="left")]
    return len(events.once_for_fleet(own))
