"""Datadog: the history of an SLO, and answers of timeseries queries."""

from __future__ import annotations

from typing import Any

import pandas as pd

from srelib.questions import Unconfirmed, question
from srelib.readers import declaration as say
from srelib.readers import flat, monitoring
from srelib.readers.base import FileResult, Head
from srelib.readers.json_text import nested, objects_in


def _read_history(head: Head, source: say.Source) -> FileResult:
    """Good and total as Datadog counted them; times in ms."""
    rows: list[flat.Cells] = []
    notes: list[str] = []
    steps: list[Any] = []
    for answer in flat.documents(head):
        data = nested(answer, "data")
        series, slo = nested(data, "series"), nested(data, "slo")
        columns = [series.get("times")]
        columns += [nested(series, kind).get("values") for kind in ("numerator", "denominator")]
        lists = [column for column in columns if isinstance(column, list)]
        if len(lists) < len(columns):
            raise head.error(
                f"the history of {say.first(slo, 'name') or 'this SLO'!r} has no counts (type "
                f"{say.first(data, 'type')!r})",
                "export the history of an SLO of type metric, or the query of the monitor",
            )
        if len(set(map(len, lists))) > 1:
            raise head.error(
                "times, numerator and denominator differ in length", "export it again, whole"
            )
        tagged = [tag[8:] for tag in say.texts(slo, "tags") if tag.startswith("service:")]
        if len(tagged) > 1 and not source.service:
            service = Unconfirmed(tagged[0], f"or another of {', '.join(tagged)}")
            raise question("the SLO is of several services", file=head.name, service=service)
        named = {
            "service": next(iter(tagged), None),
            "sli": say.first(slo, "name") or "availability",
        }
        rows += [{"time": at, **named, "good": good, "total": total}
                 for at, good, total in zip(*lists, strict=True)]  # fmt: skip
        steps.append(series.get("interval"))
        notes += _targets(data, named["sli"])
    if rows and not source.service and not any(row["service"] for row in rows):
        why = "no tag of the SLO says which service it is of (service:NAME)"
        raise question(why, file=head.name, service=None)
    return flat.read_flat(head, _stepped(source, steps, unit="count"), rows, notes=notes)


def _targets(data: say.Record, sli: str | None) -> list[str]:
    """The target of the SLO, which is Datadog's and no objective here until somebody writes it."""
    thresholds = data.get("thresholds")
    found = thresholds.items() if isinstance(thresholds, dict) else ()
    return [
        f"Datadog's target of {sli!r} is {float(target):g} % over {window}: as an "
        f"objective, write target: {float(target) / 100:.6g} and that window in slos.yaml."
        for window, threshold in found
        if (target := say.first({"threshold": threshold}, "threshold.target"))
        and target.replace(".", "", 1).isdigit()
    ]


def _stepped(source: say.Source, seconds: list[Any], **known: Any) -> say.Source:
    """The source with the length of a bucket, where the answer gives one of all series."""
    steps = {one for one in seconds if type(one) in (int, float) and 1 <= one < 1e8}
    if len(steps) == 1:
        known["step"] = pd.Timedelta(seconds=steps.pop())
    return source.model_copy(update={k: v for k, v in known.items() if getattr(source, k) is None})


def _read_timeseries(head: Head, source: say.Source) -> FileResult:
    """One row per time, the series beside each other, named ``metric{scope}``."""
    samples: list[monitoring.Sample] = []
    steps: list[Any] = []
    units: set[str | None] = set()
    for answer in flat.documents(head):
        for series in objects_in(answer.get("series")):
            scope = say.first(series, "scope") or "*"
            name = f"{say.first(series, ('displayname', 'metric'))}{{{scope}}}"
            pairs = flat.pairs_in(series.get("pointlist"))
            samples += [(at, name, value) for at, value in pairs]
            steps.append(series.get("interval"))
            units.add(_unit(say.first(series, "expression") or say.first(answer, "query") or ""))
    known = units.pop() if len(units) == 1 and source.series else None
    source = _stepped(source, steps, **({"unit": known} if known else {}))
    why = "the answer does not say whether its values are counts (.as_count()) or rates"
    return flat.read_samples(head, source, samples, [name for _, name, _ in samples], why)


def _unit(query: str) -> str | None:
    """What the text of a query says of its numbers."""
    found = [unit for unit in ("count", "rate") if f".as_{unit}()" in query]
    return found[0] if len(found) == 1 else None


DATADOG_SLO = flat.family(
    "datadog_slo", _read_history,
    say.has("fromts", "tots", "thresholds", under=("data",)),
    say.has("fromts", "tots", "series", under=("data",)),
)  # fmt: skip
DATADOG = flat.family(
    "datadog", _read_timeseries,
    say.has("pointlist", "scope", under=("series",)),
    say.has("pointlist", "metric", under=("series",)),
)  # fmt: skip
