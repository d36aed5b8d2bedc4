"""Each service in two rows of numbers: how it ships, and how reliable it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from srelib import delivery, events, sli
from srelib.delivery.rules import DEFAULT
from srelib.errors import ParameterError, SrelibError
from srelib.incidents.comparison import _summary
from srelib.sli.interval import DAY
from srelib.stats import Estimate
from srelib.stats.intervals import _normal_quantile, _rate, _wilson
from srelib.tradeoff.after_deployments import WEEK
from srelib.tradeoff.association import Span
from srelib.windows.sums import _block_sums, _check_counts

NAN = float("nan")
NOT_PAGES = ("ticket", "warning", "warn", "info", "informational", "low", "notice")
"""Severities of alerts that wake nobody; everything else counts as a page."""
ENOUGH_DAYS = 28
FELT = pd.Timedelta("1h")
"""How far before a page users may have begun to feel what it tells about."""


@dataclass(frozen=True)
class Scorecard:
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
        Name of the objective, or of the series where there is none; empty without data.
    target : float
        Service level objective [fraction]; NaN where there is none.
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
"""Fields of `Scorecard`: what either discipline looks at alone, and what both look at."""


def scoreboard(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    between: Span | None,
    changes: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
    rules: delivery.Rules = DEFAULT,
    confidence: float = 0.95,
) -> dict[str, Scorecard]:
    """How each service ships beside how reliable it is, over the same time.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Counts good and total on a regular UTC index, one indicator for each service
        (`srelib.objectives.per_service`).
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
    dict of str to Scorecard
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
    logged = _incidents(incidents, between, confidence)
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
            **(logged.get(service, logged.get("", {}))),
            **(_level(key, part, confidence) if part is not None else {}),
            **_pages(key, part, alerts, service, between, confidence),
        }
        found[service] = replace(blank, **known)
    return found


def _blank(service: str, nothing: Estimate, key: Any) -> Scorecard:
    fields = dict.fromkeys((*DEVOPS, *SHARED, *SRE), nothing)
    target = NAN if key is None else key.target
    return Scorecard(service=service, deployments=0, objective="" if key is None else key.name,
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
    known = incidents if incidents is not None and len(incidents) else None
    found = delivery.metrics(
        deployments, changes, known, between=between, rules=rules, confidence=confidence
    )
    names = ("deployments", "frequency", "lead_time", "fail_rate", "recovery", "rework_rate")
    return {s: {name: getattr(d, name) for name in names} for s, d in found.items()}


def _incidents(
    incidents: pd.DataFrame | None, between: Span, confidence: float
) -> dict[str, dict[str, Any]]:
    """Of each service; under '' what is true of those without an incident."""
    if incidents is None or not len(incidents):
        return {}
    by_service = events.eligible_incidents(incidents).groupby("service")
    found = {
        str(service): _summary(own, between=between, confidence=confidence)
        for service, own in by_service
    }
    none = _rate(0, (between[1] - between[0]) / WEEK, confidence)
    rows = {s: {"incidents": one.per_week, "restore": one.restore} for s, one in found.items()}
    return {"": {"incidents": none}, **rows}


def _level(key: Any, counts: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """Service level, and what it leaves of the budget."""
    try:
        level = _service_level(counts, weighting=key.weighting, confidence=confidence)
    except SrelibError:
        return {}
    return {"sli": level, "left": _budget_left(level, target=key.target)}


def _service_level(
    counts: pd.DataFrame, *, weighting: str = "events", confidence: float = 0.95
) -> Estimate:
    """Share of good events with its interval, from daily sums where days are what it uses."""
    good, total = counts["good"], counts["total"]
    if len(counts) > 1 and counts.index[-1] - counts.index[0] >= ENOUGH_DAYS * DAY:
        _check_counts(good, total)
        sums = _block_sums(good, total, DAY)
        good, total = sums["good"], sums["total"]
    return sli.interval(good, total, weighting=weighting, confidence=confidence)


def _budget_left(level: Estimate, *, target: float) -> Estimate:
    """What a service level leaves of its budget."""
    allowed = 1 - target
    value, low, high = (1 - (1 - x) / allowed for x in (level.value, level.low, level.high))
    n = level.n if value == value else 0
    return replace(level, value=value, low=low, high=high, n=n)


def _pages_of(alerts: pd.DataFrame, service: str, *, between: Span) -> pd.DataFrame:
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
    rows = _pages_of(alerts, service, between=between)
    found = {"pages": _rate(len(rows), (between[1] - between[0]) / WEEK, confidence)}
    if counts is None or len(counts) < 2 or key.target != key.target:
        return found
    hurt = _felt(counts, rows, key.target)
    part, whole = int(np.nansum(hurt)), int((~np.isnan(hurt)).sum())
    low, high = _wilson(part, whole, confidence=confidence)
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


FAST_SAFE = "fast and safe"
FAST_FRAGILE = "fast and fragile"
SLOW_SAFE = "slow with budget to spare"
SLOW_FRAGILE = "slow and fragile"
QUADRANTS = (FAST_SAFE, FAST_FRAGILE, SLOW_SAFE, SLOW_FRAGILE)
FLEET = "median of the fleet"


@dataclass(frozen=True)
class Quadrants:
    """Services by how fast they ship and what is left of their budget.

    Parameters
    ----------
    services : DataFrame
        service; speed, speed_low, speed_high [unit of the speed]; left, left_low, left_high
        [fraction]; quadrant (where the estimates lie, one of `QUADRANTS`); the probability of
        each quadrant, in columns of their names [fraction]; sure (whether that of its own
        quadrant reaches `confidence`).
    speed_line : float
        From here on a service is fast [unit of the speed].
    left_line : float
        From here on it has budget left [fraction].
    line_is : str
        Where the line of speed comes from: 'stated', or 'median of the fleet'.
    confidence : float
        [fraction]
    unknown : tuple of str
        Services of which speed or budget is unknown.
    """

    services: pd.DataFrame
    speed_line: float
    left_line: float
    line_is: str
    confidence: float
    unknown: tuple[str, ...]


def quadrants(
    speed: Mapping[str, Estimate],
    left: Mapping[str, Estimate],
    *,
    speed_line: float | str = 1.0,
    left_line: float = 0.0,
    confidence: float = 0.95,
    draws: int = 4000,
    seed: int = 0,
) -> Quadrants:
    """Fast or slow, safe or fragile: where each service stands, with probabilities.

    Parameters
    ----------
    speed : mapping of str to Estimate
        How fast each service ships; more is faster, for example deployments a week [1/week].
    left : mapping of str to Estimate
        Share of the budget that is left [fraction]; at most 1.
    speed_line : float or 'fleet'
        A service that ships at least so fast is fast [unit of `speed`]; 'fleet': the median of
        the services.
    left_line : float
        A service with at least so much left is safe [fraction], below 1.
    confidence : float
        What a probability must reach to be sure [fraction].
    draws, seed : int
        Of the simulation behind the probabilities.

    Returns
    -------
    Quadrants

    Raises
    ------
    ParameterError
        A line that is none.

    Notes
    -----
    Each estimate becomes a distribution whose middle is its value and whose ends at the level of
    its interval are that interval's: on the log of the speed, and on the log of the share spent,
    which may be skew.
    Speed and budget of a service are drawn independently. Where the line is the median of the
    fleet, it moves with every draw.
    An estimate without an interval counts as certain.

    References
    ----------
    .. [1] Forsgren, Humble, Kim, Accelerate, 2018, chapter 2 (speed and stability are two axes).

    Examples
    --------
    >>> often = Estimate(5.0, 4.0, 6.2, 65, 0.95, "exact Poisson")
    >>> spare = Estimate(0.6, 0.4, 0.75, 91, 0.95, "block bootstrap")
    >>> row = quadrants({"shop": often}, {"shop": spare}).services.iloc[0]
    >>> row["quadrant"], round(float(row["fast and safe"]), 2)
    ('fast and safe', 1.0)
    """
    if speed_line != "fleet" and not (isinstance(speed_line, int | float) and speed_line > 0):
        raise ParameterError(f"speed_line must be above 0, or 'fleet'; got {speed_line!r}.")
    if not left_line < 1:
        raise ParameterError(f"left_line must lie below 1; got {left_line}.")
    names = [n for n in speed if n in left and _known(speed[n]) and _known(left[n])]
    every = [*speed, *(n for n in left if n not in speed)]
    rng = np.random.default_rng(seed)
    fast = np.array([_drawn(speed[n], draws, rng, flip=False) for n in names])
    kept = np.array([1 - _drawn(left[n], draws, rng, flip=True) for n in names])
    lines = _lines(fast.reshape(-1, draws), speed_line)
    values = np.array([speed[n].value for n in names])
    line = float(np.median(values)) if speed_line == "fleet" and names else speed_line
    line = float(line) if line != "fleet" else NAN
    rows = [
        _row(n, speed[n], left[n], (f >= lines, k >= left_line), (line, left_line), confidence)
        for n, f, k in zip(names, fast, kept, strict=True)
    ]
    return Quadrants(
        services=pd.DataFrame(rows, columns=COLUMNS),
        speed_line=line,
        left_line=left_line,
        line_is=FLEET if speed_line == "fleet" else "stated",
        confidence=confidence,
        unknown=tuple(n for n in every if n not in names),
    )


COLUMNS = ["service", "speed", "speed_low", "speed_high", "left", "left_low", "left_high",
           "quadrant", *QUADRANTS, "sure"]  # fmt: skip


def _quadrant_of(fast: bool, safe: bool) -> str:
    """The quadrant of a service."""
    if fast:
        return FAST_SAFE if safe else FAST_FRAGILE
    return SLOW_SAFE if safe else SLOW_FRAGILE


def _known(estimate: Estimate) -> bool:
    return bool(np.isfinite(estimate.value))


def _row(
    name: str,
    speed: Estimate,
    left: Estimate,
    drawn: tuple[np.ndarray, np.ndarray],
    lines: tuple[float, float],
    confidence: float,
) -> dict[str, object]:
    fast, safe = drawn
    shares = {
        _quadrant_of(f, s): float(((fast == f) & (safe == s)).mean())
        for f in (True, False)
        for s in (True, False)
    }
    own = _quadrant_of(speed.value >= lines[0], left.value >= lines[1])
    return {
        "service": name,
        "speed": speed.value, "speed_low": speed.low, "speed_high": speed.high,
        "left": left.value, "left_low": left.low, "left_high": left.high,
        "quadrant": own, **shares, "sure": shares[own] >= confidence,
    }  # fmt: skip


def _lines(fast: np.ndarray, speed_line: float | str) -> np.ndarray | float:
    """The line of speed in every draw."""
    if speed_line == "fleet":
        return np.median(fast, axis=0) if len(fast) else NAN
    return float(speed_line)


def _drawn(estimate: Estimate, draws: int, rng: np.random.Generator, *, flip: bool) -> np.ndarray:
    """Draws of a positive quantity from its estimate; `flip`: of 1 minus it, such as spent."""
    ends = (estimate.low, estimate.value, estimate.high)
    low, value, high = (1 - e for e in reversed(ends)) if flip else ends
    z = rng.standard_normal(draws)
    if not np.isfinite(low) or not np.isfinite(high):
        return np.full(draws, max(value, 0.0))
    steps = _normal_quantile(estimate.confidence)
    if value <= 0:
        return np.abs(z) * max(high, 0.0) / steps
    floor = value * 1e-6
    down = np.log(value / max(min(low, value), floor)) / steps
    up = np.log(max(high, value) / value) / steps
    return np.asarray(value * np.exp(np.where(z < 0, z * down, z * up)))
