"""Opsgenie incidents."""

import re

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format

_LATE_END = say.only("updatedat", {"status": "resolved|closed", "impactenddate": ""})
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _identifiers(context: FileContext) -> list[str]:
    """Services known only by identifier."""
    source = context.source
    named = {str(row["service"]) for row in context.rows if row.get("service")}
    ids = sorted(filter(_IDENTIFIER.fullmatch, named - set(source.services)))
    if not ids or source.service is not None:
        return []
    return [
        f"{len(ids):,} services are known only by identifier, such as {ids[0]!r}: name them "
        f'with services = {{ "{ids[0]}" = "..." }} in sources.toml.'
    ]


OPSGENIE = Format(
    "opsgenie", "incidents", "an incident",
    signs=(say.has("tinyid", "impactstartdate"), say.has("tinyid", "impactedservices")),
    wrappers=("data",),
    sign="createdat",
    columns={
        "incident_id": ("id", "tinyid"),
        "severity": "priority",
        "started_at": ("impactstartdate", "createdat"),
        "detected_at": ("impactdetectdate", "createdat"),
        "resolved_at": ("impactenddate", _LATE_END),
        "title": "message",
    },
    services=(say.each("impactedservices", "name", "id"),),  # newer answers name them
    paging=say.Paging((20, 100), more="paging.next"),
    remarks=_identifiers,
    notes=(
        say.Note("{n} of {of} incidents do not say when the impact began: they start when they "
                 "were created.", {"impactstartdate": ""}),
        say.Note("{n} of {of} incidents are over and do not say when the impact ended: their last "
                 "update counts, which can be late.", _LATE_END),
    ),
)  # fmt: skip
