"""The account of a walk: bad events avoided, with how far that can be told from chance.

What a release did is what came after it less what would have come anyhow. The second part is
not seen; it is drawn from spans of the same history in which nothing was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib.policy.aftermath import Aftermath, Controls
from srelib.policy.walk import DELAYED, WAITING, Track, Walk, carried
from srelib.stats import Estimate

ENOUGH = 12
"""Spans without a release, no two of which overlap, that it takes to tell harm from chance."""
PLACEBO = "spans without a release"
UNKNOWN = "anything from nothing to all that came after"
GIVEN = "as given"


def chances(tracks: Sequence[Track], count: int, *, seed: int = 0) -> list[list[Track]]:
    """The same service with other luck: errors after releases split anew into harm and chance."""
    if any(track.after.controls.apart < ENOUGH for track in tracks):
        return []
    rng = np.random.default_rng(seed)
    size = len(tracks[0].harm)
    several = [luck(track.after.controls, (count, size), rng) for track in tracks]
    return [
        [
            replace(track, harm=track.after.bad - track.after.now * draws[i][:, None])
            for track, draws in zip(tracks, several, strict=True)
        ]
        for i in range(count)
    ]


def holding(
    track: Track, walk: Walk, times: pd.DatetimeIndex, due: np.ndarray, *, postponed: bool
) -> Holding:
    """What a walk held, as the account of one objective needs it."""
    rows = held(walk)
    day = np.searchsorted(times.as_unit("us").asi8, due[rows], side="right")
    return Holding(rows, weights(track, walk, due, postponed=postponed), day)


def held(walk: Walk) -> np.ndarray:
    """Which deployments were delayed, or still wait at the end."""
    return np.flatnonzero(np.isin(walk.fate, (DELAYED, WAITING)))


def weights(track: Track, walk: Walk, due: np.ndarray, *, postponed: bool) -> np.ndarray:
    """Share of the harm of each held release that did not happen."""
    rows = held(walk)
    found = np.ones((len(rows), track.after.bad.shape[1]))
    if not postponed:
        return found
    found[walk.fate[rows] == WAITING] = 0.0
    released = np.where(walk.fate[rows] == DELAYED, walk.released[rows], 0)
    for at in np.unique(released[released > 0]):
        batch = np.flatnonzero(released == at)
        ones = rows[batch]
        found[batch] = 1 - carried(track, ones.tolist(), at - due[ones])
    return found


@dataclass(frozen=True)
class Holding:
    """What one walk held, and how much of its harm did not happen."""

    rows: np.ndarray
    share: np.ndarray
    day: np.ndarray


def saved(
    after: Aftermath,
    holding: Holding,
    *,
    others: Sequence[Holding] = (),
    confidence: float,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Bad events avoided by holding releases back, and how far chance reaches."""
    n = len(holding.rows)
    if not n:
        return Estimate(0.0, 0.0, 0.0, 0, confidence, "nothing was held")
    least, most = _reach(after, holding)
    if after.controls.apart < ENOUGH:
        value = float((holding.share * after.excess[holding.rows]).sum())
        return Estimate(float(np.clip(value, least, most)), least, most, n, confidence, UNKNOWN)
    rng = np.random.default_rng(seed)
    own = _drawn(after, holding, resamples, rng)
    each = max(resamples // max(len(others), 1), 50)
    tail = (1 - confidence) / 2
    ends = [np.quantile(_scattered(after, holding, own, rng), [tail, 1 - tail])]
    if others:
        every = [_scattered(after, one, _drawn(after, one, each, rng), rng) for one in others]
        ends.append(np.quantile(np.concatenate(every), [tail, 1 - tail]))
    value = float(np.median(own))
    low, high = (float(f([end[i] for end in ends])) for i, f in enumerate((np.min, np.max)))
    return Estimate(value, min(low, value), max(high, value), n, confidence, PLACEBO)


def _drawn(
    after: Aftermath, holding: Holding, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """What may have been avoided, over draws of what would have come anyhow."""
    rows, share = holding.rows, holding.share
    if not len(rows):
        return np.zeros(resamples)
    bad = (share * after.bad[rows]).sum()
    _, which = np.unique(holding.day, return_inverse=True)
    bases = np.bincount(which, weights=(share * after.now[rows]).sum(axis=1))
    drawn = bad - luck(after.controls, (resamples, len(bases)), rng) @ bases
    return np.clip(drawn, *_reach(after, holding))


def _scattered(
    after: Aftermath, holding: Holding, drawn: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The same where harm comes again: as many requests fail by chance a few more or fewer."""
    again = ((1 - holding.share) * after.excess[holding.rows]).sum()
    return drawn + np.sqrt(max(float(again), 0.0)) * rng.standard_normal(len(drawn))


def _reach(after: Aftermath, holding: Holding) -> tuple[float, float]:
    """The least and the most that can have been avoided, were all or nothing harm."""
    parts = holding.share * after.bad[holding.rows]
    return float(np.minimum(parts, 0).sum()), float(np.maximum(parts, 0).sum())


def luck(controls: Controls, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Bad / expected of clear spans: weeks drawn with replacement, then spans of those weeks."""
    _, starts, sizes = np.unique(controls.week, return_index=True, return_counts=True)
    several = rng.integers(len(starts), size=(shape[0], len(starts)))
    chosen = np.take_along_axis(several, rng.integers(len(starts), size=shape), axis=1)
    inside = (rng.random(shape) * sizes[chosen]).astype("int64")
    return controls.ratio[starts[chosen] + inside]


def given(
    low: np.ndarray, value: np.ndarray, high: np.ndarray, share: np.ndarray, *, confidence: float
) -> Estimate:
    """Bad events avoided where the harm of each release is known from elsewhere."""
    if not len(value):
        return Estimate(0.0, 0.0, 0.0, 0, confidence, "nothing was held")
    whole = float((share * value).sum())
    below = np.where(share >= 0, value - low, high - value) * share
    above = np.where(share >= 0, high - value, value - low) * share
    ends = whole - np.sqrt((below**2).sum()), whole + np.sqrt((above**2).sum())
    return Estimate(whole, float(ends[0]), float(ends[1]), len(value), confidence, GIVEN)
