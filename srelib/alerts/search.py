"""A search over policies: which trade pages against budget spent best, and does it last?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from srelib.alerts.firing import History, check_windows, history, rule_spans
from srelib.alerts.policies import (
    PAGE,
    Policy,
    Rule,
    check_policy,
    length_of,
    period_length,
    workbook_policy,
)
from srelib.alerts.rules import promql_duration
from srelib.alerts.spans import Spans, joined
from srelib.alerts.truth import period_budget
from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows import Window, divide

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
