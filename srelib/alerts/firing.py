"""Spans of buckets: where a mask is true, as starts and stops; the core of every replay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts.policies import Policy, Rule, check_policy, length_of, severities, threshold
from srelib.budget.status import checked, regular_step
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.windows.window import spelled

Spans = tuple[np.ndarray, np.ndarray]
"""First bucket of each span, and the first one after it; sorted and apart."""


def spans_of(mask: np.ndarray) -> Spans:
    """Where a mask is true."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    if len(mask) and mask[0]:
        edges = np.concatenate([[0], edges])
    if len(edges) % 2:
        edges = np.concatenate([edges, [len(mask)]])
    return edges[::2], edges[1::2]


def paint(spans: Spans, size: int) -> np.ndarray:
    """The mask that is true in the spans."""
    steps = np.zeros(size + 1, dtype="int8")
    steps[spans[0]] += 1
    steps[spans[1]] -= 1
    return np.cumsum(steps[:-1], dtype="int8").view("bool")


def delayed(spans: Spans, buckets: int) -> Spans:
    """Spans without their first buckets: what is left after waiting."""
    starts, stops = spans[0] + buckets, spans[1]
    kept = starts < stops
    return starts[kept], stops[kept]


def joined(several: list[Spans], *, gap: int = 0) -> Spans:
    """Union of several lists of spans; those at most `gap` buckets apart become one."""
    starts = np.concatenate([one[0] for one in several])
    stops = np.concatenate([one[1] for one in several])
    if not len(starts):
        return starts, stops
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(stops[order])
    new = np.concatenate([[True], starts[1:] > reach[:-1] + gap])
    last = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(starts) - 1]])
    return starts[new], reach[last]


@dataclass(frozen=True)
class History:
    """Counts made ready for replays: prefix sums, computed once for all rules.

    Parameters
    ----------
    index : DatetimeIndex
        Starts of the buckets.
    step : Timedelta
        Length of a bucket.
    bad, total : Prefix
        Prefix sums of bad and of all events [events].
    """

    index: pd.DatetimeIndex
    step: pd.Timedelta
    bad: windows.Prefix
    total: windows.Prefix

    @property
    def length(self) -> pd.Timedelta:
        """From the start of the first bucket to the end of the last."""
        return self.step * len(self.index)

    def error_ratios(self, lengths: Iterable[pd.Timedelta]) -> dict[pd.Timedelta, np.ndarray]:
        """Share of bad events over several windows, at every bucket.

        Parameters
        ----------
        lengths : iterable of Timedelta

        Returns
        -------
        dict of Timedelta to array
            Error ratios [fraction]; NaN without traffic in the window.
        """
        spans = list(dict.fromkeys(lengths))
        widths = [windows.buckets(span, step=self.step) for span in spans]
        found = windows.ratios(self.bad, self.total, widths=widths)
        return dict(zip(spans, found, strict=True))


def history(good: pd.Series, total: pd.Series) -> History:
    """Make counts ready for replays.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.

    Returns
    -------
    History

    Raises
    ------
    CountError
        Counts that cannot be.
    TimeIndexError
        The indexes differ, are not regular, or hold fewer than two buckets.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=60, freq="min", tz="UTC")
    >>> history(pd.Series(9.0, index), pd.Series(10.0, index)).length
    Timedelta('0 days 01:00:00')
    """
    good_seen, total_seen = checked(good, total)
    index = pd.DatetimeIndex(total.index)
    step = regular_step(index)
    part, whole = windows.prefix_pair(total_seen - good_seen, total_seen)
    return History(index, step, part, whole)


def firing(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    policy: Policy,
    partial: bool = False,
) -> pd.DataFrame:
    """Which alerts fire at each bucket.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    policy : sequence of Rule
        Rules; those of one severity fire as one.
    partial : bool
        Accept windows longer than the whole history; they then see what there is.

    Returns
    -------
    DataFrame
        One column of booleans per severity, in the order of the policy, on the index of the
        input: whether it fires at the END of that bucket, when its events are known.

    Raises
    ------
    ParameterError
        A policy without rules, or a window shorter than a bucket.
    InsufficientDataError
        A window longer than the history.
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    CountError
        Counts that cannot be.
    TimeIndexError
        The index is not regular.

    Notes
    -----
    As Prometheus evaluates such rules, once per bucket [1]_: windows are ``(t - W, t]``; at the
    start of the history they see what there is; without traffic the ratio is unknown and the
    rule does not fire; a rule with `wait` is pending until its condition has held that long,
    and any bucket without it starts the wait again, for each rule by itself.

    References
    ----------
    .. [1] Prometheus documentation, Alerting rules, and
       Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=6, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total - [0, 50, 50, 0, 0, 0]
    >>> policy = (Rule("page", "3m", "1m", 10),)
    >>> firing(good, total, target=0.99, policy=policy)["page"].tolist()
    [False, True, True, False, False, False]
    """
    rules = check_policy(policy)
    past = history(good, total)
    check_windows(rules, past, partial=partial)
    found = rule_spans(past, rules, target=target)
    columns = {
        severity: paint(
            joined([s for rule, s in zip(rules, found, strict=True) if rule.severity == severity]),
            len(past.index),
        )
        for severity in severities(rules)
    }
    return pd.DataFrame(columns, index=good.index)


def rule_spans(
    past: History,
    rules: Iterable[Rule],
    *,
    target: float,
    ratios: dict[pd.Timedelta, np.ndarray] | None = None,
) -> list[Spans]:
    """Where each rule fires."""
    rules = list(rules)
    if ratios is None:
        ratios = past.error_ratios(window for rule in rules for window in rule.windows)
    return [_spans(past, rule, ratios, threshold(rule, target=target)) for rule in rules]


def check_windows(rules: Iterable[Rule], past: History, *, partial: bool = False) -> None:
    """Refuse windows that this history cannot answer."""
    for rule in rules:
        if min(rule.windows) < past.step:
            raise ParameterError(
                f"the rule '{rule}' is blind: its window of {spelled(min(rule.windows))} is "
                f"shorter than a bucket of {spelled(past.step)}. Export finer data, or leave such "
                f"rules out with alerts.answerable."
            )
        if rule.long > past.length and not partial:
            raise InsufficientDataError(
                f"the rule '{rule}' looks back {spelled(rule.long)}, the history is "
                f"{spelled(past.length)} long. Export a longer span, or leave such rules out with "
                f"alerts.answerable."
            )


def _spans(
    past: History, rule: Rule, ratios: dict[pd.Timedelta, np.ndarray], limit: float
) -> Spans:
    """Where one rule fires: its condition, held for its wait."""
    above = np.greater if rule.op == ">" else np.greater_equal
    mask = above(ratios[rule.long], limit)
    if rule.short is not None:
        mask &= above(ratios[rule.short], limit)
    if rule.min_bad or rule.min_total:
        width = windows.buckets(rule.long, step=past.step)
        mask &= past.bad.window(width) >= rule.min_bad
        mask &= past.total.window(width) >= rule.min_total
    return delayed(spans_of(mask), -int(-rule.wait // past.step))


COLUMNS = ["severity", "fired_at", "resolved_at"]
_ZERO = pd.Timedelta(0)


def episodes(firing: pd.DataFrame, *, merge: pd.Timedelta | str = _ZERO) -> pd.DataFrame:
    """One row per episode of each severity."""
    gap = length_of(merge, "merge")
    index = pd.DatetimeIndex(firing.index)
    step = regular_step(index)
    ends = np.append(plain(index) + step.to_timedelta64(), np.datetime64("NaT"))
    parts = []
    for severity in firing.columns:
        spans = spans_of(firing[severity].to_numpy(dtype=bool))
        starts, stops = joined([spans], gap=int(gap // step))
        parts.append(
            pd.DataFrame(
                {
                    "severity": severity,
                    "fired_at": utc(ends[starts]),
                    "resolved_at": utc(ends[stops]),
                }
            )
        )
    found = pd.concat(parts, ignore_index=True).astype({"severity": "str"})
    return found.sort_values("fired_at", kind="stable").reset_index(drop=True)


def as_episodes(alerts: pd.DataFrame, *, merge: pd.Timedelta | str = _ZERO) -> pd.DataFrame:
    """Episodes from a replay, from `episodes`, or from the table ``alerts`` of an export."""
    if len(alerts.columns) and all(kind.kind == "b" for kind in alerts.dtypes):
        return episodes(alerts, merge=merge)
    if not set(COLUMNS) <= set(alerts.columns):
        raise ColumnError(
            f"alerts must be booleans per severity (alerts.firing) or rows with "
            f"{', '.join(COLUMNS)}; columns seen: {list(alerts.columns)}."
        )
    rows = alerts[COLUMNS].sort_values("fired_at", kind="stable").reset_index(drop=True)
    return _merged(rows, length_of(merge, "merge"))


def plain(times: pd.DatetimeIndex) -> np.ndarray:
    """Tz-aware times as a plain array in UTC, without copying what is UTC already."""
    return times.as_unit("us").asi8.view("M8[us]")


def utc(times: np.ndarray) -> pd.DatetimeIndex:
    """A plain array of times in UTC as tz-aware times."""
    return pd.DatetimeIndex(times.astype("M8[us]")).tz_localize("UTC")


def _merged(rows: pd.DataFrame, gap: pd.Timedelta) -> pd.DataFrame:
    """Rows of one severity that overlap, or are at most `gap` apart, become one."""
    parts = []
    forever = pd.Timestamp.max.tz_localize("UTC").as_unit("us")
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
