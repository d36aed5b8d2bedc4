"""Maintenance and corrections taken out of the budget after the fact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.budget.counts import checked, exact_sum, sums_by
from srelib.errors import ColumnError, TimeIndexError


@dataclass(frozen=True)
class Excluded:
    """Counts without what was excluded, and what that was.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events]; both 0 in excluded buckets: known, and not counted.
    good, total : float
        What was taken out [events].
    mask : Series of bool
        True where a bucket was excluded.
    windows : DataFrame
        One row per merged exclusion window that touches the data:
        starts_at, ends_at, reason, buckets, good, total, bad [events].
    """

    counts: pd.DataFrame
    good: float
    total: float
    mask: pd.Series
    windows: pd.DataFrame

    @property
    def bad(self) -> float:
        """Bad events taken out [events]."""
        return exact_sum(self.windows["bad"].to_numpy())


def exclude(
    counts: pd.DataFrame, exclusions: pd.DataFrame | None, *, service: str, sli: str
) -> Excluded:
    """Counts without planned maintenance and corrections.

    A bucket is excluded when it starts inside a window: starts_at <= time < ends_at.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts.
    exclusions : DataFrame or None
        Table ``exclusions``; rows without a service or sli apply to all of them.
    service, sli : str
        The series the counts belong to.

    Returns
    -------
    Excluded
        New counts, what was removed, where, and why.

    Raises
    ------
    ColumnError
        A table lacks a column.
    TimeIndexError
        The counts are not on a tz-aware index of times.

    Notes
    -----
    Excluded buckets are known: they hold good = total = 0, so that they neither spend
    budget nor lower coverage, even where nothing had been observed.
    Windows that overlap or touch are merged, so nothing is taken out twice.
    A window that does not end after it starts excludes nothing.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC")
    >>> counts = pd.DataFrame({"good": [9.0, 0.0, 9.0], "total": 10.0}, index=index)
    >>> window = pd.DataFrame({"service": [None], "sli": [None], "starts_at": index[[1]],
    ...                        "ends_at": index[[2]], "reason": ["move"]})
    >>> exclude(counts, window, service="shop", sli="availability").counts["total"].tolist()
    [10.0, 0.0, 10.0]
    """
    good, total = checked(*_columns(counts))
    merged = _merged(_applying(exclusions, service=service, sli=sli))
    owner = _owner(counts.index, merged)
    mask = owner >= 0
    removed = _removed(merged, owner[mask], good[mask], total[mask])
    kept = counts.assign(good=np.where(mask, 0.0, good), total=np.where(mask, 0.0, total))
    return Excluded(
        counts=kept,
        good=exact_sum(good[mask]),
        total=exact_sum(total[mask]),
        mask=pd.Series(mask, index=counts.index, name="excluded"),
        windows=removed[removed["buckets"] > 0].reset_index(drop=True),
    )


def _columns(counts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    lacking = [name for name in ("good", "total") if name not in counts.columns]
    if lacking:
        raise ColumnError(f"counts lack {', '.join(lacking)}; columns seen: {list(counts)}.")
    if not isinstance(counts.index, pd.DatetimeIndex) or counts.index.tz is None:
        raise TimeIndexError(
            "counts need an index of tz-aware times; localize it, then convert to UTC."
        )
    return counts["good"], counts["total"]


def _applying(exclusions: pd.DataFrame | None, *, service: str, sli: str) -> pd.DataFrame:
    wanted = ["service", "sli", "starts_at", "ends_at", "reason"]
    if exclusions is None:
        return pd.DataFrame(columns=wanted)
    lacking = [name for name in ("starts_at", "ends_at") if name not in exclusions.columns]
    if lacking:
        raise ColumnError(
            f"exclusions lack {', '.join(lacking)}; columns seen: {list(exclusions)}."
        )
    rows = exclusions.reindex(columns=wanted)
    meant = (rows["service"].isna() | (rows["service"] == service)) & (
        rows["sli"].isna() | (rows["sli"] == sli)
    )
    return rows[meant & (rows["ends_at"] > rows["starts_at"])]


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return rows[["starts_at", "ends_at", "reason"]]
    rows = rows.sort_values(["starts_at", "ends_at", "reason"], kind="stable")
    apart = rows["starts_at"] > rows["ends_at"].cummax().shift()
    groups = rows.groupby(apart.cumsum().to_numpy())
    return pd.DataFrame(
        {
            "starts_at": groups["starts_at"].min(),
            "ends_at": groups["ends_at"].max(),
            "reason": groups["reason"].agg(_reasons),
        }
    ).reset_index(drop=True)


def _reasons(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(str(value) for value in values.dropna()))


def _owner(index: pd.Index, merged: pd.DataFrame) -> np.ndarray:
    """Which merged window each bucket starts in; -1 for none."""
    if merged.empty:
        return np.full(len(index), -1)
    last = pd.DatetimeIndex(merged["starts_at"]).searchsorted(index, side="right") - 1
    inside = index < pd.DatetimeIndex(merged["ends_at"])[np.maximum(last, 0)]
    return np.where((last >= 0) & inside, last, -1)


def _removed(
    merged: pd.DataFrame, owner: np.ndarray, good: np.ndarray, total: np.ndarray
) -> pd.DataFrame:
    size = len(merged)
    return merged.reset_index(drop=True).assign(
        buckets=np.bincount(owner, minlength=size),
        good=sums_by(good, owner, size=size),
        total=sums_by(total, owner, size=size),
        bad=sums_by(total - good, owner, size=size),
    )
