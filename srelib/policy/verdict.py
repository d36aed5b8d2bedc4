"""What a policy decides on a morning, and on every morning of a record nothing was held in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from srelib.policy.daily import Ledger, daily, decision_times
from srelib.policy.rules import Policy
from srelib.windows import Window, as_window

MIN_COVERAGE = 0.5
"""Share of a window that must have been observed before its budget decides anything."""
_ROUNDING = 1e-12
"""A budget spent to the last event has nothing left, but is not overspent."""


def below(left: float | np.ndarray, share: float) -> bool | np.ndarray:
    """Whether less than a share of the budget is left."""
    return left < share - _ROUNDING


def kept(bad: float | np.ndarray, allowance: float | np.ndarray) -> bool | np.ndarray:
    """Whether a span kept the target: no more bad events than it allowed."""
    return bad <= allowance * (1 + _ROUNDING)


def decide(
    left: float, *, was_frozen: bool, policy: Policy, kept_lately: Callable[[], bool]
) -> tuple[bool, bool]:
    """Whether an objective asks for a freeze, and for rationing."""
    slow = policy.slow_below is not None and bool(below(left, policy.slow_below))
    if policy.freeze_below is None:
        return False, slow
    if policy.until == "slo":
        asked = was_frozen or bool(below(left, policy.freeze_below))
        return asked and not kept_lately(), slow
    thaw = policy.thaw if policy.thaw is not None else 0.0
    return bool(below(left, thaw if was_frozen else policy.freeze_below)), slow


def mornings(
    ledger: Ledger,
    *,
    target: float,
    window: Window | pd.Timedelta | str,
    policy: Policy,
    min_coverage: float = MIN_COVERAGE,
) -> pd.DataFrame:
    """What a policy would have decided each day of a record that stays as it is."""
    times = decision_times(ledger.first, ledger.last, hour=policy.hour, timezone=policy.timezone)
    budget = daily(
        ledger, times, target=target, recent=pd.Timedelta(policy.recent),
        window=as_window(window) if policy.window is None else as_window(policy.window),
    )  # fmt: skip
    left = np.asarray(budget.left())
    judged = (budget.coverage >= min_coverage) & (budget.times <= ledger.end)
    judged &= budget.allowance > 0
    lately = np.asarray(kept(budget.recent_bad, budget.recent_allowance))
    frozen = np.zeros(len(times), dtype=bool)
    was = False
    for k, known in enumerate(judged):
        if known:
            was, _ = decide(left[k], was_frozen=was, policy=policy, kept_lately=lately[k].item)
        frozen[k] = was
    return pd.DataFrame({"decided_at": times, "left": left, "judged": judged, "frozen": frozen})
