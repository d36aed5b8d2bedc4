"""Steps every dialect shares: filling a model, targets, windows, labels."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from srelib import schema
from srelib.errors import ParameterError
from srelib.slos.documents import Document, Place, dotted
from srelib.slos.model import Origin, target_fix
from srelib.windows import Window

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Keys as in Kubernetes (camelCase), unknown ones refused, types taken as written."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True
    )


class Metadata(Strict):
    """Name and labels of a document; Kubernetes may add what it likes."""

    model_config = ConfigDict(extra="ignore")

    name: str
    display_name: str | None = None
    labels: dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None


def fill(model: type[Model], document: Document) -> tuple[Model, tuple[str, ...]]:
    """The document as a model, and a note on each key the format does not know."""
    try:
        return model.model_validate(document.value), ()
    except ValidationError as error:
        found = schema.faults(error, model)
    if not found[0].unknown:
        raise document.error(found[0].place, found[0].problem, found[0].fix)
    value = _without(document.value, [fault.place for fault in found])
    notes = tuple(f"{dotted(f.place)} is not part of the format and was ignored." for f in found)
    return model.model_validate(value), notes


def fraction(document: Document, place: Place, target: float) -> float:
    """A target written as a fraction."""
    if 0 < target < 1:
        return target
    raise document.error(
        place, f"{target!r} is not a fraction strictly between 0 and 1", target_fix(target)
    )


def percent(document: Document, place: Place, target: float) -> float:
    """A target written in percent, as a fraction without rounding error."""
    if 0 < target < 100:
        return float(Decimal(repr(target)) / 100)
    raise document.error(
        place, f"{target!r} is not a percentage strictly between 0 and 100", "For 99.9 % write 99.9"
    )


def percent_notes(target: float) -> tuple[str, ...]:
    """The warning about a percentage so small that a fraction may have been meant."""
    if target >= 0.01:
        return ()
    written = f"{target * 100:g}"
    return (f"the target {written} is read as {written} %, because this format writes percent.",)


def window(document: Document, place: Place, text: str, **options: Any) -> Window:
    """A window from its text."""
    try:
        return Window.parse(text, **options)
    except ParameterError:
        rolling = options.get("rolling", True)
        fix = (
            "write a number and m (minutes), h, d or w, such as 28d"
            if rolling
            else "write a number and d, w, M (months), Q or Y, such as 1M"
        )
        kind = "rolling" if rolling else "calendar"
        raise document.error(place, f"{text!r} is not a {kind} window", fix) from None


def origin(document: Document, place: Place = ()) -> Origin:
    """Where an objective stands."""
    return Origin(document.file, document.number, document.line(place) or 1)


def labelled(*mappings: dict[str, Any] | None) -> dict[str, str]:
    """Labels by their bare name: ``pyrra.dev/team`` and ``team`` are one."""
    found: dict[str, str] = {}
    for mapping in mappings:
        for key, value in (mapping or {}).items():
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            if words.strip():
                found.setdefault(str(key).rsplit("/", 1)[-1], words)
    return found


def owner(labels: dict[str, str]) -> str | None:
    """Who answers for a service, where a label says so."""
    return labels.get("owner") or labels.get("team")


def slug(text: str) -> str:
    """A text as part of a name: lower case, words joined by hyphens."""
    return re.sub(r"[^\w.]+", "-", text.lower()).strip("-.")


def _without(value: Any, places: list[Place]) -> Any:
    value = copy.deepcopy(value)
    for place in places:
        holder = value
        for part in place[:-1]:
            holder = holder[part]
        holder.pop(place[-1], None)
    return value
