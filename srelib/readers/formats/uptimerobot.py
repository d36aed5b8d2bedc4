"""UptimeRobot monitors with their logs, as getMonitors gives them: a log of states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import flat, monitoring
from srelib.readers.base import Family, FileResult, Head, overridden
from srelib.readers.declaration import Record, first
from srelib.readers.json_text import holds, json_pages, objects_in

if TYPE_CHECKING:
    from srelib.readers.source import Source

_STATES = {"1": "down", "2": "up", "98": "started", "99": "paused"}
_UNKNOWN = "unknown"
_PAGE = 50


def _is_uptimerobot(head: Head) -> bool:
    return holds(head, "friendlyname", "logs", under=("", "monitors")) or holds(
        head, "friendlyname", "interval", "status", under=("monitors",)
    )


def _read_uptimerobot(head: Head, source: Source) -> FileResult:
    """States from each entry of the logs to the next; the last lasts as long as it says."""
    found, pages = json_pages(head, "monitors")
    monitors = objects_in(found)
    logs = [(one, log) for one in monitors for log in objects_in(one.get("logs"))]
    if not logs:
        raise ReadError("these monitors bring no logs", file=head.name,
                        fix="ask getMonitors with logs=1")  # fmt: skip
    rows, numbers = [], []
    for number, (monitor, log) in enumerate(logs, start=1):
        rows.append(_row(monitor, first(log, "datetime"), first(log, "type")))
        numbers.append(number)
    ends = [(_row(one, end, None), n) for n, (one, log) in enumerate(logs, 1)
            if (end := _end(log, one)) is not None]  # fmt: skip
    words = {"started": "ignore", "paused": "ignore", _UNKNOWN: "ignore", "up": "good",
             "down": "bad"} | source.values  # fmt: skip
    columns = {"time": "time", "service": "service", "state": "state"}
    known = overridden(source, values=words, columns=columns, max_silence=_longest(logs, source))
    every = [*rows, *(row for row, _ in ends)]
    result = flat.read_flat(
        head, known, every, [*numbers, *(n for _, n in ends)],
        read=monitoring.STATELOG.read, notes=_cut_off(monitors, pages),
    )  # fmt: skip
    return replace(
        result, rows_read=result.rows_read - len(ends), rows_kept=result.rows_kept - len(ends)
    )


def _row(monitor: Record, at: str | None, kind: str | None) -> dict[str, Any]:
    state = _STATES.get(kind, kind) if kind else _UNKNOWN
    return {"time": at, "service": first(monitor, ("friendlyname", "url")), "state": state}


def _end(log: Record, monitor: Record) -> str | None:
    """When an entry ends, where no other one of its monitor begins then."""
    start, length = log.get("datetime"), log.get("duration")
    if not isinstance(start, int) or not isinstance(length, int):
        return None
    begins = {other.get("datetime") for other in objects_in(monitor.get("logs"))}
    nexts = [at for at in begins if isinstance(at, int) and at > start]
    return None if start + length in begins or any(at < start + length for at in nexts) else str(
        start + length
    )  # fmt: skip


def _longest(logs: list[tuple[Record, Record]], source: Source) -> Any:
    """No entry lasts longer than it says."""
    lengths = [log.get("duration") for _, log in logs]
    longest = max((one for one in lengths if isinstance(one, int) and 0 < one < 1e9), default=0)
    return source.max_silence or (pd.Timedelta(seconds=longest) if longest else None)


def _cut_off(monitors: list[Record], pages: list[Record]) -> list[str]:
    totals = [first(page, "pagination.total") for page in pages]
    total = max((int(text) for text in totals if text and text.isdigit()), default=0)
    if total <= len(monitors):
        return []
    return [
        f"UptimeRobot counts {total} monitors, this file holds {len(monitors)}: the rest is cut "
        f"off; export every page (offset, {_PAGE} at a time)."
    ]


UPTIMEROBOT = Family("uptimerobot", _is_uptimerobot, _read_uptimerobot, ("sli", "incidents"))
