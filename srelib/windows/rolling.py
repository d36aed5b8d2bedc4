"""Sums, ratios and coverage over rolling windows, by prefix sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.windows.division import check_counts, divide, paired
from srelib.windows.index import check_index
from srelib.windows.window import Window, as_window, spelled


@dataclass(frozen=True)
class Prefix:
    """Prefix sums of counts, computed once and used for any number of windows.

    Parameters
    ----------
    sums : array, shape (..., n + 1)
        Sum of everything before each bucket; time runs along the last axis [events].
    seen : array, shape (..., n + 1), optional
        The same for the number of known buckets; None where all are known.
    exponent : array, shape (..., 1), optional
        Fractional counts were rounded to multiples of ``2 ** exponent``; None for whole numbers.

    Examples
    --------
    >>> prefix(np.array([1.0, 2.0, 3.0])).window(2)
    array([1., 3., 5.])
    """

    sums: np.ndarray
    seen: np.ndarray | None
    exponent: np.ndarray | None = None

    def window(self, width: int, out: np.ndarray | None = None) -> np.ndarray:
        """Sum over the last `width` buckets, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.
        out : array, shape (..., n), optional
            Where to write the result, to spare the allocation.

        Returns
        -------
        array, shape (..., n)
            Sums [events]; NaN where no bucket in the window is known.
        """
        sums = _trailing(self.sums, width, out)
        if self.seen is not None:
            sums[_trailing(self.seen, width) == 0] = np.nan
        return sums

    def known(self, width: int) -> np.ndarray:
        """Number of known buckets among the last `width`, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.

        Returns
        -------
        array, shape (..., n)
        """
        seen = np.arange(self.sums.shape[-1]) if self.seen is None else self.seen
        return np.broadcast_to(_trailing(seen, width), self.sums[..., 1:].shape)


def prefix(counts: np.ndarray, *, exponent: np.ndarray | None = None) -> Prefix:
    """Prefix sums along the last axis; NaN counts as unknown.

    Parameters
    ----------
    counts : array, shape (..., n)
        Counts per bucket [events], one series per row.
    exponent : array, shape (..., 1), optional
        `Prefix.exponent` of the totals these counts are a part of, so that a part rounds to no
        more than its total.

    Returns
    -------
    Prefix

    Notes
    -----
    Whole numbers are exact while their sum stays below 2**53.
    Others are rounded once, each to a multiple of one power of two that leaves the sum 52
    significant bits, and are exact from there on.

    Examples
    --------
    >>> prefix(np.array([1.0, np.nan])).known(1).tolist()
    [1, 0]
    """
    counts = np.asarray(counts, dtype="float64")
    sums = np.empty((*counts.shape[:-1], counts.shape[-1] + 1))
    sums[..., 0] = 0.0
    np.cumsum(counts, axis=-1, out=sums[..., 1:])
    seen = None
    if np.isnan(sums[..., -1]).any():
        unknown = np.isnan(counts)
        seen = np.zeros(sums.shape, dtype="int64")
        np.cumsum(~unknown, axis=-1, out=seen[..., 1:])
        counts = np.where(unknown, 0.0, counts)
        np.cumsum(counts, axis=-1, out=sums[..., 1:])
    if bool((np.rint(sums) == sums).all()):
        return Prefix(sums, seen)
    if exponent is None:
        exponent = np.frexp(np.abs(counts).sum(axis=-1, keepdims=True))[1] - 52
    rounded = np.ldexp(np.rint(np.ldexp(counts, -exponent)), exponent)
    np.cumsum(rounded, axis=-1, out=sums[..., 1:])
    return Prefix(sums, seen, exponent)


def _trailing(sums: np.ndarray, width: int, out: np.ndarray | None = None) -> np.ndarray:
    """Differences of prefix sums over `width` buckets, fewer at the start."""
    result = np.empty(sums[..., 1:].shape, dtype=sums.dtype) if out is None else out
    result[..., :width] = sums[..., 1 : width + 1]
    np.subtract(sums[..., width + 1 :], sums[..., 1:-width], out=result[..., width:])
    return result


def buckets(window: Window | pd.Timedelta | str, *, step: pd.Timedelta | None) -> int:
    """Number of buckets whose start lies in ``(t - W, t]``.

    Parameters
    ----------
    window : Window, Timedelta or str
        A rolling window.
    step : Timedelta or None
        Length of a bucket; None for a series of one bucket.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> buckets("1h", step=pd.Timedelta("5min"))
    12
    """
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
    """Sum over ``(t - W, t]`` at every bucket t.

    Parameters
    ----------
    counts : Series, regular tz-aware index
        Counts per bucket [events].
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Sums [events] on the index of the input; NaN where nothing in the window is known.

    Raises
    ------
    TimeIndexError
        The index is not regular; names the first offence.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> rolling_sum(pd.Series([1.0, 2.0, np.nan, 4.0], minutes), window="2m").tolist()
    [1.0, 3.0, 2.0, 4.0]
    """
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
    whole = prefix(bottom)
    part = prefix(top, exponent=whole.exponent)
    return pd.Series(divide(part.window(width), whole.window(width)), index=good.index)


def rolling_coverage(counts: pd.Series, *, window: Window | pd.Timedelta | str) -> pd.Series:
    """Share of ``(t - W, t]`` that was observed, at every bucket t.

    Parameters
    ----------
    counts : Series, regular tz-aware index
        Counts per bucket [events]; NaN is unknown.
    window : Window, Timedelta or str
        A rolling window, at least one bucket long.

    Returns
    -------
    Series
        Known buckets / buckets in the whole window [fraction 0 to 1].
        Time before the first bucket is unknown, so a series starts with low coverage.

    Raises
    ------
    TimeIndexError
        The index is not regular.
    ParameterError
        A calendar window, or a window shorter than a bucket.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=4, freq="min", tz="UTC")
    >>> rolling_coverage(pd.Series([1.0, 2.0, np.nan, 4.0], minutes), window="2m").tolist()
    [0.5, 1.0, 0.5, 0.5]
    """
    width = buckets(window, step=check_index(counts.index))
    return pd.Series(prefix(counts.to_numpy()).known(width) / width, index=counts.index)
