"""Long and wide CSVs: counts, rates, counters, ratios and values become good and total."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import generic
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.readers.source import Source
from srelib.readers.text import head


def of(folder: Path, content: str, **said: object) -> FileResult:
    """What the registry makes of a CSV, with what sources.toml says about it."""
    path = folder / "a.csv"
    path.write_text(content)
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    return read(path, root=folder, source=source)[1]


def rows(result: FileResult) -> list[list[object]]:
    """Minute, service, good and total of every row."""
    sli = result.tables["sli"]
    return [[t.minute, str(s), g, n] for t, s, _, g, n in sli.itertuples(index=False)]


def at(minute: int) -> str:
    """A minute of one hour."""
    return f"2026-06-01T10:{minute:02}:00Z"


def table(header: str, *lines: str) -> str:
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
        result = of(tmp_path, table(header, line), format="generic")
    else:
        result = of(tmp_path, table(header, line))
    assert rows(result) == [[0, "shop", 8, 10]]
    assert result.series[0].sli == "availability"
    assert result.series[0].weighting == "events"


def test_columns_are_mapped_by_sources(tmp_path: Path) -> None:
    """sources.toml maps any header, and a constant names the service."""
    text = "hour_utc,requests,r5xx\n2015-05-17T10:00:00Z,74,1\n"
    columns = {"time": "hour_utc", "total": "requests", "bad": "r5xx"}
    result = of(tmp_path, text, service="apache", sli="http", columns=columns)
    assert rows(result) == [[0, "apache", 73, 74]]
    assert result.series[0].sli == "http"


@pytest.mark.parametrize(
    ("header", "line", "column", "value", "why"),
    [
        ("time,service,good,total", "shop,11,10", "good", "11", r"good is more than total \(10\)"),
        ("time,service,bad,total", "shop,11,10", "bad", "11", r"bad is more than total \(10\)"),
        ("time,service,good,total", "shop,-1,10", "good", "-1", "negative"),
        ("time,service,good,total", "shop,Infinity,10", "good", "Infinity", "infinite"),
        ("time,service,good,total", "shop,a,10", "good", "a", "not a number"),
        ("time,service,good,total", ",1,10", "service", "<NA>", "service is missing"),
        ("time,service,ratio", "shop,1.5", "ratio", "1.5", "a ratio above 1"),
        ("time,service,ratio", "shop,-0.5", "ratio", "-0.5", "negative"),
    ],
)
def test_impossible_rows_are_rejects_with_line_column_value_and_reason(
    tmp_path: Path, header: str, line: str, column: str, value: str, why: str
) -> None:
    """A row that cannot be true is refused and counted; its neighbours stay."""
    fine = "shop,0.5" if "ratio" in header else "shop,1,10"
    result = of(tmp_path, table(header, fine, line, fine))
    reject = result.rejects.iloc[0]
    assert (reject["file"], reject["line"], reject["column"]) == ("a.csv", 3, column)
    assert value == "<NA>" or reject["value"] == value
    assert pd.Series([reject["reason"]]).str.contains(why).all()
    assert (result.rows_read, result.rows_kept, len(result.rejects)) == (3, 2, 1)
    assert [row[0] for row in rows(result)] == [0, 2]


def test_no_value_is_unknown_and_not_zero(tmp_path: Path) -> None:
    """A row without a value is kept as missing: no bucket, no reject."""
    result = of(tmp_path, table("time,service,good,total", "a,1,2", "a,undefined,2", "a,,"))
    assert rows(result) == [[0, "a", 1, 2]]
    assert (result.rows_read, result.rows_kept, result.rows_missing) == (3, 3, 2)
    assert any("unknown, not zero" in note for note in result.notes)


def test_zero_total_is_observed(tmp_path: Path) -> None:
    """No traffic is a row with total 0, also where the other part has no series."""
    result = of(tmp_path, table("time,service,bad,total", "a,0,0", "a,undefined,0"))
    assert rows(result) == [[0, "a", 0, 0], [1, "a", 0, 0]]


def test_rates_are_multiplied_by_the_step_and_say_so(tmp_path: Path) -> None:
    """Events per second times 60 s, marked as an estimate."""
    result = of(tmp_path, table("time,service,good,total", "a,0.5,1", "a,1,2"), unit="rate")
    assert rows(result) == [[0, "a", 30, 60], [1, "a", 60, 120]]
    assert "estimated from a rate" in str(result.series[0].note)


def test_counters_give_increases_and_survive_a_reset(tmp_path: Path) -> None:
    """Increase belongs to the bucket it began in; after a reset the new value counts."""
    lines = ["a,100,110", "a,150,165", "a,10,12", "a,30,40"]
    result = of(tmp_path, table("time,service,good,total", *lines), unit="counter")
    assert rows(result) == [[0, "a", 50, 55], [1, "a", 10, 12], [2, "a", 20, 28]]
    assert (result.rows_kept, result.rows_missing) == (4, 1)


def test_counter_gap_longer_than_two_steps_is_unknown(tmp_path: Path) -> None:
    """What grew while nobody looked is not spread over the gap."""
    lines = [f"{at(minute)},a,{minute},{minute * 10}" for minute in (0, 1, 2, 4, 9, 10)]
    text = "\n".join(["time,service,good,total", *lines]) + "\n"
    assert rows(of(tmp_path, text, unit="counter")) == [
        [0, "a", 1, 10], [1, "a", 1, 10], [2, "a", 2, 20], [9, "a", 1, 10],
    ]  # fmt: skip


def test_counters_of_several_services_do_not_mix(tmp_path: Path) -> None:
    """Each series is differenced on its own, in any order of rows."""
    lines = [f"{at(m)},{s},{v},{v}" for m in (1, 0) for s, v in (("a", 5 + m), ("b", 70 + 2 * m))]
    text = "\n".join(["time,service,good,total", *lines]) + "\n"
    assert sorted(rows(of(tmp_path, text, unit="counter"))) == [[0, "a", 1, 1], [0, "b", 2, 2]]


def test_ratio_alone_is_weighted_by_time(tmp_path: Path) -> None:
    """Good is the share of the bucket's seconds; the series says so."""
    result = of(tmp_path, table("time,service,ratio", "a,0.5", "a,1", "a,NaN"))
    assert rows(result) == [[0, "a", 30, 60], [1, "a", 60, 60]]
    assert (result.series[0].weighting, result.rows_missing) == ("time", 1)


@pytest.mark.parametrize(
    ("op", "good"), [("lte", [60, 60, 0]), ("lt", [60, 0, 0]), ("gt", [0, 0, 60])]
)
def test_value_is_good_when_it_keeps_to_the_threshold(
    tmp_path: Path, op: str, good: list[float]
) -> None:
    """A measured value makes the whole bucket good or bad."""
    result = of(
        tmp_path, table("time,service,value", "a,0.2", "a,0.3", "a,0.4"),
        unit="value", threshold=0.3, op=op,
    )  # fmt: skip
    assert result.tables["sli"]["good"].tolist() == good
    assert result.tables["sli"]["total"].tolist() == [60, 60, 60]


def test_values_that_contradict_each_other_are_all_refused(tmp_path: Path) -> None:
    """Two latencies for one minute: neither is believed, even where both would be good."""
    text = table("time,service,value", "a,0.2", "a,0.1") + f"{at(1)},a,0.15\n"
    result = of(tmp_path, text, unit="value", threshold=0.3, op="lte", step="1m")
    assert [row[0] for row in rows(result)] == [0]
    assert result.rejects["line"].tolist() == [3, 4]


def test_one_count_alone_needs_to_be_asked_for(tmp_path: Path) -> None:
    """A total without good is an error that says how to pair it, unless sources.toml maps it."""
    text = table("time,service,total", "a,5")
    with pytest.raises(ReadError, match=r"only total was found.*columns = \{ good"):
        of(tmp_path, text)
    assert of(tmp_path, text, columns={"total": "total"}).series[0].part == "total"


def test_no_service_is_an_error_with_the_entry_to_write(tmp_path: Path) -> None:
    """Without a service column the text says what to put in sources.toml."""
    with pytest.raises(ReadError, match=r"no column names the service.*service = "):
        of(tmp_path, table("time,good,total", "1,2"))


def test_single_rate_needs_a_step(tmp_path: Path) -> None:
    """From one time no step can be told."""
    with pytest.raises(ReadError, match="step = "):
        of(tmp_path, table("time,service,good,total", "a,1,2"), unit="rate")


def test_unknown_header_is_an_error_that_lists_it(tmp_path: Path) -> None:
    """A file nobody understands names its columns and the fix."""
    with pytest.raises(ReadError, match=r"'x', 'y'.*sources\.toml"):
        of(tmp_path, "x,y\n1,2\n")


def test_wide_columns_pair_by_their_last_word(tmp_path: Path) -> None:
    """checkout good + checkout total is one indicator, checkout latency ... another."""
    text = table(
        "time,checkout good,checkout total,checkout latency good,checkout latency total,cpu",
        "1,2,3,4,99",
    )
    result = of(tmp_path, text)
    assert [(s.service, s.sli) for s in result.series] == [
        ("checkout", "availability"), ("checkout", "latency"),
    ]  # fmt: skip
    assert rows(result) == [[0, "checkout", 1, 2], [0, "checkout", 3, 4]]
    assert result.rows_read == 2
    assert any("'cpu'" in note for note in result.notes)


def test_wide_columns_are_added_up_as_stated(tmp_path: Path) -> None:
    """[[file.series]] names lists of columns; a sum that lacks one of them is unknown."""
    spec = {"service": "api", "bad": ["4xx", "5xx"], "total": "all"}
    text = table("time,4xx,5xx,all", "1,2,10", "undefined,2,10", "undefined,undefined,10")
    result = of(tmp_path, text, series=[spec])
    assert rows(result) == [[0, "api", 7, 10]]
    assert result.rows_missing == 2
    assert any("1 rows lack one of these columns: unknown" in note for note in result.notes)


def test_absent_columns_count_as_zero_where_that_is_said(tmp_path: Path) -> None:
    """Only where a column beside has a value: without the total nothing is known."""
    spec = {"service": "api", "bad": ["4xx", "5xx"], "total": "all"}
    text = table("time,4xx,5xx,all", "1,2,10", ",2,10", ",,10", ",,", "1,,")
    result = of(tmp_path, text, series=[spec], absent="zero")
    assert rows(result) == [[0, "api", 7, 10], [1, "api", 8, 10], [2, "api", 10, 10]]
    assert result.rows_missing == 2
    assert "4xx + 5xx: 2 rows count a column without a value as zero" in " ".join(result.notes)
    assert "4xx + 5xx: 1 rows without a value count as zero" in " ".join(result.notes)


@pytest.mark.parametrize(("absent", "kept"), [("unknown", [8]), ("zero", [8, 10])])
def test_empty_errors_of_a_long_csv_are_unknown_unless_said(
    tmp_path: Path, absent: str, kept: list[int]
) -> None:
    """A row with a total and no errors is unknown; with absent = "zero" it is good."""
    text = table("time,service,errors,requests", "shop,2,10", "shop,,10")
    result = of(tmp_path, text, absent=absent)
    assert result.tables["sli"]["good"].tolist() == kept


def test_service_of_sources_toml_goes_before_names_of_columns(tmp_path: Path) -> None:
    """It renames the one service the columns name; two of them are an error with the fix."""
    text = table("time,web latency good,web latency total", "1,2")
    result = of(tmp_path, text, service="shop", sli="speed")
    assert (result.series[0].service, result.series[0].sli) == ("shop", "speed")
    with pytest.raises(ReadError, match=r"the columns name 'a' and 'b', .* all of them shop"):
        of(tmp_path, table("time,a good,a total,b good,b total", "1,2,1,2"), service="shop")


def test_counters_are_differenced_before_they_are_added_up(tmp_path: Path) -> None:
    """A reset of one column does not make the sum look reset."""
    spec = {"service": "api", "good": ["a", "b"], "total": ["a", "b", "c"]}
    text = table("time,a,b,c", "1000,50,0", "1010,5,1", "1020,9,1")
    result = of(tmp_path, text, unit="counter", series=[spec])
    assert rows(result) == [[0, "api", 15, 16], [1, "api", 14, 14]]


def test_bad_cell_of_a_wide_file_costs_its_indicator_only(tmp_path: Path) -> None:
    """The record of the other service in the same line stays."""
    result = of(tmp_path, table("time,a good,a total,b good,b total", "x,2,1,2", "1,2,3,2"))
    assert rows(result) == [[1, "a", 1, 2], [0, "b", 1, 2]]
    assert result.rejects[["line", "column", "value"]].values.tolist() == [
        [2, "a good", "x"], [3, "b good", "3"],
    ]  # fmt: skip
    assert result.rows_read == result.rows_kept + len(result.rejects) == 4


def test_unpaired_columns_are_an_error_with_a_snippet_to_paste(tmp_path: Path) -> None:
    """The text lists the columns and an entry in valid TOML that proposes none of them as good."""
    import tomllib

    with pytest.raises(ReadError, match="columns seen: 'red', 'blue'") as caught:
        of(tmp_path, table("time,red,blue", "1,2"), table="sli")
    snippet = str(caught.value.fix).split("\n", 1)[1].rsplit("\n(or", 1)[0]
    series = tomllib.loads(snippet)["file"][0]["series"][0]
    assert series["good"] == "COLUMN OF GOOD EVENTS"
    assert not {"red", "blue"} & set(series.values())


def test_wrong_column_in_a_series_is_an_error(tmp_path: Path) -> None:
    """A misspelt column of [[file.series]] lists what there is."""
    with pytest.raises(ReadError, match="no column 'grren'; the file has 'green', 'all'"):
        of(tmp_path, table("time,green,all", "1,2"),
           series=[{"service": "a", "good": "grren", "total": "all"}])  # fmt: skip


def test_lines_of_kept_rows_are_lines_of_the_file(tmp_path: Path) -> None:
    """Rows can be traced back past rejects."""
    result = of(tmp_path, table("time,service,good,total", "a,1,2", "a,3,2", "a,1,2"))
    assert result.lines is not None
    assert result.lines(pd.RangeIndex(2).to_numpy()).tolist() == [2, 4]


def test_recognise_leaves_other_tables_alone(tmp_path: Path) -> None:
    """A table of incidents is not taken for metrics."""
    path = tmp_path / "i.csv"
    path.write_text("incident_id,service,started_at,resolved_at\n1,a,2026-01-01T00:00Z,\n")
    assert not generic.GENERIC.recognise(head(path))
