"""Policies: the ready-made ones as published, and what cannot be a rule."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import Rule
from srelib.errors import InvalidTargetError, ParameterError
from srelib.windows import Window


def lengths(*texts: str) -> list[pd.Timedelta]:
    """Several lengths of time."""
    return [pd.Timedelta(text) for text in texts]


def test_the_workbook_policy_for_30_days_is_that_of_the_book() -> None:
    """Workbook table 5-8: 14.4, 6 and 1 over 1 h, 6 h and 3 d, short windows a twelfth."""
    rules = alerts.workbook_policy("30d")
    assert [rule.factor for rule in rules] == [14.4, 6.0, 3.0, 1.0]
    assert [rule.long for rule in rules] == lengths("1h", "6h", "1D", "3D")
    assert [rule.short for rule in rules] == lengths("5min", "30min", "2h", "6h")
    assert [rule.severity for rule in rules] == ["page", "page", "ticket", "ticket"]
    assert {rule.wait for rule in rules} == {pd.Timedelta(0)}


def test_factors_follow_the_period() -> None:
    """2 % in 1 h, 5 % in 6 h, 10 % in 1 d and in 3 d of 28 days: 13.44, 5.6, 2.8, 0.9333."""
    factors = [rule.factor for rule in alerts.workbook_policy("28d")]
    assert factors[:3] == [13.44, 5.6, 2.8]
    assert factors[3] == pytest.approx(0.9333, abs=5e-5)


def test_a_calendar_month_counts_30_days() -> None:
    """A calendar window gets the factors of the SRE book's round lengths."""
    month = Window(unit="month", timezone="Europe/Berlin")
    assert alerts.workbook_policy(month) == alerts.workbook_policy("30d")


def test_pyrra_scales_windows_and_keeps_factors() -> None:
    """slo/rules.go for 28 d: 1h/5m for 2m, 6h/30m for 15m, 1d/2h for 1h, 4d/6h for 3h."""
    rules = alerts.pyrra_policy("28d")
    assert [rule.factor for rule in rules] == [14, 7, 2, 1]
    assert [rule.long for rule in rules] == lengths("1h", "6h", "1D", "4D")
    assert [rule.short for rule in rules] == lengths("5min", "30min", "2h", "6h")
    assert [rule.wait for rule in rules] == lengths("2min", "15min", "1h", "3h")


def test_pyrra_rounds_to_whole_minutes() -> None:
    """30 d / 672 = 64.29 min and 30 d / 20160 = 2.14 min become 64 and 2."""
    rules = alerts.pyrra_policy("30d")
    assert [rule.long for rule in rules] == lengths("64min", "386min", "1543min", "6171min")
    assert [rule.wait for rule in rules] == lengths("2min", "16min", "64min", "193min")


def test_grafana_compares_with_at_least() -> None:
    """Grafana's rules use >= and keep the factors of 30 days whatever the period."""
    rules = alerts.grafana_policy("28d")
    assert {rule.op for rule in rules} == {">="}
    assert [rule.factor for rule in rules] == [14.4, 6.0, 3.0, 1.0]


def test_the_earlier_attempts_are_those_of_the_book() -> None:
    """Workbook chapter 5, sections 1 to 5, for 30 days: 10 m, 36 h, for 1 h, 36x, 14.4/6/1."""
    attempts = list(alerts.earlier_attempts("30d").values())
    first, second, third, fourth, fifth = attempts
    assert (first[0].long, first[0].factor) == (pd.Timedelta("10min"), 1)
    assert (second[0].long, second[0].factor) == (pd.Timedelta("36h"), 1)
    assert (third[0].wait, third[0].factor) == (pd.Timedelta("1h"), 1)
    assert (fourth[0].long, fourth[0].factor) == (pd.Timedelta("1h"), 36)
    assert [(rule.factor, rule.severity) for rule in fifth] == [
        (14.4, "page"), (6.0, "page"), (1.0, "ticket"),
    ]  # fmt: skip
    assert all(rule.short is None for rules in attempts for rule in rules)


@pytest.mark.parametrize(
    ("factor", "target", "limit"),
    [(14.4, 0.999, 0.0144), (14.4, 0.9, 1.44), (6, 0.999, 0.006), (13.44, 0.995, 0.0672)],
)
def test_thresholds_are_those_one_would_write(factor: float, target: float, limit: float) -> None:
    """factor * (1 - target) in decimal, so that binary rounding cannot tip a comparison."""
    assert alerts.threshold(Rule("page", "1h", None, factor), target=target) == limit


def test_a_guard_is_put_on_every_rule() -> None:
    """The low-traffic guard leaves everything else as it was."""
    policy = alerts.workbook_policy("30d")
    guarded = alerts.guarded(policy, min_bad=3, min_total=100)
    assert {(rule.min_bad, rule.min_total) for rule in guarded} == {(3.0, 100.0)}
    assert [rule.long for rule in guarded] == [rule.long for rule in policy]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"factor": 0}, "factor must be a positive number; got 0"),
        ({"factor": -1}, "factor must be a positive number; got -1"),
        ({"factor": float("nan")}, "factor must be a positive number"),
        ({"short": "2h"}, "short must not be longer than long.*swap"),
        ({"wait": pd.Timedelta("-1min")}, "wait must not be negative"),
        ({"op": "<"}, "op must be one of >, >=; got '<'"),
        ({"severity": " "}, "severity must be text"),
        ({"min_bad": -1}, "min_bad must not be negative"),
        ({"long": "1 hour"}, "a window is a number"),
        ({"long": "0m"}, "duration must be positive"),
        ({"long": Window(unit="month")}, "long must be a length of time"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_is_refused(wrong: dict, match: str) -> None:
    """The error names the field and the value seen."""
    usual = {"severity": "page", "long": "1h", "short": "5m", "factor": 14.4}
    with pytest.raises(ParameterError, match=match):
        Rule(**{**usual, **wrong})


def test_a_policy_without_rules_is_refused() -> None:
    """The error says what to write instead."""
    with pytest.raises(ParameterError, match=r"at least one rule; got none.*workbook_policy"):
        alerts.check_policy(())


def test_what_is_no_rule_is_refused() -> None:
    """A policy of numbers is no policy."""
    with pytest.raises(ParameterError, match=r"a policy holds alerts\.Rule; got 14\.4"):
        alerts.check_policy((14.4,))


def test_a_percentage_is_no_target() -> None:
    """99.9 is refused with the fix."""
    with pytest.raises(InvalidTargetError, match=r"For 99\.9 % write 0\.999"):
        alerts.threshold(Rule("page", "1h", None, 1), target=99.9)


def test_a_rule_reads_as_a_sentence() -> None:
    """Severity, burn rate, windows and wait in words."""
    assert str(Rule("page", "6h", "30m", 7, "15m")) == (
        "page: 7x over 6 hours and 30 minutes, for 15 minutes"
    )
