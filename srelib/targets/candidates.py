"""Candidate targets: how often each was met, what it would have cost, and what limits it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.alerts import workbook_policy
from srelib.alerts.firing import _alert_spans, _answerable, _is_reachable
from srelib.alerts.policies import PAGE, AlertPolicy
from srelib.budget.status import _budget_fraction
from srelib.errors import InsufficientDataError, ParameterError
from srelib.policy.daily import _recorded_freezes
from srelib.policy.rules import READY
from srelib.sli.interval import _miss_probability
from srelib.stats.intervals import _rate, _widened_wilson
from srelib.targets import probability
from srelib.windows import History, Window, history
from srelib.windows.sums import _divide
from srelib.windows.weighted import _reweighted, _WeightedPrefix
from srelib.windows.window import _as_window

LADDER = (
    0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99999,
)  # fmt: skip
"""Common targets: one, two and five failures in a power of ten."""

BUDGET_POLICY = READY["objective's window"]
"""Releases halt while the budget of the objective's own window is overspent."""

QUARTER = 90.0
"""Days of a quarter: Site Reliability Engineering, appendix A."""

MIN_BUDGET_EVENTS = 10.0
"""Events a budget should hold, so that one of them spends no more than a tenth of it."""

EXTRA_NINE = 10
"""One more nine: a critical dependency may spend a tenth of the budget of what stands on it."""

DEPENDENCIES_EXAMPLE = '{"shop": {"payments": 0.9995}}'


def candidates(
    good: pd.Series | pd.DataFrame,
    total: pd.Series | pd.DataFrame,
    *,
    window: Window | pd.Timedelta | str,
    targets: Sequence[float] = LADDER,
    current: float = math.nan,
    alert_policy: AlertPolicy | None = None,
    dependencies: Mapping[str, Any] | None = None,
    weighting: str = "events",
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """How often each target was met, what it would have cost, and whether the next window meets it.

    Parameters
    ----------
    good, total : Series, good and total events [events] on a regular UTC index; missing is unknown.
        DataFrames with a column for each `Member`: a weighted mean, exact over past windows, with
        the traffic of the members as in the whole history in drawn ones and freezes, and without
        pages.
    window : Window, Timedelta or str, of the objective; a day or longer
    targets : sequence of float, candidates [fraction]
    current : float, the target in use [fraction], added to the candidates; NaN where none is in use
    alert_policy : sequence of Rule, optional, that of the Workbook for the window by default
    dependencies : mapping, optional, critical dependencies and their targets, as `ceiling` takes
        them
    weighting : {'events', 'time'}, with 'time' (seconds or slices) a bucket is the least that goes
        wrong, and chance is NaN
    confidence, seed : float [fraction], int, of all intervals, and of the draws

    Returns
    -------
    DataFrame
        One row per target, stricter ones below:
        target, window, current (bool); windows (that the history held), independent (as many that
        do not overlap), met, met_low, met_high (share that met it) [fraction]; probability, low,
        high (that the next window meets it) [fraction]; pages, pages_per_week, pages_low,
        pages_high [1/week], can_page (bool); days (looked at), frozen, freeze_days [days a
        quarter]; budget_events (of the next window) [events], budget_minutes (as an outage) [min];
        chance (that chance alone misses it) [fraction]; allowed (bool: by the dependencies);
        and the same in every row: weeks (whole ones seen), weeks_needed, events (expected in the
        next window) [events], strictest, steady (targets whose budget is one and ten events),
        background, ceiling (what dependencies allow) [fraction].

    Raises
    ------
    InsufficientDataError
        No traffic, or buckets longer than a day.
    InvalidTargetError, ParameterError
        A target outside (0, 1); a window shorter than a day, no targets, an unknown weighting.

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
    ParameterError.check_one_of(weighting, "weighting", ("events", "time"))
    tried = sorted({*targets, *([current] if current == current else [])})
    if not tried:
        raise ParameterError("targets must hold at least one; got none.")
    window = _as_window(window)
    probability._check_length(window)
    past = history(good, total)
    even = past
    if isinstance(good, pd.DataFrame):
        whole = _reweighted(pd.concat({"good": good, "total": total}, axis=1))
        even = history(whole["good"], whole["total"])
    if not even.total.sums[-1] > 0:
        raise InsufficientDataError("there is no traffic to choose a target from.")
    weeks, alert_policy = probability._whole_weeks(even), alert_policy or workbook_policy(window)
    named = pd.DataFrame({"window": window}, probability._by_target(tried))
    parts = [
        named.assign(current=named.index == current),
        _past_windows_met(past, window, tried, confidence),
        probability._pass_probabilities(
            weeks, targets=tried, window=window, confidence=confidence, seed=seed
        ),
        _pages(past, targets=tried, policy=alert_policy, confidence=confidence),
        _freeze_days(even, targets=tried, window=window),
        _limits(even, weeks, window, tried, dependencies, weighting),
    ]
    return pd.concat(parts, axis=1).reset_index()


def window_of(own: Window | None, other: str = "") -> Window:
    """The window to choose a target for: another one, else the one in use, else 28 days.

    Parameters
    ----------
    own : Window or None, that of the objective in use
    other : str, such as ``28d``, or ``1M calendar Europe/Berlin``; empty: none

    Raises
    ------
    ParameterError
        The text is no window.

    Examples
    --------
    >>> [str(window_of(None, text)) for text in ("", "30d", "1M calendar Europe/Berlin")]
    ['28 days', '30 days', 'calendar month (Europe/Berlin)']
    """
    length, _, rest = other.strip().partition(" ")
    if not length:
        return own or Window(pd.Timedelta(days=28))
    if not rest:
        return Window.parse(length)
    kind, _, zone = rest.strip().partition(" ")
    if kind != "calendar":
        raise ParameterError(
            f"window must be a length such as 28d, or '1M calendar Europe/Berlin'; got {other!r}."
        )
    return Window.parse(length, rolling=False, timezone=zone.strip() or "UTC")


def _pages(
    past: History, *, targets: Sequence[float], policy: AlertPolicy, confidence: float = 0.95
) -> pd.DataFrame:
    """Pages that an alert policy would have sent at each target, those within an hour as one."""
    columns = ["pages", "pages_per_week", "pages_low", "pages_high"]
    rules = [rule for rule in _answerable(policy, past) if rule.severity == PAGE]
    rules = [] if isinstance(past.bad, _WeightedPrefix) else rules  # no burn rate
    if not rules:
        return pd.DataFrame(math.nan, probability._by_target(targets), columns).assign(
            can_page=False
        )
    ratios = past.error_ratios(window for rule in rules for window in rule.windows)
    gap = int(pd.Timedelta(hours=1) // past.step)
    rows = []
    for target in targets:
        spans = _alert_spans(past, {PAGE: rules}, target=target, gap=gap, ratios=ratios)
        pages = float(len(spans[PAGE][0]))
        found = _rate(int(pages), past.length / (7 * probability.DAY), confidence)
        rows.append((pages, found.value, found.low, found.high))
    can_page = [any(_is_reachable(rule, target=t) for rule in rules) for t in targets]
    return pd.DataFrame(rows, probability._by_target(targets), columns).assign(can_page=can_page)


def _freeze_days(past: History, *, targets: Sequence[float], window: Window) -> pd.DataFrame:
    """Days a quarter on which the budget policy would have frozen releases at each target."""
    rows = []
    for target in targets:
        days, frozen = _recorded_freezes(past, target=target, window=window, policy=BUDGET_POLICY)
        rows.append((days.sum(), (days & frozen).sum()))
    found = pd.DataFrame(rows, columns=["days", "frozen"], index=probability._by_target(targets))
    return found.assign(freeze_days=_divide(found["frozen"], found["days"]) * QUARTER)


def _past_windows_met(
    past: History, window: Window, targets: list[float], confidence: float
) -> pd.DataFrame:
    """Share of the windows of the past that met each target."""
    rows = probability.past_windows(past, window=window)
    rows = rows[rows["total"] > 0]
    bad, total, n = rows["bad"].to_numpy(), rows["total"].to_numpy(), len(rows)
    independent = past.length / window.duration if n and window.duration is not None else float(n)
    met = np.array([(bad <= _budget_fraction(t) * total * (1 + 1e-12)).sum() for t in targets])
    low, high = _widened_wilson(met, np.full(len(targets), n),
                               index=n / independent if independent else 1.0,
                               confidence=confidence)  # fmt: skip
    found = {"windows": n, "independent": independent, "met": _divide(met, n),
             "met_low": low, "met_high": high}  # fmt: skip
    return pd.DataFrame(found, index=probability._by_target(targets))


def _limits(
    past: History, weeks: probability._Weeks, window: Window, targets: list[float],
    dependencies: Mapping[str, Any] | None, weighting: str,
) -> pd.DataFrame:  # fmt: skip
    """What the traffic can resolve and the dependencies allow."""
    grain = float(np.diff(past.total.sums).max()) if weighting == "time" else 1.0
    events, error_rate = weeks.expected(window), probability._background_error_rate(weeks)
    start, end = probability._window_chance(window, weeks.end)
    budgets = np.array([_budget_fraction(target) for target in targets])
    above = ceiling(dependencies) if dependencies else None
    by_chance = [_miss_probability(events, events * b, error_rate=error_rate) for b in budgets]
    return pd.DataFrame(
        {
            "budget_events": budgets * events,
            "budget_minutes": budgets * ((end - start) / pd.Timedelta(minutes=1)),
            "chance": math.nan if weighting == "time" else by_chance,
            "allowed": [above is None or above.allows(target) for target in targets],
            "weeks": len(weeks),
            "weeks_needed": probability._weeks_needed(window, end=weeks.end),
            "events": events,
            "strictest": _target_with_budget(grain, events),
            "steady": _target_with_budget(MIN_BUDGET_EVENTS * grain, events),
            "background": error_rate,
            "ceiling": above.advised if above else math.nan,
        },
        index=probability._by_target(targets),
    )


def _target_with_budget(bad: float, events: float) -> float:
    """The target whose budget is so many events."""
    return 1 - bad / events if events > bad else math.nan


@dataclass(frozen=True)
class Ceiling:
    """How strict a target can be above these dependencies.

    taken, absolute: share of events the dependencies may fail, all together, and 1 less that
        [fraction]
    advised: target at which each dependency has one more nine [fraction]
    narrowest: the dependency that decides
    table: dependency, target, share, budget (share of events it may take from the service)
    """

    taken: float
    absolute: float
    advised: float
    narrowest: str
    table: pd.DataFrame

    def allows(self, target: float) -> bool:
        """Whether each dependency has one more nine than this target."""
        return _budget_fraction(target) >= (1 - self.advised) * (1 - 1e-9)


def ceiling(dependencies: Mapping[str, Any]) -> Ceiling:
    """The strictest target that critical dependencies allow, were their failures never to coincide.

    Parameters
    ----------
    dependencies : mapping of str to float, or to mapping; target of each dependency the service
        cannot do without, by its name [fraction], or ``{"target": ..., "share": ...}`` where its
        outage takes only a share of the events

    Raises
    ------
    ParameterError, InvalidTargetError
        No dependency, an unknown key, a share outside (0, 1] or a target outside (0, 1).

    References
    ----------
    .. [1] Treynor, Dahlin, Rau, Beyer, "The Calculus of Service Availability", ACM Queue 15
       (2017), "the rule of the extra 9".

    Examples
    --------
    Five dependencies at 99.999 % take 26.28 of the 52.56 minutes a year that 99.99 % allows:

    >>> found = ceiling({name: 0.99999 for name in "abcde"})
    >>> round(found.taken * 365 * 1440, 2), round(found.advised, 6)
    (26.28, 0.9999)
    """
    if not dependencies:
        raise ParameterError("dependencies must name at least one; got none.")
    rows = [(name, *_target_and_share(name, value)) for name, value in dependencies.items()]
    table = pd.DataFrame(rows, columns=["dependency", "target", "share"])
    table["budget"] = table["target"].map(_budget_fraction) * table["share"]
    taken, most = float(table["budget"].sum()), float(table["budget"].max())
    narrowest = str(table.loc[table["budget"].idxmax(), "dependency"])  # type: ignore[index]
    advised = max(0.0, min(round(1 - EXTRA_NINE * most, 12), 1 - taken))
    return Ceiling(taken, 1 - taken, advised, narrowest, table)


def parse_dependencies(text: str | Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What every service depends on, from JSON as a notebook parameter holds it.

    By service, as `ceiling` takes them.

    Parameters
    ----------
    text : str or mapping, ``{"service": {"dependency": target, ...}, ...}``; empty text is none

    Raises
    ------
    ParameterError
        No JSON, or another shape.

    Examples
    --------
    >>> parse_dependencies('{"shop": {"payments": 0.9995}}')
    {'shop': {'payments': 0.9995}}
    """
    try:
        found: Any = json.loads(text.strip() or "{}") if isinstance(text, str) else text
    except ValueError as error:
        raise ParameterError(
            f"dependencies must be JSON such as {DEPENDENCIES_EXAMPLE}; got {text!r} ({error})."
        ) from None
    if not isinstance(found, Mapping) or not all(isinstance(v, Mapping) for v in found.values()):
        raise ParameterError(f"dependencies must look like {DEPENDENCIES_EXAMPLE}; got {text!r}.")
    declared = {str(service): dict(named) for service, named in found.items() if named}
    for named in declared.values():
        ceiling(named)
    return declared


def _target_and_share(name: str, value: Any) -> tuple[float, float]:
    """Target of one dependency, and the share of events its outage takes."""
    given = value if isinstance(value, Mapping) else {"target": value}
    if set(given) - {"target", "share"} or "target" not in given:
        raise ParameterError(
            f"dependency {name!r} has a target and perhaps a share; got {dict(given)!r}."
        )
    _budget_fraction(given["target"])
    share = given.get("share", 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise ParameterError(
            f"the share of dependency {name!r} must be above 0 and at most 1; got {share!r}."
        )
    return float(given["target"]), float(share)
