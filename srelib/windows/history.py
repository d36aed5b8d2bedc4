"""Counts of a whole history, made once and asked about any span; and of the current window."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.windows.sums import _buckets, _checked, _divide, _prefix_pair, _ratios, _Sums
from srelib.windows.weighted import _reweighted, _weighted_pair
from srelib.windows.window import Window, _fixed_step, step_of


@dataclass(frozen=True)
class History:
    """Counts as running sums, made once and asked about any span.

    `bad` and `total` hold ``sums`` before each bucket and over all [events]; `index` the starts of
    the buckets in UTC and microseconds, `step` apart.
    """

    index: pd.DatetimeIndex
    step: pd.Timedelta
    bad: _Sums
    total: _Sums

    @property
    def length(self) -> pd.Timedelta:
        """From the start of the first bucket to the end of the last."""
        return self.step * len(self.index)

    @property
    def end(self) -> pd.Timestamp:
        """End of the last bucket."""
        return (self.index[-1] + self.step).as_unit("us")

    @property
    def known(self) -> np.ndarray:
        """Number of known buckets before each bucket, and in all."""
        return self.total.known_before

    @functools.cached_property
    def start(self) -> int:
        """Start of the first bucket [us since 1970]."""
        return int(self.index.asi8[0])

    @functools.cached_property
    def ticks(self) -> int:
        """Length of a bucket [us]."""
        return self.step // pd.Timedelta(1, "us")

    def until(self, times: np.ndarray) -> np.ndarray:
        """Number of buckets that are over by each time [us since 1970]."""
        return np.clip((times - self.start) // self.ticks, 0, len(self.index))

    def expected(self, window: Window) -> float:
        """Events that the window in which the data end holds at average traffic."""
        seen = _divide(self.total.sums[-1], self.known[-1])
        return float(seen * (window.length_at(self.index[-1]) / self.step))

    def error_ratios(self, lengths: Iterable[pd.Timedelta]) -> dict[pd.Timedelta, np.ndarray]:
        """Share of bad events over windows of these lengths, at every bucket; NaN if no traffic."""
        spans = list(dict.fromkeys(lengths))
        widths = [_buckets(span, step=self.step) for span in spans]
        found = _ratios(self.bad, self.total, widths=widths)
        return dict(zip(spans, found, strict=True))


def history(good: pd.Series | pd.DataFrame, total: pd.Series | pd.DataFrame) -> History:
    """Make counts ready to be asked about many spans.

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index; a bucket where
        either is NaN is unknown. DataFrames with a column for each `Member`: a weighted mean, which
        has sums over spans only.

    Raises
    ------
    CountError, TimeIndexError
        Counts that cannot be; indexes that differ, are not regular or hold fewer than two buckets.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=60, freq="min", tz="UTC")
    >>> history(pd.Series(9.0, index), pd.Series(10.0, index)).length
    Timedelta('0 days 01:00:00')
    """
    bad, events = _bad_and_total(good, total)
    step = _fixed_step(total.index)
    index = pd.DatetimeIndex(total.index).tz_convert("UTC").as_unit("us")
    return History(index, step, bad, events)


def _bad_and_total(good: Any, total: Any) -> tuple[_Sums, _Sums]:
    """Running sums of bad and of all events, checked."""
    if isinstance(good, pd.DataFrame):
        return _weighted_pair(good, total)
    good_seen, total_seen = _checked(good, total)
    return _prefix_pair(total_seen - good_seen, total_seen)


def current(counts: pd.DataFrame, *, window: Window | None) -> pd.DataFrame:
    """The counts of the window of an objective that the data ends in; without a window, all.

    Parameters
    ----------
    counts : DataFrame, on a regular UTC index; with a column of good and of total for each
        `Member`, the weighted mean of their ratios
    window : Window or None

    Returns
    -------
    DataFrame
        Rolling: the last window before the end of the data. Calendar: since the period began.
        Of a weighted mean: events weighted so that their sums give it over this window, and
        `observed`, whether every member was.
    """
    part = _cut(counts, window)
    return _reweighted(part) if part.columns.nlevels > 1 else part


def _cut(counts: pd.DataFrame, window: Window | None) -> pd.DataFrame:
    """The buckets of the window the data ends in."""
    if window is None or counts.empty:
        return counts
    end = counts.index[-1]
    if window.is_rolling:
        end += step_of(pd.DatetimeIndex(counts.index))
    return counts.loc[window.bounds_at(end)[0] :]
