"""Logs that several files hold: events add up, states go on, and what files repeat counts once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from srelib import states, tables
from srelib.readers.base import FileResult
from srelib.readers.event_rows import EventRows
from srelib.readers.state_logs import counted

_KEYS = ["service", "sli", "time"]
_FEWEST = 3
"""Rows that two logs must have in common before one of them is taken for a copy of the other."""


def added_up(
    frames: list[pd.DataFrame], results: Sequence[FileResult], names: Sequence[str]
) -> list[pd.DataFrame]:
    """Put the events of all logs into the first of their frames; and refuse rows that repeat."""
    logs = {n: result.events for n, result in enumerate(results) if result.events is not None}
    if len(logs) < 2:
        return []
    parts = {
        n: frames[n].astype({"service": "str", "sli": "str"})
        .assign(print=events.prints, bucket=np.arange(len(frames[n])))
        for n, events in logs.items()
    }  # fmt: skip
    found = []
    for n in logs:
        for m in (m for m in logs if m < n):
            for number, gone in zip((m, n), _repeated(parts[m], parts[n]), strict=True):
                parts[number] = parts[number][~parts[number]["bucket"].isin(gone["bucket"])]
                other = names[m if number == n else n]
                found.append(_refused(logs[number], gone, names[number], other))
    sums = pd.concat(parts.values()).groupby(_KEYS, as_index=False)[["good", "total"]].sum()
    for place, n in enumerate(logs):
        frames[n] = tables.conform(sums.iloc[: None if place == 0 else 0], "sli")
    return found


def _repeated(one: pd.DataFrame, two: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Buckets of each log to leave to the other, where they hold the same rows: at both ends of
    the time they share, where one of them may be cut, the one with more rows counts.
    """
    both = one.merge(two, on=_KEYS, suffixes=("_one", "_two"))
    same = (both["print_one"] == both["print_two"]) & (both["total_one"] == both["total_two"])
    ends = both["time"].isin([both["time"].min(), both["time"].max()])
    copies = bool(both.loc[same, "total_one"].sum() >= _FEWEST and (same | ends).all())
    fewer = both["total_one"] < both["total_two"]
    return tuple(  # type: ignore[return-value]
        both[copies & mine].rename(columns={f"bucket_{side}": "bucket"})
        for side, mine in (("one", fewer), ("two", ~fewer))
    )


def _refused(events: EventRows, gone: pd.DataFrame, name: str, other: str) -> pd.DataFrame:
    """The rows of these buckets with their lines."""
    rows = np.flatnonzero(np.isin(events.bucket, gone["bucket"]))
    labels = gone.set_index("bucket")
    shown = (
        labels["service"] + " " + labels["sli"] + " "
        + labels["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )  # fmt: skip
    values = shown.reindex(events.bucket[rows]).to_numpy(dtype="object")
    reason = f"repeats rows of {other} (same service, times and columns)"
    return tables.rejects(name, events.lines(rows), "time", values, reason)


_STATE = ["service", "sli", "probe", "time"]


def joined_states(
    results: Sequence[FileResult], names: Sequence[str]
) -> tuple[list[FileResult], list[pd.DataFrame]]:
    """The files with each row of overlapping logs counted once, and the rejects of the others."""
    logs = {n: result.log for n, result in enumerate(results) if result.log}
    if len(logs) < 2:
        return list(results), []
    rows = pd.concat([log.rows.assign(file=n) for n, log in logs.items()])
    if not rows.groupby(_STATE[:2])["file"].nunique().gt(1).any():
        return list(results), []
    rows = rows.sort_values([*_STATE, "file"], kind="stable").reset_index(drop=True)
    group = rows.groupby(_STATE)
    clash = group["state"].transform("nunique") > 1
    again = rows.duplicated(_STATE)
    bad = rows[(clash | again) & ~rows["refused"]]
    first = group["file"].transform("first").map(dict(enumerate(names)))
    reason = "repeats a row of " + first + " (same service, time and state)"
    reason[clash] = "another file gives a different state for this time"
    found = [
        tables.rejects(names[n], log.line_of(part["row"].to_numpy()), "state", part["said"],
                       reason[part.index])
        for n, log in logs.items() if len(part := bad[bad["file"] == n])
    ]  # fmt: skip
    rows.loc[clash, "state"] = states.UNKNOWN
    return counted(rows[~again], results), found


def once_a_row(found: Sequence[pd.DataFrame], results: Sequence[FileResult]) -> list[pd.DataFrame]:
    """The rejects with each row of a log once, however many buckets and incidents it made."""
    logs = {result.log.file for result in results if result.log}
    every = tables.stacked(found, "rejects")
    again = every["file"].isin(logs) & every.duplicated(["file", "line"])
    return [every[~again]]
