"""Incidents and maintenances of status pages."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.readers.reading import at, noted, read
from tests.readers.shapes import page_incident, status_page


def test_times_of_the_page_become_utc(tmp_path):
    """Start as said, detection with the creation, the end with the resolution."""
    row = read(tmp_path, "statuspage", status_page(page_incident())).tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:00")
    assert row["detected_at"] == at("06-01T10:05")
    assert row["resolved_at"] == at("06-01T11:15")
    assert (row["incident_id"], row["service"], row["severity"]) == ("inc1", "API (EU)", "major")
    assert row["title"] == "Checkout fails"


def test_an_incident_counts_for_every_component_it_hit(tmp_path):
    """One row each, and the report says how many incidents that concerns."""
    parts = [{"name": "API"}, {"name": "Web"}]
    result = read(
        tmp_path, "statuspage", status_page(page_incident(1, components=parts), page_incident(2))
    )
    assert result.tables["incidents"]["service"].tolist() == ["API", "Web", "API (EU)"]
    assert noted(result, "1 of 2 incidents hit several services", "3 rows")


def test_components_become_the_services_said(tmp_path):
    """Two components of one service count once; a name not mapped stays."""
    parts = [{"name": "API (EU)"}, {"name": "API (US)"}, {"name": "Docs"}]
    services = {"API (EU)": "api", "API (US)": "api", "Shop": "shop"}
    result = read(
        tmp_path, "statuspage", status_page(page_incident(components=parts)), services=services
    )
    assert result.tables["incidents"]["service"].tolist() == ["api", "Docs"]
    assert noted(result, "services names 'Shop', which no row is about")


def test_a_service_said_is_that_of_the_whole_page(tmp_path):
    """Then an incident is one row, whatever it hit."""
    parts = [{"name": "API"}, {"name": "Web"}]
    result = read(
        tmp_path, "statuspage", status_page(page_incident(components=parts)), service="shop"
    )
    assert result.tables["incidents"]["service"].tolist() == ["shop"]


@pytest.mark.parametrize("components", [[], None])
def test_an_incident_without_components_is_one_of_the_page(tmp_path, components):
    """The name of the page stands in for a service, and that is said."""
    result = read(tmp_path, "statuspage", status_page(page_incident(components=components)))
    assert result.tables["incidents"]["service"].tolist() == ["Acme"]
    assert noted(result, "1 entries name no component", "'Acme'")


def without(incident, *keys):
    """The incident as an older page writes it."""
    return {key: value for key, value in incident.items() if key not in keys}


def test_without_a_start_the_creation_counts_and_that_is_said(tmp_path):
    """Older pages have no `started_at`."""
    result = read(tmp_path, "statuspage", status_page(without(page_incident(), "started_at")))
    assert result.tables["incidents"]["started_at"].tolist() == [at("06-01T10:05")]
    assert noted(result, "1 of 1 incidents do not say when they started")


def test_an_incident_filled_in_later_begins_with_its_first_update(tmp_path):
    """Its creation lies days after its end: it is neither the start nor the detection."""
    incident = without(page_incident(created_at="2026-06-04T05:00:00-05:00"), "started_at")
    result = read(tmp_path, "statuspage", status_page(incident))
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:05")
    assert row.isna()["detected_at"]
    assert noted(result, "1 were filled in later")


def test_the_moment_of_the_fix_is_told_and_can_be_taken_as_the_end(tmp_path):
    """45 minutes after the start; where an incident does not say it, its resolution stays."""
    page = status_page(page_incident(1), page_incident(2, monitoring_at=None))
    result = read(tmp_path, "statuspage", page)
    assert noted(result, "1 of 2 incidents say when a fix was in", "median of 30 minutes")
    said = {"columns": {"resolved_at": "monitoring_at"}}
    ends = read(tmp_path, "statuspage", page, **said).tables["incidents"]["resolved_at"]
    assert ends.tolist() == [at("06-01T10:45"), at("06-01T11:15")]


def test_the_moment_of_the_fix_is_when_it_was_mitigated(tmp_path):
    """If it lies inside the incident; one outside was filled in later."""
    late = page_incident(2, monitoring_at="2026-06-01T09:00:00.000-05:00")
    rows = read(tmp_path, "statuspage", status_page(page_incident(1), late)).tables["incidents"]
    assert rows["mitigated_at"].tolist() == [at("06-01T10:45"), pd.NaT]


def test_an_end_that_is_not_told_is_that_of_the_last_resolved_update(tmp_path):
    """Status resolved without `resolved_at`; without such an update it stays open, and both are
    said.
    """
    told = page_incident(1, resolved_at=None)
    mute = page_incident(2, resolved_at=None, incident_updates=[])
    result = read(tmp_path, "statuspage", status_page(told, mute))
    ends = result.tables["incidents"]["resolved_at"]
    assert ends[0] == at("06-01T11:15")
    assert ends.isna().tolist() == [False, True]
    assert noted(result, "2 incidents are over and tell no end")


def test_an_open_incident_stays_open(tmp_path):
    """Monitoring is not resolved."""
    incident = page_incident(status="monitoring", resolved_at=None)
    result = read(tmp_path, "statuspage", status_page(incident))
    assert result.tables["incidents"]["resolved_at"].isna().tolist() == [True]


def test_incidents_without_impact_are_kept_and_counted(tmp_path):
    """None can be a notice, or a component nobody set."""
    result = read(tmp_path, "statuspage", status_page(page_incident(impact="none")))
    assert result.tables["incidents"]["severity"].tolist() == ["none"]
    assert noted(result, "1 of 1 incidents have impact none")


def test_maintenance_becomes_an_exclusion(tmp_path):
    """Scheduled in its own list, or among the incidents: with its window, and no incident."""
    planned = page_incident(
        2, impact="maintenance", status="scheduled", resolved_at=None, started_at=None,
        scheduled_for="2026-06-05T00:00:00-05:00", scheduled_until="2026-06-05T02:00:00-05:00",
    )  # fmt: skip
    done = page_incident(3, impact="maintenance")
    page = status_page(page_incident(1), done, scheduled_maintenances=[planned])
    result = read(tmp_path, "statuspage", page)
    assert result.tables["incidents"]["incident_id"].tolist() == ["inc1"]
    windows = result.tables["exclusions"]
    assert windows["starts_at"].tolist() == [at("06-01T10:00"), at("06-05T05:00")]
    assert windows["ends_at"].tolist() == [at("06-01T11:15"), at("06-05T07:00")]
    assert noted(result, "2 planned maintenance windows became exclusions")


def test_exactly_fifty_incidents_raise_a_suspicion(tmp_path):
    """A status page gives no more, however long its history."""
    incidents = [page_incident(n) for n in range(50)]
    full = read(tmp_path, "statuspage", status_page(*incidents))
    assert noted(full, "Exactly 50 incidents", "truncated?")
    assert not noted(read(tmp_path, "statuspage", status_page(*incidents[1:])), "truncated?")


def test_a_page_without_incidents_is_read(tmp_path):
    """A quiet month is no error."""
    result = read(tmp_path, "statuspage", status_page())
    assert (result.rows_read, len(result.tables["incidents"])) == (0, 0)


def test_empty_keys_of_a_maintenance_make_no_maintenance(tmp_path):
    """The interface for owners writes `scheduled_for: null` into every incident."""
    incident = page_incident(scheduled_for=None, scheduled_until=None, backfilled=False)
    result = read(tmp_path, "statuspage", status_page(incident))
    assert result.tables["incidents"]["incident_id"].tolist() == ["inc1"]


def test_groups_are_no_components_and_updates_can_tell_of_some(tmp_path):
    """A group holds components; without any, those that left operational in an update count."""
    grouped = page_incident(1, components=[{"name": "All", "group": True}, {"name": "Web"}])
    told = [
        {"name": "API", "new_status": "major_outage"},
        {"name": "Web", "new_status": "operational"},
    ]
    update = page_incident()["incident_updates"][1] | {"affected_components": told}
    late = page_incident(2, components=[], incident_updates=[update, update])
    result = read(tmp_path, "statuspage", status_page(grouped, late))
    assert result.tables["incidents"]["service"].tolist() == ["Web", "API"]


def test_open_incidents_beside_fifty_raise_the_suspicion_too(tmp_path):
    """A page gives the last fifty that are over and adds what is open."""
    incidents = [page_incident(n) for n in range(50)]
    incidents.append(page_incident(50, status="investigating", resolved_at=None))
    assert noted(read(tmp_path, "statuspage", status_page(*incidents)), "truncated?")
