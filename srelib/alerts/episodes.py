"""Episodes: from the moment an alert fires until it resolves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.alerts.policies import length_of
from srelib.alerts.spans import joined, spans_of
from srelib.budget.counts import regular_step
from srelib.errors import ColumnError

COLUMNS = ["severity", "fired_at", "resolved_at"]
_ZERO = pd.Timedelta(0)


def episodes(firing: pd.DataFrame, *, merge: pd.Timedelta | str = _ZERO) -> pd.DataFrame:
    """One row per episode of each severity."""
    gap = length_of(merge, "merge")
    index = pd.DatetimeIndex(firing.index)
    step = regular_step(index)
    ends = np.append(plain(index) + step.to_timedelta64(), np.datetime64("NaT"))
    parts = []
    for severity in firing.columns:
        spans = spans_of(firing[severity].to_numpy(dtype=bool))
        starts, stops = joined([spans], gap=int(gap // step))
        parts.append(
            pd.DataFrame(
                {
                    "severity": severity,
                    "fired_at": utc(ends[starts]),
                    "resolved_at": utc(ends[stops]),
                }
            )
        )
    found = pd.concat(parts, ignore_index=True).astype({"severity": "str"})
    return found.sort_values("fired_at", kind="stable").reset_index(drop=True)


def as_episodes(alerts: pd.DataFrame, *, merge: pd.Timedelta | str = _ZERO) -> pd.DataFrame:
    """Episodes from a replay, from `episodes`, or from the table ``alerts`` of an export."""
    if len(alerts.columns) and all(kind.kind == "b" for kind in alerts.dtypes):
        return episodes(alerts, merge=merge)
    if not set(COLUMNS) <= set(alerts.columns):
        raise ColumnError(
            f"alerts must be booleans per severity (alerts.firing) or rows with "
            f"{', '.join(COLUMNS)}; columns seen: {list(alerts.columns)}."
        )
    rows = alerts[COLUMNS].sort_values("fired_at", kind="stable").reset_index(drop=True)
    return _merged(rows, length_of(merge, "merge"))


def plain(times: pd.DatetimeIndex) -> np.ndarray:
    """Tz-aware times as a plain array in UTC, without copying what is UTC already."""
    return times.as_unit("us").asi8.view("M8[us]")


def utc(times: np.ndarray) -> pd.DatetimeIndex:
    """A plain array of times in UTC as tz-aware times."""
    return pd.DatetimeIndex(times.astype("M8[us]")).tz_localize("UTC")


def _merged(rows: pd.DataFrame, gap: pd.Timedelta) -> pd.DataFrame:
    """Rows of one severity that overlap, or are at most `gap` apart, become one."""
    parts = []
    forever = pd.Timestamp.max.tz_localize("UTC").as_unit("us")
    for _, part in rows.groupby("severity", sort=False, dropna=False):
        reach = part["resolved_at"].fillna(forever).cummax()
        new = (part["fired_at"] > reach.shift() + gap).to_numpy(dtype=bool)
        number = np.cumsum(np.concatenate([[True], new[1:]]))
        first = part.groupby(number)[["severity", "fired_at"]].first()
        last = reach.groupby(number).max()
        parts.append(first.assign(resolved_at=last.where(last < forever)))
    if not parts:
        return rows
    return pd.concat(parts).sort_values("fired_at", kind="stable").reset_index(drop=True)
