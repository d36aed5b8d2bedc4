"""GitLab deployments."""

from __future__ import annotations

from srelib.readers.declaration import Note, Outcomes, Paging, Record, first, has, in_address
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import nested

PROJECT = r"^https?://[^/]+/(?:[^/]+/)*?([^/]+)(?:/-)?/(?:jobs|pipelines|commit|builds)/"
"""Where addresses of GitLab name the project."""

_STATUSES = Outcomes(
    {"success": "succeeded", "failed": "failed", "canceled": "cancelled", "cancelled": "cancelled"},
    unfinished=("created", "running", "blocked", "pending", "waiting_for_resource", "preparing"),
    nothing={
        "skipped": "the deployment was skipped: nothing was deployed",
        "manual": "the job waits for somebody to start it: nothing was deployed",
    },
)
_WORD = ("status", "deployable.status")


def of_one_project(context: FileContext) -> list[str]:
    """Give deployments without a job the project of the others, where there is only one."""
    rows = context.rows
    named = {row["service"] for row in rows if row.get("service")}
    lacking = [row for row in rows if "deployment_id" in row and not row.get("service")]
    if len(named) != 1 or not lacking:
        return []
    (only,) = named
    for row in lacking:
        row["service"] = only
    return [
        f"{len(lacking):,} deployments name no project: taken as {only!r}, the only one in the "
        "file."
    ]


def _ended(one: Record) -> bool:
    return "status" in _STATUSES.row(first(one, _WORD))


GITLAB = Format(
    "gitlab", "deployments", "a deployment",
    signs=(has("iid", "sha", "environment"), has("deployable", "environment")),
    sign="environment",
    columns={
        "deployment_id": ("id", "iid"),
        "service": in_address(PROJECT, "deployable.weburl", "deployable.commit.weburl",
                              "deployable.pipeline.weburl", "weburl"),
        "environment": ("environment.name", "environment"),
        "started_at": ("deployable.startedat", "createdat"),
        "finished_at": ("deployable.finishedat", "updatedat"),
        "commit_sha": "sha",
        "url": ("deployable.weburl", "weburl"),
    },
    production=lambda one: nested(one, "environment").get("tier") == "production",
    word=_WORD,
    statuses=_STATUSES,
    paging=Paging((20, 100), "export all pages: `glab api projects/ID/deployments --paginate`"),
    remarks=of_one_project,
    notes=(
        Note("{n} of {of} deployments tell no end of a job: they are taken to have finished when "
             "they were last updated, which can be late.",
             lambda one: not nested(one, "deployable").get("finishedat"), among=_ended),
    ),
)  # fmt: skip
