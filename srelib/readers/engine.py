"""One engine for exports of records: the declaration of a format says what is what in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import tables
from srelib.questions import question
from srelib.readers import declaration as say
from srelib.readers import json_text, record_tables
from srelib.readers.base import FileResult, Head, plain_copy
from srelib.readers.cells import MISSING
from srelib.readers.csv_text import BrokenRecord, as_table, csv_records, starts_with
from srelib.readers.json_text import as_text, keyed, value_at, values_at
from srelib.readers.record_tables import Row
from srelib.readers.words import words_of

if TYPE_CHECKING:
    from srelib.sources import Source


@dataclass(frozen=True, eq=False, repr=False)
class FileContext:
    """What remarks of a format may look at; they may complete the rows."""

    count: int
    records: list[say.Record]
    pages: list[say.Record]
    rows: list[Row]
    source: Source


@dataclass(frozen=True, eq=False, repr=False)
class Format:
    """One export: how it is recognised, where its records are and which key is which column."""

    name: str
    table: str
    noun: str
    columns: Mapping[str, say.Keys]
    signs: tuple[say.Sign, ...] = ()
    headers: tuple[frozenset[str], ...] = ()
    line: re.Pattern[str] | None = None
    wrappers: tuple[str, ...] = ()
    carried: Mapping[str, say.Keys] = field(default_factory=dict)
    sign: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    word: say.Keys = "status"
    statuses: say.Outcomes | None = None
    services: tuple[say.Keys, ...] = ()
    production: say.When = None
    choice: say.Choice | None = None
    rules: tuple[say.Rule, ...] = ()
    prepare: Callable[[list[Any], Head, Source], list[Any]] | None = None
    rows: Callable[[say.Record, Source], Iterable[Row]] | None = None
    paging: say.Paging = field(default_factory=say.Paging)
    notes: tuple[say.Note, ...] = ()
    remarks: Callable[[FileContext], list[str]] | None = None
    zone: Callable[[list[say.Record]], str | None] | None = None
    dates: Callable[..., pd.DataFrame] | None = None
    empty: tuple[str, str] | None = None
    asks: str | None = None
    ignores: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it feeds."""
        return ("incidents", "exclusions") if self.table == "incidents" else (self.table,)

    @property
    def thing(self) -> str:
        """One of its records."""
        return self.noun.split(" ", 1)[1]

    @property
    def _none_of_these(self) -> str:
        return f"not {self.noun}: export the list as the tool writes it"

    def recognise(self, head: Head) -> bool:
        """Whether the start of a file is one of these."""
        if head.kind == "json":
            return any(sign(head, ("", *self.wrappers)) for sign in self.signs)
        if self.line is not None:
            return starts_with(head, self.line)
        return any(known <= set(head.header) for known in self.headers)

    def read(self, head: Head, source: Source) -> FileResult:
        """The records of a file as its canonical tables."""
        source = source.model_copy(update=self.ignores)
        count, members, pages, columns = self._members(head, source)
        records = [self._record(member) for _, member in members]
        sound = [record for record in records if record is not None]
        self._demand(head, sound)
        wanted = self.choice.wanted(head, source, sound) if self.choice else ()
        rows: list[Row] = []
        lines: list[int] = []
        places: list[int] = []
        for (number, member), record in zip(members, records, strict=True):
            if record is not None:
                made = list(self._rows(record, columns, source, wanted))
            else:
                broken = BrokenRecord(say.as_json(member), self._none_of_these)
                broken = member if isinstance(member, BrokenRecord) else broken
                made = [[say.refused(broken.reason, value=broken.text)]]
            for part in made:
                places += [len(rows)] * len(part)
                rows += part
                lines += [number] * len(part)
        self._demand(head, rows)
        if self.asks and rows and not any(row.get("service") for row in rows):
            raise question(self.asks, file=head.name, service=None)
        notes = self._said(FileContext(count, sound, pages, rows, source), wanted, Counter(lines))
        if not rows:
            return FileResult({self.table: tables.empty(self.table)}, 0, 0, notes=tuple(notes))
        zone = source.timezone or (self.zone(pages) if self.zone else None)
        names = columns if self.headers and head.kind == "csv" else {}
        firsts = {n: keys[0] if isinstance(keys, tuple) else keys for n, keys in names.items()}
        shown = {name: key for name, key in firsts.items() if isinstance(key, str)}
        frame = self._frame(head, rows, source, zone, shown)
        result = record_tables.read_rows(
            frame, self.table, head=head, source=source, lines=lines, records=places, notes=notes
        )
        return replace(result, timezone=zone or "UTC") if names else result

    def _members(
        self, head: Head, source: Source
    ) -> tuple[int, list[tuple[int, Any]], list[say.Record], Mapping[str, say.Keys]]:
        """How many stand in the file; each with its number; the pages; the keys of the columns."""
        if head.kind == "json":
            lots = list(json_text.json_pages(head, *self.wrappers))
            found = [self._carrying(one, page) for members, page in lots for one in members]
            every = self.prepare(found, head, source) if self.prepare else found
            pages = [page for _, page in lots if page]
            return len(found), list(enumerate(every, start=1)), pages, self.columns
        if self.line is not None:
            head = as_table(head, self.line, self._none_of_these)
        header, members = _csv_members(head)
        return len(members), members, [], _csv_columns(self, header, source, head)

    def _carrying(self, member: Any, page: say.Record) -> Any:
        """A member with what only its page says of it."""
        said = {name: say.first(page, keys) for name, keys in self.carried.items()}
        return member | said if isinstance(member, dict) and any(said.values()) else member

    def _record(self, member: Any) -> say.Record | None:
        """A member under plain keys, where it is one of these records."""
        if not isinstance(member, dict):
            return None
        record = member if self.headers else keyed(member)
        return record if self.sign is None or self.sign in record else None

    def _demand(self, head: Head, found: Sequence[Any]) -> None:
        if self.empty and not found:
            raise head.error(self.empty[0], self.empty[1])

    def _rows(
        self,
        record: say.Record,
        columns: Mapping[str, say.Keys],
        source: Source,
        wanted: Sequence[str],
    ) -> Iterator[list[Row]]:
        """What a record holds, a row for each of its services; one where something keeps it out."""
        mark = self.choice.row(record, wanted) if self.choice else {}
        mark = mark or say.not_chosen(record, source)
        mapped = {name: as_text(value_at(record, path)) for name, path in source.columns.items()}
        made = self.rows(record, source) if self.rows else [self._row(record, columns, source)]
        for row in made:
            whole = row | mapped
            for rule in self.rules:
                whole |= rule(record, whole, source) or {}
            out = mark or {"left_out", "fault"} & {*whole}
            yield [whole | mark] if out else self._per_service(whole, record, source)

    def _row(self, record: say.Record, columns: Mapping[str, say.Keys], source: Source) -> Row:
        row: Row = {name: say.first(record, keys) for name, keys in columns.items()} | dict(
            self.fixed
        )
        if source.service is not None:
            row["service"] = source.service
        if self.production is not None:
            row["is_production"] = say.meets(record, self.production)
        if self.statuses is not None and "status" not in source.columns:
            word = say.first(record, self.word)
            known = words_of(source, "status").get(str(word).strip().lower())
            row |= {"status": known} if known else self.statuses.row(word)
        return row

    def _per_service(self, row: Row, record: say.Record, source: Source) -> list[Row]:
        """The row of an incident once for every service it hit."""
        mapped = source.columns.get("service")
        if self.table != "incidents" or (source.service is not None and not mapped):
            return [row]
        if mapped or not self.services:
            found = values_at(record, mapped) if mapped else ()
            names = [say.as_json(one) if isinstance(one, dict) else as_text(one) for one in found]
            names = names or [row.get("service")]
        else:
            lots = ([as_text(one) for one in say.values(record, keys)] for keys in self.services)
            names = next(filter(None, lots), [None])
        once: dict[str | None, str | None] = {}
        for name in names:
            once.setdefault(source.services.get(str(name), name), name)
        return [row | {"service": name} for name in once.values()]

    def _frame(
        self, head: Head, rows: list[Row], source: Source, zone: str | None, shown: dict[str, str]
    ) -> pd.DataFrame:
        """The rows with times in UTC; `shown` are the columns as the file names them."""
        times = [column.name for column in tables.TABLES[self.table] if column.kind == "time"]
        frame = pd.DataFrame(rows)
        needed = [*tables.required(self.table), *times]
        frame = frame.assign(**{name: None for name in needed if name not in frame})
        if self.dates is not None:
            dated = {name: shown[name] for name in times if name in shown}
            frame = self.dates(frame, dated, file=head.name)
        frame = record_tables.with_times(
            frame, times, file=head.name, timezone=zone, shown=shown, form=head.time_format
        )
        if "planned" not in frame:
            return frame
        return record_tables.with_planned(frame, column=source.columns.get("planned", "planned"))

    def _said(self, context: FileContext, wanted: Sequence[str], lines: Counter[int]) -> list[str]:
        """Everything to remark on the file."""
        said = []
        several = sum(count > 1 for count in lines.values())
        if several and self.table == "incidents":
            said.append(
                f"{several:,} of {len(lines):,} incidents hit several services and count once for "
                f"each: {len(context.rows):,} rows."
            )
        said += self.remarks(context) if self.remarks else []
        said += self.paging.cut_off(context.count, context.pages, self.thing)
        counting = [one for one in context.records
                    if not self.choice or not self.choice.row(one, wanted)]  # fmt: skip
        said += [text for note in self.notes for text in note.said(counting, context.source)]
        said += say.choose_note(context.rows, self.choice)
        if self.choice:
            said += self.choice.notes(context.records, wanted, self.thing)
        return said


def _csv_members(head: Head) -> tuple[list[str], list[tuple[int, Any]]]:
    """The header as it stands in the file; every record by column, with the line it begins on."""
    header = next(head.rows()) if head.headed else list(head.header)
    with plain_copy(head) as path:
        return header, [
            (line, one if isinstance(one, BrokenRecord) else _record(header, one))
            for line, one in csv_records(path, head, spare=True)
            if isinstance(one, BrokenRecord) or any(map(str.strip, one))
        ]


def _record(header: list[str], found: list[str]) -> say.Record:
    """A record; of repeated columns the first that holds anything, and all under ``name[]``."""
    record: say.Record = json_text.Keyed(dict.fromkeys(header))
    for name, cell in zip(header, found, strict=True):
        if cell.strip() not in MISSING:
            record[name] = record[name] or cell
            record.setdefault(f"{name}[]", []).append(cell.strip())
    return record


def _csv_columns(
    form: Format, header: list[str], source: Source, head: Head
) -> dict[str, say.Keys]:
    """Which column of the file each canonical column is."""
    columns: dict[str, say.Keys] = dict(source.columns)
    for name, keys in form.columns.items():
        words = keys if isinstance(keys, tuple) else (keys,)
        there = tuple(word for word in words if callable(word) or word in header)
        if there:
            columns.setdefault(name, there)
    fix = "export all fields, or correct columns in sources.toml"
    whole = replace(head, header=tuple(header))
    for column in (*source.columns.values(), *source.where):
        whole.demand_column(column, fix)
    for name in ("incident_id", "started_at"):
        if name in form.columns and name not in columns:
            seen = ", ".join(map(repr, dict.fromkeys(header)))
            raise head.error(f"there is no column for {name}; the file has {seen}", fix)
    return columns
