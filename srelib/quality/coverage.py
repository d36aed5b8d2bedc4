"""How much was observed: coverage, gaps, duplicates; each a score or table and a mask."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import ColumnError, ParameterError, TimeIndexError

SERIES = ["service", "sli", "time"]


def coverage(counts: pd.DataFrame) -> float:
    """Share of the buckets from the first to the last that were observed.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts; a bucket that was
        not observed is missing, as NaN or as a row that is not there.

    Returns
    -------
    float
        0 to 1 [fraction]; NaN without any bucket.

    Notes
    -----
    A bucket without traffic (total = 0) was observed.
    The length of a bucket is the most common step, so one early gap does not rescale it.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> coverage(pd.DataFrame({"good": 1.0, "total": [1.0, 2.0, None, 1.0]}, index=index))
    0.75
    """
    seen = _observed(counts)
    return windows.ratio(float(seen.sum()), float(len(seen)))


def covered(counts: pd.DataFrame, *, min_coverage: float, timezone: str = "UTC") -> pd.Series:
    """Whether the day of each bucket was observed well enough to be used."""
    if not 0 <= min_coverage <= 1:
        raise ParameterError(f"min_coverage must lie between 0 and 1; got {min_coverage:g}.")
    days = _local_days(times_of(counts), timezone)
    share = coverage_by_day(counts, timezone=timezone).reindex(days)
    return pd.Series(share.to_numpy() >= min_coverage, index=counts.index, name="covered")


def coverage_by_day(counts: pd.DataFrame, *, timezone: str = "UTC") -> pd.Series:
    """Share of each day's buckets that were observed.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts.
    timezone : str
        IANA time zone whose midnights divide the days.

    Returns
    -------
    Series
        0 to 1 [fraction], index the local midnights of every day from first to last.

    Notes
    -----
    A day with a clock change has 23 or 25 hours of buckets.
    Of the first and the last day only the part inside the data counts.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="12h", tz="UTC")
    >>> counts = pd.DataFrame({"good": 1.0, "total": [1.0, None, 1.0, 1.0]}, index=index)
    >>> coverage_by_day(counts).tolist()
    [0.5, 1.0]
    """
    seen = _observed(counts)
    days = _local_days(pd.DatetimeIndex(seen.index), timezone)
    return seen.astype("float64").groupby(days).mean().rename("coverage")


def gaps(counts: pd.DataFrame, *, at_least: pd.Timedelta | str = "0s") -> pd.DataFrame:
    """The stretches of time in which nothing was observed."""
    seen = _observed(counts)
    edges = np.diff(np.concatenate([[0], ~seen.to_numpy(), [0]]).astype("int8"))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    times = pd.DatetimeIndex(seen.index)
    step = _step(times)
    frame = pd.DataFrame({"starts_at": times[starts], "ends_at": times[ends - 1] + step})
    frame["length"] = frame["ends_at"] - frame["starts_at"]
    return frame[frame["length"] >= pd.Timedelta(at_least)].reset_index(drop=True)


def in_gap(counts: pd.DataFrame, *, at_least: pd.Timedelta | str = "0s") -> pd.Series:
    """Whether each bucket lies in a gap."""
    found = gaps(counts, at_least=at_least)
    times = times_of(counts)
    inside = np.zeros(len(times), dtype=bool)
    low = times.searchsorted(pd.DatetimeIndex(found["starts_at"]))
    high = times.searchsorted(pd.DatetimeIndex(found["ends_at"]))
    for first, last in zip(low, high, strict=True):
        inside[first:last] = True
    return pd.Series(inside, index=counts.index, name="in_gap")


def duplicates(sli: pd.DataFrame) -> pd.DataFrame:
    """Buckets of a series that appear more than once, and whether the copies disagree."""
    repeated = sli[is_duplicate(sli)]
    groups = repeated.groupby(SERIES, observed=True, sort=True)
    different = groups[["good", "total"]].nunique(dropna=False).gt(1).any(axis=1)
    frame = pd.DataFrame({"rows": groups.size(), "conflicting": different})
    return frame.reset_index()[[*SERIES, "rows", "conflicting"]]


def is_duplicate(sli: pd.DataFrame) -> pd.Series:
    """Whether another row of the table holds the same bucket of the same series."""
    lacking = [name for name in SERIES if name not in sli.columns]
    if lacking:
        raise ColumnError(f"sli lacks {', '.join(lacking)}; columns seen: {list(sli)}.")
    return sli.duplicated(SERIES, keep=False).rename("duplicate")


def times_of(counts: pd.DataFrame) -> pd.DatetimeIndex:
    """Starts of the buckets, refused when they are not tz-aware and increasing."""
    index = counts.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise TimeIndexError("counts need an index of tz-aware times; localize it first.")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise TimeIndexError("times must increase; sort and deduplicate first.")
    return index


def _local_days(times: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Start of the local day of each time; where clocks skip midnight, the first moment after."""
    calendar = windows.Window(unit="day", timezone=timezone)
    return windows.period_starts(times, window=calendar).tz_convert(timezone).rename("day")


def _step(times: pd.DatetimeIndex) -> pd.Timedelta:
    return windows.step_of(times) if len(times) > 1 else pd.Timedelta(0)


def _observed(counts: pd.DataFrame) -> pd.Series:
    """Whether each bucket was observed, on the full grid from the first to the last."""
    times = times_of(counts)
    lacking = [name for name in ("good", "total") if name not in counts.columns]
    if lacking:
        raise ColumnError(f"counts lack {', '.join(lacking)}; columns seen: {list(counts)}.")
    seen = counts["good"].notna() & counts["total"].notna()
    if len(times) < 2:
        return seen
    full = pd.date_range(times[0], times[-1], freq=_step(times))
    return seen if len(full) == len(times) else seen.reindex(full, fill_value=False)
