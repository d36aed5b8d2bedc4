"""One engine for exports of records: the declaration of a format says what is what in it."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import json_text, record_tables
from srelib.readers.base import FileResult, Head, file_text, overridden
from srelib.readers.cells import MISSING
from srelib.readers.declaration import (
    Choice,
    Keys,
    Note,
    Outcomes,
    Paging,
    Record,
    Sign,
    as_json,
    choose_note,
    first,
    not_chosen,
    refused,
)
from srelib.readers.json_text import as_text, keyed, value_at, values_at
from srelib.readers.record_tables import Row
from srelib.readers.words import words_of

if TYPE_CHECKING:
    from srelib.readers.source import Source


@dataclass(frozen=True)
class FileContext:
    """What remarks of a format may look at; they may complete the rows."""

    found: list[Any]
    records: list[Record]
    pages: list[Record]
    rows: list[Row]
    source: Source


@dataclass(frozen=True)
class Format:
    """One export: how it is recognised, where its records are and which key is which column."""

    name: str
    table: str
    noun: str
    columns: Mapping[str, Keys]
    signs: tuple[Sign, ...] = ()
    headers: tuple[frozenset[str], ...] = ()
    line: re.Pattern[str] | None = None
    wrappers: tuple[str, ...] = ()
    sign: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    word: Keys = "status"
    statuses: Outcomes | None = None
    services: Callable[[Record], list[str | None]] | None = None
    production: Callable[[Record], bool] | None = None
    choice: Choice | None = None
    rules: tuple[Callable[[Record, Row, Source], Row | None], ...] = ()
    prepare: Callable[[list[Any], list[Record]], list[Any]] | None = None
    rows: Callable[[Record, Source], Iterable[Row]] | None = None
    paging: Paging = field(default_factory=Paging)
    notes: tuple[Note, ...] = ()
    remarks: Callable[[FileContext], list[str]] | None = None
    zone: Callable[[list[Record]], str | None] | None = None
    dates: Callable[..., pd.DataFrame] | None = None
    empty: tuple[str, str] | None = None
    demands: tuple[str, str, str] | None = None
    asks: str | None = None
    ignores: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it feeds."""
        return ("incidents", "exclusions") if self.table == "incidents" else (self.table,)

    @property
    def things(self) -> str:
        """Its records, several of them."""
        return f"{self.noun.split(' ', 1)[1]}s"

    def recognise(self, head: Head) -> bool:
        """Whether the start of a file is one of these."""
        if head.kind == "json":
            return any(
                json_text.holds(head, *sign.keys, under=sign.under, without=sign.without)
                for sign in self.signs
            )
        if self.line is not None:
            return self.line.fullmatch(next(iter(head.text.splitlines()), "")) is not None
        return any(known <= set(head.header) for known in self.headers)

    def read(self, head: Head, source: Source) -> FileResult:
        """The records of a file as its canonical tables."""
        source = overridden(source, **self.ignores) if self.ignores else source
        found, numbers, pages, columns = self._members(head, source)
        members = self.prepare(found, pages) if self.prepare else found
        numbers = numbers if members is found else list(range(1, len(members) + 1))
        records = [self._record(member) for member in members]
        sound = [record for record in records if record is not None]
        self._check(head, sound, members)
        wanted = self.choice.wanted(head, source, sound) if self.choice else ()
        rows: list[Row] = []
        lines: list[int] = []
        for number, member, record in zip(numbers, members, records, strict=True):
            if record is not None:
                part = list(self._rows(record, columns, source, wanted))
            else:
                own = refused(f"not {self.noun}", value=as_json(member))
                part = [member if isinstance(member, _Broken) else own]
            rows += part
            lines += [number] * len(part)
        self._check_rows(head, rows)
        context = FileContext(found, sound, pages, rows, source)
        notes = self._said(context, wanted, Counter(lines))
        zone = source.timezone or (self.zone(pages) if self.zone else None)
        shown = columns if self.headers and head.kind == "csv" else None
        return record_result(head, rows, lines, self, source, notes=notes, zone=zone, shown=shown)

    def _members(
        self, head: Head, source: Source
    ) -> tuple[list[Any], list[int], list[Record], dict[str, Keys]]:
        """What stands in the file, the number of each, its pages, and the keys of the columns."""
        if head.kind == "json":
            members, pages = json_text.json_pages(head, *self.wrappers)
            return members, list(range(1, len(members) + 1)), pages, dict(self.columns)
        if self.line is not None:
            members, numbers = lines_of(head, self.line)
            return members, numbers, [], dict(self.columns)
        header, members, numbers = _csv_records(head)
        return members, numbers, [], _csv_columns(self, header, source, head)

    def _record(self, member: Any) -> Record | None:
        """A member under plain keys, where it is one of these records."""
        if not isinstance(member, dict) or isinstance(member, _Broken):
            return None
        record = member if self.headers else keyed(member)
        return record if self.sign is None or self.sign in record else None

    def _check(self, head: Head, sound: list[Record], members: list[Any]) -> None:
        """There is a record, and the key without which all of them are useless."""
        if self.demands and members and not any(self.demands[0] in one for one in sound):
            raise ReadError(self.demands[1], file=head.name, fix=self.demands[2])
        if self.empty and not sound:
            raise ReadError(self.empty[0], file=head.name, fix=self.empty[1])

    def _check_rows(self, head: Head, rows: list[Row]) -> None:
        if self.empty and not rows:
            raise ReadError(self.empty[0], file=head.name, fix=self.empty[1])
        if self.asks and rows and not any(row.get("service") for row in rows):
            raise ReadError(
                self.asks,
                file=head.name,
                fix=f'add service = "..." to a [[file]] with match = {head.name!r} in sources.toml',
                asks={"service": None},
            )

    def _rows(
        self, record: Record, columns: Mapping[str, Keys], source: Source, wanted: Sequence[str]
    ) -> Iterator[Row]:
        """The rows of one record, each with the mark of what keeps it out."""
        mark = self.choice.row(record, wanted) if self.choice else {}
        mark = mark or not_chosen(record, source)
        mapped = {name: as_text(value_at(record, path)) for name, path in source.columns.items()}
        made = self.rows(record, source) if self.rows else [self._row(record, columns, source)]
        for row in made:
            whole = row | mapped
            for rule in self.rules:
                whole |= rule(record, whole, source) or {}
            yield from self._per_service(whole | mark, record, source)

    def _row(self, record: Record, columns: Mapping[str, Keys], source: Source) -> Row:
        row: Row = {name: first(record, keys) for name, keys in columns.items()} | dict(self.fixed)
        if source.service is not None:
            row["service"] = source.service
        if self.production is not None:
            row["is_production"] = self.production(record)
        if self.statuses is not None and "status" not in source.columns:
            word = first(record, self.word)
            known = words_of(source, "status").get(str(word).strip().lower())
            row |= {"status": known} if known else self.statuses.row(word)
        return row

    def _per_service(self, row: Row, record: Record, source: Source) -> list[Row]:
        """The row of an incident once for every service it hit."""
        mapped = source.columns.get("service")
        if self.table != "incidents" or (source.service is not None and not mapped):
            return [row]
        if mapped or self.services is None:
            names = [as_text(name) for name in values_at(record, mapped)] if mapped else []
            names = names if len(names) > 1 else [row.get("service")]
        else:
            names = self.services(record) or [None]
        once: dict[str | None, str | None] = {}
        for name in names:
            once.setdefault(source.services.get(str(name), name), name)
        return [row | {"service": name} for name in once.values()]

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
        said += self._cut_off(context)
        counting = [one for one in context.records
                    if not self.choice or not self.choice.row(one, wanted)]  # fmt: skip
        for note in self.notes:
            among = [one for one in counting if note.among is None or note.among(one)]
            count = sum(bool(note.when(one)) for one in among)
            if count:
                said.append(note.text.format(n=f"{count:,}", of=f"{len(among):,}"))
        said += choose_note(context.rows, self.choice)
        if self.choice:
            said += self.choice.notes(context.records, wanted, self.noun.split(" ", 1)[1])
        return said

    def _cut_off(self, context: FileContext) -> list[str]:
        """Whether there is more than this file holds."""
        paging, count, pages = self.paging, len(context.found), context.pages
        totals = [value_at(page, paging.total) for page in pages] if paging.total else []
        totals = [total for total in totals if isinstance(total, int)]
        if totals and max(totals) > count:
            return [
                f"The page counts {max(totals):,} {self.things}, this file holds {count:,}: the "
                f"rest is cut off; {paging.how}."
            ]
        if paging.more and pages and (more := value_at(pages[-1], paging.more)):
            says = "names a next one" if isinstance(more, str) else "says that there is more"
            return [f"The last page {says}: {count:,} {self.things} are not all; {paging.how}."]
        told = paging.more and any(paging.more.split(".")[0] in page for page in pages)
        if count in paging.sizes and not (totals or told):
            return [
                f"Exactly {count:,} {self.things}, as many as one page or search gives: truncated? "
                f"{paging.how[0].upper()}{paging.how[1:]}."
            ]
        return []


def lines_of(head: Head, pattern: re.Pattern[str]) -> tuple[list[Any], list[int]]:
    """The parts of every line that is not blank, or the line itself where it does not fit."""
    lines = [(n, line) for n, line in enumerate(file_text(head).splitlines(), 1) if line.strip()]
    matches = [pattern.fullmatch(line) for _, line in lines]
    found = [m.groupdict() if m else line for m, (_, line) in zip(matches, lines, strict=True)]
    return found, [n for n, _ in lines]


class _Broken(dict[str, Any]):
    """The row of a record that is refused as it stands."""


_SHIFTED = (
    "the row has {seen} fields and the header {known}, so from somewhere on they are shifted; "
    "export again, or fewer columns"
)


def _csv_records(head: Head) -> tuple[list[str], list[Any], list[int]]:
    """The header, every record by column (of repeated ones the first that holds anything, and a
    list of all under ``name[]``), and the line on which it begins.
    """
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(file_text(head), newline="")
    reader = csv.reader(islice(lines, head.skip, None), delimiter=head.delimiter)
    rows: list[tuple[int, list[str]]] = []
    begun = 0
    try:
        for fields in reader:
            if any(cell.strip() for cell in fields):
                rows.append((head.skip + begun + 1, fields))
            begun = reader.line_num
    except csv.Error as error:
        raise ReadError(
            f"the CSV is damaged ({error})", file=head.name, line=head.skip + reader.line_num,
            fix="export it again",
        ) from error  # fmt: skip
    header = [name.strip() for name in rows[0][1]]
    members = [_csv_record(header, fields) for _, fields in rows[1:]]
    return header, members, [line for line, _ in rows[1:]]


def _csv_record(header: list[str], fields: list[str]) -> Record:
    beyond = [cell for cell in fields[len(header) :] if cell.strip()]
    if beyond or len(fields) < len(header):
        reason = _SHIFTED.format(seen=len(fields), known=len(header))
        return _Broken(refused(reason, value=fields[0]))
    record: Record = dict.fromkeys(header)
    for name, cell in zip(header, fields, strict=False):
        if cell.strip() not in MISSING:
            record[name] = record[name] or cell
            record.setdefault(f"{name}[]", []).append(cell.strip())
    return record


def _csv_columns(form: Format, header: list[str], source: Source, head: Head) -> dict[str, Keys]:
    """Which column of the file each canonical column is."""
    columns: dict[str, Keys] = dict(source.columns)
    for name, keys in form.columns.items():
        words = keys if isinstance(keys, tuple) else (keys,)
        there = tuple(word for word in words if callable(word) or word in header)
        if there:
            columns.setdefault(name, there)
    said = [*source.columns.values(), *source.where]
    absent = [column for column in said if column not in header]
    needed = [name for name in ("incident_id", "started_at") if name in form.columns]
    lacking = [name for name in needed if name not in columns]
    if absent or lacking:
        what = f"column {absent[0]!r}" if absent else f"column for {lacking[0]}"
        raise ReadError(
            f"there is no {what}; the file has {', '.join(map(repr, dict.fromkeys(header)))}",
            file=head.name,
            fix="export all fields, or correct columns in sources.toml",
        )
    return columns


def record_result(
    head: Head,
    rows: Sequence[Row],
    lines: Sequence[int],
    form: Format | str,
    source: Source,
    *,
    notes: Iterable[str] = (),
    zone: str | None = None,
    shown: Mapping[str, Keys] | None = None,
) -> FileResult:
    """The rows as a canonical table."""
    table = form if isinstance(form, str) else form.table
    if not rows:
        return FileResult({table: tables.empty(table)}, 0, 0, notes=tuple(notes))
    times = [column.name for column in tables.TABLES[table] if column.kind == "time"]
    frame = pd.DataFrame(list(rows))
    needed = [*tables.required(table), *times]
    frame = frame.assign(**{name: None for name in needed if name not in frame})
    firsts = {n: k[0] if isinstance(k, tuple) else k for n, k in (shown or {}).items()}
    named = {name: key for name, key in firsts.items() if isinstance(key, str)}
    zone = zone or source.timezone
    if not isinstance(form, str) and form.dates is not None:
        dated = {name: named[name] for name in times if name in named}
        frame = form.dates(frame, dated, file=head.name)
    frame = record_tables.with_times(
        frame, times, file=head.name, timezone=zone, shown=named, form=head.time_format
    )
    if "planned" in frame:
        frame = record_tables.with_planned(frame, column=source.columns.get("planned", "planned"))
    result = record_tables.read_rows(
        frame, table, head=head, source=source, lines=lines, notes=notes
    )
    return replace(result, timezone=zone or "UTC") if shown else result
