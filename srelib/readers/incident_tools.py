"""Incidents of paging tools: PagerDuty as CSV and as JSON, Opsgenie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.readers import record_tables, text
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.json_text import (
    Row,
    as_moment,
    as_text,
    holds,
    in_time_order,
    json_pages,
    keyed,
    left_out_row,
    mapped_columns,
    nested,
    objects_in,
    record_result,
    row_per_service,
    rows_of_records,
    several_services_note,
)

if TYPE_CHECKING:
    from srelib.readers.source import Source


ROW_LIMIT = 20_000
FLAP_SECONDS = 300
_TIME, _NUMBER, _TEXT = "time", "number", "text"
_PAGERDUTY_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "incident_id": (_TEXT, ("id", "incident_number", "#")),
    "service": (_TEXT, ("service_name", "Service", "service_id")),
    "severity": (_TEXT, ("urgency", "priority_name")),
    "started_at": (_TIME, ("created_on", "created_at", "Opened On")),
    "resolved_at": (_TIME, ("resolved_on", "resolved_at", "Resolved On")),
    "title": (_TEXT, ("description", "title")),
    "ack": (_NUMBER, ("seconds_to_first_ack",)),
    "auto": (_TEXT, ("auto_resolved",)),
}


def _is_pagerduty(head: Head) -> bool:
    """Whether the file is a PagerDuty incidents CSV."""
    seen = set(head.header)
    report = "incident_number" in seen and bool(seen & {"service_name", "service_id"})
    begun, ended = {"created_on", "created_at"}, {"resolved_on", "resolved_at"}
    plain = {"#", "Service", "Opened On", "Resolved On"} <= seen
    return head.kind == "csv" and (plain or bool(report and seen & begun and seen & ended))


def _read_pagerduty(head: Head, source: Source) -> FileResult:
    """Incidents, one row each."""
    chosen = dict(source.columns)
    columns = {
        name: chosen.get(name) or next(word for word in words if word in head.header)
        for name, (_, words) in _PAGERDUTY_COLUMNS.items()
        if name in chosen or set(words) & set(head.header)
    }
    types = {column: _PAGERDUTY_COLUMNS[name][0] for name, column in columns.items()}
    scan = text.scan(head, types, timezone=source.timezone)
    rows = pd.DataFrame({name: scan.frame[column] for name, column in columns.items()})
    return record_tables.read_rows(
        _pagerduty_incidents(rows, source), "incidents", head=head, source=source, scan=scan,
        notes=_pagerduty_notes(rows, scan.rows_read),
    )  # fmt: skip


def _pagerduty_incidents(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    frame = rows.assign(detected_at=rows["started_at"])
    if "ack" in rows:
        wait = pd.to_timedelta(rows["ack"].where(rows["ack"] >= 0), unit="s")
        frame["acknowledged_at"] = (rows["started_at"] + wait).astype("datetime64[us, UTC]")
    if source.service is not None and "service" not in source.columns:
        frame["service"] = source.service
    return frame


def _pagerduty_notes(rows: pd.DataFrame, rows_read: int) -> list[str]:
    notes = []
    if rows_read == ROW_LIMIT:
        notes.append(
            "Exactly 20,000 rows, the most PagerDuty exports at once: later incidents are probably "
            "cut off; export shorter periods."
        )
    if {"auto", "resolved_at"} <= set(rows):
        lived = (rows["resolved_at"] - rows["started_at"]).dt.total_seconds()
        flaps = int(((lived < FLAP_SECONDS) & rows["auto"].isin(["1", "true", "True"])).sum())
        if flaps:
            notes.append(
                f"{flaps:,} incidents resolved themselves within five minutes: "
                "more likely flapping alerts than incidents."
            )
    return notes


DEEPEST = 10_000
"""Incidents the REST API gives for one search, whatever the number of pages."""

_PAGERDUTY_API_PAGES = (25, 100, DEEPEST)  # page sizes of the API, by default and at most
_LONGEST_WAIT = 1e9  # seconds; thirty years are no wait
_MERGED = "merged into another incident, which stands for both"


def _is_pagerduty_api(head: Head) -> bool:
    """Whether the file holds PagerDuty incidents as JSON."""
    places = ("", "incidents", "data", "incident")
    some = any(
        holds(head, "incidentnumber", "createdat", key, under=places)
        for key in ("service", "servicename", "urgency")
    )
    empty = holds(head, "incidents", "limit", "offset", under=("",))
    return some or empty


def _read_pagerduty_api(head: Head, source: Source) -> FileResult:
    """Incidents, one row each."""
    found, pages = json_pages(head, "incidents", "data", "incident")
    rows, numbers = rows_of_records(
        found, _pagerduty_row, source, kind="an incident", sign="createdat"
    )
    return record_result(
        head,
        rows,
        numbers,
        "incidents",
        source,
        notes=_pagerduty_api_notes(objects_in(found), pages),
        zone=_pagerduty_zone(pages),
    )


def _pagerduty_zone(pages: list[dict[str, Any]]) -> str | None:
    """Zone that Analytics says its times are in, where they carry none."""
    zones = {as_text(page.get("timezone")) for page in pages}
    return zones.pop() if len(zones) == 1 else None


def _pagerduty_row(one: dict[str, Any], source: Source) -> Row:
    created = as_text(one.get("createdat"))
    number = as_text(one.get("incidentnumber"))
    row = {
        "incident_id": as_text(one.get("id")) or number,
        "service": source.service or _pagerduty_service(one),
        "severity": _pagerduty_severity(one),
        "started_at": created,
        "detected_at": created,
        "acknowledged_at": _first_acknowledgement(one),
        "resolved_at": _pagerduty_end(one),
        "title": as_text(one.get("title") or one.get("description")),
    }
    if "merge" in str(nested(one, "resolvereason").get("type")):
        return row | left_out_row(_MERGED, value=row["incident_id"], column="resolve_reason")
    return row | mapped_columns(one, source)


def _pagerduty_service(one: dict[str, Any]) -> str | None:
    service = nested(one, "service")
    named = one.get("servicename") or service.get("summary") or service.get("name")
    return as_text(named or service.get("id") or one.get("serviceid"))


def _pagerduty_severity(one: dict[str, Any]) -> str | None:
    priority = nested(one, "priority")
    named = one.get("priorityname") or priority.get("summary") or priority.get("name")
    return as_text(named or one.get("urgency"))


def _pagerduty_end(one: dict[str, Any]) -> str | None:
    if one.get("resolvedat"):
        return as_text(one["resolvedat"])
    return as_text(one.get("laststatuschangeat")) if _is_resolved(one) else None


def _is_resolved(one: dict[str, Any]) -> bool:
    return str(one.get("status")).lower() == "resolved"


def _first_acknowledgement(one: dict[str, Any]) -> str | None:
    """The first acknowledgement that is told of."""
    given = [entry.get("at") for entry in objects_in(one.get("acknowledgements"))]
    given += [
        entry.get("createdat")
        for entry in objects_in(one.get("logentries"))
        if str(entry.get("type")).startswith("acknowledge_log_entry")
    ]
    wait = one.get("secondstofirstack")
    known = as_moment(one.get("createdat")) is not None
    if known and isinstance(wait, int | float) and 0 <= wait < _LONGEST_WAIT:
        created = datetime.fromisoformat(one["createdat"])
        given.append((created + timedelta(seconds=float(wait))).isoformat())
    return next(iter(in_time_order(given)), None)


def _pagerduty_api_notes(
    incidents: Sequence[dict[str, Any]], pages: list[dict[str, Any]]
) -> list[str]:
    notes = []
    if pages and pages[-1].get("more") is True:
        notes.append(
            f"The last page says that there is more: {len(incidents):,} incidents are not all; "
            "export every page."
        )
    elif len(incidents) in _PAGERDUTY_API_PAGES and not pages:
        notes.append(
            f"Exactly {len(incidents):,} incidents, the size of a page or the most of one search: "
            "truncated? Export every page, of shorter periods."
        )
    guessed = sum(_is_resolved(one) and not one.get("resolvedat") for one in incidents)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(incidents):,} incidents do not say when they were resolved: the "
            "last change of their status counts."
        )
    return notes


_OPSGENIE_PAGES = (20, 100)  # page sizes of the API, by default and at most
_OVER = ("resolved", "closed")


def _is_opsgenie(head: Head) -> bool:
    """Whether the file holds Opsgenie incidents."""
    places = ("", "data")
    return any(
        holds(head, "tinyid", key, under=places) for key in ("impactstartdate", "impactedservices")
    )


def _read_opsgenie(head: Head, source: Source) -> FileResult:
    """Incidents, one row for each service they hit."""
    found, pages = json_pages(head, "data")
    rows, numbers = rows_of_records(
        found, _opsgenie_rows, source, kind="an incident", sign="createdat"
    )
    notes = [
        *several_services_note(rows, numbers),
        *_opsgenie_notes(objects_in(found), pages, source),
    ]
    return record_result(head, rows, numbers, "incidents", source, notes=notes)


def _opsgenie_rows(one: dict[str, Any], source: Source) -> list[Row]:
    row = {
        "incident_id": as_text(one.get("id", one.get("tinyid"))),
        "severity": as_text(one.get("priority")),
        "started_at": as_text(one.get("impactstartdate") or one.get("createdat")),
        "detected_at": as_text(one.get("impactdetectdate") or one.get("createdat")),
        "resolved_at": as_text(one.get("impactenddate") or _opsgenie_end(one)),
        "title": as_text(one.get("message")),
    } | mapped_columns(one, source)
    return row_per_service(row, _opsgenie_services(one), source)


def _opsgenie_services(one: dict[str, Any]) -> list[str | None]:
    """Identifiers, or the names that newer answers put beside them."""
    given = one.get("impactedservices")
    if not isinstance(given, list):
        return []
    return [
        as_text(keyed(part).get("name", keyed(part).get("id")))
        if isinstance(part, dict)
        else as_text(part)
        for part in given
    ]


def _opsgenie_end(one: dict[str, Any]) -> Any:
    """The last update of an incident that is over and tells no end of its impact."""
    return one.get("updatedat") if str(one.get("status")).lower() in _OVER else None


def _opsgenie_notes(
    incidents: Sequence[dict[str, Any]], pages: list[dict[str, Any]], source: Source
) -> list[str]:
    notes = []
    if any(nested(page, "paging").get("next") for page in pages[-1:]):
        notes.append(
            f"The last page names a next one: {len(incidents):,} incidents are not all; "
            "export every page."
        )
    elif len(incidents) in _OPSGENIE_PAGES and not any("paging" in page for page in pages):
        notes.append(
            f"Exactly {len(incidents)} incidents, the size of one page: truncated? Export every "
            "page."
        )
    unsaid = sum(not one.get("impactstartdate") for one in incidents)
    if unsaid:
        notes.append(
            f"{unsaid:,} of {len(incidents):,} incidents do not say when the impact began: they "
            "start when they were created."
        )
    guessed = sum(bool(_opsgenie_end(one)) and not one.get("impactenddate") for one in incidents)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(incidents):,} incidents are over and do not say when the impact "
            "ended: their last update counts, which can be late."
        )
    known = source.services
    named = {str(name) for one in incidents for name in _opsgenie_services(one)} - set(known)
    ids = sorted(name for name in named if _is_identifier(name))
    if ids and source.service is None:
        notes.append(
            f"{len(ids):,} services are known only by identifier, such as {ids[0]!r}: name them "
            f'with services = {{ "{ids[0]}" = "..." }} in sources.toml.'
        )
    return notes


def _is_identifier(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4 and all(c in "0123456789abcdef-" for c in name)


PAGERDUTY = Family("pagerduty", _is_pagerduty, _read_pagerduty, ("incidents", "exclusions"))
PAGERDUTY_API = Family(
    "pagerduty_api", _is_pagerduty_api, _read_pagerduty_api, ("incidents", "exclusions")
)
OPSGENIE = Family("opsgenie", _is_opsgenie, _read_opsgenie, ("incidents", "exclusions"))
