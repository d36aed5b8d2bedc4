"""The program that turns sheets into CSV: cells as text, and a bound on what it takes."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest

from srelib.readers import workbook_process
from tests.readers.workbook import write_workbook


@pytest.mark.parametrize(
    ("cell", "text"),
    [(" two\n lines ", "two lines"), (3.0, "3"), (1234567890123456.0, "1234567890123456"),
     (0.1 + 0.2, "0.3"), (float("nan"), ""), (True, "true"), (7, "7"),
     (datetime.datetime(2026, 6, 1, 9, 59, 59, 999_600), "2026-06-01 10:00:00"),
     (datetime.datetime(2026, 6, 1, 10, 0, 0, 500_000), "2026-06-01 10:00:00.500000"),
     (datetime.date(2026, 6, 1), "2026-06-01 00:00:00"), (datetime.time(10, 5), "10:05:00")],
)  # fmt: skip
def test_a_cell_as_csv_has_it(cell: object, text: str) -> None:
    """Whole numbers stay whole, floats lose their dust, times are exact to the millisecond."""
    assert workbook_process.as_text(cell) == text


def test_only_sheets_with_a_record_are_written(tmp_path: Path) -> None:
    """Rows are lines, the title above the header is blank, and nothing beyond the last cell."""
    rows = [["June"], [], ["time", "n"], [1, 2, "  "], [3], []]
    path = write_workbook(tmp_path / "a.xlsx", {"Legend": [["x"]], "June": rows})
    found = workbook_process.written(str(path), str(tmp_path), "", 1 << 20)
    assert found == {"names": ["Legend", "June"], "full": {"June": "1.csv"}}
    assert (tmp_path / "1.csv").read_text() == "\n\ntime,n\n1,2\n3,\n"


def test_text_beyond_the_bound_is_not_written_to_the_end(tmp_path: Path) -> None:
    """A sheet of more text than is allowed ends with an error."""
    path = write_workbook(tmp_path / "a.xlsx", {"June": [["time", "n"], *[["x" * 50, 1]] * 100]})
    with pytest.raises(MemoryError):
        workbook_process.written(str(path), str(tmp_path), "", 1000)


def test_a_process_takes_no_more_memory_than_allowed() -> None:
    """What asks for more gets an error in the process, and nothing happens outside it."""
    pytest.importorskip("resource")
    program = (
        "from srelib.readers.workbook_process import bound_memory as bound; bound(1 << 30)\n"
        "try:\n    bytes(2 << 30)\nexcept MemoryError:\n    print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "refused\n"
