"""State logs of uptime monitors: a row where the state changed, and perhaps a heartbeat.

The state of a row holds until the next row.
Silence beyond ``max_silence`` is unknown, not uptime: a monitor that does not run leaves no rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import tables, windows
from srelib.errors import ReadError
from srelib.readers import generic
from srelib.readers.base import Head, Result, Series
from srelib.readers.text import Scan, scan

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "statelog"
TABLES = ("sli", "incidents")

STATES = {
    "good": ("up", "good", "ok", "online", "operational", "healthy", "degraded", "1", "true"),
    "bad": ("down", "bad", "offline", "outage", "major_outage", "unhealthy", "0", "false"),
    "ignore": ("paused", "maintenance", "unknown", "pending", "2", "3"),
}
"""What a state means where ``sources.toml`` does not say it. Degraded is slow, not down."""

_STATE_COLUMNS = ("state", "status")
_SITE_COLUMNS = ("service", "site", "monitor", "name", "slug", "target", "host")
_GOOD, _BAD, _UNKNOWN = 1, 0, -1
_CODES = {"good": _GOOD, "bad": _BAD, "ignore": _UNKNOWN}


def recognise(head: Head) -> bool:
    """Whether the file has a time, a state column, and starts with a known state."""
    if head.kind != "csv" or len(head.first) < len(head.header):
        return False
    roles = _roles(head, None)
    if not {"time", "state"} <= set(roles):
        return False
    first = head.first[head.header.index(roles["state"])].lower()
    return any(first in words for words in STATES.values())


def read(head: Head, source: Source | None) -> Result:
    """Read a state log."""
    roles = _roles(head, source)
    scanned = _scanned(head, source, roles)
    rows, refused = _rows(head, scanned, source, roles)
    step = source.step if source and source.step is not None else pd.Timedelta("60s")
    silence = source.max_silence if source else None
    sli = (source.sli if source else None) or "availability"
    logs = [(str(name), log) for name, log in rows.groupby("service", sort=True, observed=True)]
    counts = [_seconds(name, sli, log, step, silence) for name, log in logs]
    down = [_episodes(name, log) for name, log in logs]
    began = np.concatenate([log["row"].to_numpy()[_first_down(log)] for _, log in logs] or [[]])
    began = began.astype("int64")
    note = None if silence is not None else "no max_silence: silence counts as the last state"
    return Result(
        {"sli": _stacked(counts, "sli"), "incidents": _stacked(down, "incidents")},
        rows_read=scanned.rows_read,
        rows_kept=scanned.rows_read - len(scanned.rejects) - len(refused),
        rejects=_stacked([scanned.rejects, refused], "rejects").sort_values("line", kind="stable"),
        series=tuple(Series(name, sli, "time", step.total_seconds(), note) for name, _ in logs),
        timezone=scanned.timezone,
        notes=(*scanned.notes, *([note] if note else [])),
        event_lines={"incidents": lambda at: scanned.lines(began[at])},
    )


def _stacked(frames: list[pd.DataFrame], table: str) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return (
        tables.conform(pd.concat(filled, ignore_index=True), table)
        if filled
        else tables.empty(table)
    )


def _roles(head: Head, source: Source | None) -> dict[str, str]:
    plain = {name.strip().lower().replace(" ", "_"): name for name in reversed(head.header)}
    known = {"time": generic.NAMES["time"], "state": _STATE_COLUMNS, "service": _SITE_COLUMNS}
    found = {
        role: next((plain[name] for name in names if name in plain), None)
        for role, names in known.items()
    }
    found |= dict(source.columns) if source else {}
    return {role: name for role, name in found.items() if name is not None}


def _scanned(head: Head, source: Source | None, roles: dict[str, str]) -> Scan:
    lacking = [role for role in ("time", "state") if role not in roles]
    if not (source and source.service) and "service" not in roles:
        lacking.append("service")
    if lacking:
        raise ReadError(
            f"a state log needs a column {lacking[0]}; columns seen: "
            f"{', '.join(map(repr, head.header))}",
            file=head.name,
            fix='say columns = { time = "...", state = "...", service = "..." } in sources.toml',
        )
    types = {roles["time"]: "time", roles["state"]: "text"}
    if "service" in roles:
        types[roles["service"]] = "text"
    timezone = source.timezone if source else None
    return scan(head, types, timezone=timezone, required=list(types))


def _rows(
    head: Head, scanned: Scan, source: Source | None, roles: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with the code of their state in order of time, and the rejects."""
    frame = scanned.frame
    meaning = {word: kind for kind, words in STATES.items() for word in words}
    stated = {word.lower(): kind for word, kind in source.values.items()} if source else {}
    codes = {word: _CODES[kind] for word, kind in (meaning | stated).items()}
    state = frame[roles["state"]].str.strip()
    rows = pd.DataFrame({"time": frame[roles["time"]], "state": state.str.lower().map(codes)})
    mapped = "service" in (source.columns if source else {})
    constant = source.service if source and source.service and not mapped else None
    rows["row"] = np.arange(len(rows))
    rows["service"] = constant if constant else frame[roles["service"]].str.strip()
    reasons = pd.Series(None, index=rows.index, dtype="object")
    reasons[rows["state"].isna()] = (
        'this state is not mapped; say values = { STATE = "good" } (or bad, ignore) in sources.toml'
    )
    groups = rows.groupby(["service", "time"])["state"]
    clash = groups.transform("nunique") > 1
    again = rows.duplicated(["service", "time", "state"]) & reasons.isna() & ~clash
    reasons[clash & reasons.isna()] = "another row gives a different state for this time"
    reasons[again] = "repeats an earlier row (same service, time and state)"
    bad = np.flatnonzero(reasons.notna())
    refused = scanned.refuse(
        bad, column=roles["state"], values=state.iloc[bad], reason=reasons.iloc[bad]
    )
    rows.loc[reasons.notna(), "state"] = _UNKNOWN
    rows = rows[~again].drop_duplicates(["service", "time"])
    return rows.sort_values(["service", "time"], kind="stable").reset_index(drop=True), refused


def _seconds(
    service: str, sli: str, log: pd.DataFrame, step: pd.Timedelta, silence: pd.Timedelta | None
) -> pd.DataFrame:
    """Seconds up and seconds known in every bucket in which something is known."""
    size = step // pd.Timedelta(1, "us")
    found = log["state"].astype("float64").replace(float(_UNKNOWN), np.nan)
    held = windows.states(found.set_axis(pd.DatetimeIndex(log["time"])), longest=silence)
    starts = held.starts
    edges = np.arange(starts[0] // size, starts[-1] // size + 2, dtype="int64") * size
    good, known = (np.diff(each) for each in held.before(edges))
    seen = known > 0
    times = pd.Series(edges[:-1][seen].view("M8[us]")).dt.tz_localize("UTC")
    return pd.DataFrame(
        {
            "time": times,
            "service": generic.constant(service, len(times)),
            "sli": generic.constant(sli, len(times)),
            "good": good[seen] / 1e6,
            "total": known[seen] / 1e6,
        }
    ).astype({"service": "str", "sli": "str"})


def _first_down(log: pd.DataFrame) -> np.ndarray:
    down = (log["state"] == _BAD).to_numpy()
    return np.flatnonzero(down & ~np.r_[False, down[:-1]])


def _episodes(service: str, log: pd.DataFrame) -> pd.DataFrame:
    """One row per run of down rows, ended by the first row that is not down."""
    down, first = (log["state"] == _BAD).to_numpy(), _first_down(log)
    after = np.flatnonzero(~down & np.r_[False, down[:-1]])
    times = log["time"].reset_index(drop=True)
    started = times.iloc[first].reset_index(drop=True)
    resolved = times.iloc[after].reset_index(drop=True).reindex(range(len(first)))
    return pd.DataFrame(
        {
            "incident_id": [f"{service} {time:%Y-%m-%dT%H:%M:%SZ}" for time in started],
            "service": service,
            "severity": "outage",
            "started_at": started,
            "detected_at": started,
            "resolved_at": resolved,
            "title": f"{service} down",
        }
    )
