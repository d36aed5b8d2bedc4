"""Jira issues as CSV: "Export > CSV (all fields)" or "(my defaults)".

Columns repeat (``Labels,Labels``), rows can be wider than the header, and dates are local, in
the format of the site, without a zone.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import base, dates, events, json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "jira"
TABLES = ("incidents", "exclusions")

EXPORT_LIMIT = 1000
"""Issues that Jira writes into one CSV unless the site allows more."""

_COLUMNS = {
    "incident_id": ("Issue key",), "title": ("Summary",), "severity": ("Priority",),
    "service": ("Component/s", "Components"), "started_at": ("Created",),
    "resolved_at": ("Resolved",),
}  # fmt: skip
_TIMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_DONE = ("done", "closed", "resolved", "completed", "complete", "fixed")
_NONE_OF_ITS_OWN = ("duplicate", "invalid", "declined", "canceled", "cancelled")
_WIDE = (
    "the row has {seen} fields and the header {known}, so from somewhere on they are shifted; "
    "export again, or fewer columns"
)


def recognise(head: Head) -> bool:
    """Whether the file is a CSV of Jira issues."""
    return head.kind == "csv" and {"Issue key", "Issue id"} <= set(head.header)


def read(head: Head, source: Source | None) -> Result:
    """Issues, one row for each component they name."""
    header, records = _records(head)
    columns = _columns_of(header, source, head)
    rows, numbers = _rows(header, records, columns, source)
    notes = [*json_text.several_note(rows, numbers), *_notes(rows, records)]
    return _result(head, rows, numbers, columns, source, notes)


def _records(head: Head) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header as written, and every record with the line on which it begins."""
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(json_text.content(head), newline="")
    reader = csv.reader(islice(lines, head.skip, None), delimiter=head.delimiter)
    found: list[tuple[int, list[str]]] = []
    begun = 0
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                found.append((head.skip + begun + 1, fields))
            begun = reader.line_num
    except csv.Error as error:
        raise ReadError(
            f"the CSV is damaged ({error})", file=head.name, line=head.skip + reader.line_num,
            fix="export it again",
        ) from error  # fmt: skip
    return [name.strip() for name in found[0][1]], found[1:]


def _columns_of(header: list[str], source: Source | None, head: Head) -> dict[str, str]:
    """Which column of the file each canonical column is."""
    chosen = {} if source is None else dict(source.columns)
    columns = dict(chosen)
    for name, words in _COLUMNS.items():
        there = next((word for word in words if word in header), None)
        if there is not None:
            columns.setdefault(name, there)
    absent = [column for column in columns.values() if column not in header]
    lacking = [name for name in ("incident_id", "started_at") if name not in columns]
    if absent or lacking:
        what = f"column {absent[0]!r}" if absent else f"column for {lacking[0]}"
        raise ReadError(
            f"there is no {what}; the file has {', '.join(map(repr, dict.fromkeys(header)))}",
            file=head.name,
            fix="export all fields, or correct columns in sources.toml",
        )
    if "started_at" not in chosen:
        columns.setdefault("detected_at", columns["started_at"])
    return columns


def _rows(
    header: list[str],
    records: Sequence[tuple[int, list[str]]],
    columns: dict[str, str],
    source: Source | None,
) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    numbers: list[int] = []
    for line, fields in records:
        part = _made(header, fields, columns, source)
        rows += part
        numbers += [line] * len(part)
    return rows, numbers


def _made(
    header: list[str], fields: list[str], columns: dict[str, str], source: Source | None
) -> list[Row]:
    beyond = [field for field in fields[len(header) :] if field.strip()]
    if beyond or len(fields) < len(header):
        reason = _WIDE.format(seen=len(fields), known=len(header))
        return [json_text.refused(reason, value=fields[0])]
    cells = _grouped(header, fields)
    row: Row = {
        name: next(iter(cells[column]), None) for name, column in columns.items()
    }  # the first of repeated columns that holds anything
    if row.get("resolved_at") is None and _is_done(cells):
        row |= {"resolved_at": next(iter(cells.get("Updated", [])), None), "guessed": True}
    said = next(iter(cells.get("Resolution", [])), "").strip()
    if re.sub(r"\W.*", "", said.lower()) in _NONE_OF_ITS_OWN:
        reason = f"resolved as {said}: no incident of its own"
        row |= json_text.left_out(reason, value=said, column="Resolution")
    mapped = source is not None and "service" in source.columns
    named = [] if mapped or "service" not in columns else cells[columns["service"]]
    return json_text.for_each(row, [name.strip() for name in named], source)


def _grouped(header: list[str], fields: list[str]) -> dict[str, list[str]]:
    """Cells that hold anything, by column; repeated columns are one."""
    cells: dict[str, list[str]] = {name: [] for name in header}
    for name, field in zip(header, fields, strict=False):
        if field.strip():
            cells[name].append(field)
    return cells


def _is_done(cells: dict[str, list[str]]) -> bool:
    words = [*cells.get("Status Category", []), *cells.get("Status", [])]
    return bool(words) and words[0].strip().lower() in _DONE


def _result(
    head: Head,
    rows: list[Row],
    numbers: list[int],
    columns: dict[str, str],
    source: Source | None,
    notes: list[str],
) -> Result:
    frame = pd.DataFrame(rows, columns=list(_all_keys(rows, columns)))
    times = [name for name in _TIMES if name in frame]
    shown = {name: columns[name] for name in times if name in columns}
    zone = None if source is None else source.timezone
    dated = dates.jira_iso(frame, shown, file=head.name)
    timed = base.with_times(dated, times, file=head.name, timezone=zone, shown=shown)
    built = events.build(
        timed.drop(columns="guessed", errors="ignore"),
        "incidents",
        file=head.name,
        lines=numbers,
        services={} if source is None else source.services,
    )
    return Result(
        tables=built.tables,
        event_lines=built.lines,
        rows_read=len(rows),
        rows_kept=built.kept,
        rejects=built.rejects,
        timezone=zone or "UTC",
        notes=(*built.notes, *notes),
    )


def _all_keys(rows: list[Row], columns: dict[str, str]) -> Iterator[str]:
    yield from dict.fromkeys(
        ["incident_id", "service", *columns, *(key for row in rows for key in row)]
    )


def _notes(rows: list[Row], records: Sequence[tuple[int, list[str]]]) -> list[str]:
    notes = []
    guessed = sum(row.get("guessed") is True for row in rows)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(rows):,} rows are of issues that are done and have no Resolved: "
            "their last update counts as the end, which can be late."
        )
    if len(records) == EXPORT_LIMIT:
        notes.append(
            f"Exactly {EXPORT_LIMIT:,} issues, the most Jira writes at once: truncated? Export "
            "shorter periods."
        )
    return notes
