"""The five numbers of each service together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from srelib import tables
from srelib.delivery.failures import (
    attributed,
    change_fail_rate,
    failures,
    recoveries,
    recovery_time,
)
from srelib.delivery.frequency import (
    Span,
    deployment_frequency,
    estimate,
    history,
    rework_rate,
    service_names,
    span_of,
)
from srelib.delivery.lead_time import change_lead_time, lead_times
from srelib.delivery.rules import DEFAULT, PRESETS, Rules, preset
from srelib.delivery.sensitivity import chance, sensitivity
from srelib.errors import ParameterError
from srelib.stats import Estimate

NAN = float("nan")


@dataclass(frozen=True)
class Delivery:
    """How a service ships: DORA's five numbers, each with n and interval.

    Parameters
    ----------
    deployments : int
        That reached users.
    frequency : Estimate
        Deployments [1/week].
    lead_time : Estimate
        Median change lead time [s].
    fail_rate : Estimate
        Deployments that failed in the hands of users / deployments [fraction].
    recovery : Estimate
        Median time from the start of a failure to its end [s].
    rework_rate : Estimate
        Unplanned deployments / deployments [fraction].

    Notes
    -----
    What the exports do not say is NaN with n 0.
    """

    deployments: int
    frequency: Estimate
    lead_time: Estimate
    fail_rate: Estimate
    recovery: Estimate
    rework_rate: Estimate


def metrics(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    together: str | None = None,
    confidence: float = 0.95,
) -> dict[str, Delivery]:
    """DORA's five numbers of every service that was deployed."""
    span = span_of(between)
    sure: dict[str, Any] = {"confidence": confidence, "together": together}
    often = deployment_frequency(deployments, between=span, statuses=rules.statuses, **sure)
    incidents = tables.empty("incidents") if incidents is None else incidents
    hurt: dict[str, Any] = {
        "rules": rules, "placed": attributed(deployments, incidents, rules=rules), **sure
    }  # fmt: skip
    fails = change_fail_rate(deployments, incidents, between=span, **hurt)
    mended = recovery_time(deployments, incidents, between=span, **hurt)
    rework = rework_rate(deployments, between=span, statuses=rules.statuses, **sure)
    parts = {"frequency": often, "fail_rate": fails, "recovery": mended, "rework_rate": rework}
    if changes is not None and len(changes):
        parts["lead_time"] = change_lead_time(
            changes, deployments, between=span, start=rules.start, lead=rules.lead,
            minutes=rules.minutes, **sure,
        )  # fmt: skip
    rows = {name: part.set_index("service").to_dict("index") for name, part in parts.items()}
    nothing = Estimate(NAN, NAN, NAN, 0, confidence, "no changes")
    found = {}
    names = service_names(deployments)
    for service in [together] if together is not None and names else names:
        each = {name: estimate(part[service], confidence=confidence)
                for name, part in rows.items()}  # fmt: skip
        each = {"lead_time": nothing, **each}
        found[service] = Delivery(int(each["frequency"].n), **each)
    return found


HOUR, DAY = 3600.0, 86_400.0
WEEK, MONTH, HALF_YEAR = 7 * DAY, 30 * DAY, 182.5 * DAY
ORDER = ("elite", "high", "medium", "low")
METRICS = ("frequency", "lead_time", "fail_rate", "recovery")
"""What levels are published for; they are none for the rework rate."""

Range = tuple[float, float]
_ANY = math.inf

YEARS: dict[int, dict[str, tuple[Range, Range, Range, Range]]] = {
    2019: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.15), (0, 0.15), (0, 0.15), (0.46, 0.60)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
    2021: {
        "frequency": ((0, DAY), (WEEK, MONTH), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "lead_time": ((0, HOUR), (DAY, WEEK), (MONTH, HALF_YEAR), (HALF_YEAR, _ANY)),
        "fail_rate": ((0, 0.15), (0.16, 0.30), (0.16, 0.30), (0.16, 0.30)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (HALF_YEAR, _ANY)),
    },
    2023: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (WEEK, MONTH)),
        "fail_rate": ((0, 0.05), (0.10, 0.10), (0.15, 0.15), (0.64, 0.64)),
        "recovery": ((0, HOUR), (0, DAY), (DAY, WEEK), (MONTH, HALF_YEAR)),
    },
    2024: {
        "frequency": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "lead_time": ((0, DAY), (DAY, WEEK), (WEEK, MONTH), (MONTH, HALF_YEAR)),
        "fail_rate": ((0, 0.05), (0.20, 0.20), (0.10, 0.10), (0.40, 0.40)),
        "recovery": ((0, HOUR), (0, DAY), (0, DAY), (WEEK, MONTH)),
    },
}
"""What was published for elite, high, medium and low; frequency as the time between two
deployments [s], where "on demand" is taken as more than one a day."""

_TIMES = (
    (HOUR, "less than an hour"), (DAY, "less than a day"), (WEEK, "a day to a week"),
    (MONTH, "a week to a month"), (HALF_YEAR, "1 to 6 months"), (_ANY, "more than 6 months"),
)  # fmt: skip
_OFTEN = (
    (HOUR, "more than once an hour"), (DAY, "once an hour to once a day"),
    (WEEK, "once a day to once a week"), (MONTH, "once a week to once a month"),
    (HALF_YEAR, "once a month to once in 6 months"), (_ANY, "less than once in 6 months"),
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """What a number would have been called in a year."""

    names: tuple[str, ...]
    published: bool

    def __str__(self) -> str:
        """The name or names in words."""
        return " or ".join([", ".join(self.names[:-1]), self.names[-1]][len(self.names) == 1 :])


def level(value: float, *, metric: str, year: int) -> Level | None:
    """The level of a year a number belongs to."""
    ranges = _ranges(metric, year)
    if value != value:
        return None
    length = badness(value, metric)
    for low, high in ranges:
        if length <= high:
            same = tuple(n for n, r in zip(ORDER, ranges, strict=True) if r == (low, high))
            return Level(same, low <= length)
    return Level((ORDER[-1],), False)


def badness(value: float, metric: str) -> float:
    """A number on a scale where less is better: time between deployments for a frequency."""
    if metric != "frequency":
        return value
    return WEEK / value if value > 0 else math.inf


def _ranges(metric: str, year: int) -> tuple[Range, ...]:
    if year not in YEARS:
        raise ParameterError(
            f"year must be one of {', '.join(map(str, YEARS))}; got {year}. "
            "DORA published no levels in 2025."
        )
    if metric not in METRICS:
        raise ParameterError(f"levels exist for {', '.join(METRICS)}; got {metric!r}.")
    return YEARS[year][metric]


def category(value: float, *, metric: str) -> str | None:
    """DORA's own answer category of a number: contiguous, of no year."""
    if metric == "fail_rate" or value != value:
        return None
    edges = _OFTEN if metric == "frequency" else _TIMES
    length = badness(value, metric)
    return next(name for edge, name in edges if length < edge or edge == _ANY)


def levels(found: Mapping[str, Delivery], *, year: int) -> pd.DataFrame:
    """Levels and categories of each service and metric, and how far the intervals reach."""
    _ranges("frequency", year)
    rows = [
        _row(service, metric, getattr(each, metric), year)
        for service, each in found.items()
        for metric in METRICS
    ]
    columns = ["service", "metric", "value", "n", "category", "level", "published", "best", "worst"]
    return pd.DataFrame(rows, columns=columns)


def _row(service: str, metric: str, estimate: Estimate, year: int) -> tuple[object, ...]:
    own = level(estimate.value, metric=metric, year=year)
    ends = [level(end, metric=metric, year=year) for end in (estimate.low, estimate.high)]
    best, worst = ends[::-1] if metric == "frequency" else ends
    return (
        service, metric, estimate.value, estimate.n, category(estimate.value, metric=metric),
        None if own is None else str(own), None if own is None else own.published,
        None if best is None else best.names[0], None if worst is None else worst.names[-1],
    )  # fmt: skip


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
