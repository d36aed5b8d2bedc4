"""Allowance, spent and left: at once, bucket by bucket, period by period."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import budget
from srelib.errors import CountError, InvalidTargetError, TimeIndexError
from srelib.windows import Member, Window, current
from tests.budget.shapes import counts, hours, series

FAST = settings(max_examples=40, deadline=None)


DAY = 86_400.0


SPANS = {"year": 365 * DAY, "quarter": 90 * DAY, "month": 30 * DAY, "week": 7 * DAY, "day": DAY}


# SRE book, appendix A: allowed downtime as printed, in seconds, and half a unit of its last digit.
DOWNTIME = [
    (0.99, "year", 3.65 * DAY, 0.005 * DAY),
    (0.99, "quarter", 21.6 * 3600, 0.05 * 3600),
    (0.99, "month", 7.2 * 3600, 0.05 * 3600),
    (0.99, "week", 1.68 * 3600, 0.005 * 3600),
    (0.99, "day", 14.4 * 60, 0.05 * 60),
    (0.999, "year", 8.76 * 3600, 0.005 * 3600),
    (0.999, "quarter", 2.16 * 3600, 0.005 * 3600),
    (0.999, "month", 43.2 * 60, 0.05 * 60),
    (0.999, "week", 10.1 * 60, 0.05 * 60),
    (0.999, "day", 1.44 * 60, 0.005 * 60),
    (0.9995, "year", 4.38 * 3600, 0.005 * 3600),
    (0.9995, "quarter", 1.08 * 3600, 0.005 * 3600),
    (0.9995, "month", 21.6 * 60, 0.05 * 60),
    (0.9995, "week", 5.04 * 60, 0.005 * 60),
    (0.9995, "day", 43.2, 0.05),
    (0.9999, "year", 52.6 * 60, 0.05 * 60),
    (0.9999, "quarter", 12.96 * 60, 0.005 * 60),
    (0.9999, "month", 4.32 * 60, 0.005 * 60),
    (0.9999, "week", 60.5, 0.05),
    (0.9999, "day", 8.64, 0.005),
    (0.99999, "year", 5.26 * 60, 0.005 * 60),
    (0.99999, "quarter", 1.30 * 60, 0.005 * 60),
    (0.99999, "month", 25.9, 0.05),
    (0.99999, "week", 6.05, 0.005),
    (0.99999, "day", 0.87, 0.0061),  # printed 0.87; exact is 0.864
]


@pytest.mark.parametrize(("target", "span", "allowed", "half_digit"), DOWNTIME)
def test_allowed_downtime_is_as_printed_in_the_sre_book(target, span, allowed, half_digit):
    """The allowance of a span of seconds is the downtime of the book's appendix A."""
    seconds = SPANS[span]
    result = budget.status(seconds, seconds, target=target).allowance
    assert result == pytest.approx(allowed, abs=half_digit)


def test_28_days_at_three_nines_allow_40_minutes():
    """99.9 % over 28 days allow 40.32 minutes, a fifth of which asks for a postmortem."""
    allowance = budget.status(28 * DAY, 28 * DAY, target=0.999).allowance
    assert allowance == pytest.approx(40.32 * 60)
    assert allowance / 5 == pytest.approx(8.064 * 60)


def test_250_of_two_and_a_half_million_may_fail_at_four_nines():
    """2.5 M requests a day at 99.99 % may fail 250 (SRE book, chapter 3)."""
    assert budget.status(2_500_000, 2_500_000, target=0.9999).allowance == 250


@pytest.mark.parametrize(
    ("target", "allowance"), [(0.97, 109_897.59), (0.90, 366_325.30), (0.99, 36_632.53)]
)
def test_allowance_of_the_workbook_example(target, allowance):
    """Four weeks of the SRE Workbook's chapter 2: 3,663,253 requests."""
    result = budget.status(3_557_865, 3_663_253, target=target)
    assert result.allowance == pytest.approx(allowance, abs=0.005)
    assert result.sli == pytest.approx(0.97123, abs=5e-6)


@pytest.mark.parametrize(("bad", "spent"), [(14_066, 0.1280), (72_000, 0.6552)])
def test_spent_share_of_the_workbook_example(bad, spent):
    """14,066 errors spend 12.80 %, 72,000 spend 65.52 % of the budget at 97 %."""
    result = budget.status(3_663_253 - bad, 3_663_253, target=0.97)
    assert result.spent_share == pytest.approx(spent, abs=5e-5)


def test_half_the_errors_spend_half_the_budget():
    """3 M requests at 99.9 % allow 3,000 errors; 1,500 spend 50 %, exactly."""
    result = budget.status(2_998_500, 3_000_000, target=0.999)
    assert (result.allowance, result.spent, result.left) == (3000, 1500, 1500)
    assert (result.spent_share, result.left_share) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("days", "target", "minutes"), [(7, 0.9995, 5.04), (14, 0.95, 16 * 60 + 48)]
)
def test_openslo_examples(days, target, minutes):
    """One week at 99.95 % is 5 min 2.4 s, two weeks at 95 % are 16 h 48 min."""
    seconds = days * DAY
    result = budget.status(seconds, seconds, target=target).allowance
    assert result == pytest.approx(minutes * 60)


def test_a_budget_overspent_by_four_percent_is_not_rounded_to_fine():
    """A burn of 1.04 stays 1.04 and leaves less than nothing."""
    result = budget.status(99_896, 100_000, target=0.999)
    assert result.spent_share == pytest.approx(1.04)
    assert result.left == pytest.approx(-4)
    assert result.left_share == pytest.approx(-0.04)


def test_shares_are_fractions_not_percent():
    """Spending a quarter of the budget is 0.25."""
    assert budget.status(9_975, 10_000, target=0.99).spent_share == pytest.approx(0.25)


def test_missing_counts_are_unknown_not_zero():
    """A missing bucket changes neither what was allowed nor what was spent."""
    total = series([100, np.nan, 100])
    result = budget.status(series([99, np.nan, 100]), total, target=0.99)
    assert (result.total, result.spent, result.allowance) == (200, 1, 2)


def test_a_night_outage_weighs_what_it_weighed_for_users():
    """Ten quiet hours lost out of a busy week spend 10 events, not the mean of ratios."""
    total = np.where(np.arange(168) < 10, 1.0, 1000.0)
    good = np.where(np.arange(168) < 10, 0.0, 1000.0)
    result = budget.status(series(good), series(total), target=0.99)
    assert result.spent_share == pytest.approx(10 / (0.01 * 158_010))


def test_no_traffic_spends_nothing_and_has_no_share():
    """Nothing asked: nothing allowed, nothing spent, no ratio."""
    result = budget.status(series([0, 0]), series([0, 0]), target=0.99)
    assert (result.allowance, result.spent, result.left) == (0, 0, 0)
    assert math.isnan(result.spent_share)
    assert math.isnan(result.left_share)
    assert math.isnan(result.sli)


def test_nothing_observed_is_unknown():
    """Without one observed bucket every number is NaN, not 0 and not 100 %."""
    result = budget.status(series([np.nan]), series([np.nan]), target=0.99)
    assert math.isnan(result.spent)
    assert math.isnan(result.left_share)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            99.9,
            "target must lie strictly between 0 and 1; got 99.9. For 99.9 % write 0.999.",
        ),
        (99.95, "got 99.95. For 99.95 % write 0.9995."),
        (1, "target must lie strictly between 0 and 1; got 1."),
        (0.0, "got 0."),
        (-0.5, "got -0.5."),
        (float("nan"), "got nan."),
        ("99.9%", "target must be a number between 0 and 1; got '99.9%'."),
    ],
)
def test_a_target_that_is_no_fraction_is_refused_with_the_fix(target, text):
    """Percent, 0, 1, NaN and text are refused; percent with what to write instead."""
    with pytest.raises(InvalidTargetError) as error:
        budget.status(1, 1, target=target)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("good", "total", "text"),
    [
        (11, 10, "good must not exceed total; got good=11"),
        (-1, 10, "must not be negative"),
        (1, np.inf, "must be finite"),
    ],
)
def test_counts_that_cannot_be_are_refused(good, total, text):
    """More good than total, negative and infinite counts raise, naming the values."""
    with pytest.raises(CountError, match=text):
        budget.status(series([1, good]), series([1, total]), target=0.99)


def test_counts_of_two_different_times_are_refused():
    """Good and total on different indexes are not lined up silently."""
    with pytest.raises(TimeIndexError, match="index"):
        budget.status(series([1]), series([1], "2026-01-06"), target=0.99)


@FAST
@given(counts(), st.sampled_from([0.5, 0.9, 0.99, 0.999, 0.99999]))
def test_spent_and_left_are_the_allowance(pair, target):
    """spent + left = allowance, whatever the counts."""
    result = budget.status(*pair, target=target)
    if not math.isnan(result.total):
        assert result.spent + result.left == pytest.approx(result.allowance)
        assert result.spent == result.total - result.good


@FAST
@given(counts(), st.randoms(use_true_random=False))
def test_splitting_and_reordering_rows_changes_nothing(pair, random):
    """The same events in more rows and another order have the same budget, to the bit."""
    good, total = pair
    half = (good // 2, (total - good) // 2 + good // 2)
    rows = pd.DataFrame(
        {
            "good": pd.concat([half[0], good - half[0]], ignore_index=True),
            "total": pd.concat([half[1], total - half[1]], ignore_index=True),
        }
    )
    order = list(range(len(rows)))
    random.shuffle(order)
    rows = rows.iloc[order]
    expected = budget.status(good, total, target=0.99)
    result = budget.status(rows["good"], rows["total"], target=0.99)
    assert repr(result) == repr(expected)


@FAST
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_order_of_fractions_changes_nothing(values, random):
    """Seconds of a ratio add up to the same sum in every order, to the last bit."""
    shuffled = random.sample(values, len(values))
    results = [
        budget.status(pd.Series(part) * 0, pd.Series(part), target=0.99).spent
        for part in (values, shuffled)
    ]
    assert results[0] == results[1] == math.fsum(values)


def test_burning_at_rate_one_all_window_spends_the_whole_budget():
    """An error ratio of 1 - target over the whole window leaves exactly nothing."""
    total = series(np.full(28 * 24, 1000.0))
    frame = budget.burn_down(total - 1, total, target=0.999, window=Window.parse("28d"))
    assert frame["left"].iloc[-1] == pytest.approx(0, abs=1e-9)
    assert frame["left_share"].iloc[-1] == pytest.approx(0, abs=1e-12)
    assert frame["coverage"].iloc[-1] == 1


@pytest.mark.parametrize(("burn", "days"), [(1, 30), (2, 15), (10, 3)])
def test_a_constant_burn_empties_the_budget_when_the_workbook_says(burn, days):
    """Burn rates 1, 2 and 10 spend a 30-day budget in 30, 15 and 3 days (chapter 5)."""
    at = days * 24
    bad = np.where(np.arange(30 * 24) < at, burn, 0)
    total = series(np.full(30 * 24, 1000.0))
    window = Window.parse("30d")
    left = budget.burn_down(total - bad, total, target=0.999, window=window)["left"]
    whole = 0.001 * total.sum()
    spent = budget.burn_down(total - bad, total, target=0.999, window=window)["spent"]
    assert spent.iloc[at - 1] == pytest.approx(whole)
    assert left.iloc[-1] == pytest.approx(0, abs=1e-9)


def test_rolling_burn_down_forgets_what_leaves_the_window():
    """A bad hour counts for as long as the window is, not a bucket longer."""
    total = series(np.full(6, 100.0))
    bad = [5, 0, 0, 0, 0, 0]
    frame = budget.burn_down(total - bad, total, target=0.9, window=Window.parse("3h"))
    assert frame["spent"].tolist() == [5, 5, 5, 0, 0, 0]
    assert frame["allowance"].tolist() == pytest.approx([10, 20, 30, 30, 30, 30])


def test_calendar_burn_down_starts_again_at_local_midnight():
    """Berlin's April begins at 22:00 UTC on 31 March."""
    total = series(np.full(6, 100.0), "2026-03-31T19:00")
    month = Window.parse("1M", timezone="Europe/Berlin", rolling=False)
    frame = budget.burn_down(total - 1, total, target=0.9, window=month)
    assert frame["spent"].tolist() == [1, 2, 3, 1, 2, 3]
    assert frame["coverage"].iloc[3] == 1


def test_calendar_coverage_counts_time_before_the_data():
    """Data that begins at noon on the first covers half of that day so far."""
    total = series(np.full(12, 100.0), "2026-03-01T12:00")
    frame = budget.burn_down(total, total, target=0.9, window=Window.parse("1M", rolling=False))
    assert frame["coverage"].tolist()[::11] == pytest.approx([1 / 13, 0.5])


def test_a_gap_lowers_coverage_and_nothing_else():
    """An unknown hour leaves spent and allowance where they were."""
    total = series([100, np.nan, 100])
    frame = budget.burn_down(total - 2, total, target=0.9, window=Window.parse("1d", rolling=False))
    assert frame["spent"].tolist() == [2, 2, 4]
    assert frame["coverage"].tolist() == pytest.approx([1, 0.5, 2 / 3])


@pytest.mark.parametrize(("length", "rolling"), [("2h", True), ("1d", False)])
def test_a_bucket_is_known_only_when_good_and_total_are(length, rolling):
    """Ten requests of which nobody knows how many were good: of two hours one is known."""
    window = Window.parse(length, rolling=rolling)
    frame = budget.burn_down(series([9, np.nan]), series([10, 10]), target=0.9, window=window)
    assert frame["coverage"].tolist() == ([0.5, 0.5] if rolling else [1, 0.5])
    assert frame["allowance"].tolist() == pytest.approx([1, 1])


def test_traffic_of_buckets_that_are_not_known_is_not_projected():
    """A day at 10 an hour, and three hours at 1,000 of which good is missing."""
    total = series([10.0] * 21 + [1000.0] * 3)
    good = total.where(total < 1000)
    week = Window.parse("1w", rolling=False)
    row = budget.by_period(good, total, target=0.9, window=week).iloc[0]
    assert (row["total"], row["coverage"]) == (210, 21 / 24)
    assert row["projected_total"] == pytest.approx(210 + 10 * 6 * 24)


def test_burn_down_is_unknown_until_something_is_known():
    """A period that begins with a gap has no budget yet."""
    total = series([np.nan, 100])
    frame = budget.burn_down(total, total, target=0.9, window=Window.parse("1d", rolling=False))
    assert frame["left"].isna().tolist() == [True, False]


@FAST
@given(counts(), st.sampled_from(["3h", "1d"]), st.booleans())
def test_burn_down_keeps_the_law_and_its_input(pair, length, rolling):
    """spent + left = allowance in every bucket, and the caller's counts stay as they were."""
    good, total = pair
    before = good.copy(), total.copy()
    window = Window.parse("1d" if not rolling else length, rolling=rolling)
    frame = budget.burn_down(good, total, target=0.99, window=window)
    np.testing.assert_allclose(frame["spent"] + frame["left"], frame["allowance"], atol=1e-9)
    pd.testing.assert_series_equal(good, before[0])
    pd.testing.assert_series_equal(total, before[1])


@FAST
@given(counts())
def test_calendar_burn_down_ends_where_status_of_the_period_does(pair):
    """At the end of each day so-far equals the sums of the day's buckets."""
    good, total = pair
    window = Window.parse("1d", rolling=False)
    frame = budget.burn_down(good, total, target=0.99, window=window)
    for _, day in frame.groupby(frame.index.normalize()):
        expected = np.nansum((total - good).loc[day.index])
        if total.loc[day.index].notna().any():
            assert day["spent"].iloc[-1] == expected


def test_periods_so_far_and_projected():
    """Two days into a week: so far on what was seen, projected on the usual rest of a week."""
    weekend = np.isin(np.arange(16 * 24) // 24 % 7, [5, 6])
    total = series(np.where(weekend, 10.0, 100.0))
    week = Window.parse("1w", rolling=False)
    frame = budget.by_period(total - 1, total, target=0.9, window=week)
    now = frame.iloc[-1]
    assert frame["complete"].tolist() == [True, True, False]
    assert now["total"] == 2 * 2400
    assert now["allowance"] == pytest.approx(480)
    assert now["projected_total"] == 5 * 2400 + 2 * 240
    assert now["projected_allowance"] == pytest.approx(1248)
    assert now["projected_left_share"] == pytest.approx(1 - 48 / 1248)
    assert frame["projection"].tolist() == ["none", "none", "hour of week"]
    assert frame["projected_total"].tolist()[:2] == frame["total"].tolist()[:2]


def test_hours_of_the_week_never_seen_are_projected_at_the_mean_rate():
    """One day of history says how it projects the other six."""
    total = series(np.arange(24.0))
    week = Window.parse("1w", rolling=False)
    row = budget.by_period(total, total, target=0.9, window=week).iloc[0]
    assert row["projected_total"] == pytest.approx(7 * 276)
    assert row["projection"] == "mean rate"


def test_pattern_is_that_of_the_local_hour():
    """After the clocks change traffic follows the wall clock: 09:00 is over at 08:00 UTC."""
    index = hours("2026-03-16", 14 * 24 + 8)  # to 10:00 in Berlin on Monday, 30 March
    busy = index.tz_convert("Europe/Berlin").hour == 9
    total = pd.Series(np.where(busy, 100.0, 0.0), index=index)
    day = Window.parse("1d", timezone="Europe/Berlin", rolling=False)
    row = budget.by_period(total, total, target=0.9, window=day).iloc[-1]
    assert (row["total"], row["projected_total"]) == (100, 100)


def test_a_bucket_cut_by_the_end_of_the_period_counts_in_part():
    """Berlin's January ends at 23:00 UTC, five hours into a six-hour bucket."""
    index = pd.date_range("2026-01-01", periods=40, freq="6h", tz="UTC", unit="us")
    total = pd.Series(60.0, index=index)
    month = Window.parse("1M", timezone="Europe/Berlin", rolling=False)
    row = budget.by_period(total, total, target=0.9, window=month).iloc[0]
    assert row["projected_total"] == pytest.approx(60 * (40 + 83) + 50)


@pytest.mark.parametrize(("first", "count"), [("2026-02-28T23:00", 743), ("2026-09-30T22:00", 745)])
def test_months_with_a_clock_change_have_their_true_length(first, count):
    """Berlin's March 2026 has 743 hours, its October 745."""
    total = series(np.ones(count), first)
    month = Window.parse("1M", timezone="Europe/Berlin", rolling=False)
    frame = budget.by_period(total, total, target=0.9, window=month)
    assert len(frame) == 1
    assert frame["complete"].all()
    assert frame["total"].tolist() == [count]
    assert frame["coverage"].tolist() == [1]


def test_gaps_are_not_projected_but_lower_coverage():
    """Traffic nobody saw adds no allowance to a finished day."""
    total = series(np.where(np.arange(24) < 6, np.nan, 100.0))
    row = budget.by_period(total, total, target=0.9, window=Window.parse("1d", rolling=False)).iloc[
        0
    ]
    assert row["projected_total"] == row["total"] == 1800
    assert row["coverage"] == 0.75


def test_a_period_without_observation_is_unknown():
    """A day in the middle of a gap has NaN, never 0 events and never 100 %."""
    total = series(np.where(np.arange(72) // 24 == 1, np.nan, 100.0))
    frame = budget.by_period(total, total, target=0.9, window=Window.parse("1d", rolling=False))
    assert frame["total"].isna().tolist() == [False, True, False]
    assert frame["left_share"].isna().tolist() == [False, True, False]
    assert frame["coverage"].tolist() == [1, 0, 1]


def test_rolling_windows_are_cut_into_blocks_that_end_with_the_data():
    """Ten days in blocks of four: the oldest block is cut, the newest is whole."""
    total = series(np.ones(240))
    frame = budget.by_period(total, total, target=0.9, window=Window.parse("4d"))
    assert frame["total"].tolist() == [48, 96, 96]
    assert frame["complete"].tolist() == [False, True, True]


@pytest.mark.parametrize("length", ["1d", "1M"])
def test_the_zone_of_the_index_changes_nothing(length):
    """The same instants written in another zone give the same periods."""
    total = series(np.arange(100.0))
    window = Window.parse(length, timezone="Europe/Berlin", rolling=False)
    expected = budget.by_period(total, total, target=0.9, window=window)
    local = total.tz_convert("America/New_York")
    result = budget.by_period(local, local, target=0.9, window=window)
    pd.testing.assert_frame_equal(result, expected)


def of_members() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four hours: cart 10 an hour, weight 2, one bad at last; pay 30, weight 1, all bad once."""
    cart, pay = Member("cart", 2.0), Member("pay", 1.0)
    index = hours("2026-06-01", 4)
    total = pd.DataFrame({cart: [10.0] * 4, pay: [30.0] * 4}, index=index)
    return total - pd.DataFrame({cart: [0, 0, 0, 1], pay: [0, 30, 0, 0]}, index=index), total


def test_each_window_of_a_weighted_mean_is_weighted_by_itself():
    """Windows of two hours: of 80 events pay's share 1/3; all of 30 of its 60 bad is 40/3 of 80."""
    good, total = of_members()
    found = budget.burn_down(good, total, target=0.9, window=Window.parse("2h"))
    assert found["allowance"].tolist() == pytest.approx([4, 8, 8, 8])
    # then cart 1 of 20 at 2/3: 80 x 2/3 x 0.05
    assert found["spent"].tolist() == pytest.approx([0, 40 / 3, 40 / 3, 80 / 30])
    assert found["coverage"].tolist() == [0.5, 1, 1, 1]


def test_the_last_burn_down_of_a_weighted_mean_is_its_status():
    """Two ways to one number."""
    good, total = of_members()
    part = current(pd.concat({"good": good, "total": total}, axis=1), window=Window.parse("3h"))
    now = budget.status(part["good"], part["total"], target=0.9)
    last = budget.burn_down(good, total, target=0.9, window=Window.parse("3h")).iloc[-1]
    assert (now.spent, now.allowance) == pytest.approx((last["spent"], last["allowance"]))


def test_periods_of_a_weighted_mean_are_weighted_one_by_one():
    """Blocks of two hours, as above; what a member was not seen in is unknown."""
    good, total = of_members()
    found = budget.by_period(good, total, target=0.9, window=Window.parse("2h"))
    assert found["spent"].tolist() == pytest.approx([40 / 3, 80 / 30])
    assert found["left_share"].tolist() == pytest.approx([1 - 40 / 24, 1 - 80 / 240])
    total.iloc[:2, 1] = math.nan
    gone = budget.by_period(good, total, target=0.9, window=Window.parse("2h"))
    assert gone["spent"].isna().tolist() == [True, False]
    assert gone["coverage"].tolist() == [0, 1]


CHANGE = pd.Timestamp("2026-06-01 03:00", tz="UTC")
"""When 99 % follows 90 %: as the third hour ends."""


def test_past_windows_are_judged_by_the_target_then_in_force():
    """100 an hour, 2 bad in the second: 10 % of 200 allowed until 03:00, then 1 % of 200."""
    total = series([100] * 4, "2026-06-01")
    found = budget.burn_down(total - [0, 2, 0, 0], total, target=0.99, window=Window.parse("2h"),
                             targets=((None, 0.9), (CHANGE, 0.99)))  # fmt: skip
    assert found["allowance"].tolist() == pytest.approx([10, 20, 20, 2])
    assert found["left"].tolist() == pytest.approx([10, 18, 18, 2])


def test_before_the_first_target_there_is_no_allowance():
    """Unknown, not zero; what was bad is known."""
    total = series([100] * 4, "2026-06-01")
    found = budget.burn_down(total - [0, 2, 0, 0], total, target=0.99, window=Window.parse("1h"),
                             targets=((CHANGE, 0.99),))  # fmt: skip
    assert found["allowance"].tolist() == pytest.approx([math.nan] * 3 + [1], nan_ok=True)
    assert found["spent"].tolist() == [0, 2, 0, 0]


def test_periods_are_judged_by_the_target_at_their_end():
    """Days of 2,400: the change at 03:00 of the second day is that of the second, not the first."""
    total = series([100] * 60, "2026-05-31")
    day = Window.parse("1d", rolling=False)
    found = budget.by_period(total - 1, total, target=0.99, window=day,
                             targets=((None, 0.9), (CHANGE, 0.99)))  # fmt: skip
    assert found["allowance"].tolist() == pytest.approx([240, 24, 12])
    assert found["left_share"].tolist() == pytest.approx([0.9, 0, 0])
    # the third day goes on: ended so far with the data, at noon
    late = ((None, 0.9), (pd.Timestamp("2026-06-02 12:00", tz="UTC"), 0.99))
    found = budget.by_period(total - 1, total, target=0.99, window=day, targets=late)
    assert found["allowance"].tolist() == pytest.approx([240, 240, 120])
