"""The embedded database that reads text tables and counts rows."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb


def connect(size: int) -> duckdb.DuckDBPyConnection:
    """A database in memory for input of some bytes; starting one costs as much as reading 1 MB, and
    one that has read much gives no memory back before its end, so only small input shares one.
    """
    import duckdb

    connection = _shared(os.getpid()).cursor() if size < _SMALL else _database()
    # A bar would write to standard output; in Jupyter without ipywidgets there is none to disable.
    with contextlib.suppress(duckdb.Error):
        connection.execute("SET enable_progress_bar = false")
    return connection


_SMALL = 1 << 22


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    return _database()


def _database() -> duckdb.DuckDBPyConnection:
    """A database that loads nothing from elsewhere."""
    import duckdb

    return duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )


def line_count(path: Path) -> int:
    """Lines of a file, by which it is known whether all of it was read: the database reads it in
    parts, and passes over what stands at the start of a part and is no row.
    """
    lines, block = 0, b"\n"
    with path.open("rb") as raw:
        for block in iter(lambda: raw.read(1 << 18), b""):
            lines += int(np.count_nonzero(np.frombuffer(block, dtype="uint8") == ord("\n")))
    return lines + (not block.endswith(b"\n"))
