"""Incidents of the status page of Google Cloud: one incident, many products."""

from __future__ import annotations

from srelib.readers.declaration import first, has
from srelib.readers.engine import Format
from srelib.readers.json_text import as_text, values_at

GOOGLE_STATUS = Format(
    "google_status", "incidents", "an incident",
    signs=(has("begin", "externaldesc"), has("begin", "affectedproducts")),
    sign="begin",
    columns={
        "incident_id": ("id", "number"),
        "severity": ("severity", "statusimpact"),
        "started_at": "begin",
        "detected_at": "created",
        "resolved_at": "end",
        "title": "externaldesc",
    },
    services=lambda one: list(map(as_text, values_at(one, "affectedproducts.title")))
    or [first(one, "servicename")],
)  # fmt: skip
