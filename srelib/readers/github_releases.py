"""GitHub releases: what was published, when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "github_releases"
TABLES = ("deployments",)

GH_LIMIT = 30
"""Releases that ``gh release list`` prints when no ``--limit`` is given; a page of the API too."""

_FULL = (GH_LIMIT, 100)
_DRAFT = "a draft: it was not published, so it reached nobody"


def recognise(head: Head) -> bool:
    """Whether the file holds releases, from REST or from ``gh release list --json``."""
    return json_text.holds(head, "tagname", "publishedat", under=("",))


def read(head: Head, source: Source | None) -> Result:
    """One successful deployment per release."""
    found = json_text.records(json_text.content(head), file=head.name)
    rows, numbers = json_text.rows(
        found, lambda release: [_row(release, source)], kind="a release", sign="tagname"
    )
    if rows and not any(row.get("service") for row in rows):
        raise ReadError(
            "a list of releases does not say which service they release",
            file=head.name,
            fix=f'add service = "..." to a [[file]] with match = {head.name!r} in sources.toml',
        )
    return json_text.result(
        head, rows, numbers, table="deployments", times=("finished_at",), source=source,
        notes=_notes(len(found)),
    )  # fmt: skip


def _row(release: dict[str, Any], source: Source | None) -> Row:
    early = _is(release, "prerelease")
    target = json_text.text(release.get("targetcommitish")) or ""
    row = {
        "deployment_id": json_text.text(release.get("tagname")),
        "service": json_text.said_service(source) or _repository(release),
        "environment": "prerelease" if early else "production",
        "finished_at": json_text.text(release.get("publishedat")),
        "status": "succeeded",
        "commit_sha": target if re.fullmatch(r"[0-9a-f]{40,64}", target) else None,
    } | json_text.chosen(release, source)
    if _is(release, "draft"):
        return row | json_text.refused(_DRAFT, value=row["deployment_id"])
    return row


def _is(release: dict[str, Any], what: str) -> bool:
    return release.get(what, release.get(f"is{what}")) is True


def _repository(release: dict[str, Any]) -> str | None:
    for key in ("htmlurl", "url"):
        address = json_text.text(release.get(key)) or ""
        place = re.search(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/releases/", address)
        if place:
            return place.group(1)
    return None


def _notes(count: int) -> list[str]:
    if count not in _FULL:
        return []
    return [
        f"Exactly {count} releases, as many as GitHub gives when not told otherwise: truncated? "
        "Export with `gh release list --limit 1000`, or with --paginate."
    ]
