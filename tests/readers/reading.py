"""Reading one file of events in a test, with conservation checked on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers import recognition
from srelib.readers.base import FileResult
from srelib.sources import Source
from tests.readers.shapes import written


def read(folder: Path, form: str, content: Any, *, name: str = "a.json", **said: Any) -> FileResult:
    """Result of reading content as a file; rows read = kept + rejected, and kept = in the tables.

    `said` is what ``sources.toml`` says about the file.
    """
    path = folder / name
    path.write_text(written(content), encoding="utf-8", newline="")
    source = Source(match="*", **said) if said else None
    found, result = recognition.read(path, root=folder, source=source)
    assert found == form
    assert result.rows_read == result.rows_kept + result.rows_rejected
    assert result.rows_kept == sum(rows_of_file(result, table) for table in result.tables)
    for table, frame in result.tables.items():
        pd.testing.assert_frame_equal(frame, tables.conform(frame, table))
    return result


def rows_of_file(result: FileResult, table: str) -> int:
    """Rows of the file behind a table, each once, of however many services it is."""
    frame = result.tables[table]
    if table != "incidents" or frame.empty:
        return len(frame)
    lines = result.event_lines[table](np.arange(len(frame)))
    return len(set(zip(lines, frame["incident_id"], strict=True)))


def noted(result: FileResult, *words: str) -> bool:
    """Whether one note has all the words."""
    return any(all(word in note for word in words) for note in result.notes)


def at(text: str) -> pd.Timestamp:
    """A time of 2026 in UTC: ``06-01T10:00``."""
    return pd.Timestamp(f"2026-{text}", tz="UTC")


ODD = (None, 0, -1, 3.5, True, "", "x", "2026-06-31T10:00:00Z", [], {}, [None], {"a": 1}, "\ud800")
"""Values that belong in no cell."""
