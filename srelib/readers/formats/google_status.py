"""Incidents of the status page of Google Cloud: one incident, many products."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format

GOOGLE_STATUS = Format(
    "google_status", "incidents", "an incident",
    signs=(say.has("begin", "externaldesc"), say.has("begin", "affectedproducts")),
    sign="begin",
    columns={
        "incident_id": ("id", "number"),
        "severity": ("severity", "statusimpact"),
        "started_at": "begin",
        "detected_at": "created",
        "resolved_at": "end",
        "title": "externaldesc",
    },
    services=("affectedproducts.title", "servicename"),
)  # fmt: skip
