"""Everything one look at delivery needs, from one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from srelib.delivery.counted import Span, history
from srelib.delivery.failures import (
    attributed,
    change_fail_rate,
    failures,
    recoveries,
    recovery_time,
)
from srelib.delivery.frequency import deployment_frequency, rework_rate
from srelib.delivery.lead_time import change_lead_time, lead_times
from srelib.delivery.rules import PRESETS, Rules, preset
from srelib.delivery.sensitivity import chance, sensitivity
from srelib.delivery.spans import service_names
from srelib.delivery.summary import Delivery, metrics

TOGETHER = "all services together"
_LONG = pd.Timedelta(weeks=8)
_VERY_LONG = pd.Timedelta(weeks=60)


@dataclass(frozen=True)
class Review:
    """What was found about the deployments of some services.

    Parameters
    ----------
    between : (Timestamp, Timestamp)
        The history.
    rules : Rules
        What counted as what.
    services : list of str
        By name.
    metrics : dict of str to Delivery
        The five numbers of each.
    lead : DataFrame
        As from `lead_times`.
    lead_periods : DataFrame
        As from `change_lead_time`, per `period`.
    period : str
        Calendar window of what is shown over time: ``1w``, ``1M`` or ``1Q``.
    calendar : DataFrame
        As from `deployment_frequency`, per week, or per month in a long history.
    frequency, fails, recovery, rework : DataFrame
        As from the functions of that name, over the whole history.
    failures, recoveries, pairs, chance : DataFrame
        As from `failures`, `recoveries`, `attributed` and `chance`.
    """

    between: Span
    rules: Rules
    services: list[str]
    metrics: dict[str, Delivery]
    lead: pd.DataFrame
    lead_periods: pd.DataFrame
    period: str
    calendar: pd.DataFrame
    frequency: pd.DataFrame
    fails: pd.DataFrame
    recovery: pd.DataFrame
    rework: pd.DataFrame
    failures: pd.DataFrame
    recoveries: pd.DataFrame
    pairs: pd.DataFrame
    chance: pd.DataFrame

    @property
    def weeks(self) -> float:
        """Length of the history [weeks]."""
        return (self.between[1] - self.between[0]) / pd.Timedelta(weeks=1)


def chosen(
    name: str, *, within: pd.Timedelta | str | None = None, start: str | None = None
) -> Rules:
    """A set of rules by name; window and start of the clock can be set in ours only.

    Parameters
    ----------
    name : str
        A preset.
    within : Timedelta or str, optional
        Attribution window.
    start : {'committed', 'merged'}, optional
        Where change lead times start.

    Returns
    -------
    Rules

    Examples
    --------
    >>> chosen("srelib", within="4h").within, chosen("gitlab", start="committed").start
    (Timedelta('0 days 04:00:00'), 'merged')
    """
    rules = preset(name)
    if name != "srelib":
        return rules
    changes: dict[str, Any] = {"within": within, "start": start}
    return replace(rules, **{key: value for key, value in changes.items() if value is not None})


def review(
    deployments: pd.DataFrame,
    changes: pd.DataFrame,
    incidents: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    rules: Rules,
    between: Span | None = None,
) -> Review | None:
    """Look at delivery as a whole.

    Parameters
    ----------
    deployments, changes, incidents : DataFrame
        The tables; deployments are production only.
    as_of : Timestamp
        Now.
    rules : Rules
        What counts as what.
    between : (Timestamp, Timestamp), optional
        The history; from the day of the first deployment until now when not given.

    Returns
    -------
    Review or None
        None without a deployment.

    Examples
    --------
    >>> from srelib import tables
    >>> review(*(tables.empty(name) for name in ("deployments", "changes", "incidents")),
    ...        as_of=pd.Timestamp("2026-06-29", tz="UTC"), rules=Rules()) is None
    True
    """
    span = between or history(deployments, as_of=as_of)
    if span is None:
        return None
    length = span[1] - span[0]
    period = "1w" if length < _LONG else "1M" if length < 6 * _VERY_LONG / 5 else "1Q"
    weekly = "1w" if length < _VERY_LONG else "1M" if length < 5 * _VERY_LONG else "1Q"
    timing: dict[str, Any] = {"start": rules.start, "minutes": rules.minutes}
    ours: dict[str, Any] = {"between": span, "rules": rules}
    return Review(
        between=span,
        rules=rules,
        services=service_names(deployments),
        metrics=metrics(deployments, changes, incidents, **ours),
        lead=lead_times(changes, deployments, between=span, **timing),
        lead_periods=change_lead_time(changes, deployments, between=span, window=period, **timing),
        period=period,
        calendar=deployment_frequency(
            deployments, between=span, window=weekly, statuses=rules.statuses
        ),
        frequency=deployment_frequency(deployments, between=span, statuses=rules.statuses),
        fails=change_fail_rate(deployments, incidents, **ours),
        recovery=recovery_time(deployments, incidents, **ours),
        rework=rework_rate(deployments, between=span, statuses=rules.statuses),
        failures=failures(deployments, incidents, **ours),
        recoveries=recoveries(deployments, incidents, **ours),
        pairs=_within(attributed(deployments, incidents, rules=rules), span),
        chance=chance(deployments, incidents, **ours),
    )


def _within(pairs: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Incidents of the history."""
    inside = (pairs["started_at"] >= span[0]) & (pairs["started_at"] <= span[1])
    return pairs[inside].reset_index(drop=True)


def by_preset(
    deployments: pd.DataFrame, changes: pd.DataFrame, incidents: pd.DataFrame, *, between: Span
) -> dict[str, Delivery]:
    """The five numbers under each set of rules, all services taken as one."""
    found = {
        name: metrics(
            deployments, changes, incidents, between=between, rules=rules, together=TOGETHER
        )
        for name, rules in PRESETS.items()
    }
    return {name: each[TOGETHER] for name, each in found.items() if TOGETHER in each}


def tried(
    deployments: pd.DataFrame, incidents: pd.DataFrame, *, review: Review | None
) -> pd.DataFrame | None:
    """What other windows would have said, all services taken as one.

    Parameters
    ----------
    deployments, incidents : DataFrame
        The tables.
    review : Review or None

    Returns
    -------
    DataFrame or None
        As from `sensitivity`; None without a deployment.

    Examples
    --------
    >>> from srelib import tables
    >>> tried(tables.empty("deployments"), tables.empty("incidents"), review=None) is None
    True
    """
    if review is None:
        return None
    return sensitivity(
        deployments, incidents, between=review.between, rules=review.rules, together=TOGETHER
    )


def tools(
    deployments: pd.DataFrame, changes: pd.DataFrame, incidents: pd.DataFrame, *,
    review: Review | None,
) -> dict[str, Delivery]:  # fmt: skip
    """`by_preset` over the history of a review.

    Parameters
    ----------
    deployments, changes, incidents : DataFrame
        The tables.
    review : Review or None

    Returns
    -------
    dict of str to Delivery
        By name of the rules; empty without a deployment.

    Examples
    --------
    >>> from srelib import tables
    >>> tools(*(tables.empty(name) for name in ("deployments", "changes", "incidents")),
    ...       review=None)
    {}
    """
    if review is None:
        return {}
    return by_preset(deployments, changes, incidents, between=review.between)
