"""OpenSLO v1 and its draft v2alpha, unknown keys refused.

The two differ in words only: v2alpha says ``sli`` for ``indicator`` and has no
``metricSource`` level, so one set of models reads both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from srelib import schema
from srelib.slos.documents import (
    Metadata,
    Place,
    Strict,
    YamlDocument,
    as_model,
    fraction,
    merged_labels,
    owner_label,
    percent,
    read_window,
    slug,
)
from srelib.slos.model import Slo
from srelib.slos.openslo_indicator import (
    OpenSloIndicator,
    Reference,
    check_metrics,
    queries_of,
    resolve,
    series_named,
)
from srelib.windows import Window

DEFAULT_WINDOW = "28d"

Op = Literal["lte", "lt", "gte", "gt"]


class OpenSloCalendar(Strict):
    """Alignment of a window with the calendar."""

    start_time: str | None = None
    time_zone: str | None = None


class OpenSloTimeWindow(Strict):
    """Rolling or calendar window."""

    duration: str
    is_rolling: bool | None = None
    calendar: OpenSloCalendar | None = None


class OpenSloObjective(Strict):
    """One target."""

    display_name: str | None = None
    labels: dict[str, Any] | None = None
    op: Op | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    indicator: OpenSloIndicator | None = None
    indicator_ref: str | None = None
    sli: OpenSloIndicator | None = None
    sli_ref: str | None = None
    composite_weight: float | None = None


class OpenSloSpec(Strict):
    """Body of an SLO."""

    description: str | None = None
    service: str | None = None
    indicator: OpenSloIndicator | None = None
    indicator_ref: str | None = None
    sli: OpenSloIndicator | None = None
    sli_ref: str | None = None
    time_window: list[OpenSloTimeWindow] | None = None
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"] = Field(
        examples=["Occurrences"]
    )
    objectives: list[OpenSloObjective]
    alert_policies: list[Any] | None = None


class OpenSloDocument(Strict):
    """``kind: SLO``."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: OpenSloSpec


def _find_indicator(
    document: YamlDocument,
    spec: OpenSloSpec,
    objective: OpenSloObjective,
    place: Place,
    known: dict[str, Reference],
) -> Reference:
    """The indicator of an objective: its own, else that of the SLO; inline or by name."""
    for holder, at in ((objective, place), (spec, ("spec",))):
        given = {
            key: value
            for key in ("indicator", "indicatorRef", "sli", "sliRef")
            if (value := getattr(holder, key.replace("Ref", "_ref"))) is not None
        }
        if len(given) > 1:
            raise document.error(at, f"{' and '.join(given)} are both given", "keep one of the two")
        for key, value in given.items():
            return resolve(document, (*at, key), value, known)
    raise document.error(
        ("spec",), "no indicator is given", "add indicator, or indicatorRef with the name of an SLI"
    )


def _is_value(
    document: YamlDocument, place: Place, objective: OpenSloObjective, reference: Reference
) -> bool:
    """Whether the indicator is a value to compare with the threshold of the objective."""
    spec = check_metrics(reference)
    if spec is None or spec.threshold_metric is None:
        return False
    for key in ("op", "value"):
        if getattr(objective, key) is None:
            raise document.error(
                place,
                f"key {key!r} is missing, which a thresholdMetric needs",
                "say when a value is good, as in op: lte and value: 0.3",
            )
    return True


def read_openslo(document: YamlDocument, known: dict[str, Reference]) -> list[Slo]:
    """The objectives of one ``kind: SLO`` document."""
    filled, notes = as_model(OpenSloDocument, document)
    if not filled.spec.objectives:
        raise document.error(
            ("spec", "objectives"), "the list is empty", "add an objective, as in - target: 0.999"
        )
    return [
        _objective(document, filled, number, known, notes)
        for number in range(len(filled.spec.objectives))
    ]


def _objective(
    document: YamlDocument,
    filled: OpenSloDocument,
    number: int,
    known: dict[str, Reference],
    notes: tuple[str, ...],
) -> Slo:
    spec, meta = filled.spec, filled.metadata
    objective, place = spec.objectives[number], ("spec", "objectives", number)
    reference = _find_indicator(document, spec, objective, place, known)
    is_value = _is_value(document, place, objective, reference)
    target, target_notes = _target(document, place, objective)
    span, window_notes = _window(document, spec)
    service, sli = series_named(document, reference, spec.service)
    length, slice_target, slice_notes = _slices(document, place, spec.budgeting_method, objective)
    return Slo(
        name=_name(filled, number),
        service=service,
        sli=sli,
        target=target,
        window=span,
        method=spec.budgeting_method,
        slice=length,
        slice_target=slice_target,
        threshold=objective.value if is_value else None,
        op=objective.op if is_value else None,
        display_name=_display_name(filled, number),
        description=spec.description,
        owner=owner_label(merged_labels(objective.labels, meta.labels, meta.annotations)),
        queries=queries_of(reference),
        source=document.origin(place),
        notes=(
            *notes,
            *target_notes,
            *window_notes,
            *slice_notes,
            *_notes(reference, objective),
        ),
    )


def _notes(reference: Reference, objective: OpenSloObjective) -> Iterator[str]:
    if reference.indicator is None:
        yield f"no SLI document is called {reference.name!r}; the series of that name is used."
    if objective.composite_weight is not None:
        yield "compositeWeight is not used; each objective is judged by itself."


def _name(filled: OpenSloDocument, number: int) -> str:
    names = [slug(one.display_name or "") for one in filled.spec.objectives]
    if len(names) == 1:
        return filled.metadata.name
    own = names[number]
    return f"{filled.metadata.name}-{own if own and names.count(own) == 1 else number + 1}"


def _display_name(filled: OpenSloDocument, number: int) -> str | None:
    own, common = filled.spec.objectives[number].display_name, filled.metadata.display_name
    if len(filled.spec.objectives) == 1:
        return common or own
    return ": ".join(text for text in (common, own) if text) or None


def _target(
    document: YamlDocument, place: Place, objective: OpenSloObjective
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
        return percent(document, (*place, "targetPercent"), objective.target_percent)
    raise document.error(place, "key 'target' is missing", "add target, as in target: 0.999")


def _window(document: YamlDocument, spec: OpenSloSpec) -> tuple[Window, tuple[str, ...]]:
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


def _rolling(
    document: YamlDocument, place: Place, given: OpenSloTimeWindow
) -> tuple[Window, tuple[str, ...]]:
    if given.calendar is not None:
        raise document.error(
            (*place, "isRolling"),
            "True contradicts calendar",
            "remove calendar for a rolling window, or write isRolling: false",
        )
    span = read_window(document, (*place, "duration"), given.duration)
    if given.duration[-1:] not in "MQY":
        return span, ()
    return span, (f"a rolling {given.duration} is taken as {span}.",)


def _calendar(
    document: YamlDocument, place: Place, given: OpenSloTimeWindow
) -> tuple[Window, tuple[str, ...]]:
    calendar = given.calendar or OpenSloCalendar()
    zone = _zone(document, (*place, "calendar", "timeZone"), calendar.time_zone)
    anchor = _start(document, (*place, "calendar", "startTime"), calendar.start_time, zone)
    span = read_window(
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


def _zone(document: YamlDocument, place: Place, zone: str | None) -> str:
    try:
        return schema.timezone(zone or "UTC")
    except schema.PydanticCustomError as error:
        context = error.context or {}
        raise document.error(place, context["problem"], context["fix"]) from None


def _start(
    document: YamlDocument, place: Place, text: str | None, zone: str
) -> pd.Timestamp | None:
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
    document: YamlDocument, place: Place, method: str, objective: OpenSloObjective
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


def _slice_length(document: YamlDocument, place: Place, length: str | float) -> pd.Timedelta:
    text = length if isinstance(length, str) else f"{length:.12g}m"  # a bare number is minutes
    try:
        return schema.duration(text)
    except (ValueError, OverflowError) as error:
        raise document.error(place, str(error), "write for example 1m") from None


def _slice_target(document: YamlDocument, place: Place, target: float | None) -> float:
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
