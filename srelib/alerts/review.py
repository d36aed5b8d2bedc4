"""Is a policy able to do its job on this data? Unreachable, blind and trigger-happy rules."""

from __future__ import annotations

import math

import pandas as pd

from srelib import windows
from srelib.alerts.analytic import expected, is_reachable, rehearsed
from srelib.alerts.firing import History, history
from srelib.alerts.policies import Policy, Rule, check_policy, threshold


def review(good: pd.Series, total: pd.Series, *, target: float, policy: Policy) -> pd.DataFrame:
    """What stands in the way of each rule, given the target and the data.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    policy : sequence of Rule

    Returns
    -------
    DataFrame
        One row per rule, in the order of the policy:
        rule (Rule), severity, reachable (a total outage can fire it), blind (a window is shorter
        than a bucket), too_long (a window is longer than the history), events_in_long [events]
        (expected at the average traffic), failures_to_fire [events] (fewest bad events in an
        average long window that fire it; NaN without traffic, or when not even all of them do),
        one_failure_fires, and how long a total outage lasts until it fires (Timedelta, NaT for
        never): on_paper, and replayed in buckets of this length.

    Raises
    ------
    ParameterError
        A policy without rules.
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.

    Notes
    -----
    At a low hour there is less traffic than on average, and fewer failures suffice.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5, "Low-Traffic
       Services" and "Extreme Availability Goals".

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=96, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index)
    >>> rules = (Rule("page", "1h", "1h", 14.4), Rule("page", "1h", "5m", 14.4))
    >>> found = review(total, total, target=0.999, policy=rules)
    >>> found["one_failure_fires"].tolist(), found["blind"].tolist()
    ([True, True], [False, True])
    """
    past = history(good, total)
    found = pd.DataFrame([_row(rule, past, target) for rule in check_policy(policy)])
    paper = expected(policy, target=target, error_ratio=1.0, period="28d")["detection"]
    played = rehearsed(policy, target=target, error_ratio=1.0, step=past.step)["detection"]
    return found.assign(on_paper=paper, replayed=played)


def answerable(policy: Policy, *, step: pd.Timedelta, length: pd.Timedelta) -> tuple[Rule, ...]:
    """The rules of a policy that a history can answer."""
    return tuple(
        rule for rule in check_policy(policy) if min(rule.windows) >= step and rule.long <= length
    )


def _row(rule: Rule, past: History, target: float) -> dict[str, object]:
    blind = min(rule.windows) < past.step
    events = _average(past) * (rule.long / past.step)
    fewest = _fewest(rule, events, threshold(rule, target=target))
    return {
        "rule": rule,
        "severity": rule.severity,
        "reachable": is_reachable(rule, target=target),
        "blind": blind,
        "too_long": rule.long > past.length,
        "events_in_long": events,
        "failures_to_fire": fewest,
        "one_failure_fires": fewest <= 1,
    }


def _average(past: History) -> float:
    """Events in an average known bucket."""
    known = past.total.known(len(past.index))[-1]
    return float(windows.divide(past.total.sums[-1:], known.reshape(1))[0])


def _fewest(rule: Rule, events: float, limit: float) -> float:
    """Fewest bad events among `events` that fire a rule."""
    if not events > 0 or events < rule.min_total:
        return math.nan
    exact = events * limit
    whole = math.ceil(exact - 1e-9) if rule.op == ">=" else math.floor(exact + 1e-9) + 1
    fewest = max(whole, 1, math.ceil(rule.min_bad))
    return float(fewest) if fewest <= max(events, 1) else math.nan
