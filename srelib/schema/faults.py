"""What pydantic found, as problem and fix in the words of the file."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from srelib.schema.kinds import did_you_mean


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document."""

    place: tuple[str | int, ...]
    problem: str
    fix: str
    unknown: bool = False


def faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What pydantic found, in words a person can act on."""
    found = [_fault(item, model) for item in error.errors(include_url=False)]
    misspelt = "unknown key"
    return sorted(found, key=lambda f: (f.unknown, not f.problem.startswith(misspelt)))


def _fault(item: Any, model: type[BaseModel]) -> Fault:
    place = tuple(part for part in item["loc"] if not _is_tag(part))
    key, kind, value = place[-1] if place else "", item["type"], item["input"]
    if kind == "refused":
        return Fault(place, item["ctx"]["problem"], item["ctx"]["fix"])
    if kind == "extra_forbidden":
        known = keys_at(model, place[:-1])
        hint = did_you_mean(str(key), known)
        fix = hint or f"remove it; keys known here: {', '.join(known)}"
        return Fault(place, f"unknown key {str(key)!r}", fix, unknown=not hint)
    if kind == "missing":
        return Fault(place, f"key {str(key)!r} is missing", f"add {_example(model, place)}")
    wanted = item["msg"].removeprefix("Input should be ")
    wanted = re.sub(r"a valid (dictionary|tuple).*", lambda found: PLAIN[found[1]], wanted)
    return Fault(
        place, f"{shown(value)} should be {wanted}", _fix(kind, value, wanted, place, model)
    )


def _fix(
    kind: str, value: Any, wanted: str, place: tuple[str | int, ...], model: type[BaseModel]
) -> str:
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", wanted)
        alone = f"write {allowed[0]}" if len(allowed) == 1 else "write one of them"
        return did_you_mean(str(value), allowed) or alone
    if kind == "string_type" and isinstance(value, int | float):
        return "put it in quotes" if isinstance(value, bool) else f'put it in quotes: "{value}"'
    if kind in ("float_type", "int_type", "float_parsing"):
        number = isinstance(value, str) and _is_number(value)
        return f"write a number without quotes{f': {value}' if number else ''}"
    example = _example(model, place)
    return (
        _FIXES.get(kind, f"write {example}") if ", such as " not in example else f"write {example}"
    )


PLAIN = {"dictionary": "keys with values", "tuple": "a list"}

_FIXES = {
    "string_type": "write text",
    "tuple_type": "write a list in square brackets, or one table for each entry",
    "list_type": "write a list: each entry on a line that starts with a hyphen",
    "dict_type": "write keys with values below it",
    "model_type": "write keys with values below it",
    "bool_type": "write true or false",
}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", text) is not None


def shown(value: Any) -> str:
    """A value as an error shows it: short, and saying what it is when that matters."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "an empty value"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def keys_at(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """The keys a model allows at a place, as they are written in the file."""
    found = _model_at(model, place)
    fields = found.model_fields.items() if found else ()
    return [spelling for name, field in fields for spelling in _spellings(name, field)]


def _spellings(name: str, field: FieldInfo) -> list[str]:
    """Every way a key may be written; the name in the model where there is no other."""
    if isinstance(field.validation_alias, AliasChoices):
        return [str(choice) for choice in field.validation_alias.choices]
    return [field.alias or name]


def _model_at(model: type[BaseModel], place: tuple[str | int, ...]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, int) or current is None:
            continue
        field = _field(current, part)
        current = _inner(field.annotation) if field else None
    return current


def _field(model: type[BaseModel], key: str) -> Any:
    fields = model.model_fields.items()
    return next((field for name, field in fields if key in (*_spellings(name, field), name)), None)


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_inner(argument) for argument in typing.get_args(annotation))
    return next((model for model in inner if model), None)


def _example(model: type[BaseModel], place: tuple[str | int, ...]) -> str:
    names = [part for part in place if isinstance(part, str)]
    owner = _model_at(model, place[:-1]) if names else None
    field = _field(owner, names[-1]) if owner and names else None
    if not field:
        return f"the key {names[-1]!r}" if names else "keys and values"
    example = field.examples[0] if field.examples else ""
    about = f" ({field.description})" if field.description else ""
    return f"{names[-1]}{f', such as {example}' if example else ''}{about}"


def _is_tag(part: str | int) -> bool:
    # Pydantic adds the branch of a union ("str", "list[str]", "function-...") to the place.
    return isinstance(part, str) and bool(re.search(r"\[|^str$|^function-|^tuple", part))
