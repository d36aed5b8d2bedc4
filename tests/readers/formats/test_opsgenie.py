"""Opsgenie incidents."""

from __future__ import annotations

import pytest

from tests.readers.reading import at, noted, read
from tests.readers.shapes import opsgenie_incident

ID = "0a1b2c3d-0000-4000-8000-000000000001"


def test_impact_is_the_incident_and_creation_the_detection(tmp_path):
    """Fractions of seconds have as many digits as they like."""
    incident = read(tmp_path, "opsgenie", {"data": [opsgenie_incident()]}).tables["incidents"]
    row = incident.iloc[0]
    assert row["started_at"] == at("06-01T10:00")
    assert row["detected_at"] == at("06-01T10:05")
    assert row["resolved_at"] == at("06-01T11:00:00.49")
    assert (row["severity"], row["title"]) == ("P2", "Checkout fails")


def test_identifiers_of_services_are_named_in_sources(tmp_path):
    """Until then an identifier is the service, and the report shows what to write."""
    plain = read(tmp_path, "opsgenie", [opsgenie_incident()])
    assert plain.tables["incidents"]["service"].tolist() == [ID]
    assert noted(plain, "1 services are known only by identifier", f'"{ID}" = "..."')
    named = read(tmp_path, "opsgenie", [opsgenie_incident()], services={ID: "shop"})
    assert named.tables["incidents"]["service"].tolist() == ["shop"]
    assert not noted(named, "identifier")


def test_an_incident_counts_for_every_service_it_hit(tmp_path):
    """One row each, under the same identifier."""
    result = read(tmp_path, "opsgenie", [opsgenie_incident(impactedServices=["a", "b"])])
    assert result.tables["incidents"]["service"].tolist() == ["a", "b"]
    assert result.tables["incidents"]["incident_id"].nunique() == 1


def test_an_incident_that_names_no_service_is_refused(tmp_path):
    """With the key that says one."""
    result = read(tmp_path, "opsgenie", [opsgenie_incident(impactedServices=[])])
    assert 'set service = "..."' in result.rejects["reason"][0]
    said = read(tmp_path, "opsgenie", [opsgenie_incident(impactedServices=[])], service="shop")
    assert said.rows_kept == 1


def test_without_an_impact_creation_and_last_update_count(tmp_path):
    """Both are said, since the last update can be days late."""
    incident = opsgenie_incident(impactStartDate=None, impactEndDate=None)
    result = read(tmp_path, "opsgenie", [incident])
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:05")
    assert row["resolved_at"] == at("06-09T09:00:00.5")
    assert noted(result, "1 of 1 incidents do not say when the impact began")
    assert noted(result, "1 of 1 incidents are over and do not say when the impact ended")


def test_an_open_incident_stays_open_opsgenie(tmp_path):
    """Its last update is no end."""
    result = read(tmp_path, "opsgenie", [opsgenie_incident(status="open", impactEndDate=None)])
    assert result.tables["incidents"]["resolved_at"].isna().tolist() == [True]


def test_a_next_page_is_missing(tmp_path):
    """The page says so itself."""
    page = {"data": [opsgenie_incident()], "paging": {"next": "https://api.example.org/x"}}
    assert noted(read(tmp_path, "opsgenie", page), "names a next one")


@pytest.mark.parametrize("count", [20, 100])
def test_a_full_page_raises_a_suspicion_opsgenie(tmp_path, count):
    """Where the page does not say whether there are more."""
    incidents = [opsgenie_incident(n, id=str(n)) for n in range(count)]
    assert noted(read(tmp_path, "opsgenie", incidents), f"Exactly {count} incidents")
    whole = {"data": incidents, "paging": {}}
    assert not noted(read(tmp_path, "opsgenie", whole), "truncated?")


def test_a_moment_of_detection_goes_before_the_creation(tmp_path):
    """Some incidents say when the impact was detected."""
    incident = opsgenie_incident(impactDetectDate="2026-06-01T10:02:00Z")
    table = read(tmp_path, "opsgenie", [incident]).tables["incidents"]
    assert table["detected_at"].tolist() == [at("06-01T10:02")]


def test_one_incident_alone_is_read(tmp_path):
    """Asked for by its identifier, it stands in `data` without a list around it."""
    assert read(tmp_path, "opsgenie", {"data": opsgenie_incident()}).rows_kept == 1
