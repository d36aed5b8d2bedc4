"""Comparisons: what changed between periods, and whether counts scatter more than chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srelib.errors import ParameterError
from srelib.stats.intervals import (
    EXACT,
    NAN,
    WIDENED_COUNTS,
    Estimate,
    _checked_durations,
    _level,
    _normal_quantile,
)

RANKS = "rank test (Mann-Whitney; Gehan where some are open)"
SPEARMAN = "Spearman (Gehan scores where some are open)"
CONFIDENCE = 0.95
_LARGEST, _FINE = 1e6, 1e-6

WITHIN_STRATA = "Mantel-Haenszel difference within strata, groups kept together"

Durations = tuple[np.ndarray, np.ndarray]


def dispersion(
    part: np.ndarray, whole: np.ndarray, *, resamples: int = 999, seed: int = 0
) -> tuple[float, float]:
    """How much more events scatter over groups than chance would have it, and its p-value."""
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    part, whole = part[whole > 0], whole[whole > 0]
    groups = len(whole)
    if groups < 2 or not 0 < part.sum() < whole.sum():
        return NAN, NAN
    square = float(_chi_square(part[None, :], whole)[0])
    p = part.sum() / whole.sum()
    if part.sum() * (1 - p) >= 5 * groups:
        from scipy.special import chdtrc

        return square / (groups - 1), float(chdtrc(groups - 1, square))
    whole = np.maximum(np.rint(whole), 1)
    drawn = np.random.default_rng(seed).binomial(whole.astype("int64"), p, (resamples, groups))
    above = int((_chi_square(drawn, whole) >= square * (1 - 1e-12)).sum())
    return square / (groups - 1), (above + 1) / (resamples + 1)


def _chi_square(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Pearson's chi-square of each row against a common share."""
    p = part.sum(axis=-1, keepdims=True) / whole.sum()
    spread = np.where((p > 0) & (p < 1), p * (1 - p), 1.0)
    return ((part - p * whole) ** 2 / (spread * whole)).sum(axis=-1)


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
    before: tuple[float, float], after: tuple[float, float], *, index: float = 1.0
) -> tuple[Estimate, float]:
    """Rate of events after over the rate before, by the exact conditional test, and its p-value:
    the chance of counts at least this far from one common rate, two-sided.
    """
    for events, time in (before, after):
        if not (events >= 0 and time > 0):
            raise ParameterError(
                f"a rate needs events of at least 0 in a positive time; got {events} in {time}."
            )
    n, method = before[0] + after[0], EXACT if not index > 1 else WIDENED_COUNTS
    if n == 0:
        return Estimate(NAN, NAN, NAN, 0, CONFIDENCE, method), NAN
    scale, tail = (index if index > 1 else 1.0), (1 - CONFIDENCE) / 2
    earlier, later, long = before[0] / scale, after[0] / scale, before[1] / after[1]
    low, high = _mid_p_end(later, earlier, tail, lower=True), _mid_p_end(later, earlier, tail)
    value = after[0] / before[0] * long if before[0] else math.inf
    low, high = (p / (1 - p) * long if p < 1 else math.inf for p in (low, high))
    above = _mid_p_above(1 / (1 + long), later, earlier)
    p_value = float(min(1.0, 2 * min(above, 1 - above)))
    return Estimate(value, low, high, n, CONFIDENCE, method), p_value


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


def duration_ratio(before: tuple[Any, Any], after: tuple[Any, Any]) -> tuple[Estimate, float]:
    """By what factor durations changed from one period to the next (Hodges-Lehmann), and the chance
    of durations that differ at least this much if nothing changed, two-sided.
    """
    z = _normal_quantile(CONFIDENCE)
    first, second = _checked_durations(*before), _checked_durations(*after)
    n = len(first[0]) + len(second[0])
    if min(int(first[1].sum()), int(second[1].sum())) < 4:
        return Estimate(NAN, NAN, NAN, n, CONFIDENCE, RANKS), NAN
    low, value, high = (_root(first, second, at) for at in (z, 0.0, -z))
    p_value = math.erfc(abs(_deviate(first, second, 1.0)) / math.sqrt(2))
    return Estimate(value, low, high, n, CONFIDENCE, RANKS), p_value


def difference_within(
    values: Any, marked: Any, strata: Any, groups: Any, *, confidence: float = 0.95
) -> Estimate:
    """Mean of what is marked less that of what is not, each stratum by itself.

    The weights are those of Mantel and Haenszel, n1 n0 / (n1 + n0), which is the regression on the
    mark with a level for each stratum; the error is robust (HC2) and keeps groups together. The n
    counts what is in a stratum with both.
    """
    from scipy.special import stdtrit

    y, x = np.asarray(values, dtype="float64"), np.asarray(marked, dtype="float64")
    _, place = np.unique(np.asarray(strata), return_inverse=True)
    share = (np.bincount(place, x) / np.bincount(place))[place]
    both = (share > 0) & (share < 1)
    y, x, place, share = y[both], x[both], place[both], share[both]
    none = Estimate(NAN, NAN, NAN, len(y), confidence, WITHIN_STRATA)
    if not len(y):
        return none
    sizes = np.bincount(place)[place]
    _, group = np.unique(np.asarray(groups)[both], return_inverse=True)
    count = int(group.max()) + 1
    beside = x - share
    square = float((beside**2).sum())
    level = np.bincount(place, y) / np.maximum(np.bincount(place), 1)
    value = float((beside * y).sum()) / square
    leverage = 1 / sizes + beside**2 / square
    residual = (y - level[place] - value * beside) / np.sqrt(np.maximum(1 - leverage, 1e-9))
    scores = np.bincount(group, beside * residual)
    spread = float((scores**2).sum())
    freedom = min(count - 1, len(y) - len(np.unique(place)) - 1)
    if freedom < 2 or not spread > 0:
        return Estimate(value, NAN, NAN, len(y), confidence, WITHIN_STRATA)
    half = float(stdtrit(freedom, (1 + _level(confidence)) / 2)) * math.sqrt(spread) / square
    return Estimate(value, value - half, value + half, len(y), confidence, WITHIN_STRATA)


def rank_correlation(order: Any, durations: Any, ended: Any) -> Estimate:
    """Whether durations rise or fall along an order, such as time: rank correlation."""
    from scipy.stats import rankdata

    scores, n = _gehan_scores(durations, ended), len(np.atleast_1d(durations))
    ranks = rankdata(order) - (n + 1) / 2
    spread = math.sqrt(float((ranks**2).sum() * (scores**2).sum()))
    if n < 10 or not spread:
        return Estimate(NAN, NAN, NAN, n, CONFIDENCE, SPEARMAN)
    value = min(1.0, max(-1.0, float((ranks * scores).sum()) / spread))
    half = _normal_quantile(CONFIDENCE) * math.sqrt((1 + value**2 / 2) / (n - 3))
    middle = math.atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    low, high = math.tanh(middle - half), math.tanh(middle + half)
    return Estimate(value, low, high, n, CONFIDENCE, SPEARMAN)


def unbeaten(one: Any, other: Any) -> np.ndarray:
    """Whether no other row is at least as low in both measures and lower in one."""
    x, y = np.asarray(one), np.asarray(other)
    as_low = (x[:, None] <= x) & (y[:, None] <= y)
    lower = (x[:, None] < x) | (y[:, None] < y)
    return np.asarray(~(as_low & lower).any(axis=0))


def _gehan_scores(durations: Any, ended: Any) -> np.ndarray:
    """For each duration how many are surely shorter, less how many are surely longer."""
    unsorted, done = _checked_durations(durations, ended)
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


def _deviate(before: Durations, after: Durations, factor: float) -> float:
    """Standard normal deviate of the rank test after the earlier ones are multiplied."""
    times = np.concatenate([before[0] * factor, after[0]])
    scores = _gehan_scores(times, np.concatenate([before[1], after[1]]))
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
