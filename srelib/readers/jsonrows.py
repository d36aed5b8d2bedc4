"""JSON records to a table of events: one row each, or the reason why there is none.

A row is a dict of canonical columns with text in them.
It may bring ``fault``, ``fault_column`` and ``fault_value`` (why it is refused) or ``left_out``,
``left_out_column`` and ``left_out_value`` (why a sound row is left out).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import tables
from srelib.readers import events, faults, jsonkeys
from srelib.readers.base import Head, Result

if TYPE_CHECKING:
    from srelib.readers.source import Source

Row = dict[str, Any]

UNFINISHED = "not finished when this was exported; export again later"


def rows(
    members: Iterable[Any], made: Callable[[dict[str, Any]], Iterable[Row]], *, kind: str, sign: str
) -> tuple[list[Row], list[int]]:
    """The rows of every record, and the number of the record each belongs to."""
    found: list[Row] = []
    numbers: list[int] = []
    for number, member in enumerate(members, start=1):
        record = jsonkeys.keyed(member) if isinstance(member, dict) else {}
        part = list(made(record)) if sign in record else [_none(member, kind)]
        found.extend(part)
        numbers.extend([number] * len(part))
    return found, numbers


def _none(member: Any, kind: str) -> Row:
    return refused(f"not {kind}", value=json.dumps(member))


def refused(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a row brings that is refused."""
    seen = value if value is None or isinstance(value, str) else json.dumps(value)
    return {"fault": reason, "fault_column": column, "fault_value": jsonkeys.text(_short(seen))}


def left_out(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a sound row brings that a rule leaves out."""
    return {
        "left_out": reason,
        "left_out_column": column,
        "left_out_value": jsonkeys.text(_short(value)),
    }


def _short(value: Any) -> Any:
    return f"{value[:80]}…" if isinstance(value, str) and len(value) > 80 else value


def outcome(
    word: Any,
    *,
    outcomes: Mapping[str, str],
    unfinished: Sequence[str] = (),
    nothing: Mapping[str, str] | None = None,
) -> Row:
    """What a word for the outcome of a deployment means."""
    said = (jsonkeys.text(word) or "").strip().lower()
    if said in outcomes:
        return {"status": outcomes[said]}
    if said in unfinished:
        return refused(UNFINISHED, value=said, column="status")
    if nothing and said in nothing:
        return left_out(nothing[said], value=said, column="status")
    if not said:
        return refused("no word says how it ended", column="status")
    known = ", ".join([*outcomes, *(nothing or {}), *unfinished])
    return refused(f"unknown status; known are {known}", value=said, column="status")


def chosen(record: dict[str, Any], source: Source | None) -> Row:
    """The columns that ``sources.toml`` names, by dotted keys."""
    named = {} if source is None else source.columns
    return {name: jsonkeys.text(jsonkeys.at(record, path)) for name, path in named.items()}


def matches(name: str | None, patterns: Iterable[str]) -> bool:
    """Whether a name is one of the patterns, or fits one as a regular expression, wholly."""
    return name is not None and any(name == p or _fits(name, p) for p in patterns)


def _fits(name: str, pattern: str) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:
        return False


def counted(words: Iterable[str | None], *, most: int = 6) -> str:
    """Words with how often they occur, the most frequent first."""
    counts = Counter("(none)" if word is None else repr(word) for word in words)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{word} {count:,}" for word, count in ranked[:most])
    return named + (f" and {len(ranked) - most} more" if len(ranked) > most else "")


def for_each(row: Row, services: Sequence[str | None], source: Source | None) -> list[Row]:
    """The row of an incident once for every service it hit."""
    if source is not None and "service" in source.columns:
        return [row]
    if source is not None and source.service is not None:
        return [row | {"service": source.service}]
    known = {} if source is None else source.services
    first: dict[str | None, str | None] = {}
    for name in services or [None]:
        first.setdefault(known.get(str(name), name), name)
    return [row | {"service": name} for name in first.values()]


def moment(value: Any) -> datetime | None:
    """A time, for comparing; what carries no zone counts as UTC."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def in_order(values: Iterable[Any]) -> list[str]:
    """The times among some values, the earliest first, as they are written."""
    known = [(at, value) for value in values if (at := moment(value)) is not None]
    return [value for _, value in sorted(known)]


def several_note(found: Sequence[Row], numbers: Sequence[int]) -> list[str]:
    """That some incidents stand in several rows, one for each service."""
    several = sum(count > 1 for count in Counter(numbers).values())
    if not several:
        return []
    return [
        f"{several:,} of {len(set(numbers)):,} incidents hit several services and count once for "
        f"each: {len(found):,} rows."
    ]


def said_service(source: Source | None) -> str | None:
    """The service ``sources.toml`` says, if it says one."""
    return None if source is None else source.service


def result(
    head: Head,
    found: Sequence[Row],
    numbers: Sequence[int],
    *,
    table: str,
    times: Sequence[str],
    source: Source | None,
    notes: Iterable[str] = (),
    zone: str | None = None,
) -> Result:
    """The rows as a canonical table."""
    if not found:
        return Result({table: tables.empty(table)}, 0, 0, notes=tuple(notes))
    frame = pd.DataFrame(list(found))
    needed = [*tables.required(table), *times]
    frame = frame.assign(**{name: None for name in needed if name not in frame})
    said = (None if source is None else source.timezone) or zone
    frame = faults.with_times(frame, times, file=head.name, timezone=said)
    if "planned" in frame and source is not None and "planned" in source.columns:
        frame = faults.with_planned(frame, column=source.columns["planned"])
    built = events.build(
        frame,
        table,
        file=head.name,
        lines=numbers,
        environment=() if source is None else source.environment,
        services={} if source is None else source.services,
    )
    return Result(
        tables=built.tables,
        event_lines=built.lines,
        rows_read=len(frame),
        rows_kept=built.kept,
        rejects=built.rejects,
        notes=(*built.notes, *notes),
    )
