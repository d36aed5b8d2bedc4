"""Shares, medians and rates of what was counted, each with n and interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from srelib.stats.intervals import Estimate, wilson

NAN = float("nan")


def share(flags: pd.Series, confidence: float) -> Estimate:
    """Share of flags that are set, with Wilson's interval.

    Parameters
    ----------
    flags : Series of bool
    confidence : float
        [fraction]

    Returns
    -------
    Estimate
        Fraction; NaN without flags.

    Examples
    --------
    >>> share(pd.Series([True, False]), 0.95).value
    0.5
    """
    k, n = int(flags.sum()), len(flags)
    low, high = wilson(k, n, confidence=confidence)
    return Estimate(k / n if n else NAN, float(low), float(high), n, confidence, "Wilson")


def median(values: pd.Series, confidence: float) -> Estimate:
    """Median of the known values, with the interval between two order statistics.

    Parameters
    ----------
    values : Series of float
    confidence : float
        [fraction]

    Returns
    -------
    Estimate
        NaN without values; ends of the interval NaN with too few of them (5 at 95 %).

    Notes
    -----
    The interval makes no assumption on the shape of the distribution: the median lies between
    the k-th smallest and the k-th largest value unless fewer than k fall on one side.

    References
    ----------
    .. [1] Conover, Practical Nonparametric Statistics, 3rd ed. 1999, section 3.2.

    Examples
    --------
    >>> median(pd.Series([5.0, 1, 2, 3, 4, 6]), 0.95)
    Estimate(value=3.5, low=1.0, high=6.0, n=6, confidence=0.95, method='order statistics')
    """
    known = np.sort(values.dropna().to_numpy(dtype="float64"))
    n = len(known)
    middle = float(np.median(known)) if n else NAN
    k = _rank(n, confidence)
    low, high = (float(known[k - 1]), float(known[n - k])) if k else (NAN, NAN)
    return Estimate(middle, low, high, n, confidence, "order statistics")


def rate(events: int, time: float, confidence: float) -> Estimate:
    """Events per unit of time, with the exact interval of a Poisson count.

    Parameters
    ----------
    events : int
    time : float
        In the unit wanted.
    confidence : float
        [fraction]

    Returns
    -------
    Estimate
        Events per unit of time.

    References
    ----------
    .. [1] Garwood, Biometrika 28 (1936) 437.

    Examples
    --------
    >>> found = rate(0, 2.0, 0.95)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 1.844)
    """
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
