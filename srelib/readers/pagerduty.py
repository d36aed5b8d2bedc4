"""PagerDuty incidents: the CSV of Analytics > Reports, and the one of plans without Analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from srelib.readers import events, text
from srelib.readers.base import Head, Result, joined

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "pagerduty"
TABLES = ("incidents", "exclusions")

ROW_LIMIT = 20_000
FLAP_SECONDS = 300
_TIME, _NUMBER, _TEXT = "time", "number", "text"
_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "incident_id": (_TEXT, ("id", "incident_number", "#")),
    "service": (_TEXT, ("service_name", "Service", "service_id")),
    "severity": (_TEXT, ("urgency", "priority_name")),
    "started_at": (_TIME, ("created_on", "created_at", "Opened On")),
    "resolved_at": (_TIME, ("resolved_on", "resolved_at", "Resolved On")),
    "title": (_TEXT, ("description", "title")),
    "ack": (_NUMBER, ("seconds_to_first_ack",)),
    "auto": (_TEXT, ("auto_resolved",)),
}


def recognise(head: Head) -> bool:
    """Whether the file is a PagerDuty incidents CSV."""
    seen = set(head.header)
    report = "incident_number" in seen and bool(seen & {"service_name", "service_id"})
    begun, ended = {"created_on", "created_at"}, {"resolved_on", "resolved_at"}
    plain = {"#", "Service", "Opened On", "Resolved On"} <= seen
    return head.kind == "csv" and (plain or bool(report and seen & begun and seen & ended))


def read(head: Head, source: Source | None) -> Result:
    """Incidents, one row each."""
    chosen = {} if source is None else dict(source.columns)
    columns = {
        name: chosen.get(name) or next(word for word in words if word in head.header)
        for name, (_, words) in _COLUMNS.items()
        if name in chosen or set(words) & set(head.header)
    }
    types = {column: _COLUMNS[name][0] for name, column in columns.items()}
    scan = text.scan(head, types, timezone=source.timezone if source else None)
    rows = pd.DataFrame({name: scan.frame[column] for name, column in columns.items()})
    built = events.build(
        _incidents(rows, source),
        "incidents",
        file=head.name,
        lines=scan.lines,
        services={} if source is None else source.services,
    )
    return Result(
        tables=built.tables,
        event_lines=built.lines,
        rows_read=scan.rows_read,
        rows_kept=built.kept,
        rejects=joined(scan.rejects, built.rejects),
        timezone=scan.timezone,
        notes=(*scan.notes, *built.notes, *_notes(rows, scan.rows_read)),
    )


def _incidents(rows: pd.DataFrame, source: Source | None) -> pd.DataFrame:
    frame = rows.assign(detected_at=rows["started_at"])
    if "ack" in rows:
        wait = pd.to_timedelta(rows["ack"].where(rows["ack"] >= 0), unit="s")
        frame["acknowledged_at"] = (rows["started_at"] + wait).astype("datetime64[us, UTC]")
    if source is not None and source.service is not None and "service" not in source.columns:
        frame["service"] = source.service
    return frame


def _notes(rows: pd.DataFrame, rows_read: int) -> tuple[str, ...]:
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
    return tuple(notes)
