"""Exports of monitoring: range queries of Prometheus and Grafana panels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import cells, counts, generic, indicators, state_logs
from srelib.readers.base import Family, FileResult, Head, file_text, rejects
from srelib.readers.json_text import holds, json_documents
from srelib.readers.text import Scan

if TYPE_CHECKING:
    from srelib.sources import Source


def _is_prometheus(head: Head) -> bool:
    """Whether the JSON is a Prometheus query result of any type but ``ALERTS``."""
    alerts = holds(head, "alertname", "alertstate", under=("data.result.metric",))
    return head.kind == "json" and '"resultType"' in head.text and not alerts


def _read_prometheus(head: Head, source: Source) -> FileResult:
    series, notes = _query_series(json_documents(file_text(head), file=head.name), head)
    if not any(entry["values"] for entry in series):
        nothing = "the query found no samples in this span of time"
        return FileResult({"sli": tables.empty("sli")}, 0, 0, notes=(*notes, nothing))
    sizes: Counter[str] = Counter()
    for entry in series:
        sizes[_series_name(entry)] += len(entry["values"])
    names, said = indicators.without_replicas(sizes)
    samples = _samples([entry for entry in series if _series_name(entry) in names], head)
    scanned = Scan(samples, tables.empty("rejects"), len(samples), head=head)
    return _as_indicators(head, source, scanned, samples, names, [*notes, *said])


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


def _series_name(entry: dict[str, Any]) -> str:
    """Name of a series as Prometheus writes it."""
    labels = entry.get("metric")
    known = dict(labels) if isinstance(labels, dict) else {}
    metric = str(known.pop("__name__", ""))
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(known.items()))
    return f"{metric}{{{inside}}}" if inside or not metric else metric


def _samples(series: list[dict[str, Any]], head: Head) -> pd.DataFrame:
    """Every sample: name of its series, time, number, value as text, and why it is refused."""
    rows = [
        (name, *_pair(sample))
        for name, entry in zip(map(_series_name, series), series, strict=True)
        for sample in entry["values"]
    ]
    frame = pd.DataFrame(rows, columns=["name", "stamp", "value"], dtype="object")
    times = cells.times(frame["stamp"].astype("str"), file=head.name)
    read = cells.numbers(frame["value"].astype("str").replace(_INFINITE), file=head.name)
    frame["time"], frame["number"] = times.values, read.values
    frame["reason"] = times.reasons.where(times.reasons.notna(), read.reasons)
    lost = frame["reason"].isna() & frame["time"].isna()
    frame.loc[lost, "reason"] = "time is missing: export it again"
    return frame.assign(line=range(1, len(frame) + 1), column=frame["name"])


_INFINITE = {"+Inf": "inf", "-Inf": "-inf", "Inf": "inf"}


def _pair(sample: Any) -> tuple[str, str]:
    """Time and value of a sample as text."""
    if not isinstance(sample, list) or len(sample) != 2:
        return "", str(sample)[:80]
    stamp, value = sample
    text = f"{stamp:.6f}" if isinstance(stamp, float) else str(stamp)
    return text, "" if value is None else str(value)


_REPEATS = "repeats an earlier sample of this series: remove one"
_DIFFERS = "another sample of this series at this time differs: remove one"


def _as_indicators(
    head: Head, source: Source, scanned: Scan, samples: pd.DataFrame, names: list[str],
    notes: list[str], *, alone: bool = False,
) -> FileResult:  # fmt: skip
    """Samples of series as a wide table, one row per time, and its indicators; a sample refused
    costs the record of its time, unless it stands `alone` in a row of the file.
    """
    found, unused = indicators.indicators(names, source, file=head.name)
    used = sorted({c for entry in found for part in entry.roles.values() for c in part})
    samples = _once(samples[samples["name"].isin(used)])
    refused = samples["reason"].notna()
    gone = samples["time"].isna() | (samples["reason"] == _REPEATS) | (refused & alone)
    faults, lost, kept = samples[refused & ~gone], samples[gone], samples[~refused]
    seen = [one if isinstance(one, str) else f"{one:.15g}" for one in lost["value"]]
    bad = rejects(head.name, lost["line"], lost["column"], seen, lost["reason"])
    first = samples[~gone].groupby("time")["line"].min()
    table = kept.pivot(index="time", columns="name", values="number")
    table = table.reindex(index=first.index, columns=used)
    times = pd.Series(pd.DatetimeIndex(first.index).as_unit("us"))
    wide = replace(
        scanned,
        frame=pd.DataFrame({_TIME: times, **{name: table[name].to_numpy() for name in used}}),
        faults=faults.assign(row=first.index.get_indexer(pd.Index(faults["time"]))),
        _cache={"lines": first.to_numpy(dtype="int64")},
    )
    built = generic.indicators_built(wide, found, _TIME, generic.rule(head, source, {}))
    if unused:
        notes = [*notes, f"series not used: {indicators.listed_names(unused)}"]
    return generic.result(wide, built, bad, notes=notes)


def _once(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples; a reason to refuse those of which there is another of the series and time."""
    known = samples[samples["reason"].isna()]
    again = known.duplicated(["name", "time"])
    clash = counts.differ(known.groupby(["name", "time"], observed=True)["number"])
    reason = samples["reason"].copy()
    reason[again.index[again]] = _REPEATS
    reason[clash.index[clash]] = "another sample of this series at this time differs: remove one"
    return samples.assign(reason=reason)


_REPEATS = "repeats an earlier sample of this series: remove one"
_TIME = ""
"""The time in a wide table: no series has this name."""

_LONG_PANELS = ({"series", "time", "value"}, {"metric", "time", "value"})


def _is_grafana(head: Head) -> bool:
    """Whether the header is that of a panel: Time first, or a series and a value in each row."""
    wide = len(head.header) > 1 and head.header[0] == "Time"
    return head.kind == "csv" and (wide or _is_long_panel(head))


def _is_long_panel(head: Head) -> bool:
    return len(head.header) == 3 and {name.lower() for name in head.header} in _LONG_PANELS


def _read_grafana(head: Head, source: Source) -> FileResult:
    if _is_long_panel(head):
        return read_long_panel(head, source)
    if any(role in source.columns for role in counts.ROLES):
        return generic.read_generic(head, source)
    return generic.read_wide(head, source, head.header[0])


def read_long_panel(head: Head, source: Source) -> FileResult:
    """A long table (Grafana 6 and before, or the transformation "series to rows")."""
    named = {name.lower().removeprefix("_"): name for name in head.header}
    series = next(named[name] for name in ("series", "field", "metric") if name in named)
    scanned = generic.scanned(
        head,
        source,
        ("category", [series]),
        ("time", [named["time"]]),
        ("number", [named["value"]]),
    )
    samples = scanned.frame.set_axis(["name", "time", "number"], axis=1)
    sizes = {str(name): n for name, n in samples["name"].value_counts(sort=False).items()}
    names, notes = indicators.without_replicas(sizes if len(samples) else {})
    samples = samples[samples["name"].isin(names)]
    lines = scanned.lines(samples.index.to_numpy())
    samples = samples.assign(value=samples["number"], line=lines, column=named["value"])
    samples["reason"] = pd.Series(None, samples.index, dtype="object")
    return _as_indicators(head, source, scanned, samples, names, notes, alone=True)


PROMETHEUS = Family("prometheus", _is_prometheus, _read_prometheus, ("sli",))
GRAFANA = Family("grafana", _is_grafana, _read_grafana, ("sli",))
STATELOG = Family(
    "statelog", state_logs.is_statelog, state_logs.read_statelog, ("sli", "incidents")
)
