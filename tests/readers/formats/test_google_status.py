"""Incidents of Google Cloud."""

from __future__ import annotations

from tests.readers.reading import at, noted, read
from tests.readers.shapes import cloud_incident


def test_an_incident_counts_for_every_product_it_hit(tmp_path):
    """One row each, under one identifier."""
    result = read(tmp_path, "google_status", [cloud_incident(1)])
    table = result.tables["incidents"]
    assert table["service"].tolist() == ["Cloud Run", "Pub/Sub"]
    assert table["incident_id"].tolist() == ["g1", "g1"]
    assert table["started_at"].tolist() == [at("06-01T10:00")] * 2
    assert table["detected_at"].tolist() == [at("06-01T10:10")] * 2
    assert table["resolved_at"].tolist() == [at("06-01T11:00")] * 2
    assert (table["severity"][0], table["title"][0]) == ("medium", "Errors")
    assert noted(result, "1 of 1 incidents hit several services")


def test_an_open_incident_stays_open(tmp_path):
    """It has no end."""
    table = read(tmp_path, "google_status", [cloud_incident(end=None)]).tables["incidents"]
    assert table["resolved_at"].isna().all()


def test_products_become_the_services_said(tmp_path):
    """Two products of one service count once."""
    names = {"Cloud Run": "platform", "Pub/Sub": "platform"}
    result = read(tmp_path, "google_status", [cloud_incident()], services=names)
    assert result.tables["incidents"]["service"].tolist() == ["platform"]
