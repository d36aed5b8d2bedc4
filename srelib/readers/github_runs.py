"""GitHub Actions runs: those of the workflows that deploy are deployments.

Most runs of a repository build and test; only ``workflow`` in ``sources.toml`` can say which of
them bring something to users.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "github_runs"
TABLES = ("deployments",)

GH_LIMIT = 20
"""Runs that ``gh run list`` prints when no ``--limit`` is given."""

_PAGES = (30, 100, 1000)  # page sizes of the API, and the most it gives for one search
_OUTCOMES = {
    "success": "succeeded", "failure": "failed", "timed_out": "failed",
    "startup_failure": "failed", "cancelled": "cancelled",
}  # fmt: skip
_UNFINISHED = (
    "queued", "in_progress", "pending", "waiting", "requested", "action_required",
)  # fmt: skip
_NOTHING = {
    "skipped": "the run was skipped: nothing was deployed",
    "stale": "GitHub gave the run up as stale: nothing says that it deployed",
    "neutral": "the run ended neutral: nothing says that it deployed",
}


def recognise(head: Head) -> bool:
    """Whether the file holds workflow runs, from REST or from ``gh run list --json``."""
    return json_text.holds(head, "workflowruns", under=("",)) or any(
        json_text.holds(head, "headsha", "conclusion", name, under=("", "workflowruns"))
        for name in ("workflowname", "workflowid", "runnumber", "runattempt", "event")
    )


def read(head: Head, source: Source | None) -> Result:
    """Runs of the workflows that deploy, one row each."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, pages = json_text.members(records, "workflowruns")
    runs = json_text.listed(found)
    if not runs:
        raise ReadError(
            "no workflow run in this file",
            file=head.name,
            fix="export them with `gh api repos/OWNER/REPO/actions/runs --paginate`",
        )
    wanted = _demanded(head, source, [_workflow(run) for run in runs])
    rows, numbers = json_text.rows(
        found, lambda run: [_row(run, source, wanted)], kind="a workflow run", sign="headsha"
    )
    return json_text.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=_notes(runs, pages, wanted),
    )  # fmt: skip


def _demanded(head: Head, source: Source | None, named: list[str | None]) -> tuple[str, ...]:
    """The workflows that deploy, as said; without them a run of tests would be a deployment."""
    if all(name is None for name in named):
        raise ReadError(
            "these runs do not say which workflow they belong to",
            file=head.name,
            fix="export them with `gh run list --limit 1000 --json databaseId,workflowName,"
            "conclusion,status,createdAt,startedAt,updatedAt,headSha,event,attempt,url`",
        )
    if source is None or not source.workflow:
        raise ReadError(
            "a run of tests is no deployment, and nothing says which of these workflows deploy: "
            + json_text.counted(named),
            file=head.name,
            fix=f'add workflow = "NAME" to a [[file]] with match = {head.name!r} in sources.toml',
        )
    return source.workflow


def _workflow(run: dict[str, Any]) -> str | None:
    """Name of the workflow; a REST answer calls it ``name``."""
    return json_text.text(run.get("workflowname") or run.get("name"))


def _file_of(run: dict[str, Any]) -> str | None:
    """File of the workflow: ``deploy.yml`` of ``.github/workflows/deploy.yml@main``."""
    path = json_text.text(run.get("path"))
    return path.split("@")[0].rsplit("/", 1)[-1] if path else None


def _is_wanted(run: dict[str, Any], wanted: Sequence[str]) -> bool:
    return any(json_text.matches(name, wanted) for name in (_workflow(run), _file_of(run)))


def _row(run: dict[str, Any], source: Source | None, wanted: Sequence[str]) -> Row:
    row = {
        "deployment_id": json_text.text(run.get("databaseid", run.get("id"))),
        "service": json_text.said_service(source) or _repository(run),
        "started_at": json_text.text(
            run.get("startedat") or run.get("runstartedat") or run.get("createdat")
        ),
        "finished_at": json_text.text(run.get("updatedat")),
        "commit_sha": json_text.text(run.get("headsha")),
    }
    if not _is_wanted(run, wanted):
        reason = "not a run of the workflows named in sources.toml; to keep it, add its workflow"
        return row | json_text.left_out(reason, value=_workflow(run), column="workflow")
    return row | _ending(run) | json_text.chosen(run, source)


def _ending(run: dict[str, Any]) -> Row:
    """A conclusion counts; without one the run has not come to its end."""
    word = run.get("conclusion") or run.get("status")
    return json_text.outcome(word, outcomes=_OUTCOMES, unfinished=_UNFINISHED, nothing=_NOTHING)


def _repository(run: dict[str, Any]) -> str | None:
    name = json_text.text(json_text.inner(run, "repository").get("name"))
    if name:
        return name
    for key in ("htmlurl", "url"):
        address = json_text.text(run.get(key)) or ""
        place = re.search(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/actions/runs/", address)
        if place:
            return place.group(1)
    return None


def _notes(
    runs: list[dict[str, Any]], pages: list[dict[str, Any]], wanted: Sequence[str]
) -> list[str]:
    notes = _truncated(runs, pages)
    kept = [run for run in runs if _is_wanted(run, wanted)]
    names = [name for run in runs for name in (_workflow(run), _file_of(run))]
    unused = [p for p in wanted if not any(json_text.matches(name, [p]) for name in names)]
    if unused:
        notes.append(
            f"No run of the workflow {', '.join(map(repr, unused))}; "
            f"workflows seen: {json_text.counted(map(_workflow, runs))}."
        )
    if kept:
        notes.append(
            "A run has no time of completion: finished_at is the time it was last updated."
        )
    again = sum(_attempt(run) > 1 for run in kept)
    if again:
        notes.append(
            f"{again:,} of {len(kept):,} runs were run again: only the last attempt is in the "
            "export, so failures before it are missing and the fail rate is too low."
        )
    asked = sum(str(run.get("event")).startswith("pull_request") for run in kept)
    if asked:
        notes.append(
            f"{asked:,} of {len(kept):,} runs were started by a pull request: such runs seldom "
            "reach production; name a narrower workflow if these do not."
        )
    return notes


def _truncated(runs: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    totals = [page["totalcount"] for page in pages if isinstance(page.get("totalcount"), int)]
    if totals and max(totals) > len(runs):
        return [
            f"GitHub counts {max(totals):,} runs, this file holds {len(runs):,}: the rest is cut "
            "off; export with --paginate."
        ]
    if not pages and len(runs) == GH_LIMIT:
        return [
            f"Exactly {GH_LIMIT} runs, as many as `gh run list` prints when not told otherwise: "
            "truncated? Export with --limit 1000."
        ]
    if len(runs) in _PAGES and not totals:
        return [
            f"Exactly {len(runs):,} runs, the most of one page or search: truncated? Export with "
            "--paginate, or shorter periods with --created."
        ]
    return []


def _attempt(run: dict[str, Any]) -> int:
    number = run.get("runattempt", run.get("attempt"))
    return number if isinstance(number, int) else 1
