"""OpenSLO v1 and its draft v2alpha.

The two differ in words only: v2alpha says ``sli`` for ``indicator`` and has no
``metricSource`` level, so one set of models reads both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import yaml

from srelib import schema
from srelib.slos import openslo_indicator as indicator
from srelib.slos.documents import (
    Document,
    Place,
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
from srelib.slos.model import Slo
from srelib.slos.openslo_indicator import (
    Calendar,
    Objective,
    Reference,
    SloDocument,
    Spec,
    TimeWindow,
)
from srelib.windows import Window

DEFAULT_WINDOW = "28d"


def read(document: Document, known: dict[str, Reference]) -> list[Slo]:
    """The objectives of one ``kind: SLO`` document."""
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
    reference = indicator.find(document, spec, objective, place, known)
    target, target_notes = _target(document, place, objective)
    span, window_notes = _window(document, spec)
    service, sli = indicator.series(document, reference, spec.service)
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
        **indicator.threshold(document, place, objective, reference),
        display_name=_display_name(filled, number),
        description=spec.description,
        owner=owner(labels),
        queries=indicator.queries(reference),
        source=origin(document, place),
        notes=(
            *notes,
            *target_notes,
            *window_notes,
            *slices[2],
            *indicator.notes(reference),
            *_weight_notes(objective),
        ),
    )


def _weight_notes(objective: Objective) -> tuple[str, ...]:
    if objective.composite_weight is None:
        return ()
    return ("compositeWeight is not used; each objective is judged by itself.",)


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


_LENGTHS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNITS = {"day": "d", "week": "w", "month": "M", "quarter": "Q", "year": "Y"}


def write(slos: Iterable[Slo]) -> str:
    """Objectives as OpenSLO v1, one YAML document each."""
    documents = [_document(slo) for slo in slos]
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100)


def _document(slo: Slo) -> dict[str, Any]:
    spec = _kept(
        description=slo.description,
        service=slo.service,
        indicator={"metadata": {"name": slo.sli}, "spec": _indicator(slo)},
        timeWindow=[_written_window(slo.window)],
        budgetingMethod=slo.method,
        objectives=[_written_objective(slo)],
    )
    labels = {"owner": slo.owner} if slo.owner is not None else None
    metadata = _kept(name=slo.name, displayName=slo.display_name, labels=labels)
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": spec}


def _indicator(slo: Slo) -> dict[str, Any]:
    queries = slo.queries
    if slo.threshold is not None:
        return {"thresholdMetric": _metric(slo, queries.value)}
    if queries.raw is not None:
        return {"ratioMetric": {"rawType": queries.raw_type, "raw": _metric(slo, queries.raw)}}
    numerator = "bad" if queries.bad is not None else "good"
    return {
        "ratioMetric": {
            numerator: _metric(slo, getattr(queries, numerator)),
            "total": _metric(slo, queries.total),
        }
    }


def _metric(slo: Slo, query: str | None) -> dict[str, Any]:
    spec = _kept(service=slo.service, sli=slo.sli, query=query)
    return {"metricSource": _kept(type=slo.queries.source_type, spec=spec)}


def _written_objective(slo: Slo) -> dict[str, Any]:
    return _kept(
        op=slo.op,
        value=slo.threshold,
        target=slo.target,
        timeSliceTarget=slo.slice_target,
        timeSliceWindow=None if slo.slice is None else _shorthand(slo.slice),
    )


def _written_window(window: Window) -> dict[str, Any]:
    if window.duration is not None:
        return {"duration": _shorthand(window.duration), "isRolling": True}
    start = None if window.anchor is None else str(window.anchor)
    calendar = _kept(startTime=start, timeZone=window.timezone)
    duration = f"{window.count}{_UNITS[str(window.unit)]}"
    return {"duration": duration, "isRolling": False, "calendar": calendar}


def _shorthand(length: pd.Timedelta) -> str:
    """The length in the largest unit it is a whole number of."""
    seconds = length.total_seconds()
    unit = next((unit for unit, size in _LENGTHS.items() if seconds % size == 0), None)
    return f"{int(seconds // _LENGTHS[unit])}{unit}" if unit else f"{seconds * 1000:g}ms"


def _kept(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
