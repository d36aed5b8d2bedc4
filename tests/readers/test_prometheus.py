"""Prometheus range queries as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.readers.source import Source

START = 1777634280  # 2026-05-01T11:18:00Z


def series(values: list[Any], *, step: int = 60, **labels: str) -> dict[str, Any]:
    """A series of the matrix; None leaves a sample out."""
    samples = [[START + step * n, v] for n, v in enumerate(values) if v is not None]
    return {"metric": labels, "values": samples}


def answer(*result: dict[str, Any], kind: str = "matrix", **more: Any) -> dict[str, Any]:
    """What the HTTP API answers."""
    return {"status": "success", "data": {"resultType": kind, "result": list(result)}, **more}


def of(folder: Path, document: Any, **said: object) -> FileResult:
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
    result = of(
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
    result = of(tmp_path, document)
    assert good_total(result) == []
    assert any('say absent = "zero"' in note for note in result.notes)
    assert good_total(of(tmp_path, document, absent="zero")) == [[90, 90], [50, 50]]


def test_counters_without_their_other_series_are_unknown(tmp_path: Path) -> None:
    """The increase of a sum is known only between samples that have all of its series."""
    document = answer(
        series(["10", "30", "35", "45"], service="api", code="200"),
        series([None, None, "1", "2"], service="api", code="500"),
    )
    assert good_total(of(tmp_path, document, unit="counter")) == [[10, 11]]


def test_fractions_of_seconds_are_kept(tmp_path: Path) -> None:
    """1435781430.781 style times lose no millisecond."""
    text = json.dumps(answer(series(["1", "2"], job="a"))).replace(f"{START},", f"{START}.781,")
    result = of(tmp_path, text, columns={"total": "value"})
    assert result.tables["sli"]["time"][0] == pd.Timestamp("2026-05-01T11:18:00.781Z")


def test_counters_survive_a_reset_and_a_late_error_series(tmp_path: Path) -> None:
    """A restart is no decrease, and the first error of a new series counts."""
    result = of(
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
    result = of(tmp_path, document, columns={"total": "value"})
    assert result.tables["sli"]["total"].tolist() == [4, 6]
    assert (result.series[0].service, result.series[0].part) == ("a", "total")


def test_ratio_is_weighted_by_time(tmp_path: Path) -> None:
    """One ratio per service becomes seconds."""
    result = of(tmp_path, answer(series(["0.5", "1"], app="a")), unit="ratio")
    assert good_total(result) == [[30, 60], [60, 60]]


def test_several_ratios_of_one_service_are_an_error(tmp_path: Path) -> None:
    """Ratios cannot be added up."""
    document = answer(series(["0.5", "1"], app="a", pod="x"), series(["1", "1"], app="a", pod="y"))
    with pytest.raises(ReadError, match="cannot be added up"):
        of(tmp_path, document, unit="ratio")


@pytest.mark.parametrize("value", ["+Inf", "-Inf", "Inf"])
def test_infinite_samples_are_counted(tmp_path: Path, value: str) -> None:
    """Inf costs its record and is listed."""
    result = of(
        tmp_path,
        answer(series([value, "1"], job="a", result="good"),
               series(["2", "2"], job="a", result="total")),
    )  # fmt: skip
    assert good_total(result) == [[1, 2]]
    assert result.rejects["line"].tolist() == [1]
    assert result.rows_read == result.rows_kept + len(result.rejects) == 2


def test_warnings_are_shown(tmp_path: Path) -> None:
    """A partial answer of Thanos does not look complete."""
    result = of(
        tmp_path, answer(series(["1", "1"], job="a", code="200"), warnings=["partial response"])
    )
    assert "Prometheus says: partial response" in result.notes


def test_same_sample_in_two_documents_counts_once(tmp_path: Path) -> None:
    """Glued pages that overlap give rejects, and a contradiction loses the sample."""
    one = answer(series(["1", "2"], job="a", code="200"))
    two = answer(series(["1", "5"], job="a", code="200"))
    result = of(tmp_path, json.dumps(one) + json.dumps(two), step="1m", absent="zero")
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
        of(tmp_path, document)


def test_cut_json_names_the_line(tmp_path: Path) -> None:
    """A truncated download is an error with its place."""
    text = json.dumps(answer(series(["1"], job="a")), indent=1)[:-9]
    with pytest.raises(ReadError, match=r"q\.json, line \d+: "):
        of(tmp_path, text)


def test_series_without_a_service_need_one(tmp_path: Path) -> None:
    """Labels that name no service ask for it."""
    with pytest.raises(ReadError, match="service"):
        of(tmp_path, answer(series(["1"], pod="x")), columns={"total": "value"})


def bucket(bound: str, values: list[Any], **more: str) -> dict[str, Any]:
    """A series of a histogram."""
    labels = {"__name__": "http_request_duration_seconds_bucket", "service": "api", "le": bound}
    return series(values, **labels, **more)


def test_a_histogram_becomes_one_indicator_per_bound(tmp_path: Path) -> None:
    """Events within each bound, of those within infinity; instances are added up."""
    result = of(
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
    assert good_total(of(tmp_path, document, unit="counter", sli="speed")) == [[80, 100], [90, 100]]
    found = of(tmp_path, document, unit="counter", sli="speed").tables["sli"]["sli"]
    assert set(found) == {"speed_le_0.3"}


def test_a_histogram_without_its_last_bucket_is_refused(tmp_path: Path) -> None:
    """Without le="+Inf" nobody knows of how many events these are a part."""
    with pytest.raises(ReadError, match=r'histogram of \'api\' has no bucket le="\+Inf"'):
        of(tmp_path, answer(bucket("0.1", ["80"]), bucket("0.3", ["90"])))


def test_a_histogram_beside_status_codes_is_read_as_both(tmp_path: Path) -> None:
    """Availability from codes, latency from bounds."""
    result = of(
        tmp_path,
        answer(
            series(["90", "80"], service="api", code="200"),
            series(["10", "5"], service="api", code="500"),
            bucket("0.3", ["60", "70"]), bucket("+Inf", ["100", "85"]),
        ),
    )  # fmt: skip
    assert sorted(set(result.tables["sli"]["sli"])) == ["availability", "latency_le_0.3"]
