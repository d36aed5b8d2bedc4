"""Counts over windows, and the one place where a ratio is divided."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import windows
from srelib.errors import CountError, ParameterError, TimeIndexError
from srelib.windows import Window, sums
from srelib.windows.sums import _buckets, _divide, _prefix_pair, _ratio, _ratios, _totals

FEW = settings(max_examples=60, deadline=None)


def utc(text: str) -> pd.Timestamp:
    """A time in UTC."""
    return pd.Timestamp(text, tz="UTC")


def minutes(values: list[float], *, freq: str = "min") -> pd.Series:
    """A Series on a regular index."""
    index = pd.date_range("2026-06-01", periods=len(values), freq=freq, tz="UTC", unit="us")
    return pd.Series(values, index=index, dtype="float64")


def test_counts_are_summed_before_they_are_divided() -> None:
    """1 of 1 and 0 of 99 is 1 %, not the mean of 100 % and 0 %."""
    assert _ratio(pd.Series([1, 0]), pd.Series([1, 99])) == 0.01


def test_a_workbook_month_has_the_published_ratio() -> None:
    """SRE Workbook ch. 2: 3,557,865 of 3,663,253 requests are 97.123 %."""
    assert round(_ratio(3_557_865, 3_663_253), 5) == 0.97123


def test_no_traffic_is_neither_perfect_nor_an_outage(no_traffic_night: pd.DataFrame) -> None:
    """NaN over the night alone, and no weight at all in the day."""
    night = no_traffic_night.iloc[:360]
    assert math.isnan(_ratio(night["good"], night["total"]))
    assert _ratio(no_traffic_night["good"], no_traffic_night["total"]) == 0.9


def test_a_gap_is_unknown_and_changes_no_ratio(gap: pd.DataFrame) -> None:
    """It would be 78.75 % if the missing buckets were failures."""
    assert _ratio(gap["good"], gap["total"]) == 0.9


def test_half_a_known_bucket_is_unknown() -> None:
    """Good without total, or total without good, counts in neither sum."""
    good, total = pd.Series([9, np.nan, 5]), pd.Series([10, 10, np.nan])
    assert _totals(good, total) == (9.0, 10.0)


def test_division_keeps_kind_and_index() -> None:
    """Series in, Series out; arrays in, arrays out; nothing divided by 0."""
    good, total = minutes([1, 0]), minutes([2, 0])
    found = _divide(good, total)
    assert found.index.equals(good.index)
    np.testing.assert_array_equal(found, [0.5, np.nan])
    np.testing.assert_array_equal(_divide(np.array([1.0]), np.array([0.0])), [np.nan])


@pytest.mark.parametrize(
    ("good", "total", "match"),
    [
        ([1, 3], [2, 2], "good must not exceed total; got good=3.0, total=2.0 at 2026-06-01 00:01"),
        ([1, -1], [2, 2], "must not be negative; got good=-1.0"),
        ([-2, 1], [-1, 2], "must not be negative"),
        ([1, 2], [2, math.inf], "must be finite"),
    ],
)
def test_counts_that_cannot_be_are_refused(good: list, total: list, match: str) -> None:
    """The first offence is named with its time."""
    with pytest.raises(CountError, match=match):
        windows.rolling_ratio(minutes(good), minutes(total), window="1h")


def test_good_and_total_must_share_their_index() -> None:
    """Two lengths are two indexes."""
    with pytest.raises(TimeIndexError, match="share one index; got 2 and 3 rows"):
        windows.rolling_ratio(minutes([1, 1]), minutes([1, 1, 1]), window="1h")


BUCKET = st.one_of(st.none(), st.tuples(st.integers(0, 50), st.integers(0, 50)))


def as_counts(buckets: list) -> pd.DataFrame:
    """Buckets of (good, bad), None for unknown."""
    pairs = [(np.nan, np.nan) if b is None else (b[0], sum(b)) for b in buckets]
    index = minutes([0.0] * len(pairs)).index
    return pd.DataFrame(pairs, columns=["good", "total"], index=index, dtype="float64")


def rolling_sum(counts: pd.Series, width: int) -> pd.Series:
    """Sum over the last so many buckets, by the prefix sums that ratios stand on."""
    prefix = _prefix_pair(counts.to_numpy(), counts.to_numpy())[0]
    return pd.Series(prefix.window(width), counts.index)


def by_hand(buckets: list, at: int, width: int) -> tuple[int, int, int]:
    """Good, total and known buckets in (t - W, t], by plain addition."""
    inside = [b for b in buckets[max(0, at - width + 1) : at + 1] if b is not None]
    return sum(b[0] for b in inside), sum(sum(b) for b in inside), len(inside)


@FEW
@given(buckets=st.lists(BUCKET, min_size=1, max_size=60), width=st.integers(1, 70))
def test_rolling_windows_equal_addition_by_hand(buckets: list, width: int) -> None:
    """Sum and ratio at every bucket, unknown ones left out; inputs stay as they were."""
    counts = as_counts(buckets)
    before = counts.copy()
    shares = windows.rolling_ratio(counts["good"], counts["total"], window=f"{width}m")
    wide = width if len(buckets) > 1 else 1
    sums = rolling_sum(counts["total"], wide)
    for at in range(len(buckets)):
        good, total, known = by_hand(buckets, at, wide)
        np.testing.assert_equal(sums.iloc[at], float(total) if known else np.nan)
        np.testing.assert_equal(shares.iloc[at], good / total if total else np.nan)
    pd.testing.assert_frame_equal(counts, before)


@FEW
@given(buckets=st.lists(BUCKET, min_size=2, max_size=40), width=st.integers(1, 10))
def test_splitting_rows_changes_nothing(buckets: list, width: int) -> None:
    """The sum of the rolling sums of two halves is the rolling sum of the whole."""
    total = as_counts(buckets)["total"]
    half = (total / 2).round()
    parts = [rolling_sum(part, width) for part in (half, total - half)]
    pd.testing.assert_series_equal(parts[0] + parts[1], rolling_sum(total, width))


def test_the_window_holds_the_bucket_at_t_and_not_the_one_at_t_minus_w() -> None:
    """(t - W, t]: five minutes are five buckets of a minute."""
    total = minutes([1, 10, 100, 1000, 10_000, 100_000])
    found = windows.rolling_ratio(total * 0 + [1, 0, 0, 0, 0, 0], total, window="5m")
    assert found.tolist() == [1, 1 / 11, 1 / 111, 1 / 1111, 1 / 11_111, 0]


def test_a_window_between_two_steps_takes_the_starts_inside_it() -> None:
    """75 seconds of minutes hold the starts at t and t - 60 s."""
    assert _buckets("75s", step=pd.Timedelta("1min")) == 2


def test_a_window_shorter_than_a_bucket_is_refused() -> None:
    """Its answer would be that of a longer window."""
    with pytest.raises(ParameterError, match="at least one bucket of 5 minutes; got 1 minute"):
        _buckets("1m", step=pd.Timedelta("5min"))


def test_a_calendar_window_does_not_roll() -> None:
    """Periods are the way to calendar sums."""
    with pytest.raises(ParameterError, match="must be rolling"):
        _buckets(Window(unit="month"), step=pd.Timedelta("1min"))


def test_an_outage_shows_at_full_height_in_a_short_window(one_outage: pd.DataFrame) -> None:
    """One hour of total outage: 0 in the hour that ends with it, 23/24 over the day."""
    hour = windows.rolling_ratio(one_outage["good"], one_outage["total"], window="1h")
    day = windows.rolling_ratio(one_outage["good"], one_outage["total"], window="1d")
    assert hour.iloc[779] == 0.0
    assert (hour == 0.0).sum() == 1
    assert day.iloc[-1] == 1380 / 1440


def test_constant_series_have_constant_ratios(
    all_good: pd.DataFrame, all_bad: pd.DataFrame
) -> None:
    """1 and 0 at every bucket, also at the start, where history is short."""
    for frame, ratio in ((all_good, 1.0), (all_bad, 0.0)):
        assert (windows.rolling_ratio(frame["good"], frame["total"], window="6h") == ratio).all()


def test_a_gap_changes_no_ratio_and_hides_what_lies_in_it(gap: pd.DataFrame) -> None:
    """Three hours unknown: a window of an hour knows nothing at 05:00, one of six hours half."""
    good, total = gap["good"], gap["total"]
    at = utc("2026-06-01T05:00")
    assert math.isnan(windows.rolling_ratio(good, total, window="1h")[at])
    assert windows.rolling_ratio(good, total, window="6h")[utc("2026-06-01T05:59")] == 0.9


def test_whole_numbers_are_exact_below_two_to_the_53() -> None:
    """Sums of big odd numbers equal Python's integers, one by one."""
    values = [2**40 + 2 * k + 1 for k in range(4000)]
    sums = rolling_sum(minutes(values), 7)
    assert [int(x) for x in sums.iloc[10:]] == [sum(values[i - 6 : i + 1]) for i in range(10, 4000)]


def test_fractional_counts_leave_no_dust_behind() -> None:
    """A window without events is 0 exactly, and all good stays 1 exactly."""
    values = minutes([0.1] * 50 + [0.0] * 50 + [0.3] * 50)
    assert rolling_sum(values, 10).iloc[70] == 0.0
    shares = windows.rolling_ratio(values, values, window="10m")
    assert shares.dropna().eq(1.0).all()
    assert shares.isna().sum() == 41


@FEW
@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1)), min_size=1, max_size=50))
def test_fractional_ratios_never_leave_zero_to_one(pairs: list[tuple[float, float]]) -> None:
    """Good is at most total in every bucket, so in every window too."""
    total = minutes([t for t, _ in pairs])
    good = minutes([t * share for t, share in pairs])
    shares = windows.rolling_ratio(good, total, window="5m").dropna()
    assert shares.between(0.0, 1.0).all()


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_many_windows_over_many_series_equal_pandas_rolling(cores, rows, monkeypatch) -> None:
    """Pieces of time, stretches on several cores, a gap, fractions: the same as pandas."""
    monkeypatch.setattr(sums, "_PIECE", 700)
    monkeypatch.setattr(sums, "_MANY", 1_000)
    monkeypatch.setattr(sums, "_cores", lambda: cores)
    rng = np.random.default_rng(3)
    total = rng.integers(0, 9, (rows, 5_000)).astype("float64")
    bad = rng.binomial(total.astype("int64"), 0.3).astype("float64")
    bad[0, 500:900] = total[0, 500:900] = np.nan
    bad[-1] /= 3
    widths = [1, 5, 699, 701, 3_000, 6_000]
    part, whole = _prefix_pair(bad, total)
    found = _ratios(part, whole, widths=widths)
    assert part.exponent is not None
    assert whole.exponent is None
    for k, width in enumerate(widths):
        for row in range(rows):
            parts = [pd.Series(x[row]).rolling(width, min_periods=1).sum() for x in (bad, total)]
            expected = (parts[0] / parts[1]).to_numpy()
            np.testing.assert_allclose(found[k, row], expected, rtol=1e-9)


def test_a_long_series_is_summed_exactly_on_every_core() -> None:
    """As long as it takes for threads to be used: Python's integers, at the seams too."""
    rng = np.random.default_rng(5)
    counts = rng.integers(0, 2**33, 200_001).astype("float64")
    sums = _prefix_pair(counts, counts)[0].sums
    assert sums[-1] == sum(map(int, counts)) < 2**53
    np.testing.assert_array_equal(np.diff(sums), counts)
    counts[150_000] = 0.5
    assert _prefix_pair(counts, counts)[1].exponent is not None


def test_sums_between_any_two_positions_know_what_was_known() -> None:
    """Unknown where nothing between them is known, an empty stretch included."""
    total = _prefix_pair(*2 * [np.array([1.0, np.nan, np.nan, 4.0])])[1]
    start, stop = np.array([0, 1, 2, 3, 0]), np.array([2, 3, 4, 3, 4])
    np.testing.assert_array_equal(total.between(start, stop), [1, np.nan, 4, np.nan, 5])
    assert total.known_before.tolist() == [0, 1, 1, 1, 2]


def test_a_series_of_one_bucket_and_of_none_have_windows_too() -> None:
    """The step of one bucket is unknown and does not matter."""
    one = minutes([3.0])
    assert windows.rolling_ratio(one, one, window="1h").tolist() == [1.0]
    assert windows.rolling_ratio(minutes([]), minutes([]), window="1h").empty
