"""Time instead of events: slices as OpenSLO counts them, and the worst window of every length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows.history import _bad_and_total
from srelib.windows.sums import _block_sums, _checked_step, _divide, _ratio, _Sums
from srelib.windows.window import _as_window, _check_index

if TYPE_CHECKING:
    from srelib.slos import Slo


def _slices(
    good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str, threshold: float | None = None
) -> pd.DataFrame:
    """Slices of time as counts: good at the threshold, or, without one, as much as its ratio."""
    length, step = _as_window(slice).length_at(good.index[0]), _checked_step(good, total)
    if step is not None and (length < step or length % step != pd.Timedelta(0)):
        raise ParameterError(
            f"slice must be a whole number of buckets of {step}; got {length}. "
            f"Export finer data, or use a longer slice."
        )
    sums = _block_sums(good, total, length)
    value = _divide(sums["good"], sums["total"])
    if threshold is not None:
        value = (value >= threshold).astype("float64")
    known = sums["total"].notna()
    seen = (sums["total"] > 0).astype("float64").where(known)
    return pd.DataFrame({"good": value.where(seen != 0, 0.0).where(known), "total": seen})


def _for_slo(counts: pd.DataFrame, slo: Slo) -> pd.DataFrame:
    """Counts as the budgeting method of an SLO counts them."""
    if slo.method == "Occurrences":
        return counts[["good", "total"]]
    if slo.slice is None:
        raise ParameterError(f"SLO {slo.name!r}: method {slo.method} needs a slice length.")
    if slo.method == "RatioTimeslices":
        return _slices(counts["good"], counts["total"], slice=slo.slice)
    if slo.method != "Timeslices" or slo.slice_target is None:
        raise ParameterError(
            f"SLO {slo.name!r}: method must be Occurrences, RatioTimeslices, or Timeslices with a "
            f"slice target; got {slo.method!r}, slice target {slo.slice_target}."
        )
    return _slices(counts["good"], counts["total"], slice=slo.slice, threshold=slo.slice_target)


@dataclass(frozen=True)
class SliceShares:
    """Bad share of one objective counted in two ways.

    events, slices: of events, and of slices of time whose own ratio missed the target [fraction]
    """

    events: float
    slices: float


def slice_shares(
    good: pd.Series, total: pd.Series, *, slice: pd.Timedelta | str, target: float
) -> SliceShares:
    """Share of bad events beside the share of slices of time that missed the target.

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index
    slice : Timedelta or str, length of a slice, a whole number of buckets (else `ParameterError`),
        for example ``"5m"``
    target : float, service level objective [fraction]; a slice whose own ratio reaches it is good

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> total = pd.Series(10.0, minutes)
    >>> slice_shares(total - [0, 0, 0, 2], total, slice="2m", target=0.99)
    SliceShares(events=0.050000000000000044, slices=0.5)
    """
    slices = _slices(good, total, slice=slice, threshold=target)
    return SliceShares(1 - _ratio(good, total), 1 - _ratio(slices["good"], slices["total"]))


def worst_windows(good: pd.Series | pd.DataFrame, total: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """The worst ratio over every window length: few long outages against many short ones.

    MCR(w) = the smallest sum(good) / sum(total) over all windows of length w inside the data [1]_.

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index; unknown buckets
        are left out of both sums. DataFrames with a column for each `Member`: their weighted mean,
        each window weighted by itself.

    Returns
    -------
    DataFrame
        window (Timedelta; the bucket times powers of two), ratio (MCR) [fraction], starts_at,
        ends_at (the earliest of equals). NaN and NaT where no window had traffic.

    Raises
    ------
    InsufficientDataError
        Fewer than two buckets.

    References
    ----------
    .. [1] Hauer et al., Meaningful Availability, NSDI 2020, section 5.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> good, total = pd.Series([10.0, 0, 10, 10], minutes), pd.Series(10.0, minutes)
    >>> worst_windows(good, total)["ratio"].tolist()
    [0.0, 0.5, 0.75]
    """
    step = _check_index(good.index)
    if step is None:
        raise InsufficientDataError(f"windows need at least two buckets; got {len(good)}.")
    widths = [2**k for k in range(len(good).bit_length())]
    bad, whole = _bad_and_total(good, total)
    worst = [_worst(bad, whole, np.arange(len(good) + 1 - width), width) for width in widths]
    starts = [good.index[i] if i >= 0 else pd.NaT for i, _ in worst]
    spans = pd.to_timedelta([width * step for width in widths])
    begins = pd.DatetimeIndex(pd.Series(starts, dtype=good.index.dtype))
    return pd.DataFrame({
        "window": spans, "ratio": [value for _, value in worst],
        "starts_at": begins, "ends_at": begins + spans,
    })  # fmt: skip


def _longest_missed(worst: pd.DataFrame, *, target: float) -> pd.Timedelta:
    """Longest window whose worst ratio misses the target; nothing where none does."""
    missed = worst.loc[worst["ratio"] < target, "window"]
    return missed.max() if len(missed) else pd.Timedelta(0)


def _worst(bad: _Sums, whole: _Sums, starts: np.ndarray, width: int) -> tuple[int, float]:
    """Place and ratio of the worst window; place -1 where none had traffic."""
    lost, total = (sums.between(starts, starts + width) for sums in (bad, whole))
    ratios = _divide(total - lost, total)
    if np.isnan(ratios).all():
        return -1, math.nan
    i = int(np.nanargmin(ratios))
    return i, float(ratios[i])
