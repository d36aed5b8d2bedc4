"""Since when a target holds, and objectives whose target changed: one document for each target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd

from srelib import schema
from srelib.errors import SloError
from srelib.slos.documents import Metadata, YamlDocument, owner_label, read_schedule
from srelib.slos.model import Slo
from srelib.windows import Window

VALID_FROM = "srelib/valid-from"
"""The annotation that says when a target came into force."""


def _read_valid_from(
    metadata: Metadata, document: YamlDocument, window: Window
) -> pd.Timestamp | None:
    """When the target of a document came into force, by the clock of its window."""
    said = (metadata.annotations or {}).get(VALID_FROM)
    if said is None:
        return None
    try:
        time = pd.Timestamp(str(said))
    except ValueError:
        time = pd.NaT  # type: ignore[assignment]
    if pd.isna(time):
        at = document.root("metadata", "annotations", VALID_FROM)
        raise at.error(f"{schema.shown(said)} is no time", 'write a day, such as "2026-05-01"')
    if time.tz is None:
        time = time.tz_localize(window.timezone, ambiguous=True, nonexistent="shift_forward")
    return time.tz_convert("UTC").as_unit("us")


def said_of(
    document: YamlDocument, metadata: Metadata, labels: dict[str, str], window: Window, **more: Any
) -> Slo:
    """An objective, with what a document of any format says of it: hours, since when, owner."""
    return Slo(
        window=window,
        schedule=read_schedule(metadata, document),
        valid_from=_read_valid_from(metadata, document, window),
        owner=owner_label(labels),
        source=document.origin(),
        **more,
    )


def joined(slos: Iterable[Slo]) -> list[Slo]:
    """Each objective once, where its first document stands, with all of its targets in order."""
    named: dict[str, list[Slo]] = {}
    for slo in slos:
        named.setdefault(slo.name, []).append(slo)
    return [_one(own) for own in named.values()]


def _one(documents: list[Slo]) -> Slo:
    """An objective with the target that came last."""
    if len(documents) == 1 and documents[0].valid_from is None:
        return documents[0]
    by_time = sorted(documents, key=lambda slo: (slo.valid_from is not None, slo.valid_from))
    first = documents[0]
    for before, slo in pairwise(by_time):
        if slo.valid_from == before.valid_from:
            raise _error(slo, f"is already defined in {before.source}", (
                "rename one of the two, or remove it; where its target changed, say in each "
                f'document since when it held: annotations: {{{VALID_FROM}: "2026-05-01"}}'
            ))  # fmt: skip
        if _but_target(slo) != _but_target(first):
            raise _error(slo, f"differs from {first.source} in more than its target", (
                f"documents of one objective with several {VALID_FROM} are the same in all but "
                "target and description; give another objective another name"
            ))  # fmt: skip
    targets = tuple((slo.valid_from, slo.target) for slo in by_time)
    return replace(by_time[-1], targets=targets)


def _but_target(slo: Slo) -> Slo:
    """An objective as its documents must agree on it."""
    composite = slo.composite and replace(
        slo.composite, members=tuple(_but_target(one) for one in slo.composite.members)
    )
    return replace(slo, target=0.5, valid_from=None, description=None, composite=composite)


def _error(slo: Slo, problem: str, fix: str) -> SloError:
    where = slo.source
    number = f"document {where.document}, " if where else ""
    file, line = (where.file, where.line) if where else (None, None)
    return SloError(f"{number}SLO {slo.name!r} {problem}", file=file, line=line, fix=fix)
