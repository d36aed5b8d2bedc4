"""UptimeRobot monitors with their logs, as getMonitors gives them: a log of states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from srelib.readers import declaration as say
from srelib.readers import flat, monitoring
from srelib.readers.base import FileResult, Head
from srelib.readers.csv_text import BrokenRecord
from srelib.readers.json_text import json_pages, objects_in

_STATES = {"1": "down", "2": "up", "98": "started", "99": "paused"}
_UNKNOWN = "unknown"
_MEANT = {"up": "good", "down": "bad", "started": "ignore", "paused": "ignore", _UNKNOWN: "ignore"}
_PAGING = say.Paging(how="export every page (offset, 50 at a time)", total="pagination.total")


def _read_uptimerobot(head: Head, source: say.Source) -> FileResult:
    """States from each entry of the logs to the next; the last lasts as long as it says."""
    lots = list(json_pages(head, "monitors"))
    monitors = [one for members, _ in lots for one in objects_in(members)]
    logs = [(one, log) for one in monitors for log in objects_in(one.get("logs"))]
    if not logs:
        raise head.error("these monitors bring no logs", "ask getMonitors with logs=1")
    rows = [
        BrokenRecord(say.as_json(log), "an entry that lasted no time", "duration", by_rule=True)
        if log.get("duration") == 0
        else _row(one, say.first(log, "datetime"), say.first(log, "type"))
        for one, log in logs
    ]
    ends = [(number, _row(one, end, None)) for number, (one, log) in enumerate(logs, start=1)
            if (end := _end(log, one)) is not None]  # fmt: skip
    known = source.model_copy(update={
        "values": _MEANT | source.values, "max_silence": _longest(logs, source),
        "columns": {name: name for name in ("time", "service", "state", "probe")},
    })  # fmt: skip
    result = flat.read_flat(
        head, known, [*rows, *(row for _, row in ends)],
        [*range(1, len(rows) + 1), *(number for number, _ in ends)],
        read=monitoring.STATELOG.read,
        notes=_PAGING.cut_off(len(monitors), [page for _, page in lots], "monitor"),
    )  # fmt: skip
    return replace(
        result, rows_read=result.rows_read - len(ends), rows_kept=result.rows_kept - len(ends)
    )


def _row(monitor: say.Record, at: str | None, kind: str | None) -> dict[str, Any]:
    state = _STATES.get(kind, kind) if kind else _UNKNOWN
    service, probe = (say.first(monitor, keys) for keys in (("friendlyname", "url"), ("id", "url")))
    return {"time": at, "service": service, "state": state, "probe": probe or service}


def _end(log: say.Record, monitor: say.Record) -> str | None:
    """When an entry ends, where no other one of its monitor begins by then."""
    start, length = log.get("datetime"), log.get("duration")
    if not isinstance(start, int) or not isinstance(length, int):
        return None
    logs = objects_in(monitor.get("logs"))
    others = [other.get("datetime") for other in logs if other.get("duration") != 0]
    end = start + length
    taken = any(isinstance(at, int) and (at == end or start < at < end) for at in others)
    return None if taken else str(end)


def _longest(logs: list[tuple[say.Record, say.Record]], source: say.Source) -> Any:
    """No entry lasts longer than it says."""
    lengths = [log.get("duration") for _, log in logs]
    longest = max((one for one in lengths if type(one) is int and 0 < one < 1e9), default=0)
    return source.max_silence or (pd.Timedelta(seconds=longest) if longest else None)


UPTIMEROBOT = flat.family(
    "uptimerobot", _read_uptimerobot,
    say.has("friendlyname", "logs", under=("", "monitors")),
    say.has("friendlyname", "interval", "status", under=("monitors",)),
    tables=("sli", "incidents"),
)  # fmt: skip
