"""The budget of some time, bucket by bucket, and period by period: so far and projected.

`good` and `total` hold events per bucket on a regular UTC index; missing is unknown.
Definitions and sources: docs/methods.md, Error budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from srelib import wording
from srelib.errors import CountError, InsufficientDataError, InvalidTargetError
from srelib.shown import HtmlTable
from srelib.windows import History, Window
from srelib.windows.history import _bad_and_total
from srelib.windows.sums import _buckets, _checked, _divide, _ratio
from srelib.windows.window import (
    _as_window,
    _calendar_periods,
    _check_index,
    _in_force,
    _period_starts,
    _regular_step,
)

Counts = pd.Series | float
Targets = Sequence[tuple[pd.Timestamp | None, float]]
Counted = Any
"""Series of counts, or DataFrames with a column for each member of a weighted mean."""


def _budget_fraction(target: float) -> float:
    """Share of events that may be bad: 1 - target, as written in decimal."""
    InvalidTargetError.check(target)
    return float(1 - Decimal(str(float(target))))


def _exact_sum(values: np.ndarray) -> float:
    """Sum without rounding on the way, so that the order of rows cannot matter."""
    seen = values[~np.isnan(values)]
    if len(seen) and seen.max() < 2**52 / len(seen) and (seen == np.rint(seen)).all():
        return float(seen.sum())  # whole numbers below 2**52 add up exactly in any order
    return math.fsum(seen.tolist())


def _alone(count: Counts, name: str) -> pd.Series:
    if isinstance(count, pd.Series):
        raise CountError(
            f"good and total must both be Series, or both numbers; {name} is a Series."
        )
    return pd.Series([count], dtype="float64")


@dataclass(frozen=True)
class Status:
    """The error budget of a stretch of time; unknown is NaN.

    good, total: sums [events], or seconds when weighted by time
    target: service level objective [fraction]
    allowance, spent, left: bad events allowed, bad events, and what is left [events]; negative when
        overspent
    spent_share, left_share: share of the allowance [fraction]; NaN without an allowance
    sli: good / total [fraction]; NaN without traffic
    """

    good: float
    total: float
    target: float
    allowance: float
    spent: float
    left: float
    spent_share: float
    left_share: float
    sli: float

    def _repr_html_(self) -> str:
        share, count = wording.percent, wording.count
        rows = (
            ("allowed", count(self.allowance), share(1.0)),
            ("spent", count(self.spent), share(self.spent_share)),
            ("left", count(self.left), share(self.left_share)),
        )
        caption = f"Error budget at a target of {share(self.target)}; {share(self.sli)} are good"
        headers = ("budget", "bad events", "share")
        return HtmlTable(caption, headers, rows, (False, True, True))._repr_html_()


def status(good: Counts, total: Counts, *, target: float) -> Status:
    """Error budget: what was allowed, what was spent, what is left.

    allowance = (1 - target) * total; spent = total - good; left = allowance - spent. Sums are over
    everything given; all NaN when no bucket was observed.

    Parameters
    ----------
    good, total : Series or float [events]
    target : float [fraction]

    Raises
    ------
    InvalidTargetError, CountError
        The target is no fraction strictly between 0 and 1; negative, infinite, good > total.

    Examples
    --------
    >>> budget = status(3_557_865, 3_663_253, target=0.97)
    >>> f"{budget.allowance:.2f} {budget.spent:.0f} {budget.left_share:.3f}"
    '109897.59 105388 0.041'
    """
    fraction = _budget_fraction(target)
    if not isinstance(good, pd.Series) or not isinstance(total, pd.Series):
        good, total = _alone(good, "good"), _alone(total, "total")
    good_seen, total_seen = _checked(good, total)
    right, asked = _known_sum(good_seen), _known_sum(total_seen)
    allowance, spent = fraction * asked, _known_sum(total_seen - good_seen)
    share = _ratio(spent, allowance)
    return Status(
        good=right, total=asked, target=float(target), allowance=allowance, spent=spent,
        left=allowance - spent, spent_share=share, left_share=1 - share, sli=_ratio(right, asked),
    )  # fmt: skip


def _window_allowance(past: History, *, target: float, window: Window) -> float:
    """Bad events allowed in the window in which the data end, at the average traffic."""
    allowed = _budget_fraction(target) * past.expected(window)
    if not allowed > 0:
        raise InsufficientDataError(
            "the budget of a window needs traffic; the history holds none. Check the export."
        )
    return allowed


def burn_down(
    good: Counted, total: Counted, *, target: float, window: Window, targets: Targets = ()
) -> pd.DataFrame:
    """What is left of the budget, bucket by bucket.

    Parameters
    ----------
    good, total : Series, or DataFrame with a column for each `Member` of a weighted mean [events]
    target : float [fraction]
    window : Window, rolling: sums over ``(t - W, t]``; calendar: since the period began (*so far*)
    targets : sequence of (Timestamp or None, float), optional, earlier targets and the one in use,
        with when each came into force: a window is judged by the one in force at its end, and has
        no allowance before the first

    Returns
    -------
    DataFrame
        On the index of the input, as it stood at the end of each bucket: allowance, spent, left
        [events], left_share, coverage (of the window, or since the period began) [fraction].

    Raises
    ------
    InvalidTargetError, CountError, TimeIndexError
        As `status`; the index is not regular.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> frame = burn_down(total - [0, 3, 0], total, target=0.98, window=Window.parse("2h"))
    >>> frame["left"].tolist()
    [2.0, 1.0, 1.0]
    """
    window = _as_window(window)
    fraction: Any = _budget_fraction(target)
    bad, events = _bad_and_total(good, total)
    times, step = pd.DatetimeIndex(good.index), _check_index(good.index)
    last = np.arange(1, len(times) + 1)
    length: Any  # of a full record [buckets]
    if window.is_rolling:
        length = _buckets(window, step=step)
        first = np.maximum(last - length, 0)
    else:
        starts = _period_starts(times, window=window)
        first = times.searchsorted(starts)
        length = np.ones(len(times)) if step is None else np.asarray((times - starts) / step) + 1
    if targets:
        end = times[-1] + (step or pd.Timedelta(1, "us"))
        fraction = _budget_fractions(target, targets, [*times[1:], end])
    frame = pd.DataFrame({"allowance": fraction * events.between(first, last)}, index=good.index)
    frame["spent"] = bad.between(first, last)
    frame["left"] = frame["allowance"] - frame["spent"]
    frame["left_share"] = _divide(frame["left"], frame["allowance"])
    known = events.known_before[last] - events.known_before[first]
    return frame.assign(coverage=_divide(known, length))


def by_period(
    good: Counted, total: Counted, *, target: float, window: Window, targets: Targets = ()
) -> pd.DataFrame:
    """The budget of each period, so far and projected to the whole of it.

    projected allowance = (1 - target) * (traffic seen + traffic expected until the end).

    Parameters
    ----------
    good, total, target, targets : as in `burn_down`, whose errors it raises; a period that goes on
        ends, so far, with the data
    window : Window, calendar: the periods the data touches; rolling: blocks that end with the data

    Returns
    -------
    DataFrame
        One row per period: starts_at, ends_at, label, complete, good, total, allowance, spent,
        left [events], left_share [fraction], projected_total, projected_allowance [events],
        projected_left_share, coverage (up to the end of the data) [fraction], projection ('none',
        'hour of week', 'mean rate', 'hour of week, else mean rate').

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=24 * 10, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> month = Window.parse("1M", rolling=False)
    >>> row = by_period(total - 0.5, total, target=0.99, window=month).iloc[0]
    >>> float(row["left_share"]), float(row["projected_total"])
    (0.5, 74400.0)
    """
    window = _as_window(window)
    fraction: Any = _budget_fraction(target)
    times = pd.DatetimeIndex(good.index)
    step = _regular_step(times)
    end = times[-1] + step
    frame = _calendar_periods(times[0], end, window=window)
    goes_on = frame["ends_at"] > end
    ends = [times.searchsorted(pd.DatetimeIndex(frame[c])) for c in ("starts_at", "ends_at")]
    sums, traffic = _sums_of_spans(good, total, *ends)
    frame[["good", "total", "spent"]] = sums
    coming, how = _expected(traffic, step, until=frame["ends_at"].iloc[-1], window=window)
    frame["projected_total"] = frame["total"] + np.where(goes_on, coming, 0.0)
    if targets:
        fraction = _budget_fractions(target, targets, frame["ends_at"].mask(goes_on, end))
    for form in ("", "projected_"):
        frame[f"{form}allowance"] = fraction * frame[f"{form}total"]
        left = frame[f"{form}allowance"] - frame["spent"]
        frame[f"{form}left_share"] = _divide(left, frame[f"{form}allowance"])
    frame["left"] = frame["allowance"] - frame["spent"]
    before = np.concatenate([[0], np.cumsum(traffic.notna())])
    known = before[ends[1]] - before[ends[0]]
    so_far = frame["ends_at"].mask(goes_on, end) - frame["starts_at"]
    frame["coverage"] = _divide(known, so_far.to_numpy() / step.to_timedelta64())
    return frame.assign(projection=np.where(goes_on, how, "none"))


def _sums_of_spans(
    good: Counted, total: Counted, starts: np.ndarray, stops: np.ndarray
) -> tuple[np.ndarray, pd.Series]:
    """Good, total and bad of each span, and the traffic by bucket; unknown where any member is."""
    if isinstance(good, pd.DataFrame):
        bad, events = (sums.between(starts, stops) for sums in _bad_and_total(good, total))
        return np.column_stack([events - bad, events, bad]), total.sum(axis=1, skipna=False)
    good_seen, total_seen = _checked(good, total)
    counts = good_seen, total_seen, total_seen - good_seen
    sums = [
        [_known_sum(values[start:stop]) for values in counts]
        for start, stop in zip(starts, stops, strict=True)
    ]
    return np.array(sums), pd.Series(total_seen, good.index)


def _budget_fractions(target: float, targets: Targets, ends: Any) -> np.ndarray:
    """Share of events that may be bad in windows with these ends; NaN before the first target."""
    held = _in_force(target, targets, pd.DatetimeIndex(ends))
    return np.array([math.nan if one != one else _budget_fraction(one) for one in held.tolist()])


def _known_sum(values: np.ndarray) -> float:
    return _exact_sum(values) if (~np.isnan(values)).any() else float("nan")


def _expected(
    total: pd.Series, step: pd.Timedelta, *, until: pd.Timestamp, window: Window
) -> tuple[float, str]:
    """Traffic expected between the end of the data and `until`, and how it was found."""
    begin = (total.index[-1] + step).tz_convert("UTC")
    coming = pd.date_range(begin, until, freq=step, inclusive="left")
    observed = total[total.notna()]
    if not len(coming):
        return 0.0, "none"
    if observed.empty:
        return float("nan"), "none"
    rates = observed.groupby(_hour_of_week(observed.index, window)).mean()
    expected = rates.reindex(_hour_of_week(coming, window)).to_numpy(copy=True)
    unseen = np.isnan(expected)
    expected[unseen] = _exact_sum(observed.to_numpy()) / len(observed)
    part = (until - coming[-1]) / step  # the last bucket may be cut by the end of the period
    expected[-1] *= min(part, 1.0)
    how = "mean rate" if unseen.all() else "hour of week"
    return _exact_sum(expected), f"{how}, else mean rate" if 0 < unseen.sum() < len(unseen) else how


def _hour_of_week(index: pd.Index, window: Window) -> np.ndarray:
    local = pd.DatetimeIndex(index).tz_convert(window.timezone)
    return np.asarray(local.day_of_week * 24 + local.hour)


def _without_start(left: pd.Series, *, window: Window | None) -> pd.Series:
    """A burn-down without the start of a window, when a few events swing it."""
    if window is None or len(left) < 3:
        return left
    index = pd.DatetimeIndex(left.index)
    length = window.length_at(index[-1])
    if window.is_rolling:
        return left if index[0] + length >= index[len(index) // 2] else left[index[0] + length :]
    return left.mask(index - _period_starts(index, window=window) < length / 10)
