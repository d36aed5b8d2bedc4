"""The past as days to draw futures from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.budget.counts import checked, regular_step
from srelib.errors import InsufficientDataError

DAY = pd.Timedelta(days=1)
MIN_COVERAGE = 0.5
MIN_OF_KIND = 4  # days of each kind before working days and weekends are told apart


@dataclass(frozen=True)
class Past:
    """History up to now, as cumulative sums and as whole days."""

    now: pd.Timestamp
    edges: np.ndarray
    bad: np.ndarray
    total: np.ndarray
    days: np.ndarray
    weekend: np.ndarray

    def since(self, day: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Bad and total events from a time until now."""
        at = np.searchsorted(self.edges, np.asarray(day) + 1e-9, side="right")
        return self.bad[-1] - self.bad[at], self.total[-1] - self.total[at]


def read_past(
    good: pd.Series, total: pd.Series, *, as_of: pd.Timestamp | None, timezone: str
) -> Past:
    """What is known up to now."""
    good_seen, total_seen = checked(good, total)
    step = regular_step(pd.DatetimeIndex(good.index))
    times = pd.DatetimeIndex(good.index).tz_convert("UTC")
    if step > DAY:
        raise InsufficientDataError(
            f"days cannot be told apart in buckets of {step}; export finer data."
        )
    if as_of is not None:
        keep = times + step <= as_of
        good_seen, total_seen, times = good_seen[keep], total_seen[keep], times[keep]
    if not len(times):
        raise InsufficientDataError(f"no bucket ends before as_of {as_of}; give an earlier start.")
    now = times[-1] + step
    bad = np.concatenate([[0.0], np.cumsum(np.nan_to_num(total_seen - good_seen))])
    asked = np.concatenate([[0.0], np.cumsum(np.nan_to_num(total_seen))])
    edges = np.asarray((times + step - now) / DAY)
    days, middles = _whole_days(edges, bad, asked, np.isnan(total_seen))
    local = (now + pd.to_timedelta(middles, unit="D")).tz_convert(timezone)
    return Past(now, edges, bad, asked, days, np.asarray(local.day_of_week >= 5))


def _whole_days(
    edges: np.ndarray, bad: np.ndarray, total: np.ndarray, unknown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of each 24 hours back from now, scaled for gaps; and the middle of each day."""
    known = np.concatenate([[0], np.cumsum(~unknown)])
    step = edges[-1] - edges[-2] if len(edges) > 1 else 1.0
    count = int((step - edges[0]) + 1e-9)
    cuts = np.searchsorted(edges, np.arange(-count, 1) + 1e-9, side="right")
    seen = np.diff(known[cuts]) * step
    used = seen >= MIN_COVERAGE
    sums = np.column_stack([np.diff(bad[cuts]), np.diff(total[cuts])])
    return sums[used] / np.minimum(seen[used], 1)[:, None], (np.arange(-count, 0) + 0.5)[used]


def futures(
    past: Past, length: float, *, resamples: int, rng: np.random.Generator, timezone: str
) -> np.ndarray:
    """Simulated futures: strings of past days, each future from its own resampled past."""
    count = int(np.ceil(length))
    middles = past.now + pd.to_timedelta(np.arange(count) + 0.5, unit="D")
    weekend = np.asarray(middles.tz_convert(timezone).day_of_week >= 5)
    split = min(past.weekend.sum(), (~past.weekend).sum()) >= MIN_OF_KIND
    drawn = np.empty((resamples, count), dtype="int64")
    for kind in (True, False):
        pool = np.flatnonzero(past.weekend == kind) if split else np.arange(len(past.days))
        to_fill = np.flatnonzero(weekend == kind)
        known = rng.choice(pool, size=(resamples, len(pool)))
        which = rng.integers(0, len(pool), size=(resamples, len(to_fill)))
        drawn[:, to_fill] = np.take_along_axis(known, which, axis=1)
    cumulative = np.zeros((2, resamples, count + 1))
    np.cumsum(past.days[drawn].transpose(2, 0, 1), axis=2, out=cumulative[:, :, 1:])
    return cumulative


def at_days(cumulative: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Cumulative sums at any time from now, days being evenly filled."""
    day = np.clip(day, 0, cumulative.shape[2] - 1)
    low = np.floor(day).astype("int64")
    high = np.minimum(low + 1, cumulative.shape[2] - 1)
    return cumulative[:, :, low] + (day - low) * (cumulative[:, :, high] - cumulative[:, :, low])
