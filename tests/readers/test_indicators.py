"""Which columns of a wide file make up which indicator."""

from __future__ import annotations

from pathlib import Path

import pytest

import srelib
from srelib.errors import InputError, ReadError
from tests.readers.test_generic import metric_rows, minute_csv, read_metrics


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


def test_unpaired_columns_are_an_error_with_an_entry_to_paste(tmp_path: Path) -> None:
    """The text lists the columns; the entry is valid TOML, and none of it counts as confirmed."""
    import tomllib

    (tmp_path / "odd.csv").write_text(minute_csv("time,red,blue", "1,2"), encoding="utf-8")
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "odd.csv"\ntable = "sli"\n')
    with pytest.raises(InputError, match="columns seen: 'red', 'blue'") as caught:
        srelib.load(tmp_path)
    entry = str(caught.value)[str(caught.value).index("[[file]]") :]
    said = tomllib.loads(entry)["file"][0]
    assert {"red", "blue"} & set(said["columns"].values())
    columns = next(line for line in entry.splitlines() if line.startswith("columns"))
    assert "# ?" in columns


def test_wrong_column_in_a_series_is_an_error(tmp_path: Path) -> None:
    """A misspelt column of [[file.series]] lists what there is."""
    with pytest.raises(ReadError, match="no column 'grren'; the file has 'green', 'all'"):
        read_metrics(tmp_path, minute_csv("time,green,all", "1,2"),
           series=[{"service": "a", "good": "grren", "total": "all"}])  # fmt: skip
