"""AWS CloudWatch: answers of get-metric-data and of get-metric-statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import flat
from srelib.readers.base import Family, FileResult, Head, file_text, overridden
from srelib.readers.declaration import Record, first
from srelib.readers.json_text import holds, json_records, keyed, objects_in

if TYPE_CHECKING:
    from srelib.readers.source import Source

_COUNTS = ("Sum", "SampleCount")
_STATISTICS = (*_COUNTS, "Average", "Minimum", "Maximum")


def _documents(head: Head) -> list[Record]:
    records = json_records(file_text(head), file=head.name)
    return [keyed(one) for one in records if isinstance(one, dict)]


def _is_data(head: Head) -> bool:
    return holds(head, "metricdataresults", under=("",))


def _read_data(head: Head, source: Source) -> FileResult:
    """One row per time, the series beside each other, in whatever order they come."""
    answers = _documents(head)
    results = [one for answer in answers for one in objects_in(answer.get("metricdataresults"))]
    samples = [sample for one in results for sample in _samples(one, head)]
    notes = [
        f"CloudWatch says of {first(one, ('label', 'id'))!r}: {one['statuscode']}: there is more; "
        "export every page (NextToken)."
        for one in results
        if one.get("statuscode") not in (None, "Complete") and answers[-1].get("nexttoken")
    ]
    said = [text for answer in answers for text in objects_in(answer.get("messages"))]
    notes += [f"CloudWatch says: {first(text, ('value', 'code'))}." for text in said]
    names = [first(one, ("label", "id")) or "?" for one in results]  # with and without points
    why = "get-metric-data does not write which statistic its values are (Sum, Average, a rate)"
    return _read(head, source, samples, names, why, notes)


def _samples(result: Record, head: Head) -> Iterator[tuple[Any, str, Any]]:
    times, values = result.get("timestamps"), result.get("values")
    name = first(result, ("label", "id")) or "?"
    times, values = (part if isinstance(part, list) else [] for part in (times, values))
    if len(times) != len(values):
        raise ReadError(
            f"{name!r} has {len(times)} Timestamps and {len(values)} Values", file=head.name,
            fix="export it again, whole",
        )  # fmt: skip
    yield from ((at, name, value) for at, value in zip(times, values, strict=True))


def _is_statistics(head: Head) -> bool:
    return holds(head, "datapoints", "label", under=("",))


def _read_statistics(head: Head, source: Source) -> FileResult:
    """One row per time; a series is a label and a statistic (``RequestCount Sum``)."""
    answers = _documents(head)
    samples = [
        (first(point, "timestamp"), f"{first(answer, 'label')} {statistic}", point[plain])
        for answer in answers
        for point in objects_in(answer.get("datapoints"))
        for statistic in _STATISTICS
        if (plain := statistic.lower()) in point
    ]
    empty = [one for one in answers if not objects_in(one.get("datapoints"))]
    names = [name for _, name, _ in samples]
    names += [f"{first(one, 'label')} {statistic}" for one in empty for statistic in _COUNTS]
    used = {*source.columns.values()}
    used |= {n for spec in source.series for n in (*spec.good, *spec.bad, *spec.total)}
    mine = [name for name in names if name in used]
    if mine and source.unit is None and all(name.endswith(_COUNTS) for name in mine):
        source = overridden(source, unit="count")
    why = "nothing says which of these are good, bad or all events"
    return _read(head, source, samples, names, why, [])


def _read(
    head: Head, source: Source, samples: list[tuple[Any, str, Any]], names: list[str], why: str,
    notes: list[str],
) -> FileResult:  # fmt: skip
    if not samples:
        raise ReadError(
            "no value in this answer", file=head.name,
            fix="ask for a longer span of time, or take the file away",
        )  # fmt: skip
    flat.counted(source, head, names, why)
    return flat.read_flat(head, source, flat.by_time(samples), notes=notes, names=names)


CLOUDWATCH = Family("cloudwatch", _is_data, _read_data, ("sli",))
CLOUDWATCH_STATISTICS = Family("cloudwatch_statistics", _is_statistics, _read_statistics, ("sli",))
