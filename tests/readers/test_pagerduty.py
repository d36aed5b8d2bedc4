"""PagerDuty incidents: both sets of names, offsets, acknowledgement, truncation."""

import csv
import io

import pandas as pd
import pytest

from srelib.readers import recognition
from srelib.readers.source import Source

REPORT = [
    "id",
    "incident_number",
    "description",
    "service_id",
    "service_name",
    "escalation_policy_id",
    "escalation_policy_name",
    "created_on",
    "resolved_on",
    "seconds_to_first_ack",
    "seconds_to_resolve",
    "auto_resolved",
    "escalation_count",
    "auto_escalation_count",
    "acknowledge_count",
    "assignment_count",
    "acknowledged_by_user_ids",
    "acknowledged_by_user_names",
    "assigned_to_user_ids",
    "assigned_to_user_names",
    "resolved_by_user_id",
    "resolved_by_user_name",
    "urgency",
]
INSIGHTS = (
    "id,incident_number,title,service_name,created_at,resolved_at,seconds_to_first_ack,urgency"
)


def row(**cells):
    """One incident as PagerDuty writes it, with the cells that matter."""
    usual = {
        "id": "Q38V2M61ITSKVU", "incident_number": "96830", "description": "checkout is down",
        "service_id": "POQT69N", "service_name": "checkout",
        "created_on": "2023-02-26T00:10:04+00:00", "resolved_on": "2023-02-26T00:34:06+00:00",
        "seconds_to_resolve": "1442", "auto_resolved": "0", "urgency": "high",
    }  # fmt: skip
    return usual | cells


def read(folder, rows, header=REPORT, source=None):
    """Result of reading the rows as a PagerDuty export."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "incidents.csv"
    path.write_text(out.getvalue())
    kind, result = recognition.read(path, root=folder, source=source)
    assert kind == "pagerduty"
    assert result.rows_read == result.rows_kept + result.rows_rejected == len(rows)
    return result


def test_an_incident_starts_when_it_was_created_and_keeps_its_name(tmp_path):
    """Identifier, service, urgency and title come over; creation is start and detection."""
    incident = read(tmp_path, [row()]).tables["incidents"].iloc[0]
    assert incident[["incident_id", "service", "severity", "title"]].tolist() == [
        "Q38V2M61ITSKVU", "checkout", "high", "checkout is down",
    ]  # fmt: skip
    assert incident["started_at"] == incident["detected_at"] == pd.Timestamp("2023-02-26T00:10:04Z")
    assert incident["resolved_at"] == pd.Timestamp("2023-02-26T00:34:06Z")


def test_offsets_of_the_account_become_utc(tmp_path):
    """Times carry the offset of whoever exported them, summer and winter in one file."""
    rows = [
        row(
            id="a", created_on="2023-07-01T12:00:00+02:00", resolved_on="2023-07-01T13:00:00+02:00"
        ),
        row(
            id="b", created_on="2023-01-01T12:00:00-08:00", resolved_on="2023-01-01T13:00:00-08:00"
        ),
    ]
    table = read(tmp_path, rows).tables["incidents"]
    assert table["started_at"].tolist() == [
        pd.Timestamp("2023-07-01T10:00:00Z"), pd.Timestamp("2023-01-01T20:00:00Z"),
    ]  # fmt: skip


def test_acknowledgement_is_creation_plus_the_seconds_told(tmp_path):
    """An incident nobody acknowledged has no time of acknowledgement: missing, not zero."""
    table = read(
        tmp_path, [row(id="a", seconds_to_first_ack="90"), row(id="b", seconds_to_first_ack="")]
    ).tables["incidents"]
    assert table["acknowledged_at"][0] == pd.Timestamp("2023-02-26T00:11:34Z")
    assert table["acknowledged_at"].isna().tolist() == [False, True]


def test_an_open_incident_stays_open(tmp_path):
    """No resolution in the file: still open, kept."""
    table = read(tmp_path, [row(resolved_on="")]).tables["incidents"]
    assert table["resolved_at"].isna().all()
    assert len(table) == 1


def test_the_names_of_the_newer_exports_are_read_as_well(tmp_path):
    """`created_at`, `resolved_at` and `title` mean what `created_on` and the others mean."""
    new = {"title": "slow", "created_at": "2026-06-01T10:00:00Z", "resolved_at": ""}
    table = read(tmp_path, [row(**new)], INSIGHTS.split(",")).tables["incidents"]
    assert table[["started_at", "title"]].values.tolist() == [
        [pd.Timestamp("2026-06-01T10:00:00Z"), "slow"]
    ]


def test_the_small_export_of_plans_without_analytics_is_read(tmp_path):
    """`#, Service, Opened On, Resolved On` is enough."""
    header = ["#", "Service", "Opened On", "Resolved On", "Resolve By", "Duration", "# Escalations"]
    cells = {
        "#": "12", "Service": "checkout", "Opened On": "2026-06-01T10:00:00Z",
        "Resolved On": "2026-06-01T10:30:00Z",
    }  # fmt: skip
    table = read(tmp_path, [cells], header).tables["incidents"]
    assert table[["incident_id", "service"]].values.tolist() == [["12", "checkout"]]


def test_descriptions_with_line_breaks_and_commas_keep_the_line_numbers_right(tmp_path):
    """A reject after a description of three lines names the line on which it stands."""
    rows = [
        row(id="a", description='disk, "full"\nsince\nten'),
        row(id="b", resolved_on="2023-02-25T00:00:00+00:00"),
    ]
    result = read(tmp_path, rows)
    assert result.tables["incidents"]["title"].tolist() == ['disk, "full"\nsince\nten']
    assert result.rejects[["line", "column"]].values.tolist() == [[5, "resolved_at"]]


def test_markup_in_a_description_is_only_text(tmp_path):
    """What somebody typed into PagerDuty arrives as typed."""
    hostile = "<script>alert(1)</script> ![x](http://example.org) ../../etc/passwd  "
    table = read(tmp_path, [row(description=hostile)]).tables["incidents"]
    assert table["title"][0].strip() == hostile.strip()
    assert table["title"][0].startswith("<script>")


def test_exactly_twenty_thousand_rows_raise_a_suspicion(tmp_path):
    """PagerDuty cuts its export there, without saying so."""
    cells = [row(id=str(n)) for n in range(20_000)]
    assert any("20,000 rows" in note for note in read(tmp_path, cells).notes)
    assert not any("20,000 rows" in note for note in read(tmp_path, cells[1:]).notes)


def test_short_self_resolved_incidents_are_called_flapping(tmp_path):
    """They stay, and the report says how many there are."""
    rows = [
        row(id="a", auto_resolved="1", resolved_on="2023-02-26T00:12:00+00:00"),
        row(id="b", auto_resolved="1"),
        row(id="c", resolved_on="2023-02-26T00:12:00+00:00"),
    ]
    result = read(tmp_path, rows)
    assert result.rows_kept == 3
    assert any(note.startswith("1 incidents resolved themselves") for note in result.notes)


def test_an_incident_exported_twice_counts_once(tmp_path):
    """Overlapping months: the later equal row is refused."""
    result = read(tmp_path, [row(), row()])
    assert result.rows_kept == 1
    assert result.rejects["line"].tolist() == [3]


def test_a_service_said_replaces_that_of_the_pager(tmp_path):
    """PagerDuty's services have other names than those of the metrics; a mapped column wins."""
    rows = [row(service_name="SRE Not Urgent Service", escalation_policy_name="cart")]
    said = Source(match="*", service="shop")
    mapped = Source(match="*", service="shop", columns={"service": "escalation_policy_name"})
    services = [
        read(tmp_path, rows, source=s).tables["incidents"]["service"][0] for s in (said, mapped)
    ]
    assert services == ["shop", "cart"]


@pytest.mark.parametrize("word", ["ninety", "-5"])
def test_odd_seconds_do_not_become_times(tmp_path, word):
    """A negative wait gives no acknowledgement; a wait that is no number refuses the row."""
    result = read(tmp_path, [row(id="a", seconds_to_first_ack=word), row(id="b")])
    assert result.tables["incidents"]["acknowledged_at"].isna().all()
