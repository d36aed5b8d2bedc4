"""Each service in two rows of numbers: how it ships, and how reliable it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from srelib import delivery, events, fleet, sli
from srelib.alerts.pages import of_severity, page_episodes, unclear_severities
from srelib.alerts.policies import PAGE
from srelib.delivery.frequency import _service_names
from srelib.delivery.rules import DEFAULT
from srelib.errors import ParameterError
from srelib.fleet import Indicator
from srelib.incidents.comparison import _summary
from srelib.stats import Estimate
from srelib.stats.intervals import NAN, _normal_quantile, _rate, _wilson
from srelib.tradeoff.after_deployments import WEEK
from srelib.tradeoff.association import Span
from srelib.windows.sums import _divide, _paired, _prefix_pair, _ratio

FELT = pd.Timedelta("1h")
"""How far before a page users may have begun to feel what it tells about."""


@dataclass(frozen=True, kw_only=True)
class Scorecard(delivery.Delivery):
    """One service on the scoreboard; what the exports do not say is NaN with n 0.

    objective: its name, or that of the series where there is none; empty without data
    target: service level objective [fraction]; NaN where there is none
    sli: share of good events [fraction]
    left: share of the budget of the whole period that is left [fraction]
    pages: pages on record [1/week]; unknown where severities do not say which they are
    felt: pages with more bad events around them than the target allows [fraction]
    incidents [1/week]
    restore: median time to restore [s]

    The others are those of `srelib.delivery.Delivery`.
    """

    service: str
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
"""Fields of `Scorecard`: what DevOps and SRE look at alone, and what both look at."""


def scoreboard(
    counts: Mapping[Indicator, pd.DataFrame],
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

    left = 1 - (1 - service level) / (1 - target)

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, one of each service (`objectives.per_service`)
    deployments : DataFrame, table ``deployments``, production only
    between : pair of Timestamp or None, as from `shared_span`; None: nothing is known
    changes, incidents, alerts : DataFrame or None, the tables; None: nobody exported them
    rules : delivery.Rules, what counts as a failed deployment
    confidence : float, of the intervals [fraction]

    Returns
    -------
    dict of str to Scorecard
        Every service that any table names, in order of the names; one without a row in a table
        that was exported had none, which is 0 and not unknown.

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=14 * 24, freq="h", tz="UTC")
    >>> shop = Indicator("shop", "shop", "availability", target=0.98)
    >>> seen = pd.DataFrame({"good": 99.0, "total": 100.0}, index=days)
    >>> shipped = pd.DataFrame({"deployment_id": ["d"], "service": ["shop"],
    ...     "finished_at": days[[30]], "status": ["succeeded"], "planned": [True]})
    >>> found = scoreboard({shop: seen}, shipped, between=(days[0], days[-1]))["shop"]
    >>> found.deployments, round(found.left.value, 3), found.incidents.n
    (1, 0.5, 0)
    """
    if between is None:
        return {}
    edges = pd.DatetimeIndex(between)
    cuts = {key: pd.DatetimeIndex(own.index).searchsorted(edges) for key, own in counts.items()}
    seen = {key: own.iloc[slice(*cuts[key])] for key, own in counts.items()}
    named = _service_names(deployments, incidents, alerts)
    services = sorted({*named, *(key.service for key in seen)})
    delivered = delivery.metrics(
        deployments, changes, incidents, between=between, rules=rules, confidence=confidence
    )
    known: list[Mapping[str, Mapping[str, Any]]] = [
        {service: vars(numbers) for service, numbers in delivered.items()},
        _incidents(incidents, services, between, confidence),
        {key.service: {"objective": key.name, "target": key.target} for key in seen},
        _levels(seen, confidence),
        _pages(seen, alerts, services, between, confidence),
    ]
    nothing = Estimate(NAN, NAN, NAN, 0, confidence, "no data")
    found = {}
    for service in services:
        own: dict[str, Any] = dict.fromkeys((*DEVOPS, *SHARED, *SRE), nothing)
        own |= {"deployments": 0, "objective": "", "target": NAN}
        for fields in known:
            own |= fields.get(service, {})
        found[service] = Scorecard(service=service, **own)
    return found


def _incidents(
    incidents: pd.DataFrame | None, services: list[str], between: Span, confidence: float
) -> dict[str, dict[str, Estimate]]:
    if incidents is None:
        return {}
    none = {"incidents": _rate(0, (between[1] - between[0]) / WEEK, confidence)}
    found = dict.fromkeys(services, none)
    for service, own in events.eligible_incidents(incidents).groupby("service"):
        often, restore = _summary(own, between=between, confidence=confidence)
        found[str(service)] = {"incidents": often, "restore": restore}
    return found


def _levels(
    counts: Mapping[Indicator, pd.DataFrame], confidence: float
) -> dict[str, dict[str, Estimate]]:
    """Service level, and what it leaves of the budget."""
    levels = fleet.each(counts, lambda key, seen: sli.interval(
        seen["good"], seen["total"], weighting=key.weighting, confidence=confidence))  # fmt: skip
    found = {}
    for key, level in fleet.answers(levels).items():
        bad = 1 - np.array([level.value, level.low, level.high])
        value, low, high = (1 - _divide(bad, 1 - key.target)).tolist()
        n = level.n if value == value else 0
        left = replace(level, value=value, low=low, high=high, n=n)
        found[key.service] = {"sli": level, "left": left}
    return found


def _pages(
    counts: Mapping[Indicator, pd.DataFrame],
    alerts: pd.DataFrame | None,
    services: list[str],
    between: Span,
    confidence: float,
) -> dict[str, dict[str, Estimate]]:
    if alerts is None:
        return {}
    own = _paged(alerts, services, between)
    weeks = (between[1] - between[0]) / WEEK
    found = {service: {"pages": _rate(len(p), weeks, confidence)} for service, p in own.items()}
    for key, seen in counts.items():
        if key.service in own and key.has_target and len(seen) > 1:
            found[key.service]["felt"] = _felt(seen, own[key.service], key.target, confidence)
    return found


def _paged(alerts: pd.DataFrame, services: Iterable[str], between: Span) -> dict[str, pd.DataFrame]:
    """Pages of each service of which it is clear what pages."""
    by_service = {service: events.of_service(alerts, service) for service in services}
    own = {}
    for service, rows in by_service.items():
        if not unclear_severities(rows):
            pages = page_episodes(rows[of_severity(rows, PAGE)])
            own[service] = pages[pages["fired_at"].between(*between, inclusive="left")]
    return own


def _felt(counts: pd.DataFrame, pages: pd.DataFrame, target: float, confidence: float) -> Estimate:
    """Pages around which more was bad than the target allows, of those that were measured."""
    index = pd.DatetimeIndex(counts.index)
    fired = pages["fired_at"]
    until = pages["resolved_at"].fillna(fired)
    low = index.searchsorted(pd.DatetimeIndex(fired - FELT), side="left")
    high = index.searchsorted(pd.DatetimeIndex(until.where(until > fired, fired)), side="right")
    good, total = (
        sums.between(low, high) for sums in _prefix_pair(*_paired(counts["good"], counts["total"]))
    )
    hurt, measured = total - good > (1 - target) * total * (1 + 1e-9), total > 0
    ends = _wilson(int(hurt.sum()), int(measured.sum()), confidence=confidence)
    return Estimate(_ratio(hurt, measured), *ends, int(measured.sum()), confidence, "Wilson")


FAST_SAFE = "fast and safe"
FAST_FRAGILE = "fast and fragile"
SLOW_SAFE = "slow with budget to spare"
SLOW_FRAGILE = "slow and fragile"
QUADRANTS = (FAST_SAFE, FAST_FRAGILE, SLOW_SAFE, SLOW_FRAGILE)
FLEET = "median of the fleet"


@dataclass(frozen=True)
class Quadrants:
    """Services by how fast they ship and what is left of their budget.

    services: service; speed, speed_low, speed_high; left, left_low, left_high [fraction]; quadrant
        (where the estimates lie); the probability of each of `QUADRANTS` [fraction]; sure (whether
        that of its own reaches `confidence`)
    speed_line: from here on a service is fast [unit of the speed]
    left_line: from here on it has budget left [fraction]
    line_is: where the line of speed comes from: 'stated', or 'median of the fleet'
    confidence [fraction]
    unknown: services of which speed or budget is unknown
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
    speed : mapping of str to Estimate, how fast each service ships, such as deployments [1/week]
    left : mapping of str to Estimate, share of the budget that is left [fraction]; at most 1
    speed_line : float or 'fleet', what is fast [unit of `speed`]; 'fleet': from the median on
    left_line : float, a service with at least so much left is safe [fraction], below 1
    confidence : float, what a probability must reach to be sure [fraction]
    draws, seed : int, of the simulation behind the probabilities

    Raises
    ------
    ParameterError
        A line that is none.

    Examples
    --------
    >>> often = Estimate(5.0, 4.0, 6.2, 65, 0.95, "exact Poisson")
    >>> spare = Estimate(0.6, 0.4, 0.75, 9, 0.95, "outages and background apart")
    >>> row = quadrants({"shop": often}, {"shop": spare}).services.iloc[0]
    >>> row["quadrant"], round(float(row["fast and safe"]), 2)
    ('fast and safe', 1.0)
    """
    if speed_line != "fleet" and not (isinstance(speed_line, int | float) and speed_line > 0):
        raise ParameterError(f"speed_line must be above 0, or 'fleet'; got {speed_line!r}.")
    if not left_line < 1:
        raise ParameterError(f"left_line must lie below 1; got {left_line}.")
    names = [n for n in speed if n in left and np.isfinite([speed[n].value, left[n].value]).all()]
    every = [*speed, *(n for n in left if n not in speed)]
    rng = np.random.default_rng(seed)
    fast = np.array([_drawn(speed[n], draws, rng, flip=False) for n in names])
    kept = np.array([1 - _drawn(left[n], draws, rng, flip=True) for n in names])
    lines = _line(fast.reshape(-1, draws), speed_line)
    line = float(_line(np.array([speed[n].value for n in names]), speed_line))
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
    return QUADRANTS[2 * (not fast) + (not safe)]


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


def _line(speeds: np.ndarray, speed_line: float | str) -> np.ndarray | float:
    """The line of speed, in every draw where draws are given."""
    if speed_line == "fleet":
        return np.median(speeds, axis=0) if len(speeds) else NAN
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
