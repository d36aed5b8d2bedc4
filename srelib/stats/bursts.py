"""Share of bad events where some come in bursts: bursts and background apart, then joined."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srelib.stats.comparisons import dispersion
from srelib.stats.intervals import _level, _small, _widened_wilson

LEAST, TIMES, RARE = 5, 3.0, 1e-4
"""A cell is in a burst with so many bad events, more than so many times the background's, where a
Poisson count with that mean is as high only with this probability."""
SPREAD, WORTH = 1.3, 3
"""Assumed standard deviation of log sizes, which counts as if seen in so many bursts."""
FAR, MANY = 2.33, 5
"""The burst that may still come: so many standard deviations of log sizes above their mean, and
fully allowed for from so many bursts on, since one or two are often far above the mean already."""
CLUSTERED, DAYS_MORE = 0.1, 2.0
"""Below this p the background clusters; then a group may come that exceeds the background by so
many times what the worst one did."""


@dataclass(frozen=True)
class Split:
    """Bad events of a series, bursts and background apart.

    `sizes` are the bad events of each burst beyond the background, `part` of `whole` those of the
    background, `index` its overdispersion, `worst` what its worst group has beyond the others
    [events] (independent events: 1 and 0), `total` all events.
    """

    sizes: np.ndarray
    part: float
    whole: float
    index: float
    worst: float
    total: float


def split(
    part: np.ndarray,
    whole: np.ndarray,
    groups: np.ndarray,
    *,
    gap: int,
    block: int,
    independent: bool = True,
    confidence: float = 0.95,
    seed: int = 0,
) -> Split:
    """Bursts fewer than `gap` cells apart are one; groups of cells show how the rest scatters.

    Without `independent`, the background counts as clustered whatever the test says.
    """
    inside = in_bursts(part, whole)
    rest, below = float(part[~inside].sum()), float(whole[~inside].sum())
    at = np.flatnonzero(inside)
    excess = part[at] - rest / max(below, 1e-300) * whole[at]
    first = np.flatnonzero(np.diff(at, prepend=-gap - 1) > gap)
    sizes = np.add.reduceat(excess, first) if len(at) else excess
    number = np.unique(groups, return_inverse=True)[1]
    bad, all_ = (np.bincount(number, np.where(inside, 0.0, each)) for each in (part, whole))
    bad, all_ = bad[all_ > 0], all_[all_ > 0]
    p_value = dispersion(bad, all_, seed=seed)[1]
    index, worst = 1.0, 0.0
    if p_value == p_value and not (independent and p_value >= CLUSTERED):
        index = max(
            overdispersion(bad, all_, block=size, confidence=confidence) for size in (1, block)
        )
        worst = float((bad - rest / below * all_).max())
    return Split(sizes, rest, below, index, worst, float(whole.sum()))


def in_bursts(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Cells with far more bad events than the others would have there."""
    from scipy.special import gammainc

    inside = np.zeros(len(part), dtype=bool)
    while True:
        often = TIMES * part[~inside].sum() / max(whole[~inside].sum(), 1e-300)
        tried = np.flatnonzero(~inside & (part >= LEAST) & (part > often * whole))
        found = tried[gammainc(part[tried], often * whole[tried]) < RARE]
        if not len(found):
            return inside
        inside[found] = True


def overdispersion(part: np.ndarray, whole: np.ndarray, *, block: int, confidence: float) -> float:
    """How much more the sum scatters than one of independent events, at least 1, from blocks."""
    n, share = len(part), part.sum() / whole.sum()
    count = n / block
    if count < 2:
        return 1.0
    off = np.tile(part - share * whole, 2)
    sums = np.lib.stride_tricks.sliding_window_view(off, block)[:n].sum(axis=1)
    index = (sums**2).mean() * count / (count - 1) / (block * share * (1 - share) * whole.mean())
    return float(max(index / _small(count, confidence), 1.0))


def unseen(sizes: np.ndarray) -> float:
    """Size of the burst that may still come, at least the largest seen where there are enough."""
    k, logs = len(sizes), np.log(sizes)
    if k < 2:
        return 0.0
    spread = math.sqrt((WORTH * SPREAD**2 + k * logs.var()) / (WORTH + k - 1))
    size = max(float(sizes.max()), math.exp(logs.mean() + FAR * spread))
    return size * min((k - 1) / (MANY - 1), 1.0) ** 2


def bursts_interval(sizes: np.ndarray, *, confidence: float) -> tuple[float, float]:
    """Interval of the mean of a sum of a Poisson number of bursts of such sizes."""
    if not len(sizes):
        return 0.0, 0.0
    k, value, more, calm = len(sizes), float(sizes.sum()), unseen(sizes), np.sort(sizes)
    calm[-1] = calm[-2:].mean() if k > 2 else calm[-1]  # the largest raises value and scatter
    spread = value**2 * float((calm**2).sum()) / calm.sum() ** 2
    low = gamma_end(value, spread, (1 - _level(confidence)) / 2)
    high = gamma_end(value + more, float((sizes**2).sum()) + more**2, (1 + confidence) / 2)
    return min(low, value), max(high, value)


def background_interval(found: Split, *, confidence: float) -> tuple[float, float]:
    """Interval of the share of bad events in the background."""
    if not found.worst:
        return _widened_wilson(found.part, found.whole, index=1, confidence=confidence)
    part, square, more = found.part, found.index * found.part, DAYS_MORE * found.worst
    low = gamma_end(part, square, (1 - _level(confidence)) / 2)
    high = gamma_end(part + more, square + more**2, (1 + confidence) / 2)
    return min(low, part) / found.whole, min(max(high, part) / found.whole, 1.0)


def gamma_end(mean: float, variance: float, level: float) -> float:
    """Quantile of the gamma distribution with this mean and variance."""
    from scipy.special import gammaincinv

    return variance / mean * float(gammaincinv(mean * mean / variance, level)) if mean else 0.0


def share_interval(found: Split, *, confidence: float) -> tuple[float, float]:
    """Interval of the share of bad events, bursts and background joined by square and add."""
    usual, extra = found.part / found.whole, float(found.sizes.sum()) / found.total
    low, high = background_interval(found, confidence=confidence)
    least, most = bursts_interval(found.sizes, confidence=confidence)
    below = math.hypot(usual - low, extra - least / found.total)
    above = math.hypot(high - usual, most / found.total - extra)
    return max(usual + extra - below, 0.0), min(usual + extra + above, 1.0)


def index_of(found: Split) -> float:
    """Overdispersion of all bad events: their variance over their mean, at least 1."""
    mean, spread = found.sizes.sum() + found.part, (found.sizes**2).sum()
    return float(max((spread + found.index * found.part) / mean, 1.0)) if mean else 1.0
