"""Shares, medians and rates of what was counted, each with n and interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from srelib.stats.intervals import Estimate, wilson

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
