"""What a reader made of a file as bytes, and back: its tables as Parquet, the rest as JSON."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from srelib import cache
from srelib.readers.base import FileResult, LineOf
from srelib.series import Meaning, SeriesInfo

_PLAIN = ("rows_read", "rows_kept", "rows_missing", "timezone", "notes")
"""Fields of a result that JSON holds as they are."""


def packed(form: str, result: FileResult) -> bytes | None:
    """A result and the name of its format; None where it cannot be kept exactly.

    Logs of states and of events are read again: what is left of them is more than tables.
    """
    if result.log is not None or result.events is not None:
        return None
    said = {
        "format": form,
        "series": [asdict(one) for one in result.series],
        "tables": list(result.tables),
        "lines": result.lines is not None,
        "event_lines": list(result.event_lines),
        **{name: getattr(result, name) for name in _PLAIN},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("result.json", json.dumps(said, default=_number))
        for name, frame in _frames(result).items():
            archive.writestr(f"{name}.parquet", frame.to_parquet(compression="zstd"))
    content = out.getvalue()
    return content if _same(unpacked(content, lambda: result, "")[1], result) else None


def unpacked(content: bytes, again: Callable[[], FileResult], entry: str) -> tuple[str, FileResult]:
    """Format and result; where rows stand is seldom asked, read `again` then, and kept beside."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        said = json.loads(archive.read("result.json"))
        frames = {
            name: pd.read_parquet(io.BytesIO(archive.read(f"{name}.parquet")))
            for name in ("rejects", *(f"table.{table}" for table in said["tables"]))
        }
    fresh = functools.cache(again)

    @functools.cache
    def lines() -> np.ndarray:
        if (held := cache.get(f"{entry}.lines")) is not None:
            return np.frombuffer(held, dtype="int64")
        line_of = fresh().lines
        assert line_of is not None
        found = line_of(np.arange(len(frames["table.sli"]))).astype("int64")
        cache.put(f"{entry}.lines", found.tobytes())
        return found

    def event_lines(table: str) -> LineOf:
        return lambda rows: fresh().event_lines[table](rows)

    result = FileResult(
        {table: frames[f"table.{table}"] for table in said["tables"]},
        rejects=frames["rejects"],
        series=tuple(_series(one) for one in said["series"]),
        lines=(lambda rows: lines()[rows]) if said["lines"] else None,
        event_lines={table: event_lines(table) for table in said["event_lines"]},
        **{name: said[name] for name in _PLAIN if name != "notes"},
        notes=tuple(said["notes"]),
    )
    return said["format"], result


def _frames(result: FileResult) -> dict[str, pd.DataFrame]:
    tables = {f"table.{name}": frame for name, frame in result.tables.items()}
    return {"rejects": result.rejects, **tables}


def _series(said: dict[str, Any]) -> SeriesInfo:
    meaning = said.pop("meaning")
    return SeriesInfo(**said, meaning=Meaning(**meaning) if meaning else None)


def _same(one: FileResult, other: FileResult) -> bool:
    if any(getattr(one, name) != getattr(other, name) for name in (*_PLAIN, "series")):
        return False
    pairs = zip(_frames(one).values(), _frames(other).values(), strict=True)
    return all(
        left.equals(right) and left.columns.equals(right.columns)
        and (left.dtypes == right.dtypes).all() and type(left.index) is type(right.index)
        for left, right in pairs
    )  # fmt: skip


def _number(value: Any) -> Any:
    """Numbers of NumPy as those of Python."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
