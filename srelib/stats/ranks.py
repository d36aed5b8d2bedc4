"""Durations of two periods held against each other by rank, some of them still open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srelib.stats.intervals import Estimate, level, normal_quantile
from srelib.stats.survival import checked_durations

NAN = float("nan")
RANKS = "rank test (Mann-Whitney; Gehan where some are open)"
SPEARMAN = "Spearman (Gehan scores where some are open)"
_LARGEST, _FINE = 1e6, 1e-6


def gehan_scores(durations: Any, ended: Any) -> np.ndarray:
    """For each duration how many are surely shorter, less how many are surely longer."""
    unsorted, done = checked_durations(durations, ended)
    order = np.argsort(unsorted, kind="stable")  # places are found faster in order
    times, done = unsorted[order], done[order]
    over, going = times[done], times[~done]
    shorter = np.where(
        done, np.searchsorted(over, times, "left"), np.searchsorted(over, times, "right")
    )
    longer = len(over) - np.searchsorted(over, times, "right")
    longer = np.where(done, longer + len(going) - np.searchsorted(going, times, "left"), 0)
    scores = np.empty(len(times))
    scores[order] = shorter - longer
    return scores


def duration_ratio(
    before: tuple[Any, Any], after: tuple[Any, Any], *, confidence: float = 0.95
) -> Estimate:
    """By what factor durations changed from one period to the next (Hodges-Lehmann)."""
    z = normal_quantile(level(confidence))
    first, second = checked_durations(*before), checked_durations(*after)
    n = len(first[0]) + len(second[0])
    if min(int(first[1].sum()), int(second[1].sum())) < 4:
        return Estimate(NAN, NAN, NAN, n, confidence, RANKS)
    low, value, high = (_root(first, second, at) for at in (z, 0.0, -z))
    return Estimate(value, low, high, n, confidence, RANKS)


def duration_p_value(before: tuple[Any, Any], after: tuple[Any, Any]) -> float:
    """Chance of durations that differ at least this much if nothing changed, two-sided."""
    first, second = checked_durations(*before), checked_durations(*after)
    if min(int(first[1].sum()), int(second[1].sum())) < 4:
        return NAN
    return math.erfc(abs(_deviate(first, second, 1.0)) / math.sqrt(2))


def rank_correlation(
    order: Any, durations: Any, ended: Any, *, confidence: float = 0.95
) -> Estimate:
    """Whether durations rise or fall along an order, such as time: rank correlation."""
    from scipy.stats import rankdata

    scores, n = gehan_scores(durations, ended), len(np.atleast_1d(durations))
    ranks = rankdata(order) - (n + 1) / 2
    spread = math.sqrt(float((ranks**2).sum() * (scores**2).sum()))
    if n < 10 or not spread:
        return Estimate(NAN, NAN, NAN, n, confidence, SPEARMAN)
    value = min(1.0, max(-1.0, float((ranks * scores).sum()) / spread))
    half = normal_quantile(confidence) * math.sqrt((1 + value**2 / 2) / (n - 3))
    middle = math.atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    return Estimate(value, math.tanh(middle - half), math.tanh(middle + half), n, confidence,
                    SPEARMAN)  # fmt: skip


Durations = tuple[np.ndarray, np.ndarray]


def _deviate(before: Durations, after: Durations, factor: float) -> float:
    """Standard normal deviate of the rank test after the earlier ones are multiplied."""
    times = np.concatenate([before[0] * factor, after[0]])
    scores = gehan_scores(times, np.concatenate([before[1], after[1]]))
    n, later = len(times), len(after[0])
    variance = later * (n - later) / (n * (n - 1)) * float((scores**2).sum())
    return float(scores[n - later :].sum()) / math.sqrt(variance) if variance else 0.0


def _root(before: Durations, after: Durations, wanted: float) -> float:
    """The factor at which the deviate, which falls with it, passes the wanted value."""
    low, high = -math.log(_LARGEST), math.log(_LARGEST)
    if (
        _deviate(before, after, math.exp(low)) <= wanted
        or _deviate(before, after, math.exp(high)) >= wanted
    ):
        return NAN
    first = _bisect(before, after, low, high, wanted, strict=True)
    if _deviate(before, after, math.exp(first + 2 * _FINE)) < wanted - 1e-9:
        return math.exp(first)
    return math.exp((first + _bisect(before, after, first, high, wanted, strict=False)) / 2)


def _bisect(
    before: Durations, after: Durations, low: float, high: float, wanted: float, *, strict: bool
) -> float:
    """End of the step: where the deviate is last above, or last at least, the wanted value."""
    while high - low > _FINE:
        middle = (low + high) / 2
        found = _deviate(before, after, math.exp(middle))
        if found > wanted + 1e-9 or (not strict and found >= wanted - 1e-9):
            low = middle
        else:
            high = middle
    return (low + high) / 2
