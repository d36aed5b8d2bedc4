"""The canonical tables, whose columns, types and units `tables.toml` describes.

Readers produce these tables, measures take them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from srelib.errors import ColumnError

__all__ = [
    "DTYPES", "EXPORTS", "MAIN_TIME", "PLANNED", "RECORDS", "TABLES", "Column", "conform",
    "empty", "left_out", "main_time", "names", "need", "rejects", "required", "stacked", "times",
]  # fmt: skip
__dir__ = __all__.copy

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


_described = tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))
TABLES: dict[str, tuple[Column, ...]] = {
    table: tuple(
        Column(name, kind, meaning, bool(more)) for name, (kind, meaning, *more) in columns.items()
    )
    for table, columns in _described.items()
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
