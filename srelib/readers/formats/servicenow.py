"""ServiceNow incidents: CSV of a list, and JSON of the table API."""

from dataclasses import replace

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.json_text import objects_in


def _text(name: str) -> tuple[str, ...]:
    """Keys of a field as people read it; references hold link and value."""
    return (name, f"{name}.displayvalue", f"{name}.value")


def _time(name: str) -> tuple[str, ...]:
    """Keys of a time: stored in UTC, shown in the zone of whoever asked."""
    return (name, f"{name}.value")


_OPENED = ("Opened", *_time("opened_at"), "Created", "sys_created_on")
_PRIORITY = ("Priority", *_text("priority"))
_NUMBER = ("Number", *_text("number"))
_STATE = ("State", "incident_state", "state.displayvalue", "state")

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
        "incident_id": _NUMBER,
        "service": ("Business service", "Service", *_text("business_service"), *_text("cmdb_ci"),
                    "Configuration item"),
        "severity": _PRIORITY,
        "started_at": _OPENED,
        "detected_at": _OPENED,
        "resolved_at": ("Resolved", *_time("resolved_at"), "Closed", *_time("closed_at")),
        "title": ("Short description", *_text("short_description")),
    },
    rules=(
        say.Drop("a change, request or problem by its number: no incident",
                 {_NUMBER: r"(CHG|CTASK|RITM|REQ|SCTASK|TASK|PRB|PTASK|STRY|KB)\d+"}, _NUMBER,
                 "number"),
        say.Drop("its state is {said}: no incident", {_STATE: "canceled|cancelled|8"}, _STATE,
                 "state"),
    ),
    paging=say.Paging((10_000,), "export shorter periods, or fewer columns"),
    notes=(
        say.Note("{n} of {of} incidents were reopened: they count from the first opening to the "
                 "last resolution.", {("Reopen count", "reopen_count"): "(?!0$).+"}),
        say.Note("No Priority in this export, so the incidents have no severity (ServiceNow's own "
                 "Severity is another thing); add the column, or say which one it is with columns "
                 "in sources.toml.", {_PRIORITY: ""}, about="severity", wholly=True),
    ),
)  # fmt: skip


def _zone(pages: list[say.Record]) -> str | None:
    """UTC, unless the values are those shown; plain values alone do not say which they are."""
    fields = [value for page in pages for one in objects_in(page.get("result"))
              for value in one.values()]  # fmt: skip
    return "UTC" if any(isinstance(one, dict) and "value" in one for one in fields) else None


SERVICENOW_API = replace(
    SERVICENOW,
    name="servicenow_api",
    noun="an incident",
    headers=(),
    signs=tuple(say.has("number", "openedat", key)
                for key in ("shortdescription", "sysid", "incidentstate", "priority")),
    wrappers=("result",),
    sign="number",
    zone=_zone,
    paging=say.Paging((10, 100, 1000, 10_000), "export with sysparm_limit and sysparm_offset"),
)  # fmt: skip
