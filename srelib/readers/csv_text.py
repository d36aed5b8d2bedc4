"""The records of text tables and logs, each with its line; of a broken one why it is none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from srelib.readers.base import Head, file_text

LONGEST = 2_000_000  # characters of the longest row that is read


class BrokenRecord(NamedTuple):
    """The start of a record that is none, and why; or of one that a rule leaves out."""

    text: str | None
    reason: str
    column: str | None = None
    by_rule: bool = False


_OPEN_QUOTE = "a quote is opened here and not closed within 2 MB"
_CLOSE_IT = "close the quote or take it out, or export again"
_TOO_LONG = "the row is longer than 2 MB: close the quote that was left open"
_BAD_QUOTE = "a quote is never closed, or text follows a closing one: write it doubled"
_NOT_UTF8 = "not UTF-8 text: export the file in UTF-8"
_WIDTH = "the row has {seen} fields and the header {known}: {fix}"
_TOO_WIDE = "more fields than the header; quote cells that hold the delimiter"
_TOO_NARROW = "fewer fields than the header, a row cut short; export it again"
_NO_CHARACTER = re.compile(r"[\udc80-\udcff]")  # a byte that is not UTF-8


def csv_records(
    path: Path, head: Head, *, spare: bool = False
) -> Iterator[tuple[int, list[str] | BrokenRecord]]:
    """The records of a text table after its header, each with the line on which it begins; where
    cells may be `spare`, blank ones beyond the header are dropped.
    """
    if head.records is not None:
        yield from head.records
        return
    csv.field_size_limit(LONGEST)
    spaced = re.search(re.escape(head.delimiter) + ' +"', head.text) is not None
    dialect: Any = {"delimiter": head.delimiter, "strict": True, "skipinitialspace": spaced}
    raw: list[str] = []
    width = len(head.header)
    above = dict.fromkeys(head.fill_down, "")
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        line, headed = 1 + sum(bool(text.readline()) for _ in range(head.skip)), head.headed
        reader = csv.reader(_noted(text, raw), **dialect)
        while True:
            raw.clear()
            broken = None
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if "limit" in str(error) and len(raw) > 1:
                    raise head.error(_OPEN_QUOTE, _CLOSE_IT, line) from error
                broken = _TOO_LONG if "limit" in str(error) else _BAD_QUOTE
                cells = _mended("".join(raw), dialect) if broken is _BAD_QUOTE else []
            if cells is None:
                return
            if spare and not any(map(str.strip, cells[width:])):
                del cells[width:]
            if headed:
                headed = not (cells or broken)
            elif cells or broken:
                for place in above if len(cells) == width else ():
                    above[place] = cells[place] = cells[place].strip() or above[place]
                own = raw[0] if len(raw) == 1 else "".join(raw)
                cells = head.dated(cells)
                sound = len(cells) == width and own.isascii()
                yield line, cells if sound else _checked(cells, own, width, broken)
            line += len(raw)


def starts_with(head: Head, pattern: re.Pattern[str]) -> bool:
    """Whether the first line of a file is of this form."""
    return pattern.fullmatch(next(iter(head.text.splitlines()), "")) is not None


def as_table(head: Head, pattern: re.Pattern[str], why: str) -> Head:
    """The table of the named parts of every line; a line that does not fit is a broken record."""
    lines = [(n, line) for n, line in enumerate(file_text(head).splitlines(), 1) if line.strip()]
    records = [
        (n, list(found.groups("")) if found else BrokenRecord(line[:200], why))
        for n, line in lines for found in [pattern.fullmatch(line)]
    ]  # fmt: skip
    return head.table(list(pattern.groupindex), records)


def _noted(lines: Iterable[str], raw: list[str]) -> Iterator[str]:
    for line in lines:
        raw.append(line)
        yield line


def _mended(text: str, dialect: Any) -> list[str]:
    """The cells of a record where only blanks stand behind a closing quote, else none."""
    closed = re.sub(rf'" +(?=[{re.escape(dialect["delimiter"])}\r\n]|\Z)', '"', text)
    try:
        return next(csv.reader(io.StringIO(closed, newline=""), **dialect))
    except csv.Error:
        return []


def _checked(
    cells: list[str], text: str, width: int, broken: str | None
) -> list[str] | BrokenRecord:
    if not text.isascii() and _NO_CHARACTER.search(text):
        broken = _NOT_UTF8
    elif len(cells) == width:
        return cells
    fix = _TOO_WIDE if len(cells) > width else _TOO_NARROW
    why = broken or _WIDTH.format(seen=len(cells), known=width, fix=fix)
    return BrokenRecord(text.strip("\r\n")[:200].encode(errors="replace").decode(), why)
