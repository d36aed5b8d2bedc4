"""Exports of monitoring: range queries of Prometheus and Grafana panels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers import counts, generic, indicators, state_logs
from srelib.readers.base import Family, FileResult, Head, file_text
from srelib.readers.json_text import holds, json_records, nested
from srelib.readers.text import Scan

if TYPE_CHECKING:
    from srelib.sources import Source

Sample = tuple[Any, str, Any]
"""A time, the name of a series, and its value then."""


def _is_prometheus(head: Head) -> bool:
    """Whether the JSON is a Prometheus query result of any type but ``ALERTS``."""
    alerts = holds(head, "alertname", "alertstate", under=("data.result.metric",))
    return head.kind == "json" and '"resultType"' in head.text and not alerts


def _read_prometheus(head: Head, source: Source) -> FileResult:
    series, notes = _query_series(json_records(file_text(head), file=head.name), head)
    samples = [
        (at, name, value)
        for name, entry in ((_series_name(entry), entry) for entry in series)
        for at, value in map(_pair, entry["values"])
    ]
    if not samples:
        nothing = "the query found no samples in this span of time"
        return FileResult({"sli": tables.empty("sli")}, 0, 0, notes=(*notes, nothing))
    return read_samples(head, source, samples, notes=notes)


def _query_series(answers: list[Any], head: Head) -> tuple[list[dict[str, Any]], list[str]]:
    """The series of all documents, and the warnings beside them."""
    found: list[dict[str, Any]] = []
    notes: list[str] = []
    for answer in answers:
        if not isinstance(answer, dict):
            raise head.error("this JSON is not the answer of a query", "export it again, whole")
        if answer.get("status") == "error":
            why = f"the query failed: {answer.get('error')}"
            raise head.error(why, "mend the query and export again")
        for key in ("warnings", "infos"):
            notes.extend(f"Prometheus says: {text}" for text in answer.get(key) or ())
        data = nested(answer, "data")
        if data.get("resulttype") != "matrix":
            raise head.error(
                f"this is the answer of an instant query ({data.get('resulttype')!r}), one point "
                "in time",
                "use /api/v1/query_range with start, end and step",
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


def _pair(sample: Any) -> tuple[Any, Any]:
    """Time and value of a sample; what is no sample has no time."""
    whole = isinstance(sample, list) and len(sample) == 2
    return (sample[0], sample[1]) if whole else (None, str(sample)[:80])


def read_samples(
    head: Head, source: Source, samples: Sequence[Sample], *, names: Iterable[str] = (),
    notes: Sequence[str] = (),
) -> FileResult:  # fmt: skip
    """Samples of named series in any order; `names` are of series that may have none."""
    times = [f"{at:.6f}" if isinstance(at, float) else str(at) for at, _, _ in samples]
    values = ["" if value is None else str(value) for _, _, value in samples]
    records = list(enumerate(zip(times, values, strict=True), start=1))
    table = head.table(["time", "value"], records)
    scanned = generic.scanned(table, source, ("time", ["time"]), ("number", ["value"]), wide=True)
    of = np.array([name for _, name, _ in samples], dtype="object")
    frame = scanned.frame.set_axis(["time", "number"], axis=1)
    frame["name"] = frame["column"] = of[scanned.lines() - 1]
    return _as_indicators(head, source, scanned, frame, dict.fromkeys([*of, *names]), notes)


_REPEATS = "repeats an earlier sample of this series: remove one"
_DIFFERS = "another sample of this series at this time differs: remove one"


def _as_indicators(
    head: Head, source: Source, scanned: Scan, samples: pd.DataFrame, every: Iterable[str],
    notes: Sequence[str] = (), *, alone: bool = False,
) -> FileResult:  # fmt: skip
    """Samples of series as a wide table, one row per time, and its indicators; a sample refused
    costs the record of its time, unless it stands `alone` in a row of the file.
    """
    samples = samples.assign(line=scanned.lines(), value=samples["number"], reason=None)
    samples = samples.astype({"value": "object", "reason": "object"})
    faults = scanned.faults.set_index("row")[["value", "reason"]]
    samples.loc[faults.index, ["value", "reason"]] = faults
    counted = samples["name"].value_counts(sort=False)
    sizes = dict.fromkeys(every, 0) | dict(zip(counted.index.astype("str"), counted, strict=True))
    names, said = indicators.without_replicas(sizes)
    mapped = generic.numbers_by_role(names, source)
    if source.service and not source.series and len(mapped) > 1:
        source = source.model_copy(update={"columns": mapped})
    found, unused = indicators.indicators(names, source, file=head.name)
    used = sorted({c for entry in found for part in entry.roles.values() for c in part})
    samples = _once(samples[samples["name"].isin(used)])
    refused = samples["reason"].notna()
    gone = (samples["reason"] == _REPEATS) | (refused & alone)
    faults, lost, kept = samples[refused & ~gone], samples[gone], samples[~refused]
    shown = [one if isinstance(one, str) else f"{one:.15g}" for one in lost["value"]]
    bad = tables.rejects(head.name, lost["line"], lost["column"], shown, lost["reason"])
    first = samples[~gone].groupby("time")["line"].min()
    table = kept.pivot(index="time", columns="name", values="number")
    table = table.reindex(index=first.index, columns=used)
    times = pd.Series(pd.DatetimeIndex(first.index).as_unit("us"))
    units = {unit: often for seen in scanned.suffixes.values() for unit, often in seen.items()}
    wide = replace(
        scanned,
        frame=pd.DataFrame({_TIME: times, **{name: table[name].to_numpy() for name in used}}),
        faults=faults.assign(row=first.index.get_indexer(pd.Index(faults["time"]))),
        suffixes=dict.fromkeys(sizes, units),
        _cache={"lines": first.to_numpy(dtype="int64")},
    )
    built = generic.indicators_built(wide, found, _TIME, generic.rule(head, source, {}))
    if unused:
        said.append(f"series not used: {indicators.listed_names(unused)}")
    return generic.result(wide, built, bad, notes=[*notes, *said])


def _once(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples; a reason to refuse those of which there is another of the series and time."""
    known = samples[samples["reason"].isna()]
    again = known.duplicated(["name", "time"])
    clash = counts.differ(known.groupby(["name", "time"], observed=True)["number"])
    reason = samples["reason"].copy()
    reason[again.index[again]] = _REPEATS
    reason[clash.index[clash]] = _DIFFERS
    return samples.assign(reason=reason)


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
        head, source, ("category", [series]), ("time", [named["time"]]),
        ("number", [named["value"]]),
    )  # fmt: skip
    samples = scanned.frame.set_axis(["name", "time", "number"], axis=1)
    samples["column"] = named["value"]
    return _as_indicators(head, source, scanned, samples, (), alone=True)


PROMETHEUS = Family("prometheus", _is_prometheus, _read_prometheus, ("sli",))
GRAFANA = Family("grafana", _is_grafana, _read_grafana, ("sli",))
STATELOG = Family(
    "statelog", state_logs.is_statelog, state_logs.read_statelog, ("sli", "incidents")
)
