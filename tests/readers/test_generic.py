"""Long and wide CSVs: counts, rates, counters, ratios and values become good and total."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import generic, words
from srelib.readers.base import FileResult, head
from srelib.readers.recognition import read
from srelib.sources import Source


def read_metrics(folder: Path, content: str, **said: object) -> FileResult:
    """What the registry makes of a CSV, with what sources.toml says about it."""
    path = folder / "a.csv"
    path.write_text(content)
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    return read(path, root=folder, source=source)[1]


def metric_rows(result: FileResult) -> list[list[object]]:
    """Minute, service, good and total of every row."""
    sli = result.tables["sli"]
    return [[t.minute, str(s), g, n] for t, s, _, g, n in sli.itertuples(index=False)]


def at(minute: int) -> str:
    """A minute of one hour."""
    return f"2026-06-01T10:{minute:02}:00Z"


def minute_csv(header: str, *lines: str) -> str:
    """A CSV with a minute more in every line."""
    body = [f"{at(minute)},{line}" for minute, line in enumerate(lines)]
    return "\n".join([header, *body]) + "\n"


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("time,service,good,total", "shop,8,10"),
        ("time,service,bad,total", "shop,2,10"),
        ("time,service,good,bad", "shop,8,2"),
        ("timestamp,app,success,requests", "shop,8,10"),
        ("ts,job,errors,requests", "shop,2,10"),
        ("Time,Service,Good,Total", "shop,8,10"),
    ],
)
def test_two_of_good_bad_and_total_are_enough(tmp_path: Path, header: str, line: str) -> None:
    """Any two give the third; common names are understood without sources.toml."""
    if header.startswith("Time"):
        result = read_metrics(tmp_path, minute_csv(header, line), format="generic")
    else:
        result = read_metrics(tmp_path, minute_csv(header, line))
    assert metric_rows(result) == [[0, "shop", 8, 10]]
    assert result.series[0].sli == "availability"
    assert result.series[0].weighting == "events"


def test_columns_are_mapped_by_sources(tmp_path: Path) -> None:
    """sources.toml maps any header, and a constant names the service."""
    text = "hour_utc,requests,r5xx\n2015-05-17T10:00:00Z,74,1\n"
    columns = {"time": "hour_utc", "total": "requests", "bad": "r5xx"}
    result = read_metrics(tmp_path, text, service="apache", sli="http", columns=columns)
    assert metric_rows(result) == [[0, "apache", 73, 74]]
    assert result.series[0].sli == "http"


def test_one_count_alone_needs_to_be_asked_for(tmp_path: Path) -> None:
    """A total without good is an error that says how to pair it, unless sources.toml maps it."""
    text = minute_csv("time,service,total", "a,5")
    with pytest.raises(ReadError, match=r"only total was found.*columns = \{ good"):
        read_metrics(tmp_path, text)
    assert read_metrics(tmp_path, text, columns={"total": "total"}).series[0].part == "total"


def test_no_service_is_an_error_with_the_entry_to_write(tmp_path: Path) -> None:
    """Without a service column the text says what to put in sources.toml."""
    with pytest.raises(ReadError, match=r"no column names the service.*service = "):
        read_metrics(tmp_path, minute_csv("time,good,total", "1,2"))


def test_unknown_header_is_an_error_that_lists_it(tmp_path: Path) -> None:
    """A file nobody understands names its columns and the fix."""
    with pytest.raises(ReadError, match=r"'x', 'y'.*sources\.toml"):
        read_metrics(tmp_path, "x,y\n1,2\n")


def test_bad_cell_of_a_wide_file_costs_its_indicator_only(tmp_path: Path) -> None:
    """The record of the other service in the same line stays."""
    result = read_metrics(
        tmp_path, minute_csv("time,a good,a total,b good,b total", "x,2,1,2", "1,2,3,2")
    )
    assert metric_rows(result) == [[1, "a", 1, 2], [0, "b", 1, 2]]
    assert result.rejects[["line", "column", "value"]].values.tolist() == [
        [2, "a good", "x"], [3, "b good", "3 of 2"],
    ]  # fmt: skip
    assert result.rows_read == result.rows_kept + len(result.rejects) == 4


def test_lines_of_kept_rows_are_lines_of_the_file(tmp_path: Path) -> None:
    """Rows can be traced back past rejects."""
    result = read_metrics(
        tmp_path, minute_csv("time,service,good,total", "a,1,2", "a,3,2", "a,1,2")
    )
    assert result.lines is not None
    assert result.lines(pd.RangeIndex(2).to_numpy()).tolist() == [2, 4]


def test_recognise_leaves_other_tables_alone(tmp_path: Path) -> None:
    """A table of incidents is not taken for metrics."""
    path = tmp_path / "i.csv"
    path.write_text("incident_id,service,started_at,resolved_at\n1,a,2026-01-01T00:00Z,\n")
    assert not generic.GENERIC.recognise(head(path))


def test_the_time_of_kibana_is_known_whatever_the_step():
    """Lens writes the step into the name of the column."""
    header = ("@timestamp per 5 minutes", "requests", "errors")
    found = words.columns_by_name(header, words.column_names()["sli"])
    assert found["time"] == "@timestamp per 5 minutes"


def test_a_column_is_read_as_one_thing(tmp_path: Path) -> None:
    """A column said to be the time and a number at once is refused by name."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n2026-06-01T10:00:00Z,1\n")
    found = head(path)
    types = generic.column_types(found, ("time", ["a"]), ("text", ["b", "b"]))
    assert types == {"a": "time", "b": "text"}
    with pytest.raises(ReadError, match="'a' cannot be read as time and as number"):
        generic.column_types(found, ("time", ["a"]), ("number", ["a"]))


@pytest.mark.parametrize(
    ("unit", "cells", "role"),
    [("ratio", "0.9 0.5", None), ("percent", "90 50", None), ("percent", "90 50", "ratio")],
)
def test_a_column_value_is_what_the_unit_says(
    tmp_path: Path, unit: str, cells: str, role: str | None
) -> None:
    """A share under the name of most exports, read as one that is called so."""
    rows = [f"2026-06-01T10:0{minute}:00Z,{cell}" for minute, cell in enumerate(cells.split())]
    said = {"unit": unit, "service": "shop"} | ({"columns": {role: "value"}} if role else {})
    found = read_metrics(tmp_path, "\n".join(["time,value", *rows, ""]), **said)
    assert found.tables["sli"]["good"].tolist() == pytest.approx([54, 30])
    assert found.tables["sli"]["total"].tolist() == [60, 60]


def test_a_value_that_is_mapped_is_no_share(tmp_path: Path) -> None:
    """A unit that contradicts the map of columns is refused with the fix."""
    with pytest.raises(ReadError, match=r"columns given are value\. Fix: map a column ratio or"):
        read_metrics(tmp_path, "time,x\n2026-06-01T10:00:00Z,0.9\n", unit="ratio",
                     service="shop", columns={"value": "x"})  # fmt: skip


def test_one_column_in_two_roles_is_read_as_both(tmp_path: Path) -> None:
    """Every request was good, and the export has one column for them."""
    text = "time,service,n\n2026-06-01T10:00:00Z,web,1\n2026-06-01T10:01:00Z,web,4\n"
    found = read_metrics(tmp_path, text, columns={"good": "n", "total": "n"})
    assert found.tables["sli"][["good", "total"]].values.tolist() == [[1, 1], [4, 4]]
