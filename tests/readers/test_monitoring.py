"""Prometheus queries and Grafana panels."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.sources import Source

START = 1777634280  # 2026-05-01T11:18:00Z


def series(values: list[Any], *, step: int = 60, **labels: str) -> dict[str, Any]:
    """A series of the matrix; None leaves a sample out."""
    samples = [[START + step * n, v] for n, v in enumerate(values) if v is not None]
    return {"metric": labels, "values": samples}


def answer(*result: dict[str, Any], kind: str = "matrix", **more: Any) -> dict[str, Any]:
    """What the HTTP API answers."""
    return {"status": "success", "data": {"resultType": kind, "result": list(result)}, **more}


def read_query(folder: Path, document: Any, **said: object) -> FileResult:
    """The result of one file."""
    path = folder / "q.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    form, result = read(path, root=folder, source=source)
    assert form == "prometheus"
    return result


def good_total(result: FileResult) -> list[list[float]]:
    """Good and total of every row."""
    return result.tables["sli"][["good", "total"]].values.tolist()


def test_status_codes_become_bad_and_total(tmp_path: Path) -> None:
    """Values are text, times float seconds; with absent = "zero" no 5xx series is no errors."""
    result = read_query(
        tmp_path,
        answer(
            series(["90", "50", "NaN"], service="api", code="200"),
            series(["10", None, None], service="api", code="500"),
        ),
        absent="zero",
    )
    assert good_total(result) == [[90, 100], [50, 50]]
    assert result.tables["sli"]["time"][0] == pd.Timestamp("2026-05-01T11:18:00Z")
    assert (result.rows_read, result.rows_kept, result.rows_missing) == (3, 3, 1)


def test_no_error_series_at_all_is_unknown_unless_said(tmp_path: Path) -> None:
    """Requests without a 5xx series: nothing is known of errors, and the note has the fix."""
    document = answer(series(["90", "50"], service="api", code="200"))
    result = read_query(tmp_path, document)
    assert good_total(result) == []
    assert any('say absent = "zero"' in note for note in result.notes)
    assert good_total(read_query(tmp_path, document, absent="zero")) == [[90, 90], [50, 50]]


def test_counters_without_their_other_series_are_unknown(tmp_path: Path) -> None:
    """The increase of a sum is known only between samples that have all of its series."""
    document = answer(
        series(["10", "30", "35", "45"], service="api", code="200"),
        series([None, None, "1", "2"], service="api", code="500"),
    )
    assert good_total(read_query(tmp_path, document, unit="counter")) == [[10, 11]]


def test_fractions_of_seconds_are_kept(tmp_path: Path) -> None:
    """1435781430.781 style times lose no millisecond."""
    text = json.dumps(answer(series(["1", "2"], job="a"))).replace(f"{START},", f"{START}.781,")
    result = read_query(tmp_path, text, columns={"total": "value"})
    assert result.tables["sli"]["time"][0] == pd.Timestamp("2026-05-01T11:18:00.781Z")


def test_counters_survive_a_reset_and_a_late_error_series(tmp_path: Path) -> None:
    """A restart is no decrease, and the first error of a new series counts."""
    result = read_query(
        tmp_path,
        answer(
            series(["10", "30", "5", "8"], service="api", code="200"),
            series([None, None, "1", "2"], service="api", code="500"),
        ),
        unit="counter",
        absent="zero",
    )
    assert good_total(result) == [[20, 20], [5, 6], [3, 4]]


def test_all_series_of_a_file_can_be_one_part(tmp_path: Path) -> None:
    """columns = { total = "value" } adds the series of each service up."""
    document = answer(series(["1", "2"], job="a", pod="x"), series(["3", "4"], job="a", pod="y"))
    result = read_query(tmp_path, document, columns={"total": "value"})
    assert result.tables["sli"]["total"].tolist() == [4, 6]
    assert (result.series[0].service, result.series[0].part) == ("a", "total")


def test_one_series_can_be_one_part(tmp_path: Path) -> None:
    """columns = { total = NAME } is about that series, and no other is added to it."""
    document = answer(series(["1", "2"], job="a", pod="x"), series(["3", "4"], job="a", pod="y"))
    result = read_query(tmp_path, document, columns={"total": '{job="a", pod="x"}'})
    assert result.tables["sli"]["total"].tolist() == [1, 2]
    parts = {"bad": '{job="a", pod="x"}', "total": '{job="a", pod="y"}'}
    result = read_query(tmp_path, document, service="s", columns=parts)
    assert good_total(result) == [[2, 3], [2, 4]]


def test_ratio_is_weighted_by_time(tmp_path: Path) -> None:
    """One ratio per service becomes seconds."""
    result = read_query(tmp_path, answer(series(["0.5", "1"], app="a")), unit="ratio")
    assert good_total(result) == [[30, 60], [60, 60]]


def test_several_ratios_of_one_service_are_an_error(tmp_path: Path) -> None:
    """Ratios cannot be added up."""
    document = answer(series(["0.5", "1"], app="a", pod="x"), series(["1", "1"], app="a", pod="y"))
    with pytest.raises(ReadError, match="cannot be added up"):
        read_query(tmp_path, document, unit="ratio")


@pytest.mark.parametrize("value", ["+Inf", "-Inf", "Inf"])
def test_infinite_samples_are_counted(tmp_path: Path, value: str) -> None:
    """Inf costs its record and is listed."""
    result = read_query(
        tmp_path,
        answer(series([value, "1"], job="a", result="good"),
               series(["2", "2"], job="a", result="total")),
    )  # fmt: skip
    assert good_total(result) == [[1, 2]]
    assert result.rejects["line"].tolist() == [1]
    assert result.rows_read == result.rows_kept + len(result.rejects) == 2


def test_warnings_are_shown(tmp_path: Path) -> None:
    """A partial answer of Thanos does not look complete."""
    result = read_query(
        tmp_path, answer(series(["1", "1"], job="a", code="200"), warnings=["partial response"])
    )
    assert "Prometheus says: partial response" in result.notes


def test_same_sample_in_two_documents_counts_once(tmp_path: Path) -> None:
    """Glued pages that overlap give rejects, and a contradiction loses the sample."""
    one = answer(series(["1", "2"], job="a", code="200"))
    two = answer(series(["1", "5"], job="a", code="200"))
    result = read_query(tmp_path, json.dumps(one) + json.dumps(two), step="1m", absent="zero")
    assert good_total(result) == [[1, 1]]
    assert len(result.rejects) == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (answer(kind="vector"), "instant query"),
        (answer(kind="scalar"), "instant query"),
        ({"status": "error", "error": "timeout", "resultType": ""}, "the query failed: timeout"),
    ],
)
def test_other_answers_are_errors(tmp_path: Path, document: Any, said: str) -> None:
    """Instant queries and failures say what to export instead."""
    with pytest.raises(ReadError, match=said):
        read_query(tmp_path, document)


def test_cut_json_names_the_line(tmp_path: Path) -> None:
    """A truncated download is an error with its place."""
    text = json.dumps(answer(series(["1"], job="a")), indent=1)[:-9]
    with pytest.raises(ReadError, match=r"q\.json, line \d+: "):
        read_query(tmp_path, text)


def test_series_without_a_service_need_one(tmp_path: Path) -> None:
    """Labels that name no service ask for it."""
    with pytest.raises(ReadError, match="service"):
        read_query(tmp_path, answer(series(["1"], pod="x")), columns={"total": "value"})


def bucket(bound: str, values: list[Any], **more: str) -> dict[str, Any]:
    """A series of a histogram."""
    labels = {"__name__": "http_request_duration_seconds_bucket", "service": "api", "le": bound}
    return series(values, **labels, **more)


def test_a_histogram_becomes_one_indicator_per_bound(tmp_path: Path) -> None:
    """Events within each bound, of those within infinity; instances are added up."""
    result = read_query(
        tmp_path,
        answer(
            bucket("0.1", ["80", "70"], pod="a"), bucket("0.1", ["10", "20"], pod="b"),
            bucket("+Inf", ["90", "90"], pod="a"), bucket("+Inf", ["10", "20"], pod="b"),
            bucket("1", ["85", "90"], pod="a"), bucket("1.0", ["10", "20"], pod="b"),
        ),
    )  # fmt: skip
    frame = result.tables["sli"]
    assert frame.groupby("sli")["good"].apply(list).to_dict() == {
        "latency_le_0.1": [90, 90], "latency_le_1": [95, 110]
    }  # fmt: skip
    assert set(frame["total"]) == {100, 110}


def test_counters_of_a_histogram_are_differences(tmp_path: Path) -> None:
    """Raw buckets only grow; what is kept is what came between two samples."""
    document = answer(bucket("0.3", ["100", "180", "270"]), bucket("+Inf", ["100", "200", "300"]))
    assert good_total(read_query(tmp_path, document, unit="counter", sli="speed")) == [
        [80, 100],
        [90, 100],
    ]
    found = read_query(tmp_path, document, unit="counter", sli="speed").tables["sli"]["sli"]
    assert set(found) == {"speed_le_0.3"}


def test_a_histogram_without_its_last_bucket_is_refused(tmp_path: Path) -> None:
    """Without le="+Inf" nobody knows of how many events these are a part."""
    with pytest.raises(ReadError, match=r'histogram of \'api\' has no bucket le="\+Inf"'):
        read_query(tmp_path, answer(bucket("0.1", ["80"]), bucket("0.3", ["90"])))


def test_a_histogram_beside_status_codes_is_read_as_both(tmp_path: Path) -> None:
    """Availability from codes, latency from bounds."""
    result = read_query(
        tmp_path,
        answer(
            series(["90", "80"], service="api", code="200"),
            series(["10", "5"], service="api", code="500"),
            bucket("0.3", ["60", "70"]), bucket("+Inf", ["100", "85"]),
        ),
    )  # fmt: skip
    assert sorted(set(result.tables["sli"]["sli"])) == ["availability", "latency_le_0.3"]


RAW = (
    '"Time","shop good","shop total"\r\n'
    "1777385280000,7,8\r\n1777385340000,undefined,8\r\n1777385400000,8,8\r\n"
)
NAME = "requests & more [5m]-data-as-joinbyfield-2026-04-28 14_10_00.csv"


def read_panel(folder: Path, content: str | bytes, **said: object) -> tuple[str, FileResult]:
    """Format and result of a panel."""
    path = folder / NAME
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    return read(path, root=folder, source=source)


@pytest.mark.parametrize(
    "content",
    [
        RAW,
        "\ufeff" + RAW,
        "\ufeffsep=,\r\n" + RAW,
        "sep=,\r\n" + RAW,
        RAW + "\r\n",
        b"\xff\xfe" + RAW.replace(",", "\t").encode("utf-16-le"),
        RAW.replace(",", ";"),
    ],
    ids=["raw", "7.1 BOM", "Excel BOM sep", "Excel sep", "blank end", "Excel UTF-16", "semicolon"],
)
def test_every_dialect_gives_the_same_buckets(tmp_path: Path, content: str | bytes) -> None:
    """Epoch milliseconds are UTC: 1777385280000 is 2026-04-28T14:08:00Z."""
    form, result = read_panel(tmp_path, content)
    sli = result.tables["sli"]
    assert form == "grafana"
    assert sli["time"].tolist() == [
        pd.Timestamp("2026-04-28T14:08:00Z"), pd.Timestamp("2026-04-28T14:10:00Z"),
    ]  # fmt: skip
    assert sli["good"].tolist() == [7, 8]
    assert (result.rows_read, result.rows_kept, result.rows_missing) == (3, 3, 1)


FORMATTED = (
    '"Time","shop good","shop total"\n2026-04-28 14:08:00,NaN,NaN\n'
    "2026-04-28 14:09:00,7.47 K,20.3 K\n2026-04-28 14:10:00,,\n"
)


def test_formatted_export_needs_a_zone(tmp_path: Path) -> None:
    """Local times without a zone are an error with the fix."""
    with pytest.raises(ReadError, match=r"no time zone \(such as '2026-04-28 14:08:00'\)"):
        read_panel(tmp_path, FORMATTED)


def test_formatted_export_is_read_in_its_zone_with_a_warning(tmp_path: Path) -> None:
    """Units are undone, missing stays missing, and the note says the values are rounded."""
    _, result = read_panel(tmp_path, FORMATTED, timezone="Europe/London")
    sli = result.tables["sli"]
    assert sli["time"].tolist() == [pd.Timestamp("2026-04-28T13:09:00Z")]
    assert sli[["good", "total"]].values.tolist() == [[7470, 20300]]
    assert result.timezone == "Europe/London"
    assert any("rounded" in note for note in result.notes)


def test_legacy_long_table_is_read(tmp_path: Path) -> None:
    """Series;Time;Value of old versions, ISO times with an offset, in any order."""
    samples = [(1, "total", 6), (1, "good", 5), (0, "good", 9), (0, "total", 8)]
    samples += [(2, "good", 1), (2, "total", 1), (2, "total", 2)]
    rows = [(f"shop {role}", f"2026-01-01T01:0{m}:00+01:00", n) for m, role, n in samples]
    text = '"Series";"Time";"Value"\r\n' + "".join(f'"{s}";"{t}";{v}\r\n' for s, t, v in rows)
    _, result = read_panel(tmp_path, text)
    sli = result.tables["sli"]
    assert sli[["good", "total"]].values.tolist() == [[5, 6]]
    assert sli["time"].tolist() == [pd.Timestamp("2026-01-01T00:01:00Z")]
    assert result.rejects["line"].tolist() == [4, 7, 8]
    assert result.rows_read == result.rows_kept + len(result.rejects)


def test_units_of_a_long_table_are_checked_as_those_of_a_wide_one(tmp_path: Path) -> None:
    """Counts that carry milliseconds are none."""
    rows = [f"shop {role},2026-01-01T01:0{m}:00Z,{m + 1} ms" for m in (0, 1, 2)
            for role in ("good", "total")]  # fmt: skip
    with pytest.raises(ReadError, match="read as good, and its cells carry 'ms'"):
        read_panel(tmp_path, "Series,Time,Value\n" + "\n".join(rows) + "\n")


def test_status_code_labels_are_paired(tmp_path: Path) -> None:
    """5xx is bad, everything is total; an absent error series is unknown unless said."""
    text = (
        '"Time","{code=""200"", service=""api""}","{code=""503"", service=""api""}"\n'
        "1777385280000,90,10\n1777385340000,50,undefined\n"
    )
    _, result = read_panel(tmp_path, text)
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[90, 100]]
    assert result.series[0].service == "api"
    _, result = read_panel(tmp_path, text, absent="zero")
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[90, 100], [50, 50]]


def test_infinite_cells_are_counted(tmp_path: Path) -> None:
    """A division by zero is a reject, the rest of the column stays."""
    _, result = read_panel(tmp_path, RAW.replace("undefined", "Infinity"))
    assert result.rejects[["line", "value"]].values.tolist() == [[3, "Infinity"]]


def test_unpaired_panel_is_an_error_naming_columns_and_fix(tmp_path: Path) -> None:
    """A panel of something else says how to pair it or leave it out."""
    text = '"Time","get","put"\n1777385280000,1,2\n'
    with pytest.raises(ReadError, match=r"(?s)'get', 'put'.*\[\[file.series\]\].*ignore"):
        read_panel(tmp_path, text)


def test_rate_panel_becomes_events(tmp_path: Path) -> None:
    """Requests per second times the 60 s between samples."""
    _, result = read_panel(tmp_path, RAW, unit="rate")
    assert result.tables["sli"]["total"].tolist() == [480, 480]


def test_panel_of_one_ratio_is_weighted_by_time(tmp_path: Path) -> None:
    """A ratio column, percent signs included, becomes seconds."""
    text = '"Time","up"\n1777385280000,99.5%\n1777385340000,50%\n'
    _, result = read_panel(tmp_path, text, series=[{"service": "a", "ratio": "up"}])
    assert result.tables["sli"]["good"].tolist() == pytest.approx([59.7, 30])
    assert result.series[0].weighting == "time"


def test_a_metric_that_is_text_names_no_service(tmp_path: Path) -> None:
    """Labels are looked for in objects only."""
    entry = series([1, 1]) | {"metric": "up"}
    with pytest.raises(ReadError, match="names no service"):
        read_query(tmp_path, answer(entry), unit="ratio")
    assert good_total(read_query(tmp_path, answer(entry), unit="ratio", service="shop")) == [
        [60.0, 60.0], [60.0, 60.0]
    ]  # fmt: skip


@pytest.mark.parametrize("said", [{}, {"unit": "ratio"}])
def test_an_empty_answer_is_a_file_without_rows(tmp_path: Path, said: dict[str, str]) -> None:
    """A query that finds nothing is no error, and nothing is made of it."""
    for document in (answer(), answer(series([]))):
        found = read_query(tmp_path, document, **said)
        assert (found.rows_read, found.rows_kept, len(found.tables["sli"])) == (0, 0, 0)
        assert found.notes == ("the query found no samples in this span of time",)


def test_replicas_of_a_pair_are_said_and_not_summed(tmp_path: Path) -> None:
    """Of two servers that scrape the same the fuller one counts, in every document."""
    pair = [
        series([7, 5, 8], service="a", code=code, prometheus_replica=name)
        for code in ("200", "500") for name in ("x", "y")
    ]  # fmt: skip
    pair[0]["values"].pop()
    later = series([9], service="a", code="200", prometheus_replica="y")
    later["values"][0][0] += 180
    found = read_query(tmp_path, answer(*pair, later))
    assert good_total(found) == [[7, 14], [5, 10], [8, 16]]
    assert any(note.startswith("2 series differ from another in their replica") for note in
               found.notes)  # fmt: skip


def test_samples_that_differ_by_dust_are_one(tmp_path: Path) -> None:
    """Overlapping exports of one float differ in the last digits."""
    first, second = series([0.1 + 0.2], service="a"), series([0.3], service="a")
    found = read_query(tmp_path, answer(first, second), unit="ratio", step="1m")
    assert found.tables["sli"]["good"].tolist() == pytest.approx([18])
    (reason,) = found.rejects["reason"]
    assert reason == "repeats an earlier sample of this series: remove one"


@pytest.mark.parametrize("wide", [True, False])
def test_replicas_in_a_panel_are_said_and_not_summed(tmp_path: Path, wide: bool) -> None:
    """The labels in the names of columns, or of series, tell a pair as those of a query do."""
    label = '{{code="{}", service="a", replica="{}"}}'
    names = [label.format(code, pod) for code in ("200", "500") for pod in ("x", "y")]
    rows = [(START, "", 7, 2, 2), (START + 60, 5, 5, 1, "")]
    lines = [["Time", *names], *rows]
    if not wide:
        cells = [(name, time, cell) for time, *row in rows
                 for name, cell in zip(names, row, strict=True) if cell != ""]  # fmt: skip
        lines = [["Series", "Time", "Value"], *cells]
    with (tmp_path / "p.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    form, found = read(tmp_path / "p.csv", root=tmp_path)
    assert form == "grafana"
    assert good_total(found) == [[7, 9], [5, 6]]
    assert any(note.startswith("2 series differ from another in their replica") for note in
               found.notes)  # fmt: skip
