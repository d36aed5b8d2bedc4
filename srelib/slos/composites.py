"""Composite objectives of OpenSLO: a document whose objectives have indicators of their own.

OpenSLO gives each member a `compositeWeight`, but the whole neither a rule nor a target; two
annotations say them. Where nobody says the target, it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from srelib import schema
from srelib.slos.documents import YamlDocument, fraction, merged_labels, owner_label
from srelib.slos.history import said_of
from srelib.slos.model import RULES, WEIGHTED_MEAN, Composite, Slo

if TYPE_CHECKING:
    from srelib.slos.openslo import OpenSloDocument

RULE, TARGET = "srelib/composite", "srelib/composite-target"
"""The annotations that say how members are put together, and the target of the whole."""


def with_composite(
    document: YamlDocument, filled: OpenSloDocument, members: list[Slo]
) -> list[Slo]:
    """The objectives of a document, and their composite where there are weights or a rule."""
    objectives, said = filled.spec.objectives, filled.metadata.annotations or {}
    weights = [one.composite_weight for one in objectives]
    if RULE not in said and TARGET not in said and all(weight is None for weight in weights):
        apart = sum(any((one.indicator, one.indicator_ref, one.sli, one.sli_ref))
                    for one in objectives)  # fmt: skip
        note = (f"its objectives are judged one by one; compositeWeight or the annotation {RULE} "
                "makes a composite of them.",) * (apart > 1)  # fmt: skip
        first, *others = members
        return [replace(first, notes=(*first.notes, *note)), *others]
    rule = _rule(document, said.get(RULE))
    _check_members(document, members)
    service = filled.spec.service or filled.metadata.name
    owners = [owner_label(merged_labels(one.labels)) for one in objectives]
    members = [
        one if one.service == service else replace(one, owner=owner)
        for one, owner in zip(members, owners, strict=True)
    ]  # whoever answers for the whole does not answer for the services of others
    target = _target(document, said.get(TARGET), members)
    meta, assumed = filled.metadata, []
    if RULE not in said:
        assumed.append(f"compositeWeight without {RULE}; the weighted mean is taken.")
    if TARGET not in said:
        assumed.append("the target of the composite is the one all its objectives have.")
    if rule != WEIGHTED_MEAN and any(weight is not None for weight in weights):
        assumed.append(f"compositeWeight plays no part in {rule!r}.")
    composite = said_of(
        document,
        meta,
        merged_labels(meta.labels, meta.annotations),
        name=meta.name,
        service=service,
        sli=meta.name,
        target=target,
        window=members[0].window,
        composite=Composite(rule, tuple(members), _weights(document, weights)),
        display_name=meta.display_name,
        description=filled.spec.description,
        notes=tuple(assumed),
    )
    return [*members, composite]


def _rule(document: YamlDocument, said: object) -> str:
    """How members are put together; weights alone mean a weighted mean."""
    if said is None or said in RULES:
        return WEIGHTED_MEAN if said is None else str(said)
    hint = schema.did_you_mean(str(said), RULES) or f"write one of: {', '.join(RULES)}"
    at = document.root("metadata", "annotations", RULE)
    raise at.error(f"{schema.shown(said)} is no rule for a composite", hint)


def _check_members(document: YamlDocument, members: list[Slo]) -> None:
    """Refuse a composite of one indicator."""
    counted = {(one.service, one.sli, one.method, one.slice, one.slice_target, one.threshold,
                one.op) for one in members}  # fmt: skip
    if len(counted) < max(len(members), 2):
        raise document.root("spec", "objectives").error(
            "a composite needs two indicators or more, each once",
            "give each objective its own indicatorRef, or remove compositeWeight and the "
            "annotations of the composite",
        )


def _target(document: YamlDocument, said: object, members: list[Slo]) -> float:
    """The target of the whole: as annotated, else the one that all members share."""
    at = document.root("metadata", "annotations", TARGET)
    own = sorted({one.target for one in members})
    if said is None and len(own) == 1:
        return own[0]
    if said is None:
        raise document.root("metadata").error(
            f"OpenSLO has no target for a composite, and its objectives have several "
            f"({', '.join(f'{target:.12g}' for target in own)})",
            "say which share of good events the whole shall reach; to take the lowest, add under "
            f'metadata: annotations: {{{TARGET}: "{own[0]:.12g}"}}',
        )
    try:
        target = float(str(said))
    except ValueError:
        raise at.error(f"{schema.shown(said)} is no number", 'write for example "0.999"') from None
    return fraction(at, target)


def _weights(document: YamlDocument, weights: Sequence[float | None]) -> tuple[float, ...]:
    """A weight for each member, 1 where none is given."""
    for number, weight in enumerate(weights):
        if weight is not None and not (math.isfinite(weight) and weight > 0):
            at = document.root("spec", "objectives", number, "compositeWeight")
            raise at.error(f"{weight!r} is no weight", "write a number above 0, such as 1")
    return tuple(1.0 if weight is None else float(weight) for weight in weights)
