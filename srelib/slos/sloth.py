"""Sloth: ``version: prometheus/v1`` files and ``sloth.slok.dev/v1`` resources; percent.

Both say the same things, the file in snake_case, the resource in camelCase.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field

from srelib.slos.documents import (
    Document,
    Metadata,
    Place,
    Strict,
    fill,
    labelled,
    origin,
    owner,
    percent,
    percent_notes,
)
from srelib.slos.model import Queries, Slo
from srelib.windows import Window

FILE_VERSION = "prometheus/v1"
RESOURCE_VERSION = "sloth.slok.dev/v1"

DEFAULT_WINDOW = "30d"


class Events(Strict):
    """Queries of bad and all events."""

    error_query: str = Field(validation_alias=AliasChoices("errorQuery", "error_query"))
    total_query: str = Field(validation_alias=AliasChoices("totalQuery", "total_query"))


class Raw(Strict):
    """Query of the share of bad events."""

    error_ratio_query: str = Field(
        validation_alias=AliasChoices("errorRatioQuery", "error_ratio_query")
    )


class Indicator(Strict):
    """One of events, raw, plugin."""

    events: Events | None = None
    raw: Raw | None = None
    plugin: dict[str, Any] | None = None


class Objective(Strict):
    """One SLO of a service."""

    name: str
    objective: float = Field(examples=["99.9"])
    description: str | None = None
    labels: dict[str, Any] | None = None
    sli: Indicator
    alerting: dict[str, Any] | None = None
    interval: Any = None
    plugins: Any = None


class Spec(Strict):
    """The SLOs of one service."""

    service: str
    labels: dict[str, Any] | None = None
    slos: list[Objective]
    slo_plugins: Any = Field(
        default=None, validation_alias=AliasChoices("sloPlugins", "slo_plugins")
    )


class FileDocument(Spec):
    """A Sloth file."""

    version: str


class ResourceDocument(Strict):
    """A Sloth resource of Kubernetes."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec
    status: Any = None


def recognise(document: Document) -> bool:
    """Whether a document holds SLOs of Sloth; its alert windows are something else."""
    value = document.value
    if value.get("version") == FILE_VERSION:
        return True
    return value.get("apiVersion") == RESOURCE_VERSION and value.get("kind") != "AlertWindows"


def read(document: Document) -> list[Slo]:
    """The objectives of one service."""
    if "version" in document.value:
        spec, notes = fill(FileDocument, document)
        return [_slo(document, (), spec, n, notes) for n in range(len(spec.slos))]
    resource, notes = fill(ResourceDocument, document)
    slos = resource.spec.slos
    return [_slo(document, ("spec",), resource.spec, n, notes) for n in range(len(slos))]


def _slo(document: Document, above: Place, spec: Spec, number: int, notes: tuple[str, ...]) -> Slo:
    given, place = spec.slos[number], (*above, "slos", number)
    target = percent(document, (*place, "objective"), given.objective)
    labels = labelled(given.labels, spec.labels)
    assumed = "Sloth files name no window; its default of 30 days is assumed."
    return Slo(
        name=f"{spec.service}-{given.name}",
        service=labels.get("service", spec.service),
        sli=labels.get("sli", given.name),
        target=target,
        window=Window.parse(DEFAULT_WINDOW),
        description=given.description,
        owner=owner(labels),
        queries=_queries(given.sli),
        source=origin(document, place),
        notes=(*notes, *percent_notes(target), assumed),
    )


def _queries(sli: Indicator) -> Queries:
    if sli.events is not None:
        return Queries(
            bad=sli.events.error_query, total=sli.events.total_query, source_type="Prometheus"
        )
    if sli.raw is not None:
        return Queries(raw=sli.raw.error_ratio_query, raw_type="failure", source_type="Prometheus")
    return Queries(source_type="Prometheus")
