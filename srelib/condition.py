"""Conditions on the columns of a row, such as ``status < 500 and not path in ('/health', '/up')``.

A condition is read once into a tree of plain values, which whoever counts rows turns into
the language of an engine; nothing of the text itself is ever executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

Value = str | float | bool


@dataclass(frozen=True)
class Predicate:
    """A column compared with one value, or with several (``in``: equal to one of them)."""

    column: str
    op: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Junction:
    """Conditions of which all (``and``), any (``or``) or none (``not``) must hold."""

    kind: str
    parts: tuple[Condition, ...]


Condition = Predicate | Junction

_WORDS = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*'|"[^"]*")|(?P<name>`[^`]+`|[^\W\d][\w.]*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark><=|>=|==|!=|<>|[=<>(),]))"""
)
_OPS = {"==": "=", "<>": "!="} | {op: op for op in ("=", "!=", "<", "<=", ">", ">=")}
_DEEPEST = 50
_EXAMPLE = "status < 500 and method in ('GET', 'POST')"


def parse_condition(text: str) -> Condition:
    """The tree of a condition; ValueError with what is wrong in it."""
    words = _Words(text)
    found = _joined(words, 0)
    if words.kind:
        words.fail("the condition goes on here")
    return found


def columns_of_condition(condition: Condition) -> Iterator[Predicate]:
    """Every comparison in the tree."""
    if isinstance(condition, Predicate):
        yield condition
    else:
        for part in condition.parts:
            yield from columns_of_condition(part)


def as_sql(condition: Condition, names: dict[str, str]) -> str:
    """The condition as SQL, columns under the names given."""
    if isinstance(condition, Junction):
        parts = [f"({as_sql(part, names)})" for part in condition.parts]
        return f"NOT {parts[0]}" if condition.kind == "not" else f" {condition.kind} ".join(parts)
    values = ", ".join(
        "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
        for value in condition.values
    )
    if condition.op == "in":
        return f"{names[condition.column]} IN ({values})"
    return f"{names[condition.column]} {condition.op} {values}"


class _Words:
    """The words of a text, one ahead."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.step()

    def step(self) -> None:
        """To the next word; without one `kind` is empty."""
        rest = self.text[self.at :]
        match = _WORDS.match(rest)
        if match is None:
            self.kind, self.word = "", ""
            if rest.strip():
                self.fail("this cannot be read")
            return
        self.kind = str(match.lastgroup)
        self.word = match.group(self.kind)
        self.begun = self.at + match.start(self.kind)
        self.at += match.end()

    def take(self, *words: str) -> bool:
        """Whether the next word is one of these; it is passed over then."""
        if self.kind in ("name", "mark") and self.word.lower() in words:
            self.step()
            return True
        return False

    def fail(self, what: str) -> NoReturn:
        """Refuse the condition, with the place."""
        where = self.text[getattr(self, "begun", 0) if self.kind else self.at :].strip()[:40]
        raise ValueError(f"{what}: {where or 'the end'!r}; write it as {_EXAMPLE}")


def _joined(words: _Words, depth: int, kind: str = "or") -> Condition:
    """Conditions joined by ``or``, of which each may be several joined by ``and``."""
    parts: list[Condition] = []
    while not parts or words.take(kind):
        parts.append(_joined(words, depth, "and") if kind == "or" else _one(words, depth))
    return parts[0] if len(parts) == 1 else Junction(kind, tuple(parts))


def _one(words: _Words, depth: int) -> Condition:
    if depth > _DEEPEST:
        words.fail("nested too deeply")
    if words.take("not"):
        return Junction("not", (_one(words, depth + 1),))
    if words.take("("):
        found = _joined(words, depth + 1)
        if not words.take(")"):
            words.fail("a closing bracket is missing")
        return found
    return _comparison(words)


def _comparison(words: _Words) -> Condition:
    if words.kind != "name":
        words.fail("a column is expected here")
    column = words.word.strip("`")
    words.step()
    negated = words.take("not")
    if words.take("in"):
        found: Condition = Predicate(column, "in", _listed(words))
        return Junction("not", (found,)) if negated else found
    op = _OPS.get(words.word if words.kind == "mark" else "")
    if op is None or negated:
        words.fail("a comparison (=, !=, <, <=, >, >=, in) is expected here")
    words.step()
    return Predicate(column, op, (_value(words),))


def _listed(words: _Words) -> tuple[Value, ...]:
    if not words.take("("):
        words.fail("a list in brackets is expected here")
    values = [_value(words)]
    while words.take(","):
        values.append(_value(words))
    if not words.take(")"):
        words.fail("a closing bracket is missing")
    return tuple(values)


def _value(words: _Words) -> Value:
    kind, word = words.kind, words.word
    if kind == "number":
        words.step()
        return float(word)
    if kind == "text":
        words.step()
        return word[1:-1].replace("''", "'") if word[0] == "'" else word[1:-1]
    if kind == "name" and word.lower() in ("true", "false"):
        words.step()
        return word.lower()
    words.fail("a number or a text in quotes is expected here")
