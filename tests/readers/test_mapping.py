"""JSON of any kind, as sources.toml maps it."""

from __future__ import annotations

import json

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted, read


def probe(minute, good=9, **more):
    """One bucket of a probe nobody knows."""
    return {"ts": f"2026-06-01T00:{minute:02d}:00Z", "meta": {"name": "web"}, "ok": good,
            "all": 10} | more  # fmt: skip


COUNTS = {
    "table": "sli", "unit": "count", "records": "data.items",
    "columns": {"time": "ts", "service": "meta.name", "good": "ok", "total": "all"},
}  # fmt: skip


def read_probe(folder, content, **said):
    """The file as sources.toml maps it, with its records conserved."""
    path = folder / "probe.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    form, result = recognition.read(path, root=folder, source=Source(match="*", **COUNTS | said))
    assert form == "json"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"data": {"items": rows}},
        lambda rows: "\n".join(json.dumps({"data": {"items": row}}) for row in rows),
        lambda rows: [{"data": {"items": rows[:1]}}, {"data": {"items": rows[1:]}}],
    ],
    ids=["document", "lines", "pages"],
)
def test_counts_of_any_json_are_read(tmp_path, wrap):
    """Documents, lines and pages alike, with dotted keys."""
    sli = read_probe(tmp_path, wrap([probe(0), probe(1, 10), probe(2)])).tables["sli"]
    assert sli["service"].astype("str").tolist() == ["web"] * 3
    assert (sli["good"].tolist(), sli["total"].tolist()) == ([9, 10, 9], [10, 10, 10])
    assert sli["time"].tolist() == [at("06-01T00:00"), at("06-01T00:01"), at("06-01T00:02")]


def test_records_are_counted_and_refused_by_their_number(tmp_path):
    """What is no object, what is no number, and what where does not choose."""
    rows = [probe(0), None, probe(1, "many"), probe(2, kind="test"), probe(3)]
    for row in rows:
        if row and "kind" not in row:
            row["kind"] = "live"
    result = read_probe(tmp_path, {"data": {"items": rows}}, where={"kind": "live"})
    assert result.rejects["line"].tolist() == [2, 3, 4]
    assert result.rejects["by_rule"].fillna(False).tolist() == [False, False, True]
    assert noted(result, "1 records left out by kind: 'test' 1")
    assert result.lines([0, 1]).tolist() == [1, 5]


@pytest.mark.parametrize("absent", ["zero", "unknown"])
def test_records_that_contradict_each_other_are_refused(tmp_path, absent):
    """Also where one of two records at a time holds only a part of the counts."""
    rows = [probe(0), probe(0, 7, all=None), probe(1), probe(2), probe(2, all=None)]
    result = read_probe(tmp_path, {"data": {"items": rows}}, absent=absent)
    assert result.tables["sli"]["time"].tolist() == [at("06-01T00:01"), at("06-01T00:02")]
    assert result.rejects[["line", "value"]].values.tolist() == [[1, "9"], [2, "7"]]
    assert set(result.rejects["reason"]) == {"another row has another value: remove one"}


@pytest.mark.parametrize("unit", ["count", "counter"])
def test_parts_in_records_of_their_own_never_count_as_zero(tmp_path, unit):
    """A point of errors beside that of the total is there: absent = "zero" is not about it."""
    rows = [record for n in range(1, 12) for record in (
        probe(n, None, all=10 * n), {**probe(n, None, all=None), "errors": n})]  # fmt: skip
    columns = {"time": "ts", "service": "meta.name", "bad": "errors", "total": "all"}
    said = {"columns": columns, "absent": "zero", "unit": unit}
    result = read_probe(tmp_path, {"data": {"items": rows}}, **said)
    assert not len(result.tables["sli"])
    assert len(result.rejects)


@pytest.mark.parametrize("columns", [("value",), ("value", "total")])
def test_a_value_is_no_count(tmp_path, columns):
    """With the unit count, a column value alone is refused."""
    mapped = {"time": "ts", "service": "meta.name"} | dict.fromkeys(columns, "ok")
    with pytest.raises(ReadError, match=r"unit is 'count', but the columns given are .*value"):
        read_probe(tmp_path, {"data": {"items": [probe(0), probe(1)]}}, columns=mapped)


def test_incidents_of_any_json_are_read(tmp_path):
    """Dotted keys say which column is which; a list of services gives a row for each."""
    record = {"ref": "A1", "times": {"start": "2026-06-01T10:00:00Z"}, "hit": ["web", "api"]}
    said = {
        "table": "incidents",
        "records": "all",
        "columns": {"incident_id": "ref", "started_at": "times.start", "service": "hit"},
    }
    result = read(tmp_path, "json", {"all": [record]}, **said)
    assert result.tables["incidents"]["service"].tolist() == ["web", "api"]
    assert result.tables["incidents"]["started_at"].tolist() == [at("06-01T10:00")] * 2


def test_own_names_of_columns_need_no_map(tmp_path):
    """A key that is called like a column is that column, in any spelling."""
    record = {"ruleId": 1, "service": "web", "firedAt": "2026-06-01T10:00:00Z", "rule": "Slow"}
    result = read(tmp_path, "json", [record], table="alerts", columns={"severity": "level"})
    assert result.tables["alerts"]["rule"].tolist() == ["Slow"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"records": "data.rows"}, r"no records at 'data.rows'; objects stand at 'data', 'data.it"),
        ({"table": None, "unit": None, "columns": {}}, r"which table.*Fix: add table = "),
        ({"table": "incidents", "unit": None, "columns": {"incident_id": "ok"}},
         r"no record has a value for service at 'service'; keys seen: 'ts', 'meta'"),
    ],
)  # fmt: skip
def test_what_is_not_said_is_asked_for(tmp_path, said, message):
    """With what stands in the file and the line to write."""
    with pytest.raises(ReadError, match=message):
        read_probe(tmp_path, {"data": {"items": [probe(0), probe(1)]}}, **said)


def test_deployments_of_json_lines_are_read(tmp_path):
    """Their words in srelib's, their times as they stand."""
    lines = [
        {"d": {"id": 1, "when": "2026-06-01T10:00:00Z", "state": "Deployed"}, "svc": "web"},
        {"d": {"id": 2, "when": 1780308060000, "state": "Broken"}, "svc": "web"},
    ]
    said = {
        "table": "deployments", "values": {"status": {"deployed": "succeeded", "broken": "failed"}},
        "columns": {"deployment_id": "d.id", "finished_at": "d.when", "status": "d.state",
                    "service": "svc"},
    }  # fmt: skip
    table = read(tmp_path, "json", "\n".join(map(json.dumps, lines)), **said).tables["deployments"]
    assert table["status"].tolist() == ["succeeded", "failed"]
    assert table["finished_at"].tolist() == [at("06-01T10:00"), at("06-01T10:01")]


def test_lists_beside_each_other_are_no_records(tmp_path):
    """Of columns that stand by themselves only the first values would be read."""
    columns = {
        "ts": ["2026-06-01T00:00:00Z", "2026-06-01T00:01:00Z"],
        "ok": [9, 8],
        "all": [10, 10],
    }
    with pytest.raises(ReadError, match="each column stands by itself"):
        read_probe(tmp_path, columns, records=None, service="web",
                   columns={"time": "ts", "good": "ok", "total": "all"})  # fmt: skip


def test_services_in_a_list_of_objects_go_by_their_names(tmp_path):
    """One object or several, as in a cell of a table."""
    times = {"start": "2026-06-01T10:00:00Z", "end": "2026-06-01T11:00:00Z"}
    records = [times | {"id": "a", "of": ["web"]},
               times | {"id": "b", "of": [{"name": "web"}, {"name": "api"}]}]  # fmt: skip
    columns = {"incident_id": "id", "service": "of", "started_at": "start", "resolved_at": "end"}
    result = read_probe(tmp_path, records, table="incidents", unit=None, records=None,
                        columns=columns)  # fmt: skip
    found = result.tables["incidents"]
    assert found[["incident_id", "service"]].to_numpy().tolist() == (
        [["a", "web"], ["b", "web"], ["b", "api"]]
    )
