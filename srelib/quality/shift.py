"""A hint of a wrong time zone: incidents that fit the errors better some hours away."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from srelib import windows
from srelib.quality.coverage import times_of

SHIFTS = tuple(hours for hours in range(-14, 15) if hours)
"""Whole hours two clocks may differ by: the time zones of the Earth."""

MIN_INCIDENTS = 3
LIFT = 2.0  # an incident is visible when its error ratio is above this many times the usual one


@dataclass(frozen=True)
class HourShift:
    """Whether incidents fit the bad events better on a clock some hours away."""

    hours: int
    visible: int
    visible_shifted: int
    incidents: int


def hour_shift(counts: pd.DataFrame, incidents: pd.DataFrame) -> HourShift:
    """Whether incidents would fit the bad events on a clock some whole hours away."""
    rows = incidents[incidents["resolved_at"] > incidents["started_at"]]
    times = times_of(counts)
    good_seen, total_seen = (counts[name].to_numpy() for name in ("good", "total"))
    bad, total = windows.prefix_pair(total_seen - good_seen, total_seen)
    usual = float(windows.divide(bad.sums[-1:], total.sums[-1:])[0])
    scores = {}
    for hours in (0, *SHIFTS):
        moved = pd.Timedelta(hours=hours)
        low = times.searchsorted(pd.DatetimeIndex(rows["started_at"] + moved))
        high = times.searchsorted(pd.DatetimeIndex(rows["resolved_at"] + moved))
        held = bad.sums[high] - bad.sums[low]
        ratio = windows.divide(held, total.sums[high] - total.sums[low])
        scores[hours] = (int((ratio > LIFT * usual).sum()), float(held.sum()), -abs(hours))
    best = max(scores, key=lambda hours: scores[hours])
    visible, shifted = scores[0][0], scores[best][0]
    better = shifted >= max(MIN_INCIDENTS, len(rows) / 2) and shifted > 2 * visible
    return HourShift(best if better else 0, visible, shifted if better else visible, len(rows))
