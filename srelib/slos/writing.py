"""Objectives as OpenSLO v1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import yaml

from srelib.slos.model import Slo
from srelib.windows import Window

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
        timeWindow=[_window(slo.window)],
        budgetingMethod=slo.method,
        objectives=[_objective(slo)],
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


def _objective(slo: Slo) -> dict[str, Any]:
    return _kept(
        op=slo.op,
        value=slo.threshold,
        target=slo.target,
        timeSliceTarget=slo.slice_target,
        timeSliceWindow=None if slo.slice is None else _shorthand(slo.slice),
    )


def _window(window: Window) -> dict[str, Any]:
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
