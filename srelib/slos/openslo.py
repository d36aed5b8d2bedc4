"""OpenSLO v1 and its draft v2alpha, unknown keys refused.

The two differ in words only: v2alpha says ``sli`` for ``indicator`` and has no
``metricSource`` level, so one set of models reads both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pandas as pd
from pydantic import Field

from srelib import schema
from srelib.slos.composites import with_composite
from srelib.slos.documents import (
    Metadata,
    Resource,
    Strict,
    YamlDocument,
    as_model,
    fraction,
    merged_labels,
    percent,
    percent_notes,
    read_window,
)
from srelib.slos.history import said_of
from srelib.slos.model import Queries, Slo
from srelib.windows import Window

VERSIONS = ("openslo/v1", "openslo.com/v1", "openslo.com/v2alpha", "openslo.com/v2alpha1")
QUERY_KEYS = ("query", "promql", "expr", "expression", "queryString", "metricQuery")
INDICATOR_KEYS = ("indicator", "indicatorRef", "sli", "sliRef")
EVENTS = ("good", "bad", "total", "raw")

Op = Literal["lte", "lt", "gte", "gt"]


class _OpenSloMetricSource(Strict):
    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any] | None = None


class _OpenSloMetric(Strict):
    metric_source: _OpenSloMetricSource | None = None
    data_source_ref: str | None = None
    data_source_spec: dict[str, Any] | None = None
    data_source: dict[str, Any] | None = None
    spec: dict[str, Any] | None = None


class _OpenSloRatioMetric(Strict):
    counter: bool | None = None
    good: _OpenSloMetric | None = None
    bad: _OpenSloMetric | None = None
    total: _OpenSloMetric | None = None
    raw: _OpenSloMetric | None = None
    raw_type: Literal["success", "failure"] | None = None


class _OpenSloIndicatorSpec(Strict):
    description: str | None = None
    threshold_metric: _OpenSloMetric | None = None
    ratio_metric: _OpenSloRatioMetric | None = None


class _OpenSloIndicator(Strict):
    api_version: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: _OpenSloIndicatorSpec


class OpenSloCalendar(Strict):
    """Alignment of a window with the calendar."""

    start_time: str | None = None
    time_zone: str | None = None


class _OpenSloTimeWindow(Strict):
    duration: str
    is_rolling: bool | None = None
    calendar: OpenSloCalendar | None = None


class _OpenSloObjective(Strict):
    display_name: str | None = None
    labels: dict[str, Any] | None = None
    op: Op | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    indicator: _OpenSloIndicator | None = None
    indicator_ref: str | None = None
    sli: _OpenSloIndicator | None = None
    sli_ref: str | None = None
    composite_weight: float | None = None


class _OpenSloSpec(Strict):
    description: str | None = None
    service: str | None = None
    indicator: _OpenSloIndicator | None = None
    indicator_ref: str | None = None
    sli: _OpenSloIndicator | None = None
    sli_ref: str | None = None
    time_window: list[_OpenSloTimeWindow] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"] = Field(
        examples=["Occurrences"]
    )
    objectives: list[_OpenSloObjective]
    alert_policies: list[Any] | None = None


class OpenSloDocument(Resource):
    """``kind: SLO``."""

    spec: _OpenSloSpec


class Reference(NamedTuple):
    """An indicator, and the place where it stands."""

    indicator: _OpenSloIndicator | None
    name: str
    at: YamlDocument

    @property
    def metrics(self) -> dict[str, _OpenSloMetric]:
        """Its metrics, by what they measure."""
        if self.indicator is None:
            return {}
        ratio = self.indicator.spec.ratio_metric or _OpenSloRatioMetric()
        found = {key: getattr(ratio, key) for key in EVENTS}
        found["value"] = self.indicator.spec.threshold_metric
        return {key: metric for key, metric in found.items() if metric is not None}


Known = dict[str, Reference]
"""The indicators that stand as documents of their own, by name."""


def indicators(documents: list[YamlDocument]) -> Known:
    """The indicators that stand as documents of their own, by name."""
    found: Known = {}
    for document in documents:
        value = document.value
        if value.get("apiVersion") not in VERSIONS or value.get("kind") != "SLI":
            continue
        indicator, _ = as_model(_OpenSloIndicator, document)
        if indicator.metadata is None:
            raise document.error("an SLI without metadata.name", "add metadata: {name: ...}")
        name = indicator.metadata.name
        if name in found:
            problem = f"{name!r} is already the name of an SLI in {found[name].at.file}"
            fix = "rename one of the two, or remove it"
            raise document.at("metadata", "name").error(problem, fix)
        found[name] = Reference(indicator, name, document)
    return found


def read_openslo(document: YamlDocument, known: Known) -> list[Slo]:
    """The objectives of one ``kind: SLO`` document."""
    filled, notes = as_model(OpenSloDocument, document)
    place, numbers = document.at("spec", "objectives"), range(len(filled.spec.objectives))
    if not numbers:
        raise place.error("the list is empty", "add an objective, as in - target: 0.999")
    found = [_objective(place.at(n), filled, n, known, notes) for n in numbers]
    return with_composite(document, filled, found)


def _objective(
    at: YamlDocument, filled: OpenSloDocument, number: int, known: Known, notes: tuple[str, ...]
) -> Slo:
    spec, meta, objective = filled.spec, filled.metadata, filled.spec.objectives[number]
    reference = _find_indicator(at, spec, objective, known)
    is_value = _is_value(at, objective, reference)
    target, window = _target(at, objective), _window(at.root("spec"), spec)
    service, sli = _series_named(at.root("spec"), reference, spec.service)
    return said_of(
        at,
        meta,
        merged_labels(objective.labels, meta.labels, meta.annotations),
        name=_name(filled, number),
        service=service,
        sli=sli,
        target=target,
        window=window,
        method=spec.budgeting_method,
        slice=_slice_length(at, spec.budgeting_method, objective.time_slice_window),
        slice_target=_slice_target(at, spec.budgeting_method, objective.time_slice_target),
        threshold=objective.value if is_value else None,
        op=objective.op if is_value else None,
        display_name=_display_name(filled, number),
        description=spec.description,
        queries=_queries(reference),
        notes=(*notes, *_notes(spec, objective, reference, window)),
    )


def _notes(
    spec: _OpenSloSpec, objective: _OpenSloObjective, reference: Reference, window: Window
) -> Iterator[str]:
    """What is assumed, or left unused."""
    method, given = spec.budgeting_method, spec.time_window[0] if spec.time_window else None
    slices = objective.time_slice_window, objective.time_slice_target
    if objective.target_percent is not None:
        yield from percent_notes(objective.target_percent)
    if given is None:
        yield "no timeWindow is given; 28 days are assumed."
    elif window.duration is None and not (given.calendar and given.calendar.time_zone):
        yield "the calendar window names no timeZone; UTC is assumed."
    elif window.duration is not None and given.duration[-1:] in "MQY":
        yield f"a rolling {given.duration} is taken as {window}."
    if method == "Occurrences" and slices != (None, None):
        yield "Occurrences has no slices; their keys are ignored."
    if method == "RatioTimeslices" and slices[1] is not None:
        yield "RatioTimeslices averages ratios; timeSliceTarget is ignored."
    if reference.indicator is None:
        yield f"no SLI document is called {reference.name!r}; the series of that name is used."


def _find_indicator(
    at: YamlDocument, spec: _OpenSloSpec, objective: _OpenSloObjective, known: Known
) -> Reference:
    """The indicator of an objective: its own, else that of the SLO; inline or by name."""
    body = at.root("spec")
    for holder, place in ((objective, at), (spec, body)):
        said = {key: getattr(holder, key.replace("Ref", "_ref")) for key in INDICATOR_KEYS}
        given = {key: value for key, value in said.items() if value is not None}
        if len(given) > 1:
            raise place.error(f"{' and '.join(given)} are both given", "keep one of the two")
        for key, value in given.items():
            return _resolve(place.at(key), value, known)
    fix = "add indicator, or indicatorRef with the name of an SLI"
    raise body.error("no indicator is given", fix)


def _resolve(at: YamlDocument, value: _OpenSloIndicator | str, known: Known) -> Reference:
    if isinstance(value, _OpenSloIndicator):
        named = value.metadata.name if value.metadata else at.value["metadata"]["name"]
        return Reference(value, named, at)
    if value in known:
        return known[value]
    if hint := schema.did_you_mean(value, known):
        raise at.error(f"no SLI is called {value!r}", hint)
    return Reference(None, value, at)


def _is_value(at: YamlDocument, objective: _OpenSloObjective, reference: Reference) -> bool:
    """Whether the indicator is a value to compare with the threshold of the objective.

    There is exactly one kind of metric, and a ratio is one that can be formed.
    """
    if reference.indicator is None:
        return False
    place = reference.at.at("spec")
    spec, ratio = reference.indicator.spec, reference.indicator.spec.ratio_metric
    if (spec.threshold_metric is None) == (ratio is None):
        problem = f"{'both' if ratio else 'neither'} of ratioMetric and thresholdMetric given"
        fix = "give exactly one: ratioMetric for events, thresholdMetric for a measured value"
        raise place.error(problem, fix)
    if ratio is None:
        lacking = next((key for key in ("op", "value") if getattr(objective, key) is None), None)
        if lacking:
            problem = f"key {lacking!r} is missing, which a thresholdMetric needs"
            raise at.error(problem, "say when a value is good, as in op: lte and value: 0.3")
        return True
    given = [key for key in EVENTS if getattr(ratio, key) is not None]
    if given not in (["good", "total"], ["bad", "total"], ["raw"]):
        fix = "give good and total, or bad and total, or only raw with rawType"
        raise place.at("ratioMetric").error(f"a ratio of {', '.join(given) or 'nothing'}", fix)
    if (ratio.raw is None) != (ratio.raw_type is None):
        fix = "add rawType: success (good / total) or rawType: failure (bad / total)"
        raise place.at("ratioMetric").error("raw and rawType come together", fix)
    return False


def _series_named(at: YamlDocument, reference: Reference, service: str | None) -> tuple[str, str]:
    """Service and indicator: from the metric sources, else the document's service and name."""
    service, sli = _named_series(reference, "service") or service, _named_series(reference, "sli")
    if not service:
        raise at.error("key 'service' is missing", "add service, as in service: checkout")
    return service, sli or reference.name


def _named_series(reference: Reference, key: str) -> str | None:
    found = (_spec(metric).get(key) for metric in reference.metrics.values())
    values = {str(value) for value in found if value}
    if len(values) > 1:
        problem = f"the metric sources name several values of {key!r}: {', '.join(sorted(values))}"
        fix = "an indicator reads one series; name the same one in each source"
        raise reference.at.error(problem, fix)
    return next(iter(values), None)


def _queries(reference: Reference) -> Queries:
    ratio = reference.indicator.spec.ratio_metric if reference.indicator else None
    types = [_type(metric) for metric in reference.metrics.values()]
    said = {key: _spec(metric) for key, metric in reference.metrics.items()}
    return Queries(
        **{
            key: next((spec[name] for name in QUERY_KEYS if isinstance(spec.get(name), str)), None)
            for key, spec in said.items()
        },
        raw_type=ratio.raw_type if ratio else None,
        source_type=next((kind for kind in types if kind), None),
    )


def _spec(metric: _OpenSloMetric) -> dict[str, Any]:
    return (metric.metric_source.spec if metric.metric_source else metric.spec) or {}


def _type(metric: _OpenSloMetric) -> str | None:
    if metric.metric_source is not None:
        return metric.metric_source.type
    kind = (metric.data_source_spec or metric.data_source or {}).get("type")
    return kind if isinstance(kind, str) else None


def _name(filled: OpenSloDocument, number: int) -> str:
    """Of several objectives each has its own name: by its display name, else by its number."""
    shown = [(one.display_name or "").lower() for one in filled.spec.objectives]
    names = [re.sub(r"[^\w.]+", "-", name).strip("-.") for name in shown]
    if len(names) == 1:
        return filled.metadata.name
    own = names[number]
    return f"{filled.metadata.name}-{own if own and names.count(own) == 1 else number + 1}"


def _display_name(filled: OpenSloDocument, number: int) -> str | None:
    own, common = filled.spec.objectives[number].display_name, filled.metadata.display_name
    if len(filled.spec.objectives) == 1:
        return common or own
    return ": ".join(text for text in (common, own) if text) or None


def _target(at: YamlDocument, objective: _OpenSloObjective) -> float:
    target, target_percent = objective.target, objective.target_percent
    if target is not None and target_percent is not None:
        problem = f"target {target!r} and targetPercent {target_percent!r} are both given"
        raise at.at("targetPercent").error(problem, "keep one of the two")
    if target is not None:
        return fraction(at.at("target"), target)
    if target_percent is not None:
        return percent(at.at("targetPercent"), target_percent)
    raise at.error("key 'target' is missing", "add target, as in target: 0.999")


def _window(body: YamlDocument, spec: _OpenSloSpec) -> Window:
    if not spec.time_window:
        return Window.parse("28d")
    if len(spec.time_window) > 1:
        raise body.at("timeWindow").error(
            f"{len(spec.time_window)} windows are given", "keep one; write two SLOs for two"
        )
    given, at = spec.time_window[0], body.at("timeWindow", 0)
    if given.is_rolling is False or (given.is_rolling is None and given.calendar is not None):
        return _calendar_window(at, given)
    if given.calendar is not None:
        fix = "remove calendar for a rolling window, or write isRolling: false"
        raise at.at("isRolling").error("True contradicts calendar", fix)
    return read_window(at.at("duration"), given.duration)


def _calendar_window(at: YamlDocument, given: _OpenSloTimeWindow) -> Window:
    calendar = given.calendar or OpenSloCalendar()
    try:
        zone = schema.timezone(calendar.time_zone or "UTC")
    except schema.PydanticCustomError as error:
        context = error.context or {}
        place = at.at("calendar", "timeZone")
        raise place.error(context["problem"], context["fix"]) from None
    try:
        start = None if calendar.start_time is None else pd.Timestamp(calendar.start_time)
    except ValueError:
        place, fix = at.at("calendar", "startTime"), "write it as in 2026-01-01 00:00:00"
        raise place.error(f"{calendar.start_time!r} is not a time", fix) from None
    if start is not None and start.tz is not None:
        start = start.tz_convert(zone).tz_localize(None)
    duration = at.at("duration")
    return read_window(duration, given.duration, rolling=False, timezone=zone, anchor=start)


def _slice_length(at: YamlDocument, method: str, length: str | float | None) -> pd.Timedelta | None:
    if method == "Occurrences":
        return None
    if length is None:
        problem = f"key 'timeSliceWindow' is missing, which {method} needs"
        raise at.error(problem, "add the length of a slice, as in timeSliceWindow: 1m")
    text = length if isinstance(length, str) else f"{length:.12g}m"  # a bare number is minutes
    try:
        return schema.duration(text)
    except (ValueError, OverflowError) as error:
        raise at.at("timeSliceWindow").error(str(error), "write for example 1m") from None


def _slice_target(at: YamlDocument, method: str, target: float | None) -> float | None:
    if method != "Timeslices":
        return None
    if target is None:
        fix = "add the share of good events that makes a slice good, as in timeSliceTarget: 0.95"
        raise at.error("key 'timeSliceTarget' is missing, which Timeslices needs", fix)
    if 0 < target <= 1:
        return target
    raise at.at("timeSliceTarget").error(
        f"{target!r} is not a fraction above 0 and at most 1", "For 95 % write 0.95"
    )
