"""ServiceNow incidents: CSV of a list, and JSON of the table API."""

from __future__ import annotations

from typing import Any

from srelib.readers.declaration import Note, Paging, Record, first, has, left_out
from srelib.readers.engine import FileContext, Format
from srelib.readers.record_tables import Row

_STATES = ("State", "incident_state", "state.displayvalue", "incidentstate", "state")
_CANCELED = ("canceled", "cancelled", "8")


def _no_incident(one: Record, row: Row, _: Any) -> Row | None:
    said = first(one, _STATES) or ""
    if said.lower() not in _CANCELED:
        return None
    return left_out(f"its state is {said}: no incident", value=said, column="state")


def _reopened(one: Record) -> bool:
    return (first(one, ("Reopen count", "reopen_count", "reopencount")) or "0") != "0"


_NOTES = (
    Note("{n} of {of} incidents were reopened: they count from the first opening to the last "
         "resolution.", _reopened),
)  # fmt: skip


def _without_priority(context: FileContext) -> list[str]:
    if any(row.get("severity") for row in context.rows) or not context.rows:
        return []
    return [
        "No Priority in this export, so the incidents have no severity (ServiceNow's own Severity "
        "is another thing); add the column, or say which one it is with columns in sources.toml."
    ]


SERVICENOW = Format(
    "servicenow", "incidents", "a row",
    headers=(
        frozenset({"Number", "Opened", "State"}),
        frozenset({"Number", "Created", "Last update"}),
        frozenset({"Number", "Short description", "State"}),
        frozenset({"number", "opened_at", "short_description"}),
        frozenset({"number", "opened_at", "incident_state"}),
    ),
    columns={
        "incident_id": ("Number", "number"),
        "service": ("Business service", "Service", "business_service", "cmdb_ci",
                    "Configuration item"),
        "severity": ("Priority", "priority"),
        "started_at": ("Opened", "opened_at", "Created", "sys_created_on"),
        "detected_at": ("Opened", "opened_at", "Created", "sys_created_on"),
        "resolved_at": ("Resolved", "resolved_at", "Closed", "closed_at"),
        "title": ("Short description", "short_description"),
    },
    rules=(_no_incident,),
    remarks=_without_priority,
    paging=Paging((10_000,), "export shorter periods, or fewer columns"),
    notes=_NOTES,
)  # fmt: skip


def _text(name: str) -> tuple[str, ...]:
    """Keys of a field as people read it; references hold link and value."""
    return (f"{name}.displayvalue", f"{name}.value", name)


def _time(name: str) -> tuple[str, ...]:
    """Keys of a time: stored in UTC, shown in the zone of whoever asked."""
    return (f"{name}.value", name)


def _zone(pages: list[Record]) -> str | None:
    """UTC, unless the values are those shown; plain values alone do not say which they are."""
    records = [one for page in pages for one in page.get("result") or () if isinstance(one, dict)]
    fields = [field for one in records for field in one.values() if isinstance(field, dict)]
    return "UTC" if any("value" in field for field in fields) else None


SERVICENOW_API = Format(
    "servicenow_api", "incidents", "an incident",
    signs=tuple(has("number", "openedat", key, under=("", "result"))
                for key in ("shortdescription", "sysid", "incidentstate", "priority")),
    wrappers=("result",),
    sign="number",
    columns={
        "incident_id": _text("number"),
        "service": (*_text("businessservice"), *_text("cmdbci")),
        "severity": _text("priority"),
        "started_at": _time("openedat"),
        "detected_at": _time("openedat"),
        "resolved_at": (*_time("resolvedat"), *_time("closedat")),
        "title": _text("shortdescription"),
    },
    rules=(_no_incident,),
    zone=_zone,
    remarks=_without_priority,
    paging=Paging((10, 100, 1000, 10_000), "export with sysparm_limit and sysparm_offset"),
    notes=_NOTES,
)  # fmt: skip
