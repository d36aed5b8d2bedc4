"""Windowed availability: the worst ratio over every window length."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import InsufficientDataError, ParameterError
from srelib.sli.sums import length_of, step_of_pair


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
