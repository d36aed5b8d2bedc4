"""OpenSLO v1 and its draft v2alpha.

The two differ in words only: v2alpha says ``sli`` for ``indicator`` and has no
``metricSource`` level, so one set of models reads both.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import pandas as pd

from srelib import schema
from srelib.slos.checking import (
    Metadata,
    Strict,
    fill,
    fraction,
    labelled,
    origin,
    owner,
    percent,
    percent_notes,
    slug,
    window,
)
from srelib.slos.documents import Document, Place
from srelib.slos.model import Queries, Slo
from srelib.windows import Window

VERSIONS = ("openslo/v1", "openslo.com/v1", "openslo.com/v2alpha", "openslo.com/v2alpha1")

DEFAULT_WINDOW = "28d"

QUERY_KEYS = ("query", "promql", "expr", "expression", "queryString", "metricQuery")

Op = Literal["lte", "lt", "gte", "gt"]


class MetricSource(Strict):
    """Where a metric comes from."""

    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any] | None = None


class Metric(Strict):
    """A metric: with ``metricSource`` (v1), or without that level (v2alpha)."""

    metric_source: MetricSource | None = None
    data_source_ref: str | None = None
    data_source_spec: dict[str, Any] | None = None
    data_source: dict[str, Any] | None = None
    spec: dict[str, Any] | None = None


class RatioMetric(Strict):
    """Good or bad and total, or a ratio that is already divided."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None


class IndicatorSpec(Strict):
    """What an indicator measures."""

    description: str | None = None
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None


class Indicator(Strict):
    """An indicator, inline or as a document of its own (``kind: SLI``)."""

    api_version: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: IndicatorSpec


class Calendar(Strict):
    """Alignment of a window with the calendar."""

    start_time: str | None = None
    time_zone: str | None = None


class TimeWindow(Strict):
    """Rolling or calendar window."""

    duration: str
    is_rolling: bool | None = None
    calendar: Calendar | None = None


class Objective(Strict):
    """One target."""

    display_name: str | None = None
    labels: dict[str, Any] | None = None
    op: Op | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    sli: Indicator | None = None
    sli_ref: str | None = None
    composite_weight: float | None = None


class Spec(Strict):
    """Body of an SLO."""

    description: str | None = None
    service: str | None = None
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    sli: Indicator | None = None
    sli_ref: str | None = None
    time_window: list[TimeWindow] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: list[Objective]
    alert_policies: list[Any] | None = None


class SloDocument(Strict):
    """``kind: SLO``."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec


class Reference(NamedTuple):
    """An indicator and where it stands."""

    indicator: Indicator | None
    name: str
    document: Document
    place: Place


def recognise(document: Document) -> bool:
    """Whether a document is OpenSLO v1 or v2alpha, of any kind."""
    return document.value.get("apiVersion") in VERSIONS


def indicators(documents: list[Document]) -> dict[str, Reference]:
    """The indicators that stand as documents of their own, by name.

    Parameters
    ----------
    documents : list of Document
        All documents of a folder, of any format.

    Returns
    -------
    dict of str to Reference

    Raises
    ------
    SloError
        A document is wrong, or a name is given twice.
    """
    found: dict[str, Reference] = {}
    for document in documents:
        if not recognise(document) or document.value.get("kind") != "SLI":
            continue
        indicator, _ = fill(Indicator, document)
        if indicator.metadata is None:
            raise document.error((), "an SLI without metadata.name", "add metadata: {name: ...}")
        name = indicator.metadata.name
        if name in found:
            raise document.error(
                ("metadata", "name"),
                f"{name!r} is already the name of an SLI in {found[name].document.file}",
                "rename one of the two, or remove it",
            )
        found[name] = Reference(indicator, name, document, ())
    return found


def read(document: Document, known: dict[str, Reference]) -> list[Slo]:
    """The objectives of one ``kind: SLO`` document.

    Parameters
    ----------
    document : Document
        The document.
    known : dict of str to Reference
        Indicators that ``indicatorRef`` may name.

    Returns
    -------
    list of Slo
        One for each entry of ``objectives``.

    Raises
    ------
    SloError
        Naming file, document, key, value and fix.
    """
    filled, notes = fill(SloDocument, document)
    if not filled.spec.objectives:
        raise document.error(
            ("spec", "objectives"), "the list is empty", "add an objective, as in - target: 0.999"
        )
    return [
        _objective(document, filled, number, known, notes)
        for number in range(len(filled.spec.objectives))
    ]


def _objective(
    document: Document,
    filled: SloDocument,
    number: int,
    known: dict[str, Reference],
    notes: tuple[str, ...],
) -> Slo:
    spec, meta = filled.spec, filled.metadata
    objective, place = spec.objectives[number], ("spec", "objectives", number)
    reference = _reference(document, spec, objective, place, known)
    target, target_notes = _target(document, place, objective)
    span, window_notes = _window(document, spec)
    service, sli = _series(document, reference, spec.service)
    slices = _slices(document, place, spec.budgeting_method, objective)
    labels = labelled(objective.labels, meta.labels, meta.annotations)
    return Slo(
        name=_name(filled, number),
        service=service,
        sli=sli,
        target=target,
        window=span,
        method=spec.budgeting_method,
        slice=slices[0],
        slice_target=slices[1],
        **_threshold(document, place, objective, reference),
        display_name=_display_name(filled, number),
        description=spec.description,
        owner=owner(labels),
        queries=_queries(reference),
        source=origin(document, place),
        notes=(*notes, *target_notes, *window_notes, *slices[2], *_unresolved(reference)),
    )


def _name(filled: SloDocument, number: int) -> str:
    names = [slug(one.display_name or "") for one in filled.spec.objectives]
    if len(names) == 1:
        return filled.metadata.name
    own = names[number]
    return f"{filled.metadata.name}-{own if own and names.count(own) == 1 else number + 1}"


def _display_name(filled: SloDocument, number: int) -> str | None:
    own, common = filled.spec.objectives[number].display_name, filled.metadata.display_name
    if len(filled.spec.objectives) == 1:
        return common or own
    return ": ".join(text for text in (common, own) if text) or None


def _target(
    document: Document, place: Place, objective: Objective
) -> tuple[float, tuple[str, ...]]:
    if objective.target is not None and objective.target_percent is not None:
        raise document.error(
            (*place, "targetPercent"),
            f"target {objective.target!r} and targetPercent {objective.target_percent!r} are both "
            "given",
            "keep one of the two",
        )
    if objective.target is not None:
        return fraction(document, (*place, "target"), objective.target), ()
    if objective.target_percent is not None:
        target = percent(document, (*place, "targetPercent"), objective.target_percent)
        return target, percent_notes(target)
    raise document.error(place, "key 'target' is missing", "add target, as in target: 0.999")


def _window(document: Document, spec: Spec) -> tuple[Window, tuple[str, ...]]:
    place: Place = ("spec", "timeWindow")
    if not spec.time_window:
        return Window.parse(DEFAULT_WINDOW), ("no timeWindow is given; 28 days are assumed.",)
    if len(spec.time_window) > 1:
        raise document.error(
            place, f"{len(spec.time_window)} windows are given", "keep one; write two SLOs for two"
        )
    given = spec.time_window[0]
    rolling = given.calendar is None if given.is_rolling is None else given.is_rolling
    if rolling:
        return _rolling(document, (*place, 0), given)
    return _calendar(document, (*place, 0), given)


def _rolling(document: Document, place: Place, given: TimeWindow) -> tuple[Window, tuple[str, ...]]:
    if given.calendar is not None:
        raise document.error(
            (*place, "isRolling"),
            "True contradicts calendar",
            "remove calendar for a rolling window, or write isRolling: false",
        )
    span = window(document, (*place, "duration"), given.duration)
    if given.duration[-1:] not in "MQY":
        return span, ()
    return span, (f"a rolling {given.duration} is taken as {span}.",)


def _calendar(
    document: Document, place: Place, given: TimeWindow
) -> tuple[Window, tuple[str, ...]]:
    calendar = given.calendar or Calendar()
    zone = _zone(document, (*place, "calendar", "timeZone"), calendar.time_zone)
    anchor = _start(document, (*place, "calendar", "startTime"), calendar.start_time, zone)
    span = window(
        document,
        (*place, "duration"),
        given.duration,
        rolling=False,
        timezone=zone,
        anchor=anchor,
    )
    if calendar.time_zone is None:
        return span, ("the calendar window names no timeZone; UTC is assumed.",)
    return span, ()


def _zone(document: Document, place: Place, zone: str | None) -> str:
    try:
        return schema.timezone(zone or "UTC")
    except schema.PydanticCustomError as error:
        context = error.context or {}
        raise document.error(place, context["problem"], context["fix"]) from None


def _start(document: Document, place: Place, text: str | None, zone: str) -> pd.Timestamp | None:
    if text is None:
        return None
    try:
        start = pd.Timestamp(text)
    except ValueError:
        raise document.error(
            place, f"{text!r} is not a time", "write it as in 2026-01-01 00:00:00"
        ) from None
    return start if start.tz is None else start.tz_convert(zone).tz_localize(None)


def _slices(
    document: Document, place: Place, method: str, objective: Objective
) -> tuple[pd.Timedelta | None, float | None, tuple[str, ...]]:
    length, target = objective.time_slice_window, objective.time_slice_target
    if method == "Occurrences":
        ignored = length is not None or target is not None
        return None, None, ("Occurrences has no slices; their keys are ignored.",) * ignored
    if length is None:
        raise document.error(
            place,
            f"key 'timeSliceWindow' is missing, which {method} needs",
            "add the length of a slice, as in timeSliceWindow: 1m",
        )
    span = _slice_length(document, (*place, "timeSliceWindow"), length)
    if method == "RatioTimeslices":
        notes = ("RatioTimeslices averages ratios; timeSliceTarget is ignored.",)
        return span, None, notes * (target is not None)
    return span, _slice_target(document, place, target), ()


def _slice_length(document: Document, place: Place, length: str | float) -> pd.Timedelta:
    text = length if isinstance(length, str) else f"{length:.12g}m"  # a bare number is minutes
    try:
        return schema.duration(text)
    except (ValueError, OverflowError) as error:
        raise document.error(place, str(error), "write for example 1m") from None


def _slice_target(document: Document, place: Place, target: float | None) -> float:
    if target is None:
        raise document.error(
            place,
            "key 'timeSliceTarget' is missing, which Timeslices needs",
            "add the share of good events that makes a slice good, as in timeSliceTarget: 0.95",
        )
    if 0 < target <= 1:
        return target
    raise document.error(
        (*place, "timeSliceTarget"),
        f"{target!r} is not a fraction above 0 and at most 1",
        "For 95 % write 0.95",
    )


def _reference(
    document: Document,
    spec: Spec,
    objective: Objective,
    place: Place,
    known: dict[str, Reference],
) -> Reference:
    for holder, at in ((objective, place), (spec, ("spec",))):
        given = {
            key: value
            for key in ("indicator", "indicatorRef", "sli", "sliRef")
            if (value := getattr(holder, _snake(key))) is not None
        }
        if len(given) > 1:
            raise document.error(at, f"{' and '.join(given)} are both given", "keep one of the two")
        for key, value in given.items():
            return _resolved(document, (*at, key), value, known)
    raise document.error(
        ("spec",), "no indicator is given", "add indicator, or indicatorRef with the name of an SLI"
    )


def _resolved(
    document: Document, place: Place, value: Indicator | str, known: dict[str, Reference]
) -> Reference:
    if isinstance(value, Indicator):
        named = value.metadata.name if value.metadata else document.value["metadata"]["name"]
        return Reference(value, named, document, place)
    if value in known:
        return known[value]
    hint = schema.did_you_mean(value, known)
    if hint:
        raise document.error(place, f"no SLI is called {value!r}", hint)
    return Reference(None, value, document, place)


def _unresolved(reference: Reference) -> tuple[str, ...]:
    if reference.indicator is not None:
        return ()
    return (f"no SLI document is called {reference.name!r}; the series of that name is used.",)


def _threshold(
    document: Document, place: Place, objective: Objective, reference: Reference
) -> dict[str, Any]:
    """``threshold`` and ``op`` of an SLO whose indicator is a value; both None for a ratio."""
    metric = _checked(reference)
    if metric is None or metric.threshold_metric is None:
        return {"threshold": None, "op": None}
    for key in ("op", "value"):
        if getattr(objective, key) is None:
            raise document.error(
                place,
                f"key {key!r} is missing, which a thresholdMetric needs",
                "say when a value is good, as in op: lte and value: 0.3",
            )
    return {"threshold": objective.value, "op": objective.op}


def _checked(reference: Reference) -> IndicatorSpec | None:
    """The metrics of an indicator: exactly one kind, and a ratio that can be formed."""
    if reference.indicator is None:
        return None
    spec, place = reference.indicator.spec, (*reference.place, "spec")
    if (spec.threshold_metric is None) == (spec.ratio_metric is None):
        seen = "both" if spec.ratio_metric else "neither"
        raise reference.document.error(
            place,
            f"{seen} of ratioMetric and thresholdMetric given",
            "give exactly one: ratioMetric for events, thresholdMetric for a measured value",
        )
    if spec.ratio_metric is not None:
        _check_ratio(reference, (*place, "ratioMetric"), spec.ratio_metric)
    return spec


def _check_ratio(reference: Reference, place: Place, ratio: RatioMetric) -> None:
    given = [k for k in ("good", "bad", "total", "raw") if getattr(ratio, k) is not None]
    if given not in (["good", "total"], ["bad", "total"], ["raw"]):
        raise reference.document.error(
            place,
            f"a ratio of {', '.join(given) or 'nothing'}",
            "give good and total, or bad and total, or only raw with rawType",
        )
    if (ratio.raw is None) != (ratio.raw_type is None):
        raise reference.document.error(
            place,
            "raw and rawType come together",
            "add rawType: success (good / total) or rawType: failure (bad / total)",
        )


def _metrics(reference: Reference) -> dict[str, Metric]:
    if reference.indicator is None:
        return {}
    spec = reference.indicator.spec
    ratio = spec.ratio_metric or RatioMetric()
    found = {key: getattr(ratio, key) for key in ("good", "bad", "total", "raw")}
    found["value"] = spec.threshold_metric
    return {key: metric for key, metric in found.items() if metric is not None}


def _series(document: Document, reference: Reference, service: str | None) -> tuple[str, str]:
    """Service and indicator: from the metric sources, else the document's service and name."""
    found = {
        key: _said(reference, key) or default
        for key, default in (("service", service), ("sli", reference.name))
    }
    if not found["service"]:
        raise document.error(
            ("spec",), "key 'service' is missing", "add service, as in service: checkout"
        )
    return str(found["service"]), str(found["sli"])


def _said(reference: Reference, key: str) -> str | None:
    values = {str(_spec(m)[key]) for m in _metrics(reference).values() if _spec(m).get(key)}
    if len(values) > 1:
        raise reference.document.error(
            reference.place,
            f"the metric sources name several values of {key!r}: {', '.join(sorted(values))}",
            "an indicator reads one series; name the same one in each source",
        )
    return next(iter(values), None)


def _spec(metric: Metric) -> dict[str, Any]:
    return (metric.metric_source.spec if metric.metric_source else metric.spec) or {}


def _queries(reference: Reference) -> Queries:
    metrics = _metrics(reference)
    ratio = reference.indicator.spec.ratio_metric if reference.indicator else None
    texts = {key: _query(metric) for key, metric in metrics.items()}
    types = [_type(metric) for metric in metrics.values()]
    return Queries(
        **texts,
        raw_type=ratio.raw_type if ratio else None,
        source_type=next((kind for kind in types if kind), None),
    )


def _query(metric: Metric) -> str | None:
    spec = _spec(metric)
    return next((spec[key] for key in QUERY_KEYS if isinstance(spec.get(key), str)), None)


def _type(metric: Metric) -> str | None:
    if metric.metric_source is not None:
        return metric.metric_source.type
    kind = (metric.data_source_spec or metric.data_source or {}).get("type")
    return kind if isinstance(kind, str) else None


def _snake(key: str) -> str:
    return key.replace("Ref", "_ref")
