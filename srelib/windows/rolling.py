"""Sums, ratios and coverage over rolling windows, by prefix sums."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ParameterError
from srelib.windows.division import check_counts, paired
from srelib.windows.index import check_index
from srelib.windows.prefixes import prefix, prefix_pair, ratios
from srelib.windows.window import Window, as_window, spelled


def buckets(window: Window | pd.Timedelta | str, *, step: pd.Timedelta | None) -> int:
    """Number of buckets whose start lies in ``(t - W, t]``."""
    window = as_window(window)
    if window.duration is None:
        raise ParameterError(f"window must be rolling, such as 28d; got {window}.")
    if step is None:
        return 1
    if window.duration < step:
        raise ParameterError(
            f"window must be at least one bucket of {spelled(step)}; got {window}. "
            f"Use a longer window, or export finer data."
        )
    return -int(-window.duration.as_unit("ns") // step.as_unit("ns"))


def rolling_sum(counts: pd.Series, *, window: Window | pd.Timedelta | str) -> pd.Series:
    """Sum over ``(t - W, t]`` at every bucket t."""
    width = buckets(window, step=check_index(counts.index))
    return pd.Series(prefix(counts.to_numpy()).window(width), index=counts.index)


def rolling_ratio(
    good: pd.Series, total: pd.Series, *, window: Window | pd.Timedelta | str
) -> pd.Series:
    """Share of good events over ``(t - W, t]`` at every bucket t.

    Parameters
    ----------
    good, total : Series, one regular tz-aware index
        Counts per bucket [events]; a bucket where either is NaN is unknown and left out.
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Fractions 0 to 1; NaN where the window holds no traffic or nothing known.

    Raises
    ------
    CountError
        Negative, infinite, or good above total.
    TimeIndexError
        The indexes differ or are not regular.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=3, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 0, 0], minutes), pd.Series([10.0, 0, 5], minutes)
    >>> rolling_ratio(good, total, window="2m").round(3).tolist()
    [0.9, 0.9, 0.0]
    """
    check_counts(good, total)
    width = buckets(window, step=check_index(good.index))
    top, bottom = paired(good, total)
    part, whole = prefix_pair(top, bottom)
    return pd.Series(ratios(part, whole, widths=[width])[0], index=good.index)


def rolling_coverage(counts: pd.Series, *, window: Window | pd.Timedelta | str) -> pd.Series:
    """Share of ``(t - W, t]`` that was observed, at every bucket t."""
    width = buckets(window, step=check_index(counts.index))
    return pd.Series(prefix(counts.to_numpy()).known(width) / width, index=counts.index)
