"""The parts of a declaration of an export: signs, keys, words, choices and what is remarked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from srelib.questions import Unconfirmed
from srelib.readers import json_text
from srelib.readers.base import Head
from srelib.readers.record_tables import UNFINISHED, Row
from srelib.readers.words import (
    NOT_CHOSEN,
    NOTHING_LEFT,
    SAY_STATUS,
    UNKNOWN_STATUS,
    known_words,
    left_out_note,
    word_counts,
)

if TYPE_CHECKING:
    from srelib.sources import Source

Record = dict[str, Any]
Key = str | Callable[[Record], Any]
Keys = Key | tuple[Key, ...]
Rule = Callable[[Record, Row, "Source"], Row | None]
Sign = Callable[[Head, tuple[str, ...]], bool]
When = Mapping[Any, str] | Callable[[Record], Any] | None
"""What is true of a record: at each of the keys stands a text that wholly fits an expression,
whatever its case; where nothing stands, the text is empty. None is true of every record."""


def has(*keys: str, under: tuple[str, ...] = (), without: Iterable[str] = ()) -> Sign:
    """A sign of a JSON file: plain keys of some object, where it stands (without a word on that,
    where records do), and keys it lacks.
    """
    lacks = frozenset(without)
    return lambda head, places: json_text.holds(head, *keys, under=under or places, without=lacks)


@dataclass(frozen=True, eq=False, repr=False)
class Paging:
    """What shows that a file is not all there is, and how to export the rest.

    With `per`, the sizes are those of a list in each page, also counted `among` some of it.
    """

    sizes: tuple[int, ...] = ()
    how: str = "export every page"
    more: str | None = None
    total: str | None = None
    per: str | None = None
    among: When = None

    def cut_off(self, count: int, pages: Sequence[Record], thing: str) -> list[str]:
        """Whether there is more than the records of this file."""
        totals = [first(page, self.total) or "" for page in pages] if self.total else []
        most = max((int(text) for text in totals if text.isdecimal()), default=0)
        if most > count:
            return [
                f"The page counts {most:,} {thing}s, this file holds {count:,}: the rest is cut "
                f"off; {self.how}."
            ]
        if self.more and pages and (more := json_text.value_at(pages[-1], self.more)):
            says = "names a next one" if isinstance(more, str) else "says that there is more"
            return [f"The last page {says}: {count:,} {thing}s are not all; {self.how}."]
        told = self.more and any(self.more.split(".")[0] in page for page in pages)
        full = {*self.sizes}.intersection(self._counts(count, pages))
        if full and not (most or told):
            return [
                f"Exactly {full.pop():,} {thing}s, as many as one page or search gives: "
                f"truncated? {self.how[0].upper()}{self.how[1:]}."
            ]
        return []

    def _counts(self, found: int, pages: Iterable[Record]) -> Iterator[int]:
        """How many records there are, of all or of each page."""
        if self.per is None:
            yield found
        for page in pages if self.per else ():
            members = json_text.objects_in(page.get(str(self.per)))
            yield from (len(members), sum(meets(one, self.among) for one in members))


@dataclass(frozen=True, eq=False, repr=False)
class Note:
    """A remark on the records of which something is true (`wholly`: on all of them or none).

    In its text, ``{n}`` of ``{of}`` are so, and ``{one}`` is the first that is. A remark `about` a
    column is left out where `sources.toml` says that column.
    """

    text: str
    when: When = None
    among: When = None
    about: str | None = None
    wholly: bool = False

    def said(self, records: Iterable[Record], source: Source) -> list[str]:
        """The remark on these records, if there is one."""
        known = {*source.columns, *(["service"] if source.service is not None else [])}
        among = [one for one in records if meets(one, self.among)]
        hit = [one for one in among if meets(one, self.when)]
        if not hit or self.about in known or (self.wholly and len(hit) < len(among)):
            return []
        return [self.text.format(n=f"{len(hit):,}", of=f"{len(among):,}", one=hit[0])]


@dataclass(frozen=True, eq=False, repr=False)
class Drop:
    """Records that are left out (or refused), why, and the text shown: ``{said}`` in the reason.

    With `lacking`, only those whose row has nothing in that column.
    """

    reason: str
    when: When
    said: Keys = ()
    column: str | None = None
    refuses: bool = False
    lacking: str | None = None

    def __call__(self, record: Record, row: Row, source: Source) -> Row | None:
        """The mark of a record that falls under the rule."""
        if not meets(record, self.when) or (self.lacking and row.get(self.lacking)):
            return None
        said = first(record, self.said) or next(values(record, self.said), None)
        mark = refused if self.refuses else left_out
        return mark(self.reason.format(said=said), value=said, column=self.column)


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes:
    """What the words of a tool for the outcome of a deployment mean."""

    outcomes: Mapping[str, str]
    unfinished: Sequence[str] = ()
    nothing: Mapping[str, str] = field(default_factory=dict)

    def row(self, word: Any) -> Row:
        """What a word adds to the row of a deployment."""
        said = (json_text.as_text(word) or "").strip().lower()
        if said in self.outcomes:
            return {"status": self.outcomes[said]}
        if said in self.unfinished or known_words("status").get(said) == "unfinished":
            return refused(UNFINISHED, value=said, column="status")
        if said in self.nothing:
            return left_out(self.nothing[said], value=said, column="status")
        if not said:
            return refused("no word says how it ended: export its status too", column="status")
        known = ", ".join([*self.outcomes, *self.nothing, *self.unfinished])
        reason = f"{UNKNOWN_STATUS}; known are {known}; {SAY_STATUS}"
        return refused(reason, value=said, column="status")


@dataclass(frozen=True, eq=False, repr=False)
class Choice:
    """Records that count: those of which a name fits what `sources.toml` or the default says.

    What has no name counts, unless `lacking` says what to do where no record has one.
    """

    key: str
    what: str
    names: Keys
    reason: str
    columns: tuple[str, ...]
    carries: str
    aliases: Keys = ()
    default: tuple[str, ...] = ()
    ask: str = ""
    one_is_clear: bool = False
    lacking: tuple[str, str] | None = None
    paste: str = ""

    def wanted(self, head: Head, source: Source, records: list[Record]) -> tuple[str, ...]:
        """The patterns that count in this file; asked for where nothing says them."""
        named = [self._names(record) for record in records]
        told = any(named) or any(record.get(self.columns[0]) == [] for record in records)
        if self.lacking and not told:
            raise head.error(self.lacking[0], self.lacking[1])
        if self.key == "where" and set(source.where) & set(self.columns):
            return (".*",)
        said = () if self.key == "where" else getattr(source, self.key)
        if said or self.default:
            return tuple(said or self.default)
        if self.one_is_clear and len({tuple(names) for names in named}) < 2:
            return (".*",)
        seen = [name for names in named for name in names or (None,)]
        line = f'{self.key} = "NAME"'
        line = f'where = {{ {self.what} = "NAME" }}' if self.key == "where" else line
        raise head.error(
            f"{self.ask}: {word_counts(seen)}",
            f"add {line} to a [[file]] with match = {head.name!r} in sources.toml",
            **self._asked(seen),
        )

    def _names(self, record: Record) -> list[str]:
        return [name.strip() for name in texts(record, self.names)]

    def _asked(self, seen: Sequence[str | None]) -> dict[str, Any]:
        """The names that look like deployments or incidents, to be confirmed."""
        names = [name for name, _ in Counter(name for name in seen if name).most_common()]
        likely = [n for n in names if re.search(r"(?i)deploy|release|prod|incident|outage", n)]
        chosen = Unconfirmed(likely or names[:1], f"those that count, of {', '.join(names[:12])}")
        return {"where": {self.what: chosen}} if self.key == "where" else {self.key: chosen}

    def row(self, record: Record, wanted: Sequence[str]) -> Row:
        """The mark of a record that does not count."""
        names = self._names(record)
        if not names and self.lacking is None:
            return {}
        if any(fits_any(name, wanted) for name in [*names, *texts(record, self.aliases)]):
            return {}
        column = next((name for name in self.columns if name in record), self.columns[0])
        reason = self.reason.format(column=column)
        return left_out(reason, value=", ".join(names) or None, column=column) | {"choice": True}

    def notes(self, records: list[Record], wanted: Sequence[str], thing: str) -> list[str]:
        """What was asked for and is not there, with what is."""
        every = [name for one in records
                 for name in (*self._names(one), *texts(one, self.aliases))]  # fmt: skip
        unused = [p for p in wanted if not any(fits_any(name, [p]) for name in every)]
        if not unused or wanted == (".*",):
            return []
        by_default = self.default == tuple(wanted)
        lost = "of an incident" if by_default else ", ".join(map(repr, unused))
        seen = word_counts(name for one in records for name in self._names(one))
        return [f"No {thing} {self.carries} {lost}; {self.what}s seen: {seen or 'none'}."]


def values(record: Record, keys: Keys) -> Iterator[Any]:
    """Everything that stands at the keys, in their order."""
    for key in keys if isinstance(keys, tuple) else (keys,):
        found = key(record) if callable(key) else json_text.values_at(record, key)
        yield from found if isinstance(found, list | Iterator) else (found,)


def texts(record: Record, keys: Keys) -> Iterator[str]:
    """Every text that stands at the keys, in their order."""
    return filter(None, map(json_text.as_text, values(record, keys)))


def first(record: Record, keys: Keys) -> str | None:
    """The first text that stands at one of the keys."""
    return next(texts(record, keys), None)


def meets(record: Record, when: When) -> bool:
    """Whether something is true of a record."""
    if when is None or callable(when):
        return when is None or bool(when(record))
    return all(
        re.fullmatch(words, first(record, keys) or "", re.IGNORECASE | re.DOTALL)
        for keys, words in when.items()
    )


def in_text(pattern: str, *keys: Key) -> Callable[[Record], str | None]:
    """A key: the name in the first text of this form, such as an address."""

    def found(record: Record) -> str | None:
        places = (re.search(pattern, text) for text in texts(record, keys))
        return next((place.group(1) for place in places if place), None)

    return found


def only(keys: Keys, when: When = None) -> Callable[[Record], str | None]:
    """A key: no more than the first text at these keys, of records of which something is true."""
    return lambda record: first(record, keys) if meets(record, when) else None


def joined(keys: Keys) -> Callable[[Record], str | None]:
    """A key: every text at these keys, a line each."""
    return lambda record: "\n".join(texts(record, keys)) or None


def each(path: str, *keys: Key, when: When = None) -> Callable[[Record], list[Any]]:
    """A key: of every member of a list of which something is true, the first text at these keys.

    A member that is text stands for itself.
    """

    def found(record: Record) -> list[Any]:
        members = [one for one in json_text.values_at(record, path) if one is not None]
        objects = [json_text.keyed(one) if isinstance(one, dict) else None for one in members]
        return [
            (one if isinstance(one, str) else None) if own is None else first(own, keys)
            for one, own in zip(members, objects, strict=True)
            if own is None or meets(own, when)
        ]

    return found


def earliest(*keys: Key, latest: bool = False) -> Callable[[Record], str | None]:
    """A key: the earliest (or latest) of the times at these keys, as it is written."""

    def found(record: Record) -> str | None:
        timed = [(json_text.as_moment(text), text) for text in texts(record, keys)]
        known = [(at, text) for at, text in timed if at is not None]
        return (max if latest else min)(known)[1] if known else None

    return found


_LONGEST_WAIT = 1e9  # seconds; thirty years are no wait


def after(start: Keys, length: Keys, *, unit: float = 1) -> Callable[[Record], str | None]:
    """A key: the time some units (in seconds) after another time, in its zone or its ticks [ms]."""

    def found(record: Record) -> str | None:
        begun = first(record, start) or ""
        try:
            wait = float(first(record, length) or "nan") * unit
            if not 0 <= wait < _LONGEST_WAIT:
                return None
            if begun.isdecimal():
                return str(int(begun) + round(wait * 1000))
            return (datetime.fromisoformat(begun) + timedelta(seconds=wait)).isoformat()
        except (ValueError, OverflowError):
            return None

    return found


def as_json(value: Any) -> str:
    """A value as a refusal shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def refused(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a row brings that is refused."""
    return {"fault": reason, "fault_column": column, "fault_value": _short(value)}


def left_out(reason: str, *, value: Any = None, column: str | None = None) -> Row:
    """What a sound row brings that a rule leaves out."""
    return {"left_out": reason, "left_out_column": column, "left_out_value": _short(value)}


def _short(value: Any) -> str | None:
    text = as_json(value)
    return None if value is None else json_text.as_text(f"{text[:80]}…" if len(text) > 80 else text)


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
        seen = [
            (json_text.as_text(value) or "").strip() for value in json_text.values_at(record, path)
        ]
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
            row["left_out"] = f"{reason}; {NOTHING_LEFT}, seen: {word_counts(values, most=4)}"
    return notes
