"""Counts over time windows, and the one place where a ratio is divided.

A *counts* Series holds one value per bucket, indexed by the start of the bucket on a regular
tz-aware index.
Zero means observed and nothing happened; NaN means unknown.

Rolling windows are ``(t - W, t]``: the value at bucket ``t`` covers the buckets whose start
lies in that span, which is the bucket at ``t`` and the ones before it, W / step in all.
Its information is complete at the *end* of bucket ``t``.
Where history is shorter than W, what exists is used; `rolling_coverage` tells how much that is.

Sums come from prefix sums: every window costs one subtraction per bucket.
Whole numbers are exact as long as the sum over the series stays below 2**53.
Fractional counts are first put on a common binary grid fine enough for 52 significant bits of
that sum, so that their window sums are exact too: a window without events is 0, never 1e-12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn, overload
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from srelib.errors import ColumnError, CountError, ParameterError, TimeIndexError

UNITS = ("day", "week", "month", "quarter", "year")

_FIXED = {"s": "1s", "m": "1min", "h": "1h", "d": "1D", "w": "7D"}
_CALENDAR = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_DAYS = {"M": 30, "Q": 90, "Y": 365}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Window:
    """A span over which counts are summed: rolling, or fixed to the calendar.

    Parameters
    ----------
    duration : Timedelta, optional
        Length of a rolling window; None for a calendar window.
    unit : {'day', 'week', 'month', 'quarter', 'year'}, optional
        Unit of a calendar window; None for a rolling window.
    count : int
        Units in one calendar window.
    timezone : str
        IANA zone whose midnights a calendar window follows.
    anchor : Timestamp, optional
        Start of one calendar window; the others follow from it.
        Without it days start at midnight, weeks on Monday, months on the 1st, quarters and years
        in January, and several units are counted from 1970.

    Raises
    ------
    ParameterError
        Neither or both of duration and unit, an unknown zone, a length that is not positive.

    Notes
    -----
    Calendar windows follow the clock on the wall: a day with a change to summer time has 23 h.
    A boundary the clocks skip moves forward to the next time that exists; one that happens
    twice is the first of the two.

    Examples
    --------
    >>> str(Window(pd.Timedelta("28D")))
    '28 days'
    >>> str(Window(unit="month", timezone="Europe/Berlin"))
    'calendar month (Europe/Berlin)'
    """

    duration: pd.Timedelta | None = None
    unit: str | None = None
    count: int = 1
    timezone: str = "UTC"
    anchor: pd.Timestamp | None = None

    def __post_init__(self) -> None:
        if (self.duration is None) == (self.unit is None):
            raise ParameterError(
                f"a window has either a duration (rolling) or a unit (calendar); "
                f"got duration={self.duration!r}, unit={self.unit!r}."
            )
        if self.duration is not None and not self.duration > pd.Timedelta(0):
            raise ParameterError(f"duration must be positive; got {self.duration}.")
        if self.unit is not None and self.unit not in UNITS:
            raise ParameterError(f"unit must be one of {', '.join(UNITS)}; got {self.unit!r}.")
        if self.count < 1:
            raise ParameterError(f"count must be at least 1; got {self.count}.")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ParameterError(
                f"timezone must be an IANA name such as 'Europe/Berlin'; got {self.timezone!r}."
            ) from error

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        timezone: str | None = None,
        rolling: bool = True,
        anchor: pd.Timestamp | str | None = None,
    ) -> Window:
        """Read a duration as OpenSLO, Prometheus, Sloth and Pyrra write it.

        Parameters
        ----------
        text : str
            A number and s, m (minutes), h, d, w, M (months), Q or Y, for example ``28d``.
            Several parts (``1d12h``) may be added up where all lengths are fixed.
        timezone : str, optional
            IANA zone of a calendar window; UTC when not given.
        rolling : bool
            False for a calendar window (d, w, M, Q, Y only).
        anchor : Timestamp or str, optional
            Start of one calendar window; without a zone it is taken in `timezone`.

        Returns
        -------
        Window

        Raises
        ------
        ParameterError
            The text is no duration, or the unit does not fit.

        Notes
        -----
        A *rolling* month, quarter or year has 30, 90 or 365 days [1]_.

        References
        ----------
        .. [1] Beyer et al., Site Reliability Engineering, 2016, appendix A.

        Examples
        --------
        >>> Window.parse("4w") == Window.parse("28d")
        True
        >>> str(Window.parse("1Q", rolling=False))
        'calendar quarter (UTC)'
        """
        parts = re.findall(r"(\d+)\s*([smhdwMQY])", text)
        if not parts or not re.fullmatch(r"\s*(\d+\s*[smhdwMQY]\s*)+", text):
            raise ParameterError(
                f"a window is a number and one of s, m (minutes), h, d, w, M (months), Q, Y; "
                f"got {text!r}. For 28 days write 28d."
            )
        if rolling:
            return cls(sum((_fixed(int(n), unit) for n, unit in parts), pd.Timedelta(0)))
        n, unit = parts[0]
        if len(parts) > 1 or unit not in _CALENDAR:
            raise ParameterError(
                f"a calendar window counts d, w, M, Q or Y; got {text!r}. "
                f"For one calendar month write 1M."
            )
        start = None if anchor is None else pd.Timestamp(anchor)
        return cls(unit=_CALENDAR[unit], count=int(n), timezone=timezone or "UTC", anchor=start)

    @property
    def is_rolling(self) -> bool:
        """Whether the window moves with time instead of following the calendar."""
        return self.duration is not None

    def __str__(self) -> str:
        if self.duration is not None:
            return _spelled(self.duration)
        many = f"{self.count} calendar {self.unit}s" if self.count > 1 else f"calendar {self.unit}"
        return f"{many} ({self.timezone})"

    def bounds_at(self, time: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Start and end of the window at a time.

        Parameters
        ----------
        time : Timestamp
            A tz-aware time.

        Returns
        -------
        (Timestamp, Timestamp)
            UTC. Rolling: the span that ends at `time`. Calendar: the period that holds `time`.

        Examples
        --------
        >>> start, end = Window(unit="month").bounds_at(pd.Timestamp("2026-02-10", tz="UTC"))
        >>> str(start.date()), str(end.date())
        ('2026-02-01', '2026-03-01')
        """
        time = _utc(time, "time")
        if self.duration is not None:
            return time - self.duration, time
        edges = _edges(time, time + pd.Timedelta(1, "us"), self)
        return edges[0], edges[1]

    def length_at(self, time: pd.Timestamp) -> pd.Timedelta:
        """True length of the window at a time, changes of the clock included.

        Parameters
        ----------
        time : Timestamp
            A tz-aware time.

        Returns
        -------
        Timedelta

        Examples
        --------
        >>> Window(unit="day", timezone="Europe/Berlin").length_at(
        ...     pd.Timestamp("2026-03-29T12:00Z"))
        Timedelta('0 days 23:00:00')
        """
        start, end = self.bounds_at(time)
        return end - start


def _fixed(n: int, unit: str) -> pd.Timedelta:
    return n * (pd.Timedelta(_FIXED[unit]) if unit in _FIXED else pd.Timedelta(days=_DAYS[unit]))


def _spelled(duration: pd.Timedelta) -> str:
    for name in ("day", "hour", "minute", "second"):
        n = duration / pd.Timedelta(1, name)  # type: ignore[arg-type]
        if n == int(n):
            return f"{int(n)} {name}" + ("" if n == 1 else "s")
    return str(duration)


def as_window(window: Window | pd.Timedelta | str) -> Window:
    """A Window from a Window, a Timedelta or a text such as ``28d`` (rolling).

    Parameters
    ----------
    window : Window, Timedelta or str
        What to understand as a window.

    Returns
    -------
    Window

    Examples
    --------
    >>> str(as_window("1h"))
    '1 hour'
    """
    if isinstance(window, Window):
        return window
    return Window.parse(window) if isinstance(window, str) else Window(pd.Timedelta(window))


# --- the index of times -------------------------------------------------------------------


def check_index(index: pd.Index) -> pd.Timedelta | None:
    """Step of a regular index, or an error that names the first offence.

    Parameters
    ----------
    index : Index
        Starts of the buckets.

    Returns
    -------
    Timedelta or None
        The step; None where the index holds fewer than two times.

    Raises
    ------
    TimeIndexError
        Not times, not tz-aware, not increasing, or not regular.

    Examples
    --------
    >>> check_index(pd.date_range("2026-01-01", periods=3, freq="5min", tz="UTC"))
    Timedelta('0 days 00:05:00')
    """
    times = _aware(index)
    if len(times) < 2:
        return None
    ticks = times.asi8
    steps = np.diff(ticks)
    first = steps[0]
    if first > 0 and bool((steps == first).all()):
        return times[1] - times[0]
    _irregular(times, steps)


def _irregular(times: pd.DatetimeIndex, steps: np.ndarray) -> NoReturn:
    if (steps <= 0).any():
        i = int(np.flatnonzero(steps <= 0)[0])
        what = "appears twice" if steps[i] == 0 else f"is followed by {times[i + 1]}"
        raise TimeIndexError(f"times must increase; {times[i]} {what}. Sort and deduplicate first.")
    usual = step_of(times)
    i = int(np.flatnonzero((times[1:] - times[:-1]) != usual)[0])
    raise TimeIndexError(
        f"times must be {usual} apart; {times[i]} is followed by {times[i + 1]}. "
        f"Put the counts on a full grid with windows.grid, missing buckets as NaN."
    )


def _aware(index: pd.Index) -> pd.DatetimeIndex:
    if not isinstance(index, pd.DatetimeIndex):
        raise TimeIndexError(f"the index must hold times; got {index.dtype}.")
    if index.tz is None:
        raise TimeIndexError("the index must be tz-aware; localize it, then convert it to UTC.")
    if index.hasnans:
        raise TimeIndexError("the index holds NaT; drop these rows.")
    return index


def step_of(index: pd.DatetimeIndex) -> pd.Timedelta:
    """Length of a bucket: the most common difference between neighbouring times.

    Parameters
    ----------
    index : DatetimeIndex
        Times in any order; repeated times are ignored.

    Returns
    -------
    Timedelta

    Raises
    ------
    TimeIndexError
        Fewer than two different times, or more than one in ten differences is no multiple of the
        most common one.

    Notes
    -----
    The mode, not the first difference: one early gap must not rescale the series.
    Of equally common differences the shortest is taken.

    Examples
    --------
    >>> step_of(pd.DatetimeIndex(["2026-01-01T00:00Z", "2026-01-01T00:05Z", "2026-01-01T00:06Z",
    ...                           "2026-01-01T00:07Z"]))
    Timedelta('0 days 00:01:00')
    """
    times = _aware(index).unique().sort_values()
    if len(times) < 2:
        raise TimeIndexError(f"a step needs two different times; got {len(times)}. State the step.")
    differences, often = np.unique(np.diff(times.asi8), return_counts=True)
    usual = differences[np.argmax(often)]
    odd = int(often[differences % usual != 0].sum())
    if odd * 10 > often.sum():
        raise TimeIndexError(
            f"times are irregular: {odd} of {often.sum()} differences are no multiple of the most "
            f"common one, {pd.Timedelta(usual, times.unit)}. State the step, or split the series."
        )
    return pd.Timedelta(usual, times.unit).as_unit("us")


def grid(frame: pd.DataFrame, *, step: pd.Timedelta) -> pd.DataFrame:
    """Good and total on the full regular index from the first to the last bucket.

    Parameters
    ----------
    frame : DataFrame
        Columns good and total [events]; times in the column ``time`` or in the index, any order.
    step : Timedelta
        Length of a bucket.

    Returns
    -------
    DataFrame
        good, total [events]; index ``time`` in UTC. Buckets that were not observed are NaN.

    Raises
    ------
    TimeIndexError
        A time appears twice, or does not lie on the grid that starts at the first time.
    ColumnError
        good or total is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({"time": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T00:02Z"]),
    ...                      "good": [5, 6], "total": [5, 7]})
    >>> grid(rows, step=pd.Timedelta("1min"))["total"].tolist()
    [5.0, nan, 7.0]
    """
    for name in ("good", "total"):
        if name not in frame.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(frame.columns)}.")
    times = pd.DatetimeIndex(frame["time"]) if "time" in frame.columns else frame.index
    times = _aware(times).tz_convert("UTC").as_unit("us")
    ticks, size = times.asi8, int(pd.Timedelta(step) / pd.Timedelta(1, "us"))
    if not len(ticks):
        return pd.DataFrame({"good": [], "total": []}, index=times.rename("time"), dtype="float64")
    place, off = np.divmod(ticks - ticks.min(), size)
    if off.any():
        raise TimeIndexError(
            f"{times[int(np.flatnonzero(off)[0])]} does not lie on the grid of {step} that starts "
            f"at {times.min()}."
        )
    if len(np.unique(place)) < len(place):
        twice = times[times.duplicated()][0]
        raise TimeIndexError(f"{twice} appears twice; deduplicate first.")
    full = pd.DatetimeIndex(
        (ticks.min() + size * np.arange(place.max() + 1)).view("M8[us]"), name="time"
    ).tz_localize("UTC")
    values = np.full((2, len(full)), np.nan)
    values[:, place] = frame[["good", "total"]].to_numpy(dtype="float64").T
    return pd.DataFrame({"good": values[0], "total": values[1]}, index=full)


# --- division -----------------------------------------------------------------------------


@overload
def divide(good: pd.Series, total: pd.Series) -> pd.Series: ...
@overload
def divide(good: np.ndarray, total: np.ndarray) -> np.ndarray: ...
def divide(good: Any, total: Any) -> Any:
    """good / total, element by element; NaN where total is 0 or unknown.

    Parameters
    ----------
    good, total : Series or array
        Counts, already summed [events].

    Returns
    -------
    Series or array
        Fractions, same kind and index as the input.

    Examples
    --------
    >>> divide(np.array([9.0, 0.0]), np.array([10.0, 0.0]))
    array([0.9, nan])
    """
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    result = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return pd.Series(result, index=good.index) if isinstance(good, pd.Series) else result


def ratio(good: Any, total: Any) -> float:
    """Share of good events: sum of good / sum of total.

    Parameters
    ----------
    good, total : Series, array or number
        Counts [events]. A bucket where either is NaN is unknown and counts in neither sum.

    Returns
    -------
    float
        Fraction 0 to 1; NaN without traffic.

    Notes
    -----
    Counts are summed first and divided last: a mean of ratios would weigh a quiet night as much
    as a busy noon.

    Examples
    --------
    >>> ratio(np.array([99, 0, np.nan]), np.array([100, 0, np.nan]))
    0.99
    """
    sums = totals(good, total)
    return float(sums[0] / sums[1]) if sums[1] else float("nan")


def totals(good: Any, total: Any) -> tuple[float, float]:
    """Sums of good and total over the buckets where both are known.

    Parameters
    ----------
    good, total : Series, array or number
        Counts [events].

    Returns
    -------
    (float, float)
        Sum of good and sum of total [events]; 0 where nothing is known.

    Examples
    --------
    >>> totals(np.array([9, np.nan]), np.array([10, 7]))
    (9.0, 10.0)
    """
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    known = ~(np.isnan(top) | np.isnan(bottom))
    return float(top.sum(where=known)), float(bottom.sum(where=known))


def check_counts(good: pd.Series, total: pd.Series) -> None:
    """Refuse counts that cannot be.

    Parameters
    ----------
    good, total : Series
        Counts on one index [events]; NaN is allowed and means unknown.

    Raises
    ------
    CountError
        Negative, infinite, or good above total; names the first offence.
    TimeIndexError
        The two indexes differ.

    Examples
    --------
    >>> check_counts(pd.Series([3.0]), pd.Series([2.0]))
    Traceback (most recent call last):
    ...
    srelib.errors.CountError: good must not exceed total; got good=3.0, total=2.0 at 0.
    """
    if good.index is not total.index and not good.index.equals(total.index):
        raise TimeIndexError(
            f"good and total must share one index; got {len(good)} and {len(total)} rows."
        )
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    for wrong, what in (
        (top > bottom, "good must not exceed total"),
        (top < 0, "counts must not be negative"),
        (bottom < 0, "counts must not be negative"),
        (np.isinf(bottom), "counts must be finite"),
        (np.isinf(top), "counts must be finite"),
    ):
        if wrong.any():
            i = int(np.argmax(wrong))
            raise CountError(f"{what}; got good={top[i]}, total={bottom[i]} at {good.index[i]}.")


# --- rolling windows ----------------------------------------------------------------------


@dataclass(frozen=True)
class Prefix:
    """Prefix sums of counts, computed once and used for any number of windows.

    Parameters
    ----------
    sums : array, shape (..., n + 1)
        Sum of everything before each bucket; time runs along the last axis [events].
    seen : array, shape (..., n + 1), optional
        The same for the number of known buckets; None where all are known.
    exponent : array, shape (..., 1), optional
        Fractional counts were rounded to multiples of ``2 ** exponent``; None for whole numbers.

    Examples
    --------
    >>> prefix(np.array([1.0, 2.0, 3.0])).window(2)
    array([1., 3., 5.])
    """

    sums: np.ndarray
    seen: np.ndarray | None
    exponent: np.ndarray | None = None

    def window(self, width: int, out: np.ndarray | None = None) -> np.ndarray:
        """Sum over the last `width` buckets, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.
        out : array, shape (..., n), optional
            Where to write the result, to spare the allocation.

        Returns
        -------
        array, shape (..., n)
            Sums [events]; NaN where no bucket in the window is known.
        """
        sums = _trailing(self.sums, width, out)
        if self.seen is not None:
            sums[_trailing(self.seen, width) == 0] = np.nan
        return sums

    def known(self, width: int) -> np.ndarray:
        """Number of known buckets among the last `width`, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.

        Returns
        -------
        array, shape (..., n)
        """
        seen = np.arange(self.sums.shape[-1]) if self.seen is None else self.seen
        return np.broadcast_to(_trailing(seen, width), self.sums[..., 1:].shape)


def prefix(counts: np.ndarray, *, exponent: np.ndarray | None = None) -> Prefix:
    """Prefix sums along the last axis; NaN counts as unknown.

    Parameters
    ----------
    counts : array, shape (..., n)
        Counts per bucket [events], one series per row.
    exponent : array, shape (..., 1), optional
        `Prefix.exponent` of the totals these counts are a part of, so that a part rounds to no
        more than its total.

    Returns
    -------
    Prefix

    Notes
    -----
    Whole numbers are exact while their sum stays below 2**53.
    Others are rounded once, each to a multiple of one power of two that leaves the sum 52
    significant bits, and are exact from there on.

    Examples
    --------
    >>> prefix(np.array([1.0, np.nan])).known(1).tolist()
    [1, 0]
    """
    counts = np.asarray(counts, dtype="float64")
    sums = np.empty((*counts.shape[:-1], counts.shape[-1] + 1))
    sums[..., 0] = 0.0
    np.cumsum(counts, axis=-1, out=sums[..., 1:])
    seen = None
    if np.isnan(sums[..., -1]).any():
        unknown = np.isnan(counts)
        seen = np.zeros(sums.shape, dtype="int64")
        np.cumsum(~unknown, axis=-1, out=seen[..., 1:])
        counts = np.where(unknown, 0.0, counts)
        np.cumsum(counts, axis=-1, out=sums[..., 1:])
    if bool((np.rint(sums) == sums).all()):
        return Prefix(sums, seen)
    if exponent is None:
        exponent = np.frexp(np.abs(counts).sum(axis=-1, keepdims=True))[1] - 52
    rounded = np.ldexp(np.rint(np.ldexp(counts, -exponent)), exponent)
    np.cumsum(rounded, axis=-1, out=sums[..., 1:])
    return Prefix(sums, seen, exponent)


def _trailing(sums: np.ndarray, width: int, out: np.ndarray | None = None) -> np.ndarray:
    result = np.empty(sums[..., 1:].shape, dtype=sums.dtype) if out is None else out
    result[..., :width] = sums[..., 1 : width + 1]
    np.subtract(sums[..., width + 1 :], sums[..., 1:-width], out=result[..., width:])
    return result


def buckets(window: Window | pd.Timedelta | str, *, step: pd.Timedelta | None) -> int:
    """Number of buckets whose start lies in ``(t - W, t]``.

    Parameters
    ----------
    window : Window, Timedelta or str
        A rolling window.
    step : Timedelta or None
        Length of a bucket; None for a series of one bucket.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> buckets("1h", step=pd.Timedelta("5min"))
    12
    """
    window = as_window(window)
    if window.duration is None:
        raise ParameterError(f"window must be rolling, such as 28d; got {window}.")
    if step is None:
        return 1
    if window.duration < step:
        raise ParameterError(
            f"window must be at least one bucket of {_spelled(step)}; got {window}. "
            f"Use a longer window, or export finer data."
        )
    return -int(-window.duration.as_unit("ns") // step.as_unit("ns"))


def rolling_sum(counts: pd.Series, *, window: Window | pd.Timedelta | str) -> pd.Series:
    """Sum over ``(t - W, t]`` at every bucket t.

    Parameters
    ----------
    counts : Series, regular tz-aware index
        Counts per bucket [events].
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Sums [events] on the index of the input; NaN where nothing in the window is known.

    Raises
    ------
    TimeIndexError
        The index is not regular; names the first offence.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> rolling_sum(pd.Series([1.0, 2.0, np.nan, 4.0], minutes), window="2m").tolist()
    [1.0, 3.0, 2.0, 4.0]
    """
    width = buckets(window, step=check_index(counts.index))
    return pd.Series(prefix(counts.to_numpy()).window(width), index=counts.index)


def rolling_ratio(
    good: pd.Series, total: pd.Series, *, window: Window | pd.Timedelta | str
) -> pd.Series:
    """Share of good events over ``(t - W, t]`` at every bucket t.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; a bucket where either is NaN is unknown and left out.
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Fractions 0 to 1; NaN where the window holds no traffic or nothing known.

    Raises
    ------
    CountError
        Negative, infinite, or good above total.
    TimeIndexError
        The indexes differ or are not regular.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=3, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 0, 0], minutes), pd.Series([10.0, 0, 5], minutes)
    >>> rolling_ratio(good, total, window="2m").round(3).tolist()
    [0.9, 0.9, 0.0]
    """
    check_counts(good, total)
    width = buckets(window, step=check_index(good.index))
    top, bottom = paired(good, total)
    whole = prefix(bottom)
    part = prefix(top, exponent=whole.exponent)
    return pd.Series(divide(part.window(width), whole.window(width)), index=good.index)


def rolling_coverage(counts: pd.Series, *, window: Window | pd.Timedelta | str) -> pd.Series:
    """Share of ``(t - W, t]`` that was observed, at every bucket t.

    Parameters
    ----------
    counts : Series, regular tz-aware index
        Counts per bucket [events]; NaN is unknown.
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Known buckets / buckets in the whole window [fraction 0 to 1].
        Time before the first bucket is unknown, so a series starts with low coverage.

    Raises
    ------
    TimeIndexError
        The index is not regular.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> rolling_coverage(pd.Series([1.0, 2.0, np.nan, 4.0], minutes), window="2m").tolist()
    [0.5, 1.0, 0.5, 0.5]
    """
    width = buckets(window, step=check_index(counts.index))
    return pd.Series(prefix(counts.to_numpy()).known(width) / width, index=counts.index)


def paired(good: pd.Series, total: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both as float arrays, unknown in both where unknown in one.

    Parameters
    ----------
    good, total : Series, one index
        Counts [events].

    Returns
    -------
    (array, array)

    Examples
    --------
    >>> paired(pd.Series([1.0, None]), pd.Series([1.0, 2.0]))[1]
    array([ 1., nan])
    """
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    unknown = np.isnan(top) != np.isnan(bottom)
    if not unknown.any():
        return top, bottom
    return np.where(unknown, np.nan, top), np.where(unknown, np.nan, bottom)


# --- calendar windows ---------------------------------------------------------------------


def periods(first: pd.Timestamp, last: pd.Timestamp, *, window: Window) -> pd.DataFrame:
    """The calendar periods that a span of data touches, at their true length.

    Parameters
    ----------
    first, last : Timestamp
        Start of the first bucket and END of the last one; the span is ``[first, last)``.
    window : Window
        A calendar window, or a rolling one: then blocks of that length that end at `last`.

    Returns
    -------
    DataFrame
        starts_at, ends_at (UTC; half-open), label, complete (whether the data spans all of it).

    Raises
    ------
    TimeIndexError
        A time without a zone, or `first` not before `last`.

    Notes
    -----
    Labels are local dates: ``2026-03-01``, ``2026-W14`` (ISO), ``2026-03``, ``2026-Q1``, ``2026``,
    or the first and the last day where a period follows an anchor or has several units.

    Examples
    --------
    >>> march = periods(pd.Timestamp("2026-03-01", tz="Europe/Berlin"),
    ...                 pd.Timestamp("2026-04-01", tz="Europe/Berlin"),
    ...                 window=Window(unit="month", timezone="Europe/Berlin"))
    >>> march["label"].tolist(), (march["ends_at"] - march["starts_at"])[0]
    (['2026-03'], Timedelta('30 days 23:00:00'))
    """
    first, last = _utc(first, "first"), _utc(last, "last")
    if not first < last:
        raise TimeIndexError(f"first must lie before last; got {first} and {last}.")
    edges = _edges(first, last, window)
    starts, ends = edges[:-1], edges[1:]
    return pd.DataFrame(
        {
            "starts_at": starts,
            "ends_at": ends,
            "label": [_label(a, b, window) for a, b in zip(starts, ends, strict=True)],
            "complete": (starts >= first) & (ends <= last),
        }
    )


def period_starts(index: pd.DatetimeIndex, *, window: Window) -> pd.DatetimeIndex:
    """Start of the calendar period each time falls in.

    Parameters
    ----------
    index : DatetimeIndex, tz-aware
        Starts of the buckets.
    window : Window
        A calendar window.

    Returns
    -------
    DatetimeIndex
        UTC, as long as the input.

    Raises
    ------
    TimeIndexError
        The index is not made of tz-aware times.
    ParameterError
        A rolling window.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2026-05-31T23:59Z", "2026-06-01T00:00Z"])
    >>> [str(t.date()) for t in period_starts(times, window=Window(unit="month"))]
    ['2026-05-01', '2026-06-01']
    """
    if window.is_rolling:
        raise ParameterError(f"window must be a calendar window, such as 1M; got {window}.")
    times = _aware(index).tz_convert("UTC").as_unit("us")
    if not len(times):
        return times
    edges = _edges(times.min(), times.max() + pd.Timedelta(1, "us"), window)
    return edges[edges.searchsorted(times, side="right") - 1]


def _edges(first: pd.Timestamp, last: pd.Timestamp, window: Window) -> pd.DatetimeIndex:
    """Boundaries of the periods that ``[first, last)`` touches, in UTC."""
    if window.duration is not None:
        n = -int((first - last) // window.duration)
        back = pd.to_timedelta(np.arange(n, -1, -1) * window.duration.to_numpy())
        return (last - back).as_unit("us")
    edges = _local_edges(first, last, window)
    local = edges.tz_localize(
        window.timezone, ambiguous=np.ones(len(edges), dtype=bool), nonexistent="shift_forward"
    )
    utc = local.tz_convert("UTC").as_unit("us")
    start = utc.searchsorted(first, side="right") - 1
    return utc[start : utc.searchsorted(last, side="left") + 1]


def _local_edges(first: pd.Timestamp, last: pd.Timestamp, window: Window) -> pd.DatetimeIndex:
    """Boundaries on the wall clock, one period more than needed on either side."""
    base = _base(window)
    low, high = (t.tz_convert(window.timezone).tz_localize(None) for t in (first, last))
    if window.unit in _MONTHS:
        size = _MONTHS[window.unit] * window.count
        numbers = [(t.year - base.year) * 12 + t.month - base.month for t in (low, high)]
        span = range(numbers[0] // size - 2, numbers[1] // size + 3)
        return pd.DatetimeIndex([base + pd.DateOffset(months=n * size) for n in span])
    length = pd.Timedelta(days=window.count * (7 if window.unit == "week" else 1))
    whole = np.arange((low - base) // length - 2, (high - base) // length + 4)
    return pd.DatetimeIndex(base + pd.to_timedelta(whole * length.to_numpy()))


def _base(window: Window) -> pd.Timestamp:
    if window.anchor is None:
        return pd.Timestamp("1970-01-05" if window.unit == "week" else "1970-01-01")
    anchor = pd.Timestamp(window.anchor)
    return anchor if anchor.tz is None else anchor.tz_convert(window.timezone).tz_localize(None)


def _label(start: pd.Timestamp, end: pd.Timestamp, window: Window) -> str:
    local = start.tz_convert(window.timezone)
    if window.is_rolling or window.anchor is not None or window.count > 1:
        final = (end - pd.Timedelta(1, "us")).tz_convert(window.timezone)
        return f"{local:%Y-%m-%d} to {final:%Y-%m-%d}"
    if window.unit == "quarter":
        return f"{local.year}-Q{local.quarter}"
    return local.strftime(
        {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[str(window.unit)]
    )


def _utc(time: pd.Timestamp, name: str) -> pd.Timestamp:
    time = pd.Timestamp(time)
    if time.tz is None:
        raise TimeIndexError(f"{name} must be tz-aware; got {time}.")
    return time.tz_convert("UTC").as_unit("us")
