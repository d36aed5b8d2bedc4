"""What rules do on paper: the Workbook's chapter 5, its own errors included."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import Rule
from srelib.errors import ParameterError

MINUTE = pd.Timedelta("1min")


def only(rule: Rule, *, target: float, error_ratio: float) -> pd.Series:
    """The one row of a policy of one rule, for 30 days."""
    return alerts.expected((rule,), target=target, error_ratio=error_ratio, period="30d").iloc[0]


@pytest.mark.parametrize(
    ("burn", "lasts"), [(1, "30D"), (2, "15D"), (10, "3D"), (1000, "43min12s")]
)
def test_how_long_a_budget_lasts(burn: float, lasts: str) -> None:
    """Workbook table 5-4: burn 1, 2, 10, 1000 empties 30 days in 30 d, 15 d, 3 d, 43.2 min."""
    assert alerts.exhaustion(burn, period="30d") == pd.Timedelta(lasts)


def test_a_total_outage_of_five_nines_empties_the_budget_in_26_seconds() -> None:
    """Workbook, extreme availability goals: 99.999 % and a total outage, 25.92 s."""
    burn = 1 / 0.00001
    assert alerts.exhaustion(burn, period="30d") / pd.Timedelta("1s") == pytest.approx(25.92)


def test_the_first_attempt_detects_an_outage_in_less_than_a_second() -> None:
    """Workbook table 5-1: 99.9 %, 10 min at burn 1, total outage: 0.6 s."""
    row = only(Rule("page", "10m", None, 1), target=0.999, error_ratio=1)
    assert row["detection"] == pd.Timedelta("0.6s")


def test_five_percent_in_an_hour_is_a_burn_of_36() -> None:
    """Workbook section 4: reset 57.84 min after a total outage (the book prints 58)."""
    (rule,) = alerts.earlier_attempts("30d")["4 one burn rate"]
    row = only(rule, target=0.999, error_ratio=1)
    assert rule.factor == 36
    assert row["reset"] / MINUTE == pytest.approx(57.84)
    assert round(row["reset"] / MINUTE) == 58


def test_a_burn_just_below_the_threshold_is_never_told() -> None:
    """Workbook section 4: burn 35 against 36 never alerts, yet empties the budget in 20.57 h."""
    row = only(Rule("page", "1h", None, 36), target=0.999, error_ratio=0.035)
    assert pd.isna(row["detection"])
    assert pd.isna(row["spent"])
    assert alerts.exhaustion(35, period="30d") / pd.Timedelta("1h") == pytest.approx(
        20.571, abs=1e-3
    )


def test_waiting_an_hour_costs_more_than_the_budget() -> None:
    """Workbook section 3: ``for: 1h`` and a total outage: 138.9 % spent (the book prints 140)."""
    row = only(Rule("page", "1m", None, 1, "1h"), target=0.999, error_ratio=1)
    assert row["spent"] == pytest.approx(1.389, abs=5e-4)


@pytest.mark.parametrize(("number", "share"), [(0, 0.02), (1, 0.05), (2, 0.1), (3, 0.1)])
@pytest.mark.parametrize("period", ["28d", "30d"])
def test_rules_fire_when_their_share_is_spent(number: int, share: float, period: str) -> None:
    """2 % in 1 h, 5 % in 6 h, 10 % in 1 d and in 3 d, at any error ratio and period."""
    row = alerts.expected(
        alerts.workbook_policy(period), target=0.999, error_ratio=0.5, period=period
    ).iloc[number]
    assert row["spent"] == pytest.approx(share)


def test_a_short_window_resets_sooner() -> None:
    """15 % errors: the long window sees them after 5.76 min; reset 4.52 min, not 54.24."""
    both = only(Rule("page", "1h", "5m", 14.4), target=0.999, error_ratio=0.15)
    long = only(Rule("page", "1h", None, 14.4), target=0.999, error_ratio=0.15)
    assert both["detection"] / MINUTE == pytest.approx(5.76)
    assert both["reset"] / MINUTE == pytest.approx(4.52)
    assert long["reset"] / MINUTE == pytest.approx(54.24)


def test_replayed_is_within_a_bucket_of_paper() -> None:
    """15 % errors for 10 min in minutes: detection and reset are one bucket late at most."""
    index = pd.date_range("2026-06-01", periods=600, freq="min", tz="UTC")
    total = pd.Series(10_000.0, index)
    good = total.where((total.index < index[300]) | (total.index >= index[310]), 8_500.0)
    rules = (Rule("page", "1h", "5m", 14.4),)
    fires = alerts.firing(good, total, target=0.999, policy=rules)
    (episode,) = alerts.episodes(fires).to_dict("records")
    late = (episode["fired_at"] - index[300]) / MINUTE - 5.76
    assert 0 <= late < 1
    reset_late = (episode["resolved_at"] - index[310]) / MINUTE - 4.52
    assert 0 <= reset_late < 1


@pytest.mark.parametrize("error_ratio", [1.0, 0.15, 0.02])
@pytest.mark.parametrize("policy", [alerts.workbook_policy("30d"), alerts.pyrra_policy("28d"),
                                    alerts.grafana_policy()])  # fmt: skip
def test_a_rehearsal_is_within_a_minute_of_paper(policy, error_ratio: float) -> None:
    """Every rule of three policies, detection and reset, at most one bucket late, never early."""
    paper = alerts.expected(policy, target=0.999, error_ratio=error_ratio, period="30d")
    played = alerts.rehearsed(policy, target=0.999, error_ratio=error_ratio)
    for what in ("detection", "reset"):
        late = (played[what] - paper[what]) / MINUTE
        assert late.between(-1e-6, 1 + 1e-6).all()  # lengths are whole microseconds


def test_a_rehearsal_in_coarse_buckets_is_late_or_blind() -> None:
    """An outage at 99.9 %: 14.4x in 1 h on paper after 51.84 s, in 5-minute buckets after 5 min;
    hours cannot see 5 minutes, and what is not reachable never fires."""
    rules = (Rule("page", "1h", "5m", 14.4), Rule("page", "1h", None, 1001))
    (fast, never) = alerts.rehearsed(rules, target=0.999, error_ratio=1, step="5min")["detection"]
    assert (fast, pd.isna(never)) == (pd.Timedelta("5min"), True)
    hourly = alerts.rehearsed(rules[:1], target=0.999, error_ratio=1, step="1h")
    assert hourly["detection"].isna().all()


@pytest.mark.parametrize(
    ("options", "match"),
    [({"error_ratio": 0}, "error_ratio must be a fraction"),
     ({"error_ratio": 1, "step": "0"}, "step must be positive")],
)  # fmt: skip
def test_what_cannot_be_rehearsed_is_refused(options: dict, match: str) -> None:
    """The error shows the argument."""
    with pytest.raises(ParameterError, match=match):
        alerts.rehearsed(alerts.workbook_policy("30d"), target=0.99, **options)


@pytest.mark.parametrize(
    ("target", "factor", "reachable"),
    [(0.9, 14.4, False), (0.9, 9.99, True), (0.9, 10, False), (0.99, 14.4, True), (0.5, 2, False)],
)
def test_a_rule_is_reachable_when_an_outage_fires_it(
    target: float, factor: float, reachable: bool
) -> None:
    """factor * (1 - target) < 1; at exactly 1 even a total outage does not exceed it."""
    assert alerts.is_reachable(Rule("page", "1h", "5m", factor), target=target) is reachable


def test_at_least_reaches_exactly_one() -> None:
    """A rule with >= fires when an outage reaches its threshold of exactly 1."""
    assert alerts.is_reachable(Rule("page", "1h", "5m", 10, op=">="), target=0.9)


def test_an_hour_of_outage_at_ninety_percent_is_small() -> None:
    """Golden: 90 %, total outage for 1 h: 1.389 % of 30 days, so 2 % in 1 h can never fire."""
    index = pd.date_range("2026-06-01", periods=24 * 30, freq="h", tz="UTC")
    total = pd.Series(100.0, index)
    good = total.where(index != index[100], 0.0)
    went = alerts.spending(good, total, target=0.9, period="30d")
    assert went.spent[-1] == pytest.approx(0.01389, abs=5e-6)


@pytest.mark.parametrize("error_ratio", [0, -0.1, 1.1])
def test_an_error_ratio_is_a_fraction(error_ratio: float) -> None:
    """The error shows the value."""
    with pytest.raises(ParameterError, match="error_ratio must be a fraction"):
        alerts.expected(
            alerts.workbook_policy("30d"), target=0.99, error_ratio=error_ratio, period="30d"
        )


def test_a_burn_rate_of_nothing_lasts_for_ever() -> None:
    """Zero is refused instead of dividing by it."""
    with pytest.raises(ParameterError, match="burn must be positive; got 0"):
        alerts.exhaustion(0, period="30d")
