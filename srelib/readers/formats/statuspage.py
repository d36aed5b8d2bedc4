"""Incidents and planned maintenances of a status page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.readers.declaration import Note, Record, first, has
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import as_moment, as_text, in_time_order, keyed, nested, objects_in
from srelib.readers.record_tables import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

PAGE_LIMIT = 50
"""Incidents a status page shows at most, whatever its history."""

_LISTS = ("incidents", "scheduledmaintenances")
_OVER = ("resolved", "postmortem", "completed")


def _entries(found: list[Any], _: list[Record]) -> list[Any]:
    """Incidents and maintenances of the pages; what is no page is an incident itself."""
    pages = [keyed(one) if isinstance(one, dict) else {} for one in found]
    named = next((nested(page, "page").get("name") for page in pages if page), None)
    entries: list[Any] = []
    for page, whole in zip(pages, found, strict=True):
        kept = [page[key] for key in _LISTS if isinstance(page.get(key), list)]
        entries += [one for members in kept for one in members] if kept else [whole]
    if not as_text(named):
        return entries
    return [one | {"page": as_text(named)} if isinstance(one, dict) else one for one in entries]


def _is_planned(one: Record) -> bool:
    """Other interfaces write the keys of a maintenance into every incident, as null."""
    return bool(one.get("scheduledfor")) or str(one.get("impact")).lower() == "maintenance"


def _is_real(one: Record) -> bool:
    return not _is_planned(one)


def _components(one: Record) -> list[str | None]:
    """Names of the components hit; where none are listed, those that updates tell of."""
    parts = objects_in(one.get("components"))
    for update in objects_in(one.get("incidentupdates")) if not parts else ():
        affected = objects_in(update.get("affectedcomponents"))
        parts += [part for part in affected if part.get("newstatus") != "operational"]
    names = (as_text(part.get("name")) for part in parts if part.get("group") is not True)
    return list(dict.fromkeys(names))


def _started(one: Record) -> str | None:
    """When it began, as the page says; else the earliest moment it tells of."""
    said = first(one, ("startedat", "scheduledfor") if _is_planned(one) else "startedat")
    return said or (_first_shown(one) if _filled_in(one) else first(one, "createdat"))


def _first_shown(one: Record) -> str | None:
    updates = objects_in(one.get("incidentupdates"))
    return next(iter(in_time_order(update.get("displayat") for update in updates)), None)


def _filled_in(one: Record) -> bool:
    """Whether the incident was written down after the moment its first update is shown at."""
    shown, created = as_moment(_first_shown(one)), as_moment(one.get("createdat"))
    return not one.get("startedat") and bool(shown and created and shown < created)


def _resolved(one: Record) -> str | None:
    if one.get("resolvedat") or not _is_over(one):
        planned = one.get("scheduleduntil") if _is_planned(one) else None
        return as_text(one.get("resolvedat") or planned)
    ends = [
        update.get("displayat") or update.get("createdat")
        for update in objects_in(one.get("incidentupdates"))
        if str(update.get("status")).lower() in ("resolved", "completed")
    ]
    return next(reversed(in_time_order(ends)), None)


def _is_over(one: Record) -> bool:
    return str(one.get("status")).lower() in _OVER


def _within(one: Record, key: str) -> str | None:
    """A time that lies inside the incident: what was filled in later says nothing."""
    times = (one.get(key), _started(one), _resolved(one))
    at, begun, end = (as_moment(time) for time in times)
    inside = at is not None and begun is not None and begun <= at and (end is None or at <= end)
    return as_text(one.get(key)) if inside else None


def _end_of_mapped(one: Record, row: Row, source: Source) -> Row | None:
    """Where a mapped end is missing, the incident ends as without the map."""
    mapped = "resolved_at" in source.columns and row["resolved_at"] is None
    return {"resolved_at": _resolved(one)} if mapped else None


def _remarks(context: FileContext) -> list[str]:
    """Incidents of the whole page, times of mitigation, and whether the page is full."""
    notes = []
    whole = sum(not _components(one) for one in context.records)
    page = next((one.get("page") for one in context.records), None)
    if whole and page and context.source.service is None:
        notes.append(
            f"{whole:,} entries name no component: they count for the page as a whole, {page!r}."
        )
    pages = [
        objects_in(keyed(one).get("incidents")) for one in context.found if isinstance(one, dict)
    ]
    if any(PAGE_LIMIT in (len(all_), sum(map(_is_over, all_))) for all_ in pages):  # or some open
        notes.append(
            f"Exactly {PAGE_LIMIT} incidents, the most a status page gives: truncated? Older ones "
            "are on its history pages; collect the file regularly."
        )
    real = [one for one in context.records if _is_real(one)]
    gaps = []
    for one in real:
        fixed, end = (as_moment(one.get(key)) for key in ("monitoringat", "resolvedat"))
        if fixed is not None and end is not None and fixed <= end:
            gaps.append((end - fixed).total_seconds() / 60)
    if gaps and "resolved_at" not in context.source.columns:
        notes.append(
            f"{len(gaps):,} of {len(real):,} incidents say when a fix was in (monitoring, read as "
            f"mitigated_at), a median of {pd.Series(gaps).median():,.0f} minutes before they were "
            'closed; to end them there, say columns = { resolved_at = "monitoring_at" } in '
            "sources.toml."
        )
    return notes


STATUSPAGE = Format(
    "statuspage", "incidents", "an incident",
    signs=(
        *(has("page", kept) for kept in _LISTS),
        has("impact", "incidentupdates", under=("", *_LISTS)),
    ),
    prepare=_entries,
    sign="createdat",
    columns={
        "incident_id": "id",
        "severity": lambda one: "maintenance" if _is_planned(one) else one.get("impact"),
        "started_at": _started,
        "detected_at": lambda one: _within(one, "createdat"),
        "mitigated_at": lambda one: _within(one, "monitoringat"),
        "resolved_at": _resolved,
        "title": "name",
        "url": "shortlink",
    },
    services=lambda one: _components(one) or [one.get("page")],
    rules=(_end_of_mapped,),
    remarks=_remarks,
    notes=(
        Note("{n} of {of} incidents do not say when they started: they begin when they were "
             "created.", lambda one: not one.get("startedat"), among=_is_real),
        Note("Of these, {n} were filled in later and begin with their first update.",
             _filled_in, among=_is_real),
        Note("{n} incidents are over and tell no end: their last resolved update counts, and "
             "without one they stay open.",
             lambda one: _is_over(one) and not one.get("resolvedat"), among=_is_real),
        Note("{n} of {of} incidents have impact none: a notice, or nobody set the components; "
             "they are kept.", lambda one: str(one.get("impact")).lower() == "none",
             among=_is_real),
    ),
)  # fmt: skip
