"""Values people write as text: lengths of time, time zones; and how one is refused."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import available_timezones

import pandas as pd
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

UNITS = {
    unit: pd.Timedelta(milliseconds=length)
    for unit, length in {
        "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
        "w": 604_800_000,
    }.items()
}  # fmt: skip


def refused(problem: str, fix: str) -> PydanticCustomError:
    """The exception a validator raises so that its fix reaches the user."""
    # The texts are passed as context, so that braces in them are not read as fields.
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "fix": fix})


def duration(text: str) -> pd.Timedelta:
    """Length of time written as in Prometheus or OpenSLO: ``30s``, ``5m``, ``1h30m``, ``26h``."""
    part = r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)"
    if not re.fullmatch(rf"\s*({part}\s*)+", text):
        raise ValueError(f"{text!r} is not a length of time such as 30s, 5m, 1h30m or 26h")
    length = sum((float(n) * UNITS[u] for n, u in re.findall(part, text)), pd.Timedelta(0))
    if length <= pd.Timedelta(0):
        raise ValueError(f"{text!r} is no time at all; write more than zero, such as 1m")
    return length


def _duration(value: Any) -> Any:
    if isinstance(value, pd.Timedelta):
        return value
    fix = 'write a length of time in quotes, such as "30s", "5m" or "26h"'
    if not isinstance(value, str):
        raise refused(f"{value!r} has no unit", fix)
    try:
        return duration(value)
    except (ValueError, OverflowError) as error:
        raise refused(str(error), fix) from None


def timezone(name: str) -> str:
    """An IANA time zone name, as given."""
    if name not in available_timezones():
        hint = did_you_mean(name, available_timezones())
        fix = f'{hint + ", or " if hint else ""}write an IANA name such as "Europe/Berlin" or "UTC"'
        raise refused(f"{name!r} is not a time zone", fix)
    return name


Duration = Annotated[pd.Timedelta, BeforeValidator(_duration)]
TimeZone = Annotated[str, AfterValidator(timezone)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a word that looks like a known one; empty when none does."""
    lowered = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.75)
    return f"did you mean {lowered[near[0]]!r}?" if near else ""


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
    return sorted(found, key=lambda f: (f.unknown, not f.problem.startswith("unknown key")))


def _fault(item: Any, model: type[BaseModel]) -> Fault:
    *above, last = item["loc"] or ("",)
    kind, value = item["type"], item["input"]
    own = kind in ("extra_forbidden", "missing")  # then the last part is a key, however it looks
    place = tuple(part for part in above if not _is_tag(part))
    place += (last,) if last != "" and (own or not _is_tag(last)) else ()
    key = place[-1] if place else ""
    if kind == "refused":
        return Fault(place, item["ctx"]["problem"], item["ctx"]["fix"])
    if kind == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        fields = owner.model_fields.items() if owner else ()
        known = [spelling for name, field in fields for spelling in _spellings(name, field)]
        hint = did_you_mean(str(key), known)
        fix = hint or f"remove it; keys known here: {', '.join(known)}"
        return Fault(place, f"unknown key {str(key)!r}", fix, unknown=not hint)
    if kind == "missing":
        return Fault(place, f"key {str(key)!r} is missing", f"add {_example(model, place)}")
    wanted = item["msg"].removeprefix("Input should be ")
    wanted = re.sub(r"a valid (dictionary|tuple).*", lambda found: PLAIN[found[1]], wanted)
    fix = _fix(kind, value, wanted, place, model)
    return Fault(place, f"{shown(value)} should be {wanted}", fix)


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
        number = isinstance(value, str) and re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value)
        return f"write a number without quotes{f': {value}' if number else ''}"
    example = _example(model, place)
    general = f"write {example}"
    return general if ", such as " in example else _FIXES.get(kind, general)


PLAIN = {"dictionary": "keys with values", "tuple": "a list"}

_FIXES = {
    "string_type": "write text",
    "tuple_type": "write a list in square brackets, or one table for each entry",
    "list_type": "write a list: each entry on a line that starts with a hyphen",
    "dict_type": "write keys with values below it",
    "model_type": "write keys with values below it",
    "bool_type": "write true or false",
}


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
