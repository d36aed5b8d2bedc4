"""A history made ready for comparison: buckets, what is usual in them, open incidents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.budget.counts import checked, regular_step
from srelib.errors import InsufficientDataError
from srelib.tradeoff.events import real_incidents

WEEK = pd.Timedelta(days=7)
DAY = pd.Timedelta(days=1)
BUCKET = pd.Timedelta(minutes=10)
MIN_WEEKS = 3
HALF_DAY = DAY / 2
TIMES = 48
"""Times of the week told apart: hours of working days and of weekends."""
BURST = 5
"""A bucket has a burst when it holds clearly more than so many times the usual."""


@dataclass(frozen=True)
class History:
    """Counts of one service in buckets of ten minutes or longer."""

    first: pd.Timestamp
    step: pd.Timedelta
    bad: np.ndarray
    total: np.ndarray
    observed: np.ndarray
    hour: np.ndarray
    baseline: np.ndarray
    calm: np.ndarray
    opened: np.ndarray
    closed: np.ndarray

    @property
    def burst(self) -> np.ndarray:
        """Bad events of bursts [events]: those that are not calm."""
        return self.bad - self.calm

    @property
    def beyond(self) -> np.ndarray:
        """Bad events beyond the baseline [events]."""
        return self.bad - self.baseline * self.total

    def place(self, times: pd.Series | pd.DatetimeIndex) -> np.ndarray:
        """Times as buckets since the first, fractions included; NaN for NaT."""
        since = pd.DatetimeIndex(times) - self.first
        return np.asarray(since / self.step, dtype="float64")

    def inside(self, places: np.ndarray) -> np.ndarray:
        """Whether an incident was open at these places."""
        if not len(self.opened):
            return np.zeros(np.shape(places), dtype=bool)
        last = np.searchsorted(self.opened, places, side="left") - 1
        return (last >= 0) & (places < self.closed[np.maximum(last, 0)])


def history(good: pd.Series, total: pd.Series, *, incidents: pd.DataFrame | None = None) -> History:
    """Counts rolled up to buckets of ten minutes where they are finer, with their baseline."""
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = regular_step(times)
    _require(len(times) * step, step, total_seen)
    many = max(1, BUCKET // step)
    seen = ~np.isnan(total_seen)
    asked = _rolled(np.where(seen, total_seen, 0.0), many)
    bad = _rolled(np.where(seen, total_seen - good_seen, 0.0), many)
    opened, closed = _open_spans(incidents, times[0], many * step, times[-1] + step)
    starts = pd.date_range(times[0], periods=len(bad), freq=many * step)
    hour = np.asarray(starts.hour + 24 * (starts.day_of_week >= 5))
    baseline, hot = _baseline(bad, asked, hour, many * step)
    calm = np.where(hot, baseline * asked, bad)
    observed = _rolled(seen, many) > 0
    return History(
        times[0], many * step, bad, asked, observed, hour, baseline, calm, opened, closed
    )


def _require(length: pd.Timedelta, step: pd.Timedelta, total: np.ndarray) -> None:
    if step > DAY:
        raise InsufficientDataError(
            f"hours after a deployment cannot be told apart in buckets of {step}; "
            "export daily counts or finer."
        )
    if length < MIN_WEEKS * WEEK:
        raise InsufficientDataError(
            f"a comparison with other weeks needs at least {MIN_WEEKS} weeks of counts; "
            f"got {length / DAY:.1f} days. Export more history."
        )
    if not np.nansum(total) > 0:
        raise InsufficientDataError("total holds no traffic; a comparison needs some.")


def _rolled(values: np.ndarray, many: int) -> np.ndarray:
    if many == 1:
        return values.astype("float64")
    return np.add.reduceat(values.astype("float64"), np.arange(0, len(values), many))


def _open_spans(
    incidents: pd.DataFrame | None, first: pd.Timestamp, step: pd.Timedelta, end: pd.Timestamp
) -> tuple[np.ndarray, np.ndarray]:
    """Spans in which any incident was open, merged."""
    rows = real_incidents(incidents)
    starts = np.asarray((pd.DatetimeIndex(rows["started_at"]) - first) / step, dtype="float64")
    resolved = pd.DatetimeIndex(rows["resolved_at"].fillna(end))
    ends = np.asarray((resolved - first) / step, dtype="float64")
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    new = np.ones(len(starts), dtype=bool)
    new[1:] = starts[1:] > ends[:-1]
    places = np.flatnonzero(new)
    lasts = np.append(places[1:], len(starts)) - 1
    return starts[places], ends[lasts] if len(places) else starts[places]


def _baseline(
    bad: np.ndarray, total: np.ndarray, hour: np.ndarray, step: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray]:
    """Ratio of the buckets without a burst, by time of the week, and which buckets have one."""
    usual = BURST * _usual(bad, total, max(1, round(HALF_DAY / step))) * total
    hot = bad > usual + 4 * np.sqrt(usual) + 3
    sums = [np.bincount(hour[~hot], v[~hot], minlength=TIMES) for v in (bad, total)]
    return np.asarray((sums[0] / np.where(sums[1] > 0, sums[1], 1.0))[hour]), hot


def _usual(bad: np.ndarray, total: np.ndarray, many: int) -> float:
    """Median of the ratios of half-days; the mean of all but the worst where that is 0."""
    sums = [_rolled(values, many) for values in (bad, total)]
    asked = sums[1] > 0
    ratios = sums[0][asked] / sums[1][asked]
    middle = float(np.median(ratios))
    few = np.argsort(ratios, kind="stable")[: max(1, round(0.75 * len(ratios)))]
    return middle or float(sums[0][asked][few].sum() / sums[1][asked][few].sum())
