"""ServiceNow incidents: CSV of a list, and JSON of the table API."""

from __future__ import annotations

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.json_text import objects_in


def _text(name: str) -> tuple[str, ...]:
    """Keys of a field as people read it; references hold link and value."""
    return (f"{name}.displayvalue", f"{name}.value", name)


def _time(name: str) -> tuple[str, ...]:
    """Keys of a time: stored in UTC, shown in the zone of whoever asked."""
    return (f"{name}.value", name)


_STATES = ("State", "incident_state", "state.displayvalue", "incidentstate", "state")
_CANCELED = say.Drop(
    "its state is {said}: no incident", {_STATES: "canceled|cancelled|8"}, _STATES, "state"
)
_NOTES = (
    say.Note("{n} of {of} incidents were reopened: they count from the first opening to the last "
             "resolution.", {("Reopen count", "reopen_count", "reopencount"): "(?!0$).+"}),
    say.Note("No Priority in this export, so the incidents have no severity (ServiceNow's own "
             "Severity is another thing); add the column, or say which one it is with columns in "
             "sources.toml.", {("Priority", *_text("priority")): ""}, about="severity",
             wholly=True),
)  # fmt: skip

_OPENED = ("Opened", "opened_at", "Created", "sys_created_on")

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
        "started_at": _OPENED,
        "detected_at": _OPENED,
        "resolved_at": ("Resolved", "resolved_at", "Closed", "closed_at"),
        "title": ("Short description", "short_description"),
    },
    rules=(_CANCELED,),
    paging=say.Paging((10_000,), "export shorter periods, or fewer columns"),
    notes=_NOTES,
)  # fmt: skip


def _zone(pages: list[say.Record]) -> str | None:
    """UTC, unless the values are those shown; plain values alone do not say which they are."""
    fields = [value for page in pages for one in objects_in(page.get("result"))
              for value in one.values()]  # fmt: skip
    return "UTC" if any(isinstance(one, dict) and "value" in one for one in fields) else None


SERVICENOW_API = Format(
    "servicenow_api", "incidents", "an incident",
    signs=tuple(say.has("number", "openedat", key, under=("", "result"))
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
    rules=(_CANCELED,),
    zone=_zone,
    paging=say.Paging((10, 100, 1000, 10_000), "export with sysparm_limit and sysparm_offset"),
    notes=_NOTES,
)  # fmt: skip
