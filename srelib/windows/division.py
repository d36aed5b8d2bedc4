"""The one place where counts are checked and a ratio is divided."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from srelib.errors import CountError, TimeIndexError

Counts = TypeVar("Counts", pd.Series, np.ndarray)


def divide(good: Counts, total: Counts) -> Counts:
    """good / total, element by element; NaN where total is 0 or unknown.

    Parameters
    ----------
    good, total : Series or array
        Counts, already summed [events].

    Returns
    -------
    Series or array
        Fractions, same kind and index as the input.

    Examples
    --------
    >>> divide(np.array([9.0, 0.0]), np.array([10.0, 0.0]))
    array([0.9, nan])
    """
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(bottom == 0, np.nan, top / bottom)
    found = pd.Series(result, index=good.index) if isinstance(good, pd.Series) else result
    return cast(Counts, found)


def ratio(good: Any, total: Any) -> float:
    """Share of good events: sum of good / sum of total.

    Parameters
    ----------
    good, total : Series, array or number
        Counts [events]. A bucket where either is NaN is unknown and counts in neither sum.

    Returns
    -------
    float
        Fraction 0 to 1; NaN without traffic.

    Notes
    -----
    Counts are summed first and divided last: a mean of ratios would weigh a quiet night as much
    as a busy noon.

    Examples
    --------
    >>> ratio(np.array([99, 0, np.nan]), np.array([100, 0, np.nan]))
    0.99
    """
    sums = totals(good, total)
    return float(sums[0] / sums[1]) if sums[1] else float("nan")


def totals(good: Any, total: Any) -> tuple[float, float]:
    """Sums of good and total over the buckets where both are known.

    Parameters
    ----------
    good, total : Series, array or number
        Counts [events].

    Returns
    -------
    (float, float)
        Sum of good and sum of total [events]; 0 where nothing is known.

    Examples
    --------
    >>> totals(np.array([9, np.nan]), np.array([10, 7]))
    (9.0, 10.0)
    """
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    known = ~(np.isnan(top) | np.isnan(bottom))
    return float(top.sum(where=known)), float(bottom.sum(where=known))


def check_counts(good: pd.Series, total: pd.Series) -> None:
    """Refuse counts that cannot be.

    Parameters
    ----------
    good, total : Series
        Counts on one index [events]; NaN is allowed and means unknown.

    Raises
    ------
    CountError
        Negative, infinite, or good above total; names the first offence.
    TimeIndexError
        The two indexes differ.

    Examples
    --------
    >>> check_counts(pd.Series([3.0]), pd.Series([2.0]))
    Traceback (most recent call last):
    ...
    srelib.errors.CountError: good must not exceed total; got good=3.0, total=2.0 at 0.
    """
    if good.index is not total.index and not good.index.equals(total.index):
        raise TimeIndexError(
            f"good and total must share one index; got {len(good)} and {len(total)} rows."
        )
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    for wrong, what in (
        (top > bottom, "good must not exceed total"),
        (top < 0, "counts must not be negative"),
        (bottom < 0, "counts must not be negative"),
        (np.isinf(bottom), "counts must be finite"),
        (np.isinf(top), "counts must be finite"),
    ):
        if wrong.any():
            i = int(np.argmax(wrong))
            raise CountError(f"{what}; got good={top[i]}, total={bottom[i]} at {good.index[i]}.")


def paired(good: pd.Series, total: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both as float arrays, unknown in both where unknown in one.

    Parameters
    ----------
    good, total : Series, one index
        Counts [events].

    Returns
    -------
    (array, array)

    Examples
    --------
    >>> paired(pd.Series([1.0, None]), pd.Series([1.0, 2.0]))[1]
    array([ 1., nan])
    """
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    unknown = np.isnan(top) != np.isnan(bottom)
    if not unknown.any():
        return top, bottom
    return np.where(unknown, np.nan, top), np.where(unknown, np.nan, bottom)
