"""Times of buckets: tz-aware, increasing, regular."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import pandas as pd

from srelib.errors import ColumnError, TimeIndexError


def check_index(index: pd.Index) -> pd.Timedelta | None:
    """Step of a regular index, or an error that names the first offence."""
    times = aware(index)
    if len(times) < 2:
        return None
    ticks = times.asi8
    steps = np.diff(ticks)
    first = steps[0]
    if first > 0 and bool((steps == first).all()):
        return times[1] - times[0]
    _irregular(times, steps)


def _irregular(times: pd.DatetimeIndex, steps: np.ndarray) -> NoReturn:
    """Say what is the first thing wrong with these times."""
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


def aware(index: pd.Index) -> pd.DatetimeIndex:
    """The index, if it holds tz-aware times and nothing else."""
    if not isinstance(index, pd.DatetimeIndex):
        raise TimeIndexError(f"the index must hold times; got {index.dtype}.")
    if index.tz is None:
        raise TimeIndexError("the index must be tz-aware; localize it, then convert it to UTC.")
    if index.hasnans:
        raise TimeIndexError("the index holds NaT; drop these rows.")
    return index


def utc(time: pd.Timestamp, name: str) -> pd.Timestamp:
    """A tz-aware time in UTC, in microseconds."""
    time = pd.Timestamp(time)
    if time.tz is None:
        raise TimeIndexError(f"{name} must be tz-aware; got {time}.")
    return time.tz_convert("UTC").as_unit("us")


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
    times = aware(index).unique().sort_values()
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
    """Good and total on the full regular index from the first to the last bucket."""
    for name in ("good", "total"):
        if name not in frame.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(frame.columns)}.")
    times = pd.DatetimeIndex(frame["time"]) if "time" in frame.columns else frame.index
    times = aware(times).tz_convert("UTC").as_unit("us")
    ticks, size = times.asi8, int(pd.Timedelta(step) / pd.Timedelta(1, "us"))
    if not len(ticks):
        return pd.DataFrame({"good": [], "total": []}, index=times.rename("time"), dtype="float64")
    place, off = np.divmod(ticks - ticks.min(), size)
    if off.any():
        raise TimeIndexError(
            f"{times[int(np.flatnonzero(off)[0])]} does not lie on the grid of {step} that starts "
            f"at {times.min()}."
        )
    if (np.diff(place) <= 0).any() and len(np.unique(place)) < len(place):
        twice = times[times.duplicated()][0]
        raise TimeIndexError(f"{twice} appears twice; deduplicate first.")
    full = pd.DatetimeIndex(
        (ticks.min() + size * np.arange(place.max() + 1)).view("M8[us]"), name="time"
    ).tz_localize("UTC")
    values = np.full((2, len(full)), np.nan)
    values[:, place] = frame[["good", "total"]].to_numpy(dtype="float64").T
    return pd.DataFrame({"good": values[0], "total": values[1]}, index=full)
