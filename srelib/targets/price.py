"""What a target costs: pages under an alert policy, days frozen under a budget policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from srelib.alerts import PAGE, History, Policy, answerable, is_reachable, rule_spans
from srelib.alerts.spans import joined
from srelib.policy import READY
from srelib.policy import Policy as BudgetPolicy
from srelib.policy.daily import Ledger
from srelib.policy.verdict import mornings
from srelib.stats import rate
from srelib.targets.past import DAY
from srelib.windows import Window

NAN = float("nan")
BUDGET_POLICY = READY["objective's window"]
"""Releases halt while the budget of the objective's own window is overspent."""
QUARTER = 90.0
"""Days of a quarter [1]: Site Reliability Engineering, appendix A."""


def pages(
    past: History,
    *,
    targets: Sequence[float],
    policy: Policy,
    severity: str = PAGE,
    merge: pd.Timedelta | str = "1h",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Pages a week that an alert policy would have sent, had this been the target."""
    rules = [rule for rule in answerable(policy, step=past.step, length=past.length)
             if rule.severity == severity]  # fmt: skip
    weeks = past.length / (7 * DAY)
    gap = int(pd.Timedelta(merge) // past.step)
    columns = ["target", "pages", "pages_per_week", "pages_low", "pages_high", "alerting",
               "can_page"]  # fmt: skip
    if not rules:
        rows = [(target, *[NAN] * 5, False) for target in targets]
        return pd.DataFrame(rows, columns=columns)
    ratios = past.error_ratios(window for rule in rules for window in rule.windows)
    rows = []
    for target in targets:
        starts, stops = joined(rule_spans(past, rules, target=target, ratios=ratios), gap=gap)
        found = rate(len(starts), weeks, confidence)
        share = float((stops - starts).sum() / len(past.index))
        able = any(is_reachable(rule, target=target) for rule in rules)
        rows.append((target, float(len(starts)), found.value, found.low, found.high, share, able))
    return pd.DataFrame(rows, columns=columns)


def freeze_days(
    past: History,
    *,
    targets: Sequence[float],
    window: Window,
    policy: BudgetPolicy = BUDGET_POLICY,
) -> pd.DataFrame:
    """Days a quarter on which a budget policy would have frozen releases at this target."""
    ledger = _ledger(past)
    rows = []
    for target in targets:
        days = mornings(ledger, target=target, window=window, policy=policy)
        days = days[days["judged"]]
        share = float(days["frozen"].mean()) if len(days) else NAN
        rows.append((target, len(days), int(days["frozen"].sum()), share * QUARTER))
    return pd.DataFrame(rows, columns=["target", "days", "frozen", "freeze_days"])


def _ledger(past: History) -> Ledger:
    """The same running sums, as budget policies read them."""
    index = past.index.tz_convert("UTC").as_unit("us")
    seen = np.arange(len(index) + 1) if past.total.seen is None else past.total.seen
    step = int(past.step / pd.Timedelta(1, "us"))
    return Ledger(int(index.asi8[0]), step, past.bad.sums, past.total.sums, seen)
