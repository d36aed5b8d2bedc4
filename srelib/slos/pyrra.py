"""Pyrra: ``pyrra.dev/v1alpha1``, targets as percent in quotes."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field

from srelib.slos.documents import (
    Document,
    Metadata,
    Strict,
    fill,
    labelled,
    origin,
    owner,
    percent,
    percent_notes,
    window,
)
from srelib.slos.model import Queries, Slo

VERSION = "pyrra.dev/v1alpha1"

TARGET = ("spec", "target")


class Metric(Strict):
    """A metric selector."""

    metric: str


class Ratio(Strict):
    """Bad and all events."""

    errors: Metric
    total: Metric
    grouping: list[str] | None = None


class Latency(Strict):
    """Events fast enough, and all."""

    success: Metric
    total: Metric
    grouping: list[str] | None = None


class LatencyNative(Strict):
    """Native histogram and the latency allowed."""

    total: Metric
    latency: str
    grouping: list[str] | None = None


class BoolGauge(Strict):
    """A gauge that is 1 while all is well."""

    metric: str
    grouping: list[str] | None = None


class Indicator(Strict):
    """Exactly one way to measure."""

    ratio: Ratio | None = None
    latency: Latency | None = None
    latency_native: LatencyNative | None = None
    bool_gauge: BoolGauge | None = Field(default=None, alias="bool_gauge")


class Spec(Strict):
    """Body of an objective."""

    description: str | None = None
    target: str
    window: str
    indicator: Indicator
    alerting: dict[str, Any] | None = None
    performance_over_accuracy: bool | None = Field(default=None, alias="performance_over_accuracy")


class SloDocument(Strict):
    """``kind: ServiceLevelObjective`` of Pyrra."""

    api_version: str
    kind: Literal["ServiceLevelObjective"]
    metadata: Metadata
    spec: Spec
    status: Any = None


def recognise(document: Document) -> bool:
    """Whether a document is Pyrra's; slo-generator uses the same kind."""
    return document.value.get("apiVersion") == VERSION


def read(document: Document) -> list[Slo]:
    """The objective of one document."""
    filled, notes = fill(SloDocument, document)
    spec, name = filled.spec, filled.metadata.name
    target = _target(document, spec.target)
    labels = labelled(filled.metadata.labels, filled.metadata.annotations)
    if "service" not in labels:
        notes = (*notes, f"no label 'service'; the name {name!r} is taken as the service.")
    slo = Slo(
        name=name,
        service=labels.get("service", name),
        sli=labels.get("sli", _sli(document, spec.indicator)),
        target=target,
        window=window(document, ("spec", "window"), spec.window),
        description=spec.description,
        owner=owner(labels),
        queries=_queries(spec.indicator),
        source=origin(document),
        notes=(*notes, *percent_notes(target)),
    )
    return [slo]


def _target(document: Document, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text.strip()):
        raise document.error(
            TARGET, f"{text!r} is not a percentage", 'write a number in quotes, as in "99.9"'
        )
    return percent(document, TARGET, float(text))


def _sli(document: Document, indicator: Indicator) -> str:
    given = [name for name, value in indicator if value is not None]
    if len(given) != 1:
        raise document.error(
            ("spec", "indicator"),
            f"{' and '.join(given) or 'nothing'} given",
            "give exactly one of ratio, latency, latencyNative and bool_gauge",
        )
    return "latency" if given[0].startswith("latency") else "availability"


def _queries(indicator: Indicator) -> Queries:
    kind = "Prometheus"
    if indicator.ratio:
        ratio = indicator.ratio
        return Queries(bad=ratio.errors.metric, total=ratio.total.metric, source_type=kind)
    if indicator.latency:
        latency = indicator.latency
        return Queries(good=latency.success.metric, total=latency.total.metric, source_type=kind)
    if indicator.latency_native:
        return Queries(total=indicator.latency_native.total.metric, source_type=kind)
    gauge = indicator.bool_gauge
    return Queries(raw=gauge.metric if gauge else None, raw_type="success", source_type=kind)
