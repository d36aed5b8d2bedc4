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
    """Time in good states, and time known, before any moment."""

    starts: np.ndarray
    lengths: np.ndarray
    good: np.ndarray
    known: np.ndarray
    is_good: np.ndarray
    is_known: np.ndarray

    def before(self, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Good time and known time before moments, exact: whole microseconds all the way."""
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
    """Make a state log ready for windows."""
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
    """Share of known time in good states over ``(t - W, t]`` at any moments t."""
    good, known, _ = _within(log, window, at)
    return pd.Series(divide(good, known), index=at)


def state_coverage(
    log: States, *, window: Window | pd.Timedelta | str, at: pd.DatetimeIndex
) -> pd.Series:
    """Share of ``(t - W, t]`` in which the state is known."""
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
