"""GitLab deployments, from ``/projects/ID/deployments``.

The time a deployment reached its users is that of the job behind it (``deployable``);
deployments made through the API have no job.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "gitlab"
TABLES = ("deployments",)

_PAGES = (20, 100)  # page sizes of the API, by default and at most
_OUTCOMES = {
    "success": "succeeded", "failed": "failed", "canceled": "cancelled", "cancelled": "cancelled",
}  # fmt: skip
_UNFINISHED = ("created", "running", "blocked", "pending", "waiting_for_resource", "preparing")
_NOTHING = {
    "skipped": "the deployment was skipped: nothing was deployed",
    "manual": "the job waits for somebody to start it: nothing was deployed",
}


def recognise(head: Head) -> bool:
    """Whether the file holds GitLab deployments."""
    return json_text.holds(head, "iid", "sha", "environment", under=("",)) or json_text.holds(
        head, "deployable", "environment", under=("",)
    )


def read(head: Head, source: Source | None) -> Result:
    """Deployments to production, one row each."""
    found = json_text.records(json_text.content(head), file=head.name)
    rows, numbers = json_text.rows(
        found, lambda record: [_row(record, source)], kind="a deployment", sign="environment"
    )
    notes = [*_of_one_project(rows), *_notes(json_text.listed(found), len(found))]
    return json_text.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=notes,
    )  # fmt: skip


def _row(record: dict[str, Any], source: Source | None) -> Row:
    job, place = json_text.inner(record, "deployable"), json_text.inner(record, "environment")
    return {
        "deployment_id": json_text.text(record.get("id", record.get("iid"))),
        "service": json_text.said_service(source) or _project(record, job),
        "environment": json_text.text(place.get("name", record.get("environment"))),
        "is_production": place.get("tier") == "production",
        "started_at": json_text.text(job.get("startedat") or record.get("createdat")),
        "finished_at": json_text.text(job.get("finishedat") or record.get("updatedat")),
        "commit_sha": json_text.text(record.get("sha")),
        **_ending(record, job),
        **json_text.chosen(record, source),
    }


def _ending(record: dict[str, Any], job: dict[str, Any]) -> Row:
    word = record.get("status") or job.get("status")
    return json_text.outcome(word, outcomes=_OUTCOMES, unfinished=_UNFINISHED, nothing=_NOTHING)


def _project(record: dict[str, Any], job: dict[str, Any]) -> str | None:
    """Last part of the project's path, from the address of anything that belongs to it."""
    owners = (job, json_text.inner(job, "commit"), json_text.inner(job, "pipeline"), record)
    for owner in owners:
        address = json_text.text(owner.get("weburl")) or ""
        place = re.match(r"https?://[^/]+/(.+?)(?:/-)?/(?:jobs|pipelines|commit|builds)/", address)
        if place:
            return place.group(1).rsplit("/", 1)[-1]
    return None


def _of_one_project(rows: Sequence[Row]) -> list[str]:
    """Give deployments without a job the project of the others, where there is only one."""
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


def _notes(records: list[dict[str, Any]], count: int) -> list[str]:
    notes = []
    if count in _PAGES:
        notes.append(
            f"Exactly {count} deployments, the size of one page: truncated? "
            "Export all pages: `glab api projects/ID/deployments --paginate`."
        )
    ended = [r for r in records if _ending(r, json_text.inner(r, "deployable")).get("status")]
    unsure = sum(not json_text.inner(r, "deployable").get("finishedat") for r in ended)
    if unsure:
        notes.append(
            f"{unsure:,} of {len(ended):,} deployments tell no end of a job: they are taken to "
            "have finished when they were last updated, which can be late."
        )
    return notes
