"""Slices of time as events, as OpenSLO counts them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import fleet, windows
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.fleet import Indicator
from srelib.sli.interval import block_sums, length_of, step_of_pair

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


def user_uptime(events: pd.DataFrame, *, cutoff: pd.Timedelta | None = None) -> pd.DataFrame:
    """Up and active time of every user, from the outcome of each request."""
    for name in ("user", "time", "ok"):
        if name not in events.columns:
            raise ColumnError(f"column {name!r} is missing; columns seen: {list(events.columns)}.")
    ordered = events.sort_values(["user", "time"], kind="stable")
    until = ordered.groupby("user", sort=False)["time"].shift(-1) - ordered["time"]
    limit = until.quantile(0.99) if cutoff is None else cutoff
    seconds = until.where(until <= limit).dt.total_seconds().fillna(0.0)
    spent = pd.DataFrame({"good": seconds.where(ordered["ok"].astype(bool), 0.0), "total": seconds})
    return spent.groupby(ordered["user"]).sum()


def worst_windows(
    good: pd.Series, total: pd.Series, *, lengths: Iterable[pd.Timedelta | str] | None = None
) -> pd.DataFrame:
    """The worst ratio over every window length: few long outages against many short ones.

    MCR(w) = the smallest sum(good) / sum(total) over all windows of length w inside the data.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; unknown buckets are left out of both sums.
    lengths : list of Timedelta or str, optional
        Window lengths, whole numbers of buckets; the bucket times powers of two when not given.

    Returns
    -------
    DataFrame
        window (Timedelta), ratio (MCR) [fraction], starts_at, ends_at (the worst window; the
        earliest of equals). NaN and NaT where no window of this length had traffic.

    Raises
    ------
    ParameterError
        A length that is no whole number of buckets, or longer than the data.

    Notes
    -----
    MCR(k w) >= MCR(w) for whole k: a long window is no worse than the worst of its parts.
    The curve of a service with one long outage stays low far to the right; with many short ones
    it rises early.

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
    windows.check_counts(good, total)
    step = step_of_pair(good, total)
    if step is None:
        raise InsufficientDataError(f"windows need at least two buckets; got {len(good)}.")
    widths = _widths(len(good), step, lengths)
    top, bottom = windows.paired(good, total)
    known = ~np.isnan(bottom)
    part, whole = windows.prefix_pair(np.where(known, top, 0.0), np.where(known, bottom, 0.0))
    worst = [_worst(part.sums, whole.sums, width) for width in widths]
    starts = [good.index[i] if i >= 0 else pd.NaT for i, _ in worst]
    spans = pd.to_timedelta([width * step for width in widths])
    begins = pd.DatetimeIndex(pd.Series(starts, dtype=good.index.dtype))
    return pd.DataFrame(
        {
            "window": spans,
            "ratio": [value for _, value in worst],
            "starts_at": begins,
            "ends_at": begins + spans,
        }
    )


def _worst(part: np.ndarray, whole: np.ndarray, width: int) -> tuple[int, float]:
    """Place and ratio of the worst window; place -1 where none had traffic."""
    total = whole[width:] - whole[:-width]
    ratios = windows.divide(part[width:] - part[:-width], total)
    if np.isnan(ratios).all():
        return -1, math.nan
    i = int(np.nanargmin(ratios))
    return i, float(ratios[i])


def _widths(n: int, step: pd.Timedelta, lengths: Iterable[pd.Timedelta | str] | None) -> list[int]:
    """Window lengths in buckets."""
    if lengths is None:
        return [2**k for k in range(n.bit_length()) if 2**k <= n]
    spans = [length_of(item) for item in lengths]
    for span in spans:
        if span % step != pd.Timedelta(0) or not step <= span <= n * step:
            raise ParameterError(
                f"lengths must be whole numbers of buckets of {step}, up to the {n * step} of "
                f"data; got {span}."
            )
    return [span // step for span in spans]


def slice_shares(counts: Mapping[Indicator, pd.DataFrame], *, slice: str) -> pd.DataFrame:
    """Share of bad events beside share of bad slices of time, a slice being judged by the target.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        By objective; indicators that already count slices are left out.
    slice : str
        Length of a slice, for example ``"5m"``.

    Returns
    -------
    DataFrame
        indicator (Indicator), events, slices: bad shares [fraction].
    """
    asked = {
        key: frame
        for key, frame in counts.items()
        if key.has_target and not key.unit.startswith("slices")
    }
    found = fleet.each(asked, lambda key, c: (
        windows.ratio(c["good"], c["total"]),
        windows.ratio(*_paired(time_slices(c["good"], c["total"], slice=slice,
                                           threshold=key.target))),
    ))  # fmt: skip
    rows = [(key, 1 - events, 1 - slices) for key, (events, slices) in fleet.answers(found).items()]
    return pd.DataFrame(rows, columns=["indicator", "events", "slices"])


def _paired(counts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return counts["good"], counts["total"]
