"""AWS CloudWatch: answers of get-metric-data and of get-metric-statistics."""

from __future__ import annotations

from collections.abc import Iterator

from srelib.readers import declaration as say
from srelib.readers import flat, monitoring
from srelib.readers.base import FileResult, Head
from srelib.readers.json_text import objects_in

_COUNTS = ("Sum", "SampleCount")
_STATISTICS = (*_COUNTS, "Average", "Minimum", "Maximum")


def _read_data(head: Head, source: say.Source) -> FileResult:
    """One row per time, the series beside each other, in whatever order they come."""
    answers = flat.documents(head)
    results = [one for answer in answers for one in objects_in(answer.get("metricdataresults"))]
    samples = [sample for one in results for sample in _samples(one, head)]
    notes = [
        f"CloudWatch says of {_name(one)!r}: {one['statuscode']}: there is more; "
        "export every page (NextToken)."
        for one in results
        if one.get("statuscode") not in (None, "Complete") and answers[-1].get("nexttoken")
    ]
    said = [text for answer in answers for text in objects_in(answer.get("messages"))]
    notes += [f"CloudWatch says: {say.first(text, ('value', 'code'))}." for text in said]
    names = [_name(one) for one in results]  # with and without points
    why = "get-metric-data does not write which statistic its values are (Sum, Average, a rate)"
    return flat.read_samples(head, source, samples, names, why, notes=notes)


def _name(result: say.Record) -> str:
    return say.first(result, ("label", "id")) or "?"


def _samples(result: say.Record, head: Head) -> Iterator[monitoring.Sample]:
    times, values = (
        part if isinstance(part, list) else [] for part in map(result.get, ("timestamps", "values"))
    )
    if len(times) != len(values):
        raise head.error(
            f"{_name(result)!r} has {len(times)} Timestamps and {len(values)} Values",
            "export it again, whole",
        )
    yield from ((at, _name(result), value) for at, value in zip(times, values, strict=True))


def _read_statistics(head: Head, source: say.Source) -> FileResult:
    """One row per time; a series is a label and a statistic (``RequestCount Sum``)."""
    samples: list[monitoring.Sample] = []
    names = []
    for answer in flat.documents(head):
        label, points = say.first(answer, "label"), objects_in(answer.get("datapoints"))
        samples += [
            (say.first(point, "timestamp"), f"{label} {statistic}", point[statistic.lower()])
            for point in points
            for statistic in _STATISTICS
            if statistic.lower() in point
        ]
        names += [f"{label} {statistic}" for statistic in _COUNTS if not points]
    names = [*(name for _, name, _ in samples), *names]
    mine = [name for name in names if name in flat.columns_said(source)]
    if mine and source.unit is None and all(name.endswith(_COUNTS) for name in mine):
        source = source.model_copy(update={"unit": "count"})
    why = "nothing says which of these are good, bad or all events"
    return flat.read_samples(head, source, samples, names, why)


CLOUDWATCH = flat.family("cloudwatch", _read_data, say.has("metricdataresults"))
CLOUDWATCH_STATISTICS = flat.family(
    "cloudwatch_statistics", _read_statistics, say.has("datapoints", "label")
)
