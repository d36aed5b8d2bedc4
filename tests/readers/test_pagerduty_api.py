"""PagerDuty incidents as JSON, from both of its interfaces."""

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import pagerduty_incident, raw_incident


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
def test_a_full_page_raises_a_suspicion(tmp_path, count):
    """Where the page around the incidents is lost."""
    incidents = [pagerduty_incident(n) for n in range(count)]
    assert noted(read(tmp_path, "pagerduty_api", incidents), f"Exactly {count} incidents")


def test_a_quiet_month_is_read(tmp_path):
    """An empty page is an answer."""
    page = {"incidents": [], "limit": 25, "offset": 0, "more": False}
    assert read(tmp_path, "pagerduty_api", page).rows_read == 0
