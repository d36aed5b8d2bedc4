"""The average course of the excess from before a deployment to some hours after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.tradeoff.compare import Comparison
from srelib.tradeoff.history import History
from srelib.tradeoff.matching import ends
from srelib.tradeoff.placebo import Placements

BIN = pd.Timedelta(minutes=30)
ENOUGH = 400
"""Placebo schedules for the band of the curve."""


def nearest(
    place: np.ndarray, size: int, *, before: float, after: float
) -> tuple[np.ndarray, np.ndarray]:
    """The deployment each bucket is measured from, and how far from it it lies."""
    begin, end = ends(place, after)
    buckets = np.arange(size)
    last = np.searchsorted(begin, buckets, side="right") - 1
    reach = np.maximum.accumulate(end) if len(end) else end
    known = np.append(reach, 0)
    owner = np.where((last >= 0) & (buckets < known[last]), last, -1)
    coming = np.append(begin, size + before + 1)[last + 1]
    earlier = (owner < 0) & (coming - buckets <= before)
    owner = np.where(earlier, last + 1, owner)
    offset = np.where(owner >= 0, buckets - np.append(begin, 0)[owner], 0)
    return owner, offset


def curve(
    past: History,
    placed: Placements,
    found: Comparison,
    place: np.ndarray,
    *,
    before: float,
    after: float,
    confidence: float,
) -> pd.DataFrame:
    """Excess ratio by time since the deployment, with what chance alone would spread it over."""
    width = max(1, round(BIN / past.step))
    lead = max(1, int(np.ceil(round(before) / width)))
    owner, offset = nearest(place, len(past.total), before=lead * width, after=after)
    last = int(np.ceil(max(1, round(after)) / width))
    bins = np.where(owner >= 0, np.clip(offset // width, -lead, last - 1) + lead, -1)
    many = lead + last
    beyond = past.bad - found.expected
    asked = _by_bin(bins, past.total, many)
    ratio = np.divide(
        _by_bin(bins, beyond, many), asked, out=np.full(many, np.nan), where=asked > 0
    )
    low, high = _band(past, placed, beyond, bins, many, confidence=confidence)
    return pd.DataFrame(
        {
            "offset": (np.arange(many) - lead) * width * past.step,
            "excess_ratio": ratio,
            "low": ratio + np.minimum(low, 0),
            "high": ratio + np.maximum(high, 0),
        }
    )


def _by_bin(bins: np.ndarray, values: np.ndarray, many: int) -> np.ndarray:
    inside = bins >= 0
    return np.bincount(bins[inside], values[inside], minlength=many)


def _band(
    past: History,
    placed: Placements,
    beyond: np.ndarray,
    bins: np.ndarray,
    many: int,
    *,
    confidence: float,
) -> tuple[np.ndarray, np.ndarray]:
    """How far below and above the ratio of each bin the truth may lie."""
    weeks = placed.units
    own = placed.rows(bins.astype("float64") + 1).astype("int64")
    own[:, round(placed.period / past.step) :] = 0
    where, at = np.nonzero(own)
    pairs = np.empty((2, many, weeks, weeks))
    for number, values in enumerate((beyond, past.total)):
        rows = placed.rows(values)[:, at]
        for week in range(weeks):
            key = where * many + own[where, at] - 1
            pairs[number, :, :, week] = (
                np.bincount(key, rows[week], minlength=weeks * many).reshape(weeks, many).T
            )
    tail = (1 - confidence) / 2
    low, high = np.zeros(many), np.zeros(many)
    for number in range(many):
        part, whole = placed.sums(pairs[:, number], first=ENOUGH)
        drawn = (part / np.where(whole > 0, whole, 1.0))[whole > 0]
        if len(drawn):
            ends_ = drawn.mean() - np.quantile(drawn, [1 - tail, tail])
            low[number], high[number] = ends_
    return low, high
