"""Service levels with their intervals: golden numbers, planted rates, laws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import sli
from srelib.errors import (
    ColumnError,
    InsufficientDataError,
    InvalidTargetError,
    ParameterError,
    TimeIndexError,
)
from srelib.sli.interval import ASSUMED, OUTAGES, WIDENED, _latency, _miss_probability
from srelib.stats.intervals import _wilson
from srelib.windows import Member, Window
from srelib.windows.sums import _totals
from tests.sli.shapes import BUCKET, FEW, as_counts, counts


def test_latency_counts_requests_below_a_bound_of_the_histogram() -> None:
    """8 of 10 and 0 of 0 requests within 300 ms."""
    histogram = pd.DataFrame({"0.1": [5, 0], "0.3": [8, 0], "inf": [10, 0]})
    found = _latency(histogram, threshold=0.3)
    assert found.to_numpy().tolist() == [[8, 10], [0, 0]]


def test_latency_between_bounds_is_a_guess_and_refused() -> None:
    """The error lists the bounds there are."""
    histogram = pd.DataFrame({0.1: [5], math.inf: [10]})
    with pytest.raises(ParameterError, match=r"\(0\.1, inf\); got 0\.3"):
        _latency(histogram, threshold=0.3)
    with pytest.raises(ColumnError, match="bound inf"):
        _latency(histogram[[0.1]], threshold=0.1)


def days(rates: np.ndarray, *, per_hour: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Hours of independent failures at the rate of their day."""
    frame = counts("2026-03-02", len(rates) * 24, freq="h", total=float(per_hour))
    bad = np.random.default_rng(seed).binomial(per_hour, np.repeat(rates, 24))
    return frame.assign(good=frame["total"] - bad)


def test_independent_errors_get_wilsons_interval() -> None:
    """The same error rate every day: the published formula on all events."""
    frame = days(np.full(28, 0.001), seed=2)
    found = sli.interval(frame["good"], frame["total"])
    whole = frame["total"].sum()
    bad = whole - frame["good"].sum()
    assert found.method == "Wilson, of background errors only: no outage seen"
    assert found.n == whole
    assert (found.low, found.high) == pytest.approx(
        tuple(1 - end for end in reversed(_wilson(bad, whole)))
    )


def test_errors_that_cluster_are_less_certain() -> None:
    """Days that differ threefold: far less certain than as many independent events."""
    rates = np.random.default_rng(1).uniform(0.001, 0.003, 56)
    frame = days(rates)
    found = sli.interval(frame["good"], frame["total"])
    whole = frame["total"].sum()
    low, high = _wilson(whole - frame["good"].sum(), whole)
    assert found.method == "gamma with overdispersion, of background errors only: no outage seen"
    assert found.high - found.low > 3 * (high - low)
    assert found.low < found.value < found.high <= 1


def with_outages(bad: dict[int, float], *, weeks: int = 8) -> pd.DataFrame:
    """Hours of 6,000 requests of which 2 fail, and outages: failures by hour."""
    frame = counts("2026-03-02", weeks * 168, freq="h", total=6000.0)
    frame["good"] -= 2
    frame.iloc[list(bad), 0] -= list(bad.values())
    return frame


def test_a_service_with_few_outages_keeps_a_useful_interval() -> None:
    """Three outages in eight weeks of 99.94 %: the lower end is not 0 but some times the errors."""
    frame = with_outages({200: 600, 500: 1200, 1000: 900})
    found = sli.interval(frame["good"], frame["total"])
    assert (found.method, found.n) == ("outages and background apart", 3)
    assert found.value == pytest.approx(1 - 2 / 6000 - 2700 / (1344 * 6000))
    assert 1 - 10 * (1 - found.value) < found.low < found.value < found.high < 1


def test_one_outage_or_two_rest_on_an_assumption() -> None:
    """And the method says so; outages less than six hours apart are one."""
    for hours in ([200], [200, 205], [200, 500]):
        frame = with_outages(dict.fromkeys(hours, 900.0))
        found = sli.interval(frame["good"], frame["total"])
        assert found.method == (
            "outages and background apart, on an assumed spread of outage sizes"
        )
        assert found.n == (2 if hours == [200, 500] else 1)
        assert 0.99 < found.low < found.value < found.high


def test_hours_and_minutes_of_the_same_history_give_the_same_interval() -> None:
    """The length of a bucket says nothing about the service."""
    hourly = with_outages({200: 600, 500: 1200, 1000: 900, 1100: 300})
    minutes = pd.date_range(hourly.index[0], periods=len(hourly) * 60, freq="min", unit="us")
    good, total = (pd.Series(np.repeat(hourly[c].to_numpy() / 60, 60), minutes) for c in hourly)
    fine, coarse = sli.interval(good, total), sli.interval(hourly["good"], hourly["total"])
    assert (fine.low, fine.high) == pytest.approx((coarse.low, coarse.high))
    assert fine.method == coarse.method


def test_a_period_that_holds_everything_has_the_interval_of_everything() -> None:
    """One quantity has one interval, whoever is asked for it."""
    frame = with_outages({200: 600, 500: 1200, 1000: 900})
    (year,) = sli.by_period(frame["good"], frame["total"], period="year").itertuples()
    whole = sli.interval(frame["good"], frame["total"])
    assert (year.ratio, year.low, year.high) == pytest.approx((whole.value, whole.low, whole.high))
    assert year.method == whole.method


def test_a_period_says_less_than_the_whole() -> None:
    """A week is no surer of the rate than eight of them."""
    frame = with_outages({200: 600, 500: 1200, 1000: 900})
    weeks = sli.by_period(frame["good"], frame["total"])
    whole = sli.interval(frame["good"], frame["total"])
    assert ((weeks["high"] - weeks["low"]) > whole.high - whole.low).all()


def test_a_weighting_that_does_not_exist_is_refused(all_good: pd.DataFrame) -> None:
    """Events or time, and nothing else."""
    with pytest.raises(ParameterError, match="one of events, time; got 'requests'"):
        sli.interval(all_good["good"], all_good["total"], weighting="requests")


def test_one_outage_in_a_day_is_not_600_independent_failures(one_outage: pd.DataFrame) -> None:
    """One hour of 24: the interval spans most of what a day can be."""
    found = sli.interval(one_outage["good"], one_outage["total"])
    assert found.method == OUTAGES + ASSUMED
    assert found.value == pytest.approx(23 / 24)
    assert found.low < 0.85
    assert found.high > 0.99


def test_without_traffic_there_is_no_interval(no_traffic_night: pd.DataFrame) -> None:
    """NaN, and the method says why."""
    night = no_traffic_night.iloc[:360]
    found = sli.interval(night["good"], night["total"])
    assert math.isnan(found.value)
    assert math.isnan(found.low)
    assert (found.n, found.method) == (0, "none, no traffic")


def test_seconds_without_an_outage_promise_nothing() -> None:
    """28 days up are not 2.4 million independent successes."""
    frame = counts("2026-06-01", 28 * 24, freq="h", total=3600.0)
    found = sli.interval(frame["good"], frame["total"], weighting="time")
    assert found.value == 1.0
    assert math.isnan(found.low)
    assert found.method == "none, no bad time seen"
    weeks = sli.by_period(frame["good"], frame["total"], weighting="time")
    assert weeks["low"].isna().all()
    assert weeks["ratio"].eq(1.0).all()


def test_seconds_are_never_taken_as_independent() -> None:
    """Single bad seconds that look independent: Wilson's interval for events, not for time."""
    frame = counts("2026-06-01", 28 * 24, freq="h", total=3600.0)
    frame["good"] -= np.random.default_rng(3).poisson(1.0, len(frame))
    assert sli.interval(frame["good"], frame["total"]).method.startswith("Wilson")
    found = sli.interval(frame["good"], frame["total"], weighting="time")
    assert found.method.startswith("gamma")


def incidents(rng: np.random.Generator, n: int) -> np.ndarray:
    """Error rates of days: a quiet floor, and about one incident a week of lognormal length."""
    minutes = [rng.lognormal(math.log(30), 1, k).sum() for k in rng.poisson(1 / 7, n)]
    return np.minimum(0.0002 + 0.3 * np.array(minutes) / 1440, 1.0)


INCIDENT_RATE = 0.0002 + 0.3 / 7 * 30 * math.exp(0.5) / 1440


@pytest.mark.parametrize(
    ("draw", "truth", "n"),
    [
        (lambda rng, n: np.full(n, 0.0005), 0.0005, 28),
        (lambda rng, n: rng.exponential(0.001, n), 0.001, 28),
        (incidents, INCIDENT_RATE, 91),
    ],
    ids=["independent", "days that differ", "incidents"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(draw: object, truth: float, n: int) -> None:
    """95 % of the whole and of its weeks, 80 simulated services: 88 to 100 %."""
    whole, weeks = [], []
    for seed in range(80):
        frame = days(draw(np.random.default_rng(seed), n), seed=seed)
        found = sli.interval(frame["good"], frame["total"], seed=seed)
        whole.append(found.low <= 1 - truth <= found.high)
        by_week = sli.by_period(frame["good"], frame["total"])
        weeks.append(((by_week["low"] <= 1 - truth) & (1 - truth <= by_week["high"])).mean())
    assert 0.88 <= np.mean(whole) <= 1
    assert 0.90 <= np.mean(weeks) <= 0.995


@FEW
@given(st.lists(BUCKET, min_size=2, max_size=60))
def test_the_interval_holds_its_value_and_changes_no_input(buckets: list) -> None:
    """Low <= value <= high within 0 to 1, for any counts."""
    frame = as_counts(buckets)
    before = frame.copy()
    found = sli.interval(frame["good"], frame["total"])
    assert math.isnan(found.value) or 0 <= found.low <= found.value + 1e-12
    assert math.isnan(found.value) or found.value - 1e-12 <= found.high <= 1
    pd.testing.assert_frame_equal(frame, before)


def test_a_day_with_a_change_of_the_clock_has_its_own_hours(dst_day: pd.DataFrame) -> None:
    """29 March 2026 in Berlin: 23 hours of 100 events."""
    found = sli.by_period(dst_day["good"], dst_day["total"], period="day", timezone="Europe/Berlin")
    assert found["label"].tolist() == ["2026-03-28", "2026-03-29", "2026-03-30"]
    assert found["total"].tolist() == [2400, 2300, 2400]
    assert found["complete"].all()
    assert found["coverage"].eq(1.0).all()


def test_periods_have_the_columns_the_others_read(one_outage: pd.DataFrame) -> None:
    """Names and order."""
    found = sli.by_period(one_outage["good"], one_outage["total"], period="day")
    assert list(found.columns) == [
        "starts_at", "ends_at", "label", "good", "total", "ratio", "low", "high", "coverage",
        "method", "complete",
    ]  # fmt: skip


def test_a_gap_lowers_the_coverage_of_its_day_and_not_its_ratio(gap: pd.DataFrame) -> None:
    """Three hours of 24 unknown."""
    found = sli.by_period(gap["good"], gap["total"], period="day").iloc[0]
    assert found["coverage"] == 21 / 24
    assert found["ratio"] == 0.9


def test_a_period_without_traffic_has_no_ratio(no_traffic_night: pd.DataFrame) -> None:
    """Blocks of six hours: the first saw no request, and was observed."""
    found = sli.by_period(
        no_traffic_night["good"], no_traffic_night["total"], period=Window.parse("6h")
    )
    assert math.isnan(found["ratio"].iloc[0])
    assert math.isnan(found["low"].iloc[0])
    assert found["method"].iloc[0] == "none, no traffic"
    assert found["coverage"].eq(1.0).all()
    assert found["ratio"].iloc[1:].tolist() == [0.9, 0.9, 0.9]


def test_a_quiet_week_of_a_service_with_incidents_stays_uncertain() -> None:
    """Seven weeks without failure and one with a day of 10 %: no week is sure of its 100 %."""
    rates = np.zeros(56)
    rates[30] = 0.1
    frame = days(rates)
    found = sli.by_period(frame["good"], frame["total"])
    assert found["method"].eq(WIDENED + ASSUMED).all()
    assert found["ratio"].iloc[0] == 1.0
    assert found["low"].iloc[0] < 0.95


def test_the_first_and_last_week_are_marked_incomplete() -> None:
    """Ten days from a Wednesday: half of both weeks; coverage speaks of the data alone."""
    frame = counts("2026-06-03", 240, freq="h")
    found = sli.by_period(frame["good"], frame["total"])
    assert found["complete"].tolist() == [False, False]
    assert found["coverage"].tolist() == [1.0, 1.0]


@FEW
@given(st.lists(BUCKET, min_size=2, max_size=80))
def test_periods_add_up_to_the_whole(buckets: list) -> None:
    """Every known event is in exactly one period."""
    frame = as_counts(buckets)
    found = sli.by_period(frame["good"], frame["total"], period=Window.parse("7m"))
    assert (found["good"].sum(), found["total"].sum()) == _totals(frame["good"], frame["total"])


def test_one_bucket_is_too_few_for_periods() -> None:
    """Its length is unknown."""
    frame = counts("2026-06-01", 1)
    with pytest.raises(InsufficientDataError, match="at least two buckets; got 1"):
        sli.by_period(frame["good"], frame["total"])


def test_ten_requests_an_hour_cannot_resolve_99_9_percent() -> None:
    """7,200 events in 30 days: 7 failures, 13.89 % each."""
    frame = counts("2026-06-01", 48, freq="h", total=10.0)
    found = sli.low_traffic(frame["good"], frame["total"], target=0.999, window="30d")
    assert found.events == pytest.approx(7200)
    assert found.allowance == pytest.approx(7.2)
    assert found.failures_allowed == 7
    assert found.cost_of_one == pytest.approx(0.1389, abs=5e-5)
    assert found.is_low


def test_a_target_may_be_missed_by_chance_alone() -> None:
    """More than 7 of 7,200 events fail in 43 of 100 windows when one in a thousand does."""
    assert _miss_probability(7200, 7.2, error_rate=0.001) == pytest.approx(0.4311, abs=5e-5)


def test_plenty_of_traffic_is_not_low() -> None:
    """A million events an hour: one failure is nothing; 3 M at 99.9 % allow 3,000."""
    frame = counts("2026-06-01", 48, freq="h", total=3e6 / 720)
    found = sli.low_traffic(frame["good"], frame["total"], target=0.999, window="30d")
    assert found.failures_allowed == 3000
    assert not found.is_low


def test_a_gap_does_not_lower_the_traffic(gap: pd.DataFrame) -> None:
    """Unknown minutes are taken to be like the known ones: 10 a minute, 14,400 a day."""
    found = sli.low_traffic(gap["good"], gap["total"], target=0.99, window="1d")
    assert found.events == pytest.approx(14_400)


def test_without_traffic_one_failure_costs_more_than_everything() -> None:
    """Nothing may fail; the cost of one is infinite."""
    frame = counts("2026-06-01", 48, freq="h", total=0.0)
    found = sli.low_traffic(frame["good"], frame["total"], target=0.99, window="28d")
    assert (found.failures_allowed, found.cost_of_one) == (0, math.inf)
    assert found.is_low


def test_low_traffic_takes_the_true_length_of_a_calendar_window(dst_day: pd.DataFrame) -> None:
    """March 2026 in Berlin has 743 hours."""
    window = Window(unit="month", timezone="Europe/Berlin")
    found = sli.low_traffic(dst_day["good"], dst_day["total"], target=0.99, window=window)
    assert found.events == pytest.approx(74_300)


def test_a_target_in_percent_and_empty_data_are_refused() -> None:
    """The fix is in the text."""
    frame = counts("2026-06-01", 4)
    with pytest.raises(InvalidTargetError, match=r"got 99\.9\. For 99\.9 % write 0\.999"):
        sli.low_traffic(frame["good"], frame["total"], target=99.9, window="28d")
    with pytest.raises(InsufficientDataError, match="one of them known"):
        sli.low_traffic(frame["good"] * np.nan, frame["total"] * np.nan, target=0.9, window="1d")


@pytest.mark.parametrize("measure", [sli.interval, sli.by_period, sli.worst_windows])
def test_an_irregular_index_is_refused_everywhere(
    measure: object, one_outage: pd.DataFrame
) -> None:
    """The first offence is named."""
    holes = one_outage.drop(one_outage.index[5])
    with pytest.raises(TimeIndexError, match=r"00:04:00.* is followed by .*00:06:00"):
        measure(holes["good"], holes["total"])


def of_two_members() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three weeks: 1 % of cart bad, weight 3; nothing asked of pay in the second week."""
    hours = pd.date_range("2026-06-01", periods=21 * 24, freq="h", tz="UTC")
    cart, pay = Member("cart", 3.0), Member("pay", 1.0)
    total = pd.DataFrame({cart: 1000.0, pay: 50.0}, index=hours)
    total.loc["2026-06-08":"2026-06-14", pay] = 0
    return total - np.array([10, 5]) * (total > 0), total


def test_a_weighted_mean_has_the_same_mean_of_the_ends_of_its_members():
    """(3 x 0.99 + 0.9) / 4 = 0.9675, and so with both ends."""
    good, total = of_two_members()
    found = sli.interval(good, total)
    own = [sli.interval(good[member], total[member]) for member in total.columns]
    assert found.value == pytest.approx(0.9675)
    assert found.low == pytest.approx((3 * own[0].low + own[1].low) / 4)
    assert found.high == pytest.approx((3 * own[0].high + own[1].high) / 4)
    assert found.method == "weighted mean of the members' intervals"
    empty = sli.interval(total * 0, total * 0)
    assert math.isnan(empty.value)


def test_a_period_without_a_member_is_that_of_the_others():
    """pay dropped out of the second week: 0.99, that of cart."""
    found = sli.by_period(*of_two_members())
    assert found["ratio"].tolist() == pytest.approx([0.9675, 0.99, 0.9675])
    assert found["total"].tolist() == [1050 * 168, 1000 * 168, 1050 * 168]
    assert (found["low"] < found["ratio"]).all()
    assert (found["ratio"] < found["high"]).all()
    assert found["coverage"].tolist() == [1, 1, 1]


def test_a_period_in_which_a_member_is_unknown_is_unknown():
    """A gap of a week is not traffic of zero."""
    good, total = of_two_members()
    total.loc["2026-06-08":"2026-06-14", total.columns[1]] = math.nan
    found = sli.by_period(good, total)
    assert found["ratio"].isna().tolist() == [False, True, False]
    assert found["coverage"].tolist() == [1, 0, 1]
