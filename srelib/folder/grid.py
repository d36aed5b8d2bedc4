"""Where the buckets of a series begin: on an even grid, or on days and months of a time zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.series import SeriesInfo, usual_step

MINUTE = 60_000_000
"""A minute [us]."""

EVEN_STEPS = tuple(MINUTE * n for n in (1, 5, 10, 15, 30, 60, 360, 1440))
"""Bucket lengths for samples that follow no step [us]."""


@dataclass(frozen=True)
class Buckets:
    """Where the buckets of a series begin."""

    step: int
    phase: int = 0
    note: str | None = None
    period: str | None = None
    timezone: str = "UTC"

    def ends(self, starts: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Ends of buckets; days and months end where the next one begins in their time zone."""
        if self.period is None:
            return starts + pd.Timedelta(self.step, "us")
        local = starts.tz_convert(self.timezone)
        return (local + _PERIODS[self.period][0]).tz_convert("UTC").as_unit("us")

    def start(self, times: np.ndarray) -> np.ndarray:
        """Start of the bucket each time belongs to [us]."""
        if self.phase < 0:
            return times // self.step * self.step
        return (times - self.phase + self.step // 2) // self.step * self.step + self.phase


_PERIODS = {
    "day": (pd.DateOffset(days=1), 86_400_000_000),
    "month": (pd.DateOffset(months=1), 2_629_800_000_000),
}
"""Calendar periods: to the next one, and their nominal length [us]."""


_SHORTEST_DAY = 22 * 60 * MINUTE


def _periods(times: np.ndarray, timezone: str) -> Buckets | None:
    """Local days or months that are not all of one length, each beginning at midnight."""
    if len(times) < 2 or times[1] - times[0] < _SHORTEST_DAY:
        return None
    if (times[1:] - times[:-1]).min() < _SHORTEST_DAY:
        return None
    starts = pd.DatetimeIndex(times.view("M8[us]")).tz_localize("UTC").tz_convert(timezone)
    if not (starts == starts.normalize()).all():
        return None
    if (starts.day == 1).all() and (np.diff(starts.year * 12 + starts.month) >= 1).all():
        return Buckets(_PERIODS["month"][1], period="month", timezone=timezone)
    offsets = starts.tz_localize(None).as_unit("us").asi8 - times
    if (offsets == offsets[0]).all():
        return None
    return Buckets(_PERIODS["day"][1], period="day", timezone=timezone)


def on_calendar(counts: pd.DataFrame, period: str, timezone: str) -> pd.DataFrame:
    """Good and total of every day or month from the first to the last; unknown where missing."""
    starts = pd.DatetimeIndex(counts["time"]).tz_convert(timezone)
    full = pd.date_range(starts[0], starts[-1], freq=_PERIODS[period][0]).tz_convert("UTC")
    return counts.set_index("time").reindex(full.as_unit("us").rename("time"))


def grid_of(times: np.ndarray, known: SeriesInfo | None) -> Buckets:
    """Where the buckets of a series begin, as declared or as its times show."""
    periods = _periods(times, known.timezone) if known else None
    stated = known.step_seconds if known else None
    seen = known is not None and known.weighting == "time"  # not stated, but the usual distance
    if periods and (not stated or seen or round(stated * 1e6) == periods.step):
        return periods
    if stated:
        return _fitted(times, round(stated * 1e6), fixed=True)
    shown = round(known.shown_seconds * 1e6) if known and known.shown_seconds else 0
    usual = usual_step(times)
    if usual is None:
        note = None if shown else "a single bucket, taken as 60 s long"
        return Buckets(shown or MINUTE, int(times[0] % (shown or MINUTE)), note)
    return _fitted(times, shown if shown and usual % shown == 0 else usual, fixed=False)


_RUN = 10
"""So many equal distances in a row are a step, and not gaps."""


def _other_step(lengths: np.ndarray, step: int) -> int | None:
    """A longer step that a part of the series follows."""
    if len(lengths) < _RUN or lengths.max() <= step:
        return None
    edges = np.r_[0, np.flatnonzero(np.diff(lengths)) + 1, len(lengths)]
    runs = np.where(lengths[edges[:-1]] > step, np.diff(edges), 0)
    return int(lengths[edges[np.argmax(runs)]]) if runs.max() >= _RUN else None


def _fitted(times: np.ndarray, step: int, *, fixed: bool) -> Buckets:
    lengths = times[1:] - times[:-1]
    if (lengths == step).all():
        return Buckets(step, int(times[0] % step))
    seconds = f"{step / 1e6:g} s"
    offsets = times % step
    if np.all(offsets == offsets[0]):
        other = _other_step(lengths, step)
        said = f"a part has a row every {(other or 0) / 1e6:g} s, and buckets are {seconds} long: "
        said += "between its rows nothing is known; export all of it with one step"
        return Buckets(step, int(offsets[0]), said if other else None)
    if fixed and (usual_step(times) or step) < step:
        return Buckets(step, -1, f"buckets of different lengths: added up in buckets of {seconds}")
    phases, often = np.unique(offsets, return_counts=True)
    usual = int(np.argmax(often))
    if 2 * often[usual] >= len(times):
        off = len(times) - int(often[usual])
        return Buckets(step, int(phases[usual]), f"{off} buckets off the grid were moved onto it")
    if fixed:
        return Buckets(step, -1, f"uneven times: moved into buckets of {seconds}")
    typical = float(np.median(lengths))
    even = next((even for even in EVEN_STEPS if even >= 2 * typical), EVEN_STEPS[-1])
    return Buckets(even, -1, f"uneven times: added up in buckets of {even // 1_000_000} s")
