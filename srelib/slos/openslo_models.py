"""The shape of OpenSLO v1 and v2alpha documents, unknown keys refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from srelib.slos.checking import Metadata, Strict

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
