"""Indicators of OpenSLO v1 and v2alpha: what is measured, inline or as a document of its own."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from srelib import schema
from srelib.slos.documents import Metadata, Place, Strict, YamlDocument, as_model
from srelib.slos.model import Queries

VERSIONS = ("openslo/v1", "openslo.com/v1", "openslo.com/v2alpha", "openslo.com/v2alpha1")

QUERY_KEYS = ("query", "promql", "expr", "expression", "queryString", "metricQuery")


class OpenSloMetricSource(Strict):
    """Where a metric comes from."""

    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any] | None = None


class OpenSloMetric(Strict):
    """A metric: with ``metricSource`` (v1), or without that level (v2alpha)."""

    metric_source: OpenSloMetricSource | None = None
    data_source_ref: str | None = None
    data_source_spec: dict[str, Any] | None = None
    data_source: dict[str, Any] | None = None
    spec: dict[str, Any] | None = None


class OpenSloRatioMetric(Strict):
    """Good or bad and total, or a ratio that is already divided."""

    counter: bool | None = None
    good: OpenSloMetric | None = None
    bad: OpenSloMetric | None = None
    total: OpenSloMetric | None = None
    raw: OpenSloMetric | None = None
    raw_type: Literal["success", "failure"] | None = None


class OpenSloIndicatorSpec(Strict):
    """What an indicator measures."""

    description: str | None = None
    threshold_metric: OpenSloMetric | None = None
    ratio_metric: OpenSloRatioMetric | None = None


class OpenSloIndicator(Strict):
    """An indicator, inline or as a document of its own (``kind: SLI``)."""

    api_version: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: OpenSloIndicatorSpec


class Reference(NamedTuple):
    """An indicator and where it stands."""

    indicator: OpenSloIndicator | None
    name: str
    document: YamlDocument
    place: Place


def is_openslo(document: YamlDocument) -> bool:
    """Whether a document is OpenSLO v1 or v2alpha, of any kind."""
    return document.value.get("apiVersion") in VERSIONS


def indicators(documents: list[YamlDocument]) -> dict[str, Reference]:
    """The indicators that stand as documents of their own, by name."""
    found: dict[str, Reference] = {}
    for document in documents:
        if not is_openslo(document) or document.value.get("kind") != "SLI":
            continue
        indicator, _ = as_model(OpenSloIndicator, document)
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


def resolve(
    document: YamlDocument, place: Place, value: OpenSloIndicator | str, known: dict[str, Reference]
) -> Reference:
    """The indicator that stands inline, or is named."""
    if isinstance(value, OpenSloIndicator):
        named = value.metadata.name if value.metadata else document.value["metadata"]["name"]
        return Reference(value, named, document, place)
    if value in known:
        return known[value]
    hint = schema.did_you_mean(value, known)
    if hint:
        raise document.error(place, f"no SLI is called {value!r}", hint)
    return Reference(None, value, document, place)


def check_metrics(reference: Reference) -> OpenSloIndicatorSpec | None:
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


def _check_ratio(reference: Reference, place: Place, ratio: OpenSloRatioMetric) -> None:
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


def _metrics(reference: Reference) -> dict[str, OpenSloMetric]:
    if reference.indicator is None:
        return {}
    spec = reference.indicator.spec
    ratio = spec.ratio_metric or OpenSloRatioMetric()
    found = {key: getattr(ratio, key) for key in ("good", "bad", "total", "raw")}
    found["value"] = spec.threshold_metric
    return {key: metric for key, metric in found.items() if metric is not None}


def series_named(
    document: YamlDocument, reference: Reference, service: str | None
) -> tuple[str, str]:
    """Service and indicator: from the metric sources, else the document's service and name."""
    service, sli = _named_series(reference, "service") or service, _named_series(reference, "sli")
    if not service:
        raise document.error(
            ("spec",), "key 'service' is missing", "add service, as in service: checkout"
        )
    return service, sli or reference.name


def _named_series(reference: Reference, key: str) -> str | None:
    values = {str(_spec(m)[key]) for m in _metrics(reference).values() if _spec(m).get(key)}
    if len(values) > 1:
        raise reference.document.error(
            reference.place,
            f"the metric sources name several values of {key!r}: {', '.join(sorted(values))}",
            "an indicator reads one series; name the same one in each source",
        )
    return next(iter(values), None)


def _spec(metric: OpenSloMetric) -> dict[str, Any]:
    return (metric.metric_source.spec if metric.metric_source else metric.spec) or {}


def queries_of(reference: Reference) -> Queries:
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


def _query(metric: OpenSloMetric) -> str | None:
    spec = _spec(metric)
    return next((spec[key] for key in QUERY_KEYS if isinstance(spec.get(key), str)), None)


def _type(metric: OpenSloMetric) -> str | None:
    if metric.metric_source is not None:
        return metric.metric_source.type
    kind = (metric.data_source_spec or metric.data_source or {}).get("type")
    return kind if isinstance(kind, str) else None
