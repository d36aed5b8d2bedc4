"""Buckets on an even grid, and days and months that follow the calendar of a time zone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import alerts, budget, tradeoff, windows
from srelib.errors import InsufficientDataError, ParameterError, TimeIndexError
from srelib.folder.grid import MINUTE, grid_of, on_calendar
from srelib.series import SeriesInfo


def local(first: str, zone: str, count: int, freq: str = "D") -> np.ndarray:
    """Starts of local days or months [us since 1970]."""
    starts = pd.date_range(first, periods=count, freq=freq, tz=zone)
    return starts.tz_convert("UTC").as_unit("us").asi8


def known(zone: str) -> SeriesInfo:
    """A series of a file in this zone."""
    return SeriesInfo("web", "availability", timezone=zone)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(0, 364), st.integers(8, 400),
)  # fmt: skip
def test_days_over_a_change_of_clocks_stay_days(zone: str, first: int, count: int) -> None:
    """No day is moved, each ends where the next begins, whatever the zone."""
    begin = (pd.Timestamp("2026-01-01") + pd.Timedelta(days=first)).strftime("%Y-%m-%d")
    times = local(begin, zone, count)
    grid = grid_of(times, known(zone))
    assert grid.note is None
    starts = pd.DatetimeIndex(times.view("M8[us]")).tz_localize("UTC")
    assert (grid.ends(starts)[:-1] == starts[1:]).all()


def test_months_end_where_the_next_begins() -> None:
    """January has 31 days and February 28."""
    grid = grid_of(local("2026-01-01", "UTC", 3, "MS"), known("UTC"))
    starts = pd.DatetimeIndex(["2026-01-01", "2026-02-01"], tz="UTC").as_unit("us")
    assert (grid.ends(starts) - starts).days.tolist() == [31, 28]
    assert grid.period == "month"


def test_a_missing_day_is_unknown() -> None:
    """The grid has every local day once; the day without a row has no counts."""
    times = pd.date_range("2026-03-27", periods=5, tz="Europe/Berlin").tz_convert("UTC")
    rows = pd.DataFrame({"time": times.delete(2), "good": 9.0, "total": 10.0})
    counts = on_calendar(rows, "day", "Europe/Berlin")
    assert (counts.index == times).all()
    assert counts["total"].isna().tolist() == [False, False, True, False, False]


DAYS = pd.date_range("2026-03-01", periods=60, tz="Europe/Berlin").tz_convert("UTC").as_unit("us")


def test_budgets_take_calendar_days_and_alerts_and_the_event_study_refuse_them() -> None:
    """What counts buckets can; what asks about minutes says why it cannot."""
    good, total = pd.Series(9.0, DAYS), pd.Series(10.0, DAYS)
    assert budget.status(good, total, target=0.8).left_share == pytest.approx(0.5)
    week = windows.rolling_ratio(good, total, window="7d")
    assert week.iloc[-1] == pytest.approx(0.9)
    month = windows.Window(unit="month", timezone="Europe/Berlin")
    periods = budget.by_period(good, total, target=0.8, window=month)
    assert periods["total"].tolist() == [310, 290]
    with pytest.raises(TimeIndexError, match="not all of one length"):
        alerts.firing(good, total, target=0.8, policy=alerts.workbook_policy("28d"))
    deployments = pd.DataFrame(
        {"deployment_id": ["1"], "service": "web", "finished_at": DAYS[[30]], "status": "succeeded"}
    )
    with pytest.raises((TimeIndexError, InsufficientDataError, ParameterError), match="one length"):
        tradeoff.deployment_effect(good, total, deployments, target=0.8)


def test_two_steps_in_one_series_are_said():
    """An hour by minutes and an hour by five minutes; single gaps are no step."""
    minutes = np.r_[np.arange(60), 60 + 5 * np.arange(12)] * MINUTE
    assert "a row every 300 s, and buckets are 60 s long" in str(grid_of(minutes, None).note)
    assert grid_of(np.delete(np.arange(60), [7, 20, 21]) * MINUTE, None).note is None
