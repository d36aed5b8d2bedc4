"""The time incidents were recorded in, and the two parts of it that are held against each other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.incidents.times import counted

Between = tuple[pd.Timestamp, pd.Timestamp]
"""Start and end of a period, half-open."""

WEEK = pd.Timedelta(days=7)
NEAR = 3
FEWEST_BINS = 6


def period(between: Between) -> Between:
    """A period, if it is one."""
    first, last = between
    if not last > first:
        raise ParameterError(f"between must end after it begins; got {first} to {last}.")
    return first, last


def history(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, observed_since: pd.Timestamp | None = None
) -> Between:
    """The time in which incidents were written down, as far as it can be known."""
    starts = counted(incidents)["started_at"]
    starts = starts[starts < as_of]
    if not len(starts):
        raise InsufficientDataError(
            f"no incident began before the end of the data, {as_of}; got {len(incidents)} rows."
        )
    first = starts.iloc[0]
    gap = (as_of - first) / len(starts)
    if observed_since is None or not first - NEAR * gap <= observed_since <= first:
        return first, as_of
    return observed_since, as_of


def middle(between: Between, *, split: pd.Timestamp | str | None = None) -> pd.Timestamp:
    """Where a period is divided."""
    first, last = period(between)
    if split is None:
        return first + (last - first) / 2
    try:
        at = pd.Timestamp(split)
    except ValueError as error:
        raise ParameterError(f"split must be a date or time; got {split!r}.") from error
    at = at.tz_localize("UTC") if at.tzinfo is None else at
    if not first < at < last:
        raise ParameterError(f"split must lie inside the history, {first} to {last}; got {split}.")
    return at


def halves(between: Between, *, split: pd.Timestamp | str | None = None) -> tuple[Between, Between]:
    """The part before the split and the part after it."""
    at = middle(between, split=split)
    return (between[0], at), (at, between[1])


def in_bins(starts: pd.Series, between: Between, *, length: pd.Timedelta = WEEK) -> pd.DataFrame:
    """How many incidents began in each stretch of a period."""
    first, last = period(between)
    many = max(1, math.ceil((last - first) / length))
    edges = pd.DatetimeIndex([*(first + length * i for i in range(many)), last])
    inside = starts[(starts >= first) & (starts < last)]
    places = np.minimum(((inside - first) // length).to_numpy("int64"), many - 1)
    counts = np.bincount(places, minlength=many)
    return pd.DataFrame({"starts_at": edges[:-1], "ends_at": edges[1:], "count": counts,
                         "weeks": (edges[1:] - edges[:-1]) / WEEK})  # fmt: skip


def bin_length(between: Between) -> pd.Timedelta:
    """How long the stretches are whose counts say how much incidents cluster."""
    first, last = period(between)
    return min(4 * WEEK, (last - first) / FEWEST_BINS)
