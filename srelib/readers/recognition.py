"""Which family of exports reads a file."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from srelib.readers import (
    base,
    event_rows,
    formats,
    generic,
    json_text,
    monitoring,
    records,
    rollup_table,
    sheets,
)
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.engine import Format
from srelib.sources import UNSAID

if TYPE_CHECKING:
    from srelib.sources import Source


@cache
def families(kind: str) -> tuple[Family | Format, ...]:
    """Those asked about a file of a kind (csv, json), in this order; the general ones come last."""
    if kind == "json":
        return (*formats.of_kind(kind), monitoring.PROMETHEUS)
    general = (monitoring.GRAFANA, monitoring.STATELOG, records.RECORDS, generic.GENERIC)
    return (*formats.of_kind(kind), *general)


_ONLY = {
    "workflow": "runs of a CI tool", "label": "GitHub issues", "prereleases": "tags or releases",
    "where": "records to choose from", "records": "JSON to map",
}  # fmt: skip
"""Keys of `sources.toml` that only some exports know, and what those hold."""


def read(path: Path, *, root: Path, source: Source | None = None) -> tuple[str, FileResult]:
    """Recognise a file from its content and read it."""
    source = source or UNSAID
    if rollup_table.is_parquet(path):
        return "rollup", rollup_table.read_rollup(path, root)
    head = start(Path(path), Path(root), source)
    family = _choose(head, source)
    result = family.read(head, source)
    return family.name, replace(result, notes=(*result.notes, *_unread(family, source)))


def start(path: Path, root: Path, source: Source) -> Head:
    """The start of a file, or of the sheet of a workbook, as `sources.toml` describes it."""
    if sheets.is_workbook(path):
        return sheets.sheet_head(path, root, source).as_said(source)
    return base.head(path, root).as_said(source)


def _unread(family: Family | Format, source: Source) -> list[str]:
    """What ``sources.toml`` says about the file that says nothing about it."""
    own: tuple[str, ...] = ()
    if isinstance(family, Format):
        own = ("where", *family.keys, *([family.choice.key] if family.choice else []))
    elif family.name in ("records", "json"):
        own = ("where", "records" if family.name == "json" else "prereleases")
    return [
        f"sources.toml: {key} says nothing about this file, which holds no {what}."
        for key, what in _ONLY.items()
        if getattr(source, key) and key not in own
    ]


def _choose(head: Head, source: Source) -> Family | Format:
    if source.format:
        return _named(head, source.format)
    known = [family for family in families(head.kind) if family.recognise(head)]
    feeding = [one for one in known if source.table is None or source.table in one.tables]
    if head.kind == "json":
        return _of_json(head, source, known, feeding)
    if all(family.name != "gittags" for family in known):
        _check_header(head)
    if source.unit == "event":
        from srelib.readers.formats.request_logs import LOGS

        return next((one for one in known if one in LOGS), event_rows.EVENTS)
    if source.unit == "state":
        return monitoring.STATELOG
    return feeding[0] if feeding else _by_table(head, source)


def _named(head: Head, name: str) -> Family | Format:
    from srelib.readers.mapping import MAPPED

    named = {one.name: one for one in (*families("csv"), *families("json"), MAPPED)}
    if name not in named:
        raise head.error(
            f"format {name!r} is unknown", f"write one of {', '.join(named)} in sources.toml"
        )
    return named[name]


def _of_json(
    head: Head, source: Source, known: list[Family | Format], feeding: list[Family | Format]
) -> Family | Format:
    """The export that feeds the table asked for, else the map of `sources.toml`."""
    from srelib.readers.mapping import MAPPED, is_mapped

    if source.records or (not feeding and is_mapped(source)):
        return MAPPED
    if feeding:
        return feeding[0]
    if not known:
        problem, fix = json_text.unknown_json(head)
        raise head.error(f"the format of this JSON is not known: {problem}", fix, table=None)
    raise head.error(
        f"this is {known[0].name}, which is read into {known[0].tables[0]}, and sources.toml "
        f"says table = {source.table!r}",
        "take table = ... out of sources.toml",
    )


_DATA = re.compile(
    r"(\d{4}[-/]\d\d[-/]\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{4})([T ,]+\d+:.*)?"
    r"|\d{10}(\d{3}|\d{6}|\d{9})?(\.\d+)?"
)


def _check_header(head: Head) -> None:
    """Refuse a file whose first line is data, unless its columns were named."""
    below = zip_longest(head.header, head.first[: len(head.header)])
    cells = [
        name for name, cell in below
        if _DATA.fullmatch(name) and (":" in name or _DATA.fullmatch(cell or name))
    ]  # fmt: skip
    if not head.headed or not cells:
        return
    named = ", ".join(f'"column {place}"' for place in range(1, len(head.header) + 1))
    raise head.error(
        f"the first line is data ({cells[0]!r}), so the file has no header",
        f"add to the [[file]] with match = {head.name!r} in sources.toml, with your own names: "
        f"header = [{named}]",
        header=None,
    )


def _by_table(head: Head, source: Source) -> Family:
    """The general family that a table or a column map in ``sources.toml`` points to."""
    if source.table not in (None, "sli"):
        return records.RECORDS
    if source.table or source.columns or source.series or source.unit:
        return generic.GENERIC
    raise head.error(
        f"the format is not known; columns seen: {', '.join(map(repr, head.header[:12]))}",
        f"add to sources.toml: [[file]] match = {head.name!r}, "
        'table = "sli" (or deployments, changes, incidents, alerts, exclusions; or "ignore"), '
        'columns = { time = "..." }',
        table=None,
    )
