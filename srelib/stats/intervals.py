"""Intervals of a share, for events that are independent or overdispersed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import ParameterError


@dataclass(frozen=True)
class Estimate:
    """A number with the interval it travels with.

    Parameters
    ----------
    value : float
        The estimate itself.
    low, high : float
        Ends of the interval, in the unit of the value; NaN where none can be given.
    n : float
        How many observations the interval stands on: events for Wilson (widened or not) and
        Clopper-Pearson, time units such as days for a bootstrap.
    confidence : float
        Share of such intervals that hold the truth [fraction].
    method : str
        How the interval was made, in words fit for a sentence.

    Examples
    --------
    >>> Estimate(0.99, 0.98, 0.995, 1000, 0.95, "Wilson").low
    0.98
    """

    value: float
    low: float
    high: float
    n: float
    confidence: float
    method: str


def wilson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a share of independent events."""
    k, n = _counts(part, whole)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    return _ends(low, high, n)


def widened_wilson(
    part: Any, whole: Any, *, index: float, confidence: float = 0.95
) -> tuple[Any, Any]:
    """Wilson's interval where events cluster: as if there were ``whole / index`` of them."""
    k, n = _counts(part, whole)
    scale = max(index, 1.0)
    return wilson(k / scale, n / scale, confidence=confidence)


def clopper_pearson(part: Any, whole: Any, *, confidence: float = 0.95) -> tuple[Any, Any]:
    """Exact interval of a share of independent events; never covers less than it says."""
    from scipy.special import betaincinv

    k, n = _counts(part, whole)
    tail = (1 - level(confidence)) / 2
    low = np.where(k == 0, 0.0, betaincinv(np.maximum(k, 1e-300), n - k + 1, tail))
    high = np.where(k == n, 1.0, betaincinv(k + 1, np.maximum(n - k, 1e-300), 1 - tail))
    return _ends(low, high, n)


def normal_quantile(confidence: float) -> float:
    """Standard deviations on either side that hold this share of a normal distribution."""
    return NormalDist().inv_cdf((1 + level(confidence)) / 2)


def level(confidence: float) -> float:
    """The confidence, if it is one."""
    if not 0 < confidence < 1:
        raise ParameterError(
            f"confidence must lie strictly between 0 and 1; got {confidence}. For 95 % write 0.95."
        )
    return confidence


def _counts(part: Any, whole: Any) -> tuple[np.ndarray, np.ndarray]:
    """Part and whole as arrays, part within whole."""
    k, n = np.asarray(part, dtype="float64"), np.asarray(whole, dtype="float64")
    if ((k < 0) | (k > n)).any():
        raise ParameterError(f"part must lie between 0 and whole; got {part!r} of {whole!r}.")
    return k, n


def _ends(low: np.ndarray, high: np.ndarray, n: np.ndarray) -> tuple[Any, Any]:
    """Ends of an interval, NaN without observations; floats for single numbers."""
    low, high = (np.where(n > 0, end, np.nan) for end in (low, high))
    return (low, high) if low.ndim else (float(low), float(high))


NAN = float("nan")


def share(flags: pd.Series, confidence: float) -> Estimate:
    """Share of flags that are set, with Wilson's interval."""
    k, n = int(flags.sum()), len(flags)
    low, high = wilson(k, n, confidence=confidence)
    return Estimate(k / n if n else NAN, float(low), float(high), n, confidence, "Wilson")


def median(values: pd.Series, confidence: float) -> Estimate:
    """Median of the known values, with the interval between two order statistics."""
    known = np.sort(values.dropna().to_numpy(dtype="float64"))
    n = len(known)
    middle = float(np.median(known)) if n else NAN
    k = _rank(n, confidence)
    low, high = (float(known[k - 1]), float(known[n - k])) if k else (NAN, NAN)
    return Estimate(middle, low, high, n, confidence, "order statistics")


def rate(events: int, time: float, confidence: float) -> Estimate:
    """Events per unit of time, with the exact interval of a Poisson count."""
    from scipy.special import gammaincinv

    tail = (1 - confidence) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    high = float(gammaincinv(events + 1, 1 - tail))
    return Estimate(events / time, low / time, high / time, events, confidence, "exact Poisson")


def _rank(n: int, confidence: float) -> int:
    """Largest k so that fewer than k of n fair coins show heads at most (1 - confidence) / 2."""
    tail, k, seen = (1 - confidence) / 2, 0, 0
    for heads in range(n):
        seen += math.comb(n, heads)
        if seen / 2**n > tail:
            return k
        k = heads + 1
    return k


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


KAPLAN_MEIER = "Kaplan-Meier"


def kaplan_meier(durations: Any, ended: Any, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of durations longer than each time, open ones counted for as long as they were seen."""
    from scipy.stats import CensoredData, ecdf

    level(confidence)
    times, done = checked_durations(durations, ended)
    if not done.any():
        columns = ("time", "going_on", "low", "high", "at_risk", "ends")
        return pd.DataFrame({name: np.array([], dtype="float64") for name in columns})
    ends_at, ends = np.unique(times[done], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), ends_at)
    going_on = ecdf(CensoredData.right_censored(times, ~done)).sf.evaluate(ends_at)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _band(going_on, at_risk, ends, confidence)
    return pd.DataFrame({"time": ends_at, "going_on": going_on, "low": low, "high": high,
                         "at_risk": at_risk, "ends": ends})  # fmt: skip


def survival_median(durations: Any, ended: Any, *, confidence: float = 0.95) -> Estimate:
    """Median duration where some have not ended yet."""
    return survival_quantile(durations, ended, share=0.5, confidence=confidence)


def survival_quantile(
    durations: Any, ended: Any, *, share: float, confidence: float = 0.95
) -> Estimate:
    """Duration by which a share of all have ended, where some have not ended yet."""
    if not 0 < share < 1:
        raise ParameterError(f"share must lie strictly between 0 and 1; got {share}.")
    curve = kaplan_meier(durations, ended, confidence=confidence)
    value, low, high = (_crossing(curve, name, 1 - share) for name in ("going_on", "low", "high"))
    return Estimate(value, low, high, len(np.atleast_1d(durations)), confidence, KAPLAN_MEIER)


def checked_durations(durations: Any, ended: Any) -> tuple[np.ndarray, np.ndarray]:
    """Durations and whether each has ended, as arrays, if they are such."""
    times = np.asarray(durations, dtype="float64")
    done = np.asarray(ended, dtype=bool)
    if len(times) != len(done):
        raise ParameterError(f"got {len(times)} durations but {len(done)} flag(s) of their ends.")
    if not (times >= 0).all():
        raise ParameterError(f"durations must not be negative or unknown; got {times.min():g}.")
    return times, done


def _band(
    going_on: np.ndarray, at_risk: np.ndarray, ends: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Greenwood's interval on the scale log(-log)."""
    from scipy.stats import norm

    variance = np.cumsum(ends / (at_risk * (at_risk - ends)))
    half = norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / np.log(going_on)
    return going_on ** np.exp(-half), going_on ** np.exp(half)


def _crossing(curve: pd.DataFrame, column: str, left: float) -> float:
    """First time the curve is at most this; the middle of the step where it is just that."""
    at = np.flatnonzero(curve[column].to_numpy() <= left + 1e-12)
    if not len(at):
        return NAN
    first = at[0]
    exact = abs(curve[column].iloc[first] - left) < 1e-12 and first + 1 < len(curve)
    return float(curve["time"].iloc[[first, first + 1] if exact else [first]].mean())
