"""What chance adds to the excess of this history, and the interval that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srelib.tradeoff.compare import Comparison, tails
from srelib.tradeoff.history import DAY, History
from srelib.tradeoff.placebo import Placements

HOT = 5 * 1.4826
"""A bucket is hot from so many times the median deviation from the baseline on."""
JOIN = 6
"""Hot buckets with fewer buckets than this between them are one burst."""


@dataclass(frozen=True)
class Bursts:
    """Bursts of bad events, and how likely those after deployments came by chance."""

    number: np.ndarray
    sizes: np.ndarray
    by_chance: np.ndarray


def bursts(past: History, placed: Placements, found: Comparison) -> Bursts:
    """Bursts in the windows, each with the probability that it came by chance."""
    beyond, number = past.beyond, _numbered(past)
    many = int(number.max(initial=0)) + 1
    inside, outside = (number > 0) & placed.treated, (number > 0) & ~placed.treated
    sizes = np.bincount(number[inside], beyond[inside], minlength=many)
    weighted = (placed.weights * beyond)[outside]
    clear = np.sort(np.bincount(number[outside], weighted, minlength=many))
    ours = np.sort(sizes[sizes > 0])
    larger = len(clear) - np.searchsorted(clear, sizes, side="left")
    rank = np.maximum(1, len(ours) - np.searchsorted(ours, sizes, side="left"))
    chance = np.minimum(1.0, found.odds * (larger + 0.5) / rank)
    return Bursts(number, sizes, np.where(sizes > 0, chance, 1.0))


def _numbered(past: History) -> np.ndarray:
    asked = past.total > 0
    ratio = np.where(asked, past.beyond / np.where(asked, past.total, 1.0), 0.0)
    limit = HOT * float(np.median(np.abs(ratio[asked])))
    hot = np.flatnonzero(asked & (ratio > limit))
    number = np.zeros(len(ratio), dtype="int64")
    join = max(1, round(JOIN / max(1.0, past.step.total_seconds() / 600)))
    number[hot] = np.cumsum(np.diff(hot, prepend=-(10**9)) > join)
    return number


def chance(
    past: History, placed: Placements, found: Comparison, seen: Bursts, *, seed: int
) -> np.ndarray:
    """Draws of what chance adds to the excess."""
    rng = np.random.default_rng([seed, 1])
    many, odds = len(found.placebos), found.odds
    day = np.arange(len(past.total)) // max(1, round(DAY / past.step))
    outside = np.where(placed.treated, 0.0, placed.weights * past.beyond)
    days = np.bincount(day, outside)
    days = days[days != 0]
    copies = rng.poisson(odds, (many, len(days))) - odds * rng.poisson(1.0, (many, len(days)))
    kept = seen.sizes > 0
    by_chance = rng.random((many, int(kept.sum()))) < seen.by_chance[kept]
    fell = np.where(rng.random(by_chance.shape) < odds / (1 + odds), 1.0, -odds)
    return np.asarray(copies @ days + (by_chance * fell) @ seen.sizes[kept])


def interval(
    found: Comparison, noise: np.ndarray, *, most: float, confidence: float
) -> tuple[float, float]:
    """Ends of the interval of the excess."""
    tail = (1 - confidence) / 2
    above, below = tails(found.excess, found.placebos)
    low, high = found.excess - np.quantile(noise, [1 - tail, tail])
    if above > tail:
        low = min(low, 0.0)
    if below > tail:
        high = max(high, 0.0)
    if above <= tail:
        low = max(low, found.excess - float(np.quantile(found.placebos, 1 - tail)))
    if below <= tail:
        high = min(high, found.excess - float(np.quantile(found.placebos, tail)))
    high = max(min(high, most), found.excess)
    return float(min(low, found.excess)), float(high)
