"""When do the rules of a policy fire on a history, and which of them cannot?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from srelib import events
from srelib.alerts.policies import (
    AlertPolicy,
    Duration,
    Rule,
    _check_policy,
    _length_of,
    _severities,
    _threshold,
)
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.windows import History, history
from srelib.windows.sums import _buckets, _divide
from srelib.windows.window import _regular_step, _spelled

_ZERO = pd.Timedelta(0)
COLUMNS = ["severity", "fired_at", "resolved_at"]

Spans = tuple[np.ndarray, np.ndarray]
"""First bucket of each span, and the first one after it; sorted and apart."""


def _spans_of(mask: np.ndarray) -> Spans:
    """Where a mask is true."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    if len(mask) and mask[0]:
        edges = np.concatenate([[0], edges])
    if len(edges) % 2:
        edges = np.concatenate([edges, [len(mask)]])
    return edges[::2], edges[1::2]


def _paint(spans: Spans, size: int) -> np.ndarray:
    """The mask that is true in the spans."""
    steps = np.zeros(size + 1, dtype="int8")
    steps[spans[0]] += 1
    steps[spans[1]] -= 1
    return np.cumsum(steps[:-1], dtype="int8").view("bool")


def _delayed(spans: Spans, buckets: int) -> Spans:
    """Spans without their first buckets: what is left after waiting."""
    starts, stops = spans[0] + buckets, spans[1]
    kept = starts < stops
    return starts[kept], stops[kept]


def _joined(lists: list[Spans], *, gap: int = 0) -> Spans:
    """Union of lists of spans; those at most `gap` buckets apart become one."""
    starts = np.concatenate([one[0] for one in lists])
    stops = np.concatenate([one[1] for one in lists])
    if not len(starts):
        return starts, stops
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(stops[order])
    new = np.concatenate([[True], starts[1:] > reach[:-1] + gap])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(starts) - 1]])
    return starts[new], reach[last]


def firing(
    good: pd.Series, total: pd.Series, *, target: float, policy: AlertPolicy, partial: bool = False
) -> pd.DataFrame:
    """Which alerts fire at each bucket, as Prometheus evaluates such rules.

    Parameters
    ----------
    good, total : Series, good and total events [events] on a regular UTC index; missing is unknown
    target : float, service level objective [fraction], strictly between 0 and 1
    policy : sequence of Rule; those of one severity fire as one
    partial : bool, accept windows longer than the whole history; they then see what there is

    Returns
    -------
    DataFrame
        One column of booleans per severity, on the index of the input: whether it fires at the
        END of that bucket, when its events are known. Without traffic no rule fires.

    Raises
    ------
    ParameterError, InvalidTargetError, CountError, TimeIndexError
        No rule, or a window shorter than a bucket; a target, counts or an index that cannot be.
    InsufficientDataError
        A window longer than the history, unless `partial`.

    Examples
    --------
    >>> total = pd.Series(100.0, pd.date_range("2026-01-01", periods=6, freq="min", tz="UTC"))
    >>> policy = (Rule("page", "3m", "1m", 10),)
    >>> firing(total - [0, 50, 50, 0, 0, 0], total, target=0.99, policy=policy)["page"].tolist()
    [False, True, True, False, False, False]
    """
    rules = _check_policy(policy)
    past = history(good, total)
    _check_windows(rules, past, partial=partial)
    alerts = {name: [r for r in rules if r.severity == name] for name in _severities(rules)}
    spans = _alert_spans(past, alerts, target=target)
    masks = {severity: _paint(own, len(past.index)) for severity, own in spans.items()}
    return pd.DataFrame(masks, index=good.index)


def _alert_spans(
    past: History,
    alerts: Mapping[str, Sequence[Rule]],
    *,
    target: float,
    gap: int = 0,
    ratios: dict[pd.Timedelta, np.ndarray] | None = None,
) -> dict[str, Spans]:
    """Where each alert, by name, fires while any of its rules does; every rule is replayed once."""
    rules = list(dict.fromkeys(rule for own in alerts.values() for rule in own))
    if ratios is None:
        ratios = past.error_ratios(window for rule in rules for window in rule.windows)
    fires = {rule: _rule_spans(past, rule, ratios, target) for rule in rules}
    return {name: _joined([fires[rule] for rule in own], gap=gap) for name, own in alerts.items()}


def _rule_spans(
    past: History, rule: Rule, ratios: dict[pd.Timedelta, np.ndarray], target: float
) -> Spans:
    """Where one rule fires: its condition, held for its wait."""
    limit = _threshold(rule, target=target)
    above = np.greater if rule.op == ">" else np.greater_equal
    mask = above(ratios[rule.long], limit)
    if rule.short is not None:
        mask &= above(ratios[rule.short], limit)
    if rule.min_bad or rule.min_total:
        width = _buckets(rule.long, step=past.step)
        mask &= past.bad.window(width) >= rule.min_bad
        mask &= past.total.window(width) >= rule.min_total
    return _delayed(_spans_of(mask), -int(-rule.wait // past.step))


def _check_windows(rules: Iterable[Rule], past: History, *, partial: bool) -> None:
    """Refuse windows that this history cannot answer."""
    for rule in rules:
        if min(rule.windows) < past.step:
            raise ParameterError(
                f"the rule '{rule}' is blind: its window of {_spelled(min(rule.windows))} is "
                f"shorter than a bucket of {_spelled(past.step)}. Export finer data, or leave the "
                f"rule out."
            )
        if rule.long > past.length and not partial:
            raise InsufficientDataError(
                f"the rule '{rule}' looks back {_spelled(rule.long)}, the history is "
                f"{_spelled(past.length)} long. Export a longer span, leave the rule out, or pass "
                f"partial=True: its window then sees what there is."
            )


def _answerable(policy: AlertPolicy, past: History) -> tuple[Rule, ...]:
    """The rules of a policy that a history can answer."""
    rules = _check_policy(policy)
    return tuple(r for r in rules if min(r.windows) >= past.step and r.long <= past.length)


def _is_reachable(rule: Rule, *, target: float) -> bool:
    """Whether a total outage fires a rule: factor * (1 - target) < 1."""
    limit = _threshold(rule, target=target)
    return limit < 1 or (rule.op == ">=" and limit == 1)


def _bucket_ends(index: pd.DatetimeIndex, step: pd.Timedelta) -> pd.DatetimeIndex:
    """When the events of each bucket are known, and NaT for after the last."""
    ends = _plain(index) + step.to_timedelta64()
    return _utc(np.append(ends, np.datetime64("NaT")))


def _episode_rows(spans: Spans, ends: pd.DatetimeIndex, severity: str) -> pd.DataFrame:
    """Spans of buckets as episodes in time; one that goes on to the end has not resolved."""
    starts, stops = spans
    return pd.DataFrame(
        {"severity": severity, "fired_at": ends[starts], "resolved_at": ends[stops]}
    )


def _as_episodes(alerts: pd.DataFrame, *, merge: Duration = _ZERO) -> pd.DataFrame:
    """Episodes of each severity, from a replay or from the table ``alerts`` of an export."""
    if len(alerts.columns) and all(kind.kind == "b" for kind in alerts.dtypes):
        index = pd.DatetimeIndex(alerts.index)
        ends = _bucket_ends(index, _regular_step(index))
        masks = {name: alerts[name].to_numpy(dtype=bool) for name in alerts.columns}
        parts = [_episode_rows(_spans_of(mask), ends, name) for name, mask in masks.items()]
        alerts = pd.concat(parts).astype({"severity": "str"})
    if not set(COLUMNS) <= set(alerts.columns):
        raise ColumnError(
            f"alerts must be booleans per severity (alerts.firing) or rows with "
            f"{', '.join(COLUMNS)}; columns seen: {list(alerts.columns)}."
        )
    rows = alerts[COLUMNS].sort_values("fired_at", kind="stable").reset_index(drop=True)
    return _merged(rows, _length_of(merge, "merge"))


def _merged(rows: pd.DataFrame, gap: pd.Timedelta) -> pd.DataFrame:
    """Rows of one severity that overlap, or are at most `gap` apart, become one."""
    parts = []
    forever = events.END_OF_TIME.as_unit("us")
    for _, part in rows.groupby("severity", sort=False, dropna=False):
        reach = part["resolved_at"].fillna(forever).cummax()
        new = (part["fired_at"] > reach.shift() + gap).to_numpy(dtype=bool)
        number = np.cumsum(np.concatenate([[True], new[1:]]))
        first = part.groupby(number)[["severity", "fired_at"]].first()
        last = reach.groupby(number).max()
        parts.append(first.assign(resolved_at=last.where(last < forever)))
    if not parts:
        return rows
    return pd.concat(parts).sort_values("fired_at", kind="stable").reset_index(drop=True)


def _plain(times: pd.DatetimeIndex) -> np.ndarray:
    """Tz-aware times as a plain array in UTC, without copying what is UTC already."""
    return times.as_unit("us").asi8.view("M8[us]")


def _utc(times: np.ndarray) -> pd.DatetimeIndex:
    """A plain array of times in UTC as tz-aware times."""
    return pd.DatetimeIndex(times.astype("M8[us]")).tz_localize("UTC")


def review(
    good: pd.Series, total: pd.Series, *, target: float, policy: AlertPolicy
) -> pd.DataFrame:
    """What stands in the way of each rule, given the target and the average traffic.

    Parameters
    ----------
    good, total, target, policy : as of `firing`, whose errors it raises

    Returns
    -------
    DataFrame
        One row per rule: rule, severity, reachable (a total outage can fire it), blind (a window
        is shorter than a bucket), too_long (a window is longer than the history), events_in_long
        [events], failures_to_fire (fewest bad events in an average long window that fire it; NaN
        where not even all do) [events], one_failure_fires, and how long a total outage lasts
        until it fires (Timedelta, NaT for never): on_paper, and replayed in such buckets.

    Examples
    --------
    >>> total = pd.Series(10.0, pd.date_range("2026-01-01", periods=96, freq="h", tz="UTC"))
    >>> rules = (Rule("page", "1h", "1h", 14.4), Rule("page", "1h", "5m", 14.4))
    >>> review(total, total, target=0.999, policy=rules)["blind"].tolist()
    [False, True]
    """
    past = history(good, total)
    rows = [_review_row(rule, past, target) for rule in _check_policy(policy)]
    lengths = {
        name: pd.Series([row[name] for row in rows], dtype="timedelta64[us]")
        for name in ("on_paper", "replayed")
    }
    return pd.DataFrame(rows).assign(**lengths)


def _review_row(rule: Rule, past: History, target: float) -> dict[str, object]:
    limit = _threshold(rule, target=target)
    reachable = _is_reachable(rule, target=target)
    average = float(_divide(past.total.sums[-1:], past.known[-1:])[0])
    events = average * (rule.long / past.step)
    fewest = _fewest_failures(rule, events, limit)
    return {
        "rule": rule,
        "severity": rule.severity,
        "reachable": reachable,
        "blind": min(rule.windows) < past.step,
        "too_long": rule.long > past.length,
        "events_in_long": events,
        "failures_to_fire": fewest,
        "one_failure_fires": fewest <= 1,
        "on_paper": rule.long * limit + rule.wait if reachable else pd.NaT,
        "replayed": _replayed_outage(rule, past.step, target),
    }


def _fewest_failures(rule: Rule, events: float, limit: float) -> float:
    """Fewest bad events among `events` that fire a rule."""
    if not events > 0 or events < rule.min_total:
        return math.nan
    exact = events * limit
    whole = math.ceil(exact - 1e-9) if rule.op == ">=" else math.floor(exact + 1e-9) + 1
    fewest = max(whole, 1, math.ceil(rule.min_bad))
    return float(fewest) if fewest <= max(events, 1) else math.nan


def _replayed_outage(rule: Rule, step: pd.Timedelta, target: float) -> pd.Timedelta | NaTType:
    """How long a total outage after a quiet long window lasts until a rule fires."""
    if min(rule.windows) < step:
        return pd.NaT
    long, wait = -int(-rule.long // step), -int(-rule.wait // step)
    size = 2 * long + wait + 1
    index = pd.date_range("2026-01-01", periods=size, freq=step, tz="UTC")
    total = pd.Series(1.0, index)
    good = total.where(np.arange(size) < long, 0.0)
    fires = firing(good, total, target=target, policy=[replace(rule, min_bad=0.0, min_total=0.0)])
    first = int(fires[rule.severity].to_numpy().argmax())
    return (first + 1 - long) * step if first >= long else pd.NaT
