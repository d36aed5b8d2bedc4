"""The embedded database that reads text tables and counts rows."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(size: int) -> duckdb.DuckDBPyConnection:
    """A database in memory for input of some bytes; starting one costs as much as reading 1 MB, and
    one that has read much gives no memory back before its end, so only small input shares one.
    """
    return _shared(os.getpid()).cursor() if size < _SMALL else _database()


_SMALL = 1 << 22


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    return _database()


def _database() -> duckdb.DuckDBPyConnection:
    """A database that loads nothing from elsewhere and draws no bar."""
    import duckdb

    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    # A bar would write to standard output; in Jupyter without ipywidgets there is none to disable.
    with contextlib.suppress(duckdb.Error):
        connection.execute("SET GLOBAL enable_progress_bar = false")
    return connection
