"""The embedded database: shared by small input, closed to the outside."""

from __future__ import annotations

import duckdb
import pytest

from srelib.readers.database import connect


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    """A setting of the database."""
    return connection.sql(f"SELECT current_setting('{name}')").fetchall()[0][0]


@pytest.mark.parametrize("size", [1, 1 << 30])
def test_nothing_is_loaded_from_elsewhere(size: int) -> None:
    """No extension is fetched, and no bar is drawn into what a program prints."""
    with connect(size) as connection:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions",
                     "enable_progress_bar"):  # fmt: skip
            assert setting(connection, name) in (False, "false")


def test_what_one_reads_no_other_sees() -> None:
    """Two readers of small input share a database, and not its rows."""
    with connect(1) as one, connect(1) as other:
        one.execute("CREATE TEMP TABLE rows AS SELECT 1")
        with pytest.raises(duckdb.Error):
            other.sql("SELECT * FROM rows")
