"""Slices of time as events, as OpenSLO counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from srelib import windows
from srelib.errors import ParameterError
from srelib.sli.sums import block_sums, length_of, step_of_pair

if TYPE_CHECKING:
    from srelib.slos import Slo


def time_slices(
    good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str, threshold: float
) -> pd.DataFrame:
    """Slices of time as events: a slice is good when its own ratio reaches the threshold.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    slice : Timedelta or str
        Length of a slice, a whole number of buckets; slices start at multiples of it since 1970.
    threshold : float
        Ratio from which on a slice is good [fraction].

    Returns
    -------
    DataFrame
        good, total [slices], one row per slice, indexed by its start.
        0 of 0 where the slice had no traffic, NaN where nothing in it is known.

    Raises
    ------
    ParameterError
        A slice that is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod Timeslices and timeSliceTarget.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 10, 5, 0], minutes), pd.Series([10.0, 10, 10, 0], minutes)
    >>> time_slices(good, total, slice="2m", threshold=0.95)["good"].tolist()
    [1.0, 0.0]
    """
    sums = _slice_sums(good, total, slice)
    ratios = windows.divide(sums["good"], sums["total"])
    reached = (ratios >= threshold).astype("float64")
    return _as_slices(reached, sums)


def slice_ratios(good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str) -> pd.DataFrame:
    """Slices of time that weigh the same: each counts as its own ratio of good events.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events].
    slice : Timedelta or str
        Length of a slice, a whole number of buckets.

    Returns
    -------
    DataFrame
        good (the ratio of the slice), total (1) [slices]; 0 of 0 without traffic, NaN unknown.

    Raises
    ------
    ParameterError
        A slice that is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod RatioTimeslices.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=2, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 10], minutes), pd.Series([10.0, 10], minutes)
    >>> slice_ratios(good, total, slice="2m")["good"].tolist()
    [0.95]
    """
    sums = _slice_sums(good, total, slice)
    return _as_slices(windows.divide(sums["good"], sums["total"]), sums)


def _slice_sums(good: pd.Series, total: pd.Series, slice: pd.Timedelta | str) -> pd.DataFrame:
    """Sums of good and total per slice."""
    length, step = length_of(slice), step_of_pair(good, total)
    if step is not None and (length < step or length % step != pd.Timedelta(0)):
        raise ParameterError(
            f"slice must be a whole number of buckets of {step}; got {length}. "
            f"Export finer data, or use a longer slice."
        )
    return block_sums(good, total, length)


def _as_slices(value: pd.Series, sums: pd.DataFrame) -> pd.DataFrame:
    """Values of slices as counts: 0 of 0 without traffic, NaN where unknown."""
    asked = (sums["total"] > 0).astype("float64").where(sums["total"].notna())
    return pd.DataFrame({"good": value.where(asked != 0, 0.0).where(asked.notna()), "total": asked})


def for_slo(counts: pd.DataFrame, slo: Slo) -> pd.DataFrame:
    """Counts as the budgeting method of an SLO counts them.

    Parameters
    ----------
    counts : DataFrame, regular tz-aware index
        good, total [events].
    slo : Slo
        Its method, slice and slice target decide.

    Returns
    -------
    DataFrame
        good, total. Occurrences: the events as they are. Timeslices: good slices of all slices.
        RatioTimeslices: the ratio of each slice, all slices weighing the same.

    Raises
    ------
    ParameterError
        The method is unknown, or the slice is no whole number of buckets.

    References
    ----------
    .. [1] OpenSLO v1, SLO, budgetingMethod.
    """
    if slo.method == "Occurrences":
        return counts[["good", "total"]]
    if slo.slice is None:
        raise ParameterError(f"SLO {slo.name!r}: method {slo.method} needs a slice length.")
    if slo.method == "RatioTimeslices":
        return slice_ratios(counts["good"], counts["total"], slice=slo.slice)
    if slo.method != "Timeslices" or slo.slice_target is None:
        raise ParameterError(
            f"SLO {slo.name!r}: method must be Occurrences, RatioTimeslices, or Timeslices with a "
            f"slice target; got {slo.method!r}, slice target {slo.slice_target}."
        )
    return time_slices(counts["good"], counts["total"], slice=slo.slice, threshold=slo.slice_target)
