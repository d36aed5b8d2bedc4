"""Policies as people write them: read right, refused with the part at fault, pasted back."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import alerts
from srelib.alerts import Rule, policies
from srelib.errors import ParameterError

PERIOD = "30d"


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
        alerts.named("workbok", period=PERIOD)


def test_a_name_stands_for_its_rules_and_may_be_guarded():
    """Every rule of the policy keeps quiet about nine failures."""
    rules = alerts.named("Workbook at least 10 bad, ticket 1x in 5d", period=PERIOD)
    assert rules[:4] == alerts.guarded(alerts.workbook_policy(PERIOD), min_bad=10)
    assert rules[4:] == (Rule("ticket", "5d", None, 1),)
    with pytest.raises(ParameterError, match="brings its own waits"):
        alerts.named("pyrra for 5m", period=PERIOD)


def test_every_policy_that_comes_with_a_name_can_be_set_by_it():
    """Names in tables and figures are pasted: ready-made ones and those that were tried."""
    known = alerts.ready_made(PERIOD)
    assert {name: alerts.named(name, period=PERIOD) for name in known} == known
    for period in ("7d", "28d", "90d"):
        tried = alerts.candidates(period)
        assert {name: alerts.named(name, period=period) for name in tried} == tried


def test_only_a_whole_name_is_called_by_it():
    """What somebody changed is theirs."""
    assert policies.called(" Workbook ") == "workbook"
    assert policies.called("workbook at least 10 bad") == "yours"


rules = st.builds(
    lambda severity, long, part, factor, wait, bad: Rule(
        severity, pd.Timedelta(minutes=long), pd.Timedelta(minutes=max(1, long // part)), factor,
        pd.Timedelta(minutes=wait), ">", bad,
    ),
    st.sampled_from(["page", "ticket", "p1"]), st.integers(1, 10_000), st.integers(1, 20),
    st.integers(1, 10_000).map(lambda n: n / 100), st.integers(0, 90), st.integers(0, 50),
)  # fmt: skip


@given(st.lists(rules, min_size=1, max_size=4))
def test_what_is_written_is_what_is_read(policy):
    """Any rules, written out by hand."""
    parts = [
        f"{rule.severity} {rule.factor}x in {alerts.promql_duration(rule.long)}/"
        f"{alerts.promql_duration(rule.short)} for {alerts.promql_duration(rule.wait)} "
        f"at least {rule.min_bad:g} bad"
        for rule in policy
    ]
    assert alerts.read_policy(", ".join(parts), period=PERIOD) == tuple(policy)
