"""Counts of a whole history, and those of the window it ends in."""

import pandas as pd
import pytest

from srelib.errors import CountError
from srelib.windows import Window, current, history

DAYS = pd.date_range("2026-05-25", periods=10 * 24, freq="h", tz="UTC")
COUNTS = pd.DataFrame({"good": 9.0, "total": 10.0}, index=DAYS)


def test_a_rolling_window_ends_with_the_data():
    """The last seven days; without a window, all of it."""
    part = current(COUNTS, window=Window.parse("7d"))
    assert (part.index[0], len(part)) == (pd.Timestamp("2026-05-28", tz="UTC"), 7 * 24)
    assert current(COUNTS, window=None) is COUNTS


def test_a_calendar_window_begins_with_its_period():
    """Since the first of June in Berlin, two hours before midnight in UTC."""
    month = Window.parse("1M", rolling=False, timezone="Europe/Berlin")
    assert current(COUNTS, window=month).index[0] == pd.Timestamp("2026-05-31 22:00", tz="UTC")


def test_a_history_is_asked_about_spans():
    """Length, end, buckets that are over, and what a window holds at average traffic."""
    past = history(COUNTS["good"], COUNTS["total"])
    assert past.length == pd.Timedelta("10D")
    assert past.end == pd.Timestamp("2026-06-04", tz="UTC")
    assert past.expected(Window.parse("28d")) == 28 * 24 * 10
    noon = pd.DatetimeIndex(["2026-05-25 12:30"], tz="UTC").as_unit("us").asi8
    assert past.until(noon).tolist() == [12]


def test_counts_that_cannot_be_are_refused():
    """More good than all."""
    with pytest.raises(CountError, match="good must not exceed total"):
        history(COUNTS["total"], COUNTS["good"])
