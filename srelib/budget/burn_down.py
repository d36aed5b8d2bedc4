"""The budget over time: burn-down, and one row per period, so far and projected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.status import (
    DAY,
    MIN_COVERAGE,
    Past,
    at_days,
    budget_fraction,
    checked,
    exact_sum,
    futures,
    read_past,
    regular_step,
)
from srelib.errors import InsufficientDataError, ParameterError
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


MIN_DAYS = 7
GRACE = 1e-9  # share of the allowance below which an overdraft is floating-point dust


@dataclass(frozen=True)
class Forecast:
    """When the budget will run out.

    Parameters
    ----------
    at : Timestamp or NaT
        Median time of exhaustion over all simulated futures; NaT when fewer than half of
        them run out before the horizon.
    low, high : Timestamp or NaT
        Interval of the time of exhaustion; NaT where that end lies beyond the horizon.
    probability : float
        Share of futures that run out before the horizon [fraction].
    horizon : Timestamp
        How far was looked.
    confidence : float
        Of the interval [fraction].
    days : int
        Past days the futures were drawn from [d].
    method : str
        How it was found, in words.
    """

    at: pd.Timestamp
    low: pd.Timestamp
    high: pd.Timestamp
    probability: float
    horizon: pd.Timestamp
    confidence: float
    days: int
    method: str


def forecast(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    window: windows.Window,
    horizon: pd.Timedelta | str | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    as_of: pd.Timestamp | None = None,
) -> Forecast:
    """When the budget runs out if the coming days are like the past ones.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    window : Window
        Window of the objective, rolling or calendar.
    horizon : Timedelta or str, optional
        How far to look; by default the length of a rolling window, or the end of the
        calendar period. A calendar period is never looked beyond.
    confidence : float
        Of the interval [fraction].
    resamples : int
        Simulated futures.
    seed : int
        Seed of the random draws; the same seed gives the same answer.
    as_of : Timestamp, optional
        "Now"; later buckets are not looked at. By default the end of the data.

    Returns
    -------
    Forecast
        Median and interval of the time, and the probability to run out at all.

    Raises
    ------
    InsufficientDataError
        Fewer than seven past days were observed to at least half.
    ParameterError
        A horizon or confidence that cannot be.

    Notes
    -----
    Futures are strings of past days drawn with replacement, working days for working days
    and weekend days for weekend days once two weeks are known, each future from its own
    resampled history, so that the interval also carries how little is known of the past.
    Days are 24-hour blocks back from now, seen to at least half, scaled to the whole day.
    In a rolling window the bad events of the past leave as the window moves on.
    In a calendar period the budget is that of the traffic of the whole period.
    The budget is gone when more is spent than allowed; between days time is interpolated.
    Slow trends and weekly patterns finer than working day and weekend are not modelled.

    References
    ----------
    .. [1] Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=10 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> month = windows.Window.parse("1M", rolling=False)
    >>> forecast(total - 1, total, target=0.995, window=month).at
    Timestamp('2026-01-16 12:00:00+0000', tz='UTC')
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1; got {confidence:g}.")
    window = windows.as_window(window)
    fraction = budget_fraction(target)
    past = read_past(good, total, as_of=as_of, timezone=window.timezone)
    start = _window_start(window, past.now)
    end = _end(window, past.now, start, horizon)
    length = (end - past.now) / DAY
    if window.is_rolling and _overspent(*past.since((start - past.now) / DAY), fraction).all():
        return _already(past, end, confidence)
    _require(past)
    rng = np.random.default_rng(seed)
    reach = length if window.is_rolling else (window.bounds_at(past.now)[1] - past.now) / DAY
    future = futures(past, reach, resamples=resamples, rng=rng, timezone=window.timezone)
    if window.is_rolling:
        left = _left_rolling(past, future, fraction=fraction, width=(past.now - start) / DAY)
    else:
        left = _left_calendar(past, future, fraction=fraction, window=window, start=start)
    days = _crossing(left, length)
    if (days == 0).all():
        return _already(past, end, confidence)
    return _summary(days, past, end, confidence=confidence, resamples=resamples)


def _window_start(window: windows.Window, now: pd.Timestamp) -> pd.Timestamp:
    return window.bounds_at(now)[0]


def _end(
    window: windows.Window,
    now: pd.Timestamp,
    start: pd.Timestamp,
    horizon: pd.Timedelta | str | None,
) -> pd.Timestamp:
    longest = now + (now - start) if window.is_rolling else window.bounds_at(now)[1]
    if horizon is None:
        return longest
    length = pd.Timedelta(horizon)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"horizon must be longer than nothing; got {horizon}. Try '28D'.")
    return now + length if window.is_rolling else min(now + length, longest)


def _overspent(bad: np.ndarray, total: np.ndarray, fraction: float) -> np.ndarray:
    return np.asarray(bad - fraction * total > GRACE * fraction * total)


def _require(past: Past) -> None:
    if len(past.days) < MIN_DAYS:
        raise InsufficientDataError(
            f"a forecast needs at least {MIN_DAYS} past days seen to {MIN_COVERAGE:.0%} or more; "
            f"got {len(past.days)}. Export more history."
        )


def _left_rolling(past: Past, future: np.ndarray, *, fraction: float, width: float) -> np.ndarray:
    """Left at the end of each coming day, overdrafts of floating-point dust removed."""
    days = np.arange(future.shape[2], dtype="float64")
    old = np.stack(past.since(days - width))
    sums = old[:, None, :] + future - at_days(future, days - width)
    return fraction * sums[1] - sums[0] + GRACE * fraction * sums[1]


def _left_calendar(
    past: Past,
    future: np.ndarray,
    *,
    fraction: float,
    window: windows.Window,
    start: pd.Timestamp,
) -> np.ndarray:
    """Left of the whole period's budget at the end of each coming day."""
    period_end = window.bounds_at(past.now)[1]
    seen_bad, seen_total = past.since((start - past.now) / DAY)
    rest = np.array([(period_end - past.now) / DAY])
    coming = future[1, :, -1:] * 0 + at_days(future, rest)[1]
    allowance = fraction * (seen_total + coming)
    return allowance * (1 + GRACE) - (seen_bad + future[0])


def _crossing(left: np.ndarray, length: float) -> np.ndarray:
    """Day on which left first falls below 0, interpolated; inf when it does not in time."""
    gone = left < 0
    first = np.argmax(gone, axis=1)
    rows = np.arange(len(left))
    after = left[rows, first]
    before = left[rows, np.maximum(first - 1, 0)]
    steps = np.where(first > 0, before - after, 1.0)
    day = np.where(first > 0, first - 1 + before / np.where(steps > 0, steps, 1.0), 0.0)
    return np.where(gone.any(axis=1) & (day <= length), day, np.inf)


def _already(past: Past, end: pd.Timestamp, confidence: float) -> Forecast:
    now = past.now
    return Forecast(now, now, now, 1.0, end, confidence, len(past.days), "already spent")


def _summary(
    days: np.ndarray, past: Past, end: pd.Timestamp, *, confidence: float, resamples: int
) -> Forecast:
    tail = (1 - confidence) / 2
    low, middle, high = np.quantile(days, [tail, 0.5, 1 - tail], method="higher")
    low, middle, high = (_time(past.now, day) for day in (low, middle, high))
    method = f"bootstrap over {len(past.days)} past days, {resamples:,} futures"
    probability = float(np.isfinite(days).mean())
    return Forecast(middle, low, high, probability, end, confidence, len(past.days), method)


def _time(now: pd.Timestamp, day: float) -> pd.Timestamp:
    if not np.isfinite(day):
        return pd.NaT  # type: ignore[return-value]
    return (now + day * DAY).round("s")


def without_start(left: pd.Series, *, window: Window | None) -> pd.Series:
    """A burn-down without the start of a window, when a few events swing it."""
    if window is None or len(left) < 3:
        return left
    index = pd.DatetimeIndex(left.index)
    length = window.length_at(index[-1])
    if window.is_rolling:
        return left if index[0] + length >= index[len(index) // 2] else left[index[0] + length :]
    return left.mask(index - windows.period_starts(index, window=window) < length / 10)
