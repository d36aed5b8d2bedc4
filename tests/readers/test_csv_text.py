"""Records of a text table: where each begins, what its cells are, why a broken one is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from srelib.readers.base import head
from srelib.readers.csv_text import BrokenRecord, as_table, csv_records
from srelib.sources import Source
from tests.readers.test_text import file_of


def records(folder: Path, content: str | bytes) -> list[tuple[int, list[str] | BrokenRecord]]:
    """The records of a file with this content."""
    path = file_of(folder, content)
    return list(csv_records(path, head(path)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_record_is_known_by_its_first_line(tmp_path: Path, end: str) -> None:
    """Blank lines are no records, and a cell may hold the end of a line."""
    content = end.join(["a,b", "1,2", "", f'"3{end}x",4', "5,6", ""])
    assert records(tmp_path, content) == [(2, ["1", "2"]), (4, [f"3{end}x", "4"]), (6, ["5", "6"])]


def test_blanks_around_a_quoted_cell_are_none_of_it(tmp_path: Path) -> None:
    """As people write tables by hand, and as the database reads them."""
    assert records(tmp_path, 'a,b\n1, "x, y" \n"2" ,3\n') == [(2, ["1", "x, y"]), (3, ["2", "3"])]


def test_a_byte_order_mark_is_no_part_of_the_first_cell(tmp_path: Path) -> None:
    """Nor where the file has no header."""
    path = file_of(tmp_path, "\ufeff1,2\n3,4\n")
    said = head(path).as_said(Source(match="*", header=["a", "b"]))
    assert list(csv_records(path, said)) == [(1, ["1", "2"]), (2, ["3", "4"])]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"1,2,3", "more fields"),
        (b"1", "fewer fields"),
        (b'1,"x"y', "text follows a closing one"),
        (b"1,caf\xe9", "not UTF-8"),
        (b"1," + b"x" * 3_000_000, "longer than 2 MB"),
    ],
)
def test_a_broken_record_says_why_and_costs_no_other(tmp_path: Path, row: bytes, why: str) -> None:
    """Its text is shown up to 200 characters, as text that any file can hold."""
    first, (line, broken), last = records(tmp_path, b"a,b\n1,2\n" + row + b"\n3,4\n")
    assert (first, last) == ((2, ["1", "2"]), (4, ["3", "4"]))
    assert isinstance(broken, BrokenRecord)
    assert line == 3
    assert why in broken.reason
    assert broken.text == row[:200].decode(errors="replace").replace("\ufffd", "?")


def test_an_empty_cell_means_the_one_above_where_that_is_said(tmp_path: Path) -> None:
    """Rows cut short stay broken; what stands above the first row is nothing."""
    path = file_of(tmp_path, "a,b\n,1\nx,2\n ,3\n4\n,5\ny,6\n")
    said = head(path).as_said(Source(match="*", fill_down="a"))
    found = [one for _, one in csv_records(path, said)]
    assert [one for one in found if not isinstance(one, BrokenRecord)] == [
        ["", "1"], ["x", "2"], ["x", "3"], ["x", "5"], ["y", "6"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "said"),
    [("Date,Time", {}), ("Startdatum,Startzeit", {}), ("Tag,Um", {"date_and_time": ["Tag", "Um"]})],
)
def test_a_date_and_its_time_of_day_are_one_time(
    tmp_path: Path, header: str, said: dict[str, list[str]]
) -> None:
    """Both columns hold it, whichever is named; a date without its time of day is none."""
    text = f"{header}\n2026-06-01,10:15\n2026-06-02 00:00:00,9:00 PM\n2026-06-03,\n,\n"
    path = file_of(tmp_path, text)
    found = [one for _, one in csv_records(path, head(path).as_said(Source(match="*", **said)))]
    times = ["2026-06-01 10:15", "2026-06-02 9:00 PM", "2026-06-03 ?", ""]
    assert found == [[time, time] for time in times]


@pytest.mark.parametrize("text", [
    "Date,Downtime\n2026-06-01,10:15\n", "Date,Time\n2026-06-01,75 s\n",
    "Date,Time\n2026-06-01T00:00:00,10:15\n", "Start date,End time\n2026-06-01,10:15\n",
    "Resolution date,Resolution time\n2026-06-01,0:35\n", "Date,Time\n,\n",
])  # fmt: skip
def test_other_columns_stay_apart(tmp_path: Path, text: str) -> None:
    """Lengths of time, times of their own, and what is named for something else."""
    path = file_of(tmp_path, text)
    said = head(path).as_said(Source(match="*"))
    assert [one for _, one in csv_records(path, said)] == [text.splitlines()[1].split(",")]


def test_parts_of_lines_are_a_table(tmp_path: Path) -> None:
    """A line that does not fit is a broken record; a part that is not there is empty."""
    path = file_of(tmp_path, "1 a\n\nx\n2\n")
    table = as_table(head(path), re.compile(r"(?P<n>\d)(?: (?P<w>\w))?"), "no such line")
    assert table.header == ("n", "w")
    broken = BrokenRecord("x", "no such line")
    assert list(csv_records(path, table)) == [(1, ["1", "a"]), (3, broken), (4, ["2", ""])]
