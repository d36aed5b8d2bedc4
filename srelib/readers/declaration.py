"""The parts of a declaration of an export: signs, keys, words, choices and what is remarked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers.base import Head, Unconfirmed
from srelib.readers.json_text import as_text, name_in, value_at, values_at
from srelib.readers.record_tables import UNFINISHED, Row
from srelib.readers.words import NOT_CHOSEN, SAY_STATUS, UNKNOWN_STATUS, left_out_note, word_counts

if TYPE_CHECKING:
    from srelib.readers.source import Source

Record = dict[str, Any]
Key = str | Callable[[Record], Any]
Keys = Key | tuple[Key, ...]


@dataclass(frozen=True)
class Sign:
    """Keys that some object of a JSON file has, where it stands, and keys it must not have."""

    keys: tuple[str, ...]
    under: tuple[str, ...] | None = ("",)
    without: frozenset[str] = frozenset()


def has(*keys: str, under: tuple[str, ...] | None = ("",), without: Iterable[str] = ()) -> Sign:
    """A sign of a format, in plain keys."""
    return Sign(keys, under, frozenset(without))


@dataclass(frozen=True)
class Paging:
    """What shows that a file is not all there is, and how to export the rest."""

    sizes: tuple[int, ...] = ()
    how: str = "export every page"
    more: str | None = None
    total: str | None = None


@dataclass(frozen=True)
class Note:
    """A remark on the records of which something is true: ``{n}`` of ``{of}``."""

    text: str
    when: Callable[[Record], Any]
    among: Callable[[Record], Any] | None = None


@dataclass(frozen=True)
class Outcomes:
    """What the words of a tool for the outcome of a deployment mean."""

    outcomes: Mapping[str, str]
    unfinished: Sequence[str] = ()
    nothing: Mapping[str, str] = field(default_factory=dict)

    def row(self, word: Any) -> Row:
        """What a word adds to the row of a deployment."""
        said = (as_text(word) or "").strip().lower()
        if said in self.outcomes:
            return {"status": self.outcomes[said]}
        if said in self.unfinished:
            return refused(UNFINISHED, value=said, column="status")
        if said in self.nothing:
            return left_out(self.nothing[said], value=said, column="status")
        if not said:
            return refused("no word says how it ended", column="status")
        known = ", ".join([*self.outcomes, *self.nothing, *self.unfinished])
        reason = f"{UNKNOWN_STATUS}; known are {known}; {SAY_STATUS}"
        return refused(reason, value=said, column="status")


@dataclass(frozen=True)
class Choice:
    """Records that count: those of which a name fits what `sources.toml` or the default says."""

    key: str
    what: str
    names: Callable[[Record], list[str] | None]
    reason: str
    carries: str
    aliases: Callable[[Record], list[str]] = lambda record: []
    default: tuple[str, ...] = ()
    default_name: str = ""
    ask: str = ""
    one_is_clear: bool = False
    lacking: tuple[str, str] | None = None
    column: str | None = None
    columns: tuple[str, ...] = ()
    paste: str = ""

    def wanted(self, head: Head, source: Source, records: list[Record]) -> tuple[str, ...]:
        """The patterns that count in this file; asked for where nothing says them."""
        named = [self.names(record) for record in records]
        if self.lacking and all(names is None for names in named):
            raise ReadError(self.lacking[0], file=head.name, fix=self.lacking[1])
        if self.key == "where" and set(source.where) & set(self.columns):
            return (".*",)
        said = () if self.key == "where" else getattr(source, self.key)
        if said or self.default:
            return tuple(said or self.default)
        if self.one_is_clear and len({tuple(names or ()) for names in named}) < 2:
            return (".*",)
        seen = [name for names in named for name in names or (None,)]
        line = f'{self.key} = "NAME"'
        line = f'where = {{ {self.what} = "NAME" }}' if self.key == "where" else line
        raise ReadError(
            f"{self.ask}: {word_counts(seen)}",
            file=head.name,
            fix=f"add {line} to a [[file]] with match = {head.name!r} in sources.toml",
            asks=self._asked(seen),
        )

    def _asked(self, seen: Sequence[str | None]) -> dict[str, Any]:
        """The names that look like deployments or incidents, to be confirmed."""
        names = [name for name, _ in Counter(name for name in seen if name).most_common()]
        likely = [n for n in names if re.search(r"(?i)deploy|release|prod|incident|outage", n)]
        chosen = Unconfirmed(likely or names[:1], f"those that count, of {', '.join(names[:12])}")
        return {"where": {self.what: chosen}} if self.key == "where" else {self.key: chosen}

    def row(self, record: Record, wanted: Sequence[str]) -> Row:
        """The mark of a record that does not count."""
        names = self.names(record)
        if names is None and self.lacking is None:
            return {}
        names = names or []
        if any(fits_any(name, wanted) for name in [*names, *self.aliases(record)]):
            return {}
        column = next((name for name in self.columns if name in record), self.column)
        reason = self.reason.format(column=column)
        return left_out(reason, value=", ".join(names) or None, column=column) | {"choice": True}

    def notes(self, records: list[Record], wanted: Sequence[str], thing: str) -> list[str]:
        """What was asked for and is not there, with what is."""
        named = [(self.names(one) or [], self.aliases(one)) for one in records]
        every = [name for names, aliases in named for name in [*names, *aliases]]
        unused = [p for p in wanted if not any(fits_any(name, [p]) for name in every)]
        if not unused or wanted == (".*",):
            return []
        lost = self.default_name if self.default == tuple(wanted) else ", ".join(map(repr, unused))
        seen = word_counts(name for names, _ in named for name in names)
        return [f"No {thing} {self.carries} {lost}; {self.what}s seen: {seen or 'none'}."]


def first(record: Record, keys: Keys) -> str | None:
    """The first text that stands at one of the keys."""
    for key in keys if isinstance(keys, tuple) else (keys,):
        text = as_text(key(record) if callable(key) else value_at(record, key))
        if text:
            return text
    return None


def in_address(pattern: str, *paths: str) -> Callable[[Record], str | None]:
    """A key: the name in the first address of this form."""
    return lambda record: name_in((v for path in paths for v in values_at(record, path)), pattern)


def as_json(value: Any) -> str:
    """A value as a refusal shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def refused(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a row brings that is refused."""
    seen = value if value is None else as_json(value)
    return {"fault": reason, "fault_column": column, "fault_value": as_text(_short(seen))}


def left_out(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a sound row brings that a rule leaves out."""
    seen = as_text(_short(value))
    return {"left_out": reason, "left_out_column": column, "left_out_value": seen}


def _short(value: Any) -> Any:
    return f"{value[:80]}…" if isinstance(value, str) and len(value) > 80 else value


def fits_any(name: str | None, patterns: Iterable[str]) -> bool:
    """Whether a name is one of the patterns, or fits one as a regular expression, wholly."""
    return name is not None and any(name == p or _fits(name, p) for p in patterns)


def _fits(name: str, pattern: str) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:
        return False


def not_chosen(record: Record, source: Source) -> Row:
    """The mark of a record that ``where`` of `sources.toml` does not choose."""
    for path, wanted in source.where.items():
        seen = [(as_text(value) or "").strip() for value in values_at(record, path)]
        if not set(seen) & set(wanted):
            value = ", ".join(text for text in seen if text) or None
            return left_out(NOT_CHOSEN, value=value, column=path) | {"choice": True}
    return {}


def choose_note(rows: Sequence[Row], choice: Choice | None = None) -> list[str]:
    """What the choice of records left out, by kind; where it leaves nothing, each row says so."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.pop("choice", False):
            found.setdefault((row["left_out"], row["left_out_column"]), []).append(row)
    notes = []
    for (reason, column), mine in found.items():
        values = [row["left_out_value"] for row in mine]
        own = choice is not None and reason != NOT_CHOSEN
        paste = choice.paste.format(column=column) if choice is not None and own else ""
        notes.append(left_out_note(values, column, paste))
        for row in mine if len(mine) == len(rows) else ():
            row["left_out"] = f"{reason}; nothing is left, seen: {word_counts(values, most=4)}"
    return notes
