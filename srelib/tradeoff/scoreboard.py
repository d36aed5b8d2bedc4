"""Each service in two rows of numbers: how it ships, and how reliable it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from srelib import delivery, sli, windows
from srelib import incidents as paged
from srelib.errors import SrelibError
from srelib.sli.sums import DAY, block_sums
from srelib.stats import Estimate, rate, wilson
from srelib.tradeoff.panel import WEEK, Span

NAN = float("nan")
NOT_PAGES = ("ticket", "warning", "warn", "info", "informational", "low", "notice")
"""Severities of alerts that wake nobody; everything else counts as a page."""
ENOUGH_DAYS = 28
FELT = pd.Timedelta("1h")
"""How far before a page users may have begun to feel what it tells about."""


@dataclass(frozen=True)
class Standing:
    """One service on the scoreboard; what the exports do not say is NaN with n 0.

    Parameters
    ----------
    service : str
    deployments : int
        That reached users.
    frequency : Estimate
        Deployments [1/week].
    lead_time : Estimate
        Median change lead time [s].
    fail_rate : Estimate
        Deployments that failed in the hands of users [fraction]. Of both disciplines.
    recovery : Estimate
        Median time until such a failure was mended [s]. Of both disciplines.
    rework_rate : Estimate
        Unplanned deployments [fraction].
    objective : str
        Name of the objective, or of the series where nothing is promised; empty without data.
    target : float
        What is promised [fraction]; NaN where nothing is.
    sli : Estimate
        Share of good events [fraction].
    left : Estimate
        Share of the budget of the whole period that is left [fraction].
    pages : Estimate
        Pages on record [1/week].
    felt : Estimate
        Pages while users felt something: more bad events than the target allows, from an hour
        before the page to its end [fraction]. Of both disciplines.
    incidents : Estimate
        [1/week]
    restore : Estimate
        Median time to restore [s].
    """

    service: str
    deployments: int
    frequency: Estimate
    lead_time: Estimate
    fail_rate: Estimate
    recovery: Estimate
    rework_rate: Estimate
    objective: str
    target: float
    sli: Estimate
    left: Estimate
    pages: Estimate
    felt: Estimate
    incidents: Estimate
    restore: Estimate


DEVOPS = ("frequency", "lead_time", "rework_rate")
SHARED = ("fail_rate", "recovery", "felt")
SRE = ("sli", "left", "pages", "incidents", "restore")
"""Fields of `Standing`: what either discipline looks at alone, and what both look at."""


def scoreboard(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    between: Span | None,
    changes: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
    rules: delivery.Rules = delivery.DEFAULT,
    confidence: float = 0.95,
) -> dict[str, Standing]:
    """How each service ships beside how reliable it is, over the same time.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index, one indicator for each service
        (`srelib.tradeoff.per_service`).
    deployments : DataFrame
        Table ``deployments``, production only.
    between : pair of Timestamp or None
        The time both disciplines are judged over, half-open, as from
        `srelib.tradeoff.shared_span`; None: nothing is known.
    changes, incidents, alerts : DataFrame, optional
        The tables; what needs them is unknown without them.
    rules : delivery.Rules
        What counts as a failed deployment.
    confidence : float
        Of the intervals [fraction].

    Returns
    -------
    dict of str to Standing
        Every service that any table names, in order of the names.

    Notes
    -----
    A service without a row in a table that others have rows in has none, which is 0 and not
    unknown: no incident in a log of incidents is good news.
    Budget left is that of the whole period at the target, whatever window the objective has;
    its interval is that of the service level.
    An alert is a page unless its severity says that it can wait (`NOT_PAGES`).

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, 2018, chapter 1 (how SRE relates to
       DevOps).
    .. [2] DORA, Accelerate State of DevOps 2024 (the five measures of delivery).

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=14 * 24, freq="h", tz="UTC")
    >>> class Up:
    ...     service, sli, name, target, weighting = "shop", "availability", "shop", 0.98, "events"
    >>> seen = pd.DataFrame({"good": 99.0, "total": 100.0}, index=days)
    >>> shipped = pd.DataFrame({"deployment_id": ["d"], "service": ["shop"],
    ...     "finished_at": days[[30]], "status": ["succeeded"], "planned": [True]})
    >>> found = scoreboard({Up: seen}, shipped, between=(days[0], days[-1]))["shop"]
    >>> found.deployments, round(found.left.value, 3), found.incidents.n
    (1, 0.5, 0)
    """
    if between is None:
        return {}
    nothing = Estimate(NAN, NAN, NAN, 0, confidence, "no data")
    shipped = _shipped(deployments, changes, incidents, between, rules, confidence)
    told = _incidents(incidents, between, confidence)
    keys = {key.service: key for key in counts}
    named = {str(s) for t in (deployments, incidents, alerts) if t is not None and len(t)
             for s in t["service"].dropna().unique()}  # fmt: skip
    found = {}
    for service in sorted(named | set(keys)):
        key = keys.get(service)
        part = None if key is None else _within(counts[key], between)
        blank = _blank(service, nothing, key)
        known: dict[str, Any] = {
            **shipped.get(service, {}),
            **(told.get(service, told.get("", {}))),
            **(_level(key, part, confidence) if part is not None else {}),
            **_pages(key, part, alerts, service, between, confidence),
        }
        found[service] = replace(blank, **known)
    return found


def _blank(service: str, nothing: Estimate, key: Any) -> Standing:
    fields = dict.fromkeys((*DEVOPS, *SHARED, *SRE), nothing)
    target = NAN if key is None else key.target
    return Standing(service=service, deployments=0, objective="" if key is None else key.name,
                    target=target, **fields)  # fmt: skip


def _within(counts: pd.DataFrame, between: Span) -> pd.DataFrame:
    index = pd.DatetimeIndex(counts.index)
    first, last = index.searchsorted(pd.DatetimeIndex(between))
    return counts.iloc[first:last]


def _shipped(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    between: Span,
    rules: delivery.Rules,
    confidence: float,
) -> dict[str, dict[str, Any]]:
    if not len(deployments):
        return {}
    found = delivery.metrics(
        deployments, changes, incidents, between=between, rules=rules, confidence=confidence
    )
    names = ("deployments", "frequency", "lead_time", "fail_rate", "recovery", "rework_rate")
    return {s: {name: getattr(d, name) for name in names} for s, d in found.items()}


def _incidents(
    incidents: pd.DataFrame | None, between: Span, confidence: float
) -> dict[str, dict[str, Any]]:
    """Of each service; under '' what is true of those without an incident."""
    if incidents is None or not len(incidents):
        return {}
    found = paged.summary(incidents, between=between, confidence=confidence)
    none = rate(0, (between[1] - between[0]) / WEEK, confidence)
    rows = {s: {"incidents": one.per_week, "restore": one.restore} for s, one in found.items()}
    return {"": {"incidents": none}, **rows}


def _level(key: Any, counts: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """Service level, and what it leaves of the budget."""
    try:
        level = service_level(counts, weighting=key.weighting, confidence=confidence)
    except SrelibError:
        return {}
    return {"sli": level, "left": budget_left(level, target=key.target)}


def service_level(
    counts: pd.DataFrame, *, weighting: str = "events", confidence: float = 0.95
) -> Estimate:
    """Share of good events with its interval, from daily sums where days are what it uses."""
    good, total = counts["good"], counts["total"]
    if len(counts) > 1 and counts.index[-1] - counts.index[0] >= ENOUGH_DAYS * DAY:
        windows.check_counts(good, total)
        sums = block_sums(good, total, DAY)
        good, total = sums["good"], sums["total"]
    return sli.interval(good, total, weighting=weighting, confidence=confidence)


def budget_left(level: Estimate, *, target: float) -> Estimate:
    """What a service level leaves of its budget."""
    allowed = 1 - target
    value, low, high = (1 - (1 - x) / allowed for x in (level.value, level.low, level.high))
    n = level.n if value == value else 0
    return replace(level, value=value, low=low, high=high, n=n)


def pages_of(alerts: pd.DataFrame, service: str, *, between: Span) -> pd.DataFrame:
    """The pages of a service in a period."""
    rows = alerts[alerts["service"] == service]
    if "severity" in rows:
        rows = rows[~rows["severity"].astype("str").str.casefold().isin(NOT_PAGES)]
    return rows[(rows["fired_at"] >= between[0]) & (rows["fired_at"] < between[1])]


def _pages(
    key: Any,
    counts: pd.DataFrame | None,
    alerts: pd.DataFrame | None,
    service: str,
    between: Span,
    confidence: float,
) -> dict[str, Estimate]:
    if alerts is None or not len(alerts):
        return {}
    rows = pages_of(alerts, service, between=between)
    found = {"pages": rate(len(rows), (between[1] - between[0]) / WEEK, confidence)}
    if counts is None or len(counts) < 2 or key.target != key.target:
        return found
    hurt = _felt(counts, rows, key.target)
    part, whole = int(np.nansum(hurt)), int((~np.isnan(hurt)).sum())
    low, high = wilson(part, whole, confidence=confidence)
    share = part / whole if whole else NAN
    return {**found, "felt": Estimate(share, low, high, whole, confidence, "Wilson")}


def _felt(counts: pd.DataFrame, pages: pd.DataFrame, target: float) -> np.ndarray:
    """Whether more was bad around each page than the target allows; NaN where nobody measured."""
    index = pd.DatetimeIndex(counts.index)
    good, total = (x.to_numpy(dtype="float64") for x in (counts["good"], counts["total"]))
    known = ~np.isnan(good) & ~np.isnan(total)
    fired = pages["fired_at"]
    ends = pages["resolved_at"].fillna(fired) if "resolved_at" in pages else fired
    low = index.searchsorted(pd.DatetimeIndex(fired - FELT), side="left")
    high = index.searchsorted(pd.DatetimeIndex(ends.where(ends > fired, fired)), side="right")
    sums = [np.concatenate([[0.0], np.cumsum(np.where(known, x, 0.0))])
            for x in (total - good, total)]  # fmt: skip
    bad, asked = (s[high] - s[low] for s in sums)
    return np.where(asked > 0, bad > (1 - target) * asked * (1 + 1e-9), np.nan)
