"""Checked counts, and sums that do not depend on the order of the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import CountError, InsufficientDataError, InvalidTargetError

Counts = pd.Series | float


def budget_fraction(target: float) -> float:
    """Share of events that may be bad: 1 - target, as written in decimal."""
    if isinstance(target, bool) or not isinstance(target, (int, float, np.integer, np.floating)):
        raise InvalidTargetError(f"target must be a number between 0 and 1; got {target!r}.")
    if not 0 < target < 1:
        hint = f" For {target:g} % write {_percent(target)}." if 1 < target < 100 else ""
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {float(target):g}.{hint}"
        )
    return float(1 - Decimal(str(float(target))))


def checked(good: Counts, total: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Good and total as arrays of floats, refused when they cannot be counts."""
    if not isinstance(good, pd.Series) or not isinstance(total, pd.Series):
        good, total = _alone(good, "good"), _alone(total, "total")
    windows.check_counts(good, total)
    return windows.paired(good, total)


def regular_step(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Length of a bucket of a regular index."""
    step = windows.check_index(times)
    return windows.step_of(times) if step is None else step


def exact_sum(values: np.ndarray) -> float:
    """Sum without rounding on the way, so that the order of rows cannot matter."""
    seen = values[~np.isnan(values)]
    if len(seen) and seen.max() < 2**52 / len(seen) and (seen == np.rint(seen)).all():
        return float(seen.sum())  # whole numbers below 2**52 add up exactly in any order
    return math.fsum(seen.tolist())


def share(part: float, whole: float) -> float:
    """Part of a whole; NaN when there is no whole."""
    return float(windows.divide(np.asarray(part), np.asarray(whole)))


def sums_by(values: np.ndarray, owner: np.ndarray, *, size: int) -> np.ndarray:
    """Sums per owner that add up to `exact_sum` of all, to the last bit."""
    whole = exact_sum(values)
    parts = np.bincount(owner, weights=np.nan_to_num(values), minlength=size)
    unit = math.ulp(whole)
    units = [round(part / unit) for part in parts.tolist()]
    if units:
        units[int(np.argmax(parts))] += round(whole / unit) - sum(units)
    return np.array([count * unit for count in units])


def _alone(count: Counts, name: str) -> pd.Series:
    if isinstance(count, pd.Series):
        raise CountError(
            f"good and total must both be Series, or both numbers; {name} is a Series."
        )
    return pd.Series([count], dtype="float64")


def _percent(target: float) -> str:
    return f"{float(Decimal(str(float(target))) / 100):.12g}"


@dataclass(frozen=True)
class Status:
    """The error budget of a stretch of time.

    Parameters
    ----------
    good, total, bad : float
        Sums [events], or seconds when weighted by time; NaN when nothing was observed.
    target : float
        Service level objective [fraction].
    allowance : float
        Bad events the target allows on this traffic [events].
    spent : float
        Bad events [events].
    left : float
        allowance - spent [events]; negative when overspent.
    spent_share, left_share : float
        Share of the allowance [fraction]; NaN without an allowance.
    sli : float
        good / total [fraction]; NaN without traffic.
    """

    good: float
    total: float
    bad: float
    target: float
    allowance: float
    spent: float
    left: float
    spent_share: float
    left_share: float
    sli: float


def status(good: Counts, total: Counts, *, target: float) -> Status:
    """Error budget: what was allowed, what was spent, what is left.

    allowance = (1 - target) * total; spent = total - good; left = allowance - spent.

    Parameters
    ----------
    good, total : Series or float
        Good and total events [events]; a missing bucket is unknown and left out.
    target : float
        Service level objective [fraction], strictly between 0 and 1.

    Returns
    -------
    Status
        Sums over everything given; all NaN when no bucket was observed.

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    CountError
        Counts that cannot be: negative, infinite, good > total.

    Notes
    -----
    Counts are summed first and divided last.
    Where nothing was asked (total = 0), nothing is spent; shares are then NaN.
    Nothing is rounded on the way.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2.

    Examples
    --------
    >>> budget = status(3_557_865, 3_663_253, target=0.97)
    >>> f"{budget.allowance:.2f} {budget.spent:.0f} {budget.left_share:.3f}"
    '109897.59 105388 0.041'
    """
    fraction = budget_fraction(target)
    good_seen, total_seen = checked(good, total)
    if np.isnan(total_seen).all():
        nan = float("nan")
        return Status(nan, nan, nan, float(target), nan, nan, nan, nan, nan, nan)
    asked = exact_sum(total_seen)
    answered = exact_sum(good_seen)
    bad = exact_sum(total_seen - good_seen)
    allowance = fraction * asked
    spent_share = share(bad, allowance)
    return Status(
        good=answered,
        total=asked,
        bad=bad,
        target=float(target),
        allowance=allowance,
        spent=bad,
        left=allowance - bad,
        spent_share=spent_share,
        left_share=1 - spent_share,
        sli=share(answered, asked),
    )


DAY = pd.Timedelta(days=1)
MIN_COVERAGE = 0.5
MIN_OF_KIND = 4  # days of each kind before working days and weekends are told apart


@dataclass(frozen=True)
class Past:
    """History up to now, as cumulative sums and as whole days."""

    now: pd.Timestamp
    edges: np.ndarray
    bad: np.ndarray
    total: np.ndarray
    days: np.ndarray
    weekend: np.ndarray

    def since(self, day: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Bad and total events from a time until now."""
        at = np.searchsorted(self.edges, np.asarray(day) + 1e-9, side="right")
        return self.bad[-1] - self.bad[at], self.total[-1] - self.total[at]


def read_past(
    good: pd.Series, total: pd.Series, *, as_of: pd.Timestamp | None, timezone: str
) -> Past:
    """What is known up to now."""
    good_seen, total_seen = checked(good, total)
    step = regular_step(pd.DatetimeIndex(good.index))
    times = pd.DatetimeIndex(good.index).tz_convert("UTC")
    if step > DAY:
        raise InsufficientDataError(
            f"days cannot be told apart in buckets of {step}; export finer data."
        )
    if as_of is not None:
        keep = times + step <= as_of
        good_seen, total_seen, times = good_seen[keep], total_seen[keep], times[keep]
    if not len(times):
        raise InsufficientDataError(f"no bucket ends before as_of {as_of}; give an earlier start.")
    now = times[-1] + step
    bad = np.concatenate([[0.0], np.cumsum(np.nan_to_num(total_seen - good_seen))])
    asked = np.concatenate([[0.0], np.cumsum(np.nan_to_num(total_seen))])
    edges = np.asarray((times + step - now) / DAY)
    days, middles = _whole_days(edges, bad, asked, np.isnan(total_seen))
    local = (now + pd.to_timedelta(middles, unit="D")).tz_convert(timezone)
    return Past(now, edges, bad, asked, days, np.asarray(local.day_of_week >= 5))


def _whole_days(
    edges: np.ndarray, bad: np.ndarray, total: np.ndarray, unknown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of each 24 hours back from now, scaled for gaps; and the middle of each day."""
    known = np.concatenate([[0], np.cumsum(~unknown)])
    step = edges[-1] - edges[-2] if len(edges) > 1 else 1.0
    count = int((step - edges[0]) + 1e-9)
    cuts = np.searchsorted(edges, np.arange(-count, 1) + 1e-9, side="right")
    seen = np.diff(known[cuts]) * step
    used = seen >= MIN_COVERAGE
    sums = np.column_stack([np.diff(bad[cuts]), np.diff(total[cuts])])
    return sums[used] / np.minimum(seen[used], 1)[:, None], (np.arange(-count, 0) + 0.5)[used]


def futures(
    past: Past, length: float, *, resamples: int, rng: np.random.Generator, timezone: str
) -> np.ndarray:
    """Simulated futures: strings of past days, each future from its own resampled past."""
    count = int(np.ceil(length))
    middles = past.now + pd.to_timedelta(np.arange(count) + 0.5, unit="D")
    weekend = np.asarray(middles.tz_convert(timezone).day_of_week >= 5)
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


def at_days(cumulative: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Cumulative sums at any time from now, days being evenly filled."""
    day = np.clip(day, 0, cumulative.shape[2] - 1)
    low = np.floor(day).astype("int64")
    high = np.minimum(low + 1, cumulative.shape[2] - 1)
    return cumulative[:, :, low] + (day - low) * (cumulative[:, :, high] - cumulative[:, :, low])
