"""The budget as it stood each day when it was looked at: nothing later is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget import budget_fraction
from srelib.budget.counts import checked, regular_step
from srelib.windows import Window

DAY = pd.Timedelta(days=1)
PROJECT = pd.Timedelta(days=28)
"""Traffic of the rest of a calendar period is expected to be as in so many days before."""


@dataclass(frozen=True)
class Ledger:
    """Counts of one objective as running sums, to be asked about any span.

    Parameters
    ----------
    start, step : int
        Start of the first bucket and length of a bucket [us since 1970], [us].
    bad, total, known : ndarray, shape (n + 1,)
        Sums before each bucket [events], [events], [buckets].
    """

    start: int
    step: int
    bad: np.ndarray
    total: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, good: pd.Series, total: pd.Series) -> Ledger:
        """Running sums of counts.

        Parameters
        ----------
        good, total : Series
            Good and total events [events] on a regular UTC index; missing is unknown.

        Returns
        -------
        Ledger
        """
        good_seen, total_seen = checked(good, total)
        times = pd.DatetimeIndex(good.index)
        step = regular_step(times)
        known = np.concatenate([[0], np.cumsum(~np.isnan(total_seen))])
        spent, asked = windows.prefix_pair(
            np.nan_to_num(total_seen - good_seen), np.nan_to_num(total_seen)
        )
        begins, width = int(times.as_unit("us").asi8[0]), int(step / pd.Timedelta(1, "us"))
        return cls(begins, width, spent.sums, asked.sums, known)

    @property
    def size(self) -> int:
        """Buckets."""
        return len(self.bad) - 1

    @property
    def end(self) -> int:
        """End of the last bucket [us since 1970]."""
        return self.start + self.size * self.step

    def until(self, times: np.ndarray) -> np.ndarray:
        """Number of buckets that are over by each time.

        Parameters
        ----------
        times : ndarray of int
            [us since 1970]

        Returns
        -------
        ndarray of int
        """
        return np.clip((times - self.start) // self.step, 0, self.size)

    @staticmethod
    def between(sums: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """Sums between moments; within a bucket they grow evenly.

        Parameters
        ----------
        sums : ndarray, shape (n + 1,)
            Running sums.
        cut : ndarray, shape (..., k + 1)
            Moments [buckets from the start], within the data.

        Returns
        -------
        ndarray, shape (..., k)

        Examples
        --------
        >>> Ledger.between(np.array([0.0, 2.0, 8.0]), np.array([0.5, 1.0, 1.5])).tolist()
        [1.0, 3.0]
        """
        whole = np.minimum(cut.astype("int64"), len(sums) - 2)
        values = sums[whole] + (cut - whole) * (sums[whole + 1] - sums[whole])
        return np.asarray(np.diff(values, axis=-1))

    @cached_property
    def first(self) -> pd.Timestamp:
        """Start of the first bucket."""
        return pd.Timestamp(self.start, unit="us", tz="UTC")

    @cached_property
    def last(self) -> pd.Timestamp:
        """End of the last bucket."""
        return pd.Timestamp(self.end, unit="us", tz="UTC")


def decision_times(
    first: pd.Timestamp, last: pd.Timestamp, *, hour: int, timezone: str
) -> pd.DatetimeIndex:
    """Each day's moment at which is decided, from the first day on until before the end."""
    days = pd.date_range(
        first.tz_convert(timezone).tz_localize(None).normalize(),
        last.tz_convert(timezone).tz_localize(None).normalize(),
        freq="D",
    )
    local = (days + pd.Timedelta(hours=hour)).tz_localize(
        timezone, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward"
    )
    times = local.tz_convert("UTC").as_unit("us")
    return times[(times > first) & (times < last)]


@dataclass(frozen=True)
class Daily:
    """The recorded budget at each decision."""

    times: np.ndarray
    since: np.ndarray
    bad: np.ndarray
    allowance: np.ndarray
    coverage: np.ndarray
    recent_since: np.ndarray
    recent_bad: np.ndarray
    recent_allowance: np.ndarray

    def left(self, change: np.ndarray | float = 0.0) -> np.ndarray:
        """Share of the allowance left, with so many bad events more in each window."""
        return 1 - windows.divide(np.asarray(self.bad + change), self.allowance)


def daily(
    ledger: Ledger, times: pd.DatetimeIndex, *, target: float, window: Window, recent: pd.Timedelta
) -> Daily:
    """The budget at each decision, from the buckets that were over by then."""
    at = times.as_unit("us").asi8
    hi = ledger.until(at)
    fraction = budget_fraction(target)
    if window.duration is not None:
        lo, since, width = _back(ledger, at, hi, window.duration)
        allowance = fraction * (ledger.total[hi] - ledger.total[lo])
    else:
        since = windows.period_starts(times, window=window).as_unit("us").asi8
        lo = np.minimum(ledger.until(since + ledger.step - 1), hi)
        width = np.maximum((at - since) // ledger.step, 1)
        allowance = fraction * _projected(ledger, at, hi, lo, _period_ends(times, window))
    seen = np.where(at - since < ledger.step, 1.0, (ledger.known[hi] - ledger.known[lo]) / width)
    near, near_since, _ = _back(ledger, at, hi, recent)
    return Daily(
        times=at, since=since, bad=ledger.bad[hi] - ledger.bad[lo], allowance=allowance,
        coverage=seen, recent_since=near_since, recent_bad=ledger.bad[hi] - ledger.bad[near],
        recent_allowance=fraction * (ledger.total[hi] - ledger.total[near]),
    )  # fmt: skip


def _back(
    ledger: Ledger, at: np.ndarray, hi: np.ndarray, length: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray, int]:
    """First bucket, start and number of buckets of a span that ends at each time."""
    reach = int(length / pd.Timedelta(1, "us"))
    width = max(reach // ledger.step, 1)
    return np.maximum(hi - width, 0), at - reach, width


def _period_ends(times: pd.DatetimeIndex, window: Window) -> np.ndarray:
    ends = [window.bounds_at(time)[1] for time in times]
    return pd.DatetimeIndex(ends).as_unit("us").asi8


def _projected(
    ledger: Ledger, at: np.ndarray, hi: np.ndarray, lo: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Events of the whole period: those seen, and as many more as the last weeks had."""
    past, _, _ = _back(ledger, at, hi, PROJECT)
    rate = windows.divide(
        ledger.total[hi] - ledger.total[past], ledger.known[hi] - ledger.known[past]
    )
    seen = ledger.total[hi] - ledger.total[lo]
    return seen + np.nan_to_num(rate) * ((ends - at) / ledger.step)
