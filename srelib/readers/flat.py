"""Numbers in JSON, read as the text table they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from srelib.questions import Unconfirmed, question
from srelib.readers import generic, monitoring
from srelib.readers.base import Family, FileResult, Head, file_text
from srelib.readers.csv_text import BrokenRecord
from srelib.readers.declaration import Sign
from srelib.readers.json_text import json_records, keyed

if TYPE_CHECKING:
    from srelib.sources import Source

Cells = Mapping[str, Any]
Read = Callable[[Head, "Source"], FileResult]


def family(name: str, read: Read, *signs: Sign, tables: tuple[str, ...] = ("sli",)) -> Family:
    """An export of numbers in JSON, known by one of these signs."""
    return Family(name, lambda head: any(sign(head, ("",)) for sign in signs), read, tables)


def columns_said(source: Source) -> set[str]:
    """Every column that `sources.toml` names."""
    said = {*source.columns.values()}
    for spec in source.series:
        said |= {*spec.good, *spec.bad, *spec.total}
        said |= {*filter(None, (spec.ratio, spec.bad_ratio, spec.value))}
    return said


def documents(head: Head) -> list[dict[str, Any]]:
    """The objects of a file, one for each answer, under plain keys."""
    found = json_records(file_text(head), file=head.name)
    return [keyed(one) for one in found if isinstance(one, dict)]


def pairs_in(value: Any) -> list[list[Any]]:
    """The members of a list that are pairs themselves."""
    members = value if isinstance(value, list) else []
    return [one for one in members if isinstance(one, list) and len(one) == 2]


LONGER = "ask for a longer span of time, or take the file away"
"""What to do about an answer that holds nothing to read."""


def read_samples(
    head: Head, source: Source, samples: Sequence[monitoring.Sample], names: Sequence[str],
    unsaid: str, *, notes: Sequence[str] = (),
) -> FileResult:  # fmt: skip
    """Samples of an export that does not say what they are: `unsaid` is what is asked of counts.

    `names` are those of all series, also of those without a sample.
    """
    if not samples:
        raise head.error("no value in this answer", LONGER)
    _counted(source, head, names, unsaid)
    return monitoring.read_samples(head, source, samples, names=names, notes=notes)


def read_flat(
    head: Head,
    source: Source,
    rows: Sequence[Cells | BrokenRecord],
    numbers: Sequence[int] | None = None,
    *,
    read: Read = generic.read_generic,
    notes: Sequence[str] = (),
) -> FileResult:
    """The rows as `read` reads a text table; a row is known by the number of its record."""
    header = list(
        dict.fromkeys(n for row in rows if not isinstance(row, BrokenRecord) for n in row)
    )
    records = [
        row if isinstance(row, BrokenRecord) else [_cell(row.get(name)) for name in header]
        for row in rows
    ]
    numbered = zip(numbers or range(1, len(rows) + 1), records, strict=True)
    found = read(head.table(header, list(numbered)), source)
    return replace(found, notes=(*found.notes, *notes))


def _counted(source: Source, head: Head, names: Sequence[str], what: str) -> None:
    """Ask for the unit of numbers, where the export does not say it and counts are made of them."""
    specs = source.series
    if source.unit or (specs and all(spec.ratio or spec.bad_ratio or spec.value for spec in specs)):
        return
    shown = list(dict.fromkeys(names))
    bad = next((n for n in shown if re.search(r"(?i)5xx|err|fail|bad", n)), "NAME OF BAD EVENTS")
    total = next((n for n in shown if n != bad), "NAME OF ALL EVENTS")
    raise question(
        f"{what}; series seen: {', '.join(map(repr, shown[:12]))}", file=head.name,
        unit=Unconfirmed("count", 'events in each bucket; or unit = "rate": events per second'),
        absent=Unconfirmed("zero", 'no point: "zero" events, or "unknown"'), series=shown,
        more=f", and in it a [[file.series]] with bad = {bad!r} and total = {total!r}",
    )  # fmt: skip


def _cell(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return " ".join(str(value).splitlines())
