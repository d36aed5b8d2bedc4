"""Incidents of incident.io."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import io_incident

SHOP = {"service": "shop"}


def test_times_are_found_by_their_names(tmp_path):
    """Reported, accepted, fixed and resolved; creation may be later."""
    result = read(tmp_path, "incident_io", {"incidents": [io_incident(1)]}, **SHOP)
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == row["detected_at"] == at("06-01T10:00")
    assert (row["acknowledged_at"], row["mitigated_at"]) == (at("06-01T10:02"), at("06-01T10:40"))
    assert row["resolved_at"] == at("06-01T11:00")
    assert row[["incident_id", "severity", "title"]].tolist() == [
        "INC-1", "Major", "Checkout fails",
    ]  # fmt: skip


def test_without_a_time_of_report_the_creation_counts(tmp_path):
    """And that is said."""
    result = read(tmp_path, "incident_io", [io_incident(incident_timestamp_values=[])], **SHOP)
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:05")
    assert row.isna()["resolved_at"]
    assert noted(result, "1 of 1 incidents do not say when they were reported")


@pytest.mark.parametrize(
    ("more", "seen"),
    [({"mode": "test"}, "test"), ({"mode": "tutorial"}, "tutorial"),
     ({"incident_status": {"category": "declined"}}, "declined"),
     ({"incident_status": {"category": "merged"}}, "merged")],
)  # fmt: skip
def test_what_was_no_incident_is_left_out_by_rule(tmp_path, more, seen):
    """Exercises, and what was declined or merged."""
    result = read(tmp_path, "incident_io", [io_incident(1), io_incident(2, **more)], **SHOP)
    assert result.rejects[["value", "by_rule"]].values.tolist() == [[seen, True]]


def test_the_service_is_asked_for(tmp_path):
    """It stands in custom fields of any name."""
    with pytest.raises(ReadError, match=r'which service they hit.*service = "\.\.\."'):
        read(tmp_path, "incident_io", [io_incident()])


def test_a_further_page_is_missing(tmp_path):
    """The cursor of the page says so."""
    page = {"incidents": [io_incident()], "pagination_meta": {"after": "01X", "page_size": 25}}
    assert noted(read(tmp_path, "incident_io", page, **SHOP), "names a next one")
