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
from srelib.readers.base import head
from srelib.readers.text import Scan, scan

LONG = "time,service,good\n2026-01-01T00:00:00Z,a,1\n2026-01-01T00:01:00Z,b,2\n"
TYPES = {"time": "time", "service": "text", "good": "number"}


def file_of(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def scanned(folder: Path, content: str | bytes, name: str = "a.csv", **options: object) -> Scan:
    """The scan of a file with time, service and good."""
    return scan(head(file_of(folder, content, name)), TYPES, **options)  # type: ignore[arg-type]


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
    found = head(file_of(tmp_path, content))
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


def test_gzip_cut_after_the_head_is_an_error(tmp_path: Path) -> None:
    """A truncated download is found although its first bytes are fine."""
    rows = "".join(
        f"2026-01-01T00:00:{n % 60:02}Z,s{os.urandom(20).hex()},1\n" for n in range(9000)
    )
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(("time,service,good\n" + rows).encode(), mtime=0)[:-2000])
    with pytest.raises(ReadError, match="damaged or cut short"):
        scan(head(path), TYPES)


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
    seen = table.rejects[["line", "reason"]].values.tolist()
    assert seen == [[4, "service is missing: fill it in"]]


def test_absent_column_is_an_error_that_lists_the_columns(tmp_path: Path) -> None:
    """A misspelt column map names what the file has."""
    with pytest.raises(
        ReadError, match=r"no column 'Good'; the file has 'time', 'service', 'good'"
    ):
        scan(head(file_of(tmp_path, LONG)), {"Good": "number"})


def test_wide_scan_refuses_the_cell_and_keeps_the_row(tmp_path: Path) -> None:
    """In a wide file a bad number does not take its neighbours with it."""
    content = "time,a,b\n2026-01-01T00:00:00Z,x,2\nnever,1,2\n2026-01-01T00:02:00Z,3,y\n"
    found = head(file_of(tmp_path, content))
    table = scan(found, {"time": "time", "a": "number", "b": "number"}, wide=True)
    assert table.frame["b"].tolist()[0] == 2
    assert table.rejects["line"].tolist() == [3]
    assert table.faults[["row", "column", "value"]].values.tolist() == [
        [0, "a", "x"],
        [1, "b", "y"],
    ]


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
        [4, "this time carries no zone while others in the column do: write all with it"]
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
    """40,000 different names are told apart, also after many rows that have two."""
    path = tmp_path / "a.csv"
    names = [*["n8", "n7"] * 70_000, *(f"n{number}" for number in range(40_000)), "n7"]
    path.write_text("\n".join(["name", *names, ""]))
    found = scan(head(path, tmp_path), {"name": "category"}).frame["name"]
    assert found.astype("str").tolist() == names


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.text("aé,\u65e5", min_size=1, max_size=3), min_size=1, max_size=30),
    others=st.dictionaries(st.integers(0, 2999), st.sampled_from(["a", "ab", "日"]), max_size=2),
)
def test_names_that_take_turns_are_read_as_any_others(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], others: dict[int, str]
) -> None:
    """With or without a name that comes out of turn."""
    rows = [others.get(n, names[n % len(names)]) for n in range(3000)]
    text = "name\n" + "".join(f'"{name}"\n' for name in rows)
    path = file_of(tmp_path_factory.mktemp("turns"), text)
    found = scan(head(path), {"name": "category"}).frame["name"]
    assert found.astype("str").tolist() == rows


@pytest.mark.parametrize("size", [3_000_000, 40_000_000])
def test_a_last_row_of_megabytes_is_counted_and_refused(tmp_path: Path, size: int) -> None:
    """Even where nothing ends it."""
    path = file_of(tmp_path, "time,n\n2026-06-01T10:00:00Z,1\n" + "a" * size)
    found = scan(head(path), {"time": "time", "n": "number"}, required=["time"])
    assert (found.rows_read, len(found.frame), found.rejects["line"].tolist()) == (2, 1, [3])


@pytest.mark.parametrize("size", [3_000_000, 40_000_000])
def test_a_row_of_megabytes_is_counted_and_refused(tmp_path: Path, size: int) -> None:
    """However long it is; the rows around it stay."""
    rows = ["2026-06-01T10:00:00Z,1", "a" * size, "2026-06-01T10:01:00Z,2"]
    path = file_of(tmp_path, "\n".join(["time,n", *rows, ""]))
    found = scan(head(path), {"time": "time", "n": "number"}, required=["time"])
    assert (found.rows_read, found.frame["n"].tolist()) == (3, [1, 2])
    assert found.rejects["line"].tolist() == [3]
    assert found.rejects["reason"].str.contains("longer than 2 MB").all()


@pytest.mark.parametrize("closed", ["", '2026-06-01T10:00:00Z,"'])
def test_a_quote_open_for_megabytes_refuses_the_file(tmp_path: Path, closed: str) -> None:
    """The rows inside it are neither kept nor lost without a word, closed later or not."""
    row = "2026-06-01T10:00:00Z,1\n"
    path = file_of(tmp_path, f'time,n\n{row}2026-06-01T10:00:00Z,"1\n{row * 1_000_000}{closed}')
    with pytest.raises(ReadError, match="line 3: a quote is opened here and not closed"):
        scan(head(path), {"time": "time", "n": "number"}, required=["time"])


@pytest.mark.parametrize("end", [7_999_990, 8_000_001, 16_000_002])
def test_no_part_of_a_file_is_passed_over(tmp_path: Path, end: int) -> None:
    """Where every row of a later part is broken, however the parts fall, each is refused."""
    row, more = "2026-06-01T10:00:00Z,,1\n", 60_000 + (end // 8_000_000) * 120_000
    good, rest = divmod(end - len("time,note,n\n"), len(row))
    first = row.replace(",,", f",{'x' * rest},")
    content = f"time,note,n\n{first}{row * (good - 1)}" + row.replace(",1", ",1,1") * more
    found = scan(head(file_of(tmp_path, content)), {"time": "time", "n": "number"})
    assert (found.rows_read, len(found.frame)) == (good + more, good)
    assert found.rejects["line"].tolist() == list(range(good + 2, good + more + 2))
