"""The first cells of each column of a file, and what kind of cells they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from srelib.readers.base import Head, file_text
from srelib.readers.cells import MISSING, NOT_A_NUMBER
from srelib.readers.json_text import json_records, name_and_value
from srelib.readers.words import name_clues

Cells = dict[str, list[str]]

_SAMPLE = 300
"""Records looked at."""

_TIME = re.compile(
    r"\d{4}[-/.]\d\d?([-/.]\d\d?([T ].*)?)?|1\d{9}(\d{3}|\d{6}|\d{9})?(\.\d+)?"
    r"|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d\d)([ T,].*)?"
    r"|([^\W\d]{2,},? )?(\d{1,2}\.?[ /-])?[^\W\d]{3,}\.?( \d{1,2},?)?[ /-]\d\d(\d\d)?([ ,:].*)?"
)
_NUMBER = re.compile(r"[+-]?(\d[\d,. ]*|\.\d+)([eE][+-]?\d+)?\s?(%|ms|s|µs|K|k|M)?")


def rows_of(head: Head) -> Iterator[list[str]]:
    """The first records of a text table."""
    return islice(head.rows(), head.headed, _SAMPLE)


def cells_of(head: Head) -> tuple[str, Cells]:
    """Where the records are (JSON), and the first cells of each column."""
    if head.kind != "json":
        rows = [dict(zip(head.header, row, strict=False)) for row in map(head.dated, rows_of(head))]
        clocks = {head.header[time] for _, time in head.dates}  # read with their dates
        return "", {name: [row.get(name, "").strip() for row in rows]
                    for name in head.header if name not in clocks}  # fmt: skip
    found = json_records(file_text(head), file=head.name)
    tables_ = []
    for path, records in _lists(found):
        rows = [dict(_scalars(record)) for record in records[:_SAMPLE]]
        names = dict.fromkeys(name for row in rows for name in row)
        cells = {name: [str(row.get(name, "")) for row in rows] for name in names}
        tables_.append((path, len(records), cells))
    dated = [one for one in tables_ if kinds_of(one[2])[0]]
    path, _, flat = max(dated or tables_, key=lambda one: one[1], default=("", 0, {}))
    return path, flat


def _lists(members: list[Any], path: str = "") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every list of objects, and the dotted key that leads to it."""
    objects = [member for member in members if isinstance(member, dict)]
    if objects:
        yield path, objects
    inside: dict[str, list[Any]] = {}
    for one in objects[:_SAMPLE]:
        for key, value in one.items():
            if isinstance(value, dict | list):
                inside.setdefault(str(key), []).extend(
                    value if isinstance(value, list) else [value]
                )
    for key, values in inside.items():
        yield from _lists(values, f"{path}.{key}" if path else key)


def _scalars(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _scalars(value, f"{above}{key}.")
        elif isinstance(value, list) and value:
            yield from _of_list(value, f"{above}{key}")
        elif not isinstance(value, list) and value is not None:
            yield f"{above}{key}", value


def _of_list(members: list[Any], key: str) -> Iterator[tuple[str, Any]]:
    """What stands in a list: pairs such as tags by their names, else its first member."""
    pairs = [pair for member in members if (pair := name_and_value(member)) is not None]
    if len(pairs) == len(members):
        yield from ((f"{key}.{name}", value) for name, value in pairs)
    elif isinstance(members[0], dict):
        yield from _scalars(members[0], f"{key}.")
    elif not isinstance(members[0], list):
        yield key, members[0]


def kinds_of(cells: Cells) -> tuple[list[str], list[str], list[str]]:
    """The columns of times, of numbers and of words."""
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name, column in cells.items():
        known = [c for c in column if c not in MISSING and c not in NOT_A_NUMBER]
        times, numbers = (
            bool(known) and 10 * sum(1 for c in known if form.fullmatch(c)) >= 9 * len(known)
            for form in (_TIME, _NUMBER)
        )
        found[0 if times else 1 if numbers else 2].append(name)
    return found


def all_are(pattern: str, cells: Sequence[str]) -> bool:
    """Whether every cell that holds something is of this form."""
    known = [cell for cell in cells if cell not in MISSING]
    return bool(known) and all(re.fullmatch(pattern, cell) for cell in known)


def says_share(name: str) -> bool:
    """Whether a column is named for a share."""
    return name_clues()["share"].search(name) is not None
