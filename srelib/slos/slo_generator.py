"""slo-generator: ``sre.google.com/v2``, goals as fractions, windows in another file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from srelib.slos.documents import (
    Document,
    Metadata,
    Strict,
    fill,
    fraction,
    labelled,
    origin,
    owner,
)
from srelib.slos.model import Queries, Slo
from srelib.windows import Window

VERSION = "sre.google.com/v2"

DEFAULT_WINDOW = "28d"


class Spec(Strict):
    """Body of an objective."""

    description: str | None = None
    error_budget_policy: str | None = Field(default=None, alias="error_budget_policy")
    backend: str | None = None
    method: str | None = None
    exporters: Any = None
    service_level_indicator: dict[str, Any] | None = Field(
        default=None, alias="service_level_indicator"
    )
    goal: float = Field(examples=["0.999"])
    frequency: Any = None


class SloDocument(Strict):
    """``kind: ServiceLevelObjective`` of slo-generator."""

    api_version: str
    kind: Literal["ServiceLevelObjective"]
    metadata: Metadata
    spec: Spec


def recognise(document: Document) -> bool:
    """Whether a document is slo-generator's; Pyrra uses the same kind."""
    return document.value.get("apiVersion") == VERSION


def read(document: Document) -> list[Slo]:
    """The objective of one document, over 28 days."""
    filled, notes = fill(SloDocument, document)
    spec, name = filled.spec, filled.metadata.name
    labels = labelled(filled.metadata.labels, filled.metadata.annotations)
    assumed = "the windows of slo-generator stand in its error budget policy; 28 days are assumed."
    slo = Slo(
        name=name,
        service=labels.get("service") or labels.get("service_name") or name,
        sli=labels.get("sli") or labels.get("slo_name") or "availability",
        target=fraction(document, ("spec", "goal"), spec.goal),
        window=Window.parse(DEFAULT_WINDOW),
        description=spec.description,
        owner=owner(labels),
        queries=_queries(spec),
        source=origin(document),
        notes=(*notes, assumed),
    )
    return [slo]


def _queries(spec: Spec) -> Queries:
    indicator = spec.service_level_indicator or {}
    texts = {
        "good": indicator.get("filter_good") or indicator.get("query_good"),
        "bad": indicator.get("filter_bad") or indicator.get("query_bad"),
        "total": indicator.get("filter_valid") or indicator.get("query_valid"),
        "value": indicator.get("expression") or indicator.get("query"),
    }
    kept = {key: text.strip() for key, text in texts.items() if isinstance(text, str)}
    return Queries(**kept, source_type=spec.backend)
