"""The embedded database: shared by small input, closed to the outside."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from srelib.readers.database import connect, line_count


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


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\nb\n", 2), (b"\n\na", 3)])
def test_lines_are_counted_with_the_last(tmp_path: Path, content: bytes, lines: int) -> None:
    """Whether it ends with a line end or not."""
    (tmp_path / "a.csv").write_bytes(content)
    assert line_count(tmp_path / "a.csv") == lines
