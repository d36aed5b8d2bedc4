"""Deployments, changes, incidents, alerts and exclusions as a CSV of any origin.

Columns are found by srelib's own names, by the words tools commonly use for them
(`column_names.toml`), or by the column map of ``sources.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from srelib import marks, tables
from srelib.readers import generic, record_tables, text, words
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.cells import times

if TYPE_CHECKING:
    from srelib.sources import Source

_SIGNS = words.packaged("table_signs.toml")["sign"]
_OWN_SIGNS = (
    ("deployments", "deployed_at"),
    ("exclusions", "starts_at"),
    ("incidents", "incident_id"),
)


def table_of(header: tuple[str, ...]) -> str | None:
    """The table a header belongs to, if it is one of these."""
    for sign in _SIGNS:
        found = columns_of(header, sign["table"])
        whole = len(found) == len(header) or not sign.get("alone")
        if whole and {*sign["columns"]} <= {*found} and _own(found, sign["table"]):
            return str(sign["table"])
    plain = {words.plain_name(name) for name in header}
    return next((table for table, name in _OWN_SIGNS if name in plain), None)


def columns_of(
    header: tuple[str, ...], table: str, *, chosen: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Which column of the file each column of a table is."""
    known = words.column_names()[table]
    names = tables.names(table) + [*marks.TEXTS] * (table == "changes")
    sought = {name: known.get(name, (name,)) for name in names if name not in chosen}
    found = words.columns_by_name(header, sought, chosen.values()) | dict(chosen)
    return {name: found[name] for name in names if name in found}


def _read_records(head: Head, source: Source) -> FileResult:
    """The rows of one of these tables."""
    table = _table(head, source)
    constants = _constants(table, source)
    found = columns_of(head.header, table, chosen=source.columns)
    told = _outcomes(head, found) if table == "deployments" else {}
    found |= told
    columns = {name: column for name, column in found.items() if name not in constants}
    needed = [name for name in tables.required(table) if name not in record_tables.MADE_UP]
    needed += ["committed_at"] * (table == "changes" and "merged_at" not in columns)
    known = columns | constants
    generic.demand(head, source, known, *needed, kind=f"a table of {table}", table=table)
    kinds = dict.fromkeys(columns, "text")
    kinds |= {column.name: column.kind for column in tables.TABLES[table]}
    types = dict.fromkeys(columns.values(), "text")
    types |= {column: "time" for name, column in columns.items() if kinds[name] == "time"}
    history = words.columns_by_name(head.header, words.column_names()["history"], types)
    updated = history.get(record_tables.UPDATED)
    types = dict.fromkeys([*source.where, *([updated] if updated else [])], "text") | types
    zone = source.timezone or ("UTC" if table == "annotations" else None)  # days as written
    scan = text.scan(head, types, timezone=zone)
    data = {name: _as_text(scan.frame[column], kinds[name]) for name, column in columns.items()}
    rows = pd.DataFrame(data).assign(**constants)
    rows, notes = words.chosen(rows, scan.frame, source)
    notes += [
        f"Column {name!r} is read as the status: its words are those." for name in told.values()
    ]
    untold = table == "deployments" and not source.prereleases and not source.environment
    if untold and "environment" not in columns and "deployment_id" in columns:
        rows, early = words.without_prereleases(rows, columns["deployment_id"])
        notes += early
    if updated:
        rows[record_tables.UPDATED] = times(
            scan.frame[updated], timezone=source.timezone or "UTC", form=head.time_format,
            file=head.name, column=updated,
        ).values  # fmt: skip
    if "planned" in columns:
        rows = record_tables.with_planned(rows, column=columns["planned"])
    return record_tables.read_rows(rows, table, head=head, source=source, scan=scan, notes=notes)


def _outcomes(head: Head, found: Mapping[str, str]) -> dict[str, str]:
    """The column that is the status by all of its words, where none is by its name."""
    rows = list(islice(head.rows(), head.headed, None))
    cells = {name: {words.plain_name(row[n]) for row in rows if n < len(row)} - {""}
             for n, name in enumerate(head.header) if name not in found.values()}  # fmt: skip
    known = {*words.known_words("status")}
    like = [name for name, said in cells.items() if said and said <= known]
    return {"status": like[0]} if len(like) == 1 and "status" not in found else {}


def _own(found: dict[str, str], table: str) -> bool:
    """Whether a time column of deployments is more than a mere ``time``: any export has that."""
    vague = {"time", "timestamp", "id"}
    needed = ("deployment_id", "finished_at") if table == "deployments" else ()
    return not any(words.plain_name(found[name]) in vague for name in needed)


def _table(head: Head, source: Source) -> str:
    table = source.table or table_of(head.header)
    if table not in tables.RECORDS:
        raise head.error(
            f"the columns {', '.join(map(repr, head.header))} are not those of a known table",
            'say table = "deployments" (or changes, incidents, alerts, exclusions) and columns '
            "= {...} in sources.toml",
            table=None,
        )
    return table


def _as_text(values: pd.Series, kind: str) -> pd.Series:
    """A time used as a name (``deployment_id = "deployed_at"``) is its ISO text."""
    if kind == "time" or not isinstance(values.dtype, pd.DatetimeTZDtype):
        return values
    return values.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _constants(table: str, source: Source) -> dict[str, str]:
    """What `sources.toml` says of every row of the file, unless it maps a column to it."""
    said = {"service": source.service, "sli": source.sli}
    return {
        name: text
        for name, text in said.items()
        if text is not None and name in tables.names(table) and name not in source.columns
    }


RECORDS = Family(
    "records", lambda head: table_of(head.header) is not None, _read_records, tables.RECORDS
)
