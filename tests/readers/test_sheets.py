"""Workbooks: a sheet is read as the CSV it stands for."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.workbook import write_workbook

START = datetime.datetime(2026, 6, 1, 10, 0)
HEADER = ["incident_id", "service", "started_at", "resolved_at"]
ROWS = [
    [number, "shop", START + datetime.timedelta(minutes=20 * number),
     START + datetime.timedelta(minutes=20 * number, seconds=95)]
    for number in range(3)
]  # fmt: skip


def read(path: Path, **said):
    """The result of reading a workbook with these keys said of it."""
    source = Source(match="*", timezone="UTC", **said)
    return recognition.read(path, root=path.parent, source=source)


def test_a_sheet_is_read_as_csv(tmp_path):
    """Dates of Excel are times to the second, whole numbers stay whole."""
    path = write_workbook(tmp_path / "i.xlsx", {"June": [HEADER, *ROWS], "Legend": [["x"]]})
    form, result = read(path)
    frame = result.tables["incidents"]
    assert (form, result.rows_read, result.rows_kept) == ("records", 3, 3)
    assert frame["incident_id"].tolist() == ["0", "1", "2"]
    assert frame["started_at"].dt.strftime("%H:%M:%S").tolist() == [
        "10:00:00", "10:20:00", "10:40:00",
    ]  # fmt: skip
    took = frame["resolved_at"] - frame["started_at"]
    assert took.dt.total_seconds().tolist() == [95.0] * 3


def test_lines_are_rows_of_the_sheet(tmp_path):
    """A title and a blank row above the header count, but are no records."""
    broken = [3, "shop", "yesterday", None]
    rows = [["Incidents of June"], [], HEADER, *ROWS, broken]
    _, result = read(write_workbook(tmp_path / "i.xlsx", {"June": rows}))
    assert result.rows_kept == 3
    assert result.rejects["line"].tolist() == [7]
    assert result.rejects["value"].tolist() == ["yesterday"]


def test_of_several_sheets_one_is_asked_for(tmp_path):
    """The question names them, and `sheet` answers it."""
    path = write_workbook(tmp_path / "i.xlsx", {"May": [HEADER, ROWS[0]], "June": [HEADER, *ROWS]})
    with pytest.raises(ReadError, match="2 sheets hold data: 'May', 'June'") as caught:
        read(path)
    assert caught.value.asks["sheet"].value == "May"
    assert read(path, sheet="June")[1].rows_kept == 3
    with pytest.raises(ReadError, match=r"no sheet 'July'; the file has 'May', 'June'"):
        read(path, sheet="July")


def test_what_is_no_workbook_says_so(tmp_path):
    """A page of HTML under the name of a workbook, and a workbook of nothing."""
    (tmp_path / "a.xlsx").write_text("<html>")
    with pytest.raises(ReadError, match="cannot be opened"):
        read(tmp_path / "a.xlsx")
    with pytest.raises(ReadError, match="no sheet holds a header and a record"):
        read(write_workbook(tmp_path / "b.xlsx", {"A": [["only"]], "B": []}))


def test_a_workbook_that_unpacks_to_too_much_says_so(tmp_path):
    """The bound of a workbook is that of any packed file; what it says of itself is enough."""
    rows = [[number, "shop", START, START] for number in range(3000)]
    path = write_workbook(tmp_path / "i.xlsx", {"June": [HEADER, *rows]})
    with pytest.raises(ReadError, match=r"unpacks to more than 2,000 bytes .* max_size"):
        read(path, max_size="2 kB")
    assert read(path, max_size="2 MB")[1].rows_kept == 3000


def test_a_cell_far_from_the_table_takes_no_memory(tmp_path):
    """Two cells at opposite ends are 17 thousand million cells; a far row alone is none."""
    path = write_workbook(tmp_path / "i.xlsx", {"June": [HEADER, *ROWS]})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    for far, problem in (
        ("XFD1048576", r"cannot be opened .*memory.*far from the table"),
        ("A9", ""),
    ):
        row = f'<row><c r="{far}" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", row.encode())
        with zipfile.ZipFile(path, "w") as book:
            for name, content in parts.items():
                book.writestr(name, content)
        if problem:
            with pytest.raises(ReadError, match=problem):
                read(path)
        else:
            assert read(path)[1].rows_kept == 3


def test_a_title_of_several_cells_is_no_header(tmp_path):
    """It has fewer cells than the rows of the table, and lines still are rows of the sheet."""
    rows = [["Incidents", None, "as of June"], HEADER, *ROWS]
    _, result = read(write_workbook(tmp_path / "i.xlsx", {"June": rows}))
    assert (result.rows_read, result.rows_kept) == (3, 3)


def test_cells_below_a_merged_one_are_filled_where_that_is_said(tmp_path):
    """Without it their rows are refused; a column that is not there is named."""
    rows = [HEADER, ROWS[0], *([row[0], None, *row[2:]] for row in ROWS[1:])]
    path = write_workbook(tmp_path / "i.xlsx", {"June": rows})
    assert read(path)[1].rows_kept == 1
    assert read(path, fill_down="service")[1].tables["incidents"]["service"].eq("shop").all()
    with pytest.raises(ReadError, match="no column 'Service'; the file has 'incident_id'"):
        read(path, fill_down="Service")
