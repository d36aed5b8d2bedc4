"""Checked counts, and sums that do not depend on the order of the rows."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd

from srelib import windows
from srelib.errors import CountError, InvalidTargetError

Counts = pd.Series | float


def budget_fraction(target: float) -> float:
    """Share of events that may be bad: 1 - target, as written in decimal.

    Parameters
    ----------
    target : float
        Service level objective [fraction], strictly between 0 and 1.

    Returns
    -------
    float
        Share that may be bad [fraction].

    Raises
    ------
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.

    Notes
    -----
    ``1 - 0.999`` is 0.0010000000000000009 in binary floating point.
    Targets are promised in decimal, so the subtraction is done in decimal;
    1,000 failures in a million then spend exactly 100 % of a 99.9 % budget.

    Examples
    --------
    >>> budget_fraction(0.999)
    0.001
    >>> budget_fraction(99.9)
    Traceback (most recent call last):
    ...
    srelib.errors.InvalidTargetError: target must lie strictly between 0 and 1; got 99.9. For 99.9 % write 0.999.
    """  # noqa: E501  (an error text is one line)
    if isinstance(target, bool) or not isinstance(target, (int, float, np.integer, np.floating)):
        raise InvalidTargetError(f"target must be a number between 0 and 1; got {target!r}.")
    if not 0 < target < 1:
        hint = f" For {target:g} % write {_percent(target)}." if 1 < target < 100 else ""
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {float(target):g}.{hint}"
        )
    return float(1 - Decimal(str(float(target))))


def checked(good: Counts, total: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Good and total as arrays of floats, refused when they cannot be counts.

    Parameters
    ----------
    good, total : Series or float
        Good and total [events]; Series share one index; missing is unknown.

    Returns
    -------
    good, total : ndarray
        NaN in both where either is unknown.

    Raises
    ------
    CountError
        Negative, infinite, or good > total.
    TimeIndexError
        The two Series do not share their index.
    """
    if not isinstance(good, pd.Series) or not isinstance(total, pd.Series):
        good, total = _alone(good, "good"), _alone(total, "total")
    windows.check_counts(good, total)
    return windows.paired(good, total)


def regular_step(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Length of a bucket of a regular index.

    Parameters
    ----------
    times : DatetimeIndex
        Starts of the buckets, tz-aware.

    Returns
    -------
    Timedelta

    Raises
    ------
    TimeIndexError
        Not regular, or fewer than two buckets.

    Examples
    --------
    >>> regular_step(pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC"))
    Timedelta('0 days 01:00:00')
    """
    step = windows.check_index(times)
    return windows.step_of(times) if step is None else step


def exact_sum(values: np.ndarray) -> float:
    """Sum without rounding on the way, so that the order of rows cannot matter.

    Parameters
    ----------
    values : ndarray
        Counts [events]; NaN is left out.

    Returns
    -------
    float
        The sum, rounded once; 0 for no values.

    Examples
    --------
    >>> exact_sum(np.array([0.1] * 10 + [float("nan")]))
    1.0
    """
    seen = values[~np.isnan(values)]
    if len(seen) and seen.max() < 2**52 / len(seen) and (seen == np.rint(seen)).all():
        return float(seen.sum())  # whole numbers below 2**52 add up exactly in any order
    return math.fsum(seen.tolist())


def share(part: float, whole: float) -> float:
    """Part of a whole; NaN when there is no whole.

    Parameters
    ----------
    part, whole : float
        Bad events and the allowance, or all bad events, they are a share of [events].

    Returns
    -------
    float
        part / whole [fraction]; may exceed 1 for an overspent budget.

    Examples
    --------
    >>> share(1_500, 3_000), share(0, 0)
    (0.5, nan)
    """
    return float(windows.divide(np.asarray(part), np.asarray(whole)))


def sums_by(values: np.ndarray, owner: np.ndarray, *, size: int) -> np.ndarray:
    """Sums per owner that add up to `exact_sum` of all, to the last bit.

    Parameters
    ----------
    values : ndarray
        Counts [events], not negative; NaN is left out.
    owner : ndarray of int
        For each value the group it belongs to, 0 to size - 1.
    size : int
        Number of groups.

    Returns
    -------
    ndarray
        One sum per group [events]; adding them in any order gives `exact_sum(values)`.

    Notes
    -----
    Whole numbers stay whole.
    Fractions (seconds of a ratio) are expressed in units of the last bit of the whole,
    and what rounding leaves over, a few such units, goes to the largest group.

    Examples
    --------
    >>> sums_by(np.array([0.1, 0.2, 0.3]), np.array([0, 1, 1]), size=2).sum()
    np.float64(0.6)
    """
    whole = exact_sum(values)
    parts = np.bincount(owner, weights=np.nan_to_num(values), minlength=size)
    unit = math.ulp(whole)
    units = [round(part / unit) for part in parts.tolist()]
    if units:
        units[int(np.argmax(parts))] += round(whole / unit) - sum(units)
    return np.array([count * unit for count in units])


def _alone(count: Counts, name: str) -> pd.Series:
    if isinstance(count, pd.Series):
        raise CountError(
            f"good and total must both be Series, or both numbers; {name} is a Series."
        )
    return pd.Series([count], dtype="float64")


def _percent(target: float) -> str:
    return f"{float(Decimal(str(float(target))) / 100):.12g}"
