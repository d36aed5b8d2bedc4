"""Candidates: published figures, hand-worked histories, laws, and what is refused."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import srelib
from srelib import alerts, fleet, objectives, policy, tables, targets, windows
from srelib.alerts.firing import _as_episodes
from srelib.errors import InsufficientDataError, InvalidTargetError, ParameterError
from srelib.policy.daily import _recorded_freezes
from srelib.targets.candidates import _freeze_days, _pages
from srelib.windows import Member, Window
from tests.targets.made import hours

ROOT = Path(__file__).parents[2]


def table(counts: pd.DataFrame, window="28d", **options) -> pd.DataFrame:
    """Candidates by target."""
    found = targets.candidates(counts["good"], counts["total"], window=window, **options)
    return found.set_index("target")


@pytest.mark.parametrize(
    ("window", "target", "minutes"),
    [
        # Site Reliability Engineering, appendix A: year 365 d, quarter 90 d, month 30 d
        ("30d", 0.99, 7.2 * 60), ("30d", 0.999, 43.2), ("30d", 0.9995, 21.6),
        ("90d", 0.999, 2.16 * 60), ("90d", 0.9999, 12.96), ("7d", 0.99, 1.68 * 60),
        ("365d", 0.99, 3.65 * 1440), ("365d", 0.9995, 4.38 * 60), ("28d", 0.999, 40.32),
    ],
)  # fmt: skip
def test_allowed_minutes_are_those_of_the_book(window, target, minutes):
    """Appendix A of the SRE book; 40.32 minutes over four weeks."""
    found = table(hours(4), window, targets=[target])
    assert found.loc[target, "budget_minutes"] == pytest.approx(minutes)


def test_the_budget_in_events_is_that_of_the_workbook():
    """3 million requests in four weeks at 99.9 % allow 3,000 errors (Workbook, chapter 2)."""
    found = table(hours(8, total=3_000_000 / 672), targets=[0.999])
    assert found.loc[0.999, "budget_events"] == pytest.approx(3_000)


def test_calendar_windows_have_their_true_length():
    """July in Berlin, the first whole month after June: 31 days of 24 hours."""
    month = Window(unit="month", timezone="Europe/Berlin")
    found = table(hours(13), month, targets=[0.999])
    assert found.loc[0.999, "budget_minutes"] == pytest.approx(31 * 1440 * 0.001)


def test_the_share_of_past_windows_met_is_counted_by_hand():
    """A bad hour in the last week of thirteen: of 64 windows of 28 days, 7 hold it."""
    counts = hours()
    counts.iloc[-24 * 7, 0] = 0.0  # 1,000 of 672,000 events of a window
    found = table(counts, targets=[0.99, 0.999])
    assert found.loc[0.99, "met"] == 1
    assert found.loc[0.999, ["windows", "met"]].tolist() == [64, 57 / 64]
    assert found.loc[0.999, "independent"] == pytest.approx(13 / 4)
    assert found.loc[0.999, "met_low"] < 0.5  # three windows' worth of evidence, not 64


def test_calendar_months_are_counted_once():
    """April, May and June by UTC minus the days missing: two whole months from 30 March."""
    found = table(hours(), Window(unit="month"), targets=[0.99])
    assert found.loc[0.99, ["windows", "independent"]].tolist() == [2, 2]


def test_freeze_days_are_those_with_the_budget_overspent():
    """The bad hour keeps it overspent on the 28 mornings that follow, of 77 with half a window."""
    counts = hours()
    counts.iloc[24 * 28 + 12, 0] = 0.0
    found = table(counts, targets=[0.99, 0.999])
    assert found.loc[0.99, "freeze_days"] == 0
    assert found.loc[0.999, "freeze_days"] == pytest.approx(28 / 77 * 90)


def test_a_budget_spent_exactly_freezes_nothing():
    """672 failures of 672,000 events spend 100 % of 99.9 %: nothing is left, nothing overspent."""
    counts = hours()
    counts.iloc[24 * 28 + 12, 0] = 1000.0 - 672
    assert table(counts, targets=[0.999]).loc[0.999, "freeze_days"] == 0
    counts.iloc[24 * 28 + 12, 0] -= 1
    assert table(counts, targets=[0.999]).loc[0.999, "freeze_days"] == pytest.approx(28 / 77 * 90)


def test_a_calendar_budget_freezes_by_what_the_period_is_expected_to_allow():
    """April: 720 failures are 100 % of 99.9 %; 721 early on 10 April freeze 10 to 30 April."""
    counts = hours()
    counts.iloc[24 * 11 + 5, 0] = 1000.0 - 721
    found = _freeze_days(
        windows.history(counts["good"], counts["total"]),
        targets=[0.999],
        window=Window(unit="month"),
    )
    assert found[["days", "frozen"]].values.tolist() == [[89, 21]]  # 1 April to 28 June


def test_freeze_days_are_those_of_the_replay_without_releases():
    """One rule: what `policy.replay` says of the same budget where there is nothing to hold."""
    counts = hours()
    counts.iloc[24 * 40 : 24 * 40 + 3, 0] = 0.0
    none = tables.empty("deployments")
    past = windows.history(counts["good"], counts["total"])
    for rule in policy.ready_made().values():
        window = Window.parse("28d")
        judged, frozen = _recorded_freezes(past, target=0.999, window=window, policy=rule)
        replayed = policy.replay(
            counts["good"], counts["total"], none, target=0.999, policy=rule, window="28d"
        )
        assert (judged & frozen).sum() == replayed.avoided.frozen_days


def test_pages_agree_with_the_replay_of_the_alerts():
    """The same episodes as `alerts.firing` finds, target by target."""
    index = pd.date_range("2026-01-01", periods=1440 * 14, freq="min", tz="UTC", unit="us")
    rng = np.random.default_rng(3)
    total = pd.Series(rng.poisson(50, len(index)).astype(float), index)
    good = total - rng.binomial(total.astype(int), 0.002)
    for day in (2, 5, 9):
        good[(index.day == day) & (index.hour == 4)] *= 0.5
    good = np.floor(good)
    past, policy = windows.history(good, total), alerts.workbook_policy("28d")
    found = _pages(past, targets=[0.98, 0.99, 0.999], policy=policy)
    for target in found.index:
        fires = alerts.firing(good, total, target=target, policy=policy[:2])
        several = _as_episodes(fires, merge="1h").query("severity == 'page'")
        assert found.loc[target, "pages"] == len(several)
        assert found.loc[target, "pages_per_week"] == pytest.approx(len(several) / 2)


def test_a_target_no_rule_can_page_at_says_so():
    """13.44 times a budget of 10 % is more than everything: a total outage stays silent."""
    index = pd.date_range("2026-01-01", periods=1440 * 8, freq="min", tz="UTC", unit="us")
    total = pd.Series(10.0, index)
    past = windows.history(total.where(index.day != 3, 0.0), total)
    rules = [alerts.Rule("page", "1h", "5m", 13.44)]
    found = _pages(past, targets=[0.9, 0.99], policy=rules)
    assert found["can_page"].tolist() == [False, True]
    assert found["pages"].tolist() == [0, 1]


def test_without_an_answerable_rule_pages_are_unknown():
    """Hourly counts cannot answer a window of five minutes."""
    found = table(hours(8), targets=[0.99])
    assert math.isnan(found.loc[0.99, "pages_per_week"])


def test_the_traffic_sets_the_strictest_target():
    """100 requests a day are 2,800 a window: one event is 1 in 2,800, ten are 1 in 280."""
    row = table(hours(8, total=100 / 24), targets=[0.99]).iloc[0]
    assert row["events"] == pytest.approx(2800)
    assert row["strictest"] == pytest.approx(1 - 1 / 2800)
    assert row["steady"] == pytest.approx(1 - 10 / 2800)


def test_time_is_resolved_by_the_bucket():
    """Up and down in hours of 3,600 s: nothing shorter than an hour can go wrong."""
    row = table(hours(8, total=3600.0), targets=[0.99], weighting="time").iloc[0]
    assert row["strictest"] == pytest.approx(1 - 1 / 672)
    assert math.isnan(row["chance"])


def test_the_background_is_the_ordinary_day_and_incidents_do_not_move_it():
    """Ten failures a day in 24,000 events, and one day with 9,000 more."""
    counts = hours()
    counts.loc[counts.index.hour == 3, "good"] -= 10
    counts.iloc[24 * 40 : 24 * 40 + 9, 0] = 0.0
    assert table(counts, targets=[0.99]).iloc[0]["background"] == pytest.approx(10 / 24_000)


def test_chance_alone_is_that_of_the_binomial_at_the_background_rate():
    """Three failures a day in 3,000 events: 84,000 a window, of which 99.9 % allows 84."""
    counts = hours(8, total=125.0)
    counts.loc[counts.index.hour == 3, "good"] -= 3
    row = table(counts, targets=[0.999]).iloc[0]
    assert row["background"] == pytest.approx(0.001)
    assert row["chance"] == pytest.approx(binom.sf(84, 84_000, 0.001))


def test_an_extra_nine_is_what_dependencies_must_have():
    """99.99 % a year is 52.56 min; five dependencies at 99.999 % take 26.28 (Treynor 2017)."""
    found = targets.ceiling(dict.fromkeys("abcde", 0.99999))
    year = 365 * 1440
    assert year * (1 - 0.9999) == pytest.approx(52.56)
    assert year * found.taken == pytest.approx(26.28)
    assert found.allows(0.9999)
    assert not found.allows(0.99995)


def test_a_shared_dependency_weighs_by_its_share():
    """One of five shards of a 99.9 % dependency takes a fifth of its budget."""
    found = targets.ceiling({"shard": {"target": 0.999, "share": 0.2}, "auth": 0.9999})
    assert found.taken == pytest.approx(0.0003)
    assert (found.narrowest, found.advised) == ("shard", pytest.approx(0.998))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"shop"', "dependencies must be JSON such as"),
        ("[1]", "dependencies must look like"),
        ('{"shop": 0.99}', "dependencies must look like"),
        ('{"shop": {"db": {"share": 1}}}', "has a target and perhaps a share"),
        ('{"shop": {"db": {"target": 0.99, "share": 2}}}', "above 0 and at most 1; got 2"),
    ],
)
def test_dependencies_that_cannot_be_read_are_refused(text, error):
    """The text names the shape that is wanted."""
    with pytest.raises(ParameterError, match=error):
        targets.parse_dependencies(text)


def test_dependencies_are_fractions():
    """99.9 is refused with the fix."""
    with pytest.raises(InvalidTargetError, match=r"For 99\.9 % write 0\.999"):
        targets.parse_dependencies('{"shop": {"db": 99.9}}')
    assert (
        targets.parse_dependencies("")
        == targets.parse_dependencies("{}")
        == targets.parse_dependencies('{"a": {}}')
        == {}
    )


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"window": "1h"}, ParameterError, "window must be at least a day long; got 1 hour"),
        ({"targets": []}, ParameterError, "targets must hold at least one"),
        ({"targets": [99.9]}, InvalidTargetError, "got 99.9. For 99.9 % write 0.999"),
        ({"weighting": "bytes"}, ParameterError, "weighting must be one of events, time"),
    ],
)
def test_what_cannot_be_a_candidate_is_refused(options, error, text):
    """Windows of hours, no targets, percent, unknown weighting."""
    with pytest.raises(error, match=text):
        table(hours(4), **{"window": "28d", **options})


def test_no_traffic_is_no_basis():
    """Zero events are neither a kept nor a missed target."""
    with pytest.raises(InsufficientDataError, match="there is no traffic"):
        table(hours(8, total=0.0))


def test_buckets_of_a_week_cannot_tell_days():
    """Finer data is asked for."""
    weekly = hours(20).resample("7D").sum()
    with pytest.raises(InsufficientDataError, match="export finer data"):
        table(weekly)


def test_the_same_input_gives_the_same_numbers_and_is_left_alone():
    """Seeded; counts are not touched."""
    counts = hours(8)
    counts.iloc[30, 0] = 700.0
    before = counts.copy()
    pd.testing.assert_frame_equal(table(counts), table(counts))
    pd.testing.assert_frame_equal(counts, before)


def test_less_than_a_week_has_no_probability():
    """Six days: nothing to draw from; what can be counted still is."""
    found = table(hours(6 / 7), "7d", targets=[0.99])
    assert math.isnan(found.loc[0.99, "probability"])
    assert found.loc[0.99, "weeks"] == 0
    assert found.loc[0.99, "weeks_needed"] == 4


@pytest.mark.parametrize("text", ["28", "28d fiscal", "x"])
def test_a_window_that_is_none_is_refused(text):
    """The shape is named."""
    with pytest.raises(ParameterError, match="window"):
        targets.window_of(None, text)


# The sample


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    """Candidates of three objectives, by service."""
    dataset = srelib.load(ROOT / "data" / "sample")
    three = ("checkout", "partner-api", "catalog")
    chosen = {k: c for k, c in objectives.with_target(dataset).items()
              if k.sli == "availability" and k.service in three}  # fmt: skip
    found = fleet.each(chosen, lambda key, c: targets.candidates(
        c["good"], c["total"], window=key.window, current=key.target))  # fmt: skip
    return {key.service: table for key, table in found.items()}


@pytest.fixture(scope="module")
def truth() -> dict[str, dict]:
    """Planted sums of the availability of every service."""
    text = (ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8")
    return {row["service"]: row for row in json.loads(text)["slis"]
            if row["sli"] == "availability"}  # fmt: skip


def test_little_traffic_sets_the_strictest_target(sample, truth):
    """All events of thirteen weeks, planted, times 4/13: one of them is the strictest budget."""
    row = sample["partner-api"].iloc[0]
    events = truth["partner-api"]["all_total"] * 4 / 13
    assert row["events"] == pytest.approx(events, rel=0.01)
    assert row["strictest"] == pytest.approx(1 - 1 / events, abs=1e-5)
    assert row["steady"] < row["strictest"]
    advice = targets.recommend(sample["partner-api"], pass_probability=0.7)
    assert advice.target <= row["steady"]


def test_the_ordinary_day_is_the_planted_background(sample):
    """Errors with nothing special going on: 0.06 % of checkout's requests were planted."""
    assert sample["checkout"].iloc[0]["background"] == pytest.approx(0.0006, rel=0.1)


def test_releases_that_break_make_the_promise_too_strict(sample, truth):
    """0.59 % bad against 0.5 % allowed on average: loosened, to what twice that share leaves."""
    bad = 1 - truth["checkout"]["good"] / truth["checkout"]["total"]
    assert bad > 0.005
    advice = targets.recommend(sample["checkout"])
    assert advice.verdict == "loosen"
    assert 1 - advice.target > bad


def test_a_calendar_month_in_berlin_is_july(sample, truth):
    """The data ends on 29 June: the next whole month has 31 days, with the planted traffic."""
    row = sample["catalog"].iloc[0]
    events = truth["catalog"]["all_total"] / 91 * 31
    assert row["budget_minutes"] == pytest.approx((1 - row["target"]) * 31 * 1440)
    assert row["events"] == pytest.approx(events, rel=0.03)
    assert (row["windows"], row["weeks_needed"]) == (2, 9)  # April and May


def test_a_weighted_mean_is_exact_over_past_windows_and_has_no_pages():
    """Twelve weeks of cart at 99.9 % and pay at 99.7 %, equal weights: 99.8 % in every window."""
    index = pd.date_range("2026-03-30", periods=24 * 84, freq="h", tz="UTC")
    total = pd.DataFrame({Member("cart"): 9000.0, Member("pay"): 1000.0}, index=index)
    good = total - np.array([9.0, 3.0])
    found = targets.candidates(good, total, window="28d", weighting="time",
                               targets=[0.99, 0.998, 0.9981])  # fmt: skip
    assert found["met"].tolist() == [1, 1, 0]
    assert found["pages"].isna().all()
    assert found["budget_events"].tolist() == pytest.approx([67200, 13440, 12768])
    assert found["probability"].iloc[0] > 0.9
