"""PagerDuty incidents: the CSV of reports, and JSON of REST and Analytics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from srelib.readers.declaration import Note, Paging, Record, first, has, left_out, refused
from srelib.readers.engine import Format
from srelib.readers.json_text import as_moment, as_text, in_time_order, objects_in
from srelib.readers.record_tables import Row

DEEPEST = 10_000
"""Incidents the REST API gives for one search, whatever the number of pages."""

FLAP_SECONDS = 300
_LONGEST_WAIT = 1e9  # seconds; thirty years are no wait


def _acknowledged(one: Record) -> str | None:
    """The first acknowledgement that is told of, or the seconds to it after the creation."""
    given = [entry.get("at") for entry in objects_in(one.get("acknowledgements"))]
    given += [
        entry.get("createdat")
        for entry in objects_in(one.get("logentries"))
        if str(entry.get("type")).startswith("acknowledge_log_entry")
    ]
    return next(iter(in_time_order([*given, _later(one, "createdat", "secondstofirstack")])), None)


def _later(one: Record, start: str, seconds: str) -> str | None:
    begun, wait = first(one, start), _number(first(one, seconds))
    if as_moment(begun) is None or wait is None or not 0 <= wait < _LONGEST_WAIT:
        return None
    return (datetime.fromisoformat(str(begun)) + timedelta(seconds=wait)).isoformat()


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _is_resolved(one: Record) -> bool:
    return str(one.get("status")).lower() == "resolved"


def _merged(one: Record, row: Row, _: Any) -> Row | None:
    if "merge" not in (first(one, "resolvereason.type") or ""):
        return None
    reason = "merged into another incident, which stands for both"
    return left_out(reason, value=row["incident_id"], column="resolve_reason")


def _zone(pages: list[Record]) -> str | None:
    """Zone that Analytics says its times are in, where they carry none."""
    zones = {as_text(page.get("timezone")) for page in pages}
    return zones.pop() if len(zones) == 1 else None


PAGERDUTY_API = Format(
    "pagerduty_api", "incidents", "an incident",
    signs=(
        *(has("incidentnumber", "createdat", key, under=("", "incidents", "data", "incident"))
          for key in ("service", "servicename", "urgency")),
        has("incidents", "limit", "offset"),
    ),
    wrappers=("incidents", "data", "incident"),
    sign="createdat",
    columns={
        "incident_id": ("id", "incidentnumber"),
        "service": ("servicename", "service.summary", "service.name", "service.id", "serviceid"),
        "severity": ("priorityname", "priority.summary", "priority.name", "urgency"),
        "started_at": "createdat",
        "detected_at": "createdat",
        "acknowledged_at": _acknowledged,
        "resolved_at": (
            "resolvedat", lambda one: one.get("laststatuschangeat") if _is_resolved(one) else None,
        ),
        "title": ("title", "description"),
        "url": "htmlurl",
    },
    rules=(_merged,),
    zone=_zone,
    paging=Paging((25, 100, DEEPEST), "export every page, of shorter periods", more="more"),
    notes=(
        Note("{n} of {of} incidents do not say when they were resolved: the last change of their "
             "status counts.", lambda one: _is_resolved(one) and not one.get("resolvedat")),
    ),
)  # fmt: skip

_CREATED = ("created_on", "created_at", "Opened On")
_RESOLVED = ("resolved_on", "resolved_at", "Resolved On")


def _report_acknowledged(one: Record) -> str | None:
    start = next((name for name in _CREATED if name in one), "")
    return _later(one, start, "seconds_to_first_ack")


def _odd_seconds(one: Record, row: Row, _: Any) -> Row | None:
    wait = first(one, "seconds_to_first_ack")
    if wait is None or _number(wait) is not None:
        return None
    return refused("not a number", value=wait, column="seconds_to_first_ack")


def _is_flap(one: Record) -> bool:
    start, end = as_moment(first(one, _CREATED)), as_moment(first(one, _RESOLVED))
    auto = str(first(one, "auto_resolved")).lower() in ("1", "true")
    return auto and bool(start and end) and (end - start).total_seconds() < FLAP_SECONDS  # type: ignore[operator]


PAGERDUTY = Format(
    "pagerduty", "incidents", "a row",
    headers=(
        frozenset({"#", "Service", "Opened On", "Resolved On"}),
        *(frozenset({"incident_number", service, start, end})
          for service in ("service_name", "service_id")
          for start in _CREATED[:2] for end in _RESOLVED[:2]),
    ),
    columns={
        "incident_id": ("id", "incident_number", "#"),
        "service": ("service_name", "Service", "service_id"),
        "severity": ("urgency", "priority_name"),
        "started_at": _CREATED,
        "detected_at": _CREATED,
        "acknowledged_at": _report_acknowledged,
        "resolved_at": _RESOLVED,
        "title": ("description", "title"),
    },
    rules=(_odd_seconds,),
    paging=Paging((20_000,), "later incidents are probably cut off: export shorter periods"),
    notes=(
        Note("{n} incidents resolved themselves within five minutes: more likely flapping alerts "
             "than incidents.", _is_flap),
    ),
)  # fmt: skip
