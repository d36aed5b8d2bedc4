"""JSON of any kind, as `sources.toml` maps it: where its records are, and dotted keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from srelib import tables
from srelib.readers import counts, event_rows, flat, generic, monitoring
from srelib.readers.base import Family, FileResult, Head, file_text
from srelib.readers.csv_text import BrokenRecord
from srelib.readers.declaration import Record, as_json, choose_note, first, not_chosen
from srelib.readers.engine import Format
from srelib.readers.json_text import json_records, keys_by_place, value_at, values_at
from srelib.readers.record_tables import MADE_UP

if TYPE_CHECKING:
    from srelib.sources import Source


def is_mapped(source: Source) -> bool:
    """Whether `sources.toml` says enough to read JSON of an unknown kind."""
    return bool(source.records or (source.table and source.columns) or source.series)


def _read(head: Head, source: Source) -> FileResult:
    """The records as the table that `sources.toml` names."""
    numbers = {*counts.ROLES} & {*source.columns} or source.series or source.unit
    table = source.table or ("sli" if numbers else None)
    if table is None:
        raise head.error(
            "nothing says which table these records are",
            'add table = "incidents" (or sli, deployments, changes, alerts, exclusions) to '
            f"the [[file]] with match = {head.name!r} in sources.toml",
            table=None,
        )
    found = json_records(file_text(head), file=head.name)
    if source.records:
        found = [value for one in found for value in values_at(one, source.records)]
    if not found:
        places = sorted(path for path, keys in keys_by_place(head.text).items() if path and keys)
        raise head.error(
            f"there are no records at {source.records!r}; objects stand at "
            f"{', '.join(map(repr, places[:8])) or 'no key'} (without capitals and underscores)",
            'correct records = "..." in sources.toml',
        )
    if table == "sli":
        return _read_sli(head, source, found)
    _demand(head, source, table, [one for one in found if isinstance(one, dict)])
    columns = {name: name for name in tables.names(table)}
    form = Format("json", table, "a record", columns, prepare=lambda *_: found)
    return form.read(head, source)


def _demand(head: Head, source: Source, table: str, records: list[Record]) -> None:
    """Every required column has a value somewhere, or is said, or can be made up."""
    made = {*MADE_UP, *(["service"] if source.service else [])}
    for name in tables.required(table):
        key = source.columns.get(name, name)
        if name not in made and not any(first(record, key) for record in records):
            seen = ", ".join(repr(k) for k in dict.fromkeys(k for r in records[:50] for k in r))
            raise head.error(
                f"no record has a value for {name} at {key!r}; keys seen: {seen or 'none'}",
                f'say columns = {{ {name} = "..." }} in sources.toml, with dotted keys',
                table=table,
                columns={name: None},
            )


def _read_sli(head: Head, source: Source, members: list[Any]) -> FileResult:
    """The scalars of every record as columns named by dotted keys, read as a text table."""
    mapped = flat.columns_said(source)
    rows: list[flat.Cells | BrokenRecord] = []
    left = []
    for member in members:
        if not isinstance(member, dict):
            why = "not a record: correct records in sources.toml"
            rows.append(BrokenRecord(as_json(member), why))
        elif mark := not_chosen(member, source):
            left.append(mark)
            said = mark["left_out_value"], mark["left_out"], mark["left_out_column"]
            rows.append(BrokenRecord(*said, by_rule=True))
        elif len([*values_at(member, source.columns.get("time", "time"))]) > 1:
            raise head.error(
                "the times of a record are a list: each column stands by itself, not each record",
                "export records, or a table as CSV",
            )
        else:
            own = dict(_scalars(member))
            rows.append(own | {path: value_at(member, path) for path in mapped})
    if all(isinstance(row, BrokenRecord) for row in rows):
        raise head.error(
            "none of these records is left", "correct records and where in sources.toml"
        )
    read = {"state": monitoring.STATELOG, "event": event_rows.EVENTS}.get(
        source.unit or "", generic.GENERIC
    ).read
    chosen = source.model_copy(update={"where": {}})
    return flat.read_flat(head, chosen, rows, read=read, notes=choose_note(left))


def _scalars(record: Record, above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _scalars(value, f"{above}{key}.")
        elif not isinstance(value, list):
            yield f"{above}{key}", value


MAPPED = Family("json", lambda head: False, _read, tables.EXPORTS)
"""Of no export in particular, so that it is never recognised, only said."""
