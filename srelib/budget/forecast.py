"""When the budget runs out: past days drawn again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows import History, Window, history
from srelib.windows.window import _as_window

DAY = pd.Timedelta(days=1)
MIN_DAYS = 7
GONE = "already spent"
MIN_COVERAGE = 0.5
MIN_OF_KIND = 4  # days of each kind before working days and weekends are drawn apart
GRACE = 1e-9  # share of the allowance below which an overdraft is floating-point dust


@dataclass(frozen=True)
class Forecast:
    """When the budget will run out.

    at, low, high: median and interval of the time of exhaustion; NaT where it lies beyond the
        horizon
    probability: share of futures that run out before the horizon [fraction]
    horizon: how far was looked
    confidence: of the interval [fraction]
    days, method: past days the futures were drawn from; how it was found, in words
    """

    at: pd.Timestamp
    low: pd.Timestamp
    high: pd.Timestamp
    probability: float
    horizon: pd.Timestamp
    confidence: float
    days: int
    method: str

    @property
    def is_gone(self) -> bool:
        """Whether nothing was left to begin with."""
        return self.method == GONE


def forecast(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    window: Window,
    horizon: pd.Timedelta | str | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Forecast:
    """When the budget runs out if the coming days are like the past ones.

    Parameters
    ----------
    good, total, target : Series [events], float [fraction]
    window : Window, of the objective, rolling or calendar
    horizon : Timedelta or str, optional, how far to look; by default the length of a rolling window
        or the end of the calendar period, beyond which is never looked
    confidence : float [fraction]
    resamples, seed : int, simulated futures, and the seed of their draws

    Raises
    ------
    InsufficientDataError, ParameterError
        Fewer than seven past days seen to half or more; `confidence` or `horizon` out of range.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=10 * 24, freq="h", tz="UTC")
    >>> total = pd.Series(100.0, index=index)
    >>> month = Window.parse("1M", rolling=False)
    >>> forecast(total - 1, total, target=0.995, window=month).at
    Timestamp('2026-01-16 12:00:00+0000', tz='UTC')
    """
    ParameterError.check_fraction(confidence, "confidence")
    window = _as_window(window)
    fraction = _budget_fraction(target)
    past = history(good, total)
    _check_step(past.step)
    start, stop = window.bounds_at(past.end)
    end = _end(window, past.end, start, stop, horizon)
    back, length, rest = ((time - past.end) / DAY for time in (start, end, stop))
    every = past.length // DAY
    days = _day_sums(past, _day_edges(past, every))
    known = np.flatnonzero(~np.isnan(days[:, 1]))
    bad, asked = _since(past, back)
    if window.is_rolling and bad - fraction * asked > GRACE * fraction * asked:
        return _summary(np.zeros(1), past.end, end, confidence, len(known), GONE)
    if len(known) < MIN_DAYS:
        raise InsufficientDataError(
            f"a forecast needs at least {MIN_DAYS} past days seen to {MIN_COVERAGE:.0%} or more; "
            f"got {len(known)}. Export more history."
        )
    count = int(np.ceil(length if window.is_rolling else rest))
    weekends = [_is_weekend(past.end, of, window.timezone)
                for of in (known - every, np.arange(count))]  # fmt: skip
    rng = np.random.default_rng(seed)
    future = _futures(days[known], *weekends, resamples=resamples, rng=rng)
    if window.is_rolling:
        left = _left_rolling(past, future, fraction=fraction, back=back)
    else:  # of the budget of the whole period
        allowance = fraction * (asked + _at_days(future, np.array([rest]))[1])
        left = allowance * (1 + GRACE) - (bad + future[0])
    gone = _crossing(left, length)
    method = f"bootstrap over {len(known)} past days, {resamples:,} futures"
    method = GONE if (gone == 0).all() else method
    return _summary(gone, past.end, end, confidence, len(known), method)


def _end(
    window: Window, now: pd.Timestamp, start: pd.Timestamp, stop: pd.Timestamp,
    horizon: pd.Timedelta | str | None,
) -> pd.Timestamp:  # fmt: skip
    longest = now + (now - start) if window.is_rolling else stop
    if horizon is None:
        return longest
    length = pd.Timedelta(horizon)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"horizon must be longer than nothing; got {horizon}. Try '28D'.")
    return now + length if window.is_rolling else min(now + length, longest)


def _left_rolling(past: History, future: np.ndarray, *, fraction: float, back: float) -> np.ndarray:
    """Left at the end of each coming day, overdrafts of floating-point dust removed."""
    starts = np.arange(future.shape[2]) + back
    old = np.stack(_since(past, starts))
    sums = old[:, None, :] + future - _at_days(future, starts)
    return fraction * sums[1] - sums[0] + GRACE * fraction * sums[1]


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


def _summary(
    days: np.ndarray,
    now: pd.Timestamp,
    end: pd.Timestamp,
    confidence: float,
    seen: int,
    method: str,
) -> Forecast:
    tail = (1 - confidence) / 2
    ranks = np.quantile(days, [tail, 0.5, 1 - tail], method="higher").tolist()
    at: Any = [(now + day * DAY).round("s") if np.isfinite(day) else pd.NaT for day in ranks]
    probability = float(np.isfinite(days).mean())
    return Forecast(at[1], at[0], at[2], probability, end, confidence, seen, method)


def _since(past: History, day: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Bad and total events from a time until now."""
    at = _position(past, np.asarray(day))
    bad, total = past.bad.sums, past.total.sums
    return bad[-1] - bad[at], total[-1] - total[at]


def _is_weekend(now: pd.Timestamp, days: np.ndarray, timezone: str) -> np.ndarray:
    """Whether the middle of each day, counted from now, lies at a weekend."""
    middles = now + pd.to_timedelta(days + 0.5, unit="D")
    return np.asarray(middles.tz_convert(timezone).day_of_week >= 5)


def _check_step(step: pd.Timedelta) -> None:
    """Refuse buckets longer than a day."""
    if step > DAY:
        raise InsufficientDataError(
            f"days cannot be told apart in buckets of {step}; export finer data."
        )


def _position(past: History, day: np.ndarray) -> np.ndarray:
    """Number of buckets that are over at times given in days from the end."""
    since_start = len(past.index) * past.ticks + np.rint(day * (DAY / pd.Timedelta(1, "us")))
    return past.until(past.start + since_start.astype("int64"))


def _day_edges(past: History, days: int) -> np.ndarray:
    """Positions of the buckets at which the last so many times 24 hours begin, and the end."""
    return _position(past, np.arange(-days, 1))


def _day_sums(past: History, edges: np.ndarray) -> np.ndarray:
    """Bad and total events of each day, scaled for gaps; NaN where less than half is known."""
    seen = np.diff(past.known[edges]) * (past.step / DAY)
    sums = np.column_stack([np.diff(past.bad.sums[edges]), np.diff(past.total.sums[edges])])
    sums[seen < MIN_COVERAGE] = np.nan
    return sums / np.clip(seen, MIN_COVERAGE, 1)[:, None]


def _futures(
    days: np.ndarray, was_weekend: np.ndarray, weekend: np.ndarray, *, resamples: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Simulated futures: strings of past days, each future from its own resampled past."""
    count = len(weekend)
    split = min(was_weekend.sum(), (~was_weekend).sum()) >= MIN_OF_KIND
    drawn = np.empty((resamples, count), dtype="int64")
    for kind in (True, False):
        pool = np.flatnonzero(was_weekend == kind) if split else np.arange(len(days))
        to_fill = np.flatnonzero(weekend == kind)
        known = rng.choice(pool, size=(resamples, len(pool)))
        which = rng.integers(0, len(pool), size=(resamples, len(to_fill)))
        drawn[:, to_fill] = np.take_along_axis(known, which, axis=1)
    cumulative = np.zeros((2, resamples, count + 1))
    np.cumsum(days[drawn].transpose(2, 0, 1), axis=2, out=cumulative[:, :, 1:])
    return cumulative


def _at_days(cumulative: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Cumulative sums at any time from now, days being evenly filled."""
    day = np.clip(day, 0, cumulative.shape[2] - 1)
    low = np.floor(day).astype("int64")
    high = np.minimum(low + 1, cumulative.shape[2] - 1)
    return cumulative[:, :, low] + (day - low) * (cumulative[:, :, high] - cumulative[:, :, low])
