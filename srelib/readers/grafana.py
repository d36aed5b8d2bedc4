"""Grafana panels as downloaded: Inspect, Data, Download CSV.

Raw exports carry epoch milliseconds, formatted ones local times without a zone and values with
units; the Excel option adds ``sep=`` or writes UTF-16 with tabs; old versions wrote long tables
``Series;Time;Value``.
All of it is told by the content.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.readers import generic, wide
from srelib.readers.base import Head, Result
from srelib.readers.text import Scan, rejects, scan

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "grafana"
TABLES = ("sli",)
_LONG = ("series", "time", "value")


def recognise(head: Head) -> bool:
    """Whether the header is that of a panel: Time first, or Series, Time, Value."""
    return _is_long(head) or (
        head.kind == "csv" and len(head.header) > 1 and head.header[0] == "Time"
    )


def _is_long(head: Head) -> bool:
    return head.kind == "csv" and tuple(name.lower() for name in head.header) == _LONG


def read(head: Head, source: Source | None) -> Result:
    """Read a panel."""
    if _is_long(head):
        return _read_long(head, source)
    if source and any(role in source.columns for role in generic.counts.ROLES):
        return generic.read(head, source)
    return generic.read_wide(head, source, head.header[0])


def is_formatted(head: Head) -> bool:
    """Whether the times are text for people and not epochs."""
    at = 1 if _is_long(head) else 0
    return len(head.first) > at and not re.match(r"^\d{9,19}$", head.first[at])


def _read_long(head: Head, source: Source | None) -> Result:
    """The long table of Grafana 6 and before, turned wide."""
    series, time, value = head.header
    scanned = scan(
        head,
        {series: "category", time: "time", value: "number"},
        timezone=source.timezone if source else None,
        decimal=source.decimal if source else None,
        required=[series, time],
    )
    frame = scanned.frame
    names = [str(name) for name in frame[series].cat.categories] if len(frame) else []
    found, unused = wide.indicators(names, source, file=head.name)
    used = sorted({c for entry in found for part in entry.roles.values() for c in part})
    frame = frame[frame[series].isin(used)]
    frame, refused = _once(head, scanned, frame)
    table = frame.pivot(index=time, columns=series, values=value).sort_index()
    first = frame.assign(_row=frame.index).groupby(time)["_row"].min()
    rows = first.reindex(table.index).to_numpy(dtype="int64")
    times = pd.Series(pd.DatetimeIndex(table.index), name=time)
    flat = replace(
        scanned,
        frame=pd.DataFrame({time: times, **_columns(table, used)}),
        _cache={"lines": scanned.lines(rows)},
    )
    built = [
        generic.indicator(flat, entry, time, generic.rule(head, source, {})) for entry in found
    ]
    notes = [f"series not used: {', '.join(map(repr, unused))}"] if unused else []
    return generic.result(flat, built, [scanned.rejects, refused], notes=notes)


def _columns(table: pd.DataFrame, used: list[str]) -> dict[str, np.ndarray]:
    empty = np.full(len(table), np.nan)
    return {name: table[name].to_numpy() if name in table else empty for name in used}


def _once(head: Head, scanned: Scan, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each sample of each series once; those that contradict each other all go."""
    series, time, value = head.header
    groups = frame.groupby([series, time], observed=True)[value]
    clash = groups.transform("nunique") > 1
    again = frame.duplicated([series, time]) & ~clash
    gone = clash | again
    if not gone.any():
        return frame, rejects(head.name, [], None, [], [])
    reasons = np.where(
        clash[gone], "another row gives a different value for this series and time",
        "repeats an earlier row (same series and time)",
    )  # fmt: skip
    bad = frame[gone]
    lines = scanned.lines(bad.index.to_numpy())
    values = [f"{number:.15g}" for number in bad[value]]
    return frame[~gone], rejects(head.name, lines, value, values, reasons)
