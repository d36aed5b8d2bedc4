"""incident.io incidents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srelib.readers.declaration import Note, Paging, Record, first, has, left_out
from srelib.readers.engine import Format
from srelib.readers.json_text import objects_in
from srelib.readers.record_tables import Row

_NO_INCIDENT = ("declined", "canceled", "cancelled", "merged")
_NO_MODES = ("test", "tutorial")


def _time(*names: str) -> Callable[[Record], str | None]:
    """The first of the times of these names."""

    def found(one: Record) -> str | None:
        times = {
            (first(entry, "incidenttimestamp.name") or "").lower(): first(entry, "value.value")
            for entry in objects_in(one.get("incidenttimestampvalues"))
        }
        return next((at for name in names if (at := times.get(name))), None)

    return found


def _no_incident(one: Record, _: Row, __: Any) -> Row | None:
    """Exercises, and what was declined or merged."""
    mode = (first(one, "mode") or "").lower()
    if mode in _NO_MODES:
        return left_out(f"its mode is {mode}: no real incident", value=mode, column="mode")
    category = (first(one, "incidentstatus.category") or "").lower()
    if category in _NO_INCIDENT:
        reason = f"{category}: no incident of its own"
        return left_out(reason, value=category, column="incident_status")
    return None


INCIDENT_IO = Format(
    "incident_io", "incidents", "an incident",
    signs=(
        has("incidenttimestampvalues", "reference", under=("", "incidents")),
        has("incidentstatus", "reference", under=("", "incidents")),
    ),
    wrappers=("incidents",),
    sign="reference",
    columns={
        "incident_id": ("reference", "id"),
        "severity": "severity.name",
        "started_at": (_time("impact started at", "impact started", "started at", "reported at"),
                       "createdat"),
        "detected_at": (_time("reported at"), "createdat"),
        "acknowledged_at": _time("accepted at"),
        "mitigated_at": _time("fixed at", "mitigated at"),
        "resolved_at": _time("resolved at", "closed at"),
        "title": "name",
        "url": "permalink",
    },
    rules=(_no_incident,),
    asks="these incidents do not say which service they hit",
    paging=Paging((25, 250), "export every page", more="paginationmeta.after"),
    notes=(
        Note("{n} of {of} incidents do not say when they were reported: they start when they were "
             "created.", lambda one: not _time("impact started at", "impact started",
                                                "started at", "reported at")(one)),
    ),
)  # fmt: skip
