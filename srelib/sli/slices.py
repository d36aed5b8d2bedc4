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
    """Slices of time as events: a slice is good when its own ratio reaches the threshold."""
    sums = _slice_sums(good, total, slice)
    ratios = windows.divide(sums["good"], sums["total"])
    reached = (ratios >= threshold).astype("float64")
    return _as_slices(reached, sums)


def slice_ratios(good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str) -> pd.DataFrame:
    """Slices of time that weigh the same: each counts as its own ratio of good events."""
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
    """Counts as the budgeting method of an SLO counts them."""
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
