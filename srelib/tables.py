"""The canonical tables: the one place where columns, types and units are described.

Readers produce these tables, measures take them.
Times are UTC, ratios are fractions, missing stays missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from srelib.errors import ColumnError

__all__ = [
    "DTYPES", "EXPORTS", "MAIN_TIME", "PLANNED", "RECORDS", "TABLES", "Column", "conform",
    "empty", "left_out", "main_time", "names", "need", "rejects", "required", "stacked", "times",
]  # fmt: skip

Kind = Literal["time", "text", "category", "number", "integer", "flag"]

DTYPES: dict[str, str] = {
    "time": "datetime64[us, UTC]",
    "text": "str",
    "category": "category",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column of a table; `required`: readers reject a row without it."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False


TABLES: dict[str, tuple[Column, ...]] = {
    "sli": (
        Column("time", "time", "start of the bucket", True),
        Column("service", "category", "service the indicator belongs to", True),
        Column("sli", "category", "name of the service level indicator", True),
        Column("good", "number", "good events, or good seconds when weighted by time", True),
        Column("total", "number", "all valid events, or observed seconds", True),
    ),
    "deployments": (
        Column("deployment_id", "text", "identifier, unique in the source", True),
        Column("service", "text", "service deployed", True),
        Column("environment", "text", "environment deployed to"),
        Column("started_at", "time", "when the deployment began"),
        Column("finished_at", "time", "when it reached its users", True),
        Column("status", "text", "succeeded, failed, rolled_back or cancelled"),
        Column("commit_sha", "text", "commit deployed"),
        Column("planned", "flag", "False: unplanned rework after an incident"),
        Column("url", "text", "where the source shows it"),
    ),
    "changes": (
        Column("change_id", "text", "commit or merged request", True),
        Column("service", "text", "service changed", True),
        Column("committed_at", "time", "when it was committed; one of the two times is there"),
        Column("merged_at", "time", "when it was merged"),
        Column("deployment_id", "text", "deployment that first shipped it"),
        Column("kind", "text", "revert, hotfix, rollback (several with commas) or regular"),
        Column("reverts", "text", "change it reverts, several with commas"),
        Column("assisted", "flag", "True: marked as made with an AI tool; missing: no marks known"),
        Column("url", "text", "where the source shows it"),
    ),
    "incidents": (
        Column("incident_id", "text", "identifier, unique in the source", True),
        Column("service", "text", "service affected", True),
        Column("severity", "text", "severity as the source names it"),
        Column("started_at", "time", "when users began to be affected", True),
        Column("detected_at", "time", "when a person or monitor noticed"),
        Column("acknowledged_at", "time", "when somebody took it on"),
        Column("mitigated_at", "time", "when a fix was in, before it was declared over"),
        Column("resolved_at", "time", "when users were well again; missing while open"),
        Column("deployment_id", "text", "deployment that caused it, where the source says so"),
        Column("title", "text", "title as the source has it"),
        Column("url", "text", "where the source shows it"),
    ),
    "alerts": (
        Column("service", "text", "service the alert is about", True),
        Column("rule", "text", "name of the alerting rule", True),
        Column("severity", "text", "severity as the source names it"),
        Column("fired_at", "time", "start of the episode", True),
        Column("resolved_at", "time", "end of the episode; missing while firing"),
    ),
    "exclusions": (
        Column("service", "text", "service; missing: every service"),
        Column("sli", "text", "indicator; missing: every indicator of the service"),
        Column("starts_at", "time", "start of the window", True),
        Column("ends_at", "time", "end of the window", True),
        Column("reason", "text", "why these events do not count"),
        Column("rrule", "text", "iCalendar rule by which the window recurs; missing: it does not"),
        Column("timezone", "text", "time zone whose clock the rule keeps; missing: UTC"),
    ),
    "annotations": (
        Column("service", "text", "service it speaks of; missing: every service"),
        Column("date", "time", "day it speaks of", True),
        Column("note", "text", "what is to be known of that day", True),
    ),
    "teams": (
        Column("service", "text", "service", True),
        Column("team", "text", "team that owns it", True),
    ),
    "series": (
        Column("service", "text", "service", True),
        Column("sli", "text", "indicator", True),
        Column("step_seconds", "number", "length of one bucket, nominal for periods [s]", True),
        Column("period", "text", "calendar day or month a bucket is; missing: a fixed length"),
        Column("weighting", "text", "events, or time where only a ratio or a state is known", True),
        Column("unit", "text", "unit of good and total: events or seconds", True),
        Column("first", "time", "start of the first bucket", True),
        Column("last", "time", "start of the last bucket", True),
        Column("buckets", "integer", "buckets observed", True),
        Column("coverage", "number", "share of the span that was observed [fraction]", True),
        Column("read_as", "text", "what the numbers of the export were read as"),
        Column("evidence", "text", "what shows it; missing: measured values"),
        Column("note", "text", "what the reader had to assume; missing: nothing"),
    ),
    "sources": (
        Column("file", "text", "path below the folder handed over", True),
        Column("format", "text", "format it was recognised as", True),
        Column("table", "text", "table (or tables) it feeds", True),
        Column("rows_read", "integer", "records in the file", True),
        Column("rows_kept", "integer", "records that went into a table", True),
        Column("rows_rejected", "integer", "records refused, each listed in rejects", True),
        Column("rows_missing", "integer", "of those kept, how many hold no value (unknown)", True),
        Column("first", "time", "earliest time kept"),
        Column("last", "time", "latest time kept"),
        Column("timezone", "text", "time zone the times were read in"),
        Column("sha256", "text", "SHA-256 of the file as handed over", True),
        Column("notes", "text", "warnings and assumptions, one a line"),
    ),
    "rejects": (
        Column("file", "text", "path below the folder handed over", True),
        Column("line", "integer", "1-based line of the file, or record number in JSON", True),
        Column("column", "text", "column at fault"),
        Column("value", "text", "value seen, as text"),
        Column("reason", "text", "why the row was refused, and the fix", True),
        Column(
            "by_rule",
            "flag",
            "True: the row is fine, and a rule such as environment leaves it out; missing: no",
        ),
    ),
}

MAIN_TIME = {
    "sli": "time", "deployments": "finished_at", "changes": "committed_at",
    "incidents": "started_at", "alerts": "fired_at", "exclusions": "starts_at",
    "annotations": "date",
}  # fmt: skip
"""The time by which a table is ordered, cut and named; see `main_time`."""

EXPORTS = (
    "sli", "deployments", "changes", "incidents", "alerts", "exclusions", "annotations",
)  # fmt: skip
"""The tables exports are read into."""
PLANNED = ("exclusions", "annotations")
"""Those that may speak of times to come, and of every service at once."""

RECORDS = (*EXPORTS[1:], "teams")
"""The tables that hold a row for each record; that of teams has no time."""


def rejects(file: str, lines: Any, column: Any, values: Any, reason: Any) -> pd.DataFrame:
    """A table ``rejects`` from its columns, each a scalar or a sequence."""
    lines = np.atleast_1d(np.asarray(lines, dtype="int64"))
    frame = pd.DataFrame({"line": lines})
    frame["file"] = file
    for name, value in (("column", column), ("value", values), ("reason", reason)):
        if not isinstance(value, str) and isinstance(value, (pd.Series, np.ndarray, list, tuple)):
            value = pd.Series(list(value), dtype="object")
        frame[name] = pd.Series(value, index=frame.index, dtype="object")
    return conform(frame, "rejects")


def left_out(rejects: pd.DataFrame) -> pd.Series:
    """Which rejects are fine rows that a rule leaves out, and not refused ones."""
    return rejects["by_rule"].fillna(False).astype(bool)


def main_time(frame: pd.DataFrame, table: str) -> pd.Series:
    """The time of each row; of changes not known to be committed, when they were merged."""
    time = frame[MAIN_TIME[table]]
    return time.fillna(frame["merged_at"]) if table == "changes" and "merged_at" in frame else time


def times(table: str) -> list[str]:
    """Names of the columns that hold times."""
    return [column.name for column in TABLES[table] if column.kind == "time"]


def names(table: str) -> list[str]:
    """Column names of a table, in order."""
    return [column.name for column in TABLES[table]]


def required(table: str) -> list[str]:
    """Columns without which a row is useless."""
    return [column.name for column in TABLES[table] if column.required]


def empty(table: str) -> pd.DataFrame:
    """A table without rows, with the right columns and dtypes."""
    return _empty(table).copy()


@cache
def _empty(table: str) -> pd.DataFrame:
    text = pd.CategoricalDtype(pd.Index([], dtype="str"))  # categories of text go with others
    dtypes: dict[str, Any] = DTYPES | {"category": text}
    return pd.DataFrame({c.name: pd.Series([], dtype=dtypes[c.kind]) for c in TABLES[table]})


def conform(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The frame as a canonical table: its columns in order, optional ones added, dtypes set."""
    columns = TABLES[table]
    lacking = [name for name in required(table) if name not in frame.columns]
    if lacking:
        raise ColumnError(
            f"table {table!r} lacks {_listed(lacking)}; columns seen: {_listed(frame.columns)}."
        )
    unknown = [name for name in frame.columns if name not in names(table)]
    if unknown:
        raise ColumnError(
            f"table {table!r} has no column {_listed(unknown)}; it has {_listed(names(table))}."
        )
    return pd.DataFrame(
        {column.name: _typed(frame, column, table) for column in columns},
        index=pd.RangeIndex(len(frame)),
    )


def stacked(frames: Iterable[pd.DataFrame], table: str) -> pd.DataFrame:
    """Several tables of one kind as one."""
    filled = [frame for frame in frames if len(frame)]
    return conform(pd.concat(filled, ignore_index=True), table) if filled else empty(table)


def need(frame: pd.DataFrame, name: str, *columns: str) -> None:
    """Refuse a table that lacks a column."""
    lacking = [column for column in columns if column not in frame.columns]
    if lacking:
        raise ColumnError(f"{name} lack {', '.join(lacking)}; columns seen: {list(frame.columns)}.")


def _typed(frame: pd.DataFrame, column: Column, table: str) -> pd.Series:
    dtype: Any = DTYPES[column.kind]
    if column.name not in frame.columns:
        return pd.Series(pd.NA, index=range(len(frame)), dtype=dtype)
    values = frame[column.name].reset_index(drop=True)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        raise ColumnError(
            f"{table}.{column.name} holds times without a zone; localize them, then convert to UTC."
        )
    try:
        return values.astype(dtype)
    except (TypeError, ValueError) as error:
        raise ColumnError(
            f"{table}.{column.name} must be {dtype}; got {values.dtype} ({error})."
        ) from error


def _listed(items: Iterable[object]) -> str:
    return ", ".join(repr(str(item)) for item in items)


def __dir__() -> list[str]:
    return __all__
