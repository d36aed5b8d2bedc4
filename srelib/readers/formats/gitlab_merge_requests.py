"""GitLab merge requests: merged ones are changes."""

from __future__ import annotations

from srelib.readers.declaration import Note, Paging, has, in_address
from srelib.readers.engine import Format
from srelib.readers.formats.github_pulls import NO_COMMIT_TIME, unmerged

GITLAB_MERGE_REQUESTS = Format(
    "gitlab_merge_requests", "changes", "a merge request",
    signs=(has("iid", "mergedat", "targetbranch"),),
    sign="mergedat",
    columns={
        "change_id": ("mergecommitsha", "squashcommitsha", "sha", "iid"),
        "url": "weburl",
        "service": in_address(r"/([^/]+)(?:/-)?/merge_requests/\d+", "weburl"),
        "merged_at": "mergedat",
    },
    rules=(unmerged,),
    asks="these merge requests do not say which project they belong to",
    paging=Paging((20, 100), "export all pages: `glab api projects/ID/merge_requests?state=merged "
                  "--paginate`"),
    notes=(Note(NO_COMMIT_TIME, lambda one: True),),
)  # fmt: skip
