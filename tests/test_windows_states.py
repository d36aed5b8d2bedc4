"""Windows over state logs: what a fine grid gives, at any moment, without the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import windows
from srelib.errors import CountError, ParameterError, TimeIndexError

START = pd.Timestamp("2026-06-01", tz="UTC")
SPANS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([1.0, 0.0, np.nan])), min_size=1, max_size=12
)


def log_of(spans: list[tuple[int, float]], unit: str) -> tuple[pd.Series, pd.Timestamp]:
    """A log of states that follow each other, and its end."""
    ends = START + pd.to_timedelta(np.cumsum([length for length, _ in spans]), unit=unit)
    starts = pd.DatetimeIndex([START, *ends[:-1]])
    return pd.Series([state for _, state in spans], starts), ends[-1]


@given(SPANS, st.integers(1, 90))
def test_on_a_grid_that_holds_every_change_it_is_the_grid(spans, minutes):
    """Seconds up and known per minute, laid out by repetition, rolled over any window."""
    log, end = log_of(spans, "min")
    state = np.repeat([s for _, s in spans], [n for n, _ in spans])
    index = pd.date_range(START, periods=len(state), freq="min")
    total = pd.Series(np.where(np.isnan(state), np.nan, 60.0), index)
    good = pd.Series(state * 60, index)
    window = pd.Timedelta(minutes=minutes)
    if len(index) < 2:
        return
    made = windows.states(log, until=end)
    ratio = windows.state_ratio(made, window=window, at=index + pd.Timedelta("1min"))
    wanted = windows.rolling_ratio(good, total, window=window)
    np.testing.assert_array_equal(ratio.to_numpy(), wanted.to_numpy())
    seen = windows.state_coverage(made, window=window, at=index + pd.Timedelta("1min"))
    wanted = windows.rolling_coverage(total, window=window)
    np.testing.assert_allclose(seen.to_numpy(), wanted.to_numpy(), rtol=1e-12)


@given(SPANS, st.integers(1, 200), st.integers(0, 600))
def test_any_window_at_any_second_is_the_count_of_seconds(spans, seconds, moment):
    """Windows and ends that lie on no grid of minutes."""
    log, end = log_of(spans, "s")
    state = np.repeat([s for _, s in spans], [n for n, _ in spans])
    inside = state[max(0, moment - seconds) : moment]
    known = int((~np.isnan(inside)).sum())
    made = windows.states(log, until=end)
    at = pd.DatetimeIndex([START + pd.Timedelta(seconds=moment)])
    ratio = windows.state_ratio(made, window=f"{seconds}s", at=at).iloc[0]
    assert ratio == (np.nansum(inside) / known if known else pytest.approx(np.nan, nan_ok=True))
    seen = windows.state_coverage(made, window=f"{seconds}s", at=at).iloc[0]
    assert seen == pytest.approx(known / seconds)


def test_a_state_is_known_only_so_long():
    """Up at 00:00 and 02:00, known for an hour each: of three hours two are known."""
    times = pd.DatetimeIndex(["2026-06-01T00:00Z", "2026-06-01T02:00Z"])
    made = windows.states(
        pd.Series([1.0, 0.0], times), until=pd.Timestamp("2026-06-01T09:00Z"),
        longest=pd.Timedelta("1h"),
    )  # fmt: skip
    at = pd.DatetimeIndex(["2026-06-01T03:00Z"])
    assert windows.state_ratio(made, window="3h", at=at).tolist() == [0.5]
    assert windows.state_coverage(made, window="3h", at=at).tolist() == [pytest.approx(2 / 3)]


def test_a_window_may_end_anywhere_and_in_any_zone():
    """Moments in any order, on the index they were asked with."""
    log = windows.states(pd.Series([1.0, 0.0], pd.DatetimeIndex([START, START + 4 * HOUR])),
                         until=START + 6 * HOUR)  # fmt: skip
    at = pd.DatetimeIndex([START + 5 * HOUR, START, START + 2 * HOUR]).tz_convert("Asia/Tokyo")
    found = windows.state_ratio(log, window="2h", at=at)
    assert found.index.equals(at)
    np.testing.assert_array_equal(found.to_numpy(), [0.5, np.nan, 1.0])


HOUR = pd.Timedelta("1h")


@pytest.mark.parametrize(
    ("states", "times", "options", "error", "match"),
    [
        ([1.0], ["2026-06-01"], {}, TimeIndexError, "must be tz-aware"),
        ([], [], {}, TimeIndexError, "needs at least one row"),
        ([1.0, 0.0], ["2026-06-02T00:00Z", "2026-06-01T00:00Z"], {}, TimeIndexError,
         "2026-06-02 .* is followed by 2026-06-01"),
        ([2.0], ["2026-06-01T00:00Z"], {}, CountError, "a state is 1 .*; got 2 at 2026-06-01"),
        ([1.0], ["2026-06-01T00:00Z"], {"until": pd.Timestamp("2026-05-01", tz="UTC")},
         ParameterError, "until must not lie before the last state"),
        ([1.0], ["2026-06-01T00:00Z"], {"longest": pd.Timedelta(0)}, ParameterError,
         "longest must be positive"),
    ],
)  # fmt: skip
def test_logs_that_cannot_be_are_refused(states, times, options, error, match):
    """The first offence, with the value seen."""
    index = pd.DatetimeIndex(times) if times else pd.DatetimeIndex([], tz="UTC")
    with pytest.raises(error, match=match):
        windows.states(pd.Series(states, index, dtype="float64"), **options)


def test_a_calendar_window_is_refused():
    """A month does not roll."""
    made = windows.states(pd.Series([1.0], pd.DatetimeIndex([START])))
    with pytest.raises(ParameterError, match="window must be rolling"):
        windows.state_ratio(made, window=windows.Window(unit="month"), at=pd.DatetimeIndex([START]))
