"""What a target costs: pages under an alert policy, days frozen under a budget policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts import (
    PAGE,
    History,
    Policy,
    answerable,
    history,
    is_reachable,
    rule_spans,
    workbook_policy,
)
from srelib.alerts.firing import joined
from srelib.budget import budget_fraction
from srelib.errors import InsufficientDataError, ParameterError
from srelib.policy import READY
from srelib.policy import Policy as BudgetPolicy
from srelib.policy.daily import Ledger, mornings
from srelib.stats import rate, widened_wilson
from srelib.targets.chances import (
    DAY,
    Weeks,
    chances,
    check_length,
    independent,
    next_window,
    past_windows,
    read_weeks,
)
from srelib.targets.dependencies import Ceiling, ceiling
from srelib.windows import Window, as_window

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


LADDER = (
    0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99999,
)  # fmt: skip
"""Targets people promise: one, two and five failures in a power of ten."""

MIN_WEEKS, MIN_WINDOWS = 4, 2
"""Least history from which a target can be recommended: whole weeks, and windows."""

AnyWindow = Window | pd.Timedelta | str


def candidates(
    good: pd.Series,
    total: pd.Series,
    *,
    window: AnyWindow | Sequence[AnyWindow],
    targets: Sequence[float] | None = None,
    current: float = math.nan,
    alert_policy: Policy | Callable[[Window], Policy] = workbook_policy,
    severity: str = PAGE,
    budget_policy: BudgetPolicy = BUDGET_POLICY,
    dependencies: Mapping[str, Any] | None = None,
    weighting: str = "events",
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """What each target would have cost and brought, and whether the next window would meet it.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    window : Window, Timedelta or str, or a sequence of them
        Window of the objective; a day or longer.
    targets : sequence of float, optional
        Candidates [fraction]; default: `LADDER`.
    current : float
        The target in use [fraction], added to the candidates; NaN where nothing is promised.
    alert_policy : sequence of Rule, or callable
        The alert policy, or what makes it from a window.
    severity : str
        Rules that count as pages.
    budget_policy : srelib.policy.Policy
        When releases are held.
    dependencies : mapping, optional
        Critical dependencies and their targets, as `ceiling` takes them.
    weighting : {'events', 'time'}
        Whether events were counted, or time: seconds or slices. What goes wrong at least is then
        a bucket, and chance is not asked, since buckets do not fail independently.
    confidence : float
        Of all intervals [fraction].
    seed : int
        Seed of the draws.

    Returns
    -------
    DataFrame
        One row per window and target, stricter ones below:
        window (Window), target, current (bool);
        windows (that the history held), independent (how many that do not overlap would tell as
        much), met, met_low, met_high (share of them that met it) [fraction];
        probability, low, high (that the next window meets it) [fraction], NaN without a whole
        week;
        budget_events (expected in the next window) [events], budget_minutes (of a total outage)
        [min];
        pages_per_week, pages_low, pages_high [1/week], alerting (share of the time with a page
        open) [fraction], can_page (bool);
        freeze_days [days a quarter];
        chance (that chance alone misses it, at the background rate) [fraction];
        allowed (bool: dependencies have one more nine, or none are declared);
        and the same in every row of a window: weeks (whole weeks seen), weeks_needed, events
        (expected in the next window) [events], strictest, steady (targets whose budget is one
        and ten events), background, ceiling, ceiling_absolute (what dependencies allow)
        [fraction], decides (dependency).

    Raises
    ------
    InsufficientDataError
        No traffic, or buckets longer than a day.
    InvalidTargetError
        A target is not a fraction strictly between 0 and 1.
    ParameterError
        A window shorter than a day, no targets, an unknown weighting.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2.
    .. [2] Beyer et al., Site Reliability Engineering, O'Reilly 2016, appendix A (allowed minutes).

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 70, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> good = total - (hours.hour == 9) * 12.0
    >>> found = candidates(good, total, window="28d", targets=[0.999, 0.9999])
    >>> found[["budget_events", "budget_minutes", "probability"]].round(2).values.tolist()
    [[672.0, 40.32, 0.98], [67.2, 4.03, 0.0]]
    """
    if weighting not in ("events", "time"):
        raise ParameterError(f"weighting must be 'events' or 'time'; got {weighting!r}.")
    tried = sorted({*(LADDER if targets is None else targets)}
                   | ({current} if current == current else set()))  # fmt: skip
    if not tried:
        raise ParameterError("targets must hold at least one; got none.")
    for target in tried:
        budget_fraction(target)
    spans = [window] if isinstance(window, Window | pd.Timedelta | str) else list(window)
    past = history(good, total)
    if not past.total.sums[-1] > 0:
        raise InsufficientDataError("there is no traffic to choose a target from.")
    weeks = read_weeks(past)
    above = ceiling(dependencies) if dependencies else None
    options: dict[str, Any] = {"confidence": confidence, "seed": seed}
    parts = []
    for span in map(as_window, spans):
        check_length(span)
        policy = alert_policy(span) if callable(alert_policy) else alert_policy
        table = pd.DataFrame({"window": [span] * len(tried), "target": tried})
        table["current"] = table["target"] == current
        for part in (
            _met(past, span, tried, confidence),
            _next(weeks, span, tried, options),
            pages(past, targets=tried, policy=policy, severity=severity, confidence=confidence),
            freeze_days(past, targets=tried, window=span, policy=budget_policy),
            _limits(past, weeks, span, tried, above, weighting),
        ):
            table = table.join(part.drop(columns=["target", "days", "frozen"], errors="ignore"))
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def weeks_needed(window: AnyWindow, *, end: pd.Timestamp) -> int:
    """Whole weeks of history from which a target over this window can be recommended."""
    start, stop = next_window(as_window(window), end)
    return max(MIN_WEEKS, math.ceil(MIN_WINDOWS * ((stop - start) / (7 * DAY)) - 1e-9))


def window_of(own: Window | None, asked: str = "") -> Window:
    """The window to choose a target for.

    Parameters
    ----------
    own : Window or None
        That of the objective in use.
    asked : str
        Another one, such as ``28d``, or ``1M calendar Europe/Berlin``; empty: none.

    Returns
    -------
    Window
        What was asked for, else the one in use, else 28 days: four whole weeks, so that weekends
        weigh the same in each.

    Raises
    ------
    ParameterError
        The text is no window.

    Examples
    --------
    >>> [str(window_of(None, text)) for text in ("", "30d", "1M calendar Europe/Berlin")]
    ['28 days', '30 days', 'calendar month (Europe/Berlin)']
    """
    length, _, rest = asked.strip().partition(" ")
    if not length:
        return own or Window(pd.Timedelta(days=28))
    if not rest:
        return Window.parse(length)
    kind, _, zone = rest.strip().partition(" ")
    if kind != "calendar":
        raise ParameterError(
            f"window must be a length such as 28d, or '1M calendar Europe/Berlin'; got {asked!r}."
        )
    return Window.parse(length, rolling=False, timezone=zone.strip() or "UTC")


def _met(past: History, window: Window, targets: list[float], confidence: float) -> pd.DataFrame:
    """Share of the windows of the past that met each target."""
    rows = past_windows(past, window=window)
    rows = rows[rows["total"] > 0]
    bad, total = rows["bad"].to_numpy(), rows["total"].to_numpy()
    n, alone = len(rows), independent(past, window=window, rows=rows)
    met = np.array([(bad <= budget_fraction(t) * total * (1 + 1e-12)).sum() for t in targets])
    share = met / n if n else np.full(len(targets), np.nan)
    low, high = widened_wilson(met, np.full(len(targets), n), index=n / alone if alone else 1.0,
                               confidence=confidence)  # fmt: skip
    return pd.DataFrame({"windows": n, "independent": alone, "met": share, "met_low": low,
                         "met_high": high})  # fmt: skip


def _next(
    weeks: Weeks, window: Window, targets: list[float], options: Mapping[str, Any]
) -> pd.DataFrame:
    """Probability to meet each target in the next window; unknown without a whole week."""
    if not weeks.total.sum() > 0:
        nan = np.full(len(targets), np.nan)
        return pd.DataFrame({"target": targets, "probability": nan, "low": nan, "high": nan})
    return chances(weeks, targets=targets, window=window, **options)


def _limits(
    past: History, weeks: Weeks, window: Window, targets: list[float],
    above: Ceiling | None, weighting: str,
) -> pd.DataFrame:  # fmt: skip
    """What the traffic can resolve and the dependencies allow."""
    time = weighting == "time"
    grain = float(np.diff(past.total.sums).max()) if time else 1.0
    found = resolution(weeks, window=window, grain=grain)
    start, end = next_window(window, weeks.end)
    budgets = np.array([budget_fraction(target) for target in targets])
    chance = [math.nan if time else
              missed_by_chance(found.events, failing=found.background, target=target)
              for target in targets]  # fmt: skip
    return pd.DataFrame({
        "budget_events": budgets * found.events,
        "budget_minutes": budgets * ((end - start) / pd.Timedelta(minutes=1)),
        "chance": chance,
        "allowed": [above is None or above.allows(target) for target in targets],
        "weeks": len(weeks), "weeks_needed": weeks_needed(window, end=weeks.end),
        "events": found.events, "strictest": found.strictest, "steady": found.steady,
        "background": found.background,
        "ceiling": above.advised if above else math.nan,
        "ceiling_absolute": above.absolute if above else math.nan,
        "decides": above.narrowest if above else "",
    })  # fmt: skip
