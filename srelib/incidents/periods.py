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
    """A period, if it is one.

    Parameters
    ----------
    between : pair of Timestamp
        Start and end.

    Returns
    -------
    pair of Timestamp

    Raises
    ------
    ParameterError
        It does not end after it begins.

    Examples
    --------
    >>> period((pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-01")))
    Traceback (most recent call last):
    ...
    srelib.errors.ParameterError: between must end after it begins; got 2026-01-02 00:00:00 to
    2026-01-01 00:00:00.
    """
    first, last = between
    if not last > first:
        raise ParameterError(f"between must end after it begins; got {first} to {last}.")
    return first, last


def history(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, observed_since: pd.Timestamp | None = None
) -> Between:
    """The time in which incidents were written down, as far as it can be known.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    as_of : Timestamp
        "Now", the end of the data.
    observed_since : Timestamp, optional
        Start of what else was observed, such as service levels; NaT where that is nothing.

    Returns
    -------
    pair of Timestamp
        From the start of what else was observed, where the first incident came within three
        average gaps of it; otherwise from the first incident. An export rarely says since when
        it is complete, and the months before its first incident are not months without any.

    Raises
    ------
    InsufficientDataError
        There are no incidents, or none before `as_of`.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident_id": list("ab"), "service": "shop", "resolved_at": pd.NaT,
    ...     "started_at": pd.to_datetime(["2026-01-02T00:00Z", "2026-01-08T00:00Z"])})
    >>> end = pd.Timestamp("2026-01-12", tz="UTC")
    >>> history(rows, as_of=end, observed_since=pd.Timestamp("2026-01-01", tz="UTC"))[0].day
    1
    >>> history(rows, as_of=end, observed_since=pd.Timestamp("2025-01-01", tz="UTC"))[0].day
    2
    """
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
    """Where a period is divided.

    Parameters
    ----------
    between : pair of Timestamp
        Start and end.
    split : Timestamp or str, optional
        The moment, UTC where it names no zone; default: half of the time.

    Returns
    -------
    Timestamp

    Raises
    ------
    ParameterError
        It is no time, or does not lie inside the period.

    Examples
    --------
    >>> days = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-03", tz="UTC")
    >>> middle(days).day, middle(days, split="2026-01-01 06:00").hour
    (2, 6)
    """
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
    """The part before the split and the part after it.

    Parameters
    ----------
    between, split
        As in `middle`.

    Returns
    -------
    pair of pairs of Timestamp

    Raises
    ------
    ParameterError
        As in `middle`.

    Examples
    --------
    >>> days = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-03", tz="UTC")
    >>> [part[1].day for part in halves(days)]
    [2, 3]
    """
    at = middle(between, split=split)
    return (between[0], at), (at, between[1])


def in_bins(starts: pd.Series, between: Between, *, length: pd.Timedelta = WEEK) -> pd.DataFrame:
    """How many incidents began in each stretch of a period.

    Parameters
    ----------
    starts : Series of Timestamp
    between : pair of Timestamp
    length : Timedelta
        Of a stretch; the last one may be shorter.

    Returns
    -------
    DataFrame
        starts_at, ends_at, count, weeks (how long the stretch is).

    Examples
    --------
    >>> days = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-12", tz="UTC")
    >>> in_bins(pd.Series([days[0]]), days)["count"].tolist()
    [1, 0]
    """
    first, last = period(between)
    many = max(1, math.ceil((last - first) / length))
    edges = pd.DatetimeIndex([*(first + length * i for i in range(many)), last])
    inside = starts[(starts >= first) & (starts < last)]
    places = np.minimum(((inside - first) // length).to_numpy("int64"), many - 1)
    counts = np.bincount(places, minlength=many)
    return pd.DataFrame({"starts_at": edges[:-1], "ends_at": edges[1:], "count": counts,
                         "weeks": (edges[1:] - edges[:-1]) / WEEK})  # fmt: skip


def bin_length(between: Between) -> pd.Timedelta:
    """How long the stretches are whose counts say how much incidents cluster.

    Four weeks, or a sixth of a period that is shorter than six of them: a burst that lies in two
    stretches is not seen as one, so they are as long as leaves enough of them.

    Parameters
    ----------
    between : pair of Timestamp

    Returns
    -------
    Timedelta

    Examples
    --------
    >>> bin_length((pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-07")))
    Timedelta('1 days 00:00:00')
    """
    first, last = period(between)
    return min(4 * WEEK, (last - first) / FEWEST_BINS)
