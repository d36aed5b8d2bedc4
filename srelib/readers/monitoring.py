"""Exports of monitoring: range queries of Prometheus, Grafana panels, states of uptime checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import cells, counts, generic, meaning
from srelib.readers.base import UNSAID, Family, FileResult, Head, SeriesInfo, file_text
from srelib.readers.json_text import holds, json_documents
from srelib.readers.text import Scan, rejects, scan
from srelib.readers.words import words_of

if TYPE_CHECKING:
    from srelib.readers.source import Source


def _is_prometheus(head: Head) -> bool:
    """Whether the JSON is a Prometheus query result of any type but ``ALERTS``."""
    alerts = holds(head, "alertname", "alertstate", under=("data.result.metric",))
    return head.kind == "json" and '"resultType"' in head.text and not alerts


def _read_prometheus(head: Head, source: Source) -> FileResult:
    """Read the answer of a range query."""
    series, notes = _query_series(json_documents(file_text(head), file=head.name), head)
    if not any(entry["values"] for entry in series):
        nothing = "the query found no samples in this span of time"
        return FileResult({"sli": tables.empty("sli")}, 0, 0, notes=(*notes, nothing))
    names = [_series_name(entry) for entry in series]
    samples = _samples(series, names, head)
    timeless = samples["time"].isna()
    refused = _sample_rejects(head, samples[timeless])
    entries, unused = _query_indicators(names, series, source, head)
    if unused:
        notes.append(f"series not used: {', '.join(map(repr, unused[:10]))}")
    return _query_result(head, source, samples[~timeless], entries, refused, notes)


def _query_series(answers: list[Any], head: Head) -> tuple[list[dict[str, Any]], list[str]]:
    """The series of all documents, and the warnings beside them."""
    found: list[dict[str, Any]] = []
    notes: list[str] = []
    for answer in answers:
        if not isinstance(answer, dict):
            raise ReadError("this JSON is not the answer of a query", file=head.name)
        if answer.get("status") == "error":
            raise ReadError(f"the query failed: {answer.get('error')}", file=head.name,
                            fix="mend the query and export again")  # fmt: skip
        for key in ("warnings", "infos"):
            notes.extend(f"Prometheus says: {text}" for text in answer.get(key) or ())
        inner = answer.get("data")
        data = inner if isinstance(inner, dict) else {}
        if data.get("resultType") != "matrix":
            raise ReadError(
                f"this is the answer of an instant query ({data.get('resultType')!r}), one point "
                "in time",
                file=head.name,
                fix="use /api/v1/query_range with start, end and step",
            )
        series = data.get("result")
        given = series if isinstance(series, list) else []
        found.extend(entry for entry in given if isinstance(entry, dict))
    if any("values" not in entry for entry in found):
        notes.append("series that hold only native histograms were left out")
    return [entry for entry in found if isinstance(entry.get("values"), list)], notes


def _labels_of(entry: dict[str, Any]) -> dict[str, str]:
    labels = entry.get("metric")
    given = labels.items() if isinstance(labels, dict) else ()
    return {str(key): str(value) for key, value in given}


def _series_name(entry: dict[str, Any]) -> str:
    """Name of a series as Prometheus writes it."""
    known = _labels_of(entry)
    metric = known.pop("__name__", "")
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(known.items()))
    return f"{metric}{{{inside}}}" if inside or not metric else metric


def _samples(series: list[dict[str, Any]], names: list[str], head: Head) -> pd.DataFrame:
    """Every sample: name of its series, record, time, number, value, reason."""
    rows = [(names[number], *_pair(sample)) for number, sample in _numbered(series)]
    frame = pd.DataFrame(rows, columns=["name", "stamp", "value"], dtype="object")
    frame["record"] = np.arange(1, len(frame) + 1)
    times = cells.times(frame["stamp"].astype("str"), file=head.name)
    read = cells.numbers(frame["value"].astype("str").replace(_INFINITE), file=head.name)
    frame["time"], frame["number"] = times.values, read.values
    frame["reason"] = times.reasons.where(times.reasons.notna(), read.reasons)
    lost = frame["reason"].isna() & frame["time"].isna()
    frame.loc[lost, "reason"] = "time is missing"
    return frame


_INFINITE = {"+Inf": "inf", "-Inf": "-inf", "Inf": "inf"}


def _numbered(series: list[dict[str, Any]]) -> Iterator[tuple[int, Any]]:
    for number, entry in enumerate(series):
        for sample in entry["values"] or ():
            yield number, sample


def _pair(sample: Any) -> tuple[str, str]:
    """Time and value of a sample as text."""
    if not isinstance(sample, list) or len(sample) != 2:
        return "", str(sample)[:80]
    stamp, value = sample
    text = f"{stamp:.6f}" if isinstance(stamp, float) else str(stamp)
    return text, "" if value is None else str(value)


def _query_indicators(
    names: list[str], series: list[dict[str, Any]], source: Source, head: Head
) -> tuple[list[generic.WideColumns], list[str]]:
    """Which series make up which indicator."""
    roles = [role for role in counts.ROLES if source.columns.get(role) == "value"]
    if not roles and source.unit in ("ratio", "percent", "value") and not source.series:
        roles = ["value" if source.unit == "value" else "ratio"]
    if roles:
        return _same_role(roles[0], names, series, source, head), []
    return generic.indicators(list(dict.fromkeys(names)), source, file=head.name)


def _same_role(
    role: str, names: list[str], series: list[dict[str, Any]], source: Source, head: Head
) -> list[generic.WideColumns]:
    groups: dict[str, list[str]] = {}
    for name, entry in zip(names, series, strict=True):
        service = source.service or generic.service_of(_labels_of(entry))
        if not service:
            raise ReadError(
                f"the series {name} names no service", file=head.name,
                fix='say service = "..." in sources.toml',
            )  # fmt: skip
        groups.setdefault(service, []).append(name)
    sli = source.sli or "availability"
    if role not in meaning.COUNTS:
        ambiguous = [service for service, mine in groups.items() if len(mine) > 1]
        if ambiguous:
            raise ReadError(
                f"{len(groups[ambiguous[0]])} series of {ambiguous[0]} hold a {role} each, and "
                "these cannot be added up",
                file=head.name, fix="aggregate them in the query",
            )  # fmt: skip
    return [
        generic.WideColumns(
            service, sli, {role: tuple(dict.fromkeys(mine))}, source.threshold, source.op
        )
        for service, mine in groups.items()
    ]


def _query_result(
    head: Head, source: Source, samples: pd.DataFrame, entries: list[generic.WideColumns],
    refused: pd.DataFrame, notes: list[str],
) -> FileResult:  # fmt: skip
    """The samples as a wide table, one row per time, and its indicators."""
    samples, faults, repeated = _prometheus_once(samples)
    refused = pd.concat(
        [part for part in (refused, _sample_rejects(head, repeated)) if len(part)] or [refused]
    )
    both = pd.concat([samples[["time", "record"]], faults[["time", "record"]]])
    first = both.groupby("time")["record"].min().sort_index()
    table = samples.pivot(index="time", columns="name", values="number").reindex(first.index)
    used = sorted({name for entry in entries for part in entry.roles.values() for name in part})
    times = pd.Series(pd.DatetimeIndex(table.index).as_unit("us"), name="time")
    flat = Scan(
        pd.DataFrame({"time": times, **_wide_columns(table, used)}), refused, len(samples),
        faults=_wide_faults(faults, table.index), head=head,
        _cache={"lines": first.to_numpy(dtype="int64")},
    )  # fmt: skip
    built = generic.indicators_built(flat, entries, "time", generic.rule(head, source, {}))
    return generic.result(flat, built, notes=notes)


def _prometheus_once(samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Samples each once; those that contradict each other; those that repeat another."""
    known = samples[samples["reason"].isna()]
    clash = known.groupby(["name", "time"])["number"].transform("nunique") > 1
    again = known.duplicated(["name", "time"]) & ~clash
    broken = samples[samples["reason"].notna()]
    broken = broken[broken["time"].notna()]
    fighting = known[clash].assign(reason="another sample of this series at this time differs")
    repeated = known[again].assign(reason="repeats an earlier sample of this series")
    return known[~clash & ~again], pd.concat([broken, fighting]), repeated


def _sample_rejects(head: Head, samples: pd.DataFrame) -> pd.DataFrame:
    at = samples["record"].to_numpy()
    return rejects(head.name, at, samples["name"], samples["value"], samples["reason"])


def _wide_faults(samples: pd.DataFrame, times: pd.Index) -> pd.DataFrame:
    """Refused samples as cells of the wide table."""
    names = {"name": "column", "value": "value", "reason": "reason", "record": "line"}
    faults = samples[list(names)].rename(columns=names)
    return faults.assign(row=times.get_indexer(pd.Index(samples["time"]))).reset_index(drop=True)


_LONG_PANELS = ({"series", "time", "value"}, {"metric", "time", "value"})


def _is_grafana(head: Head) -> bool:
    """Whether the header is that of a panel: Time first, or a series and a value in each row."""
    return _is_long_panel(head) or (
        head.kind == "csv" and len(head.header) > 1 and head.header[0] == "Time"
    )


def _is_long_panel(head: Head) -> bool:
    return head.kind == "csv" and len(head.header) == 3 and (
        {name.lower() for name in head.header} in _LONG_PANELS
    )  # fmt: skip


def _long_columns(head: Head) -> tuple[str, str, str]:
    """The columns of series, time and value, in any order and case."""
    named = {name.lower(): name for name in head.header}
    return named.get("series") or named["metric"], named["time"], named["value"]


def _read_grafana(head: Head, source: Source) -> FileResult:
    """Read a panel."""
    if _is_long_panel(head):
        return _read_long_panel(head, source)
    if any(role in source.columns for role in generic.counts.ROLES):
        return generic.read_generic(head, source)
    return generic.read_wide(head, source, head.header[0])


def _read_long_panel(head: Head, source: Source) -> FileResult:
    """A long table (Grafana 6 and before, or the transformation "series to rows"), turned wide."""
    series, time, value = _long_columns(head)
    scanned = scan(
        head,
        {series: "category", time: "time", value: "number"},
        timezone=source.timezone,
        decimal=source.decimal,
        required=[series, time],
    )
    frame = scanned.frame
    names = [str(name) for name in frame[series].cat.categories] if len(frame) else []
    found, unused = generic.indicators(names, source, file=head.name)
    used = sorted({c for entry in found for part in entry.roles.values() for c in part})
    frame = frame[frame[series].isin(used)]
    frame, refused = _grafana_once(head, scanned, frame)
    table = frame.pivot(index=time, columns=series, values=value).sort_index()
    first = frame.assign(_row=frame.index).groupby(time)["_row"].min()
    rows = first.reindex(table.index).to_numpy(dtype="int64")
    times = pd.Series(pd.DatetimeIndex(table.index), name=time)
    flat = replace(
        scanned,
        frame=pd.DataFrame({time: times, **_wide_columns(table, used)}),
        _cache={"lines": scanned.lines(rows)},
    )
    built = generic.indicators_built(flat, found, time, generic.rule(head, source, {}))
    notes = [f"series not used: {', '.join(map(repr, unused))}"] if unused else []
    return generic.result(flat, built, refused, notes=notes)


def _wide_columns(table: pd.DataFrame, used: list[str]) -> dict[str, np.ndarray]:
    empty = np.full(len(table), np.nan)
    return {name: table[name].to_numpy() if name in table else empty for name in used}


def _grafana_once(
    head: Head, scanned: Scan, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each sample of each series once; those that contradict each other all go."""
    series, time, value = _long_columns(head)
    groups = frame.groupby([series, time], observed=True)[value]
    clash = groups.transform("nunique") > 1
    again = frame.duplicated([series, time]) & ~clash
    gone = clash | again
    if not gone.any():
        return frame, rejects(head.name, [], None, [], [])
    reasons = np.where(
        clash[gone], "another row gives a different value for this series and time",
        "repeats an earlier row (same series and time)",
    )  # fmt: skip
    bad = frame[gone]
    lines = scanned.lines(bad.index.to_numpy())
    values = [f"{number:.15g}" for number in bad[value]]
    return frame[~gone], rejects(head.name, lines, value, values, reasons)


STATES = {
    "good": ("up", "good", "ok", "online", "operational", "healthy", "degraded", "true"),
    "bad": ("down", "bad", "offline", "outage", "major_outage", "unhealthy", "false"),
    "ignore": ("paused", "maintenance", "unknown", "pending"),
}
"""What a state means where ``sources.toml`` does not say it. Degraded is slow, not down."""

_HEARTBEATS = 3
"""So many usual spacings of a log may pass before its last state means nothing any more."""
_STATE_COLUMNS = ("state", "status")
_SITE_COLUMNS = ("service", "site", "monitor", "name", "slug", "target", "host")
_PROBE_COLUMNS = ("probe", "location", "region", "agent")
_GOOD, _BAD, _UNKNOWN = 1, 0, -1
_CODES = {"good": _GOOD, "bad": _BAD, "ignore": _UNKNOWN}


def _is_statelog(head: Head) -> bool:
    """Whether the file has a time, a state column, and starts with a known state."""
    if head.kind != "csv" or len(head.first) < len(head.header):
        return False
    roles = _log_roles(head, UNSAID)
    if not {"time", "state"} <= set(roles):
        return False
    first = head.first[head.header.index(roles["state"])].lower()
    return any(first in words for words in STATES.values())


def _read_statelog(head: Head, source: Source) -> FileResult:
    """Read a state log."""
    roles = _log_roles(head, source)
    scanned = _scanned_log(head, source, roles)
    rows, refused = _log_rows(head, scanned, source, roles)
    step = source.step if source.step is not None else pd.Timedelta("60s")
    sli = source.sli or "availability"
    silence, note = _longest_silence(rows, source, head)
    logs = [
        (str(name), _one_log(log, silence, source, head))
        for name, log in rows.groupby("service", sort=True, observed=True)
    ]
    counts = [_seconds_up(name, sli, log, step) for name, log in logs]
    down = [_down_episodes(name, log) for name, log in logs]
    began = np.concatenate([log["row"].to_numpy()[_first_down(log)] for _, log in logs] or [[]])
    began = began.astype("int64")
    told = meaning.Meaning("state", note)
    refusals = tables.stacked([scanned.rejects, refused], "rejects")
    return FileResult(
        {"sli": tables.stacked(counts, "sli"), "incidents": tables.stacked(down, "incidents")},
        rows_read=scanned.rows_read,
        rows_kept=scanned.rows_read - len(scanned.rejects) - len(refused),
        rejects=refusals.sort_values("line", kind="stable"),
        series=tuple(
            SeriesInfo(name, sli, "time", step.total_seconds(), note, meaning=told)
            for name, _ in logs
        ),
        timezone=scanned.timezone,
        notes=(*scanned.notes, note),
        event_lines={"incidents": lambda at: scanned.lines(began[at])},
    )


def _log_roles(head: Head, source: Source) -> dict[str, str]:
    known = {
        "time": generic.NAMES["time"], "state": _STATE_COLUMNS, "service": _SITE_COLUMNS,
        "probe": _PROBE_COLUMNS,
    }  # fmt: skip
    return generic.columns_by_name(head.header, known) | dict(source.columns)


def _scanned_log(head: Head, source: Source, roles: dict[str, str]) -> Scan:
    lacking = [role for role in ("time", "state") if role not in roles]
    if not source.service and "service" not in roles:
        lacking.append("service")
    if lacking:
        raise ReadError(
            f"a state log needs a column {lacking[0]}; columns seen: "
            f"{', '.join(map(repr, head.header))}",
            file=head.name,
            fix='say columns = { time = "...", state = "...", service = "..." } in sources.toml',
        )
    types = {roles["time"]: "time", roles["state"]: "text"}
    types |= {roles[role]: "text" for role in ("service", "probe") if role in roles}
    return scan(head, types, timezone=source.timezone, required=list(types))


def _log_rows(
    head: Head, scanned: Scan, source: Source, roles: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with the code of their state in order of time, and the rejects."""
    frame = scanned.frame
    meanings = {word: kind for kind, words in STATES.items() for word in words}
    stated = words_of(source, "state")
    codes = {word: _CODES[kind] for word, kind in (meanings | stated).items() if kind in _CODES}
    state = frame[roles["state"]].str.strip()
    rows = pd.DataFrame({"time": frame[roles["time"]], "state": state.str.lower().map(codes)})
    _check_states(state[rows["state"].isna()], roles["state"], head)
    constant = None if "service" in source.columns else source.service
    rows["row"] = np.arange(len(rows))
    rows["service"] = constant if constant else frame[roles["service"]].str.strip()
    rows["probe"] = frame[roles["probe"]].str.strip() if "probe" in roles else ""
    keys = ["service", "probe", "time"]
    clash = rows.groupby(keys)["state"].transform("nunique") > 1
    again = rows.duplicated([*keys, "state"]) & ~clash
    reasons = pd.Series(None, index=rows.index, dtype="object")
    reasons[clash] = "another row gives a different state for this time"
    reasons[again] = "repeats an earlier row (same service, time and state)"
    bad = np.flatnonzero(reasons.notna())
    refused = scanned.refuse(
        bad, column=roles["state"], values=state.iloc[bad], reason=reasons.iloc[bad]
    )
    rows.loc[reasons.notna(), "state"] = _UNKNOWN
    rows = rows[~again].drop_duplicates(keys)
    return rows.sort_values(keys, kind="stable").reset_index(drop=True), refused


def _check_states(unknown: pd.Series, column: str, head: Head) -> None:
    """Ask what states mean that no word here explains; numbers mean different things in tools."""
    if unknown.empty:
        return
    counts = unknown.value_counts()
    seen = ", ".join(f"{word!r} {count:,}" for word, count in counts.head(6).items())
    listed = ", ".join(f'"{word}" = "..."' for word in counts.index[:6])
    raise ReadError(
        f"nothing says what these states of column {column!r} mean: {seen}", file=head.name,
        fix=f"add to the [[file]] with match = {head.name!r} in sources.toml: "
        f"values = {{ {listed} }}, each good, bad or ignore",
    )  # fmt: skip


def _longest_silence(rows: pd.DataFrame, source: Source, head: Head) -> tuple[pd.Timedelta, str]:
    """How long a state holds without a new row, and how that is known."""
    if source.max_silence is not None:
        told = f'max_silence = "{source.max_silence / pd.Timedelta("1h"):g}h" in sources.toml'
        return source.max_silence, f"{told}: longer silence is unknown"
    steps = rows.groupby(["service", "probe"], sort=False)["time"].diff().dropna()
    usual = steps.median()
    regular = steps.between(usual / 2, usual * 1.5).mean() if len(steps) else 0.0
    if not regular >= 0.75:
        raise ReadError(
            "this log of states has no regular checks, so nothing says how long a state holds",
            file=head.name,
            fix=f"add to the [[file]] with match = {head.name!r} in sources.toml: max_silence = "
            '"26h" (longer silence is unknown), or a length beyond the whole log where it holds '
            "every change of state",
        )
    silence = _HEARTBEATS * usual
    shown = f"{usual / pd.Timedelta('1min'):g} min"
    return silence, f"a check every {shown}: silence beyond {_HEARTBEATS} of them is unknown"


def _one_log(rows: pd.DataFrame, silence: pd.Timedelta, source: Source, head: Head) -> pd.DataFrame:
    """The log of one service, unknown where it was silent; of several probes by the stated rule."""
    logs = [_with_silence(log, silence) for _, log in rows.groupby("probe", sort=True)]
    if len(logs) == 1:
        return logs[0]
    if source.probes is None:
        names = ", ".join(map(repr, rows["probe"].unique()[:6].tolist()))
        raise ReadError(
            f"{rows['service'].iloc[0]} is checked by {len(logs)} probes ({names})",
            file=head.name,
            fix=f"add to the [[file]] with match = {head.name!r} in sources.toml: probes = "
            '"majority" (the service is up when most probes see it up), "any" or "all"',
        )
    edges = np.unique(np.concatenate([log["time"].array.asi8 for log in logs]))
    place = [np.searchsorted(log["time"].array.asi8, edges, side="right") - 1 for log in logs]
    states = np.array([
        np.where(at < 0, _UNKNOWN, log["state"].to_numpy()[at])
        for log, at in zip(logs, place, strict=True)
    ])  # fmt: skip
    rownumbers = np.array([log["row"].to_numpy()[at] for log, at in zip(logs, place, strict=True)])
    up, known = (states == _GOOD).sum(axis=0), (states != _UNKNOWN).sum(axis=0)
    good = {"any": up > 0, "majority": 2 * up > known, "all": up == known}[source.probes]
    state = np.where(known == 0, _UNKNOWN, np.where(good, _GOOD, _BAD))
    times = pd.Series(edges.view("M8[us]")).dt.tz_localize("UTC")
    return pd.DataFrame(
        {"time": times, "state": state, "row": rownumbers.max(axis=0), "silent": False}
    )


def _with_silence(log: pd.DataFrame, silence: pd.Timedelta) -> pd.DataFrame:
    """The log with an unknown state from where it was silent too long."""
    log = log.assign(time=log["time"].astype(tables.DTYPES["time"]), silent=False)
    gap = log["time"].shift(-1) - log["time"] > silence
    late = log[gap]
    late = late.assign(time=late["time"] + silence, state=_UNKNOWN, silent=True)
    return pd.concat([log, late]).sort_values("time", kind="stable").reset_index(drop=True)


def _seconds_up(service: str, sli: str, log: pd.DataFrame, step: pd.Timedelta) -> pd.DataFrame:
    """Seconds up and seconds known in every bucket in which something is known."""
    size = step // pd.Timedelta(1, "us")
    starts = pd.DatetimeIndex(log["time"]).tz_convert("UTC").as_unit("us").asi8
    lengths = np.diff(starts, append=starts[-1])
    edges = np.arange(starts[0] // size, starts[-1] // size + 2, dtype="int64") * size
    state = log["state"].to_numpy(dtype="float64")
    good, known = (
        np.diff(_time_before(edges, starts, np.where(held, lengths, 0)))
        for held in (state == _GOOD, state != _UNKNOWN)
    )
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


def _time_before(ticks: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Time held before each moment, in whole microseconds; each row holds from its start on."""
    row = np.clip(np.searchsorted(starts, ticks, side="right") - 1, 0, None)
    earlier = np.cumsum(lengths) - lengths
    return np.asarray(earlier[row] + np.clip(ticks - starts[row], 0, lengths[row]))


def _first_down(log: pd.DataFrame) -> np.ndarray:
    down = (log["state"] == _BAD).to_numpy()
    return np.flatnonzero(down & ~np.r_[False, down[:-1]])


def _down_episodes(service: str, log: pd.DataFrame) -> pd.DataFrame:
    """One row per run of down rows, ended by the first row that is not down."""
    down, first = (log["state"] == _BAD).to_numpy(), _first_down(log)
    after = np.flatnonzero(~down & np.r_[False, down[:-1]])
    times = log["time"].reset_index(drop=True)
    started = times.iloc[first].reset_index(drop=True)
    resolved = times.iloc[after].reset_index(drop=True).reindex(range(len(first)))
    silent = log["silent"].to_numpy()[after]
    ends = np.where(silent, f"{service} down; its end is unknown, the monitor fell silent",
                    f"{service} down")  # fmt: skip
    return pd.DataFrame(
        {
            "incident_id": [f"{service} {time:%Y-%m-%dT%H:%M:%SZ}" for time in started],
            "service": service,
            "severity": "outage",
            "started_at": started,
            "detected_at": started,
            "resolved_at": resolved,
            "title": [*ends, *[f"{service} down"] * (len(first) - len(ends))],
        }
    )


PROMETHEUS = Family("prometheus", _is_prometheus, _read_prometheus, ("sli",))
GRAFANA = Family("grafana", _is_grafana, _read_grafana, ("sli",))
STATELOG = Family("statelog", _is_statelog, _read_statelog, ("sli", "incidents"))
