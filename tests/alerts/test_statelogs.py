"""Replay on state logs: budgets in seconds, burn rates minute by minute."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srelib
from srelib import alerts, objectives, windows
from srelib.alerts import Rule

FIRST = pd.Timestamp("2026-06-01", tz="UTC")
DOWN = ((300_007, 300_640), (302_000, 302_041), (400_000, 403_599))
"""Seconds after the first row, from and to; none on a whole minute."""
PAUSED = (350_011, 351_013)
SECONDS = 600_000
POLICY = (
    Rule("page", "1h", "5m", 14.4),
    Rule("page", "6h", "30m", 6),
    Rule("ticket", "1d", "2h", 3),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> srelib.Dataset:
    """A week of an uptime monitor with three outages and a pause, and a promise of 99.5 %."""
    folder: Path = tmp_path_factory.mktemp("monitor")
    changes = [(0, "up"), (SECONDS, "up"), *((at, "down") for at, _ in DOWN),
               *((at, "up") for _, at in DOWN), (PAUSED[0], "paused"),
               (PAUSED[1], "up")]  # fmt: skip
    rows = [f"{FIRST + pd.Timedelta(at, 's'):%Y-%m-%dT%H:%M:%SZ},site,{state}"
            for at, state in sorted(changes)]  # fmt: skip
    (folder / "monitor.csv").write_text("\n".join(["time,service,state", *rows, ""]))
    (folder / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: site}\nspec:\n  service: site\n"
        "  indicator: {metadata: {name: availability}, spec: {ratioMetric: {counter: false,\n"
        "    good: {metricSource: {type: csv, spec: {query: good}}},\n"
        "    total: {metricSource: {type: csv, spec: {query: total}}}}}}\n"
        "  timeWindow: [{duration: 30d, isRolling: true}]\n  budgetingMethod: Occurrences\n"
        "  objectives: [{target: 0.995}]\n"
    )
    return srelib.load(folder)


def overlap(span: tuple[int, int], low: int, high: int) -> int:
    """Seconds of a span that lie between two moments."""
    return max(0, min(span[1], high) - max(span[0], low))


def by_hand(rule: Rule, minute: int) -> bool:
    """Whether a rule fires at the end of a minute, by exact arithmetic on the outages."""
    end = (minute + 1) * 60
    for window in rule.windows:
        low, high = end - window // pd.Timedelta("1s"), min(end, SECONDS)
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
        known = [min(end, SECONDS) - max(end - seconds, 0) - overlap(PAUSED, end - seconds, end)
                 for end in ends]  # fmt: skip
        bad = [sum(overlap(span, end - seconds, end) for span in DOWN) for end in ends]
        wanted = [1 - b / k if k else np.nan for b, k in zip(bad, known, strict=True)]
        found = windows.rolling_ratio(counts.good, counts.total, window=window)
        np.testing.assert_allclose(found.to_numpy(), wanted, rtol=0, atol=1e-12)


def test_outages_of_the_monitor_are_told_and_scored(dataset):
    """Three outages on record by the monitor itself; 41 seconds page since the hour is bad already.

    At 99.5 % an hour of 14.4 is 259.2 bad seconds: reached 259 s into the first outage, so told
    at the end of that minute.
    """
    ((key, counts),) = objectives.with_target(dataset).items()
    incidents = alerts.of_service(dataset.incidents, key.service)
    found = alerts.replay(counts.good, counts.total, target=0.995, period=key.window,
                         policy="14.4x in 1h/5m", incidents=incidents, merge="0")  # fmt: skip
    assert found.score.events["caught"].tolist() == [True, True, True]
    delay = found.score.events["detection"].dt.total_seconds().iloc[0]
    assert 259.2 < delay <= 259.2 + 60
    # 4273 bad seconds of the 12960 that 30 days allow
    assert found.budget.spent[-1] == pytest.approx(4273 / 12960, rel=2e-3)
