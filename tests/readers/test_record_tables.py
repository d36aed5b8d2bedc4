"""Rules for rows of records: status, environment, maintenance, duplicates, order."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib import tables
from srelib.readers import record_tables
from srelib.readers.base import Head
from srelib.sources import UNSAID, Source
from tests.readers.test_records import read, utc


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("success", "succeeded"), ("Succeeded", "succeeded"), ("ok", "succeeded"),
        ("finished", "succeeded"), ("FAILURE", "failed"), ("error", "failed"),
        ("rollback", "rolled_back"), ("Rolled Back", "rolled_back"), ("reverted", "rolled_back"),
        ("aborted", "cancelled"), ("cancelled", "cancelled"), ("canceled", "cancelled"),
    ],
)  # fmt: skip
def test_words_for_a_status_mean_one_of_four(tmp_path, word, meaning):
    """Tools have their own words; the table has four."""
    text = f"deployment_id,service,finished_at,status\n1,shop,2026-06-01T10:00:00Z,{word}\n"
    assert read(tmp_path, text).tables["deployments"]["status"].tolist() == [meaning]


def test_an_unknown_status_is_refused_and_the_allowed_ones_named(tmp_path):
    """A word nobody knows is not guessed to be a success."""
    text = "deployment_id,service,finished_at,status\n1,shop,2026-06-01T10:00:00Z,purple\n"
    row = read(tmp_path, text).rejects.iloc[0]
    assert (row["line"], row["column"], row["value"]) == (2, "status", "purple")
    assert "succeeded, failed, rolled_back, cancelled" in row["reason"]


def test_an_empty_status_beside_filled_ones_is_refused(tmp_path):
    """One blank cell is unknown, not a success."""
    text = (
        "deployment_id,service,finished_at,status\n"
        "1,shop,2026-06-01T10:00:00Z,ok\n2,shop,2026-06-01T11:00:00Z,\n"
    )
    assert read(tmp_path, text).rejects["line"].tolist() == [3]


def test_without_a_status_column_every_deployment_succeeded_and_a_note_says_so(tmp_path):
    """A plain list of deployments is a list of what was shipped."""
    result = read(tmp_path, "deployment_id,service,finished_at\n1,shop,2026-06-01T10:00:00Z\n")
    assert result.tables["deployments"]["status"].tolist() == ["succeeded"]
    assert any("every deployment is taken as succeeded" in note for note in result.notes)


@pytest.mark.parametrize(
    ("column", "cell", "planned"),
    [("planned", "yes", True), ("planned", "0", False), ("is_rollback", "1", False),
     ("hotfix", "False", True)],
)  # fmt: skip
def test_planned_is_read_from_yes_and_no_and_turned_round_for_hotfixes(
    tmp_path, column, cell, planned
):
    """A hotfix or a rollback is not planned."""
    text = f"deployment_id,service,finished_at,{column}\n1,shop,2026-06-01T10:00:00Z,{cell}\n"
    assert read(tmp_path, text).tables["deployments"]["planned"].tolist() == [planned]


def test_a_flag_that_is_neither_yes_nor_no_is_refused(tmp_path):
    """`maybe` is not turned into a guess; an empty cell stays unknown."""
    text = (
        "deployment_id,service,finished_at,planned\n"
        "1,shop,2026-06-01T10:00:00Z,maybe\n2,shop,2026-06-01T10:00:00Z,\n"
    )
    result = read(tmp_path, text)
    assert result.rejects[["column", "value"]].values.tolist() == [["planned", "maybe"]]
    assert result.tables["deployments"]["planned"].isna().tolist() == [True]


@pytest.mark.parametrize(
    ("environment", "kept"), [((), ["2", "4"]), ("dev", ["1"]), (("dev", "pro.*"), ["1", "2"])]
)
def test_only_the_environments_asked_for_stay(tmp_path, environment, kept):
    """Nothing said: production, and rows that name no environment."""
    text = "deployment_id,service,environment,finished_at\n" + "".join(
        f"{n},shop,{name},2026-06-0{n}T10:00:00Z\n"
        for n, name in enumerate(("dev", "prod", "test", ""), 1)
    )
    result = read(tmp_path, text, Source(match="*", environment=environment))
    assert result.tables["deployments"]["deployment_id"].tolist() == kept
    assert set(result.rejects["column"]) == {"environment"}


INCIDENTS = "incident_id,service,impact,started_at,resolved_at,title\n"


def test_an_incident_resolved_before_it_started_is_refused(tmp_path):
    """The reject shows the end that cannot be."""
    text = INCIDENTS + "1,shop,minor,2026-06-01T10:00:00Z,2026-06-01T09:00:00Z,x\n"
    row = read(tmp_path, text).rejects.iloc[0]
    assert (row["column"], row["value"]) == ("resolved_at", "2026-06-01T09:00:00Z")
    assert row["reason"] == "resolved_at lies before started_at: correct one of them"


def test_zero_length_open_and_out_of_order_incidents_stay(tmp_path):
    """Odd but possible: kept as they are, in the order of the file."""
    text = (
        INCIDENTS
        + "2,shop,minor,2026-06-02T10:00:00Z,2026-06-02T10:00:00Z,zero\n"
        + "1,shop,minor,2026-06-01T10:00:00Z,,open\n"
    )
    table = read(tmp_path, text).tables["incidents"]
    assert table["incident_id"].tolist() == ["2", "1"]
    assert table["resolved_at"].isna().tolist() == [False, True]


@pytest.mark.parametrize("word", ["maintenance", "Maintenance", "scheduled maintenance"])
def test_planned_maintenance_is_an_exclusion_not_an_incident(tmp_path, word):
    """Announced work does not count as downtime; its title is the reason."""
    text = (
        INCIDENTS
        + f"1,shop,{word},2026-06-01T10:00:00Z,2026-06-01T12:00:00Z,Move\n"
        + "2,shop,major,2026-06-02T10:00:00Z,2026-06-02T10:30:00Z,Down\n"
    )
    result = read(tmp_path, text)
    assert result.tables["incidents"]["incident_id"].tolist() == ["2"]
    window = result.tables["exclusions"].iloc[0]
    assert (window["service"], window["reason"]) == ("shop", "Move")
    assert (window["starts_at"], window["ends_at"]) == (
        utc("2026-06-01T10:00"), utc("2026-06-01T12:00"),
    )  # fmt: skip
    assert any("1 planned maintenance windows became exclusions" in note for note in result.notes)


def test_maintenance_without_an_end_is_refused(tmp_path):
    """An open window would excuse everything that follows."""
    result = read(tmp_path, INCIDENTS + "1,shop,maintenance,2026-06-01T10:00:00Z,,Move\n")
    assert result.rows_kept == 0
    assert "without an end" in result.rejects["reason"][0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_rows_of_one_record_are_its_history(tmp_path, order):
    """The row with the latest end counts in any order of rows; the others are left out."""
    rows = [f"1,shop,minor,2026-06-01T10:00:00Z,{end},x\n" for end in (
        "", "2026-06-01T11:00:00Z", "2026-06-01T12:00:00Z")]  # fmt: skip
    elsewhere = "1,cart,minor,2026-06-01T10:00:00Z,2026-06-01T12:00:00Z,x\n"
    result = read(tmp_path, INCIDENTS + "".join(rows[n] for n in order) + elsewhere)
    incidents = result.tables["incidents"]
    assert incidents["service"].tolist() == ["shop", "cart"]
    assert set(incidents["resolved_at"].dt.hour) == {12}
    assert result.rejects["line"].tolist() == [2 + n for n in range(3) if order[n] != 2]
    assert tables.left_out(result.rejects).all()
    assert result.rows_read == result.rows_kept + len(result.rejects) == 4


def test_rows_without_identifiers_get_them_from_service_and_time(tmp_path):
    """Two incidents at one moment stay two; a row pasted twice stays one."""
    text = (
        "service,severity,started_at,resolved_at,title\n"
        "shop,1,2026-06-01T10:00:00Z,2026-06-01T11:00:00Z,a\n"
        "shop,1,2026-06-01T10:00:00Z,2026-06-01T11:00:00Z,b\n"
        "shop,1,2026-06-01T10:00:00Z,2026-06-01T11:00:00Z,a\n"
    )
    result = read(tmp_path, text)
    assert result.tables["incidents"]["incident_id"].tolist() == [
        "shop 2026-06-01T10:00:00Z", "shop 2026-06-01T10:00:00Z #2",
    ]  # fmt: skip
    assert result.rejects["line"].tolist() == [4]


def test_a_required_cell_that_is_empty_costs_its_row(tmp_path):
    """No start, no incident; no service, no incident, unless one is said for the file."""
    text = INCIDENTS + "1,shop,minor,,2026-06-01T09:00:00Z,x\n2,,minor,2026-06-01T10:00:00Z,,y\n"
    result = read(tmp_path, text)
    assert result.rejects[["line", "column"]].values.tolist() == [[2, "started_at"], [3, "service"]]
    said = read(tmp_path, text, Source(match="*", service="shop"))
    assert said.tables["incidents"]["incident_id"].tolist() == ["2"]


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**bold** [link](javascript:alert(1)) `code` | cell",
    "../../etc/passwd",
    "C:\\temp\\shop",
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "{{ config }} ${HOME} %s",
    "Ünïcödé 🟥 \u202edrawkcab",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_arrives_as_written(tmp_path, text):
    """Names and titles are data: nothing is interpreted, nothing is lost."""
    cell = '"' + text.replace('"', '""') + '"'
    rows = f"{INCIDENTS}1,{cell},minor,2026-06-01T10:00:00Z,,{cell}\n"
    incident = read(tmp_path, rows).tables["incidents"].iloc[0]
    assert (incident["service"], incident["title"]) == (text, text)


TIMES = st.sampled_from(
    ["2026-06-01T10:00:00Z", "2026-06-01T12:30:00+02:00", "2026-05-31T09:00:00Z", "", "soon", "x",
     "1780308000", "2026-13-01T00:00:00Z", "1999-01-01T00:00:00Z"]
)  # fmt: skip
CELLS = {
    "incident_id": st.sampled_from(["1", "2", "3", "", "x,y", 'q"q', "a\nb"]),
    "service": st.sampled_from(["shop", "cart", "", " shop "]),
    "severity": st.sampled_from(["minor", "maintenance", "", "MAINTENANCE"]),
    "started_at": TIMES,
    "resolved_at": TIMES,
    "title": st.sampled_from(["down", "", "line\nbreak", "null"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS)
def test_rows_read_are_rows_kept_plus_rows_refused(tmp_path, rows):
    """On any messy file: nothing is lost, each refused line is one of the file, with a reason."""
    anchor = {
        "incident_id": "0", "service": "shop", "severity": "minor", "title": "anchor",
        "started_at": "2026-06-01T08:00:00Z", "resolved_at": "2026-06-01T08:30:00Z",
    }  # fmt: skip
    text = pd.DataFrame([anchor, *rows])[list(CELLS)].to_csv(index=False)
    result = read(tmp_path, text)
    assert result.rows_read == len(rows) + 1
    assert result.rejects["line"].is_unique
    assert result.rejects["line"].between(2, text.count("\n")).all()
    assert (result.rejects["reason"].str.len() > 0).all()
    table = result.tables["incidents"]
    assert not (table["resolved_at"] < table["started_at"]).any()


@settings(max_examples=15, deadline=None)
@given(rows=st.permutations(range(6)))
def test_the_order_of_rows_changes_nothing_but_the_order(rows):
    """Any order of distinct incidents gives the same set of incidents."""
    frame = pd.DataFrame(
        {
            "incident_id": [str(n) for n in range(6)],
            "service": "shop",
            "severity": ["minor", "maintenance"] * 3,
            "started_at": pd.date_range("2026-06-01", periods=6, freq="h", tz="UTC"),
            "resolved_at": pd.date_range("2026-06-01T00:30", periods=6, freq="h", tz="UTC"),
        }
    )
    before = frame.copy()
    head = Head(Path("i.csv"), "i.csv", False, "utf-8", "csv", "")
    said = {"head": head, "source": UNSAID, "lines": range(6)}
    straight = record_tables.read_rows(frame, "incidents", **said)
    turned = record_tables.read_rows(frame.iloc[rows], "incidents", **said)
    for name, by in (("incidents", "incident_id"), ("exclusions", "starts_at")):
        pd.testing.assert_frame_equal(
            straight.tables[name].sort_values(by, ignore_index=True),
            turned.tables[name].sort_values(by, ignore_index=True),
        )
    pd.testing.assert_frame_equal(frame, before)


def test_an_alert_that_ended_is_no_longer_open(tmp_path):
    """Of a row while it fired and one after, the end counts; an open one alone stays."""
    rows = [("Burn", ""), ("Burn", "2026-06-01T10:30:00Z"), ("Slow", "")]
    text = "service,rule,severity,fired_at,resolved_at\n" + "".join(
        f"shop,{rule},page,2026-06-01T10:00:00Z,{end}\n" for rule, end in rows
    )
    result = read(tmp_path, text)
    found = result.tables["alerts"].set_index("rule")["resolved_at"]
    assert found.index.tolist() == ["Burn", "Slow"]
    assert found["Burn"] == utc("2026-06-01T10:30")
    assert pd.isna(found["Slow"])
    assert (result.rows_read, result.rows_kept, result.rejects["line"].tolist()) == (3, 2, [2])
