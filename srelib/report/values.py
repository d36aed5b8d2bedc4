"""A value of a parameter, typed by the parameter's default."""

from __future__ import annotations

import ast
import math
from typing import Any

from srelib.errors import ParameterError

Literal = bool | int | float | str | list | None


def typed(name: str, value: Any, *, default: Literal) -> Literal:
    """A value as the type of its default."""
    if default is None:
        return _free(value)
    if isinstance(default, list):
        return _listed(name, value, default)
    try:
        return _CONVERT[type(default)](value)
    except (ValueError, TypeError):
        kind = _WORDS[type(default)]
        raise ParameterError(f"{name} must be {kind} such as {default!r}; got {value!r}.") from None


def _free(value: Any) -> Literal:
    if not isinstance(value, str):
        return value
    if value.strip().lower() in {"none", "null", ""}:
        return None
    for convert in (_whole, _number):
        try:
            return convert(value)
        except (ValueError, TypeError):
            continue
    return value


def _listed(name: str, value: Any, default: list) -> list:
    if isinstance(value, str):
        text = value.strip()
        try:
            value = ast.literal_eval(text) if text.startswith("[") else _split(text)
        except (ValueError, SyntaxError):
            value = None
    if not isinstance(value, list | tuple):
        raise ParameterError(f"{name} must be a list such as a,b or [1, 2]; got {value!r}.")
    first = default[0] if default else None
    return [typed(f"each of {name}", item, default=first) for item in value]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "false": False, "no": False}[_text(value).strip().lower()]


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _truth_or_error(value: Any) -> bool:
    try:
        return _truth(value)
    except KeyError:
        raise ValueError from None


_CONVERT: dict[type, Any] = {bool: _truth_or_error, int: _whole, float: _number, str: _text}
_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
}
