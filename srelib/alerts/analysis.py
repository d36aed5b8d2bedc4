"""What a rule does about a constant burn, on paper: detection, budget spent, reset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts.firing import History, Spans, check_windows, history, joined, rule_spans
from srelib.alerts.policies import (
    PAGE,
    Policy,
    Rule,
    check_policy,
    length_of,
    period_length,
    replace_rule,
    threshold,
    workbook_policy,
)
from srelib.alerts.rules import promql_duration
from srelib.alerts.score import period_budget
from srelib.budget import budget_fraction
from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows import Window, divide


def expected(
    policy: Policy,
    *,
    target: float,
    error_ratio: float,
    period: Window | pd.Timedelta | str,
) -> pd.DataFrame:
    """Detection, budget spent and reset of each rule when errors start and stay constant."""
    if not 0 < error_ratio <= 1:
        raise ParameterError(
            f"error_ratio must be a fraction above 0, at most 1; got {error_ratio}."
        )
    burn = error_ratio / budget_fraction(target)
    length = period_length(period)
    rows = [_expected_row(rule, target, error_ratio) for rule in check_policy(policy)]
    found = pd.DataFrame(rows)
    lengths: dict[str, pd.Series] = {
        name: pd.Series([row[name] for row in rows], dtype="timedelta64[us]")
        for name in ("detection", "reset")
    }
    return found.assign(
        **lengths, spent=lengths["detection"].to_numpy() / length.to_timedelta64() * burn
    )


def rehearsed(
    policy: Policy, *, target: float, error_ratio: float, step: pd.Timedelta | str = "1min"
) -> pd.DataFrame:
    """The same as `expected`, replayed: a history without errors in which they start and stay."""
    if not 0 < error_ratio <= 1:
        raise ParameterError(
            f"error_ratio must be a fraction above 0, at most 1; got {error_ratio}."
        )
    length = length_of(step, "step")
    if not length > pd.Timedelta(0):
        raise ParameterError(f"step must be positive; got {step}.")
    rows = [_rehearsal(rule, target, error_ratio, length) for rule in check_policy(policy)]
    found = pd.DataFrame(rows)
    return found.assign(**{
        name: pd.Series([row[name] for row in rows], dtype="timedelta64[us]")
        for name in ("detection", "reset")
    })  # fmt: skip


def exhaustion(burn: float, *, period: Window | pd.Timedelta | str) -> pd.Timedelta:
    """How long a whole budget lasts at a constant burn rate: period / burn."""
    if not burn > 0:
        raise ParameterError(f"burn must be positive; got {burn}.")
    return period_length(period) / burn


def is_reachable(rule: Rule, *, target: float) -> bool:
    """Whether a total outage fires a rule: factor * (1 - target) < 1."""
    return _fires(rule, 1.0, threshold(rule, target=target))


def _fires(rule: Rule, error_ratio: float, limit: float) -> bool:
    return error_ratio > limit or (rule.op == ">=" and error_ratio == limit)


def _rehearsal(
    rule: Rule, target: float, error_ratio: float, step: pd.Timedelta
) -> dict[str, object]:
    """One row of `rehearsed`."""
    row: dict[str, object] = {
        "severity": rule.severity, "long": rule.long, "short": rule.short, "factor": rule.factor,
        "detection": pd.NaT, "reset": pd.NaT,
    }  # fmt: skip
    if min(rule.windows) < step:
        return row
    long = -int(-rule.long // step)
    last = 3 * long - int(-rule.wait // step)
    bad = np.zeros(last + long)
    bad[long:last] = error_ratio
    index = pd.date_range("2026-01-01", periods=len(bad), freq=step, tz="UTC")
    past = history(pd.Series(1 - bad, index), pd.Series(1.0, index))
    whole = replace_rule(rule, min_bad=0.0, min_total=0.0)
    ((starts, stops),) = rule_spans(past, [whole], target=target)
    if len(starts):
        row |= {"detection": (starts[0] + 1 - long) * step, "reset": (stops[-1] + 1 - last) * step}
    return row


def _expected_row(rule: Rule, target: float, error_ratio: float) -> dict[str, object]:
    """One row of `expected`, without what was spent."""
    limit = threshold(rule, target=target)
    part, shorter = limit / error_ratio, min(rule.windows)
    fires = _fires(rule, error_ratio, limit)
    return {
        "severity": rule.severity,
        "long": rule.long,
        "short": rule.short,
        "factor": rule.factor,
        "reachable": is_reachable(rule, target=target),
        "detection": rule.long * part + rule.wait if fires else pd.NaT,
        "reset": shorter * (1 - part) if fires else pd.NaT,
    }


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
    known = past.total.known_before[-1]
    return float(windows.divide(past.total.sums[-1:], known.reshape(1))[0])


def _fewest(rule: Rule, events: float, limit: float) -> float:
    """Fewest bad events among `events` that fire a rule."""
    if not events > 0 or events < rule.min_total:
        return math.nan
    exact = events * limit
    whole = math.ceil(exact - 1e-9) if rule.op == ">=" else math.floor(exact + 1e-9) + 1
    fewest = max(whole, 1, math.ceil(rule.min_bad))
    return float(fewest) if fewest <= max(events, 1) else math.nan


FAST = ("30m", "1h", "2h", "3h")
SLOW = ("4h", "6h", "12h", "1d")
FAST_SHARES = (0.005, 0.01, 0.02, 0.03, 0.05)
SLOW_SHARES = (0.02, 0.03, 0.05, 0.07, 0.1)
WEEK = pd.Timedelta(days=7)


def candidates(
    period: Window | pd.Timedelta | str,
    *,
    fast: Sequence[str] = FAST,
    slow: Sequence[str] = SLOW,
    fast_shares: Sequence[float] = FAST_SHARES,
    slow_shares: Sequence[float] = SLOW_SHARES,
) -> dict[str, tuple[Rule, ...]]:
    """Policies of one fast and one slow rule that page, in all combinations."""
    length = period_length(period)
    return {
        f"{_written(long_a, a)} or {_written(long_b, b)}": (
            _rule(long_a, a, length),
            _rule(long_b, b, length),
        )
        for (long_a, a), (long_b, b) in product(
            product(fast, fast_shares), product(slow, slow_shares)
        )
    }


def search(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    truth: pd.DataFrame,
    policies: Mapping[str, Policy] | None = None,
    current: Policy | None = None,
    severity: str = PAGE,
    split: float = 0.5,
    most_pages: float = 2.0,
    grace: pd.Timedelta | str = "15m",
    merge: pd.Timedelta | str = "1h",
) -> pd.DataFrame:
    """Pages against budget spent at detection for many policies, chosen early and scored late."""
    if not 0 < split < 1:
        raise ParameterError(f"split must lie strictly between 0 and 1; got {split}.")
    tried = _tried(policies, current, period, severity)
    past = history(good, total)
    rules = list(dict.fromkeys(rule for policy, _ in tried.values() for rule in policy))
    check_windows(rules, past)
    fires = dict(zip(rules, rule_spans(past, rules, target=target), strict=True))
    gap = int(length_of(merge, "merge") // past.step)
    parts = _parts(past, truth, split, length_of(grace, "grace"), target, period)
    rows = []
    for name, (policy, kind) in tried.items():
        spans = joined([fires[rule] for rule in policy], gap=gap)
        found = {
            f"{key}_{part}": value
            for part, events in parts.items()
            for key, value in _measured(spans, events).items()
        }
        rows.append({"policy": name, "kind": kind, **found})
    table = pd.DataFrame(rows)
    table["front"] = _front(table["pages_per_week_chosen_on"], table["spent_chosen_on"])
    return table.assign(chosen=_chosen(table, most_pages))


@dataclass(frozen=True)
class _Part:
    """Events of a part of the history, as bucket boundaries, and budget spent before each."""

    first: int
    last: int
    weeks: float
    starts: np.ndarray
    ends: np.ndarray
    grace: float
    spent: np.ndarray


def _written(long: str, share: float) -> str:
    """One rule as `read_policy` reads it."""
    return f"{100 * share:g}% in {long}/{promql_duration(period_length(long) / 12)}"


def _rule(long: str, share: float, period: pd.Timedelta) -> Rule:
    length = period_length(long)
    factor = float(f"{share * (period / length):.12g}")
    return Rule(PAGE, length, length / 12, factor)


def _tried(
    policies: Mapping[str, Policy] | None,
    current: Policy | None,
    period: Window | pd.Timedelta | str,
    severity: str,
) -> dict[str, tuple[tuple[Rule, ...], str]]:
    """Policies by name, only the rules that count, each with its kind."""
    named = {"candidate": policies if policies is not None else candidates(period)}
    named["workbook"] = {"SRE Workbook": workbook_policy(period)}
    if current is not None:
        named["current"] = {"current policy": current}
    found = {}
    for kind, several in named.items():
        for name, policy in several.items():
            rules = tuple(r for r in check_policy(policy) if r.severity == severity)
            if not rules:
                raise ParameterError(f"policy {name!r} has no rule of severity {severity!r}.")
            found[name] = (rules, kind)
    return found


def _parts(
    past: History,
    truth: pd.DataFrame,
    split: float,
    grace: pd.Timedelta,
    target: float,
    period: Window | pd.Timedelta | str,
) -> dict[str, _Part]:
    """The part policies are chosen on, and the one they are tested on."""
    size = len(past.index)
    middle = round(size * split)
    events = truth.sort_values("starts_at", kind="stable")
    starts, ends = (
        ((events[name] - past.index[0]) / past.step).to_numpy(dtype="float64")
        for name in ("starts_at", "ends_at")
    )
    spent = past.bad.sums / period_budget(past, target=target, period=period)
    found = {}
    for name, first, last in (("chosen_on", 0, middle), ("tested_on", middle, size)):
        own = (starts >= first) & (starts < last)
        if not own.any():
            raise InsufficientDataError(
                f"no event starts between {past.index[first]} and {past.index[last - 1]}; "
                f"lower the share that makes an event, or move split (now {split:g})."
            )
        weeks = (last - first) * past.step / WEEK
        found[name] = _Part(first, last, weeks, starts[own], ends[own], grace / past.step, spent)
    return found


def _measured(spans: Spans, part: _Part) -> dict[str, float]:
    """Pages per week, spent at detection, recall and precision on one part."""
    fired, resolved = spans[0] + 1.0, spans[1] + 1.0
    place = np.searchsorted(resolved, part.starts, side="right")
    told = np.append(fired, np.inf)[place]
    caught = told <= part.ends + part.grace
    until = np.where(caught, np.maximum(told, part.starts), part.ends)
    before = np.interp([until, part.starts], np.arange(len(part.spent)), part.spent)
    own = (spans[0] >= part.first) & (spans[0] < part.last)
    useful = np.searchsorted(part.starts, resolved[own]) > np.searchsorted(
        np.sort(part.ends) + part.grace, fired[own]
    )
    pages = int(own.sum())
    return {
        "pages_per_week": pages / part.weeks,
        "spent": float(np.median(before[0] - before[1])),
        "recall": float(caught.mean()),
        "precision": float(divide(np.array([float(useful.sum())]), np.array([float(pages)]))[0]),
    }


def _front(pages: pd.Series, spent: pd.Series) -> np.ndarray:
    """Policies that none beats: fewer pages cost more budget and the other way round."""
    order = np.lexsort((spent, pages))
    x, y = pages.to_numpy()[order], spent.to_numpy()[order]
    least = np.minimum.accumulate(y)
    best_before = np.concatenate([[np.inf], least[:-1]])
    leads = y < best_before
    same = np.concatenate([[False], (x[1:] == x[:-1]) & (y[1:] == y[:-1])])
    for i in np.flatnonzero(same):
        leads[i] = leads[i - 1]
    front = np.zeros(len(x), dtype=bool)
    front[order] = leads
    return front


def _chosen(table: pd.DataFrame, most_pages: float) -> np.ndarray:
    """The policy that spends least among those whose pages are bearable on the first part."""
    chosen = np.zeros(len(table), dtype=bool)
    bearable = table[table["pages_per_week_chosen_on"] <= most_pages]
    if len(bearable):
        ranked = bearable.sort_values(
            ["spent_chosen_on", "pages_per_week_chosen_on"], kind="stable"
        )
        chosen[ranked.index[0]] = True
    return chosen
