"""Logs of states, as uptime checks write them: seconds up and known, and when it was down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import states, tables
from srelib.questions import Unconfirmed, question
from srelib.readers import generic, meaning, words
from srelib.readers.base import FileResult, Head, LineOf, in_line_order, lines_at
from srelib.readers.text import Scan
from srelib.series import Meaning, SeriesInfo

if TYPE_CHECKING:
    from srelib.sources import Source

_HEARTBEATS = 3
"""So many usual spacings of a log may pass before its last state means nothing any more."""
_CODES = {"good": states.GOOD, "bad": states.BAD, "ignore": states.UNKNOWN}


def is_statelog(head: Head) -> bool:
    """Whether the file has a time, a state column, and starts with a known state."""
    if head.kind != "csv" or len(head.first) < len(head.header):
        return False
    from srelib.sources import UNSAID

    roles = _log_roles(head, UNSAID)
    if not {"time", "state"} <= set(roles):
        return False
    first = head.first[head.header.index(roles["state"])].lower()
    return first in words.known_words("state")


@dataclass(frozen=True)
class StateLog:
    """The rows of one file, each with its service, probe and longest silence, and their rules."""

    rows: pd.DataFrame
    step: pd.Timedelta
    probes: str | None
    file: str
    line_of: LineOf


def read_statelog(head: Head, source: Source) -> FileResult:
    """Read a state log."""
    roles = _log_roles(head, source)
    generic.demand(head, source, roles, "time", "state", "service", kind="a state log", table="sli")
    texts = [roles[role] for role in ("state", "service", "probe") if role in roles]
    scanned = generic.scanned(head, source, ("time", [roles["time"]]), ("text", texts))
    rows, refused = _log_rows(head, scanned, source, roles)
    step = source.step if source.step is not None else pd.Timedelta("60s")
    sli = source.sli or "availability"
    silence, note = _longest_silence(rows, source, head)
    rows = rows.assign(sli=sli, silence=silence)
    refusals = in_line_order(scanned.rejects, refused)
    result = FileResult(
        {},
        rows_read=scanned.rows_read,
        rows_kept=scanned.rows_read - len(refusals),
        rejects=refusals,
        series=tuple(
            SeriesInfo(str(name), sli, "time", step.total_seconds(), note,
                       meaning=Meaning("state", note))
            for name in sorted(rows["service"].unique())
        ),
        timezone=scanned.timezone,
        notes=(*scanned.notes, note),
        log=StateLog(rows, step, source.probes, head.name, scanned.slim().lines),
    )  # fmt: skip
    return counted(rows.assign(file=0), [result])[0]


def counted(rows: pd.DataFrame, results: Sequence[FileResult]) -> list[FileResult]:
    """The files with seconds and incidents of the rows, each at the file of its row."""
    rows = rows.reset_index(drop=True)
    rows["at"] = np.arange(len(rows))
    made: dict[str, list[tuple[pd.DataFrame, np.ndarray]]] = {"sli": [], "incidents": []}
    for key, mine in rows.groupby(["service", "sli"], sort=True, observed=True):
        service, sli = map(str, key)  # type: ignore[call-overload]
        parts = [log for n in mine["file"].unique() if (log := results[n].log)]
        log = _of_service(mine, next((part for part in parts if part.probes), parts[0]))
        seconds, origin = states.seconds_up(log, max(part.step for part in parts))
        made["sli"].append((seconds.assign(service=service, sli=sli), origin))
        made["incidents"].append(states.down_episodes(log, service))
    every = {}
    for table, found in made.items():
        origin = np.concatenate([np.empty(0), *(at for _, at in found)]).astype("int64")
        every[table] = tables.stacked([frame for frame, _ in found], table), rows.iloc[origin]
    return [
        _of_file(result, n, every) if result.log else result for n, result in enumerate(results)
    ]


def _of_file(
    result: FileResult, number: int, every: dict[str, tuple[pd.DataFrame, pd.DataFrame]]
) -> FileResult:
    """The file with what the rows of all of them made, where it is made of its own rows."""
    assert result.log is not None
    found, lines = {}, {}
    for table, (frame, origin) in every.items():
        mine = (origin["file"] == number).to_numpy()
        found[table] = frame[mine].reset_index(drop=True)
        lines[table] = lines_at(result.log.line_of, origin["row"].to_numpy()[mine])
    return replace(result, tables=found, lines=lines.pop("sli"), event_lines=lines)


def _log_roles(head: Head, source: Source) -> dict[str, str]:
    names = words.column_names()
    known = {"time": names["sli"]["time"]} | names["states"]
    named, taken = words.columns_by_name(head.header, known), set(source.columns.values())
    return {r: name for r, name in named.items() if name not in taken} | dict(source.columns)


def _log_rows(
    head: Head, scanned: Scan, source: Source, roles: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with the code of their state in order of time, and the rejects."""
    frame = scanned.frame
    meanings = words.known_words("state")
    stated = words.words_of(source, "state")
    state = frame[roles["state"]].str.strip()
    mostly_false = state.str.lower().eq("false").mean() > 0.5
    if mostly_false or meaning.says_bad(roles["state"]):  # true in a column `is_down` is not up
        meanings = {word: kind for word, kind in meanings.items() if word not in ("true", "false")}
    codes = {word: _CODES[kind] for word, kind in (meanings | stated).items() if kind in _CODES}
    rows = pd.DataFrame({"time": frame[roles["time"]], "state": state.str.lower().map(codes)})
    _check_states(state, rows["state"].isna(), roles["state"], head)
    constant = None if "service" in source.columns else source.service
    rows["row"] = np.arange(len(rows))
    rows["service"] = constant if constant else frame[roles["service"]].str.strip()
    rows["probe"] = frame[roles["probe"]].str.strip() if "probe" in roles else ""
    rows["said"] = state
    keys = ["service", "probe", "time"]
    clash = rows.groupby(keys)["state"].transform("nunique") > 1
    again = rows.duplicated([*keys, "state"]) & ~clash
    reasons = pd.Series(None, index=rows.index, dtype="object")
    reasons[clash] = "another row gives a different state for this time: remove one"
    reasons[again] = "repeats an earlier row (same service, time and state): remove one"
    bad = np.flatnonzero(reasons.notna())
    refused = scanned.refuse(
        bad, column=roles["state"], values=state.iloc[bad], reason=reasons.iloc[bad]
    )
    rows["refused"] = reasons.notna()
    rows.loc[rows["refused"], "state"] = states.UNKNOWN
    rows = rows[~again].drop_duplicates(keys)
    return rows.sort_values(keys, kind="stable").reset_index(drop=True), refused


def _check_states(said: pd.Series, unknown: pd.Series, column: str, head: Head) -> None:
    """Ask what states mean that no word here explains; numbers mean different things in tools."""
    if not unknown.any():
        return
    counts, seen = said[unknown].value_counts(), words.word_counts(said[unknown])
    listed = ", ".join(f'"{word}" = "..."' for word in counts.index[:6])
    raise head.error(
        f"nothing says what these states of column {column!r} mean: {seen}",
        f"add to the [[file]] with match = {head.name!r} in sources.toml: values = "
        f"{{ {listed} }}, each good, bad or ignore",
        values=dict(counts / len(said)),
    )


_RAREST = pd.Timedelta("26h")
"""Rows further apart than this are no checks of a monitor."""
_FEWEST = 5
"""So many even steps show the spacing of a log; with fewer it has that of the whole file."""


def _longest_silence(
    rows: pd.DataFrame, source: Source, head: Head
) -> tuple[pd.Timedelta | pd.Series, str]:
    """How long a state of each row holds without a new one, and how that is known."""
    if source.max_silence is not None:
        told = f'max_silence = "{source.max_silence / pd.Timedelta("1h"):g}h" in sources.toml'
        return source.max_silence, f"{told}: longer silence is unknown"
    logs = [rows["service"], rows["probe"]]
    steps = rows["time"].groupby(logs, sort=False).diff()
    by_log = steps.groupby(logs)
    own = by_log.transform("median")
    even = steps.between(own / 2, own * 1.5).where(steps.notna()).astype("float64")
    sure = (by_log.transform("count") >= _FEWEST) & (even.groupby(logs).transform("mean") >= 0.75)
    usual = own.where(sure, steps.median())
    regular = steps.between(usual / 2, usual * 1.5)[steps.notna()].mean()
    if not regular >= 0.75 or usual.max() > _RAREST:
        raise question(
            "this log of states has no regular checks, so nothing says how long a state holds",
            file=head.name,
            max_silence=Unconfirmed("26h", 'longer silence is unknown; "1000d", or another length '
                                    "beyond the whole log, where it holds changes of state only"),
        )  # fmt: skip
    minutes = usual.dt.total_seconds() / 60
    shown = " to ".join(dict.fromkeys(f"{some:.4g}" for some in (minutes.min(), minutes.max())))
    note = f"a check every {shown} min: silence beyond {_HEARTBEATS} of them is unknown"
    return _HEARTBEATS * usual, note


def _of_service(rows: pd.DataFrame, told: StateLog) -> pd.DataFrame:
    """The log of one service, unknown where it was silent; of several probes by the stated rule."""
    logs = [states.with_silence(log) for _, log in rows.groupby("probe", sort=True)]
    if len(logs) == 1:
        return logs[0]
    if told.probes is None:
        names = ", ".join(map(repr, rows["probe"].unique()[:6].tolist()))
        raise question(
            f"{rows['service'].iloc[0]} is checked by {len(logs)} probes ({names})",
            file=told.file,
            probes=Unconfirmed("majority", 'the service is up when most probes see it up; or "any" '
                               'or "all" of them'),
        )  # fmt: skip
    return states.of_probes(logs, told.probes)
