"""Rules that cannot do their job: unreachable, blind, trigger-happy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import Rule


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


def test_one_failure_of_seven_allowed_is_a_seventh_of_the_budget() -> None:
    """Golden: 10 requests an hour at 99.9 % for 30 days: 7.2 allowed, one costs 13.89 %."""
    index = pd.date_range("2026-06-01", periods=720, freq="h", tz="UTC")
    total = pd.Series(10.0, index)
    went = alerts.spending(total.where(index != index[9], 9.0), total, target=0.999, period="30d")
    assert went.spent[-1] == pytest.approx(0.1389, abs=5e-5)
    budget = alerts.period_budget(alerts.history(total, total), target=0.999, period="30d")
    assert int(budget) == 7


def test_a_guard_stops_single_failures() -> None:
    """With at least 5 failures asked for, five are the fewest that fire."""
    rule = Rule("page", "1h", None, 14.4, min_bad=5)
    found = reviewed(10, rule, target=0.999)
    assert found["one_failure_fires"].tolist() == [False]
    assert found["failures_to_fire"].tolist() == [5.0]


@pytest.mark.parametrize(("op", "fewest"), [(">", 15.0), (">=", 15.0)])
def test_the_fewest_failures_that_fire(op: str, fewest: float) -> None:
    """1,000 an hour at 99.9 % and 14.4x: 14.4 failures, so 15 with either comparison."""
    found = reviewed(1000, Rule("page", "1h", None, 14.4, op=op), target=0.999)
    assert found["failures_to_fire"].tolist() == [fewest]


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
    left = alerts.answerable(
        alerts.workbook_policy("30d"), step=pd.Timedelta("1h"), length=pd.Timedelta("2D")
    )
    assert [rule.long for rule in left] == [pd.Timedelta("1D")]
