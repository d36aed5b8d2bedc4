"""Release tags as `git for-each-ref` prints them: every tag is one deployment.

``git for-each-ref refs/tags
--format='%(refname:short),%(creatordate:iso-strict),%(objectname),%(*objectname)'``
prints a line without header per tag; the last field is the commit of an annotated tag and
empty for a lightweight one, whose commit is the object itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import base, events, json_text
from srelib.readers.base import Head, Result

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "gittags"
TABLES = ("deployments",)

_LINE = re.compile(
    r"(?:refs/tags/)?(?P<deployment_id>\S.*?)[,\t ]"
    r"(?P<finished_at>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))[,\t ]"
    r"(?P<object>[0-9a-f]{7,64})(?:[,\t ](?P<peeled>[0-9a-f]{7,64})?)?\s*"
)  # the tag's name comes first and may itself hold a comma


def recognise(head: Head) -> bool:
    """Whether the file is a list of tags."""
    lines = head.text.splitlines()
    return head.kind == "csv" and bool(lines) and _LINE.fullmatch(lines[0]) is not None


def read(head: Head, source: Source | None) -> Result:
    """One successful production deployment per tag."""
    if source is None or source.service is None:
        raise ReadError(
            "a list of tags does not say which service they release",
            file=head.name,
            fix='add service = "..." for this file to sources.toml',
        )
    rows = _rows(json_text.content(head), head.name)
    rows["service"] = source.service
    built = events.build(rows, "deployments", file=head.name, lines=rows["line"])
    return Result(
        tables=built.tables,
        event_lines=built.lines,
        rows_read=len(rows),
        rows_kept=built.kept,
        rejects=built.rejects,
        notes=_notes(rows),
    )


def _rows(text: str, file: str) -> pd.DataFrame:
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    matches = [_LINE.fullmatch(line) for _, line in numbered]
    fields = ("deployment_id", "finished_at", "object", "peeled")
    rows = pd.DataFrame(
        [match.groupdict() if match else {} for match in matches], columns=list(fields), dtype="str"
    )
    faulty = pd.Series([match is None for match in matches])
    return base.with_times(
        rows.assign(
            line=[n for n, _ in numbered],
            commit_sha=rows["peeled"].where(rows["peeled"].notna(), rows["object"]),
            environment="production",
            status="succeeded",
            fault=pd.Series("not a line of tag,time,object,commit", rows.index).where(faulty),
            fault_column=None,
            fault_value=[line for _, line in numbered],
        ),
        ["finished_at"],
        file=file,
    )


def _notes(rows: pd.DataFrame) -> tuple[str, ...]:
    light = int((rows["peeled"].isna() & rows["object"].notna()).sum())
    if not light:
        return ()
    return (
        f"{light:,} of {len(rows):,} tags are lightweight: their time is that of the commit, "
        "often earlier than the release.",
    )
