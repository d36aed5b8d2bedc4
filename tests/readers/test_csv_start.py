"""The start of a text table: its header, its delimiter, and what its columns show."""

from __future__ import annotations

import pytest

from srelib.readers.csv_start import dates_and_times, start, text_records, unique_names

TABLE = "time,service,good,total\n2026-06-01T00:00:00Z,web,9,10\n2026-06-01T00:01:00Z,web,8,10\n"


def test_equal_names_are_numbered_once_each() -> None:
    """20,000 equal names take a moment, and a name that looks numbered keeps its own."""
    assert unique_names(["x", "x.1", "x", "x"]) == ["x", "x.1", "x.2", "x.3"]
    assert unique_names(["x"] * 20_000)[-1] == "x.19999"


@pytest.mark.parametrize(("above", "lines"), [
    ("", 0), ("Report: availability by hour\n\n", 2), ("// exported by a tool\n", 1),
    ("; generated\n; on Monday\n", 2), ("Account: acme\nFrom: 2026-05-01\n\n", 3),
    ("Account,acme\nFrom,2026-05-01\n", 2), ("Report,,,\n,,,\n", 2),
    ("# a, b, c, d\n# x, y\n", 2), ("sep=,\n", 1),
])  # fmt: skip
def test_titles_and_comments_above_a_header_are_no_records(above: str, lines: int) -> None:
    """The header is the first line as wide as all below it, and names no number."""
    assert start(above + TABLE) == (lines, ",", False)


@pytest.mark.parametrize("text", [
    "time,good,total\n2026-06-01,9,10,\n2026-06-02,9,10,\n",  # each row ends with a comma
    "service,message\nweb,no, not now,at all\napi,yes, now,at once\n",
    ",good,total\n2026-06-01,9,10\n2026-06-02,9,10\n",
    "2026-06-01,UP\n2026-06-02,UP\n2026-06-03,DOWN\n",
    "time,message\n2026-06-01,a;b\n2026-06-02,c;d\n2026-06-03,4;5\n",
    "#time,good,total\n2026-06-01,9,10\n",
    "one column\n4\n5\n",
])  # fmt: skip
def test_no_record_is_taken_for_a_header(text: str) -> None:
    """Where the first line is narrow for another reason, it stays the header."""
    assert start(text)[:2] == (0, ",")


def test_rows_end_where_a_table_is_broken() -> None:
    """What stands before is still of use."""
    assert list(text_records('a;" b"\n\nc;d\n', ";")) == [["a", "b"], ["c", "d"]]


def test_a_date_belongs_to_the_time_of_its_own_name() -> None:
    """Of two pairs each to its own; cells that are something else are none."""
    header = ["id", "Start date", "Start time", "End date", "End time"]
    rows = [
        ["1", "2026-06-01", "10:15", "", ""],
        ["2", "2026-06-02", "9:00 PM", "2/6/2026", "21:15"],
    ]
    assert dates_and_times(header, rows) == ((1, 2), (3, 4))
    assert dates_and_times(header, [["1", "2026-06-01", "10:15", "2026-06-01", "75 min"]]) == (
        (1, 2),
    )
    assert dates_and_times(header, []) == ()
