"""What the traffic of a service can resolve at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from srelib.budget import budget_fraction
from srelib.targets.past import Weeks
from srelib.windows import Window

NAN = float("nan")
STEADY = 10.0
"""Events a budget should hold, so that one of them spends no more than a tenth of it."""


@dataclass(frozen=True)
class Resolution:
    """What a window of this traffic can tell apart."""

    events: float
    strictest: float
    steady: float
    background: float


def resolution(weeks: Weeks, *, window: Window, grain: float = 1.0) -> Resolution:
    """What the traffic of the past weeks can resolve in one window."""
    events = weeks.expected(window)
    return Resolution(
        events, _holding(grain, events), _holding(STEADY * grain, events), background(weeks)
    )


def background(weeks: Weeks) -> float:
    """Share of bad events on an ordinary day: that of the median day, or week where few are bad."""
    bad, total = weeks.bad, weeks.total
    if bad.size and bad.mean() < 5:
        bad, total = bad.sum(axis=1), total.sum(axis=1)
    asked = total > 0
    return float(np.median(bad[asked] / total[asked])) if asked.any() else NAN


def missed_by_chance(events: float, *, failing: float, target: float) -> float:
    """Probability that chance alone misses a target."""
    from scipy.special import bdtrc

    if not (events == events and failing == failing):
        return NAN
    n, allowance = round(events), events * budget_fraction(target)
    allowed = math.floor(allowance + 1e-9 * max(allowance, 1.0))
    return float(bdtrc(allowed, n, failing)) if n > allowed else 0.0


def _holding(bad: float, events: float) -> float:
    """The target whose budget is so many events."""
    return 1 - bad / events if events > bad else NAN
