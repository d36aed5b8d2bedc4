"""Long and wide CSVs: counts, rates, counters, ratios and values become good and total."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import generic
from srelib.readers.base import FileResult, head
from srelib.readers.recognition import read
from srelib.readers.source import Source


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


def test_wide_columns_pair_by_their_last_word(tmp_path: Path) -> None:
    """checkout good + checkout total is one indicator, checkout latency ... another."""
    text = minute_csv(
        "time,checkout good,checkout total,checkout latency good,checkout latency total,cpu",
        "1,2,3,4,99",
    )
    result = read_metrics(tmp_path, text)
    assert [(s.service, s.sli) for s in result.series] == [
        ("checkout", "availability"), ("checkout", "latency"),
    ]  # fmt: skip
    assert metric_rows(result) == [[0, "checkout", 1, 2], [0, "checkout", 3, 4]]
    assert result.rows_read == 2
    assert any("'cpu'" in note for note in result.notes)


def test_wide_columns_are_added_up_as_stated(tmp_path: Path) -> None:
    """[[file.series]] names lists of columns; a sum that lacks one of them is unknown."""
    spec = {"service": "api", "bad": ["4xx", "5xx"], "total": "all"}
    text = minute_csv("time,4xx,5xx,all", "1,2,10", "undefined,2,10", "undefined,undefined,10")
    result = read_metrics(tmp_path, text, series=[spec])
    assert metric_rows(result) == [[0, "api", 7, 10]]
    assert result.rows_missing == 2
    assert any("1 rows lack one of these columns: unknown" in note for note in result.notes)


def test_absent_columns_count_as_zero_where_that_is_said(tmp_path: Path) -> None:
    """Only where a column beside has a value: without the total nothing is known."""
    spec = {"service": "api", "bad": ["4xx", "5xx"], "total": "all"}
    text = minute_csv("time,4xx,5xx,all", "1,2,10", ",2,10", ",,10", ",,", "1,,")
    result = read_metrics(tmp_path, text, series=[spec], absent="zero")
    assert metric_rows(result) == [[0, "api", 7, 10], [1, "api", 8, 10], [2, "api", 10, 10]]
    assert result.rows_missing == 2
    assert "4xx + 5xx: 2 rows count a column without a value as zero" in " ".join(result.notes)
    assert "4xx + 5xx: 1 rows without a value count as zero" in " ".join(result.notes)


def test_service_of_sources_toml_goes_before_names_of_columns(tmp_path: Path) -> None:
    """It renames the one service the columns name; two of them are an error with the fix."""
    text = minute_csv("time,web latency good,web latency total", "1,2")
    result = read_metrics(tmp_path, text, service="shop", sli="speed")
    assert (result.series[0].service, result.series[0].sli) == ("shop", "speed")
    with pytest.raises(ReadError, match=r"the columns name 'a' and 'b', .* all of them shop"):
        read_metrics(
            tmp_path, minute_csv("time,a good,a total,b good,b total", "1,2,1,2"), service="shop"
        )


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


def test_unpaired_columns_are_an_error_with_a_snippet_to_paste(tmp_path: Path) -> None:
    """The text lists the columns and an entry in valid TOML that proposes none of them as good."""
    import tomllib

    with pytest.raises(ReadError, match="columns seen: 'red', 'blue'") as caught:
        read_metrics(tmp_path, minute_csv("time,red,blue", "1,2"), table="sli")
    snippet = str(caught.value.fix).split("\n", 1)[1].rsplit("\n(or", 1)[0]
    series = tomllib.loads(snippet)["file"][0]["series"][0]
    assert series["good"] == "COLUMN OF GOOD EVENTS"
    assert not {"red", "blue"} & set(series.values())


def test_wrong_column_in_a_series_is_an_error(tmp_path: Path) -> None:
    """A misspelt column of [[file.series]] lists what there is."""
    with pytest.raises(ReadError, match="no column 'grren'; the file has 'green', 'all'"):
        read_metrics(tmp_path, minute_csv("time,green,all", "1,2"),
           series=[{"service": "a", "good": "grren", "total": "all"}])  # fmt: skip


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
    assert generic.columns_by_name(header, generic.NAMES)["time"] == "@timestamp per 5 minutes"
