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
    """How much more counts scatter around their rate than independent events would.

    index = sum((count - rate * time)^2 / (rate * time)) / (bins - groups)

    Parameters
    ----------
    counts, times : array, shape (bins,)
        Events in each bin and how long it was.
    groups : array, shape (bins,), optional
        Bins of a group share a rate; default: all do.

    Returns
    -------
    index : float
        1 for independent events, above where they cluster; NaN without freedom to estimate it.
    freedom : int
        Bins less groups that have events.

    References
    ----------
    .. [1] McCullagh, Nelder, Generalized Linear Models, 2nd ed. 1989, section 6.2.3.

    Examples
    --------
    >>> rate_dispersion([2, 2, 8, 0], [1, 1, 1, 1], groups=[0, 0, 1, 1])
    (4.0, 2)
    """
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
    """Rate of events after over the rate before, by the exact conditional test.

    Given how many there were in all, those after are binomial with
    p = ratio * time after / (time before + ratio * time after).

    Parameters
    ----------
    before, after : pair of float
        Events, and the time in which they were counted.
    index : float
        Overdispersion, as from `rate_dispersion`: counts weigh 1 / index of what they are; below
        1, or unknown, it is taken as 1.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

    Returns
    -------
    Estimate
        NaN without events; `n` is the events of both. The high end is infinite without events
        before.

    Raises
    ------
    ParameterError
        A time that is not positive, or a negative count.

    Notes
    -----
    Ends by the mid-P rule: exact tails hold too much when there are few events.

    References
    ----------
    .. [1] Przyborowski, Wilenski, Biometrika 31 (1940) 313.
    .. [2] Lancaster, JASA 56 (1961) 223 (mid-P).

    Examples
    --------
    >>> found = rate_ratio((30, 10.0), (15, 10.0))
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.5, 0.26, 0.92)
    """
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
    """Chance of counts at least this far from one common rate, two-sided.

    Parameters
    ----------
    before, after, index
        As in `rate_ratio`.

    Returns
    -------
    float
        [fraction]; NaN without events. It is below 1 - confidence exactly where the interval of
        `rate_ratio` leaves 1 out.

    Examples
    --------
    >>> round(rate_ratio_p_value((30, 10.0), (15, 10.0)), 3)
    0.026
    """
    earlier, later, long = _weights(before, after, index)
    if earlier + later == 0:
        return NAN
    p = 1 / (1 + long)
    above = _mid_p_above(p, later, earlier)
    return float(min(1.0, 2 * min(above, 1 - above)))


def widened_rate(
    events: float, time: float, *, index: float = 1.0, confidence: float = 0.95
) -> Estimate:
    """Events per unit of time where they cluster: as if there were events / index of them.

    Parameters
    ----------
    events : float
    time : float
        In the unit wanted.
    index : float
        Overdispersion, as from `rate_dispersion`; below 1, or unknown, it is taken as 1.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

    Returns
    -------
    Estimate
        Events per unit of time.

    References
    ----------
    .. [1] Garwood, Biometrika 28 (1936) 437.

    Examples
    --------
    >>> wide, narrow = widened_rate(30, 10.0, index=3.0), widened_rate(10, 10 / 3)
    >>> wide.value == narrow.value, wide.high == narrow.high
    (True, True)
    """
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
