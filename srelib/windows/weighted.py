"""Weighted means of the ratios of several members: sum per member, divide, then weight.

Their `good` and `total` are DataFrames with a column for each `Member`. How much an event weighs
depends on the window, so such a mean has sums over a window, and none to add up from buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.windows.sums import NO_SUMS, _checked, _divide, _Prefix, _prefix_pair


@dataclass(frozen=True, order=True)
class Member:
    """One indicator of a composite.

    Parameters
    ----------
    name : str, of its objective
    weight : float, how much its ratio counts in a weighted mean
    unit : str, what its good and total count
    """

    name: str
    weight: float = 1.0
    unit: str = "events"

    @property
    def weighting(self) -> str:
        """What an interval must take the counts for: 'events', or 'time'."""
        return "events" if self.unit == "events" else "time"


def _members(counts: pd.DataFrame) -> list[Member]:
    """The members that counts are of, in their order."""
    columns: Any = counts.columns
    return list(columns)


def _pairs(
    good: pd.DataFrame, total: pd.DataFrame
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Checked good and total of each member, and their weights."""
    members: list[Any] = _members(good)
    counts = [_checked(good[member], total[member]) for member in members]
    return counts, np.array([member.weight for member in members])


def _shares(total: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of each member in the mean: of those with traffic, in proportion to the weights."""
    given = np.where(total > 0, weights[:, None], 0.0)
    return np.nan_to_num(_divide(given, given.sum(axis=0)))


def _reweighted(part: pd.DataFrame) -> pd.DataFrame:
    """Plain counts of one window: an event counts so much that sums give the weighted mean.

    Of N events, those of a member together weigh its share of N. `observed`: every member was.
    """
    good, total = (cast(pd.DataFrame, part[name]) for name in ("good", "total"))
    counts, weights = _pairs(good, total)
    right, asked = (np.stack(arrays) for arrays in zip(*counts, strict=True))
    known = ~np.isnan(asked)
    sums = asked.sum(axis=1, where=known, keepdims=True)
    each = _shares(sums, weights) * np.nan_to_num(_divide(sums.sum(), sums))
    seen = known.any(axis=0) & known.any(axis=1).all()
    frame = {
        name: np.where(seen, (each * np.nan_to_num(values)).sum(axis=0), np.nan)
        for name, values in (("good", right), ("total", asked))
    }
    return pd.DataFrame(frame | {"observed": known.all(axis=0)}, index=part.index)


@dataclass(frozen=True)
class _WeightedPrefix:
    """Sums over spans of the events of a weighted mean, or of the bad ones among them."""

    bad: tuple[_Prefix, ...]
    total: tuple[_Prefix, ...]
    weights: np.ndarray
    known_before: np.ndarray
    of_bad: bool

    def between(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Sum over the buckets from `start` to `stop`; NaN where a member is not known at all."""
        bad, total = (
            np.stack([prefix.between(start, stop) for prefix in prefixes])
            for prefixes in (self.bad, self.total)
        )
        whole = total.sum(axis=0)
        if not self.of_bad:
            return whole
        ratios = np.where(np.isnan(total) | (total > 0), _divide(bad, total), 0.0)
        return whole * (_shares(total, self.weights) * ratios).sum(axis=0)

    def _refuse(self) -> NoReturn:
        raise ParameterError(NO_SUMS)

    sums = exponent = window = property(_refuse)
    """Buckets do not add up."""


def _weighted_pair(
    good: pd.DataFrame, total: pd.DataFrame
) -> tuple[_WeightedPrefix, _WeightedPrefix]:
    """Sums of bad and of all events over spans, of a weighted mean."""
    counts, weights = _pairs(good, total)
    bad, whole = zip(*(_prefix_pair(asked - right, asked) for right, asked in counts), strict=True)
    known = np.logical_and.reduce([~np.isnan(asked) for _, asked in counts])
    before = np.concatenate([[0], np.cumsum(known)])
    of_bad, of_all = (_WeightedPrefix(bad, whole, weights, before, part) for part in (True, False))
    return of_bad, of_all
