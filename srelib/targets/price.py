"""What a target costs: pages under an alert policy, days frozen under a budget policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts import PAGE, History, Policy, answerable, is_reachable, rule_spans
from srelib.alerts.spans import joined
from srelib.budget import budget_fraction
from srelib.stats import rate
from srelib.targets.past import DAY, past_windows
from srelib.windows import Window

NAN = float("nan")
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
    """Pages a week that an alert policy would have sent, had this been the target.

    Parameters
    ----------
    past : History
        Counts made ready by `srelib.alerts.history`.
    targets : sequence of float
        [fraction]
    policy : sequence of Rule
        Rules this history cannot answer are left out.
    severity : str
        Rules that count.
    merge : Timedelta or str
        Pages at most this far apart are one.
    confidence : float
        [fraction]

    Returns
    -------
    DataFrame
        target, pages (count), pages_per_week, pages_low, pages_high (exact Poisson interval)
        [1/week], alerting (share of the time with a page open [fraction]), can_page (whether any
        rule can fire, in a total outage at least); NaN where no rule is left.

    Notes
    -----
    The error ratios of all windows are computed once; a target only moves the threshold.
    Where an alert hardly ever ends there are few pages, and `alerting` is near 1.

    Examples
    --------
    >>> from srelib.alerts import Rule, history
    >>> index = pd.date_range("2026-01-01", periods=7 * 1440, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> past = history(total.mask((index.day == 4) & (index.hour == 12), 50.0), total)
    >>> found = pages(past, targets=[0.9, 0.99], policy=[Rule("page", "1h", "5m", 14.4)])
    >>> found["pages"].tolist(), found["can_page"].tolist()
    ([0.0, 1.0], [False, True])
    """
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
    past: History, *, targets: Sequence[float], window: Window, freeze_below: float = 0.0
) -> pd.DataFrame:
    """Days a quarter that begin with the budget overspent, had this been the target.

    Parameters
    ----------
    past : History
    targets : sequence of float
        [fraction]
    window : Window
        Of the budget. Rolling: the window up to the start of the day. Calendar: what the period
        has spent by then, against what its whole traffic can be expected to allow.
    freeze_below : float
        Changes stop while less than this share of the budget is left [fraction]; 0: while it is
        overspent.

    Returns
    -------
    DataFrame
        target, days (looked at), frozen (count), freeze_days [days per quarter of 90 days]; NaN
        where the history holds no whole window.

    Notes
    -----
    A day is frozen by what was known when it began: a day is 24 hours back from the end of the
    data, or that of the calendar window's zone.
    What freezing would have spared is not taken off; `srelib.policy` is about that.

    Examples
    --------
    >>> from srelib.alerts import history
    >>> hours = pd.date_range("2026-01-01", periods=24 * 20, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, hours)
    >>> past = history(total.mask(hours.day == 9, 50.0), total)
    >>> found = freeze_days(past, targets=[0.9, 0.99], window=Window.parse("7d"))
    >>> found[["days", "frozen"]].values.tolist()
    [[13, 0], [13, 7]]
    """
    bad, total = _whole_windows(past, window) if window.is_rolling else _so_far(past, window)
    bad, total = bad[total > 0], total[total > 0]
    rows = []
    for target in targets:
        allowance = budget_fraction(target) * total
        frozen = int((allowance * (1 - freeze_below) * (1 + 1e-12) < bad).sum())
        share = frozen / len(bad) if len(bad) else NAN
        rows.append((target, len(bad), frozen, share * QUARTER))
    return pd.DataFrame(rows, columns=["target", "days", "frozen", "freeze_days"])


def _whole_windows(past: History, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Bad and all events of the whole windows that end as a day begins."""
    rows = past_windows(past, window=window).iloc[:-1]
    return rows["bad"].to_numpy(), rows["total"].to_numpy()


def _so_far(past: History, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Bad events of the period so far and all events to be expected of it, as each day begins.

    What is still to come of the period is expected to be as the 28 days before.
    """
    index = past.index.tz_convert("UTC").as_unit("us")
    end = index[-1] + past.step
    days = windows.periods(index[0], end, window=Window(unit="day", timezone=window.timezone))
    starts = pd.DatetimeIndex(days.loc[days["complete"], "starts_at"])
    periods = windows.periods(index[0], end, window=window)
    begins, ends = (pd.DatetimeIndex(periods[name]) for name in ("starts_at", "ends_at"))
    mine = np.asarray(begins.searchsorted(starts, side="right")) - 1
    keep = (begins[mine] >= index[0]) & (starts > index[0])
    starts, begin, stop = starts[keep], begins[mine][keep], ends[mine][keep]
    at, first = index.searchsorted(starts), index.searchsorted(begin)
    recent = index.searchsorted(starts - pd.Timedelta(days=28))
    seen = np.arange(len(index) + 1) if past.total.seen is None else past.total.seen
    usual = windows.divide(past.total.sums[at] - past.total.sums[recent], seen[at] - seen[recent])
    to_come = np.asarray((stop - starts) / past.step) * np.nan_to_num(usual)
    total = past.total.sums[at] - past.total.sums[first] + to_come
    return past.bad.sums[at] - past.bad.sums[first], total
