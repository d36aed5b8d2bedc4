"""Tags of git, as ``git for-each-ref`` lists them, and the rule for pre-releases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from srelib.readers.declaration import Note, left_out
from srelib.readers.engine import FileContext, Format
from srelib.readers.record_tables import Row
from srelib.readers.words import is_prerelease

if TYPE_CHECKING:
    from srelib.readers.source import Source

_TAG_LINE = re.compile(
    r"(?:refs/tags/)?(?P<tag>\S.*?)[,\t ]"
    r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))[,\t ]"
    r"(?P<object>[0-9a-f]{7,64})(?:[,\t ](?P<peeled>[0-9a-f]{7,64})?)?\s*"
)  # the tag's name comes first and may itself hold a comma
_EARLY = "a pre-release; to keep it, set prereleases = true for this file in sources.toml"


def early_release(row: Row, source: Source, *, flagged: bool = False) -> Row | None:
    """The mark of a pre-release, unless `sources.toml` keeps them."""
    name = row.get("deployment_id")
    if source.prereleases or not (flagged or is_prerelease(name)):
        return None
    if source.environment:
        return {"environment": "prerelease"}
    return left_out(_EARLY, value=name, column="deployment_id")


def early_releases(context: FileContext) -> list[str]:
    """How many pre-releases were left out."""
    count = sum(row.get("left_out") == _EARLY for row in context.rows)
    if not count:
        return []
    return [
        f"{count:,} of {len(context.rows):,} are pre-releases and left out; prereleases = true in "
        "sources.toml keeps them."
    ]


GITTAGS = Format(
    "gittags", "deployments", "a line of tag,time,object,commit",
    line=_TAG_LINE,
    columns={
        "deployment_id": "tag", "finished_at": "time", "commit_sha": ("peeled", "object"),
    },
    fixed={"environment": "production", "status": "succeeded"},
    rules=(lambda one, row, source: early_release(row, source),),
    asks="a list of tags does not say which service they release",
    ignores={"environment": ()},
    remarks=early_releases,
    keys=("prereleases",),
    notes=(
        Note("{n} of {of} tags are lightweight: their time is that of the commit, often earlier "
             "than the release.", lambda one: not one["peeled"]),
    ),
)  # fmt: skip
