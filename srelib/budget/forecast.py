"""When the budget runs out: past days drawn again and again."""

from __future__ import annotations

from dataclasses import dataclass

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

    Parameters
    ----------
    at, low, high : Timestamp or NaT
        Median and interval of the time of exhaustion; NaT where it lies beyond the horizon.
    probability : float
        Share of futures that run out before the horizon [fraction].
    horizon : Timestamp
        How far was looked.
    confidence : float
        Of the interval [fraction].
    days : int
        Past days the futures were drawn from.
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
    good, total : Series [events]
    target : float [fraction]
    window : Window
        Window of the objective, rolling or calendar.
    horizon : Timedelta or str, optional
        How far to look; by default the length of a rolling window or the end of the calendar
        period, beyond which is never looked.
    confidence : float [fraction]
    resamples, seed : int
        Simulated futures, and the seed of their draws.

    Returns
    -------
    Forecast

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
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1; got {confidence:g}.")
    window = _as_window(window)
    fraction = _budget_fraction(target)
    past = _read_past(good, total, timezone=window.timezone)
    start, stop = window.bounds_at(past.now)
    end = _end(window, past.now, start, stop, horizon)
    back, length, rest = ((time - past.now) / DAY for time in (start, end, stop))
    bad, asked = past.since(back)
    if window.is_rolling and bad - fraction * asked > GRACE * fraction * asked:
        return _summary(np.zeros(1), past, end, confidence, GONE)
    if len(past.days) < MIN_DAYS:
        raise InsufficientDataError(
            f"a forecast needs at least {MIN_DAYS} past days seen to {MIN_COVERAGE:.0%} or more; "
            f"got {len(past.days)}. Export more history."
        )
    rng, reach = np.random.default_rng(seed), length if window.is_rolling else rest
    future = _futures(past, reach, resamples=resamples, rng=rng, timezone=window.timezone)
    if window.is_rolling:
        left = _left_rolling(past, future, fraction=fraction, back=back)
    else:  # of the budget of the whole period
        allowance = fraction * (asked + _at_days(future, np.array([rest]))[1])
        left = allowance * (1 + GRACE) - (bad + future[0])
    days = _crossing(left, length)
    method = f"bootstrap over {len(past.days)} past days, {resamples:,} futures"
    return _summary(days, past, end, confidence, GONE if (days == 0).all() else method)


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


def _left_rolling(past: _Past, future: np.ndarray, *, fraction: float, back: float) -> np.ndarray:
    """Left at the end of each coming day, overdrafts of floating-point dust removed."""
    starts = np.arange(future.shape[2]) + back
    old = np.stack(past.since(starts))
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
    days: np.ndarray, past: _Past, end: pd.Timestamp, confidence: float, method: str
) -> Forecast:
    tail = (1 - confidence) / 2
    ranks = np.quantile(days, [tail, 0.5, 1 - tail], method="higher")
    low, middle, high = (_time(past.now, day) for day in ranks)
    probability = float(np.isfinite(days).mean())
    return Forecast(middle, low, high, probability, end, confidence, len(past.days), method)


def _time(now: pd.Timestamp, day: float) -> pd.Timestamp:
    if not np.isfinite(day):
        return pd.NaT  # type: ignore[return-value]
    return (now + day * DAY).round("s")


@dataclass(frozen=True)
class _Past:
    """A history up to now, its whole days (bad and total events), and which are weekends."""

    counts: History
    days: np.ndarray
    weekend: np.ndarray

    @property
    def now(self) -> pd.Timestamp:
        return self.counts.end

    def since(self, day: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Bad and total events from a time until now."""
        at = _position(self.counts, np.asarray(day))
        bad, total = self.counts.bad.sums, self.counts.total.sums
        return bad[-1] - bad[at], total[-1] - total[at]


def _read_past(good: pd.Series, total: pd.Series, *, timezone: str) -> _Past:
    """What is known up to now, the end of the data."""
    counts = history(good, total)
    _check_step(counts.step)
    many = counts.length // DAY
    days = _day_sums(counts, _day_edges(counts, many))
    used = ~np.isnan(days[:, 1])
    return _Past(counts, days[used], _is_weekend(counts.end, np.arange(-many, 0)[used], timezone))


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
    past: _Past, length: float, *, resamples: int, rng: np.random.Generator, timezone: str
) -> np.ndarray:
    """Simulated futures: strings of past days, each future from its own resampled past."""
    count = int(np.ceil(length))
    weekend = _is_weekend(past.now, np.arange(count), timezone)
    split = min(past.weekend.sum(), (~past.weekend).sum()) >= MIN_OF_KIND
    drawn = np.empty((resamples, count), dtype="int64")
    for kind in (True, False):
        pool = np.flatnonzero(past.weekend == kind) if split else np.arange(len(past.days))
        to_fill = np.flatnonzero(weekend == kind)
        known = rng.choice(pool, size=(resamples, len(pool)))
        which = rng.integers(0, len(pool), size=(resamples, len(to_fill)))
        drawn[:, to_fill] = np.take_along_axis(known, which, axis=1)
    cumulative = np.zeros((2, resamples, count + 1))
    np.cumsum(past.days[drawn].transpose(2, 0, 1), axis=2, out=cumulative[:, :, 1:])
    return cumulative


def _at_days(cumulative: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Cumulative sums at any time from now, days being evenly filled."""
    day = np.clip(day, 0, cumulative.shape[2] - 1)
    low = np.floor(day).astype("int64")
    high = np.minimum(low + 1, cumulative.shape[2] - 1)
    return cumulative[:, :, low] + (day - low) * (cumulative[:, :, high] - cumulative[:, :, low])
