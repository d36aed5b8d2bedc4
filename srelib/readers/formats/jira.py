"""Jira issues as CSV, in English, German or Spanish; only incidents count."""

from __future__ import annotations

from srelib.readers import cells
from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.words import name_clues

_SERVICES = (
    "Component/s", "Components", "Komponente/n", "Komponenten", "Componente/s", "Componentes",
)  # fmt: skip
_TYPES = ("Issue Type", "Work type", "Vorgangstyp", "Tipo de Incidencia")
_CREATED = ("Created", "Erstellt", "Creada")
_RESOLVED = ("Resolved", "Erledigt", "Resuelta")
_RESOLUTION = ("Resolution", "Lösung", "Resolución")
_STATUS = ("Status Category", "Statuskategorie", "Status", "Estado")
_GUESSED_END = say.only(
    ("Updated", "Aktualisiert", "Actualizada"),
    {_STATUS: rf"\s*({name_clues()['done'].pattern})\s*", _RESOLVED: ""},
)
"""The last update of an issue that is done and has no time of resolution."""


def _complete(issue: say.Record, row: say.Row, source: say.Source) -> say.Row:
    """The end that is only known by the last update; when it was seen, where that is not known."""
    found: say.Row = {}
    if row.get("resolved_at") is None:
        found["resolved_at"] = _GUESSED_END(issue)
    if "started_at" in source.columns and "detected_at" not in source.columns:
        found["detected_at"] = None  # the issue may be days younger than the incident
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
    services=tuple(f"{column}[]" for column in _SERVICES),
    choice=say.Choice(
        "where", "type", say.only(_TYPES),
        'no incident by its type; to choose, say where = {{ "{column}" = [...] }} in sources.toml',
        _TYPES, "has the type",
        default=(name_clues()["incident"].pattern,),
        paste='where = {{ "{column}" = ["...", "..."] }} in sources.toml chooses others',
    ),
    rules=(
        _complete,
        say.Drop("resolved as {said}: no incident of its own",
                 {_RESOLUTION: rf"\s*({name_clues()['no_incident'].pattern})(\W.*)?"}, _RESOLUTION,
                 "Resolution"),
    ),
    dates=cells.jira_iso,
    paging=say.Paging((1000,), "export shorter periods"),
    notes=(
        say.Note("{n} of {of} rows are of issues that are done and have no Resolved: their last "
                 "update counts as the end, which can be late.", _GUESSED_END),
    ),
)  # fmt: skip
