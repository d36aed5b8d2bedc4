"""Incidents of a status page, from ``/api/v2/incidents.json`` of Statuspage and its likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "statuspage"
TABLES = ("incidents", "exclusions")

PAGE_LIMIT = 50
"""Incidents a status page shows at most, whatever its history."""

_TIMES = ("started_at", "detected_at", "mitigated_at", "resolved_at")
_KEPT_IN = ("incidents", "scheduledmaintenances")
_OVER = ("resolved", "postmortem", "completed")


def recognise(head: Head) -> bool:
    """Whether the file holds the incidents or maintenances of a status page."""
    whole = any(json_text.holds(head, "page", kept, under=("",)) for kept in _KEPT_IN)
    return whole or json_text.holds(head, "impact", "incidentupdates", under=("", *_KEPT_IN))


def read(head: Head, source: Source | None) -> Result:
    """Incidents, one row for each component they hit, and planned maintenance as exclusions."""
    records = json_text.records(json_text.content(head), file=head.name)
    pages = [json_text.keyed(record) for record in records if isinstance(record, dict)]
    named = json_text.text(
        next((json_text.inner(page, "page").get("name") for page in pages), None)
    )
    found = [member for record in records for member in _members(record)]
    rows, numbers = json_text.rows(
        found, lambda one: _rows(one, source, named), kind="an incident", sign="createdat"
    )
    incidents = [one for one in json_text.listed(found) if "createdat" in one]
    notes = [*json_text.several_note(rows, numbers), *_notes(incidents, source, named)]
    if any(PAGE_LIMIT in _counts(page.get("incidents")) for page in pages):
        notes.append(
            f"Exactly {PAGE_LIMIT} incidents, the most a status page gives: truncated? Older ones "
            "are on its history pages; collect the file regularly."
        )
    return json_text.result(
        head, rows, numbers, table="incidents", times=_TIMES, source=source, notes=notes
    )


def _counts(incidents: Any) -> tuple[int, ...]:
    """How many incidents a page has, and how many that are over; pages add those still open."""
    if not isinstance(incidents, list):
        return ()
    return len(incidents), sum(_is_over(one) for one in json_text.listed(incidents))


def _members(record: Any) -> list[Any]:
    """Incidents and maintenances of a page; what is no page is an incident itself."""
    page = json_text.keyed(record) if isinstance(record, dict) else {}
    kept = [page[key] for key in _KEPT_IN if isinstance(page.get(key), list)]
    return [member for members in kept for member in members] if kept else [record]


def _rows(one: dict[str, Any], source: Source | None, page: str | None) -> list[Row]:
    start, end = _started(one), _resolved(one)
    row = {
        "incident_id": json_text.text(one.get("id")),
        "severity": "maintenance" if _is_planned(one) else json_text.text(one.get("impact")),
        "started_at": start,
        "detected_at": _inside(one.get("createdat"), start, end),
        "mitigated_at": _inside(one.get("monitoringat"), start, end),
        "resolved_at": end,
        "title": json_text.text(one.get("name")),
    }
    chosen = json_text.chosen(one, source)
    if "resolved_at" in chosen:
        chosen["resolved_at"] = chosen["resolved_at"] or end
    return json_text.for_each(row | chosen, _components(one) or [page], source)


def _is_planned(one: dict[str, Any]) -> bool:
    """Other interfaces write the keys of a maintenance into every incident, as null."""
    return bool(one.get("scheduledfor")) or str(one.get("impact")).lower() == "maintenance"


def _components(one: dict[str, Any]) -> list[str | None]:
    """Names of the components hit; where none are listed, those that updates tell of."""
    parts = json_text.listed(one.get("components"))
    for update in json_text.listed(one.get("incidentupdates")) if not parts else ():
        told = json_text.listed(update.get("affectedcomponents"))
        parts += [part for part in told if part.get("newstatus") != "operational"]
    names = (json_text.text(part.get("name")) for part in parts if part.get("group") is not True)
    return list(dict.fromkeys(names))


def _started(one: dict[str, Any]) -> str | None:
    """When it began, as the page says; else the earliest moment it tells of."""
    said = one.get("scheduledfor") if _is_planned(one) else None
    if said or one.get("startedat"):
        return json_text.text(one.get("startedat") or said)
    return json_text.text(one.get("createdat")) if not _filled_in(one) else _first_shown(one)


def _first_shown(one: dict[str, Any]) -> str | None:
    updates = json_text.listed(one.get("incidentupdates"))
    return next(iter(json_text.in_order(update.get("displayat") for update in updates)), None)


def _filled_in(one: dict[str, Any]) -> bool:
    """Whether the incident was written down after the moment its first update is shown at."""
    first, created = json_text.moment(_first_shown(one)), json_text.moment(one.get("createdat"))
    return not one.get("startedat") and bool(first and created and first < created)


def _resolved(one: dict[str, Any]) -> str | None:
    if one.get("resolvedat") or not _is_over(one):
        planned = one.get("scheduleduntil") if _is_planned(one) else None
        return json_text.text(one.get("resolvedat") or planned)
    ends = [
        update.get("displayat") or update.get("createdat")
        for update in json_text.listed(one.get("incidentupdates"))
        if str(update.get("status")).lower() in ("resolved", "completed")
    ]
    return next(reversed(json_text.in_order(ends)), None)


def _is_over(one: dict[str, Any]) -> bool:
    return str(one.get("status")).lower() in _OVER


def _inside(time: Any, start: str | None, end: str | None) -> str | None:
    """A time that lies inside the incident: what was filled in later says nothing."""
    at, first, last = (json_text.moment(text) for text in (time, start, end))
    inside = at is not None and first is not None and first <= at and (last is None or at <= last)
    return json_text.text(time) if inside else None


def _notes(
    incidents: Sequence[dict[str, Any]], source: Source | None, page: str | None
) -> list[str]:
    real = [one for one in incidents if not _is_planned(one)]
    notes = []
    unsaid = sum(not one.get("startedat") for one in real)
    if unsaid:
        late = sum(_filled_in(one) for one in real)
        more = f"; {late:,} were filled in later and begin with their first update" if late else ""
        notes.append(
            f"{unsaid:,} of {len(real):,} incidents do not say when they started: they begin when "
            f"they were created{more}."
        )
    lacking = sum(_is_over(one) and not one.get("resolvedat") for one in real)
    if lacking:
        notes.append(
            f"{lacking:,} incidents are over and tell no end: their last resolved update counts, "
            "and without one they stay open."
        )
    quiet = sum(str(one.get("impact")).lower() == "none" for one in real)
    if quiet:
        notes.append(
            f"{quiet:,} of {len(real):,} incidents have impact none: a notice, or nobody set the "
            "components; they are kept."
        )
    whole = sum(not _components(one) for one in incidents)
    if whole and page and (source is None or source.service is None):
        notes.append(
            f"{whole:,} entries name no component: they count for the page as a whole, {page!r}."
        )
    return [*notes, *_mitigated_note(real, source)]


def _mitigated_note(real: Sequence[dict[str, Any]], source: Source | None) -> list[str]:
    if source is not None and "resolved_at" in source.columns:
        return []
    gaps = []
    for one in real:
        fixed, end = (json_text.moment(one.get(key)) for key in ("monitoringat", "resolvedat"))
        if fixed is not None and end is not None and fixed <= end:
            gaps.append((end - fixed).total_seconds() / 60)
    if not gaps:
        return []
    middle = pd.Series(gaps).median()
    return [
        f"{len(gaps):,} of {len(real):,} incidents say when a fix was in (monitoring, read as "
        f"mitigated_at), a median of {middle:,.0f} minutes before they were closed; to end them "
        "there, say "
        'columns = { resolved_at = "monitoring_at" } in sources.toml.'
    ]
