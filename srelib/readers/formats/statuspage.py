"""Incidents and planned maintenances of a status page."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import as_moment

_LISTS = ("incidents", "scheduledmaintenances")
_OVER = "resolved|postmortem|completed"
_COMPONENTS = (
    say.each("components", "name", when={"group": "(?!true$).*"}),
    say.each("incidentupdates.affectedcomponents", "name",
             when={"newstatus": "(?!operational$).*", "group": "(?!true$).*"}),
)  # fmt: skip
"""Names of the components hit; where none are listed, those that updates tell of."""

_FIRST_SHOWN = say.earliest("createdat", say.each("incidentupdates", "displayat"))
_STARTED = ("startedat", "scheduledfor", _FIRST_SHOWN, "createdat")
"""When it began, as the page says; else the earliest moment it tells of."""

_LAST_UPDATE = say.earliest(
    say.each("incidentupdates", "displayat", "createdat", when={"status": "resolved|completed"}),
    latest=True,
)
_RESOLVED = (
    "resolvedat",
    say.only(_LAST_UPDATE, {"status": _OVER}),
    say.only("scheduleduntil", {"status": rf"(?!({_OVER})$).*"}),
)


def _is_planned(one: say.Record) -> bool:
    """Other interfaces write the keys of a maintenance into every incident, as null."""
    return bool(one.get("scheduledfor")) or say.meets(one, {"impact": "maintenance"})


def _is_real(one: say.Record) -> bool:
    return not _is_planned(one)


def _filled_in(one: say.Record) -> bool:
    """Whether the incident was written down after the moment its first update is shown at."""
    shown, created = as_moment(_FIRST_SHOWN(one)), as_moment(one.get("createdat"))
    return not one.get("startedat") and bool(shown and created and shown < created)


def _within(key: str) -> Callable[[say.Record], str | None]:
    """A time that lies inside the incident: what was filled in later says nothing."""

    def found(one: say.Record) -> str | None:
        at, begun, end = (as_moment(say.first(one, keys)) for keys in (key, _STARTED, _RESOLVED))
        inside = at is not None and begun is not None and begun <= at and (end is None or at <= end)
        return say.first(one, key) if inside else None

    return found


def _end_of_mapped(one: say.Record, row: say.Row, source: say.Source) -> say.Row | None:
    """Where a mapped end is missing, the incident ends as without the map."""
    mapped = "resolved_at" in source.columns and row["resolved_at"] is None
    return {"resolved_at": say.first(one, _RESOLVED)} if mapped else None


def _mitigated(context: FileContext) -> list[str]:
    """Times at which a fix was in, before the incident was closed."""
    real = [one for one in context.records if _is_real(one)]
    gaps = []
    for one in real:
        fixed, end = (as_moment(one.get(key)) for key in ("monitoringat", "resolvedat"))
        if fixed is not None and end is not None and fixed <= end:
            gaps.append((end - fixed).total_seconds() / 60)
    if not gaps or "resolved_at" in context.source.columns:
        return []
    return [
        f"{len(gaps):,} of {len(real):,} incidents say when a fix was in (monitoring, read as "
        f"mitigated_at), a median of {pd.Series(gaps).median():,.0f} minutes before they were "
        'closed; to end them there, say columns = { resolved_at = "monitoring_at" } in '
        "sources.toml."
    ]


STATUSPAGE = Format(
    "statuspage", "incidents", "an incident",
    signs=(
        *(say.has("page", kept) for kept in _LISTS),
        say.has("impact", "incidentupdates"),
    ),
    wrappers=_LISTS,
    carried={"page": "page.name"},
    sign="createdat",
    columns={
        "incident_id": "id",
        "severity": lambda one: "maintenance" if _is_planned(one) else one.get("impact"),
        "started_at": _STARTED,
        "detected_at": _within("createdat"),
        "mitigated_at": _within("monitoringat"),
        "resolved_at": _RESOLVED,
        "title": "name",
        "url": "shortlink",
    },
    services=(*_COMPONENTS, "page"),
    rules=(_end_of_mapped,),
    paging=say.Paging((50,), "older ones are on its history pages; collect the file regularly",
                      per="incidents", among={"status": _OVER}),
    remarks=_mitigated,
    notes=(
        say.Note("{n} entries name no component: they count for the page as a whole, "
                 "{one[page]!r}.", {_COMPONENTS: "", "page": ".+"}, about="service"),
        say.Note("{n} of {of} incidents do not say when they started: they begin when they were "
                 "created.", {"startedat": ""}, among=_is_real),
        say.Note("Of these, {n} were filled in later and begin with their first update.",
                 _filled_in, among=_is_real),
        say.Note("{n} incidents are over and tell no end: their last resolved update counts, and "
                 "without one they stay open.", {"status": _OVER, "resolvedat": ""},
                 among=_is_real),
        say.Note("{n} of {of} incidents have impact none: a notice, or nobody set the components; "
                 "they are kept.", {"impact": "none"}, among=_is_real),
    ),
)  # fmt: skip
