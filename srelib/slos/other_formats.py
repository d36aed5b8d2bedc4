"""Objectives as Sloth, Pyrra and slo-generator write them, and OpenSLO v1alpha.

The format decides the unit of a target: Sloth and Pyrra write percent, the others fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from pydantic import AliasChoices, Field

from srelib.slos.documents import (
    Resource,
    Strict,
    YamlDocument,
    as_model,
    fraction,
    merged_labels,
    owner_label,
    percent,
    percent_notes,
    read_window,
)
from srelib.slos.history import said_of
from srelib.slos.model import Queries, Slo
from srelib.slos.openslo import Op, OpenSloCalendar, read_openslo
from srelib.windows import Window

V1ALPHA_VERSION = "openslo/v1alpha"
PYRRA_QUERIES = {"errors": "bad", "success": "good", "total": "total"}
UNITS = {"Minute": "m", "Hour": "h", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q",
         "Year": "Y"}  # fmt: skip


class _V1alphaMetric(Strict):
    source: str | None = None
    query_type: str | None = None
    query: str | None = None
    metadata: dict[str, Any] | None = None


class _V1alphaRatioMetrics(Strict):
    incremental: bool | None = None
    counter: bool | None = None
    good: _V1alphaMetric | None = None
    bad: _V1alphaMetric | None = None
    total: _V1alphaMetric


class _V1alphaIndicator(Strict):
    threshold_metric: _V1alphaMetric


class _V1alphaTimeWindow(Strict):
    unit: Literal["Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"]
    count: int = Field(gt=0)
    is_rolling: bool | None = None
    calendar: OpenSloCalendar | None = None


class _V1alphaObjective(Strict):
    display_name: str | None = None
    op: Op | None = None
    value: float | None = None
    target: float
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    ratio_metrics: _V1alphaRatioMetrics | None = None


class _V1alphaSpec(Strict):
    description: str | None = None
    service: str
    indicator: _V1alphaIndicator | None = None
    time_windows: list[_V1alphaTimeWindow] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices"] | None = None
    objectives: list[_V1alphaObjective]
    alert_policies: list[Any] | None = None


class _V1alphaDocument(Resource):
    spec: _V1alphaSpec


def read_v1alpha(document: YamlDocument) -> list[Slo]:
    """The objectives of one document; the indicator bears the name of the SLO."""
    filled, notes = as_model(_V1alphaDocument, document)
    if filled.spec.budgeting_method is None:
        notes = (*notes, "no budgetingMethod is given; Occurrences is assumed.")
    missing = any(one.time_slice_window is None for one in filled.spec.objectives)
    if filled.spec.budgeting_method == "Timeslices" and missing:
        notes = (*notes, "v1alpha names no length of a slice; 1 minute is assumed.")
    slos = read_openslo(_as_v1(document, filled), {})
    return [replace(slo, notes=(*notes, *slo.notes)) for slo in slos]


def _as_v1(document: YamlDocument, filled: _V1alphaDocument) -> YamlDocument:
    """The same document in the words of v1, each key still at its line."""
    spec, method = filled.spec, filled.spec.budgeting_method or "Occurrences"
    name = filled.metadata.name
    body: dict[str, Any] = {
        "description": spec.description,
        "service": spec.service,
        "budgetingMethod": method,
        "timeWindow": [
            one.model_dump(by_alias=True, include={"is_rolling", "calendar"})
            | {"duration": f"{one.count}{UNITS[one.unit]}"}
            for one in spec.time_windows or []
        ],
        "objectives": [_v1alpha_objective(one, name, method) for one in spec.objectives],
    }
    if spec.indicator is not None:
        metric = {"thresholdMetric": _v1alpha_metric(spec.indicator.threshold_metric)}
        body["indicator"] = {"metadata": {"name": name}, "spec": metric}
    value = {**document.value, "apiVersion": "openslo/v1", "spec": body}
    lines = {
        tuple("timeWindow" if part == "timeWindows" else part for part in place): line
        for place, line in document.lines.items()
    }
    return replace(document, value=value, lines=lines)


def _v1alpha_objective(given: _V1alphaObjective, name: str, method: str) -> dict[str, Any]:
    value = given.model_dump(by_alias=True, exclude={"ratio_metrics"})
    if method == "Timeslices" and given.time_slice_window is None:
        value["timeSliceWindow"] = "1m"
    if given.ratio_metrics is not None:
        metrics = given.ratio_metrics
        ratio = {key: _v1alpha_metric(getattr(metrics, key)) for key in ("good", "bad", "total")}
        value["indicator"] = {"metadata": {"name": name}, "spec": {"ratioMetric": ratio}}
    return value


def _v1alpha_metric(given: _V1alphaMetric | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"metricSource": {"type": given.source, "spec": {"query": given.query}}}


def _either(*names: str, **more: Any) -> Any:
    return Field(validation_alias=AliasChoices(*names), **more)


class _SlothEvents(Strict):
    error_query: str = _either("errorQuery", "error_query")
    total_query: str = _either("totalQuery", "total_query")


class _SlothRatio(Strict):
    error_ratio_query: str = _either("errorRatioQuery", "error_ratio_query")


class _SlothIndicator(Strict):
    events: _SlothEvents | None = None
    raw: _SlothRatio | None = None
    plugin: dict[str, Any] | None = None


class _SlothObjective(Strict):
    name: str
    objective: float = Field(examples=["99.9"])
    description: str | None = None
    labels: dict[str, Any] | None = None
    sli: _SlothIndicator
    alerting: dict[str, Any] | None = None
    interval: Any = None
    plugins: Any = None


class _SlothSpec(Strict):
    service: str
    labels: dict[str, Any] | None = None
    slos: list[_SlothObjective]
    slo_plugins: Any = _either("sloPlugins", "slo_plugins", default=None)


class _SlothFile(_SlothSpec):
    version: str


class _SlothResource(Resource):
    spec: _SlothSpec
    status: Any = None


def read_sloth(document: YamlDocument) -> list[Slo]:
    """The objectives of one service."""
    spec: _SlothSpec
    if "version" in document.value:
        (spec, notes), at = as_model(_SlothFile, document), document.at("slos")
    else:
        resource, notes = as_model(_SlothResource, document)
        spec, at = resource.spec, document.at("spec", "slos")
    return [_sloth_slo(at.at(n), spec, given, notes) for n, given in enumerate(spec.slos)]


def _sloth_slo(
    at: YamlDocument, spec: _SlothSpec, given: _SlothObjective, notes: tuple[str, ...]
) -> Slo:
    labels, texts = merged_labels(given.labels, spec.labels), {}
    assumed = "Sloth files name no window; its default of 30 days is assumed."
    if given.sli.events is not None:
        texts = {"bad": given.sli.events.error_query, "total": given.sli.events.total_query}
    elif given.sli.raw is not None:
        texts = {"raw": given.sli.raw.error_ratio_query, "raw_type": "failure"}
    return Slo(
        name=f"{spec.service}-{given.name}",
        service=labels.get("service", spec.service),
        sli=labels.get("sli", given.name),
        target=percent(at.at("objective"), given.objective),
        window=Window.parse("30d"),
        description=given.description,
        owner=owner_label(labels),
        queries=Queries(**texts, source_type="Prometheus"),
        source=at.origin(),
        notes=(*notes, *percent_notes(given.objective), assumed),
    )


class _PyrraMetric(Strict):
    metric: str


class _PyrraGauge(_PyrraMetric):
    grouping: list[str] | None = None


class _PyrraMeasure(Strict):
    total: _PyrraMetric
    grouping: list[str] | None = None


class _PyrraRatio(_PyrraMeasure):
    errors: _PyrraMetric


class _PyrraLatency(_PyrraMeasure):
    success: _PyrraMetric


class _PyrraNativeLatency(_PyrraMeasure):
    latency: str


class _PyrraIndicator(Strict):
    ratio: _PyrraRatio | None = None
    latency: _PyrraLatency | None = None
    latency_native: _PyrraNativeLatency | None = None
    bool_gauge: _PyrraGauge | None = Field(default=None, alias="bool_gauge")


class _PyrraSpec(Strict):
    description: str | None = None
    target: str
    window: str
    indicator: _PyrraIndicator
    alerting: dict[str, Any] | None = None
    performance_over_accuracy: bool | None = Field(default=None, alias="performance_over_accuracy")


class _PyrraDocument(Resource):
    kind: Literal["ServiceLevelObjective"]
    spec: _PyrraSpec
    status: Any = None


def read_pyrra(document: YamlDocument) -> list[Slo]:
    """The objective of one document."""
    filled, notes = as_model(_PyrraDocument, document)
    spec, name = filled.spec, filled.metadata.name
    labels = merged_labels(filled.metadata.labels, filled.metadata.annotations)
    if "service" not in labels:
        notes = (*notes, f"no label 'service'; the name {name!r} is taken as the service.")
    at = document.at("spec", "target")
    if not re.fullmatch(r"\d+(\.\d+)?", spec.target.strip()):
        fix = 'write a number in quotes, as in "99.9"'
        raise at.error(f"{spec.target!r} is not a percentage", fix)
    target = percent(at, float(spec.target))
    sli, queries = _pyrra_measure(document.at("spec", "indicator"), spec.indicator)
    window = read_window(document.at("spec", "window"), spec.window)
    slo = said_of(
        document,
        filled.metadata,
        labels,
        name=name,
        service=labels.get("service", name),
        sli=labels.get("sli", sli),
        target=target,
        window=window,
        description=spec.description,
        queries=queries,
        notes=(*notes, *percent_notes(float(spec.target))),
    )
    return [slo]


def _pyrra_measure(at: YamlDocument, indicator: _PyrraIndicator) -> tuple[str, Queries]:
    """What is measured, availability or latency, and its queries."""
    given = {kind: measure for kind, measure in indicator if measure is not None}
    if len(given) != 1:
        problem = f"{' and '.join(given) or 'nothing'} given"
        raise at.error(problem, "give exactly one of ratio, latency, latencyNative and bool_gauge")
    ((kind, measure),) = given.items()
    if isinstance(measure, _PyrraGauge):
        gauge = Queries(raw=measure.metric, raw_type="success", source_type="Prometheus")
        return "availability", gauge
    texts = {PYRRA_QUERIES[key]: one.metric for key, one in measure if key in PYRRA_QUERIES}
    sli = "latency" if kind.startswith("latency") else "availability"
    return sli, Queries(**texts, source_type="Prometheus")


class _GeneratorSpec(Strict):
    description: str | None = None
    error_budget_policy: str | None = Field(None, alias="error_budget_policy")
    backend: str | None = None
    method: str | None = None
    exporters: Any = None
    service_level_indicator: dict[str, Any] | None = Field(None, alias="service_level_indicator")
    goal: float = Field(examples=["0.999"])
    frequency: Any = None


class _GeneratorDocument(Resource):
    kind: Literal["ServiceLevelObjective"]
    spec: _GeneratorSpec


def read_slo_generator(document: YamlDocument) -> list[Slo]:
    """The objective of one document, over 28 days."""
    filled, notes = as_model(_GeneratorDocument, document)
    spec, name = filled.spec, filled.metadata.name
    labels = merged_labels(filled.metadata.labels, filled.metadata.annotations)
    assumed = "the windows of slo-generator stand in its error budget policy; 28 days are assumed."
    slo = said_of(
        document,
        filled.metadata,
        labels,
        name=name,
        service=labels.get("service", labels.get("service_name", name)),
        sli=labels.get("sli", labels.get("slo_name", "availability")),
        target=fraction(document.at("spec", "goal"), spec.goal),
        window=Window.parse("28d"),
        description=spec.description,
        queries=_generator_queries(spec),
        notes=(*notes, assumed),
    )
    return [slo]


def _generator_queries(spec: _GeneratorSpec) -> Queries:
    indicator = spec.service_level_indicator or {}
    texts = {
        "good": indicator.get("filter_good") or indicator.get("query_good"),
        "bad": indicator.get("filter_bad") or indicator.get("query_bad"),
        "total": indicator.get("filter_valid") or indicator.get("query_valid"),
        "value": indicator.get("expression") or indicator.get("query"),
    }
    kept = {key: text.strip() for key, text in texts.items() if isinstance(text, str)}
    return Queries(**kept, source_type=spec.backend)


FORMATS: tuple[tuple[str, str, Callable[[YamlDocument], list[Slo]]], ...] = (
    ("apiVersion", V1ALPHA_VERSION, read_v1alpha),
    ("version", "prometheus/v1", read_sloth),
    ("apiVersion", "sloth.slok.dev/v1", read_sloth),
    ("apiVersion", "pyrra.dev/v1alpha1", read_pyrra),
    ("apiVersion", "sre.google.com/v2", read_slo_generator),
)
"""The key that names a format, its value, and how to read it."""
