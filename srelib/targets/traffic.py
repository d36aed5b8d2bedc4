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
    """What a window of this traffic can tell apart.

    Parameters
    ----------
    events : float
        Events expected in the next window [events].
    strictest : float
        Target whose budget is exactly one event: any stricter one is missed by a single failure
        [fraction]; NaN where not even one event is expected.
    steady : float
        Target whose budget is ten events [fraction]; NaN where fewer are expected.
    background : float
        Share of bad events on an ordinary day [fraction].

    Examples
    --------
    >>> Resolution(7200, 1 - 1 / 7200, 1 - 10 / 7200, 0.001).events
    7200
    """

    events: float
    strictest: float
    steady: float
    background: float


def resolution(weeks: Weeks, *, window: Window, grain: float = 1.0) -> Resolution:
    """What the traffic of the past weeks can resolve in one window.

    Parameters
    ----------
    weeks : Weeks
    window : Window
    grain : float
        The least that can go wrong [events]: one event, or where time is counted the seconds of a
        bucket.

    Returns
    -------
    Resolution

    Examples
    --------
    >>> import pandas as pd
    >>> day = np.full((4, 7), 1000.0)
    >>> weeks = Weeks(pd.Timestamp("2026-01-29", tz="UTC"), day / 100, day, True)
    >>> found = resolution(weeks, window=Window.parse("10d"))
    >>> found.events, found.strictest, found.background
    (10000.0, 0.9999, 0.01)
    """
    events = weeks.expected(window)
    return Resolution(
        events, _holding(grain, events), _holding(STEADY * grain, events), background(weeks)
    )


def background(weeks: Weeks) -> float:
    """Share of bad events on an ordinary day: that of the median day, or week where few are bad.

    Parameters
    ----------
    weeks : Weeks

    Returns
    -------
    float
        [fraction]; NaN without traffic.

    Notes
    -----
    Days with incidents lie above the median and do not move it.
    Where a day sees fewer than five bad events on average the median of the weeks is taken.

    Examples
    --------
    >>> import pandas as pd
    >>> bad = np.full((2, 7), 10.0)
    >>> bad[0, 0] = 900.0
    >>> background(Weeks(pd.Timestamp("2026-01-15", tz="UTC"), bad, np.full((2, 7), 1e4), True))
    0.001
    """
    bad, total = weeks.bad, weeks.total
    if bad.size and bad.mean() < 5:
        bad, total = bad.sum(axis=1), total.sum(axis=1)
    asked = total > 0
    return float(np.median(bad[asked] / total[asked])) if asked.any() else NAN


def missed_by_chance(events: float, *, failing: float, target: float) -> float:
    """Probability that chance alone misses a target.

    Parameters
    ----------
    events : float
        Events in the window [events].
    failing : float
        True share of bad events [fraction].
    target : float
        [fraction]

    Returns
    -------
    float
        [fraction]; NaN where one of them is unknown.

    Examples
    --------
    >>> round(missed_by_chance(7200, failing=0.001, target=0.999), 4)
    0.4311
    """
    from scipy.special import bdtrc

    if not (events == events and failing == failing):
        return NAN
    n, allowance = round(events), events * budget_fraction(target)
    allowed = math.floor(allowance + 1e-9 * max(allowance, 1.0))
    return float(bdtrc(allowed, n, failing)) if n > allowed else 0.0


def _holding(bad: float, events: float) -> float:
    """The target whose budget is so many events."""
    return 1 - bad / events if events > bad else NAN
