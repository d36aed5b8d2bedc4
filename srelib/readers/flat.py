"""Numbers in JSON: written as the text table they stand for, and read as one."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from srelib.errors import ReadError
from srelib.readers import generic, monitoring
from srelib.readers.base import Family, FileResult, Head, Unconfirmed, file_text
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


def nothing_in(
    head: Head, problem: str, fix: str = "ask for a longer span of time, or take the file away"
) -> ReadError:
    """The error about an answer that holds nothing to read."""
    return head.error(problem, fix)


def read_samples(
    head: Head, source: Source, samples: Sequence[monitoring.Sample], names: Sequence[str],
    unsaid: str, *, notes: Sequence[str] = (),
) -> FileResult:  # fmt: skip
    """Samples of an export that does not say what they are: `unsaid` is what is asked of counts.

    `names` are those of all series, also of those without a sample.
    """
    if not samples:
        raise nothing_in(head, "no value in this answer")
    _counted(source, head, names, unsaid)
    return monitoring.read_samples(head, source, samples, names=names, notes=notes)


def read_flat(
    head: Head,
    source: Source,
    rows: Sequence[Cells],
    numbers: Sequence[int] | None = None,
    *,
    read: Read = generic.read_generic,
    notes: Sequence[str] = (),
) -> FileResult:
    """The rows as `read` reads a text table; a row is known by the number of its record."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    lines = [header, *([_cell(row.get(name)) for name in header] for row in rows)]
    writer.writerows(lines)
    with tempfile.TemporaryDirectory(prefix="srelib-") as folder:
        path = Path(folder) / "flat.csv"
        path.write_text(out.getvalue(), encoding="utf-8")
        first = tuple(lines[1]) if rows else ()
        flat = Head(path, head.name, False, "utf-8", "csv", "", ",", 0, tuple(header), first,
                    time_format=head.time_format)  # fmt: skip
        found = read(flat, source)
        return _of_records(found, np.array(numbers or range(1, len(rows) + 1), "int64"), notes)


def _counted(source: Source, head: Head, names: Sequence[str], what: str) -> None:
    """Ask for the unit of numbers, where the export does not say it and counts are made of them."""
    specs = source.series
    if source.unit or (specs and all(spec.ratio or spec.bad_ratio or spec.value for spec in specs)):
        return
    shown = list(dict.fromkeys(names))
    raise head.error(
        f"{what}; series seen: {', '.join(map(repr, shown[:12]))}",
        f"add to sources.toml, with the right names:\n{_block(head.name, shown)}",
        unit=Unconfirmed("count", '"count" (events in each bucket) or "rate" (per second)'),
        absent=Unconfirmed("zero", 'no point: "zero" events, or "unknown"'),
        series=shown,
    )


def _block(file: str, names: Sequence[str]) -> str:
    bad = next((n for n in names if re.search(r"(?i)5xx|err|fail|bad", n)), "NAME OF BAD EVENTS")
    total = next((n for n in names if n != bad), "NAME OF ALL EVENTS")
    lines = [
        "[[file]]", f"match = {file!r}", 'service = "YOUR SERVICE"',
        'unit = "count"  # or "rate", per second', 'absent = "zero"  # no point: nothing failed',
        "  [[file.series]]", f"  bad = {bad!r}", f"  total = {total!r}",
    ]  # fmt: skip
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return " ".join(str(value).splitlines())


def _of_records(found: FileResult, numbers: np.ndarray, notes: Sequence[str]) -> FileResult:
    """The result with numbers of records in place of lines, which are asked for at once."""

    def numbered(table: str, line_of: Callable[[np.ndarray], np.ndarray]) -> Any:
        own = numbers[np.asarray(line_of(np.arange(len(found.tables[table])))) - 2]
        return lambda at: own[at]

    return replace(
        found,
        rejects=found.rejects.assign(line=numbers[found.rejects["line"].to_numpy() - 2]),
        lines=numbered("sli", found.lines) if found.lines else None,
        event_lines={name: numbered(name, line_of) for name, line_of in found.event_lines.items()},
        notes=(*found.notes, *notes),
    )
