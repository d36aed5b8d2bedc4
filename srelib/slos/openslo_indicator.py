"""The shape of OpenSLO v1 and v2alpha documents, unknown keys refused."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import Field

from srelib import schema
from srelib.slos.documents import Document, Metadata, Place, Strict, fill
from srelib.slos.model import Queries

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
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"] = Field(
        examples=["Occurrences"]
    )
    objectives: list[Objective]
    alert_policies: list[Any] | None = None


class SloDocument(Strict):
    """``kind: SLO``."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec


VERSIONS = ("openslo/v1", "openslo.com/v1", "openslo.com/v2alpha", "openslo.com/v2alpha1")

QUERY_KEYS = ("query", "promql", "expr", "expression", "queryString", "metricQuery")


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
    """The indicators that stand as documents of their own, by name."""
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


def find(
    document: Document,
    spec: Spec,
    objective: Objective,
    place: Place,
    known: dict[str, Reference],
) -> Reference:
    """The indicator of an objective: its own, else that of the SLO; inline or by name."""
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


def notes(reference: Reference) -> tuple[str, ...]:
    """The note on an indicator that is only known by name."""
    if reference.indicator is not None:
        return ()
    return (f"no SLI document is called {reference.name!r}; the series of that name is used.",)


def threshold(
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


def series(document: Document, reference: Reference, service: str | None) -> tuple[str, str]:
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


def queries(reference: Reference) -> Queries:
    """The queries of an indicator as written."""
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
