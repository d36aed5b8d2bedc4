"""The start of any text export, and its columns typed with true lines and reasons."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import cells
from srelib.readers.text import Scan, head, scan

LONG = "time,service,good\n2026-01-01T00:00:00Z,a,1\n2026-01-01T00:01:00Z,b,2\n"
TYPES = {"time": "time", "service": "text", "good": "number"}


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def scanned(folder: Path, content: str | bytes, name: str = "a.csv", **options: object) -> Scan:
    """The scan of a file with time, service and good."""
    return scan(head(written(folder, content, name)), TYPES, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "delimiter", "skip"),
    [
        (LONG, ",", 0),
        (LONG.replace(",", ";"), ";", 0),
        (LONG.replace(",", "\t"), "\t", 0),
        ("\ufeff" + LONG, ",", 0),
        ("sep=,\r\n" + LONG, ",", 1),
        ('"sep=;"\n' + LONG.replace(",", ";"), ";", 1),
        ("\ufeffsep=;\n" + LONG.replace(",", ";"), ";", 1),
        ("\n\n" + LONG, ",", 2),
        (LONG.replace("\n", "\r\n"), ",", 0),
        (LONG.replace("\n", "\r"), ",", 0),
        (LONG.replace(",", "\t").encode("utf-16"), "\t", 0),
        (b"\xfe\xff" + LONG.replace(",", "\t").encode("utf-16-be"), "\t", 0),
    ],
)
def test_every_dialect_gives_the_same_rows(
    tmp_path: Path, content: str | bytes, delimiter: str, skip: int
) -> None:
    """Encoding, byte-order mark, sep= line, delimiter and line ends are told by the content."""
    found = head(written(tmp_path, content))
    assert (found.delimiter, found.skip, found.header) == (delimiter, skip, tuple(TYPES))
    table = scan(found, TYPES)
    assert table.frame["good"].tolist() == [1, 2]
    assert table.frame["service"].tolist() == ["a", "b"]
    assert table.lines().tolist() == [skip + 2, skip + 3]


def test_gzip_is_read_like_the_plain_file(tmp_path: Path) -> None:
    """A compressed export gives the same rows."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(LONG.encode()))
    assert scan(head(path), TYPES).frame["good"].tolist() == [1, 2]


def test_name_with_glob_characters_is_taken_literally(tmp_path: Path) -> None:
    """A file name with [ ] and * is a name, not a pattern."""
    assert len(scanned(tmp_path, LONG, "rate[5m]*.csv").frame) == 2


def test_json_is_told_from_its_first_character(tmp_path: Path) -> None:
    """A document that opens with a brace or bracket is JSON."""
    assert head(written(tmp_path, ' [{"a": 1}]')).kind == "json"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"PK\x03\x04rest", "a zip or Excel file"),
        (b"a,b\n\x00\x01\x02", "not text"),
        (gzip.compress(LONG.encode(), mtime=0)[:20], "damaged or cut short"),
    ],
)
def test_unusable_file_names_itself_and_the_fix(tmp_path: Path, content: bytes, said: str) -> None:
    """Empty, binary and damaged files end in an error with file and fix."""
    with pytest.raises(ReadError, match=rf"a\.csv: .*{said}.*Fix: ") as caught:
        head(written(tmp_path, content))
    assert caught.value.fix


def test_gzip_cut_after_the_head_is_an_error(tmp_path: Path) -> None:
    """A truncated download is found although its first bytes are fine."""
    rows = "".join(
        f"2026-01-01T00:00:{n % 60:02}Z,s{os.urandom(20).hex()},1\n" for n in range(9000)
    )
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(("time,service,good\n" + rows).encode(), mtime=0)[:-2000])
    with pytest.raises(ReadError, match="damaged or cut short"):
        scan(head(path), TYPES)


def test_folder_named_like_a_file_is_an_error(tmp_path: Path) -> None:
    """A directory x.csv is named as what it is."""
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ReadError, match=r"x\.csv: this is a folder"):
        head(tmp_path / "x.csv")


def test_unreadable_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be opened says so."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, LONG)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError, match=r"a\.csv: .*Permission denied"):
        head(path)


def test_repeated_header_names_are_numbered(tmp_path: Path) -> None:
    """The second Labels becomes Labels.1, an unnamed column its position."""
    assert head(written(tmp_path, "Labels,Labels,\n1,2,3\n")).header == (
        "Labels", "Labels.1", "column 3",
    )  # fmt: skip


def test_rows_of_the_wrong_width_are_rejects_with_their_line(tmp_path: Path) -> None:
    """A row wider or narrower than the header is refused, never shifted."""
    table = scanned(
        tmp_path,
        "time,service,good\n2026-01-01T00:00:00Z,a,1\n2026-01-01T00:01:00Z,a,1,2\n"
        "2026-01-01T00:02:00Z,a\n\n2026-01-01T00:03:00Z,a,4\n",
    )
    assert table.frame["good"].tolist() == [1, 4]
    assert table.rejects["line"].tolist() == [3, 4]
    assert table.rejects["value"].tolist() == [
        "2026-01-01T00:01:00Z,a,1,2",
        "2026-01-01T00:02:00Z,a",
    ]
    assert table.lines().tolist() == [2, 6]
    assert table.rows_read == 4


def test_lines_are_true_after_quoted_newlines_blank_lines_and_a_sep_line(tmp_path: Path) -> None:
    """Line numbers count lines of the file, not records."""
    table = scanned(
        tmp_path,
        'sep=,\ntime,service,good\n2026-01-01T00:00:00Z,"x\ny\nz",1\n\n'
        "2026-01-01T00:01:00Z,a,oops\n2026-01-01T00:02:00Z,a,1,2\n2026-01-01T00:03:00Z,a,5\n",
    )
    assert table.rejects[["line", "value"]].values.tolist() == [
        [7, "oops"], [8, "2026-01-01T00:02:00Z,a,1,2"],
    ]  # fmt: skip
    assert table.lines().tolist() == [3, 9]
    assert table.frame["service"].tolist() == ["x\ny\nz", "a"]


def test_quote_that_is_never_closed_is_one_reject(tmp_path: Path) -> None:
    """The record with the open quote is refused at the line where it begins."""
    table = scanned(tmp_path, LONG + '2026-01-01T00:02:00Z,"open,1\n2026-01-01T00:03:00Z,a,1\n')
    assert table.rejects["line"].tolist() == [4]
    assert "quote" in table.rejects["reason"][0]


def test_text_that_is_not_utf8_costs_its_row_only(tmp_path: Path) -> None:
    """A Latin-1 cell is refused with the fix; the others stay."""
    table = scanned(tmp_path, LONG.encode() + b"2026-01-01T00:02:00Z,caf\xe9,3\n")
    assert len(table.frame) == 2
    assert table.rejects["line"].tolist() == [4]
    assert "UTF-8" in table.rejects["reason"][0]


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_mixed_line_ends_are_read(tmp_path: Path, ends: str) -> None:
    """Some lines may end in CR LF and others in LF."""
    first, rest = LONG.split("\n", 1)
    other = "\n" if ends == "\r\n" else "\r\n"
    assert len(scanned(tmp_path, (first + ends + rest.replace("\n", other, 1))).frame) == 2


@pytest.mark.parametrize(
    "cell", ["", "undefined", "null", "NULL", "-", "?", "N/A", "No data", "NaN"]
)
def test_missing_stays_missing(tmp_path: Path, cell: str) -> None:
    """What exporters write for no value becomes missing, not zero and not a reject."""
    table = scanned(tmp_path, LONG + f"2026-01-01T00:02:00Z,a,{cell}\n")
    assert table.frame["good"].isna().tolist() == [False, False, True]
    assert table.rejects.empty


@pytest.mark.parametrize("cell", ["Infinity", "-Infinity", "inf"])
def test_infinity_is_a_counted_reject(tmp_path: Path, cell: str) -> None:
    """A division by zero in the source is refused with line, column and value."""
    row = scanned(tmp_path, LONG + f"2026-01-01T00:02:00Z,a,{cell}\n").rejects.iloc[0]
    assert (row["line"], row["column"], row["value"]) == (4, "good", cell)
    assert "infinite" in row["reason"]


def test_missing_in_a_required_column_costs_the_row(tmp_path: Path) -> None:
    """A row without a service is refused where a service is needed."""
    table = scanned(tmp_path, LONG + "2026-01-01T00:02:00Z,,3\n", required=["service"])
    assert table.rejects[["line", "reason"]].values.tolist() == [[4, "service is missing"]]


def test_absent_column_is_an_error_that_lists_the_columns(tmp_path: Path) -> None:
    """A misspelt column map names what the file has."""
    with pytest.raises(
        ReadError, match=r"no column 'Good'; the file has 'time', 'service', 'good'"
    ):
        scan(head(written(tmp_path, LONG)), {"Good": "number"})


def test_wide_scan_refuses_the_cell_and_keeps_the_row(tmp_path: Path) -> None:
    """In a wide file a bad number does not take its neighbours with it."""
    content = "time,a,b\n2026-01-01T00:00:00Z,x,2\nnever,1,2\n2026-01-01T00:02:00Z,3,y\n"
    found = head(written(tmp_path, content))
    table = scan(found, {"time": "time", "a": "number", "b": "number"}, wide=True)
    assert table.frame["b"].tolist()[0] == 2
    assert table.rejects["line"].tolist() == [3]
    assert table.faults[["row", "column", "value"]].values.tolist() == [
        [0, "a", "x"],
        [1, "b", "y"],
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-05-01T11:18:00Z", "2026-05-01T11:18:00Z"),
        ("2026-05-01T11:18:00.5Z", "2026-05-01T11:18:00.500Z"),
        ("2026-05-01T13:18:00+02:00", "2026-05-01T11:18:00Z"),
        ("2026-05-01 13:18:00 +0200", "2026-05-01T11:18:00Z"),
        ("2026-05-01 11:18:00 UTC", "2026-05-01T11:18:00Z"),
        ("1777634280", "2026-05-01T11:18:00Z"),
        ("1777634280.781", "2026-05-01T11:18:00.781Z"),
        ("1777634280000", "2026-05-01T11:18:00Z"),
        ("1777634280000000", "2026-05-01T11:18:00Z"),
        ("1777634280000000000", "2026-05-01T11:18:00Z"),
    ],
)
def test_times_of_every_kind_become_utc(cell: str, expected: str) -> None:
    """ISO 8601 with an offset and epochs of four units give the same instant."""
    assert cells.times(pd.Series([cell])).values[0] == pd.Timestamp(expected)


def test_mixed_iso_precision_is_read() -> None:
    """Fractions of seconds may come and go within a column."""
    found = cells.times(pd.Series(["2022-07-05T05:15:09Z", "2022-07-05T18:21:21.49Z"]))
    assert found.reasons.isna().all()


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("99999999999", "outside"),
        ("1970-01-01T00:00:00Z", "outside the years 2000 to 2099"),
        ("0001-01-01T00:00:00Z", "not a time|outside"),
        ("2026-02-30T00:00:00Z", "not a time"),
        ("yesterday T10:00Z", "not a time"),
    ],
)
def test_impossible_times_are_refused(cell: str, why: str) -> None:
    """Wrong units, broken clocks and dates that do not exist have a reason."""
    found = cells.times(pd.Series([cell, "2026-05-01T11:18:00Z"]))
    assert found.values.isna().tolist() == [True, False]
    assert pd.Series(found.reasons[0]).str.contains(why).all()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["31.01.2026 14:05", "1.2.2026 00:00:30"], ["2026-01-31 14:05", "2026-02-01 00:00:30"]),
        (["31/01/2026, 14:05", "02/03/2026, 01:00"], ["2026-01-31 14:05", "2026-03-02 01:00"]),
        (["1/31/2026 2:05 PM", "2/3/2026 12:00 AM"], ["2026-01-31 14:05", "2026-02-03 00:00"]),
        (["2026-01-31 14:05", "31.01.2026"], ["2026-01-31 14:05", "2026-01-31 00:00"]),
    ],
    ids=["dots", "day first", "month first", "mixed with ISO"],
)
def test_local_dates_are_read(column: list[str], expected: list[str]) -> None:
    """Spreadsheets of several countries give the same moments."""
    read = cells.times(pd.Series(column), timezone="UTC")
    assert read.values.tolist() == [pd.Timestamp(text, tz="UTC") for text in expected]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (["1/2/2026 10:00", "3/4/2026 10:00"], "none of them shows which number is the month"),
        (["13/2/2026 10:00", "2/14/2026 10:00"], "'13/2/2026 10:00' has the day first and '2/14"),
    ],
    ids=["no hint", "both"],
)
def test_dates_that_read_two_ways_are_an_error(column: list[str], why: str) -> None:
    """A guess would move a deployment by months."""
    with pytest.raises(ReadError, match=f"^a.csv: dates in column 'at' such as .*{why}.*Fix: "):
        cells.times(pd.Series(column), timezone="UTC", file="a.csv", column="at")


@pytest.mark.parametrize(
    "cell", ["32.01.2026 10:00", "1.13.2026", "1.1.2026 25:00", "1/13/2026 13:00 PM"]
)
def test_local_dates_that_cannot_be_are_refused(cell: str) -> None:
    """Only that cell is lost, with the reason."""
    read = cells.times(pd.Series([cell, "2026-01-01T00:00:00Z"]), timezone="UTC")
    assert read.values.isna().tolist() == [True, False]
    assert "not a time" in read.reasons[0]


def test_mixed_epochs_are_refused_against_the_usual_unit(tmp_path: Path) -> None:
    """One epoch in seconds among milliseconds is a reject, not the year 1970."""
    table = scanned(
        tmp_path, "time,service,good\n1777634280000,a,1\n1777634340000,a,2\n1777634400,a,3\n"
    )
    assert table.frame["good"].tolist() == [1, 2]
    assert "epoch in s in a column whose other epochs are in ms" in table.rejects["reason"][0]


def test_naive_times_without_a_zone_are_an_error_naming_the_fix(tmp_path: Path) -> None:
    """The zone is never guessed; the text says what to write in sources.toml."""
    with pytest.raises(ReadError, match=r"no time zone.*timezone = .*sources\.toml"):
        scanned(tmp_path, LONG.replace("T", " ").replace("Z", ""))


def test_one_naive_time_among_zoned_ones_is_a_reject(tmp_path: Path) -> None:
    """A single odd row does not stop the file."""
    table = scanned(tmp_path, LONG + "2026-01-01T00:02:00,a,1\n")
    assert table.rejects[["line", "reason"]].values.tolist() == [
        [4, "this time carries no zone while others in the column do"]
    ]


def test_naive_times_are_placed_in_their_zone_and_dst_gaps_and_folds_refused(
    tmp_path: Path,
) -> None:
    """Berlin 2026: 02:30 on 29 March does not exist, 02:30 on 25 October happens twice."""
    table = scanned(
        tmp_path,
        "time,service,good\n2026-03-29 01:30:00,a,1\n2026-03-29 02:30:00,a,2\n"
        "2026-03-29 03:30:00,a,3\n2026-10-25 02:30:00,a,4\n",
        timezone="Europe/Berlin",
    )
    assert table.timezone == "Europe/Berlin"
    assert table.frame["time"].tolist() == [
        pd.Timestamp("2026-03-29T00:30Z"), pd.Timestamp("2026-03-29T01:30Z"),
    ]  # fmt: skip
    assert table.rejects["line"].tolist() == [3, 5]
    assert "does not exist" in table.rejects["reason"][0]
    assert "occurred twice" in table.rejects["reason"][1]


def test_unknown_zone_is_an_error(tmp_path: Path) -> None:
    """A misspelt zone is named."""
    with pytest.raises(ReadError, match="'Europe/Berln' is unknown"):
        scanned(tmp_path, LONG.replace("T", " ").replace("Z", ""), timezone="Europe/Berln")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("7.47 KiB", 7649.28), ("567 B", 567), ("20.3 K", 20300), ("1.33 ms", 0.00133),
     ("99.9%", 0.999), ("250 µs", 0.00025), ("1.5 min", 90), ("2 Mil", 2e6)],
)  # fmt: skip
def test_formatted_values_are_read_with_a_warning(cell: str, expected: float) -> None:
    """Units of formatted exports are undone, and the note says that precision is lost."""
    found = cells.numbers(pd.Series([cell]))
    assert found.values[0] == pytest.approx(expected)
    assert "rounded" in found.notes[0]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1,5", "20"], [1.5, 20]),
        (["1.721,99", "3"], [1721.99, 3]),
        (["1,721,992,142.283", "5"], [1721992142.283, 5]),
        (["0,125"], [0.125]),
    ],
)
def test_decimal_marks_are_told_from_the_cells(column: list[str], expected: list[float]) -> None:
    """A comma is a decimal mark or a thousands separator, as the column shows."""
    assert cells.numbers(pd.Series(column)).values.tolist() == expected


def test_ambiguous_commas_are_an_error_and_decimal_settles_it() -> None:
    """1,234 alone can be read two ways; sources.toml decides."""
    column = pd.Series(["1,234"])
    with pytest.raises(ReadError, match='decimal = ","'):
        cells.numbers(column)
    assert cells.numbers(column, decimal=",").values[0] == 1.234
    assert cells.numbers(column, decimal=".").values[0] == 1234


messy_cell = st.sampled_from(
    ["1", "2.5", "undefined", "", "x", "Infinity", "-1", '"a,b"', '"two\nlines"', "é", "7 KiB"]
)
messy_row = st.lists(messy_cell, min_size=1, max_size=5).map(",".join)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(messy_row, max_size=12), ends=st.sampled_from(["\n", "\r\n"]))
def test_rows_read_are_rows_kept_and_rows_rejected(
    tmp_path: Path, rows: list[str], ends: str
) -> None:
    """Whatever a CSV holds, no record is lost or counted twice, and lines rise."""
    good = "2026-01-01T00:00:00Z,a,1"
    content = ends.join(["time,service,good", good, *rows, good]) + ends
    table = scanned(tmp_path, content)
    records = len([row for row in rows if row.replace('"', "")]) + 2
    assert table.rows_read == len(table.frame) + len(table.rejects) == records
    lines = table.lines().tolist()
    assert lines == sorted(set(lines))
    assert not set(lines) & set(table.rejects["line"])
    assert lines[-1] == content.count("\n")


@pytest.mark.parametrize("stamp", ["2026-06-01T10:{:02}:00Z", "17803{:05}", "17803{:05}000"])
def test_the_fast_and_the_careful_way_give_the_same_table(tmp_path: Path, stamp: str) -> None:
    """One odd cell at the end changes how a file is read, not what the other rows say."""
    rows = [f"{stamp.format(n)},s{n % 3},{n / 7}" for n in range(60)]
    rows[7] = rows[7].rsplit(",", 1)[0] + ",undefined"
    text = "time,service,good\n" + "\n".join(rows) + "\n"
    fast = scanned(tmp_path, text, "fast.csv")
    careful = scanned(tmp_path, text + f"{stamp.format(59)},a,x\n", "careful.csv")
    assert careful.rejects["line"].tolist() == [62]
    pd.testing.assert_frame_equal(fast.frame, careful.frame)


def test_rows_that_grow_shorter_all_arrive(tmp_path: Path) -> None:
    """Memory is asked for by the length of the first lines; more rows than that fit as well."""
    start = pd.Timestamp("2026-06-01T00:00Z")
    times = pd.date_range(start, periods=60_000, freq="min").strftime("%Y-%m-%dT%H:%M:%SZ")
    notes = ["x" * 1000 if number < 100 else "" for number in range(len(times))]
    path = tmp_path / "a.csv"
    rows = enumerate(zip(times, notes, strict=True))
    lines = [f"{time},{n % 7},{note}" for n, (time, note) in rows]
    path.write_text("\n".join(["time,good,note", *lines, ""]))
    found = scan(head(path, tmp_path), {"time": "time", "good": "number"}).frame
    assert found["time"].iloc[[0, -1]].tolist() == [start, start + pd.Timedelta(minutes=59_999)]
    assert found["good"].tolist() == [n % 7 for n in range(60_000)]


def test_more_names_than_small_codes_can_hold(tmp_path: Path) -> None:
    """40,000 different names are told apart."""
    path = tmp_path / "a.csv"
    path.write_text("name\n" + "".join(f"n{number}\n" for number in range(40_000)) + "n7\n")
    found = scan(head(path, tmp_path), {"name": "category"}).frame["name"]
    assert found.astype("str").tolist() == [*(f"n{number}" for number in range(40_000)), "n7"]
