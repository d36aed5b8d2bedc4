"""GitHub releases, from REST or from ``gh release list --json``."""

from __future__ import annotations

import re
from typing import Any

from srelib.readers.declaration import Paging, Record, first, has, in_address, refused
from srelib.readers.engine import Format
from srelib.readers.formats.gittags import early_release, early_releases
from srelib.readers.record_tables import Row

_DRAFT = "a draft: it was not published, so it reached nobody"


def _flag(release: Record, what: str) -> bool:
    return release.get(what, release.get(f"is{what}")) is True


def _commit(release: Record) -> str | None:
    target = first(release, "targetcommitish") or ""
    return target if re.fullmatch(r"[0-9a-f]{40,64}", target) else None


def _draft(release: Record, row: Row, _: Any) -> Row | None:
    return refused(_DRAFT, value=row["deployment_id"]) if _flag(release, "draft") else None


GITHUB_RELEASES = Format(
    "github_releases", "deployments", "a release",
    signs=(has("tagname", "publishedat"),),
    sign="tagname",
    columns={
        "deployment_id": "tagname",
        "service": in_address(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/releases/", "htmlurl", "url"),
        "finished_at": "publishedat",  # it was created days before, with its commit
        "commit_sha": _commit,
        "url": ("htmlurl", "url"),
    },
    fixed={"environment": "production", "status": "succeeded"},
    rules=(
        _draft,
        lambda one, row, source: early_release(
            row, source, flagged=_flag(one, "prerelease")
        ),
    ),
    asks="a list of releases does not say which service they release",
    paging=Paging((30, 100), "export with `gh release list --limit 1000`, or with --paginate"),
    remarks=early_releases,
    keys=("prereleases",),
)  # fmt: skip
