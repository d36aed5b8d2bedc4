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
    """Share of events that may be bad: 1 - target, as written in decimal."""
    if isinstance(target, bool) or not isinstance(target, (int, float, np.integer, np.floating)):
        raise InvalidTargetError(f"target must be a number between 0 and 1; got {target!r}.")
    if not 0 < target < 1:
        hint = f" For {target:g} % write {_percent(target)}." if 1 < target < 100 else ""
        raise InvalidTargetError(
            f"target must lie strictly between 0 and 1; got {float(target):g}.{hint}"
        )
    return float(1 - Decimal(str(float(target))))


def checked(good: Counts, total: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Good and total as arrays of floats, refused when they cannot be counts."""
    if not isinstance(good, pd.Series) or not isinstance(total, pd.Series):
        good, total = _alone(good, "good"), _alone(total, "total")
    windows.check_counts(good, total)
    return windows.paired(good, total)


def regular_step(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Length of a bucket of a regular index."""
    step = windows.check_index(times)
    return windows.step_of(times) if step is None else step


def exact_sum(values: np.ndarray) -> float:
    """Sum without rounding on the way, so that the order of rows cannot matter."""
    seen = values[~np.isnan(values)]
    if len(seen) and seen.max() < 2**52 / len(seen) and (seen == np.rint(seen)).all():
        return float(seen.sum())  # whole numbers below 2**52 add up exactly in any order
    return math.fsum(seen.tolist())


def share(part: float, whole: float) -> float:
    """Part of a whole; NaN when there is no whole."""
    return float(windows.divide(np.asarray(part), np.asarray(whole)))


def sums_by(values: np.ndarray, owner: np.ndarray, *, size: int) -> np.ndarray:
    """Sums per owner that add up to `exact_sum` of all, to the last bit."""
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
