"""Datadog: the history of an SLO, and answers of timeseries queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import flat
from srelib.readers.base import Family, FileResult, Head, file_text, overridden
from srelib.readers.declaration import Record, first
from srelib.readers.json_text import holds, json_documents, keyed, nested, objects_in, values_at

if TYPE_CHECKING:
    from srelib.readers.source import Source


def _documents(head: Head) -> list[Record]:
    found = json_documents(file_text(head), file=head.name)
    return [keyed(one) for one in found if isinstance(one, dict)]


def _is_history(head: Head) -> bool:
    return holds(head, "fromts", "tots", under=("data",)) and (
        holds(head, "thresholds", under=("data",)) or holds(head, "series", under=("data",))
    )


def _read_history(head: Head, source: Source) -> FileResult:
    """Good and total as Datadog counted them; times in ms."""
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    steps: list[Any] = []
    for answer in _documents(head):
        data = nested(answer, "data")
        series, slo = nested(data, "series"), nested(data, "slo")
        good, total = (nested(series, kind).get("values") for kind in ("numerator", "denominator"))
        times = series.get("times")
        if not (isinstance(times, list) and isinstance(good, list) and isinstance(total, list)):
            raise ReadError(
                f"the history of {first(slo, 'name') or 'this SLO'!r} has no counts (type "
                f"{first(data, 'type')!r})",
                file=head.name,
                fix="export the history of an SLO of type metric, or the query of the monitor",
            )
        if not len(times) == len(good) == len(total):
            raise ReadError("times, numerator and denominator differ in length", file=head.name,
                            fix="export it again, whole")  # fmt: skip
        tags = [str(tag) for tag in values_at(slo, "tags")]
        named = {
            "service": next((t.partition(":")[2] for t in tags if t.startswith("service:")), None),
            "sli": first(slo, "name") or "availability",
        }
        rows += [{"time": _ms(at), **named, "good": some, "total": all_}
                 for at, some, all_ in zip(times, good, total, strict=True)]  # fmt: skip
        steps.append(series.get("interval"))
        notes += _targets(data, named)
    if rows and not source.service and not any(row["service"] for row in rows):
        raise ReadError(
            "no tag of the SLO says which service it is of (service:NAME)", file=head.name,
            fix=f'add service = "..." to a [[file]] with match = {head.name!r} in sources.toml',
            asks={"service": None},
        )  # fmt: skip
    return flat.read_flat(head, _stepped(source, steps, unit="count"), rows, notes=notes)


def _targets(data: Record, named: Record) -> list[str]:
    """The target of the SLO, which is Datadog's and no objective here until somebody writes it."""
    thresholds = data.get("thresholds")
    found = thresholds.items() if isinstance(thresholds, dict) else ()
    return [
        f"Datadog's target of {named['sli']!r} is {float(target):g} % over {window}: as an "
        f"objective, write target: {float(target) / 100:.6g} and that window in slos.yaml."
        for window, threshold in found
        if (target := first(threshold if isinstance(threshold, dict) else {}, "target"))
        and target.replace(".", "", 1).isdigit()
    ]


def _ms(at: Any) -> Any:
    return int(at) if isinstance(at, float) and at.is_integer() else at


def _stepped(source: Source, seconds: list[Any], **known: Any) -> Source:
    """The source with the length of a bucket, where the answer gives one of all series."""
    steps = {one for one in seconds if isinstance(one, int | float) and 1 <= one < 1e8}
    if source.step is None and len(steps) == 1:
        known["step"] = pd.Timedelta(seconds=steps.pop())
    return overridden(source, **{k: v for k, v in known.items() if getattr(source, k) is None})


def _is_timeseries(head: Head) -> bool:
    return holds(head, "pointlist", "scope", under=("series",)) or holds(
        head, "pointlist", "metric", under=("series",)
    )


def _read_timeseries(head: Head, source: Source) -> FileResult:
    """One row per time, the series beside each other, named ``metric{scope}``."""
    samples: list[tuple[Any, str, Any]] = []
    steps: list[Any] = []
    units: set[str | None] = set()
    for answer in _documents(head):
        for series in objects_in(answer.get("series")):
            scope = first(series, "scope")
            name = f"{first(series, ('displayname', 'metric'))}{{{scope or '*'}}}"
            points = series.get("pointlist")
            pairs = [p for p in points if isinstance(p, list)] if isinstance(points, list) else []
            samples += [(_ms(pair[0]), name, pair[1]) for pair in pairs if len(pair) == 2]
            steps.append(series.get("interval"))
            units.add(_unit(first(series, "expression") or first(answer, "query") or ""))
    if not samples:
        raise ReadError("no point in this answer", file=head.name,
                        fix="ask for a longer span of time, or take the file away")  # fmt: skip
    known = units.pop() if len(units) == 1 and source.series else None
    source = _stepped(source, steps, **({"unit": known} if known else {}))
    why = "the answer does not say whether its values are counts (.as_count()) or rates"
    flat.counted(source, head, [name for _, name, _ in samples], why)
    return flat.read_flat(head, source, flat.by_time(samples))


def _unit(query: str) -> str | None:
    """What the text of a query says of its numbers."""
    kinds = {"count": ".as_count()" in query, "rate": ".as_rate()" in query}
    found = [unit for unit, is_there in kinds.items() if is_there]
    return found[0] if len(found) == 1 else None


DATADOG_SLO = Family("datadog_slo", _is_history, _read_history, ("sli",))
DATADOG = Family("datadog", _is_timeseries, _read_timeseries, ("sli",))
