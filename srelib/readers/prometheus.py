"""Prometheus range queries as JSON: ``/api/v1/query_range`` of Prometheus, Thanos, Mimir, Cortex
and VictoriaMetrics.

Every series of the answer has labels and samples (float seconds, value as text).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib.errors import ReadError
from srelib.readers import cells, counts, generic, json_text, wide
from srelib.readers.base import Head, Result
from srelib.readers.text import Scan, rejects

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "prometheus"
TABLES = ("sli",)


def recognise(head: Head) -> bool:
    """Whether the JSON is a Prometheus query result of any type but ``ALERTS``."""
    alerts = json_text.holds(head, "alertname", "alertstate", under=("data.result.metric",))
    return head.kind == "json" and '"resultType"' in head.text and not alerts


def read(head: Head, source: Source | None) -> Result:
    """Read the answer of a range query."""
    series, notes = _series(json_text.parse(json_text.content(head), file=head.name), head)
    names = [_name(entry) for entry in series]
    samples = _samples(series, names, head)
    timeless = samples["time"].isna()
    refused = _rejected(head, samples[timeless])
    entries, unused = _entries(names, series, source, head)
    if unused:
        notes.append(f"series not used: {', '.join(map(repr, unused[:10]))}")
    return _result(head, source, samples[~timeless], entries, refused, notes)


def _series(answers: list[Any], head: Head) -> tuple[list[dict[str, Any]], list[str]]:
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


def _name(entry: dict[str, Any]) -> str:
    """Name of a series as Prometheus writes it."""
    labels = entry.get("metric")
    given = labels.items() if isinstance(labels, dict) else ()
    known = {str(key): str(value) for key, value in given}
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


def _entries(
    names: list[str], series: list[dict[str, Any]], source: Source | None, head: Head
) -> tuple[list[wide.Columns], list[str]]:
    """Which series make up which indicator."""
    roles = [role for role in counts.ROLES if source and source.columns.get(role) == "value"]
    if not roles and source and source.unit in ("ratio", "value") and not source.series:
        roles = [source.unit]
    if roles:
        return _same_role(roles[0], names, series, source, head), []
    return wide.indicators(list(dict.fromkeys(names)), source, file=head.name)


def _same_role(
    role: str, names: list[str], series: list[dict[str, Any]], source: Source | None, head: Head
) -> list[wide.Columns]:
    groups: dict[str, list[str]] = {}
    for name, entry in zip(names, series, strict=True):
        labelled = wide.service_of({str(k): str(v) for k, v in (entry.get("metric") or {}).items()})
        service = (source.service if source else None) or labelled
        if not service:
            raise ReadError(
                f"the series {name} names no service", file=head.name,
                fix='say service = "..." in sources.toml',
            )  # fmt: skip
        groups.setdefault(service, []).append(name)
    sli = (source.sli if source else None) or "availability"
    threshold, op = (source.threshold, source.op) if source else (None, None)
    if role in ("ratio", "value"):
        several = [service for service, mine in groups.items() if len(mine) > 1]
        if several:
            raise ReadError(
                f"{len(groups[several[0]])} series of {several[0]} hold a {role} each, and these "
                "cannot be added up",
                file=head.name, fix="aggregate them in the query",
            )  # fmt: skip
    return [
        wide.Columns(service, sli, {role: tuple(dict.fromkeys(mine))}, threshold, op)
        for service, mine in groups.items()
    ]


def _result(
    head: Head, source: Source | None, samples: pd.DataFrame, entries: list[wide.Columns],
    refused: pd.DataFrame, notes: list[str],
) -> Result:  # fmt: skip
    """The samples as a wide table, one row per time, and its indicators."""
    samples, faults, repeated = _once(samples)
    refused = pd.concat(
        [part for part in (refused, _rejected(head, repeated)) if len(part)] or [refused]
    )
    both = pd.concat([samples[["time", "record"]], faults[["time", "record"]]])
    first = both.groupby("time")["record"].min().sort_index()
    table = samples.pivot(index="time", columns="name", values="number").reindex(first.index)
    used = sorted({name for entry in entries for part in entry.roles.values() for name in part})
    empty = np.full(len(table), np.nan)
    columns = {name: table[name].to_numpy() if name in table else empty for name in used}
    times = pd.Series(pd.DatetimeIndex(table.index).as_unit("us"), name=_TIME)
    flat = Scan(
        pd.DataFrame({_TIME: times, **columns}), refused, len(samples),
        faults=_faults(faults, table.index), head=head,
        _cache={"lines": first.to_numpy(dtype="int64")},
    )  # fmt: skip
    rule = generic.rule(head, source, {})
    built = [generic.indicator(flat, entry, _TIME, rule) for entry in entries]
    return generic.result(flat, built, [refused], notes=notes)


_TIME = "time"


def _once(samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Samples each once; those that contradict each other; those that repeat another."""
    known = samples[samples["reason"].isna()]
    clash = known.groupby(["name", "time"])["number"].transform("nunique") > 1
    again = known.duplicated(["name", "time"]) & ~clash
    broken = samples[samples["reason"].notna()]
    broken = broken[broken["time"].notna()]
    fighting = known[clash].assign(reason="another sample of this series at this time differs")
    repeated = known[again].assign(reason="repeats an earlier sample of this series")
    return known[~clash & ~again], pd.concat([broken, fighting]), repeated


def _rejected(head: Head, samples: pd.DataFrame) -> pd.DataFrame:
    return rejects(
        head.name,
        samples["record"].to_numpy(),
        samples["name"],
        samples["value"],
        samples["reason"],
    )


def _faults(samples: pd.DataFrame, times: pd.Index) -> pd.DataFrame:
    """Refused samples as cells of the wide table."""
    names = {"name": "column", "value": "value", "reason": "reason", "record": "line"}
    faults = samples[list(names)].rename(columns=names)
    return faults.assign(row=times.get_indexer(pd.Index(samples["time"]))).reset_index(drop=True)
