"""What every reader does with rows it cannot use: each counted once, with what to do about it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers import shapes
from tests.readers.test_recognition import places, replaced

ROWS = {
    "Argo CD, kubectl": 2, "Argo CD, argocd": 2, "Statuspage, no incident": 0,
    "Datadog SLO history": 2, "Datadog query": 2, "state log": 2,
}  # fmt: skip
"""Rows of an export: records, lines, or times of which its series have a value; else one."""

ODD = ("", "x?", "-7", "1999-01-01T00:00:00Z", None, 3.5, [])
PER_KIND = 4
"""Damaged copies of each export that are read."""

FIX = re.compile(
    r"[:;,] (\w+ )?(to (keep|choose|say)|write|export|check|correct|remove|fill|set|say|fetch|"
    r"close|quote|add|you remove)\b|\(write "
)
WHOLE = re.compile(
    r"not an? (?!time|number|date)|fields than the header|a quote is|not UTF-8|broken"
)
"""Reasons that blame the row as a whole, and no column of it."""
EMPTY = re.compile("missing|empty|no |not finished")
"""Reasons that blame a cell without a value."""


def damaged(content: Any) -> list[Any]:
    """Copies of an export with one odd value, each at another place."""
    found = list(_odd_cells(content) if isinstance(content, str) else _odd_values(content))
    return found[:: max(1, len(found) // PER_KIND)]


def _odd_values(content: Any) -> Iterator[Any]:
    for number, place in enumerate(places(content)):
        yield replaced(content, place, ODD[number % len(ODD)])


def _odd_cells(content: str) -> Iterator[str]:
    lines = content.splitlines()
    for n, line in enumerate(lines[1:] or lines, start=len(lines) > 1):
        row = next(csv.reader([line]))
        for place in range(len(row)):
            odd = ODD[(n + place) % 4]
            copy = shapes.table([*row[:place], odd, *row[place + 1 :]]).strip()
            yield "\n".join([*lines[:n], copy, *lines[n + 1 :]]) + "\n"


def read(folder: Any, kind: str, content: Any) -> Any:
    """What the reader makes of an export of this kind."""
    _, name, _ = shapes.EXPORTS[kind]
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), newline="")
    said: dict[str, Any] = {"workflow": "Deploy", "timezone": "UTC", "service": "shop"}
    source = Source(match="*", step="1m", **said | shapes.SAID.get(kind, {}))
    return recognition.read(path, root=folder, source=source)[1]


@pytest.mark.parametrize("kind", shapes.EXPORTS)
def test_rows_are_those_of_the_file(tmp_path, kind):
    """Whatever the tables they become and the services they are of."""
    result = read(tmp_path, kind, shapes.EXPORTS[kind][2])
    assert result.rows_read == ROWS.get(kind, 1)
    assert result.rows_kept + result.rows_rejected == result.rows_read


@pytest.mark.parametrize("kind", shapes.EXPORTS)
def test_each_refusal_says_where_what_why_and_what_to_do(tmp_path, kind):
    """Of a refused row: column, value, reason and a fix; of a refused file at least a fix."""
    refused: list[ReadError] = []
    for content in damaged(shapes.EXPORTS[kind][2]):
        try:
            result = read(tmp_path, kind, content)
        except ReadError as error:
            refused.append(error)
            continue
        assert result.rows_read == result.rows_kept + result.rows_rejected
        for row in result.rejects[~tables.left_out(result.rejects)].itertuples():
            whole = WHOLE.match(row.reason)
            assert FIX.search(row.reason), row.reason
            assert whole or isinstance(row.column, str), row
            assert isinstance(row.value, str) or EMPTY.search(row.reason), row
    assert [str(error) for error in refused if not error.fix] == []


def test_a_row_of_several_services_is_one_row(tmp_path):
    """Kept, left out or refused once; also where another file repeats it for one of them."""
    rows = [shapes.jira_row(n, second_component="pay") for n in (1, 2, 3)]
    rows[1][shapes.JIRA.index("Issue Type")] = "Story"
    rows[2][shapes.JIRA.index("Created")] = "some day"
    result = read(tmp_path, "Jira", shapes.table(shapes.JIRA, *rows))
    assert (result.rows_read, result.rows_kept, result.rows_rejected) == (3, 1, 2)
