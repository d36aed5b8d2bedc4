"""Incidents of ServiceNow."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import snow_incident, table

HEADER = ("Number", "State", "Opened", "Resolved", "Closed", "Priority", "Severity",
          "Business service", "Short description", "Reopen count")  # fmt: skip
ROW = ("INC1", "Closed", "2026-06-01 10:00:00", "2026-06-01 11:30:00", "2026-06-03 10:00:00",
       "1 - Critical", "3 - Low", "checkout", "Orders fail", "0")  # fmt: skip


def read_list(folder, *rows, header=HEADER, **said):
    """The rows as CSV of a list."""
    content = table(header, *rows)
    return read(folder, "servicenow", content, name="i.csv", **({"timezone": "UTC"} | said))


def test_the_priority_is_the_severity_people_mean(tmp_path):
    """ServiceNow's Severity is another thing; the short description is the title."""
    row = read_list(tmp_path, ROW).tables["incidents"].iloc[0]
    assert (row["incident_id"], row["service"]) == ("INC1", "checkout")
    assert (row["severity"], row["title"]) == ("1 - Critical", "Orders fail")
    assert (row["started_at"], row["resolved_at"]) == (at("06-01T10:00"), at("06-01T11:30"))


def test_without_a_priority_there_is_no_severity(tmp_path):
    """And the report says which column to add."""
    cut = [
        tuple(c for n, c in zip(HEADER, r, strict=True) if n != "Priority") for r in (HEADER, ROW)
    ]
    result = read_list(tmp_path, cut[1], header=cut[0])
    assert result.tables["incidents"]["severity"].isna().all()
    assert noted(result, "No Priority in this export")


def test_canceled_and_reopened_incidents_are_told_apart(tmp_path):
    """The first are left out by rule, the others kept and counted."""
    rows = [ROW, ("INC2", "Canceled", *ROW[2:]), ("INC3", *ROW[1:-1], "2")]
    result = read_list(tmp_path, *rows)
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["Canceled", True]]
    assert noted(result, "1 of 3 incidents were reopened")


def test_changes_and_requests_are_no_incidents(tmp_path):
    """A list of all tasks holds them too; their numbers tell."""
    rows = [(f"{kind}001", *ROW[1:]) for kind in ("INC", "CHG", "RITM", "PRB")]
    result = read_list(tmp_path, *rows)
    assert result.tables["incidents"]["incident_id"].tolist() == ["INC001"]
    assert result.rejects["value"].tolist() == ["CHG001", "RITM001", "PRB001"]
    assert result.rejects["by_rule"].all()


def test_a_list_needs_the_zone_of_its_times(tmp_path):
    """They are those of whoever exported it."""
    with pytest.raises(ReadError, match=r"column 'Opened' carry no time zone"):
        read_list(tmp_path, ROW, timezone=None)


def test_the_table_api_is_in_utc(tmp_path):
    """References hold their value; times are stored in UTC."""
    row = read(tmp_path, "servicenow_api", {"result": [snow_incident(1)]})
    row = row.tables["incidents"].iloc[0]
    assert (row["incident_id"], row["service"]) == ("INC0000001", "checkout")
    assert (row["severity"], row["title"]) == ("1 - Critical", "Orders fail")
    assert (row["started_at"], row["resolved_at"]) == (at("06-01T10:00"), at("06-01T11:30"))


def test_shown_and_stored_values_each_have_their_use(tmp_path):
    """Names as shown, times as stored."""
    both = snow_incident(
        1,
        priority={"display_value": "1 - Critical", "value": "1"},
        opened_at={"display_value": "01.06.2026 12:00:00", "value": "2026-06-01 10:00:00"},
        business_service={"display_value": "Checkout", "value": "0a" * 16},
    )
    row = read(tmp_path, "servicenow_api", {"result": [both]}).tables["incidents"].iloc[0]
    assert (row["service"], row["severity"]) == ("Checkout", "1 - Critical")
    assert row["started_at"] == at("06-01T10:00")


def test_values_as_shown_need_their_zone(tmp_path):
    """With sysparm_display_value=true the times are those of a user."""
    shown = snow_incident(business_service={"display_value": "Checkout", "link": "https://x"})
    with pytest.raises(ReadError, match="carry no time zone"):
        read(tmp_path, "servicenow_api", {"result": [shown]})
