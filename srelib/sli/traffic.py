"""What a given amount of traffic can and cannot say about a target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import InsufficientDataError, InvalidTargetError
from srelib.sli.sums import HOUR, step_of_pair
from srelib.windows import Window


@dataclass(frozen=True)
class LowTraffic:
    """What the traffic of a service can and cannot say about a target.

    Parameters
    ----------
    target : float
        The target [fraction].
    window : Window
        Window of the SLO.
    events : float
        Events expected in one window [events].
    allowance : float
        Failures the target allows in one window, not rounded [events].
    failures_allowed : int
        Whole failures in it [events].
    cost_of_one : float
        Share of the budget that one failure spends [fraction]; above 1, one is too many.
    burn_rate_of_one : float
        Burn rate over an average hour with one failure.
    missed_by_chance : float
        Probability to miss the target when the true failure rate is just what it allows
        [fraction].

    Examples
    --------
    >>> hours = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, hours)
    >>> found = low_traffic(total, total, target=0.999, window="30d")
    >>> found.failures_allowed, round(found.cost_of_one, 4), found.is_low
    (7, 0.1389, True)
    """

    target: float
    window: Window
    events: float
    allowance: float
    failures_allowed: int
    cost_of_one: float
    burn_rate_of_one: float
    missed_by_chance: float

    @property
    def is_low(self) -> bool:
        """Whether one failure spends over 2 % of the budget, which pages under the usual policy."""
        return self.cost_of_one > 0.02


def low_traffic(
    good: pd.Series, total: pd.Series, *, target: float, window: Window | pd.Timedelta | str
) -> LowTraffic:
    """Can this traffic resolve this target?

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; unknown buckets are taken to be like the known ones.
    target : float
        Target of the SLO [fraction].
    window : Window, Timedelta or str
        Window of the SLO; a calendar window is taken at its length at the end of the data.

    Returns
    -------
    LowTraffic

    Raises
    ------
    InvalidTargetError
        Target outside (0, 1).
    InsufficientDataError
        No known bucket.

    Notes
    -----
    A page under the Workbook's policy means 2 % of the budget within an hour, so where one
    failure costs more than that, every single failure pages.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, 2018, chapter 5, low-traffic services.
    """
    if not 0 < target < 1:
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {target}. For 99.9 % write 0.999."
        )
    window = windows.as_window(window)
    step = step_of_pair(good, total)
    bottom = windows.paired(good, total)[1]
    if step is None or np.isnan(bottom).all():
        raise InsufficientDataError("traffic needs at least two buckets, one of them known.")
    per_hour = float(np.nanmean(bottom)) * (HOUR / step)
    events = per_hour * (window.length_at(good.index[-1]) / HOUR)
    return _low_traffic(target, window, events, per_hour)


def _low_traffic(target: float, window: Window, events: float, per_hour: float) -> LowTraffic:
    """The same from the traffic alone."""
    from scipy.special import bdtrc

    allowance = events * (1 - target)
    allowed = math.floor(allowance + 1e-9 * max(allowance, 1.0))
    n = round(events)
    return LowTraffic(
        target=target,
        window=window,
        events=events,
        allowance=allowance,
        failures_allowed=allowed,
        cost_of_one=1 / allowance if allowance else math.inf,
        burn_rate_of_one=1 / per_hour / (1 - target) if per_hour else math.inf,
        missed_by_chance=float(bdtrc(allowed, n, 1 - target)) if n > allowed else 0.0,
    )
