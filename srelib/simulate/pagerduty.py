"""A fleet's incidents as a PagerDuty incidents report."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from srelib.simulate.exports import csv_text, identifier
from srelib.simulate.world import Fleet

HEADER = (
    "id", "incident_number", "description", "service_id", "service_name",
    "escalation_policy_id", "escalation_policy_name", "created_on", "resolved_on",
    "seconds_to_first_ack", "seconds_to_resolve", "auto_resolved", "escalation_count",
    "auto_escalation_count", "acknowledge_count", "assignment_count",
    "acknowledged_by_user_ids", "acknowledged_by_user_names", "assigned_to_user_ids",
    "assigned_to_user_names", "resolved_by_user_id", "resolved_by_user_name", "urgency",
)  # fmt: skip
"""Header of a PagerDuty incidents report."""

FIRST = 18_204
"""Number of the first incident in the report."""


def report(fleet: Fleet, *, timezone: str) -> str:
    """A PagerDuty incidents report; it knows neither the true start nor the deployment."""
    noted = fleet.incidents.dropna(subset="detected_at").sort_values("detected_at")
    rows = [
        _row(number, incident, timezone)
        for number, incident in enumerate(noted.to_dict("records"), FIRST)
    ]
    return csv_text(HEADER, rows)


def _row(number: int, incident: Mapping[Hashable, Any], timezone: str) -> list[object]:
    created, resolved = incident["detected_at"], incident["resolved_at"]
    acknowledged = incident["acknowledged_at"]
    service, urgent = incident["service"], incident["severity"] != "SEV3"
    person = ("PXR2T8K", "Ada Okafor") if number % 2 else ("PQ71M0D", "Jonas Weber")
    taken, closed = not pd.isna(acknowledged), not pd.isna(resolved)
    return [
        number_of(incident["incident_id"]),
        number,
        incident["title"],
        identifier("P", service, 6),
        service,
        "PE5CAL8",
        "Shop, on call",
        _offset(created, timezone),
        _offset(resolved, timezone),
        _seconds(acknowledged, created),
        _seconds(resolved, created),
        0,
        int(urgent and number % 5 == 0),
        0,
        int(taken),
        1 + int(urgent and number % 5 == 0),
        person[0] if taken else "",
        person[1] if taken else "",
        person[0],
        person[1],
        person[0] if closed else "",
        person[1] if closed else "",
        "high" if urgent else "low",
    ]


def number_of(incident_id: str) -> str:
    """The identifier PagerDuty would have for an incident of a fleet."""
    return identifier("Q", incident_id)


def _offset(time: pd.Timestamp, timezone: str) -> str:
    return "" if pd.isna(time) else time.tz_convert(timezone).isoformat(timespec="seconds")


def _seconds(time: pd.Timestamp, since: pd.Timestamp) -> str:
    return "" if pd.isna(time) else str(int((time - since).total_seconds()))
