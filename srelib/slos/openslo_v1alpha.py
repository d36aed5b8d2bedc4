"""OpenSLO v1alpha, which Sloth still reads: metrics inside the objectives, counted windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from srelib.slos import openslo
from srelib.slos.documents import Document, Metadata, Place, Strict, fill
from srelib.slos.model import Slo
from srelib.slos.openslo_indicator import Calendar, Op

VERSIONS = ("openslo/v1alpha",)

UNITS = {"Minute": "m", "Hour": "h", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q",
         "Year": "Y"}  # fmt: skip


class Metric(Strict):
    """One query."""

    source: str | None = None
    query_type: str | None = None
    query: str | None = None
    metadata: dict[str, Any] | None = None


class RatioMetrics(Strict):
    """Queries of good or bad and all events."""

    incremental: bool | None = None
    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric


class Indicator(Strict):
    """A value to compare with a threshold."""

    threshold_metric: Metric


class TimeWindow(Strict):
    """A number of units, rolling or calendar."""

    unit: Literal["Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"]
    count: int = Field(gt=0)
    is_rolling: bool | None = None
    calendar: Calendar | None = None


class Objective(Strict):
    """One target; v1alpha has no ``targetPercent``."""

    display_name: str | None = None
    op: Op | None = None
    value: float | None = None
    target: float
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    ratio_metrics: RatioMetrics | None = None


class Spec(Strict):
    """Body of an SLO."""

    description: str | None = None
    service: str
    indicator: Indicator | None = None
    time_windows: list[TimeWindow] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices"] | None = None
    objectives: list[Objective]
    alert_policies: list[Any] | None = None


class SloDocument(Strict):
    """``kind: SLO`` of v1alpha."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec


def recognise(document: Document) -> bool:
    """Whether a document is OpenSLO v1alpha, of any kind."""
    return document.value.get("apiVersion") in VERSIONS


def read(document: Document) -> list[Slo]:
    """The objectives of one document; the indicator bears the name of the SLO."""
    filled, notes = fill(SloDocument, document)
    if filled.spec.budgeting_method is None:
        notes = (*notes, "no budgetingMethod is given; Occurrences is assumed.")
    missing = [one.time_slice_window is None for one in filled.spec.objectives]
    if filled.spec.budgeting_method == "Timeslices" and any(missing):
        notes = (*notes, "v1alpha names no length of a slice; 1 minute is assumed.")
    slos = openslo.read(_as_v1(document, filled), {})
    return [replace(slo, notes=(*notes, *slo.notes)) for slo in slos]


def _as_v1(document: Document, filled: SloDocument) -> Document:
    """The same document in the words of v1, each key still at its line."""
    spec, method = filled.spec, filled.spec.budgeting_method or "Occurrences"
    body: dict[str, Any] = {
        "description": spec.description,
        "service": spec.service,
        "budgetingMethod": method,
        "timeWindow": [_window(one) for one in spec.time_windows or []],
        "objectives": [_objective(one, filled.metadata.name, method) for one in spec.objectives],
    }
    if spec.indicator is not None:
        metric = {"thresholdMetric": _metric(spec.indicator.threshold_metric)}
        body["indicator"] = {"metadata": {"name": filled.metadata.name}, "spec": metric}
    value = {**document.value, "apiVersion": "openslo/v1", "spec": body}
    lines = {_renamed(place): line for place, line in document.lines.items()}
    return Document(document.file, document.number, value, lines)


def _window(given: TimeWindow) -> dict[str, Any]:
    calendar = given.calendar.model_dump(by_alias=True) if given.calendar else None
    duration = f"{given.count}{UNITS[given.unit]}"
    return {"duration": duration, "isRolling": given.is_rolling, "calendar": calendar}


def _objective(given: Objective, name: str, method: str) -> dict[str, Any]:
    value = given.model_dump(by_alias=True, exclude={"ratio_metrics"})
    if method == "Timeslices" and given.time_slice_window is None:
        value["timeSliceWindow"] = "1m"
    if given.ratio_metrics is not None:
        metrics = given.ratio_metrics
        ratio = {key: _metric(getattr(metrics, key)) for key in ("good", "bad", "total")}
        value["indicator"] = {"metadata": {"name": name}, "spec": {"ratioMetric": ratio}}
    return value


def _metric(given: Metric | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"metricSource": {"type": given.source, "spec": {"query": given.query}}}


def _renamed(place: Place) -> Place:
    return tuple("timeWindow" if part == "timeWindows" else part for part in place)
