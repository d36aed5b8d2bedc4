"""Opsgenie incidents."""

from __future__ import annotations

from srelib.readers.declaration import Note, Paging, Record, has
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import as_text, keyed


def _services(one: Record) -> list[str | None]:
    """Identifiers, or the names that newer answers put beside them."""
    given = one.get("impactedservices")
    plain = [keyed(part) if isinstance(part, dict) else {"id": part} for part in given or ()] if (
        isinstance(given, list)
    ) else []  # fmt: skip
    return [as_text(part.get("name", part.get("id"))) for part in plain]


def _late_end(one: Record) -> bool:
    """Whether it is over and tells no end of its impact."""
    return str(one.get("status")).lower() in ("resolved", "closed") and not one.get("impactenddate")


def _identifiers(context: FileContext) -> list[str]:
    """Services known only by identifier."""
    source = context.source
    named = {str(name) for one in context.records for name in _services(one)}
    ids = sorted(name for name in named - set(source.services) if _is_identifier(name))
    if not ids or source.service is not None:
        return []
    return [
        f"{len(ids):,} services are known only by identifier, such as {ids[0]!r}: name them "
        f'with services = {{ "{ids[0]}" = "..." }} in sources.toml.'
    ]


def _is_identifier(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4 and all(c in "0123456789abcdef-" for c in name)


OPSGENIE = Format(
    "opsgenie", "incidents", "an incident",
    signs=tuple(has("tinyid", key, under=("", "data"))
                for key in ("impactstartdate", "impactedservices")),
    wrappers=("data",),
    sign="createdat",
    columns={
        "incident_id": ("id", "tinyid"),
        "severity": "priority",
        "started_at": ("impactstartdate", "createdat"),
        "detected_at": ("impactdetectdate", "createdat"),
        "resolved_at": (
            "impactenddate", lambda one: one.get("updatedat") if _late_end(one) else None,
        ),
        "title": "message",
    },
    services=_services,
    paging=Paging((20, 100), more="paging.next"),
    remarks=_identifiers,
    notes=(
        Note("{n} of {of} incidents do not say when the impact began: they start when they were "
             "created.", lambda one: not one.get("impactstartdate")),
        Note("{n} of {of} incidents are over and do not say when the impact ended: their last "
             "update counts, which can be late.",
             lambda one: _late_end(one) and one.get("updatedat")),
    ),
)  # fmt: skip
