"""GitHub pull requests, from REST or from ``gh pr list --json``: merged ones are changes."""

from __future__ import annotations

from typing import Any

from srelib.readers.declaration import Note, Paging, Record, first, has, in_address, left_out
from srelib.readers.engine import Format
from srelib.readers.record_tables import Row

NO_COMMIT_TIME = (
    "Requests say when they were merged, not when their commits were written: lead time counts "
    "from the merge; `srelib collect git` also knows the commits."
)


def unmerged(one: Record, _: Row, __: Any) -> Row | None:
    """The mark of a request that changed nothing."""
    if one.get("mergedat"):
        return None
    return left_out("not merged: no change", value=first(one, "state"), column="state")


GITHUB_PULLS = Format(
    "github_pulls", "changes", "a pull request",
    signs=(has("number", "mergedat"),),
    sign="mergedat",
    columns={
        "change_id": ("mergecommit.oid", "mergecommitsha", "number"),
        "url": ("htmlurl", "url"),
        "service": ("base.repo.name", in_address(
            r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/pulls?/", "htmlurl", "url")),
        "merged_at": "mergedat",  # it was opened after its commits were written: no commit time
    },
    rules=(unmerged,),
    asks="these pull requests do not say which repository they belong to",
    paging=Paging((30, 100), "export with `gh pr list --state merged --limit 1000 --json number,"
                  "title,createdAt,mergedAt,state,mergeCommit,url`, or with --paginate"),
    notes=(
        Note(NO_COMMIT_TIME, lambda one: True),
        Note("{n} of {of} pull requests bring no merge commit, so their deployment cannot be "
             "found by commit; export mergeCommit as well.",
             lambda one: one.get("mergedat") and not first(
                 one, ("mergecommit.oid", "mergecommitsha"))),
    ),
)  # fmt: skip
