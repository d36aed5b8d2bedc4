"""PagerDuty incidents as CSV and as JSON."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted, read
from tests.readers.shapes import pagerduty_incident, raw_incident

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


def report_row(**cells):
    """One incident as PagerDuty writes it, with the cells that matter."""
    usual = {
        "id": "Q38V2M61ITSKVU", "incident_number": "96830", "description": "checkout is down",
        "service_id": "POQT69N", "service_name": "checkout",
        "created_on": "2023-02-26T00:10:04+00:00", "resolved_on": "2023-02-26T00:34:06+00:00",
        "seconds_to_resolve": "1442", "auto_resolved": "0", "urgency": "high",
    }  # fmt: skip
    return usual | cells


def read_report(folder, rows, header=REPORT, source=None):
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
    incident = read_report(tmp_path, [report_row()]).tables["incidents"].iloc[0]
    assert incident[["incident_id", "service", "severity", "title"]].tolist() == [
        "Q38V2M61ITSKVU", "checkout", "high", "checkout is down",
    ]  # fmt: skip
    assert incident["started_at"] == incident["detected_at"] == pd.Timestamp("2023-02-26T00:10:04Z")
    assert incident["resolved_at"] == pd.Timestamp("2023-02-26T00:34:06Z")


def test_offsets_of_the_account_become_utc(tmp_path):
    """Times carry the offset of whoever exported them, summer and winter in one file."""
    rows = [
        report_row(
            id="a", created_on="2023-07-01T12:00:00+02:00", resolved_on="2023-07-01T13:00:00+02:00"
        ),
        report_row(
            id="b", created_on="2023-01-01T12:00:00-08:00", resolved_on="2023-01-01T13:00:00-08:00"
        ),
    ]
    table = read_report(tmp_path, rows).tables["incidents"]
    assert table["started_at"].tolist() == [
        pd.Timestamp("2023-07-01T10:00:00Z"), pd.Timestamp("2023-01-01T20:00:00Z"),
    ]  # fmt: skip


def test_acknowledgement_is_creation_plus_the_seconds_told(tmp_path):
    """An incident nobody acknowledged has no time of acknowledgement: missing, not zero."""
    table = read_report(
        tmp_path,
        [
            report_row(id="a", seconds_to_first_ack="90"),
            report_row(id="b", seconds_to_first_ack=""),
        ],
    ).tables["incidents"]
    assert table["acknowledged_at"][0] == pd.Timestamp("2023-02-26T00:11:34Z")
    assert table["acknowledged_at"].isna().tolist() == [False, True]


def test_an_open_incident_stays_open_pagerduty(tmp_path):
    """No resolution in the file: still open, kept."""
    table = read_report(tmp_path, [report_row(resolved_on="")]).tables["incidents"]
    assert table["resolved_at"].isna().all()
    assert len(table) == 1


def test_the_names_of_the_newer_exports_are_read_as_well(tmp_path):
    """`created_at`, `resolved_at` and `title` mean what `created_on` and the others mean."""
    new = {"title": "slow", "created_at": "2026-06-01T10:00:00Z", "resolved_at": ""}
    table = read_report(tmp_path, [report_row(**new)], INSIGHTS.split(",")).tables["incidents"]
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
    table = read_report(tmp_path, [cells], header).tables["incidents"]
    assert table[["incident_id", "service"]].values.tolist() == [["12", "checkout"]]


def test_descriptions_with_line_breaks_and_commas_keep_the_line_numbers_right(tmp_path):
    """A reject after a description of three lines names the line on which it stands."""
    rows = [
        report_row(id="a", description='disk, "full"\nsince\nten'),
        report_row(id="b", resolved_on="2023-02-25T00:00:00+00:00"),
    ]
    result = read_report(tmp_path, rows)
    assert result.tables["incidents"]["title"].tolist() == ['disk, "full"\nsince\nten']
    assert result.rejects[["line", "column"]].values.tolist() == [[5, "resolved_at"]]


def test_markup_in_a_description_is_only_text(tmp_path):
    """What somebody typed into PagerDuty arrives as typed."""
    hostile = "<script>alert(1)</script> ![x](http://example.org) ../../etc/passwd  "
    table = read_report(tmp_path, [report_row(description=hostile)]).tables["incidents"]
    assert table["title"][0].strip() == hostile.strip()
    assert table["title"][0].startswith("<script>")


def test_exactly_twenty_thousand_rows_raise_a_suspicion(tmp_path):
    """PagerDuty cuts its export there, without saying so."""
    cells = [report_row(id=str(n)) for n in range(20_000)]
    assert any("20,000 rows" in note for note in read_report(tmp_path, cells).notes)
    assert not any("20,000 rows" in note for note in read_report(tmp_path, cells[1:]).notes)


def test_short_self_resolved_incidents_are_called_flapping(tmp_path):
    """They stay, and the report says how many there are."""
    rows = [
        report_row(id="a", auto_resolved="1", resolved_on="2023-02-26T00:12:00+00:00"),
        report_row(id="b", auto_resolved="1"),
        report_row(id="c", resolved_on="2023-02-26T00:12:00+00:00"),
    ]
    result = read_report(tmp_path, rows)
    assert result.rows_kept == 3
    assert any(note.startswith("1 incidents resolved themselves") for note in result.notes)


def test_an_incident_exported_twice_counts_once(tmp_path):
    """Overlapping months: the later equal row is refused."""
    result = read_report(tmp_path, [report_row(), report_row()])
    assert result.rows_kept == 1
    assert result.rejects["line"].tolist() == [3]


def test_a_service_said_replaces_that_of_the_pager(tmp_path):
    """PagerDuty's services have other names than those of the metrics; a mapped column wins."""
    rows = [report_row(service_name="SRE Not Urgent Service", escalation_policy_name="cart")]
    said = Source(match="*", service="shop")
    mapped = Source(match="*", service="shop", columns={"service": "escalation_policy_name"})
    services = [
        read_report(tmp_path, rows, source=s).tables["incidents"]["service"][0]
        for s in (said, mapped)
    ]
    assert services == ["shop", "cart"]


@pytest.mark.parametrize("word", ["ninety", "-5"])
def test_odd_seconds_do_not_become_times(tmp_path, word):
    """A negative wait gives no acknowledgement; a wait that is no number refuses the row."""
    result = read_report(
        tmp_path, [report_row(id="a", seconds_to_first_ack=word), report_row(id="b")]
    )
    assert result.tables["incidents"]["acknowledged_at"].isna().all()


def test_an_incident_of_the_rest_interface(tmp_path):
    """Creation is start and detection; the priority goes before the urgency."""
    result = read(tmp_path, "pagerduty_api", {"incidents": [pagerduty_incident()]})
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == row["detected_at"] == at("06-01T10:00")
    assert row["resolved_at"] == at("06-01T10:50")
    assert (row["incident_id"], row["service"], row["severity"]) == ("Q1", "shop", "P1")
    assert row["title"] == "Checkout fails"


def test_an_incident_of_analytics(tmp_path):
    """Other names for the same, and the seconds to the first acknowledgement."""
    result = read(tmp_path, "pagerduty_api", {"data": [raw_incident()]})
    row = result.tables["incidents"].iloc[0]
    assert row["acknowledged_at"] == at("06-01T10:01:30")
    assert (row["service"], row["severity"]) == ("shop", "P1")


def test_analytics_in_the_zone_of_the_account_needs_the_zone(tmp_path):
    """Its times can come without an offset; then the acknowledgement is local too."""
    local = raw_incident(created_at="2026-06-01T12:00:00", resolved_at="2026-06-01T12:50:00")
    with pytest.raises(ReadError, match="carry no time zone"):
        read(tmp_path, "pagerduty_api", [local])
    table = read(tmp_path, "pagerduty_api", [local], timezone="Europe/Berlin").tables["incidents"]
    assert table["started_at"].tolist() == [at("06-01T10:00")]
    assert table["acknowledged_at"].tolist() == [at("06-01T10:01:30")]


def test_analytics_says_its_zone_itself(tmp_path):
    """`time_zone` of the answer is where its times are, unless something else is said."""
    local = raw_incident(created_at="2026-06-01T12:00:00", resolved_at="2026-06-01T12:50:00")
    page = {"time_zone": "Europe/Berlin", "data": [local]}
    for said, hour in (({}, 10), ({"timezone": "UTC"}, 12)):
        table = read(tmp_path, "pagerduty_api", page, **said).tables["incidents"]
        assert table["started_at"].tolist() == [at(f"06-01T{hour}:00")]


def test_without_a_resolution_the_last_change_of_status_counts(tmp_path):
    """Older answers have no `resolved_at`; an incident that is not over stays open."""
    old = pagerduty_incident(1)
    del old["resolved_at"]
    result = read(tmp_path, "pagerduty_api", [old, old | {"id": "Q2", "status": "acknowledged"}])
    ends = result.tables["incidents"]["resolved_at"]
    assert ends[0] == at("06-01T11:00")
    assert ends.isna().tolist() == [False, True]
    assert noted(result, "1 of 2 incidents do not say when they were resolved")


def test_the_first_acknowledgement_counts(tmp_path):
    """It stands in the log where it is gone from the incident."""
    log = [
        {"type": "resolve_log_entry", "created_at": "2026-06-01T10:50:00Z"},
        {"type": "acknowledge_log_entry", "created_at": "2026-06-01T12:20:00+02:00"},
        {"type": "acknowledge_log_entry", "created_at": "2026-06-01T10:06:00Z"},
        {"type": "trigger_log_entry", "created_at": "2026-06-01T10:00:00Z"},
    ]
    result = read(tmp_path, "pagerduty_api", [pagerduty_incident(log_entries=log)])
    assert result.tables["incidents"]["acknowledged_at"].tolist() == [at("06-01T10:06")]
    live = pagerduty_incident(acknowledgements=[{"at": "2026-06-01T10:03:00Z"}])
    table = read(tmp_path, "pagerduty_api", [live]).tables["incidents"]
    assert table["acknowledged_at"].tolist() == [at("06-01T10:03")]


def test_nobody_acknowledged_is_missing(tmp_path):
    """Never zero."""
    table = read(tmp_path, "pagerduty_api", [raw_incident(seconds_to_first_ack=None)])
    assert table.tables["incidents"]["acknowledged_at"].isna().all()


def test_a_merged_incident_is_left_out_by_rule(tmp_path):
    """The incident it was merged into stands for both."""
    merged = pagerduty_incident(2, resolve_reason={"type": "merge_resolve_reason"})
    result = read(tmp_path, "pagerduty_api", [pagerduty_incident(1), merged])
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["Q2", True]]


def test_a_page_that_says_there_is_more_is_truncated(tmp_path):
    """`more` is true on every page but the last."""
    page = {"incidents": [pagerduty_incident()], "limit": 25, "offset": 0, "more": True}
    assert noted(read(tmp_path, "pagerduty_api", page), "says that there is more")
    assert not noted(read(tmp_path, "pagerduty_api", page | {"more": False}), "more")


@pytest.mark.parametrize("count", [25, 100])
def test_a_full_page_raises_a_suspicion_pagerduty_api(tmp_path, count):
    """Where the page around the incidents is lost."""
    incidents = [pagerduty_incident(n) for n in range(count)]
    assert noted(read(tmp_path, "pagerduty_api", incidents), f"Exactly {count} incidents")


def test_a_quiet_month_is_read(tmp_path):
    """An empty page is an answer."""
    page = {"incidents": [], "limit": 25, "offset": 0, "more": False}
    assert read(tmp_path, "pagerduty_api", page).rows_read == 0


def test_a_wait_beyond_all_time_is_unknown(tmp_path):
    """10^20 seconds are no acknowledgement, and no overflow."""
    rows = [report_row(id="a", seconds_to_first_ack="1e20"), report_row(id="b")]
    found = read_report(tmp_path, rows).tables["incidents"].set_index("incident_id")
    assert pd.isna(found.loc["a", "acknowledged_at"])
