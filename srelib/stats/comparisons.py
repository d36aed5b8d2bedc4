"""Resampling of series whose neighbouring values depend on each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.stats.intervals import (
    Estimate,
    checked_durations,
    level,
    normal_quantile,
    widened_wilson,
    wilson,
)

WIDENED = "Wilson, widened for clustering"
_EMPTY = 1 / 400


def resample_sums(
    values: np.ndarray,
    *,
    block: int,
    resamples: int = 2000,
    seed: int = 0,
    length: int | None = None,
) -> np.ndarray:
    """Sums of a series over block-bootstrap resamples of it."""
    values = np.asarray(values, dtype="float64")
    n = values.shape[-1]
    length = n if length is None else length
    if not 1 <= block <= n:
        raise ParameterError(f"block must lie between 1 and the {n} values; got {block}.")
    rng = np.random.default_rng(seed)
    whole, rest = divmod(length, block)
    sums = circular_sums(values, block)[..., rng.integers(n, size=(resamples, whole))].sum(axis=-1)
    if rest:
        sums += circular_sums(values, rest)[..., rng.integers(n, size=resamples)]
    return sums


def circular_sums(values: np.ndarray, block: int) -> np.ndarray:
    """Sum of the block that starts at each value, the series closed to a circle."""
    closed = np.concatenate([values, values[..., : block - 1]], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(closed, block, axis=-1).sum(axis=-1)


def block_bootstrap(
    part: np.ndarray,
    whole: np.ndarray,
    *,
    block: int = 1,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Interval of sum(part) / sum(whole) where neighbouring values depend on each other."""
    tail = (1 - level(confidence)) / 2
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if len(part) < 3 * block or not whole.sum():
        raise InsufficientDataError(
            f"a bootstrap needs at least 3 blocks of {block} values, with a whole above 0; "
            f"got {len(part)} values with a whole of {whole.sum():g}."
        )
    value = float(part.sum() / whole.sum())
    drawn, error = _studentised(part, whole, block, resamples, seed)
    if error == 0 or np.mean(~np.isfinite(drawn)) > _EMPTY:
        index = max(error**2 * value * whole.sum() / (1 - value), 1.0) if value < 1 else 1.0
        low, high = widened_wilson(part.sum(), whole.sum(), index=index, confidence=confidence)
        return Estimate(value, low, high, float(whole.sum()), confidence, WIDENED)
    steps = np.quantile(drawn[np.isfinite(drawn)], [1 - tail, tail])
    low, high = value * np.exp(-steps * error)
    n = float((whole > 0).sum())
    return Estimate(value, float(low), min(float(high), 1.0), n, confidence, "block bootstrap")


def _studentised(
    part: np.ndarray, whole: np.ndarray, block: int, resamples: int, seed: int
) -> tuple[np.ndarray, float]:
    """T statistics of the log share over resamples, and its standard error in the data."""
    sums = circular_sums(np.stack([part, whole]), block)
    count = -(-len(part) // block)
    draws = np.random.default_rng(seed).integers(len(part), size=(resamples, count))
    value = part.sum() / whole.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        shares, errors = _shares(sums[:, draws])
        drawn = (np.log(shares) - np.log(value)) / errors
    moments = (sums[0] - value * sums[1]) ** 2
    spread = moments.mean() * count / (count - 1)
    error = np.sqrt(spread * count) / (count * sums[1].mean()) / value if value else 0.0
    return drawn, float(error)


def _shares(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of each resample and the standard error of its log, from its own blocks."""
    part, whole = blocks.sum(axis=-1)
    share = part / whole
    count = blocks.shape[-1]
    residual = blocks[0] - share[:, None] * blocks[1]
    spread = (residual**2).sum(axis=-1) * count / (count - 1)
    return share, np.sqrt(spread) / whole / share


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


@dataclass(frozen=True)
class Dispersion:
    """How much more counts scatter between groups than chance alone would have it."""

    index: float
    p_value: float
    groups: int


def dispersion(
    part: np.ndarray, whole: np.ndarray, *, resamples: int = 999, seed: int = 0
) -> Dispersion:
    """Do events cluster in some groups more than chance would have it?"""
    part, whole = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    part, whole = part[whole > 0], whole[whole > 0]
    groups = len(whole)
    if groups < 2 or not 0 < part.sum() < whole.sum():
        return Dispersion(float("nan"), float("nan"), groups)
    square = float(_chi_square(part[None, :], whole)[0])
    p = part.sum() / whole.sum()
    if part.sum() * (1 - p) >= 5 * groups:
        from scipy.special import chdtrc

        return Dispersion(square / (groups - 1), float(chdtrc(groups - 1, square)), groups)
    whole = np.maximum(np.rint(whole), 1)
    drawn = np.random.default_rng(seed).binomial(whole.astype("int64"), p, (resamples, groups))
    above = int((_chi_square(drawn, whole) >= square * (1 - 1e-12)).sum())
    return Dispersion(square / (groups - 1), (above + 1) / (resamples + 1), groups)


def _chi_square(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Pearson's chi-square of each row against a common share."""
    p = part.sum(axis=-1, keepdims=True) / whole.sum()
    spread = np.where((p > 0) & (p < 1), p * (1 - p), 1.0)
    return ((part - p * whole) ** 2 / (spread * whole)).sum(axis=-1)


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

    from srelib.stats.intervals import rate

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
