"""Jira issues as CSV, in English, German or Spanish; only incidents count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from srelib.readers import cells
from srelib.readers.declaration import Choice, Note, Paging, Record, first, left_out
from srelib.readers.engine import Format
from srelib.readers.formats.github_issues import INCIDENT
from srelib.readers.record_tables import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

_SERVICES = ("Component/s", "Components", "Komponente/n", "Komponenten", "Componente/s",
             "Componentes")  # fmt: skip
_TYPES = ("Issue Type", "Work type", "Vorgangstyp", "Tipo de Incidencia")
_CREATED = ("Created", "Erstellt", "Creada")
_RESOLVED = ("Resolved", "Erledigt", "Resuelta")
_UPDATED = ("Updated", "Aktualisiert", "Actualizada")
_STATUS = ("Status Category", "Statuskategorie", "Status", "Estado")
_RESOLUTION = ("Resolution", "Lösung", "Resolución")
_DONE = (
    "done", "closed", "resolved", "completed", "complete", "fixed",
    "fertig", "erledigt", "geschlossen", "gelöst",
    "listo", "finalizada", "finalizado", "cerrada", "resuelta",
)  # fmt: skip
_NONE_OF_ITS_OWN = (
    "duplicate", "invalid", "declined", "canceled", "cancelled",
    "duplikat", "abgelehnt", "abgebrochen", "duplicado", "duplicada", "rechazada", "cancelada",
)  # fmt: skip


def _types(issue: Record) -> list[str] | None:
    kind = first(issue, _TYPES)
    return None if kind is None else [kind.strip()]


def _components(issue: Record) -> list[str | None]:
    return [name for column in _SERVICES for name in issue.get(f"{column}[]", [])]


def _guessed_end(issue: Record) -> str | None:
    """The last update of an issue that is done and has no time of resolution."""
    done = (first(issue, _STATUS) or "").strip().lower() in _DONE
    return first(issue, _UPDATED) if done and not first(issue, _RESOLVED) else None


def _complete(issue: Record, row: Row, source: Source) -> Row:
    """The end that is only known by the last update; what was no incident of its own."""
    found: Row = {}
    if row.get("resolved_at") is None:
        found["resolved_at"] = _guessed_end(issue)
    if "started_at" in source.columns and "detected_at" not in source.columns:
        found["detected_at"] = None  # the issue may be days younger than the incident
    said = (first(issue, _RESOLUTION) or "").strip()
    if re.sub(r"\W.*", "", said.lower()) in _NONE_OF_ITS_OWN:
        found |= left_out(f"resolved as {said}: no incident of its own", value=said,
                              column="Resolution")  # fmt: skip
    return found


JIRA = Format(
    "jira", "incidents", "an issue",
    headers=(
        frozenset({"Issue key", "Issue id"}),
        frozenset({"Vorgangsschlüssel", "Zusammenfassung"}),
        frozenset({"Clave de incidencia", "Resumen"}),
    ),
    columns={
        "incident_id": ("Issue key", "Work item key", "Vorgangsschlüssel", "Clave de incidencia"),
        "title": ("Summary", "Zusammenfassung", "Resumen"),
        "severity": ("Priority", "Priorität", "Prioridad"),
        "started_at": _CREATED,
        "detected_at": _CREATED,
        "resolved_at": _RESOLVED,
    },
    services=_components,
    choice=Choice(
        "where", "type", _types,
        'no incident by its type; to choose, say where = {{ "{column}" = [...] }} in sources.toml',
        "has the type",
        default=(INCIDENT,),
        default_name="of an incident",
        column="Issue Type",
        columns=_TYPES,
        paste='where = {{ "{column}" = ["...", "..."] }} in sources.toml chooses others',
    ),
    rules=(_complete,),
    dates=cells.jira_iso,
    paging=Paging((1000,), "export shorter periods"),
    notes=(
        Note("{n} of {of} rows are of issues that are done and have no Resolved: their last "
             "update counts as the end, which can be late.", _guessed_end),
    ),
)  # fmt: skip
