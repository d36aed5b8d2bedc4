"""The start of a text table: where its header stands, what divides its cells, what columns show."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from srelib.readers.words import name_clues

_ANNOTATION = re.compile(r"#(group|datatype|default),")
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$')
_DIGIT = re.compile(r"\d")
_MARKS = (",", ";", "\t", "|")
_NO_NAME = re.compile(r"[\d\s.,:;/+%TZ-]+")
"""What no column is called: numbers and times."""

_DAY = r"[^:]*\d[^:]*( 00:00:00)?"
TIME_OF_DAY = r"\d{1,2}:\d\d(:\d\d([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d\d:?\d\d))?"


def start(text: str) -> tuple[int, str, bool]:
    """How many lines stand above the header, the delimiter, and whether lines annotate columns."""
    lines = text.splitlines(keepends=True)
    skip = 0
    while skip < len(lines) and not lines[skip].strip():
        skip += 1
    match = _SEP_LINE.match(lines[skip]) if skip < len(lines) else None
    if match:
        skip += 1
    annotated = skip < len(lines) and _ANNOTATION.match(lines[skip]) is not None
    while skip < len(lines) and (
        not lines[skip].strip() or _is_comment(lines, skip) or (annotated and lines[skip][0] == "#")
    ):
        skip += 1
    if match:
        return skip, match.group(1), annotated
    skip += _titles(lines[skip:])
    return skip, _delimiter("".join(lines[skip:])), annotated


def _is_comment(lines: list[str], at: int) -> bool:
    """A line before the header that starts with ``#``; a header may do so too, with its columns."""
    rest = (line for line in lines[at + 1 :] if line.strip())
    later = next((line for line in rest if not line.startswith("#")), "")
    own, mark = lines[at], _delimiter(later)
    header = own.count(mark) == later.count(mark) and _DIGIT.search(later)
    return own.startswith("#") and not header


def _titles(lines: list[str]) -> int:
    """How many lines stand above the header, of one cell or two and shorter than all below."""
    above = set()
    for mark in _MARKS:
        rows = [next(text_records(line, mark), []) for line in lines[:60]]
        if rows and sum(map(bool, rows[0])) > 2:
            return 0
        for at, row in enumerate(rows):
            below = [one for one in rows[at:] if one]
            whole = len(row) > 1 and len(below) > 1 and {*map(len, below)} == {len(row)}
            if whole and all(row) and not any(map(_NO_NAME.fullmatch, row)):
                most = max((sum(map(bool, one)) for one in rows[:at]), default=0)
                data = any(map(_NO_NAME.fullmatch, below[1]))
                above.add(at if data and most < min(3, len(row)) else 0)
                break
    return above.pop() if len(above) == 1 else 0


def _delimiter(body: str) -> str:
    widths = {mark: len(next(text_records(body, mark), [])) for mark in _MARKS}
    return max(widths, key=lambda mark: widths[mark])


def text_records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a text table that hold anything, up to where it is broken."""
    csv.field_size_limit(sys.maxsize)
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if record:
                yield [cell.strip() for cell in record]
    except csv.Error:
        return


def unique_names(header: list[str]) -> list[str]:
    """Column names, repeated ones numbered as ``name.1``, ``name.2``; unnamed ones ``column N``."""
    taken: set[str] = set()
    last: dict[str, int] = {}
    result = []
    for position, name in enumerate(header, start=1):
        stem = candidate = name or f"column {position}"
        while candidate in taken:
            last[stem] = last.get(stem, 0) + 1
            candidate = f"{stem}.{last[stem]}"
        taken.add(candidate)
        result.append(candidate)
    return result


def dates_and_times(
    header: Sequence[str], rows: Iterable[list[str]]
) -> tuple[tuple[int, ...], ...]:
    """Places of dates and of their times of day, in columns of one name ("Date" and "Time")."""
    clues = name_clues()
    days = {_stem(name, clues["date"]): place for place, name in enumerate(header)}
    clocks = ((_stem(name, clues["time"]), place) for place, name in enumerate(header)
              if not clues["length"].search(name))  # fmt: skip
    pairs = [(days[stem], place) for stem, place in clocks if stem is not None and stem in days]
    whole = [row for row in rows if len(row) == len(header)] if pairs else []
    return tuple(
        pair for pair in pairs
        if all(any(row[place] for row in whole)
               and all(re.fullmatch(form, row[place]) for row in whole if row[place])
               for place, form in zip(pair, (_DAY, TIME_OF_DAY), strict=True))
    )  # fmt: skip


def _stem(name: str, word: re.Pattern[str]) -> str | None:
    """The name of a column without a word that it holds, and without marks."""
    return re.sub(r"[\W_]", "", word.sub("", name)).lower() if word.search(name) else None
