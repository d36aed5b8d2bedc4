"""Policies: as published, as people write them, and what cannot be a rule."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import alerts
from srelib.alerts import Rule, policies
from srelib.alerts.policies import (
    _builtin_policies,
    _candidate_policies,
    _earlier_attempts,
    _grafana_policy,
    _guarded,
    _pyrra_policy,
    _threshold,
)
from srelib.errors import InvalidTargetError, ParameterError
from srelib.slos.files import _shorthand
from srelib.windows import Window

PERIOD = "30d"


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
    rules = _pyrra_policy("28d")
    assert [rule.factor for rule in rules] == [14, 7, 2, 1]
    assert [rule.long for rule in rules] == lengths("1h", "6h", "1D", "4D")
    assert [rule.short for rule in rules] == lengths("5min", "30min", "2h", "6h")
    assert [rule.wait for rule in rules] == lengths("2min", "15min", "1h", "3h")


def test_pyrra_rounds_to_whole_minutes() -> None:
    """30 d / 672 = 64.29 min and 30 d / 20160 = 2.14 min become 64 and 2."""
    rules = _pyrra_policy("30d")
    assert [rule.long for rule in rules] == lengths("64min", "386min", "1543min", "6171min")
    assert [rule.wait for rule in rules] == lengths("2min", "16min", "64min", "193min")


def test_grafana_compares_with_at_least() -> None:
    """Grafana's rules use >= and keep the factors of 30 days whatever the period."""
    rules = _grafana_policy()
    assert {rule.op for rule in rules} == {">="}
    assert [rule.factor for rule in rules] == [14.4, 6.0, 3.0, 1.0]


def test_the_earlier_attempts_are_those_of_the_book() -> None:
    """Workbook chapter 5, sections 1 to 5, for 30 days: 10 m, 36 h, for 1 h, 36x, 14.4/6/1."""
    attempts = list(_earlier_attempts("30d").values())
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
    assert _threshold(Rule("page", "1h", None, factor), target=target) == limit


def test_a_guard_is_put_on_every_rule() -> None:
    """The low-traffic guard leaves everything else as it was."""
    policy = alerts.workbook_policy("30d")
    guarded = _guarded(policy, min_bad=3, min_total=100)
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
        policies._check_policy(())


def test_what_is_no_rule_is_refused() -> None:
    """A policy of numbers is no policy."""
    with pytest.raises(ParameterError, match=r"a policy holds alerts\.Rule; got 14\.4"):
        policies._check_policy((14.4,))


def test_a_percentage_is_no_target() -> None:
    """99.9 is refused with the fix."""
    with pytest.raises(InvalidTargetError, match=r"For 99\.9 % write 0\.999"):
        _threshold(Rule("page", "1h", None, 1), target=99.9)


def test_a_rule_reads_as_a_sentence() -> None:
    """Severity, burn rate, windows and wait in words."""
    assert str(Rule("page", "6h", "30m", 7, "15m")) == (
        "page: 7x over 6 hours and 30 minutes, for 15 minutes"
    )


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("2% in 1h/5m", [Rule("page", "1h", "5m", 14.4)]),
        ("page 14.4x in 1h/5m", [Rule("page", "1h", "5m", 14.4)]),
        ("2 % over 1h / 5m", [Rule("page", "1h", "5m", 14.4)]),
        ("2\u00a0% in 1h/5m", [Rule("page", "1h", "5m", 14.4)]),
        ("TICKET 1\u00d7 in 3d for 1h", [Rule("ticket", "3d", None, 1, wait="1h")]),
        ("slow-burn >=0.5x in 1d12h", [Rule("slow-burn", "36h", None, 0.5, op=">=")]),
        ("5% in 6h/30m at least 10 bad at least 100 events for 2m",
         [Rule("page", "6h", "30m", 6, wait="2m", min_bad=10, min_total=100)]),
        ("2% in 1h/5m,5% in 6h/30m, ticket 10% in 3d/6h",
         [Rule("page", "1h", "5m", 14.4), Rule("page", "6h", "30m", 6),
          Rule("ticket", "3d", "6h", 1)]),
        ("2% in 1h/5m or 5% in 6h/30m;\nticket 1x in 3d\n",
         [Rule("page", "1h", "5m", 14.4), Rule("page", "6h", "30m", 6),
          Rule("ticket", "3d", None, 1)]),
    ],
)  # fmt: skip
def test_rules_are_read_as_they_are_meant(text, rules):
    """Of 30 days, 2 % in 1 h is 14.4, 5 % in 6 h is 6, 10 % in 3 d is 1 (Workbook, table 5-8)."""
    assert alerts.read_policy(text, period=PERIOD) == tuple(rules)


def test_a_share_follows_the_period_and_a_burn_rate_does_not():
    """2 % in 1 h of 28 days is 13.44."""
    share, factor = alerts.read_policy("2% in 1h, 14.4x in 1h", period="28d")
    assert (share.factor, factor.factor) == (13.44, 14.4)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "needs at least one rule; got ''"),
        (" , ;", "needs at least one rule"),
        ("2%", "'2%' cannot be read"),
        ("0,5% in 1h", "'0,5% in 1h' cannot be read"),
        ("2% in 1h/5m, 5 in 6h", "'5 in 6h' cannot be read"),
        ("2% in 5m/1h", r"'2% in 5m/1h': short must not be longer .* Did you swap them"),
        ("0% in 1h", "above 0 and at most 100 %; got 0 %"),
        ("-2% in 1h", "above 0 and at most 100 %; got -2 %"),
        ("200% in 1h", "For a burn rate write x"),
        ("0x in 1h", "'0x in 1h': factor must be a positive number; got 0"),
        ("-3x in 1h", "factor must be a positive number; got -3"),
        ("2% in 1hr/5m", "long window '1hr' is no length of time; write 5m, 6h or 3d"),
        ("2% in 1h/5", "short window '5' is no length of time"),
        ("2% in 0h", "long window '0h' is no length of time"),
        ("2% in 1h for ever", "wait must be a length of time such as 15m; got 'ever'"),
        ("2% in 1h quickly", "'quickly' cannot be read; allowed there are 'for 15m'"),
        ("2% in 1h at least 10", "'at least 10' cannot be read"),
        (5, "policy must be text such as 'page 2% in 1h/5m"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_part_at_fault(text, match):
    """The part, what is wrong with it, and what to write."""
    with pytest.raises(ParameterError, match=match):
        alerts.read_policy(text, period=PERIOD)


def test_a_wrong_name_is_answered_with_the_names():
    """Did you mean the Workbook's?"""
    with pytest.raises(ParameterError, match=r"Did you mean 'workbook'.*name one of: workbook, py"):
        alerts.read_policy("workbok", period=PERIOD)


def test_a_name_stands_for_its_rules_and_may_be_guarded():
    """Every rule of the policy keeps quiet about nine failures."""
    rules = alerts.read_policy("Workbook at least 10 bad, ticket 1x in 5d", period=PERIOD)
    assert rules[:4] == _guarded(alerts.workbook_policy(PERIOD), min_bad=10)
    assert rules[4:] == (Rule("ticket", "5d", None, 1),)
    with pytest.raises(ParameterError, match="brings its own waits"):
        alerts.read_policy("pyrra for 5m", period=PERIOD)


def test_every_policy_that_comes_with_a_name_can_be_set_by_it():
    """Names in tables and figures are pasted: ready-made ones and those that were tried."""
    known = _builtin_policies(PERIOD)
    assert {name: alerts.read_policy(name, period=PERIOD) for name in known} == known
    for period in ("7d", "28d", "90d"):
        tried = _candidate_policies(period)
        assert {name: alerts.read_policy(name, period=period) for name in tried} == tried


def test_only_a_whole_name_is_called_by_it():
    """What somebody changed is theirs."""
    assert policies._policy_name(" Workbook ") == "workbook"
    assert policies._policy_name("workbook at least 10 bad") == "yours"


RULES = st.builds(
    lambda severity, long, part, factor, wait, bad: Rule(
        severity, pd.Timedelta(minutes=long), pd.Timedelta(minutes=max(1, long // part)), factor,
        pd.Timedelta(minutes=wait), ">", bad,
    ),
    st.sampled_from(["page", "ticket", "p1"]), st.integers(1, 10_000), st.integers(1, 20),
    st.integers(1, 10_000).map(lambda n: n / 100), st.integers(0, 90), st.integers(0, 50),
)  # fmt: skip


@given(st.lists(RULES, min_size=1, max_size=4))
def test_what_is_written_is_what_is_read(policy):
    """Any rules, written out by hand."""
    parts = [
        f"{rule.severity} {rule.factor}x in {_shorthand(rule.long)}/"
        f"{_shorthand(rule.short)} for {_shorthand(rule.wait)} "
        f"at least {rule.min_bad:g} bad"
        for rule in policy
    ]
    assert alerts.read_policy(", ".join(parts), period=PERIOD) == tuple(policy)


def test_a_candidate_fires_at_the_share_it_is_named_for() -> None:
    """2% in 1h/5m is the Workbook's rule."""
    fast, slow = _candidate_policies("30d")["2% in 1h/5m or 5% in 6h/30m"]
    assert (fast, slow) == alerts.workbook_policy("30d")[:2]


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", "0s"), ("0m", "0s"), ("15m", "15min"), ("15min", "15min"), ("1d", "24h"), ("2w", "14D")],
)
def test_lengths_are_read_as_windows_are(text: str, length: str) -> None:
    """Texts as in OpenSLO, or as pandas writes them; zero is fine."""
    assert policies._length_of(text, "merge") == pd.Timedelta(length)


@pytest.mark.parametrize(
    ("text", "match"),
    [("soon", "must be a length"), ("", "must not|must be"), ("-5min", "negative")],
)
def test_what_is_no_length_is_refused(text: str, match: str) -> None:
    """The error names the argument."""
    with pytest.raises(ParameterError, match=f"merge .*{match}"):
        policies._length_of(text, "merge")
