"""Replay: laws and edges, the same buckets as Prometheus, and rules that cannot do their job."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import srelib
from srelib import alerts, objectives, windows
from srelib.alerts import Rule
from srelib.alerts.firing import (
    _answerable,
    _as_episodes,
    _delayed,
    _is_reachable,
    _joined,
    _paint,
    _spans_of,
)
from srelib.errors import (
    CountError,
    InsufficientDataError,
    InvalidTargetError,
    ParameterError,
    TimeIndexError,
)
from tests.alerts import promtool
from tests.alerts.made import DOWN, FIRST, MONITORED, PAUSED, monitor
from tests.alerts.oracle import differences
from tests.alerts.scenarios import Scenario, few

FEW = settings(max_examples=40, deadline=None)
MASKS = st.lists(st.booleans(), max_size=60).map(lambda flags: np.array(flags, dtype=bool))
SHORT = (Rule("page", "10m", "2m", 5), Rule("ticket", "1h", "5m", 2))
MINUTE = pd.Timedelta("1min")
COMPARED: dict[str, dict[str, tuple[int, int]]] = {}
POLICY = (
    Rule("page", "1h", "5m", 14.4),
    Rule("page", "6h", "30m", 6),
    Rule("ticket", "1d", "2h", 3),
)


# --- spans of buckets -----------------------------------------------------------------------


@FEW
@given(MASKS)
def test_painting_spans_gives_the_mask_back(mask: np.ndarray) -> None:
    """Spans hold all there is to know of a mask."""
    assert _paint(_spans_of(mask), len(mask)).tolist() == mask.tolist()


@FEW
@given(st.lists(st.lists(st.booleans(), min_size=40, max_size=40), min_size=1, max_size=4))
def test_joining_is_or(flags: list[list[bool]]) -> None:
    """The union of spans is the mask in which any is true."""
    masks = np.array(flags, dtype=bool)
    union = _joined([_spans_of(mask) for mask in masks])
    assert _paint(union, 40).tolist() == masks.any(axis=0).tolist()


@FEW
@given(MASKS, st.integers(0, 9))
def test_gaps_up_to_the_limit_are_closed(mask: np.ndarray, gap: int) -> None:
    """Between joined spans more than `gap` buckets remain, and no end moves."""
    starts, stops = _spans_of(mask)
    first, last = _joined([(starts, stops)], gap=gap)
    assert (first[1:] - last[:-1] > gap).all()
    assert set(first) <= set(starts)
    assert set(last) <= set(stops)


@FEW
@given(MASKS, st.integers(0, 9))
def test_waiting_needs_an_unbroken_run(mask: np.ndarray, wait: int) -> None:
    """A bucket is left when it and the `wait` buckets before it are all true."""
    wanted = [t >= wait and bool(mask[t - wait : t + 1].all()) for t in range(len(mask))]
    assert _paint(_delayed(_spans_of(mask), wait), len(mask)).tolist() == wanted


# --- firing ---------------------------------------------------------------------------------


def counts(bad: list[float], total: float = 100.0) -> tuple[pd.Series, pd.Series]:
    """Good and total of minutes with these bad events; NaN is a missing bucket."""
    index = pd.date_range("2026-06-01", periods=len(bad), freq="min", tz="UTC", unit="us")
    failed = pd.Series(bad, index, dtype="float64")
    whole = pd.Series(total, index).where(failed.notna())
    return whole - failed, whole


def fired(bad: list[float], *rules: Rule, target: float = 0.9) -> list[int]:
    """Minutes at which any rule fires."""
    good, total = counts(bad)
    found = alerts.firing(good, total, target=target, policy=rules, partial=True)
    return np.flatnonzero(found.any(axis=1)).tolist()


def test_columns_are_severities_on_the_index_of_the_input() -> None:
    """One column of booleans per severity, in the order of the policy."""
    good, total = counts([0.0] * 100)
    found = alerts.firing(good, total, target=0.99, policy=SHORT)
    assert found.columns.tolist() == ["page", "ticket"]
    assert found.index.equals(good.index)
    assert found.dtypes.tolist() == [np.dtype(bool)] * 2


def test_a_window_holds_the_bucket_and_the_ones_before() -> None:
    """A failure at minute 2 is in windows of 2 minutes at minutes 2 and 3."""
    assert fired([0, 0, 100, 0, 0], Rule("page", "2m", None, 1)) == [2, 3]


def test_the_threshold_itself_does_not_fire() -> None:
    """Exactly 10 % errors against 10 %: > does not fire, >= does."""
    assert fired([10, 10], Rule("page", "1m", None, 1)) == []
    assert fired([10, 10], Rule("page", "1m", None, 1, op=">=")) == [0, 1]


def test_waiting_starts_again_after_one_quiet_bucket() -> None:
    """With a wait of 2 minutes a run of 4 fires twice, a run of 2 never."""
    rule = Rule("page", "1m", None, 1, "2m")
    assert fired([50, 50, 50, 50, 0, 50, 50, 0], rule) == [2, 3]


def test_a_missing_bucket_resets_the_wait() -> None:
    """Nothing is known for a minute: the ratio is unknown, and the wait starts again."""
    rule = Rule("page", "1m", None, 1, "2m")
    assert fired([50, 50, np.nan, 50, 50, 50], rule) == [5]


def test_no_traffic_does_not_fire() -> None:
    """Nothing was asked: no ratio, no alert, even with >=."""
    good, total = counts([0.0] * 5, total=0.0)
    rule = Rule("page", "2m", None, 1e-9, op=">=")
    assert not alerts.firing(good, total, target=0.9, policy=(rule,)).to_numpy().any()


def test_rules_of_one_severity_wait_each_for_itself() -> None:
    """Two rules that take turns never wait long enough, though one or the other always holds."""
    long, short = Rule("page", "1m", None, 8, "2m"), Rule("page", "3m", None, 4, "2m")
    bad = [90.0, 0, 0, 90, 0, 0, 90, 0, 0]
    assert fired(bad, long) == []
    assert fired(bad, long, short) == fired(bad, short)


def test_a_wait_longer_than_a_bucket_ends_with_the_next_one() -> None:
    """90 seconds of waiting are over at the second bucket after the first."""
    assert fired([50] * 5, Rule("page", "1m", None, 1, "90s")) == [2, 3, 4]


def test_a_guard_keeps_quiet_about_few_failures() -> None:
    """5 failures in the window are not the 20 the guard asks for; 20 are."""
    rule = Rule("page", "1m", None, 0.1, min_bad=20)
    assert fired([5, 20, 5], rule) == [1]


def test_a_guard_keeps_quiet_about_few_events() -> None:
    """A window of 2 minutes has 200 events, at the start 100."""
    assert fired([50, 50, 50], Rule("page", "2m", None, 1, min_total=150)) == [1, 2]


def test_the_start_of_history_sees_what_there_is() -> None:
    """A window of one hour after one minute holds that minute."""
    assert fired([50.0] + [0.0] * 9, Rule("page", "1h", None, 1)) == [0, 1, 2, 3]


@FEW
@given(st.lists(st.integers(0, 100) | st.none(), min_size=2, max_size=120), st.integers(0, 6))
def test_replay_is_what_a_loop_over_buckets_finds(bad: list, wait: int) -> None:
    """Sums, pending and firing computed one bucket at a time, as the rules say, are the same."""
    values = [np.nan if each is None else float(each) for each in bad]
    active, wanted = 0, []
    for t in range(len(values)):
        holds = True
        for width in (10, 2):
            window = [v for v in values[max(0, t - width + 1) : t + 1] if not np.isnan(v)]
            holds &= bool(window) and sum(window) / (100 * len(window)) > 0.2
        active = active + 1 if holds else 0
        if active > wait:
            wanted.append(t)
    assert fired(values, Rule("page", "10m", "2m", 2, f"{wait}m" if wait else "0")) == wanted


@FEW
@given(st.lists(st.integers(0, 100), min_size=60, max_size=120), st.floats(1, 5))
def test_a_higher_factor_never_fires_more(bad: list[int], times: float) -> None:
    """Every bucket of the stricter rule is one of the laxer rule."""
    good, total = counts([float(each) for each in bad])
    lax, strict = (
        alerts.firing(good, total, target=0.9, policy=(Rule("page", "10m", "2m", factor),))["page"]
        for factor in (1.0, times)
    )
    assert not (strict & ~lax).any()


def test_the_input_is_left_as_it_was() -> None:
    """Replaying changes neither good nor total."""
    good, total = counts([0.0, 100.0, np.nan] * 30)
    before = good.copy(), total.copy()
    alerts.firing(good, total, target=0.99, policy=SHORT)
    pd.testing.assert_series_equal(good, before[0])
    pd.testing.assert_series_equal(total, before[1])


def test_a_window_shorter_than_a_bucket_is_refused() -> None:
    """A rule of 5 minutes is blind on hourly data."""
    index = pd.date_range("2026-06-01", periods=200, freq="h", tz="UTC")
    total = pd.Series(1.0, index)
    with pytest.raises(ParameterError, match=r"is blind: its window of 5 minutes.*1 hour"):
        alerts.firing(total, total, target=0.99, policy=alerts.workbook_policy("30d"))


def test_bad_input_is_refused() -> None:
    """Percent targets, good above total, and irregular times are clear errors."""
    good, total = counts([0.0] * 100)
    with pytest.raises(InvalidTargetError, match=r"write 0\.999"):
        alerts.firing(good, total, target=99.9, policy=SHORT)
    with pytest.raises(CountError, match="good must not exceed total"):
        alerts.firing(good + 1, total, target=0.99, policy=SHORT)
    with pytest.raises(TimeIndexError, match="apart"):
        alerts.firing(good.drop(good.index[5]), total.drop(good.index[5]), target=0.99,
                      policy=SHORT)  # fmt: skip


def test_a_window_longer_than_the_history_is_refused() -> None:
    """The error names the rule, both lengths, and `partial=True`, with which it sees what is there.

    100 minutes of which the first 3 fail: 3 % errors over all there is exceed 1 %.
    """
    good, total = counts([100.0] * 3 + [0.0] * 97)
    rule = Rule("ticket", "3d", "30m", 1)
    with pytest.raises(InsufficientDataError, match=r"3 days.*100 minutes.*partial=True"):
        alerts.firing(good, total, target=0.99, policy=(rule,))
    seen = alerts.firing(good, total, target=0.99, policy=(rule,), partial=True)["ticket"]
    assert np.flatnonzero(seen).tolist() == list(range(32))


# --- against a real Prometheus; ``python -m tests.alerts.oracle`` compares more ---------------


@pytest.fixture(scope="module")
def _promtool() -> None:
    promtool.required()


def compared(one: Scenario) -> dict[str, tuple[int, int]]:
    """Each history is given to Prometheus once."""
    if one.name not in COMPARED:
        COMPARED[one.name] = differences(one)
    return COMPARED[one.name]


@pytest.mark.usefixtures("_promtool")
@pytest.mark.parametrize("one", few(), ids=lambda one: one.name)
def test_firing_buckets_are_those_of_prometheus(one: Scenario) -> None:
    """Every bucket of every severity fires, or does not, as ``promtool test rules`` says."""
    assert {name: differ for name, (_, differ) in compared(one).items()} == dict.fromkeys(
        {rule.severity for rule in one.policy}, 0
    )


@pytest.mark.usefixtures("_promtool")
def test_the_scenarios_tell_something() -> None:
    """At least half of the histories both fire and rest in Prometheus."""
    found = [compared(one) for one in few()[:12]]
    telling = [any(0 < count < 300 for count, _ in each.values()) for each in found]
    assert sum(telling) >= 6


# --- as the Workbook works it out -----------------------------------------------------------


def outage(share: float, *, minutes: int, quiet: int = 300) -> tuple[pd.Series, pd.Series]:
    """Good and total of minutes of 10,000 events: quiet, then bad, then quiet again."""
    index = pd.date_range("2026-06-01", periods=2 * quiet + minutes, freq="min", tz="UTC")
    total = pd.Series(10_000.0, index)
    bad = (np.arange(len(index)) >= quiet) & (np.arange(len(index)) < quiet + minutes)
    return total.mask(bad, 10_000.0 * (1 - share)), total


@pytest.mark.parametrize(
    ("rule", "reset"),
    [(Rule("page", "1h", "5m", 14.4), 4.52), (Rule("page", "1h", None, 14.4), 54.24)],
)
def test_detection_and_reset_are_those_of_the_book(rule: Rule, reset: float) -> None:
    """15 % errors for 10 min: Workbook chapter 5, seen after 5.76 min, over after 4.52 or 54.24.

    A replay is late by less than a bucket.
    """
    good, total = outage(0.15, minutes=10)
    fires = alerts.firing(good, total, target=0.999, policy=(rule,))
    (episode,) = _as_episodes(fires).to_dict("records")
    assert 0 <= (episode["fired_at"] - good.index[300]) / MINUTE - 5.76 < 1
    assert 0 <= (episode["resolved_at"] - good.index[310]) / MINUTE - reset < 1


@pytest.mark.parametrize("period", ["28D", "30D"])
def test_rules_fire_when_their_share_is_spent(period: str) -> None:
    """A total outage at 99 % is paged for when 2 % of the budget is spent, and not before."""
    good, total = outage(1.0, minutes=60)
    fires = alerts.firing(
        good, total, target=0.99, policy=alerts.workbook_policy(pd.Timedelta(period))[:2]
    )
    (episode,) = _as_episodes(fires).to_dict("records")
    budget = pd.Timedelta(period) * 0.01
    spent = (episode["fired_at"] - good.index[300]) / budget
    assert 0.02 < spent <= 0.02 + MINUTE / budget


def test_a_burn_just_below_the_threshold_never_fires() -> None:
    """Workbook section 4: a burn of 35 against 36 never alerts; 36.5 does."""
    rule = Rule("page", "1h", None, 36)
    for burn, fires in ((35, False), (36.5, True)):
        good, total = outage(burn * 0.001, minutes=200)
        assert alerts.firing(good, total, target=0.999, policy=(rule,))["page"].any() == fires


# --- state logs -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> srelib.Dataset:
    """A week of an uptime monitor."""
    return monitor(tmp_path_factory.mktemp("monitor"))


def overlap(span: tuple[int, int], low: int, high: int) -> int:
    """Seconds of a span that lie between two moments."""
    return max(0, min(span[1], high) - max(span[0], low))


def by_hand(rule: Rule, minute: int) -> bool:
    """Whether a rule fires at the end of a minute, by exact arithmetic on the outages."""
    end = (minute + 1) * 60
    for window in rule.windows:
        low, high = end - window // pd.Timedelta("1s"), min(end, MONITORED)
        known = max(0, high - max(low, 0)) - overlap(PAUSED, low, high)
        bad = sum(overlap(span, low, high) for span in DOWN)
        limit = Fraction(str(rule.factor)) * Fraction("0.005")
        if not known or not Fraction(bad, known) > limit:
            return False
    return True


def test_burn_rates_weighted_by_time_fire_minute_by_minute(dataset):
    """Every minute of a week, against exact fractions of the seconds in each window."""
    ((key, counts),) = objectives.with_target(dataset).items()
    assert key.weighting == "time"
    fires = alerts.firing(counts.good, counts.total, target=0.995, policy=POLICY)
    for severity in ("page", "ticket"):
        rules = [rule for rule in POLICY if rule.severity == severity]
        wanted = [any(by_hand(rule, n) for rule in rules) for n in range(len(fires))]
        assert fires[severity].tolist() == wanted
        assert 0 < sum(wanted) < len(wanted)


def test_ratios_of_the_grid_are_those_of_the_log(dataset):
    """The reader's minutes, rolled, against the moments the state changed, without a grid."""
    ((_, counts),) = objectives.with_target(dataset).items()
    ends = (pd.DatetimeIndex(counts.total.index) - FIRST) // pd.Timedelta("1s") + 60
    for window, seconds in (("5m", 300), ("1h", 3_600), ("1d", 86_400)):
        known = [min(end, MONITORED) - max(end - seconds, 0) - overlap(PAUSED, end - seconds, end)
                 for end in ends]  # fmt: skip
        bad = [sum(overlap(span, end - seconds, end) for span in DOWN) for end in ends]
        wanted = [1 - b / k if k else np.nan for b, k in zip(bad, known, strict=True)]
        found = windows.rolling_ratio(counts.good, counts.total, window=window)
        np.testing.assert_allclose(found.to_numpy(), wanted, rtol=0, atol=1e-12)


# --- review ---------------------------------------------------------------------------------


def reviewed(per_bucket: float, *rules: Rule, target: float, freq: str = "h") -> pd.DataFrame:
    """Review of rules on 30 days of even traffic."""
    index = pd.date_range("2026-06-01", "2026-07-01", freq=freq, tz="UTC", inclusive="left")
    total = pd.Series(per_bucket, index)
    return alerts.review(total, total, target=target, policy=rules)


def test_two_percent_in_an_hour_cannot_fire_at_ninety_percent() -> None:
    """Golden: a rule is reachable if and only if factor * (1 - target) < 1."""
    found = reviewed(100, *alerts.workbook_policy("30d"), target=0.9, freq="min")
    assert found["reachable"].tolist() == [False, True, True, True]


def test_one_failure_in_ten_requests_an_hour_fires() -> None:
    """Golden: 10 requests an hour at 99.9 %, one failure is a burn rate of 100.

    The Workbook prints 1,000: one in ten is 0.1, and 0.1 / 0.001 = 100.
    """
    index = pd.date_range("2026-06-01", periods=48, freq="h", tz="UTC")
    total = pd.Series(10.0, index)
    good = total.where(index != index[20], 9.0)
    burn = 1 / 10 / 0.001
    assert burn == pytest.approx(100)
    fires = {
        factor: alerts.firing(good, total, target=0.999, policy=(Rule("page", "1h", None, factor),))
        for factor in (99.9, 100.1)
    }
    assert fires[99.9]["page"].sum() == 1
    assert fires[100.1]["page"].sum() == 0
    found = reviewed(10, Rule("page", "1h", "1h", 14.4), target=0.999)
    assert found["one_failure_fires"].tolist() == [True]


def test_a_guard_stops_single_failures() -> None:
    """With at least 5 failures asked for, five are the fewest that fire."""
    rule = Rule("page", "1h", None, 14.4, min_bad=5)
    found = reviewed(10, rule, target=0.999)
    assert found["one_failure_fires"].tolist() == [False]
    assert found["failures_to_fire"].tolist() == [5.0]


@pytest.mark.parametrize(("op", "fewest"), [(">", 11.0), (">=", 10.0)])
def test_at_the_threshold_the_comparison_decides(op: str, fewest: float) -> None:
    """1,000 an hour at 99.9 % and 10x: exactly 10 failures fire only with >=."""
    found = reviewed(1000, Rule("page", "1h", None, 10, op=op), target=0.999)
    assert found["failures_to_fire"].tolist() == [fewest]


def test_rules_finer_than_a_bucket_are_blind() -> None:
    """Hourly data cannot answer windows of 5 and 30 minutes."""
    found = reviewed(100, *alerts.workbook_policy("30d"), target=0.99)
    assert found["blind"].tolist() == [True, True, False, False]


def test_windows_longer_than_the_history_are_named() -> None:
    """Two days cannot answer three."""
    index = pd.date_range("2026-06-01", periods=2 * 1440, freq="min", tz="UTC")
    total = pd.Series(100.0, index)
    found = alerts.review(total, total, target=0.99, policy=alerts.workbook_policy("30d"))
    assert found["too_long"].tolist() == [False, False, False, True]


def test_without_traffic_nothing_is_known_of_failures() -> None:
    """No traffic: no count of failures, and no claim that one fires."""
    found = reviewed(0, Rule("page", "1h", None, 1), target=0.99)
    assert np.isnan(found["failures_to_fire"]).tolist() == [True]
    assert found["one_failure_fires"].tolist() == [False]


def test_what_a_history_can_answer_is_left() -> None:
    """Hourly data of two days: only the rule of one day with 2 hours."""
    counts = pd.Series(1.0, pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC"))
    left = _answerable(alerts.workbook_policy("30d"), windows.history(counts, counts))
    assert [rule.long for rule in left] == [pd.Timedelta("1D")]


@pytest.mark.parametrize(
    ("target", "factor", "reachable"),
    [(0.9, 14.4, False), (0.9, 9.99, True), (0.9, 10, False), (0.99, 14.4, True), (0.5, 2, False)],
)
def test_a_rule_is_reachable_when_an_outage_fires_it(
    target: float, factor: float, reachable: bool
) -> None:
    """factor * (1 - target) < 1; at exactly 1 even a total outage does not exceed it."""
    assert _is_reachable(Rule("page", "1h", "5m", factor), target=target) is reachable


def test_at_least_reaches_exactly_one() -> None:
    """A rule with >= fires when an outage reaches its threshold of exactly 1."""
    assert _is_reachable(Rule("page", "1h", "5m", 10, op=">="), target=0.9)


def test_a_total_outage_is_timed_on_paper_and_in_buckets() -> None:
    """99.9 % and 14.4x in 1 h: 51.84 s on paper, 5 min in 5-minute buckets; a wait adds.

    Hours are blind to 5 minutes, and what is not reachable never fires.
    """
    rules = (Rule("page", "1h", "5m", 14.4), Rule("page", "1h", "5m", 14.4, "7m"),
             Rule("page", "1h", None, 1001))  # fmt: skip
    found = reviewed(100, *rules, target=0.999, freq="5min")
    assert found["on_paper"].tolist()[:2] == [pd.Timedelta("51.84s"), pd.Timedelta("471.84s")]
    assert found["replayed"].tolist()[:2] == [pd.Timedelta("5min"), pd.Timedelta("15min")]
    assert found.loc[2, ["on_paper", "replayed"]].isna().all()
    assert reviewed(100, rules[0], target=0.999)["replayed"].isna().all()


def test_an_alert_without_an_end_is_merged_with_what_follows():
    """Open at the end of the record: whatever fires later belongs to it."""
    index = pd.date_range("2026-01-01", periods=600, freq="min", tz="UTC", unit="us")
    rows = pd.DataFrame({"severity": "page", "fired_at": index[[10, 30]],
                         "resolved_at": [pd.NaT, index[40]]})  # fmt: skip
    rows["resolved_at"] = rows["resolved_at"].dt.as_unit("us")
    found = _as_episodes(rows, merge="1h")
    assert len(found) == 1
    assert found["resolved_at"].isna().all()
