"""State logs: ratios over windows of time, straight from the moments a state changed.

A state log holds a row where a state began.
No grid is laid: a window of any length ends at any moment, and costs two look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import CountError, ParameterError, TimeIndexError
from srelib.windows.division import divide
from srelib.windows.index import aware, utc
from srelib.windows.window import Window, as_window

_EPOCH, _TICK = pd.Timestamp(0, tz="UTC"), pd.Timedelta(1, "us")


@dataclass(frozen=True)
class States:
    """Time in good states, and time known, before any moment.

    Parameters
    ----------
    starts : array of int
        When each state began [us since 1970], in order.
    lengths : array of int
        How long each is known to have held [us].
    good, known : array of int
        Time in good states, and in known ones, before each state began [us].
    is_good, is_known : array of bool
        What each state is.
    """

    starts: np.ndarray
    lengths: np.ndarray
    good: np.ndarray
    known: np.ndarray
    is_good: np.ndarray
    is_known: np.ndarray

    def before(self, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Good time and known time before moments, exact: whole microseconds all the way.

        Parameters
        ----------
        ticks : array of int
            Moments [us since 1970], in any order.

        Returns
        -------
        (array of int, array of int)
            [us]

        Examples
        --------
        >>> log = states(pd.Series([1.0, 0.0], pd.DatetimeIndex(
        ...     ["1970-01-01T00:00:00Z", "1970-01-01T00:00:03Z"])))
        >>> [each.tolist() for each in log.before(np.array([0, 1_000_000, 9_000_000]))]
        [[0, 1000000, 3000000], [0, 1000000, 3000000]]
        """
        row = np.clip(np.searchsorted(self.starts, ticks, side="right") - 1, 0, None)
        inside = np.clip(ticks - self.starts[row], 0, self.lengths[row])
        good = self.good[row] + np.where(self.is_good[row], inside, 0)
        return good, self.known[row] + np.where(self.is_known[row], inside, 0)


def states(
    log: pd.Series,
    *,
    until: pd.Timestamp | None = None,
    longest: pd.Timedelta | None = None,
) -> States:
    """Make a state log ready for windows.

    Parameters
    ----------
    log : Series
        1 good, 0 bad, NaN unknown; tz-aware increasing index of when each state began.
    until : Timestamp, optional
        When the last state ended; it has no length where this is not said.
    longest : Timedelta, optional
        A state is known for so long at most; what follows is unknown until the next row.

    Returns
    -------
    States

    Raises
    ------
    TimeIndexError
        No rows, times without a zone, or times that do not increase.
    CountError
        A state that is neither 1, 0 nor NaN.
    ParameterError
        `until` before the last state began, or `longest` not positive.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2026-01-01T00:00Z", "2026-01-01T06:00Z"])
    >>> log = states(pd.Series([1.0, 0.0], times), until=pd.Timestamp("2026-01-01T08:00Z"))
    >>> (log.lengths / 3_600_000_000).tolist()
    [6.0, 2.0]
    """
    times = aware(log.index).tz_convert("UTC").as_unit("us")
    starts, values = times.asi8, log.to_numpy(dtype="float64")
    _check(times, values)
    last = starts[-1] if until is None else (utc(until, "until") - _EPOCH) // _TICK
    if last < starts[-1]:
        raise ParameterError(f"until must not lie before the last state, {times[-1]}; got {until}.")
    lengths = np.diff(starts, append=last)
    if longest is not None:
        if not longest > pd.Timedelta(0):
            raise ParameterError(f"longest must be positive; got {longest}.")
        lengths = np.minimum(lengths, longest // _TICK)
    is_good, is_known = values == 1, ~np.isnan(values)
    good, known = (_earlier(lengths * flags) for flags in (is_good, is_known))
    return States(starts, lengths, good, known, is_good, is_known)


def state_ratio(
    log: States, *, window: Window | pd.Timedelta | str, at: pd.DatetimeIndex
) -> pd.Series:
    """Share of known time in good states over ``(t - W, t]`` at any moments t.

    Parameters
    ----------
    log : States
        As from `states`.
    window : Window, Timedelta or str
        A rolling window of any length.
    at : DatetimeIndex
        tz-aware; when the windows end.

    Returns
    -------
    Series
        Fractions 0 to 1 on `at`; NaN where nothing in the window is known.

    Raises
    ------
    TimeIndexError
        `at` has no zone.
    ParameterError
        A calendar window.

    Notes
    -----
    On a grid whose edges hold every change of state this is `rolling_ratio` of the seconds up and
    the seconds known; the bucket that starts at t there ends at t + step here.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2026-01-01T00:00Z", "2026-01-01T06:00Z"])
    >>> log = states(pd.Series([1.0, 0.0], times), until=pd.Timestamp("2026-01-01T08:00Z"))
    >>> at = pd.DatetimeIndex(["2026-01-01T06:00Z", "2026-01-01T06:15Z", "2026-01-01T09:00Z"])
    >>> state_ratio(log, window="1h", at=at).tolist()
    [1.0, 0.75, nan]
    """
    good, known, _ = _within(log, window, at)
    return pd.Series(divide(good, known), index=at)


def state_coverage(
    log: States, *, window: Window | pd.Timedelta | str, at: pd.DatetimeIndex
) -> pd.Series:
    """Share of ``(t - W, t]`` in which the state is known.

    Parameters
    ----------
    log : States
        As from `states`.
    window : Window, Timedelta or str
        A rolling window of any length.
    at : DatetimeIndex
        tz-aware; when the windows end.

    Returns
    -------
    Series
        Fractions 0 to 1 on `at`.

    Raises
    ------
    TimeIndexError
        `at` has no zone.
    ParameterError
        A calendar window.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2026-01-01T00:00Z", "2026-01-01T06:00Z"])
    >>> log = states(pd.Series([1.0, 0.0], times))
    >>> state_coverage(log, window="1h", at=pd.DatetimeIndex(["2026-01-01T06:15Z"])).tolist()
    [0.75]
    """
    _, known, length = _within(log, window, at)
    return pd.Series(known / length, index=at)


def _within(
    log: States, window: Window | pd.Timedelta | str, at: pd.DatetimeIndex
) -> tuple[np.ndarray, np.ndarray, int]:
    """Good time and known time in each window, and its length [us]."""
    duration = as_window(window).duration
    if duration is None:
        raise ParameterError(f"window must be rolling, such as 28d; got {as_window(window)}.")
    length = duration // _TICK
    ends = aware(at).tz_convert("UTC").as_unit("us").asi8
    good, known = (
        high - low for high, low in zip(log.before(ends), log.before(ends - length), strict=True)
    )
    return good, known, length


def _earlier(lengths: np.ndarray) -> np.ndarray:
    """Sum of all lengths before each."""
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype("int64")


def _check(times: pd.DatetimeIndex, values: np.ndarray) -> None:
    if not len(times):
        raise TimeIndexError("a state log needs at least one row; got none.")
    steps = np.diff(times.asi8)
    if (steps <= 0).any():
        i = int(np.argmax(steps <= 0))
        raise TimeIndexError(
            f"times must increase; {times[i]} is followed by {times[i + 1]}. "
            f"Sort and deduplicate first."
        )
    wrong = ~(np.isnan(values) | (values == 0) | (values == 1))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise CountError(f"a state is 1 (good), 0 (bad) or NaN; got {values[i]:g} at {times[i]}.")
