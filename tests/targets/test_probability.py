"""The next window: what weeks say of it, what they cannot, and laws of probabilities."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from srelib import targets, windows
from srelib.targets.candidates import LADDER
from srelib.targets.probability import _pass_probabilities, _Weeks, _whole_weeks, _window_chance
from srelib.windows import Window
from tests.targets.made import hours


def weeks(bad: list[float], *, total: float = 1e6) -> _Weeks:
    """Weeks of equal traffic, spread evenly over their days."""
    days = np.outer(bad, np.full(7, 1 / 7))
    return _Weeks(pd.Timestamp("2026-06-29", tz="UTC"), days,
                         np.full(days.shape, total / 7), False)  # fmt: skip


def said(bad: list[float], target: float, window: str = "28d") -> pd.Series:
    """Probability and interval of one target."""
    found = _pass_probabilities(weeks(bad), targets=[target], window=Window.parse(window))
    return found.iloc[0]


def test_weeks_that_never_came_near_leave_little_doubt_and_some():
    """Thirteen steady weeks at a fifth of the budget: likely, but not certain."""
    found = said([1000 + n for n in range(13)], 0.995)
    assert 0.97 < found["probability"] < 1
    assert found["low"] < 0.95


def test_a_longer_history_leaves_less_doubt():
    """Four times as many steady weeks."""
    short, long = (said([1000.0 + n for n in range(13 * k)], 0.995) for k in (1, 4))
    assert long["probability"] > short["probability"]
    assert long["high"] - long["low"] < short["high"] - short["low"]


def test_one_week_in_four_over_the_budget_of_all_is_seldom_spared():
    """Every fourth week alone spends the budget of four: spared with about 0.75 ** 4 = 0.32."""
    found = said([100.0, 100.0, 100.0, 9000.0] * 6, 0.998)
    assert found["probability"] == pytest.approx(0.75**4, abs=0.08)
    assert found["low"] < 0.75**4 < found["high"]


def test_weekends_come_along_in_windows_that_are_no_whole_weeks():
    """A window of three days after a Sunday night holds no weekend, where all failures are."""
    index = pd.date_range("2026-03-30", periods=24 * 7 * 13, freq="h", tz="UTC", unit="us")
    total = pd.Series(1000.0, index)
    good = total.where(index.day_of_week < 5, 900.0)
    past = _whole_weeks(windows.history(good, total))
    three, six = (
        _pass_probabilities(past, targets=[0.99], window=Window.parse(f"{n}d"))["probability"].iloc[
            0
        ]
        for n in (3, 6)
    )
    assert three > 0.95  # Monday to Wednesday
    assert six < 0.05  # Saturday is in it


def test_whole_events_stay_whole():
    """With 2,000 events a window and a budget of 0.2, a single failure misses the target."""
    one = np.zeros((13, 7))
    one[::2, 0] = 1.0
    past = _Weeks(pd.Timestamp("2026-06-29", tz="UTC"), one, np.full((13, 7), 500 / 7), True)
    found = _pass_probabilities(past, targets=[0.9999], window=Window.parse("28d")).iloc[0]
    assert found["probability"] < 0.15  # four weeks in a row without one, each with 6 in 13


@settings(max_examples=15, deadline=None)
@example([49] + [79] * 13)
@given(st.lists(st.integers(0, 50_000), min_size=4, max_size=20))
def test_a_stricter_target_is_never_more_likely(bad):
    """Probability and both ends fall with the target, and stay within 0 and 1."""
    found = _pass_probabilities(
        weeks([float(b) for b in bad]), targets=LADDER, window=Window.parse("28d")
    )
    numbers = found[["probability", "low", "high"]].to_numpy()
    assert (np.diff(numbers, axis=0) <= 0).all()
    assert ((numbers >= 0) & (numbers <= 1)).all()
    assert (found["low"] <= found["probability"]).all()
    assert (found["probability"] <= found["high"]).all()


def test_the_order_of_weeks_does_not_matter():
    """Weeks are exchangeable: the same ones backwards say the same."""
    bad = [100.0, 900.0, 300.0, 5000.0, 200.0, 50.0]
    assert said(bad, 0.998)["probability"] == said(bad[::-1], 0.998)["probability"]


def test_weeks_that_were_hardly_observed_are_left_out():
    """Five days of a week missing: it is not counted; two days missing are filled up."""
    counts = hours(8)
    counts.iloc[:120] = np.nan
    counts.iloc[168 : 168 + 48] = np.nan
    past = _whole_weeks(windows.history(counts["good"], counts["total"]))
    assert len(past) == 7
    assert past.total.sum(axis=1).tolist() == [168_000.0] * 7


def test_the_next_calendar_window_is_the_next_whole_one():
    """From 10 February: March in Berlin, which loses an hour."""
    month = Window(unit="month", timezone="Europe/Berlin")
    start, end = _window_chance(month, pd.Timestamp("2026-02-10", tz="UTC"))
    assert start == pd.Timestamp("2026-03-01", tz="Europe/Berlin")
    assert (end - start) == pd.Timedelta("30D 23h")


def test_past_windows_half_unknown_are_left_out():
    """Twelve of the 30 days of April were seen: only May is a whole month of the history."""
    counts = hours(13)
    counts.iloc[48 : 48 + 24 * 18] = math.nan  # 18 of the 30 days of April
    past = windows.history(counts["good"], counts["total"])
    rows = targets.past_windows(past, window=Window(unit="month"))
    assert rows["ends_at"].dt.strftime("%d %B").tolist() == ["01 June"]
    assert rows["ratio"].tolist() == [1.0]


def test_past_windows_carry_the_target_in_force_at_their_end():
    """Blocks of seven days, one a day: the one that ends on the change has the one before."""
    counts = hours(2)
    past = windows.history(counts["good"], counts["total"])
    change = past.end - pd.Timedelta("2D")
    rows = targets.past_windows(past, window=Window.parse("7d"), target=0.99,
                                targets=((None, 0.9), (change, 0.99)))  # fmt: skip
    assert rows["target"].tolist() == [0.9] * 6 + [0.99] * 2
