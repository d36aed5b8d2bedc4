"""Quantiles, shares and rates of what comes in groups, such as changes in deployments."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.stats.intervals import Estimate, level, normal_quantile, wilson

NAN = float("nan")
FRACTIONAL = "fractional order statistics"
SCATTER = "scatter of the periods"
WILSON_GROUPS = "Wilson, groups kept together"


def quantile(
    values: Any, q: float = 0.5, *, confidence: float = 0.95, groups: Any = None
) -> Estimate:
    """Quantile of values, with an interval that knows which of them belong together."""
    level(confidence)
    if not 0 < q < 1:
        raise ParameterError(f"q must lie strictly between 0 and 1; got {q}. For 90 % write 0.9.")
    array = np.asarray(values, dtype="float64")
    known = ~np.isnan(array)
    ordered = np.sort(array[known])
    n = len(ordered)
    if not n:
        return Estimate(NAN, NAN, NAN, 0, confidence, FRACTIONAL)
    value = _at(ordered, q * (n - 1))
    worth = float(n) if groups is None else _worth(array, np.asarray(groups), known, value, q,
                                                   confidence)  # fmt: skip
    low, high = (_at_rank(ordered, rank) for rank in _ranks(worth, q, confidence))
    return Estimate(value, low, high, n, confidence, FRACTIONAL)


def group_sizes(groups: Any) -> tuple[np.ndarray, np.ndarray]:
    """Number of the group of each value, and how many values each group has."""
    array = np.asarray(groups)
    if len(array) and array.dtype.kind in "iu":
        low, high = array.min(), array.max()
        if int(high) - int(low) < 4 * len(array):
            sizes = np.bincount(array - low)
            if (sizes > 0).all():
                return array - low, sizes
            return (np.cumsum(sizes > 0) - 1)[array - low], sizes[sizes > 0]
    place = pd.factorize(array)[0]
    return place, np.bincount(place)


def grouped_share(part: Any, whole: Any, *, confidence: float = 0.95) -> Estimate:
    """Share of events that are set, where the events of a group depend on each other."""
    k, m = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    k, m = k[m > 0], m[m > 0]
    n = m.sum()
    if not n:
        return Estimate(NAN, NAN, NAN, 0, confidence, WILSON_GROUPS)
    share, count = k.sum() / n, len(m)
    effect = 1.0
    if 0 < share < 1 and count > 1 and (m > 1).any():
        residual = k - share * m
        effect = (residual**2).sum() * count / (count - 1) / (n * share * (1 - share))
        effect = max(effect, 0.25)
    low, high = wilson(k.sum() / effect, n / effect, confidence=confidence)
    method = WILSON_GROUPS if effect != 1.0 else "Wilson"
    return Estimate(float(share), low, high, float(n), confidence, method)


def grouped_mean(values: Any, groups: Any, *, confidence: float = 0.95) -> Estimate:
    """Mean of values of which those of a group may resemble each other."""
    from scipy.special import stdtrit

    array = np.asarray(values, dtype="float64")
    known = ~np.isnan(array)
    array, n = array[known], int(known.sum())
    method = "Student, groups kept together"
    if not n:
        return Estimate(NAN, NAN, NAN, 0, confidence, method)
    _, place = np.unique(np.asarray(groups)[known], return_inverse=True)
    mean, count = float(array.mean()), int(place.max()) + 1
    if count < 3:
        return Estimate(mean, NAN, NAN, n, confidence, method)
    sums = np.bincount(place, weights=array - mean)
    error = math.sqrt((sums**2).sum() * count / (count - 1)) / n
    half = float(stdtrit(count - 1, (1 + level(confidence)) / 2)) * error
    return Estimate(mean, mean - half, mean + half, n, confidence, method)


def scattered_rate(counts: Any, lengths: Any, *, confidence: float = 0.95) -> Estimate:
    """Events per unit of time, where counts may scatter more or less than chance alone."""
    from scipy.special import stdtrit

    from srelib.stats.estimates import rate

    k, time = np.asarray(counts, dtype="float64"), np.asarray(lengths, dtype="float64")
    k, time = k[time > 0], time[time > 0]
    total, length = k.sum(), time.sum()
    if not length:
        return Estimate(NAN, NAN, NAN, 0, confidence, "exact Poisson")
    if len(time) < 4 or total < 4:
        return rate(int(total), float(length), confidence)
    mean = total / length
    scatter = ((k - mean * time) ** 2).sum() * len(time) / (len(time) - 1)
    error = math.sqrt(max(scatter, 0.25)) / (2 * math.sqrt(total))
    half = float(stdtrit(len(time) - 1, (1 + level(confidence)) / 2)) * error
    low, high = (max(math.sqrt(total) + side * half, 0.0) ** 2 / length for side in (-1, 1))
    return Estimate(float(mean), float(low), float(high), float(total), confidence, SCATTER)


def _worth(
    values: np.ndarray, groups: np.ndarray, known: np.ndarray, at: float, q: float,
    confidence: float,
) -> float:  # fmt: skip
    """How many separate values the grouped ones are worth for this quantile; NaN: too few."""
    place, sizes = group_sizes(groups if known.all() else groups[known])
    n, count = sizes.sum(), len(sizes)
    if count < 3:
        return NAN
    values = values if known.all() else values[known]
    below, ties = values < at, values == at
    share = (q - below.mean()) / ties.mean() if ties.any() else 0.0
    residual = np.bincount(place, weights=below + share * ties - q)
    effect = (residual**2).sum() * count / (count - 1) / (n * q * (1 - q))
    if (sizes == 1).all():
        return float(n)
    return n / max(effect, 0.5) * _small(count, confidence)


def _small(count: int, confidence: float) -> float:
    """What an estimated variance costs: the normal quantile over Student's, squared."""
    from scipy.special import stdtrit

    student = float(stdtrit(count - 1, (1 + confidence) / 2))
    return (normal_quantile(confidence) / student) ** 2


def _ranks(n: float, q: float, confidence: float) -> tuple[float, float]:
    """Ends of the interval as fractions of n + 1, from the beta distribution of an order
    statistic of fractional rank; NaN where it lies beyond the last one."""
    if not n >= 2:
        return NAN, NAN
    return _rank(n, q, confidence), 1 - _rank(n, 1 - q, confidence)


@lru_cache(maxsize=4096)
def _rank(n: float, q: float, confidence: float) -> float:
    """Fraction e for which an order statistic of rank e (n + 1) lies below the quantile just
    often enough."""
    from scipy.optimize import brentq
    from scipy.special import betainc

    def missed(e: float) -> float:
        a = e * (n + 1)
        return float(betainc(a, n + 1 - a, q)) - (1 + confidence) / 2

    edge = 1 / (n + 1)
    if missed(edge) < 0:
        return NAN
    if missed(q) >= 0:
        return q
    likely = max(q - 3 * math.sqrt(q * (1 - q) / n), edge)
    return float(brentq(missed, likely if missed(likely) > 0 else edge, q, xtol=1e-10))


def _at_rank(ordered: np.ndarray, fraction: float) -> float:
    """Value at a fraction of n + 1 ranks, between neighbours in proportion."""
    if fraction != fraction:
        return NAN
    rank = fraction * (len(ordered) + 1)
    if not 1 <= rank <= len(ordered):
        return NAN
    return _at(ordered, rank - 1)


def _at(ordered: np.ndarray, place: float) -> float:
    """Value at a place from 0 on, between neighbours in proportion."""
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
