"""Windows, the calendar and the index of times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import windows
from srelib.errors import ColumnError, ParameterError, TimeIndexError
from srelib.windows import Window
from srelib.windows.window import (
    UNITS,
    _calendar_periods,
    _check_index,
    _grid,
    _in_force,
    _period_starts,
)

FEW = settings(max_examples=60, deadline=None)


def utc(text: str) -> pd.Timestamp:
    """A time in UTC."""
    return pd.Timestamp(text, tz="UTC")


def minutes(values: list[float], *, freq: str = "min") -> pd.Series:
    """A Series on a regular index."""
    index = pd.date_range("2026-06-01", periods=len(values), freq=freq, tz="UTC", unit="us")
    return pd.Series(values, index=index, dtype="float64")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("28d", "28D"), ("4w", "28D"), ("12h", "12h"), ("5m", "5min"), ("30s", "30s"),
        ("1d12h", "36h"), ("1M", "30D"), ("1Q", "90D"), ("1Y", "365D"),
    ],
)  # fmt: skip
def test_rolling_durations_have_the_lengths_of_the_sre_book(text: str, length: str) -> None:
    """Appendix A: month 30 d, quarter 90 d, year 365 d; m is minutes, M is months."""
    window = Window.parse(text)
    assert window.is_rolling
    assert window.duration == pd.Timedelta(length)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("1d", "day"), ("1w", "week"), ("1M", "month"), ("1Q", "quarter"), ("1Y", "year")],
)
def test_calendar_durations_name_their_unit(text: str, unit: str) -> None:
    """A duration that does not roll counts calendar units."""
    window = Window.parse(text, rolling=False, timezone="Europe/Berlin")
    assert (window.unit, window.count, window.timezone) == (unit, 1, "Europe/Berlin")


@pytest.mark.parametrize("text", ["", "28", "d", "-1d", "28 days", "1x", "0d", "99.9"])
def test_a_text_that_is_no_window_is_refused(text: str) -> None:
    """The error shows the text, or the length it would have."""
    with pytest.raises(ParameterError, match=r"a window is a number|duration must be positive"):
        Window.parse(text)


@pytest.mark.parametrize("text", ["5m", "12h", "1M1d"])
def test_a_calendar_has_no_windows_of_minutes(text: str) -> None:
    """Only days and longer units can follow the calendar."""
    with pytest.raises(ParameterError, match="a calendar window counts d, w, M, Q or Y"):
        Window.parse(text, rolling=False)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({}, "either a duration"),
        ({"duration": pd.Timedelta("1D"), "unit": "day"}, "either a duration"),
        ({"unit": "fortnight"}, "unit must be one of .*fortnight"),
        ({"unit": "day", "count": 0}, "count must lie in 1 to 1000; got 0"),
        ({"unit": "day", "timezone": "Berlin"}, "IANA name .*'Berlin'"),
        ({"unit": "day", "timezone": "../etc/passwd"}, "IANA name"),
    ],
)
def test_impossible_windows_are_refused(wrong: dict, match: str) -> None:
    """The error names the argument and the value."""
    with pytest.raises(ParameterError, match=match):
        Window(**wrong)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(pd.Timedelta("28D")), "28 days"),
        (Window(pd.Timedelta("1D")), "1 day"),
        (Window(pd.Timedelta("90min")), "90 minutes"),
        (Window(unit="month", timezone="Europe/Berlin"), "calendar month (Europe/Berlin)"),
        (Window(unit="week", count=2), "2 calendar weeks (UTC)"),
    ],
)
def test_a_window_reads_as_words(window: Window, words: str) -> None:
    """Sentences use these words as they are."""
    assert str(window) == words


@pytest.mark.parametrize(
    ("unit", "zone", "at", "length"),
    [
        ("month", "Europe/Berlin", "2026-03-15", "30D23h"),
        ("month", "Europe/Berlin", "2026-10-15", "31D1h"),
        ("month", "UTC", "2026-02-15", "28D"),
        ("month", "UTC", "2024-02-15", "29D"),
        ("day", "Europe/Berlin", "2026-03-29T12:00", "23h"),
        ("day", "Europe/Berlin", "2026-10-25T12:00", "25h"),
        ("week", "America/New_York", "2026-03-05", "6D23h"),
        ("quarter", "Europe/Berlin", "2026-02-01", "89D23h"),
        ("year", "Europe/Berlin", "2026-07-01", "365D"),
        ("day", "America/Havana", "2025-11-02T12:00", "25h"),
        ("day", "America/Sao_Paulo", "2018-11-04T12:00", "23h"),
        ("day", "Australia/Lord_Howe", "2026-04-04T20:00", "24h30min"),
    ],
)
def test_calendar_windows_have_their_true_length(
    unit: str, zone: str, at: str, length: str
) -> None:
    """Changes of the clock count, also where they happen at midnight or by half an hour."""
    assert Window(unit=unit, timezone=zone).length_at(utc(at)) == pd.Timedelta(length)


def test_a_midnight_that_happens_twice_is_the_first_one() -> None:
    """In Havana the clocks went from 01:00 back to 00:00 on 2 November 2025."""
    start, end = Window(unit="day", timezone="America/Havana").bounds_at(utc("2025-11-02T12:00"))
    assert (start, end) == (utc("2025-11-02T04:00"), utc("2025-11-03T05:00"))


def test_a_midnight_that_does_not_exist_is_the_next_time_that_does() -> None:
    """In Sao Paulo 4 November 2018 began at 01:00."""
    start, _ = Window(unit="day", timezone="America/Sao_Paulo").bounds_at(utc("2018-11-04T12:00"))
    assert start == utc("2018-11-04T03:00")


def test_a_rolling_window_ends_at_its_time() -> None:
    """Bounds and length of a rolling window do not know the calendar."""
    window = Window.parse("28d")
    assert window.bounds_at(utc("2026-03-29")) == (utc("2026-03-01"), utc("2026-03-29"))
    assert window.length_at(utc("2026-03-29")) == pd.Timedelta("28D")


def test_an_anchor_on_the_31st_ends_short_months_on_their_last_day() -> None:
    """Months from an anchor keep its day where there is one."""
    window = Window.parse("1M", rolling=False, anchor="2026-01-31")
    found = _calendar_periods(utc("2026-02-01"), utc("2026-04-15"), window=window)
    assert [str(t.date()) for t in found["starts_at"]] == ["2026-01-31", "2026-02-28", "2026-03-31"]


@pytest.mark.parametrize(
    "anchor", ["2026-01-07", "2030-01-02", pd.Timestamp("2026-01-07", tz="Europe/Berlin")]
)
def test_an_anchor_sets_the_phase_in_its_zone_before_and_after_it(anchor: object) -> None:
    """Two weeks from a Wednesday in Berlin, which is 23:00 UTC the day before; 2030-01-02 too."""
    window = Window.parse("2w", rolling=False, timezone="Europe/Berlin", anchor=anchor)
    assert window.bounds_at(utc("2026-01-10")) == (utc("2026-01-06T23:00"), utc("2026-01-20T23:00"))


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        ("day", "2026-01-01"),
        ("week", "2026-W01"),
        ("month", "2026-01"),
        ("quarter", "2026-Q1"),
        ("year", "2026"),
    ],
)
def test_labels_are_local_dates(unit: str, label: str) -> None:
    """At 23:30 UTC on New Year's Eve it is 2026 in Berlin."""
    window = Window(unit=unit, timezone="Europe/Berlin")
    found = _calendar_periods(utc("2025-12-31T23:30"), utc("2025-12-31T23:40"), window=window)
    assert found["label"].tolist() == [label]


def test_periods_tile_the_span_and_say_which_are_complete() -> None:
    """Half-open, no gap between them, incomplete at both ends."""
    found = _calendar_periods(utc("2026-01-15"), utc("2026-04-01"), window=Window(unit="month"))
    assert found["label"].tolist() == ["2026-01", "2026-02", "2026-03"]
    assert found["complete"].tolist() == [False, True, True]
    assert (found["ends_at"].iloc[:-1].to_numpy() == found["starts_at"].iloc[1:].to_numpy()).all()


def test_blocks_of_a_rolling_window_end_at_the_last_time() -> None:
    """The first block may begin before the data and is then incomplete."""
    found = _calendar_periods(utc("2026-01-01"), utc("2026-03-01"), window=Window.parse("28d"))
    assert found["ends_at"].iloc[-1] == utc("2026-03-01")
    assert (found["ends_at"] - found["starts_at"]).eq(pd.Timedelta("28D")).all()
    assert found["complete"].tolist() == [False, True, True]
    assert found["label"].iloc[-1] == "2026-02-01 to 2026-02-28"


@FEW
@given(
    first=st.datetimes(pd.Timestamp("1990-01-01"), pd.Timestamp("2035-01-01")),
    hours=st.integers(1, 3000),
    unit=st.sampled_from(UNITS),
    count=st.integers(1, 5),
    zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]
    ),
)
def test_periods_cover_any_span_without_gap_or_overlap(
    first: pd.Timestamp, hours: int, unit: str, count: int, zone: str
) -> None:
    """Whatever the zone: first and last lie inside, neighbours touch, each holds its own start."""
    start = pd.Timestamp(first).tz_localize("UTC")
    end = start + pd.Timedelta(hours, "h")
    window = Window(unit=unit, count=count, timezone=zone)
    found = _calendar_periods(start, end, window=window)
    assert found["starts_at"].iloc[0] <= start < found["ends_at"].iloc[0]
    assert found["starts_at"].iloc[-1] < end <= found["ends_at"].iloc[-1]
    assert (found["ends_at"].iloc[:-1].to_numpy() == found["starts_at"].iloc[1:].to_numpy()).all()
    assert window.bounds_at(start) == (found["starts_at"].iloc[0], found["ends_at"].iloc[0])


def test_every_bucket_knows_the_start_of_its_period(dst_day: pd.DataFrame) -> None:
    """On the day the clocks change 23 hours belong to it."""
    starts = _period_starts(dst_day.index, window=Window(unit="day", timezone="Europe/Berlin"))
    assert starts.value_counts(sort=False).tolist() == [24, 23, 24]
    assert starts[24] == utc("2026-03-28T23:00")


def test_starts_of_periods_need_a_calendar() -> None:
    """A rolling window has no starts."""
    with pytest.raises(ParameterError, match="must be a calendar window"):
        _period_starts(minutes([1.0]).index, window=Window.parse("1d"))


def test_a_span_must_have_a_length_and_a_zone() -> None:
    """The errors show both times, or the one without a zone."""
    with pytest.raises(TimeIndexError, match="first must lie before last"):
        _calendar_periods(utc("2026-01-02"), utc("2026-01-02"), window=Window(unit="day"))
    with pytest.raises(TimeIndexError, match="last must be tz-aware"):
        _calendar_periods(utc("2026-01-01"), pd.Timestamp("2026-01-02"), window=Window(unit="day"))


@pytest.mark.parametrize(
    ("times", "match"),
    [
        (["2026-01-01T00:02Z", "2026-01-01T00:01Z"], "00:02:00.* is followed by .*00:01"),
        (["2026-01-01T00:01Z", "2026-01-01T00:01Z"], "00:01:00.* appears twice"),
        (
            ["2026-01-01T00:00Z", "2026-01-01T00:05Z", "2026-01-01T00:06Z", "2026-01-01T00:07Z"],
            "must be 0 days 00:01:00 apart; 2026-01-01 00:00:00.* is followed by .*00:05",
        ),
        (["2026-01-01T00:00", "2026-01-01T00:01"], "must be tz-aware"),
        (["2026-01-01T00:00Z", None], "NaT"),
    ],
)
def test_an_index_that_is_not_regular_names_the_first_offence(times: list, match: str) -> None:
    """Order, repetition, irregularity, zone, missing times."""
    series = pd.Series(1.0, index=pd.DatetimeIndex(times))
    with pytest.raises(TimeIndexError, match=match):
        _check_index(series.index)


def test_an_index_without_times_is_refused() -> None:
    """Numbers are not times."""
    with pytest.raises(TimeIndexError, match="must hold times; got int64"):
        _check_index(pd.Series([1.0, 2.0]).index)


def test_the_step_is_the_most_common_difference() -> None:
    """An early gap does not rescale the series."""
    times = pd.DatetimeIndex(["2026-01-01T00:00Z", "2026-01-01T06:00Z"]).append(
        pd.date_range("2026-01-01T06:05Z", periods=20, freq="5min")
    )
    assert windows.step_of(times[::-1]) == pd.Timedelta("5min")


def test_a_step_cannot_be_had_from_chaos() -> None:
    """More than one in ten differences that fit no grid is an error, and so is a single time."""
    times = utc("2026-01-01") + pd.to_timedelta([0, 60, 120, 217, 301, 444], unit="s")
    with pytest.raises(TimeIndexError, match="irregular: 3 of 5 differences"):
        windows.step_of(pd.DatetimeIndex(times))
    with pytest.raises(TimeIndexError, match="two different times; got 1"):
        windows.step_of(pd.DatetimeIndex(times[:1]))


def test_the_grid_shows_missing_buckets_as_unknown() -> None:
    """Neither 0 nor left out."""
    rows = pd.DataFrame(
        {"good": [1, 2], "total": [1, 3]},
        index=pd.DatetimeIndex(["2026-01-01T00:03Z", "2026-01-01T00:00Z"]),
    )
    full = _grid(rows, step=pd.Timedelta("1min"))
    assert full["total"].fillna(-1).tolist() == [3, -1, -1, 1]
    assert full.index.name == "time"
    assert str(full.index.dtype) == "datetime64[us, UTC]"


def test_the_grid_of_nothing_is_empty() -> None:
    """No rows in, no rows out, same columns."""
    rows = pd.DataFrame({"time": pd.DatetimeIndex([], tz="UTC"), "good": [], "total": []})
    assert _grid(rows, step=pd.Timedelta("1min")).shape == (0, 2)


def test_the_grid_refuses_times_off_it_and_twice() -> None:
    """Each error names the time."""
    rows = pd.DataFrame({"good": 1, "total": 1}, index=minutes([1, 1, 1]).index)
    with pytest.raises(TimeIndexError, match=r"00:01:00.* does not lie on the grid"):
        _grid(rows, step=pd.Timedelta("2min"))
    with pytest.raises(TimeIndexError, match=r"00:02:00.* appears twice"):
        _grid(pd.concat([rows, rows.iloc[2:]]), step=pd.Timedelta("1min"))
    with pytest.raises(ColumnError, match="counts lack total"):
        _grid(rows[["good"]], step=pd.Timedelta("1min"))


@FEW
@given(places=st.sets(st.integers(0, 50), min_size=1), seed=st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(places: set[int], seed: int) -> None:
    """A shuffled export gives the same grid."""
    index = utc("2026-01-01") + pd.to_timedelta(sorted(places), unit="min")
    rows = pd.DataFrame({"time": index, "good": np.arange(len(index)), "total": 99})
    shuffled = rows.sample(frac=1, random_state=seed)
    step = pd.Timedelta("1min")
    pd.testing.assert_frame_equal(_grid(rows, step=step), _grid(shuffled, step=step))


@pytest.mark.parametrize("text", ["1000000d", "9" * 400 + "d", "9" * 5000 + "h"])
def test_windows_longer_than_time_are_refused(text):
    """No overflow of pandas reaches the user."""
    with pytest.raises(ParameterError, match="too long"):
        Window.parse(text)
    with pytest.raises(ParameterError, match=r"1 to 1000|counts d, w, M"):
        Window.parse(text, rolling=False)


def test_the_target_in_force_is_the_last_before_the_end():
    """One that begins as a window ends does not judge it; before the first there is none."""
    ends = pd.date_range("2026-05-31", periods=3, freq="D", tz="UTC")
    changed = ((None, 0.9), (pd.Timestamp("2026-06-01", tz="UTC"), 0.99))
    assert _in_force(0.99, changed, ends).tolist() == [0.9, 0.9, 0.99]
    np.testing.assert_array_equal(_in_force(0.99, changed[1:], ends), [np.nan, np.nan, 0.99])
    assert _in_force(0.99, (), ends).tolist() == [0.99] * 3
