"""Sums of good and total over stretches of a regular index."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import ParameterError, TimeIndexError

HOUR = pd.Timedelta("1h")
DAY = pd.Timedelta("1D")


def step_of_pair(good: pd.Series, total: pd.Series) -> pd.Timedelta | None:
    """Step of the regular index that both share."""
    if good.index is not total.index and not good.index.equals(total.index):
        raise TimeIndexError(
            f"good and total must share one index; got {len(good)} and {len(total)} rows."
        )
    return windows.check_index(good.index)


def length_of(span: pd.Timedelta | str) -> pd.Timedelta:
    """A length of time from a Timedelta or a text such as ``5m`` (minutes)."""
    duration = windows.as_window(span).duration
    if duration is None:
        raise ParameterError(f"a length of time is needed, such as 5m; got {span}.")
    return duration


def sums_between(good: pd.Series, total: pd.Series, edges: np.ndarray) -> pd.DataFrame:
    """Sums over the buckets from one edge to the next."""
    top, bottom = windows.paired(good, total)
    part, whole = windows.prefix_pair(top, bottom)
    seen = np.arange(len(bottom) + 1) if whole.seen is None else whole.seen
    known = np.diff(seen[edges])
    sums = {
        name: np.where(known > 0, np.diff(summed.sums[edges]), np.nan)
        for name, summed in (("good", part), ("total", whole))
    }
    return pd.DataFrame({**sums, "known": known})


def block_sums(good: pd.Series, total: pd.Series, length: pd.Timedelta) -> pd.DataFrame:
    """Sums over blocks of one length that start at multiples of it since 1970."""
    step_of_pair(good, total)
    times = pd.DatetimeIndex(good.index).tz_convert("UTC").as_unit("us")
    size = length // pd.Timedelta(1, "us")
    number = times.asi8 // size
    blocks = np.arange(number[0], number[-1] + 2) if len(number) else np.arange(1)
    starts = pd.DatetimeIndex((blocks[:-1] * size).view("M8[us]"), name="time").tz_localize("UTC")
    return sums_between(good, total, np.searchsorted(number, blocks)).set_index(starts)
