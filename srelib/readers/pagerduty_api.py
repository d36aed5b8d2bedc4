"""PagerDuty incidents as JSON: ``/incidents`` of the REST API, and the raw ones of Analytics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "pagerduty_api"
TABLES = ("incidents", "exclusions")

DEEPEST = 10_000
"""Incidents the REST API gives for one search, whatever the number of pages."""

_PAGES = (25, 100, DEEPEST)  # page sizes of the API, by default and at most
_TIMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_LONGEST_WAIT = 1e9  # seconds; thirty years are no wait
_MERGED = "merged into another incident, which stands for both"


def recognise(head: Head) -> bool:
    """Whether the file holds PagerDuty incidents as JSON."""
    places = ("", "incidents", "data", "incident")
    some = any(
        json_text.holds(head, "incidentnumber", "createdat", key, under=places)
        for key in ("service", "servicename", "urgency")
    )
    empty = json_text.holds(head, "incidents", "limit", "offset", under=("",))
    return some or empty


def read(head: Head, source: Source | None) -> Result:
    """Incidents, one row each."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, pages = json_text.members(records, "incidents", "data", "incident")
    rows, numbers = json_text.rows(
        found, lambda one: [_row(one, source)], kind="an incident", sign="createdat"
    )
    return json_text.result(
        head, rows, numbers, table="incidents", times=_TIMES, source=source,
        notes=_notes(json_text.listed(found), pages), zone=_zone(pages),
    )  # fmt: skip


def _zone(pages: list[dict[str, Any]]) -> str | None:
    """Zone that Analytics says its times are in, where they carry none."""
    zones = {json_text.text(page.get("timezone")) for page in pages}
    return zones.pop() if len(zones) == 1 else None


def _row(one: dict[str, Any], source: Source | None) -> Row:
    created = json_text.text(one.get("createdat"))
    number = json_text.text(one.get("incidentnumber"))
    row = {
        "incident_id": json_text.text(one.get("id")) or number,
        "service": json_text.said_service(source) or _service(one),
        "severity": _severity(one),
        "started_at": created,
        "detected_at": created,
        "acknowledged_at": _acknowledged(one),
        "resolved_at": _resolved(one),
        "title": json_text.text(one.get("title") or one.get("description")),
    }
    if "merge" in str(json_text.inner(one, "resolvereason").get("type")):
        return row | json_text.left_out(_MERGED, value=row["incident_id"], column="resolve_reason")
    return row | json_text.chosen(one, source)


def _service(one: dict[str, Any]) -> str | None:
    service = json_text.inner(one, "service")
    named = one.get("servicename") or service.get("summary") or service.get("name")
    return json_text.text(named or service.get("id") or one.get("serviceid"))


def _severity(one: dict[str, Any]) -> str | None:
    priority = json_text.inner(one, "priority")
    named = one.get("priorityname") or priority.get("summary") or priority.get("name")
    return json_text.text(named or one.get("urgency"))


def _resolved(one: dict[str, Any]) -> str | None:
    if one.get("resolvedat"):
        return json_text.text(one["resolvedat"])
    return json_text.text(one.get("laststatuschangeat")) if _is_over(one) else None


def _is_over(one: dict[str, Any]) -> bool:
    return str(one.get("status")).lower() == "resolved"


def _acknowledged(one: dict[str, Any]) -> str | None:
    """The first acknowledgement that is told of."""
    given = [entry.get("at") for entry in json_text.listed(one.get("acknowledgements"))]
    given += [
        entry.get("createdat")
        for entry in json_text.listed(one.get("logentries"))
        if str(entry.get("type")).startswith("acknowledge_log_entry")
    ]
    wait = one.get("secondstofirstack")
    known = json_text.moment(one.get("createdat")) is not None
    if known and isinstance(wait, int | float) and 0 <= wait < _LONGEST_WAIT:
        created = datetime.fromisoformat(one["createdat"])
        given.append((created + timedelta(seconds=float(wait))).isoformat())
    return next(iter(json_text.in_order(given)), None)


def _notes(incidents: Sequence[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    notes = []
    if pages and pages[-1].get("more") is True:
        notes.append(
            f"The last page says that there is more: {len(incidents):,} incidents are not all; "
            "export every page."
        )
    elif len(incidents) in _PAGES and not pages:
        notes.append(
            f"Exactly {len(incidents):,} incidents, the size of a page or the most of one search: "
            "truncated? Export every page, of shorter periods."
        )
    guessed = sum(_is_over(one) and not one.get("resolvedat") for one in incidents)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(incidents):,} incidents do not say when they were resolved: the "
            "last change of their status counts."
        )
    return notes
