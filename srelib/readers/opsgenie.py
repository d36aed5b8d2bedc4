"""Opsgenie incidents, from ``/v1/incidents``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "opsgenie"
TABLES = ("incidents", "exclusions")

_PAGES = (20, 100)  # page sizes of the API, by default and at most
_TIMES = ("started_at", "detected_at", "mitigated_at", "resolved_at")
_OVER = ("resolved", "closed")


def recognise(head: Head) -> bool:
    """Whether the file holds Opsgenie incidents."""
    places = ("", "data")
    return any(
        json_text.holds(head, "tinyid", key, under=places)
        for key in ("impactstartdate", "impactedservices")
    )


def read(head: Head, source: Source | None) -> Result:
    """Incidents, one row for each service they hit."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, pages = json_text.members(records, "data")
    rows, numbers = json_text.rows(
        found, lambda one: _rows(one, source), kind="an incident", sign="createdat"
    )
    notes = [
        *json_text.several_note(rows, numbers),
        *_notes(json_text.listed(found), pages, source),
    ]
    return json_text.result(
        head, rows, numbers, table="incidents", times=_TIMES, source=source, notes=notes
    )


def _rows(one: dict[str, Any], source: Source | None) -> list[Row]:
    row = {
        "incident_id": json_text.text(one.get("id", one.get("tinyid"))),
        "severity": json_text.text(one.get("priority")),
        "started_at": json_text.text(one.get("impactstartdate") or one.get("createdat")),
        "detected_at": json_text.text(one.get("impactdetectdate") or one.get("createdat")),
        "resolved_at": json_text.text(one.get("impactenddate") or _closed(one)),
        "title": json_text.text(one.get("message")),
    } | json_text.chosen(one, source)
    return json_text.for_each(row, _services(one), source)


def _services(one: dict[str, Any]) -> list[str | None]:
    """Identifiers, or the names that newer answers put beside them."""
    given = one.get("impactedservices")
    if not isinstance(given, list):
        return []
    return [
        json_text.text(json_text.keyed(part).get("name", json_text.keyed(part).get("id")))
        if isinstance(part, dict)
        else json_text.text(part)
        for part in given
    ]


def _closed(one: dict[str, Any]) -> Any:
    """The last update of an incident that is over and tells no end of its impact."""
    return one.get("updatedat") if str(one.get("status")).lower() in _OVER else None


def _notes(
    incidents: Sequence[dict[str, Any]], pages: list[dict[str, Any]], source: Source | None
) -> list[str]:
    notes = []
    if any(json_text.inner(page, "paging").get("next") for page in pages[-1:]):
        notes.append(
            f"The last page names a next one: {len(incidents):,} incidents are not all; "
            "export every page."
        )
    elif len(incidents) in _PAGES and not any("paging" in page for page in pages):
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
    guessed = sum(bool(_closed(one)) and not one.get("impactenddate") for one in incidents)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(incidents):,} incidents are over and do not say when the impact "
            "ended: their last update counts, which can be late."
        )
    known = {} if source is None else source.services
    named = {str(name) for one in incidents for name in _services(one)} - set(known)
    ids = sorted(name for name in named if _is_identifier(name))
    if ids and (source is None or source.service is None):
        notes.append(
            f"{len(ids):,} services are known only by identifier, such as {ids[0]!r}: name them "
            f'with services = {{ "{ids[0]}" = "..." }} in sources.toml.'
        )
    return notes


def _is_identifier(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4 and all(c in "0123456789abcdef-" for c in name)
