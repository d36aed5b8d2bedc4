"""Intervals of one quantity: a share, a rate, a median, a duration that may still be open."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import ParameterError

NAN = float("nan")
EXACT, WIDENED_COUNTS = "exact Poisson", "exact Poisson, widened for clustering"
KAPLAN_MEIER = "Kaplan-Meier"
FRACTIONAL = "fractional order statistics"
SCATTER = "scatter of the periods"
WILSON_GROUPS = "Wilson, groups kept together"


@dataclass(frozen=True)
class Estimate:
    """A number with the interval it travels with.

    value, low, high: the estimate, and the ends of its interval in the same unit; NaN where none
        can be given
    n: how many observations it stands on: events, or units of time such as days
    confidence: share of such intervals that hold the truth [fraction]
    method: how the interval was made, in words fit for a sentence
    """

    value: float
    low: float
    high: float
    n: float
    confidence: float
    method: str

    def over(self, whole: float) -> Estimate:
        """The same as a share of a whole; unknown where there is none."""
        ends = np.array([self.value, self.low, self.high])
        value, low, high = (ends / whole if whole else np.full(3, NAN)).tolist()
        return replace(self, value=value, low=low, high=high)


def _wilson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a share of independent events."""
    k, n = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if ((k < 0) | (k > n)).any():
        raise ParameterError(f"part must lie between 0 and whole; got {part!r} of {whole!r}.")
    z = _normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    low, high = (np.where(n > 0, end, np.nan) for end in (low, high))
    return (low, high) if low.ndim else (float(low), float(high))


def _widened_wilson(
    part: Any, whole: Any, *, index: float, confidence: float = 0.95
) -> tuple[Any, Any]:
    """Wilson's interval where events cluster: as if there were ``whole / index`` of them."""
    scale = max(index, 1.0)
    return _wilson(np.asarray(part) / scale, np.asarray(whole) / scale, confidence=confidence)


def _normal_quantile(confidence: float) -> float:
    """Standard deviations on either side that hold this share of a normal distribution."""
    return NormalDist().inv_cdf((1 + _level(confidence)) / 2)


def _level(confidence: float) -> float:
    """The confidence, if it is one."""
    ParameterError.check_fraction(confidence, "confidence")
    return confidence


def _share(flags: pd.Series, confidence: float) -> Estimate:
    """Share of flags that are set, with Wilson's interval."""
    k, n = int(flags.sum()), len(flags)
    low, high = _wilson(k, n, confidence=confidence)
    return Estimate(k / n if n else NAN, float(low), float(high), n, confidence, "Wilson")


def _rate(events: float, time: float, confidence: float = 0.95, *, index: float = 1.0) -> Estimate:
    """Events per unit of time; where they cluster, as if there were events / index of them."""
    from scipy.special import gammaincinv

    scale, tail = (index if index > 1 else 1.0), (1 - _level(confidence)) / 2
    k, method = events / scale, EXACT if not index > 1 else WIDENED_COUNTS
    low = float(gammaincinv(k, tail)) if k else 0.0
    high = float(gammaincinv(k + 1, 1 - tail))
    long = time / scale
    return Estimate(events / time, low / long, high / long, events, confidence, method)


def _median(values: pd.Series, confidence: float) -> Estimate:
    """Median of the known values, with the interval between two order statistics."""
    known = np.sort(values.dropna().to_numpy(dtype="float64"))
    n = len(known)
    k = _fair_coin_rank(n, confidence)
    low, high = (float(known[k - 1]), float(known[n - k])) if k else (NAN, NAN)
    middle = float(np.median(known)) if n else NAN
    return Estimate(middle, low, high, n, confidence, "order statistics")


def _fair_coin_rank(n: int, confidence: float) -> int:
    """Largest k so that fewer than k of n fair coins show heads at most (1 - confidence) / 2."""
    tail, k, seen = (1 - confidence) / 2, 0, 0
    for heads in range(n):
        seen += math.comb(n, heads)
        if seen / 2**n > tail:
            return k
        k = heads + 1
    return k


def _quantile(
    values: Any, q: float = 0.5, *, confidence: float = 0.95, groups: Any = None
) -> Estimate:
    """Quantile of values, with an interval that knows which of them belong together."""
    _level(confidence)
    ParameterError.check_fraction(q, "q")
    array = np.asarray(values, dtype="float64")
    known = ~np.isnan(array)
    ordered = np.sort(array[known])
    n = len(ordered)
    if not n:
        return Estimate(NAN, NAN, NAN, 0, confidence, FRACTIONAL)
    value = _at(ordered, q * (n - 1))
    worth = float(n) if groups is None else _worth(array, np.asarray(groups), known, value, q,
                                                   confidence)  # fmt: skip
    ranks = (NAN, NAN)
    if worth >= 2:
        ranks = _rank(worth, q, confidence), 1 - _rank(worth, 1 - q, confidence)
    low, high = (_at_rank(ordered, rank) for rank in ranks)
    return Estimate(value, low, high, n, confidence, FRACTIONAL)


def _group_sizes(groups: Any) -> tuple[np.ndarray, np.ndarray]:
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


def _grouped_share(part: Any, whole: Any, *, confidence: float = 0.95) -> Estimate:
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
    low, high = _wilson(k.sum() / effect, n / effect, confidence=confidence)
    method = WILSON_GROUPS if effect != 1.0 else "Wilson"
    return Estimate(float(share), low, high, float(n), confidence, method)


def _grouped_mean(values: Any, groups: Any, *, confidence: float = 0.95) -> Estimate:
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
    half = float(stdtrit(count - 1, (1 + _level(confidence)) / 2)) * error
    return Estimate(mean, mean - half, mean + half, n, confidence, method)


def _scattered_rate(counts: Any, lengths: Any, *, confidence: float = 0.95) -> Estimate:
    """Events per unit of time, where counts may scatter more or less than chance alone."""
    from scipy.special import stdtrit

    k, time = np.asarray(counts, dtype="float64"), np.asarray(lengths, dtype="float64")
    k, time = k[time > 0], time[time > 0]
    total, length = k.sum(), time.sum()
    if not length:
        return Estimate(NAN, NAN, NAN, 0, confidence, "exact Poisson")
    if len(time) < 4 or total < 4:
        return _rate(int(total), float(length), confidence)
    mean = total / length
    scatter = ((k - mean * time) ** 2).sum() * len(time) / (len(time) - 1)
    error = math.sqrt(max(scatter, 0.25)) / (2 * math.sqrt(total))
    half = float(stdtrit(len(time) - 1, (1 + _level(confidence)) / 2)) * error
    low, high = (max(math.sqrt(total) + side * half, 0.0) ** 2 / length for side in (-1, 1))
    return Estimate(float(mean), float(low), float(high), float(total), confidence, SCATTER)


def _worth(
    values: np.ndarray, groups: np.ndarray, known: np.ndarray, at: float, q: float,
    confidence: float,
) -> float:  # fmt: skip
    """How many separate values the grouped ones are worth for this quantile; NaN: too few."""
    place, sizes = _group_sizes(groups if known.all() else groups[known])
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


def _small(count: float, confidence: float) -> float:
    """What an estimated variance costs: the normal quantile over Student's, squared."""
    from scipy.special import stdtrit

    student = float(stdtrit(count - 1, (1 + confidence) / 2))
    return (_normal_quantile(confidence) / student) ** 2


@lru_cache(maxsize=4096)
def _rank(n: float, q: float, confidence: float) -> float:
    """Fraction e: an order statistic of rank e (n + 1) lies below the quantile often enough."""
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
    """Value at a fraction of n + 1 ranks, between neighbours in proportion; NaN outside them."""
    rank = fraction * (len(ordered) + 1)
    return _at(ordered, rank - 1) if 1 <= rank <= len(ordered) else NAN


def _at(ordered: np.ndarray, place: float) -> float:
    """Value at a place from 0 on, between neighbours in proportion."""
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _kaplan_meier(durations: Any, ended: Any, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of durations longer than each time, open ones counted for as long as they were seen."""
    from scipy.stats import CensoredData, ecdf, norm

    _level(confidence)
    times, done = _checked_durations(durations, ended)
    if not done.any():
        columns = ("time", "going_on", "low", "high", "at_risk", "ends")
        return pd.DataFrame({name: np.array([], dtype="float64") for name in columns})
    ends_at, ends = np.unique(times[done], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), ends_at)
    going_on = ecdf(CensoredData.right_censored(times, ~done)).sf.evaluate(ends_at)
    with np.errstate(divide="ignore", invalid="ignore"):  # Greenwood's, on the scale log(-log)
        variance = np.cumsum(ends / (at_risk * (at_risk - ends)))
        half = norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / np.log(going_on)
        low, high = going_on ** np.exp(-half), going_on ** np.exp(half)
    return pd.DataFrame({"time": ends_at, "going_on": going_on, "low": low, "high": high,
                         "at_risk": at_risk, "ends": ends})  # fmt: skip


def _survival_quantile(
    durations: Any, ended: Any, *, share: float = 0.5, confidence: float = 0.95
) -> Estimate:
    """Duration by which a share of all have ended, where some have not ended yet."""
    ParameterError.check_fraction(share, "share")
    curve = _kaplan_meier(durations, ended, confidence=confidence)
    value, low, high = (_crossing(curve, name, 1 - share) for name in ("going_on", "low", "high"))
    return Estimate(value, low, high, len(np.atleast_1d(durations)), confidence, KAPLAN_MEIER)


def _checked_durations(durations: Any, ended: Any) -> tuple[np.ndarray, np.ndarray]:
    """Durations and whether each has ended, as arrays, if they are such."""
    times = np.asarray(durations, dtype="float64")
    done = np.asarray(ended, dtype=bool)
    if len(times) != len(done):
        raise ParameterError(f"got {len(times)} durations but {len(done)} flag(s) of their ends.")
    if not (times >= 0).all():
        raise ParameterError(f"durations must not be negative or unknown; got {times.min():g}.")
    return times, done


def _crossing(curve: pd.DataFrame, column: str, left: float) -> float:
    """First time the curve is at most this; the middle of the step where it is just that."""
    at = np.flatnonzero(curve[column].to_numpy() <= left + 1e-12)
    if not len(at):
        return NAN
    first = at[0]
    exact = abs(curve[column].iloc[first] - left) < 1e-12 and first + 1 < len(curve)
    return float(curve["time"].iloc[[first, first + 1] if exact else [first]].mean())
