"""The budget over time: burn-down, and one row per period, so far and projected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.counts import budget_fraction, checked, exact_sum, regular_step
from srelib.windows import Window, as_window


def burn_rate(good: pd.Series, total: pd.Series, *, target: float, window: Window) -> pd.Series:
    """How fast the budget burns: error ratio / (1 - target) over a rolling window."""
    frame = burn_down(good, total, target=target, window=window)
    return windows.divide(frame["spent"], frame["allowance"])


def burn_down(good: pd.Series, total: pd.Series, *, target: float, window: Window) -> pd.DataFrame:
    """What is left of the budget, bucket by bucket.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    window : Window
        Rolling: sums over ``(t - W, t]``. Calendar: sums since the period began (*so far*).

    Returns
    -------
    DataFrame
        On the index of the input: allowance, spent, left [events], left_share [fraction of
        the allowance; NaN without traffic], coverage [fraction of the window's buckets, or
        of those since the period began, that were observed].
        Values hold at the end of each bucket; sums are NaN while nothing is known.

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    CountError
        Counts that cannot be.
    TimeIndexError
        The index is not regular.

    Notes
    -----
    Where history is shorter than the window, what exists is used, and coverage says so.
    *So far* allowance grows with traffic, so left may rise again without anything repaired.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> frame = burn_down(total - [0, 3, 0], total, target=0.98, window=Window.parse("2h"))
    >>> frame["left"].tolist()
    [2.0, 1.0, 1.0]
    """
    window = as_window(window)
    fraction = budget_fraction(target)
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    first = _first_in_window(times, window)
    spent, asked = windows.prefix_pair(total_seen - good_seen, total_seen)
    bad, allowance = _since(spent, first), fraction * _since(asked, first)
    frame = pd.DataFrame({"allowance": allowance, "spent": bad}, index=good.index)
    frame["left"] = frame["allowance"] - frame["spent"]
    frame["left_share"] = windows.divide(frame["left"], frame["allowance"])
    return frame.assign(coverage=_coverage(total, times, window))


def by_period(good: pd.Series, total: pd.Series, *, target: float, window: Window) -> pd.DataFrame:
    """The budget of each period, so far and projected to the whole of it.

    projected allowance = (1 - target) * (traffic seen + traffic expected until the end).

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    window : Window
        Calendar: the periods the data touches, at their true length.
        Rolling: blocks of that length that end with the data.

    Returns
    -------
    DataFrame
        One row per period: starts_at, ends_at, label, complete, good, total, allowance,
        spent, left [events], left_share [fraction], projected_total, projected_allowance
        [events], projected_left_share [fraction], coverage [fraction of the period up to the
        end of the data that was observed], projection ('none', 'hour of week', 'mean rate',
        'hour of week, else mean rate').

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    CountError
        Counts that cannot be.

    Notes
    -----
    Expected traffic is, for every bucket still to come, the mean of the observed buckets of
    the same local hour of the week in all the data given, or the mean of all observed
    buckets for hours of the week never seen; `projection` says which was used.
    Only time after the end of the data is projected.
    Gaps and the time before the data began stay unknown: filling them would add allowance for
    traffic nobody saw fail or succeed.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=24 * 10, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> month = Window.parse("1M", rolling=False)
    >>> row = by_period(total - 0.5, total, target=0.99, window=month).iloc[0]
    >>> float(row["left_share"]), float(row["projected_total"])
    (0.5, 74400.0)
    """
    window = as_window(window)
    fraction = budget_fraction(target)
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = regular_step(times)
    end = times[-1] + step
    frame = windows.periods(times[0], end, window=window)
    low = times.searchsorted(pd.DatetimeIndex(frame["starts_at"]))
    high = times.searchsorted(pd.DatetimeIndex(frame["ends_at"]))
    spans = [slice(*pair) for pair in zip(low, high, strict=True)]
    frame["good"] = [_known_sum(good_seen[span]) for span in spans]
    frame["total"] = [_known_sum(total_seen[span]) for span in spans]
    frame["allowance"] = fraction * frame["total"]
    frame["spent"] = [_known_sum((total_seen - good_seen)[span]) for span in spans]
    frame["left"] = frame["allowance"] - frame["spent"]
    frame["left_share"] = windows.divide(frame["left"], frame["allowance"])
    coming, projection = _expected(total, step, until=frame["ends_at"].iloc[-1], window=window)
    frame["projected_total"] = frame["total"] + np.where(frame["ends_at"] > end, coming, 0.0)
    frame["projected_allowance"] = fraction * frame["projected_total"]
    frame["projected_left_share"] = windows.divide(
        frame["projected_allowance"] - frame["spent"], frame["projected_allowance"]
    )
    known = np.array([np.count_nonzero(~np.isnan(total_seen[span])) for span in spans])
    so_far = frame["ends_at"].where(frame["ends_at"] < end, end) - frame["starts_at"]
    frame["coverage"] = windows.divide(known, so_far.to_numpy() / step.to_timedelta64())
    return frame.assign(projection=np.where(frame["ends_at"] > end, projection, "none"))


def _first_in_window(times: pd.DatetimeIndex, window: Window) -> np.ndarray:
    """For each bucket the position of the first bucket that is summed with it."""
    step = windows.check_index(times)
    if window.is_rolling:
        width = windows.buckets(window, step=step)
        return np.maximum(np.arange(len(times)) + 1 - width, 0)
    return times.searchsorted(windows.period_starts(times, window=window))


def _since(sums: windows.Prefix, first: np.ndarray) -> np.ndarray:
    result = sums.sums[1:] - sums.sums[first]
    if sums.seen is not None:
        result[sums.seen[1:] == sums.seen[first]] = np.nan
    return result


def _coverage(total: pd.Series, times: pd.DatetimeIndex, window: Window) -> np.ndarray:
    if window.is_rolling:
        return windows.rolling_coverage(total, window=window).to_numpy()
    starts = windows.period_starts(times, window=window)
    known = np.concatenate([[0], np.cumsum(total.notna().to_numpy())])
    seen = known[1:] - known[times.searchsorted(starts)]
    step = windows.check_index(times)
    elapsed = (times - starts) / step + 1 if step is not None else np.ones(len(times))
    return windows.divide(seen, np.maximum(np.asarray(elapsed), seen))


def _known_sum(values: np.ndarray) -> float:
    return exact_sum(values) if (~np.isnan(values)).any() else float("nan")


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
    expected[unseen] = exact_sum(observed.to_numpy()) / len(observed)
    part = (until - coming[-1]) / step  # the last bucket may be cut by the end of the period
    expected[-1] *= min(part, 1.0)
    how = "mean rate" if unseen.all() else "hour of week"
    return exact_sum(expected), f"{how}, else mean rate" if 0 < unseen.sum() < len(unseen) else how


def _hour_of_week(index: pd.Index, window: Window) -> np.ndarray:
    local = pd.DatetimeIndex(index).tz_convert(window.timezone)
    return np.asarray(local.day_of_week * 24 + local.hour)
