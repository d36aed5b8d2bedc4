"""Replay: laws and edges; that it equals Prometheus is shown in test_oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import alerts
from srelib.alerts import Rule
from srelib.errors import (
    CountError,
    InsufficientDataError,
    InvalidTargetError,
    ParameterError,
    TimeIndexError,
)

FEW = settings(max_examples=40, deadline=None)
SHORT = (Rule("page", "10m", "2m", 5), Rule("ticket", "1h", "5m", 2))


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


def test_a_window_longer_than_the_history_is_refused() -> None:
    """The error names the rule, both lengths and the ways out."""
    good, total = counts([0.0] * 100)
    with pytest.raises(InsufficientDataError, match=r"looks back 3 days.*100 minutes.*answerable"):
        alerts.firing(good, total, target=0.99, policy=(Rule("ticket", "3d", "6h", 1),))


def test_a_window_shorter_than_a_bucket_is_refused() -> None:
    """A rule of 5 minutes is blind on hourly data."""
    index = pd.date_range("2026-06-01", periods=200, freq="h", tz="UTC")
    total = pd.Series(1.0, index)
    with pytest.raises(ParameterError, match=r"is blind: its window of 5 minutes.*1 hour"):
        alerts.firing(total, total, target=0.99, policy=alerts.workbook_policy("30d"))


def test_a_policy_without_rules_is_refused() -> None:
    """The error says what to write instead."""
    good, total = counts([0.0] * 100)
    with pytest.raises(ParameterError, match="at least one rule"):
        alerts.firing(good, total, target=0.99, policy=())


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
