"""The one place where counts are checked and a ratio is divided."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

from srelib.errors import CountError, TimeIndexError

Counts = TypeVar("Counts", pd.Series, np.ndarray)


def divide(good: Counts, total: Counts) -> Counts:
    """good / total, element by element; NaN where total is 0 or unknown."""
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(bottom == 0, np.nan, top / bottom)
    found = pd.Series(result, index=good.index) if isinstance(good, pd.Series) else result
    return cast(Counts, found)


def ratio(good: Any, total: Any) -> float:
    """Share of good events: sum of good / sum of total."""
    sums = totals(good, total)
    return float(sums[0] / sums[1]) if sums[1] else float("nan")


def totals(good: Any, total: Any) -> tuple[float, float]:
    """Sums of good and total over the buckets where both are known."""
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    known = ~(np.isnan(top) | np.isnan(bottom))
    return float(top.sum(where=known)), float(bottom.sum(where=known))


def check_counts(good: pd.Series, total: pd.Series) -> None:
    """Refuse counts that cannot be."""
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
    """Both as float arrays, unknown in both where unknown in one."""
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    unknown = np.isnan(top) != np.isnan(bottom)
    if not unknown.any():
        return top, bottom
    return np.where(unknown, np.nan, top), np.where(unknown, np.nan, bottom)
