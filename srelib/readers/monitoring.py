"""Exports of monitoring: range queries of Prometheus and Grafana panels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import cells, counts, generic, indicators, meaning, state_logs
from srelib.readers.base import Family, FileResult, Head, file_text, rejects
from srelib.readers.json_text import holds, json_documents
from srelib.readers.text import Scan, scan

if TYPE_CHECKING:
    from srelib.sources import Source


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
    sizes: Counter[str] = Counter()
    for entry in series:
        sizes[_series_name(entry)] += len(entry["values"])
    kept, said = indicators.without_replicas(sizes)
    notes += said
    series = [entry for entry in series if _series_name(entry) in kept]
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
    frame.loc[lost, "reason"] = "time is missing: export it again"
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
) -> tuple[list[indicators.WideColumns], list[str]]:
    """Which series make up which indicator."""
    roles = [role for role in counts.ROLES if source.columns.get(role) in ("value", *names)]
    if not roles and source.unit in ("ratio", "percent", "value") and not source.series:
        roles = ["value" if source.unit == "value" else "ratio"]
    if roles:
        return _same_role(roles[0], names, series, source, head), []
    return indicators.indicators(list(dict.fromkeys(names)), source, file=head.name)


def _same_role(
    role: str, names: list[str], series: list[dict[str, Any]], source: Source, head: Head
) -> list[indicators.WideColumns]:
    groups: dict[str, list[str]] = {}
    for name, entry in zip(names, series, strict=True):
        service = source.service or indicators.service_of(_labels_of(entry))
        if not service:
            raise ReadError(
                f"the series {name} names no service", file=head.name,
                fix='say service = "..." in sources.toml', asks={"service": None},
            )  # fmt: skip
        groups.setdefault(service, []).append(name)
    sli = source.sli or "availability"
    if role not in meaning.COUNTS:
        ambiguous = [service for service, mine in groups.items() if len(set(mine)) > 1]
        if ambiguous:
            raise ReadError(
                f"{len(groups[ambiguous[0]])} series of {ambiguous[0]} hold a {role} each, and "
                "these cannot be added up",
                file=head.name, fix="aggregate them in the query",
            )  # fmt: skip
    return [
        indicators.WideColumns(
            service, sli, {role: tuple(dict.fromkeys(mine))}, source.threshold, source.op
        )
        for service, mine in groups.items()
    ]


def _query_result(
    head: Head, source: Source, samples: pd.DataFrame, entries: list[indicators.WideColumns],
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
    clash = counts.differ(known.groupby(["name", "time"])["number"])
    again = known.duplicated(["name", "time"]) & ~clash
    broken = samples[samples["reason"].notna()]
    broken = broken[broken["time"].notna()]
    fighting = known[clash].assign(
        reason="another sample of this series at this time differs: remove one"
    )
    repeated = known[again].assign(reason="repeats an earlier sample of this series: remove one")
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
    if "_field" in head.header:
        return "_field", "_time", "_value"
    named = {name.lower(): name for name in head.header}
    return named.get("series") or named["metric"], named["time"], named["value"]


def _read_grafana(head: Head, source: Source) -> FileResult:
    """Read a panel."""
    if _is_long_panel(head):
        return read_long_panel(head, source)
    if any(role in source.columns for role in generic.counts.ROLES):
        return generic.read_generic(head, source)
    return generic.read_wide(head, source, head.header[0])


def read_long_panel(head: Head, source: Source) -> FileResult:
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
    sizes = {str(name): n for name, n in frame[series].value_counts(sort=False).items()}
    names, said = indicators.without_replicas(sizes if len(frame) else {})
    found, unused = indicators.indicators(names, source, file=head.name)
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
    return generic.result(flat, built, refused, notes=[*said, *notes])


def _wide_columns(table: pd.DataFrame, used: list[str]) -> dict[str, np.ndarray]:
    empty = np.full(len(table), np.nan)
    return {name: table[name].to_numpy() if name in table else empty for name in used}


def _grafana_once(
    head: Head, scanned: Scan, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each sample of each series once; those that contradict each other all go."""
    series, time, value = _long_columns(head)
    groups = frame.groupby([series, time], observed=True)[value]
    clash = counts.differ(groups)
    again = frame.duplicated([series, time]) & ~clash
    gone = clash | again
    if not gone.any():
        return frame, rejects(head.name, [], None, [], [])
    reasons = np.where(
        clash[gone], "another row gives a different value for this series and time: remove one",
        "repeats an earlier row (same series and time): remove one",
    )  # fmt: skip
    bad = frame[gone]
    lines = scanned.lines(bad.index.to_numpy())
    values = [f"{number:.15g}" for number in bad[value]]
    return frame[~gone], rejects(head.name, lines, value, values, reasons)


PROMETHEUS = Family("prometheus", _is_prometheus, _read_prometheus, ("sli",))
GRAFANA = Family("grafana", _is_grafana, _read_grafana, ("sli",))
STATELOG = Family(
    "statelog", state_logs.is_statelog, state_logs.read_statelog, ("sli", "incidents")
)
