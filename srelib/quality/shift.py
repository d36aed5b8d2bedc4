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
    """Whether incidents fit the bad events better on a clock some hours away.

    Parameters
    ----------
    hours : int
        Hours to add to the incidents' times for the best fit [h]; 0: they fit as they are,
        or no other clock is clearly better.
    visible, visible_shifted : int
        Incidents during which errors stood out, as given and after the shift.
    incidents : int
        Incidents that could be compared.
    """

    hours: int
    visible: int
    visible_shifted: int
    incidents: int


def hour_shift(counts: pd.DataFrame, incidents: pd.DataFrame) -> HourShift:
    """Whether incidents would fit the bad events on a clock some whole hours away.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] of one service on a regular UTC index.
    incidents : DataFrame
        Table ``incidents`` of that service; only resolved ones are used.

    Returns
    -------
    HourShift
        A hint of a wrong time zone, not a proof.

    Notes
    -----
    An incident is visible when the error ratio during it is more than twice that of all data.
    Another clock is better when at least three incidents, and at least half of them, are
    visible on it, and more than twice as many as on the clock given; of several such clocks
    the one with the most visible incidents wins, then the one that holds the most bad events.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=200, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> down = index[[20, 70, 130, 180]]
    >>> counts = pd.DataFrame({"good": total.where(~index.isin(down), 20.0), "total": total})
    >>> incidents = pd.DataFrame({"started_at": down + pd.Timedelta("2h"),
    ...                           "resolved_at": down + pd.Timedelta("3h")})
    >>> hour_shift(counts, incidents).hours
    -2
    """
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
