"""Two counts of events held against each other, and how much counts scatter over time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srelib.errors import ParameterError
from srelib.stats.intervals import Estimate, level

NAN = float("nan")
EXACT, WIDENED_COUNTS = "exact Poisson", "exact Poisson, widened for clustering"


def rate_dispersion(counts: Any, times: Any, groups: Any = None) -> tuple[float, int]:
    """How much more counts scatter around their rate than independent events would."""
    k, t = np.asarray(counts, dtype="float64"), np.asarray(times, dtype="float64")
    which = np.zeros(len(k), dtype="int64") if groups is None else np.asarray(groups)
    square, freedom = 0.0, 0
    for group in np.unique(which):
        own_k, own_t = k[which == group], t[which == group]
        if own_k.sum() > 0:
            expected = own_k.sum() / own_t.sum() * own_t
            square += float(((own_k - expected) ** 2 / expected).sum())
            freedom += len(own_k) - 1
    return (square / freedom if freedom else NAN), freedom


def rate_ratio(
    before: tuple[float, float],
    after: tuple[float, float],
    *,
    index: float = 1.0,
    confidence: float = 0.95,
) -> Estimate:
    """Rate of events after over the rate before, by the exact conditional test."""
    tail = (1 - level(confidence)) / 2
    earlier, later, long = _weights(before, after, index)
    n, method = before[0] + after[0], EXACT if not index > 1 else WIDENED_COUNTS
    if n == 0:
        return Estimate(NAN, NAN, NAN, 0, confidence, method)
    low, high = _mid_p_end(later, earlier, tail, lower=True), _mid_p_end(later, earlier, tail)
    value = after[0] / before[0] * long if before[0] else math.inf
    low, high = (p / (1 - p) * long if p < 1 else math.inf for p in (low, high))
    return Estimate(value, low, high, n, confidence, method)


def rate_ratio_p_value(
    before: tuple[float, float], after: tuple[float, float], *, index: float = 1.0
) -> float:
    """Chance of counts at least this far from one common rate, two-sided."""
    earlier, later, long = _weights(before, after, index)
    if earlier + later == 0:
        return NAN
    p = 1 / (1 + long)
    above = _mid_p_above(p, later, earlier)
    return float(min(1.0, 2 * min(above, 1 - above)))


def widened_rate(
    events: float, time: float, *, index: float = 1.0, confidence: float = 0.95
) -> Estimate:
    """Events per unit of time where they cluster: as if there were events / index of them."""
    from scipy.special import gammaincinv

    scale, tail = (index if index > 1 else 1.0), (1 - level(confidence)) / 2
    k, method = events / scale, EXACT if not index > 1 else WIDENED_COUNTS
    low = float(gammaincinv(k, tail)) if k else 0.0
    high = float(gammaincinv(k + 1, 1 - tail))
    long = time / scale
    return Estimate(events / time, low / long, high / long, events, confidence, method)


def _weights(
    before: tuple[float, float], after: tuple[float, float], index: float
) -> tuple[float, float, float]:
    """Weighed counts before and after, and time before over time after."""
    for events, time in (before, after):
        if not (events >= 0 and time > 0):
            raise ParameterError(
                f"a rate needs events of at least 0 in a positive time; got {events} in {time}."
            )
    scale = index if index > 1 else 1.0
    return before[0] / scale, after[0] / scale, before[1] / after[1]


def _mid_p_above(p: Any, k: float, rest: float) -> Any:
    """Chance of more than k of k + rest, and half the chance of k; any k, not only whole ones."""
    from scipy.special import betainc

    more = betainc(k + 1, rest, p) if rest > 0 else np.zeros_like(p)
    least = betainc(k, rest + 1, p) if k > 0 else np.ones_like(p)
    return (more + least) / 2


def _mid_p_end(k: float, rest: float, tail: float, *, lower: bool = False) -> float:
    from scipy.optimize import brentq

    if (lower and k == 0) or (not lower and rest == 0):
        return 0.0 if lower else 1.0
    wanted = tail if lower else 1 - tail
    return float(brentq(lambda p: float(_mid_p_above(p, k, rest)) - wanted, 1e-12, 1 - 1e-12))
