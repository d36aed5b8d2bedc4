"""Runs of GitHub Actions, from REST or from ``gh run list --json``."""

from __future__ import annotations

from srelib.readers.declaration import (
    Choice,
    Note,
    Outcomes,
    Paging,
    Record,
    first,
    has,
    in_address,
)
from srelib.readers.engine import Format

_NAME = ("workflowname", "name")  # a REST answer calls it name
_OTHER = "not a run of the workflows named in sources.toml; to keep it, add its workflow"


def _file(run: Record) -> list[str]:
    """File of the workflow: ``deploy.yml`` of ``.github/workflows/deploy.yml@main``."""
    path = first(run, "path")
    return [path.split("@")[0].rsplit("/", 1)[-1]] if path else []


def _names(run: Record) -> list[str] | None:
    name = first(run, _NAME)
    return None if name is None else [name]


def _attempt(run: Record) -> int:
    number = run.get("runattempt", run.get("attempt"))
    return number if isinstance(number, int) else 1


GITHUB_RUNS = Format(
    "github_runs", "deployments", "a run",
    signs=(
        has("workflowruns"),
        *(has("headsha", "conclusion", name, under=("", "workflowruns"))
          for name in ("workflowname", "workflowid", "runnumber", "runattempt", "event")),
    ),
    wrappers=("workflowruns",),
    sign="headsha",
    empty=("no workflow run in this file",
           "export them with `gh api repos/OWNER/REPO/actions/runs --paginate`"),
    columns={
        "deployment_id": ("databaseid", "id"),
        "service": ("repository.name", in_address(
            r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/actions/runs/", "htmlurl", "url")),
        "started_at": ("startedat", "runstartedat", "createdat"),
        "finished_at": "updatedat",
        "commit_sha": "headsha",
        "url": ("htmlurl", "url"),
    },
    choice=Choice(
        "workflow", "workflow", _names, _OTHER, "of the workflow",
        aliases=_file,
        column="workflow",
        ask="a run of tests is no deployment, and nothing says which of these workflows deploy",
        lacking=(
            "these runs do not say which workflow they belong to",
            "export them with `gh run list --limit 1000 --json databaseId,workflowName,"
            "conclusion,status,createdAt,startedAt,updatedAt,headSha,event,attempt,url`",
        ),
    ),
    word=("conclusion", "status"),  # no conclusion: not at its end
    statuses=Outcomes(
        {"success": "succeeded", "failure": "failed", "timed_out": "failed",
         "startup_failure": "failed", "cancelled": "cancelled"},
        unfinished=("queued", "in_progress", "pending", "waiting", "requested", "action_required"),
        nothing={
            "skipped": "the run was skipped: nothing was deployed",
            "stale": "GitHub gave the run up as stale: nothing says that it deployed",
            "neutral": "the run ended neutral: nothing says that it deployed",
        },
    ),
    paging=Paging((20, 30, 100, 1000), "export with `gh run list --limit 1000`, --paginate, or "
                  "shorter periods with --created", total="totalcount"),
    notes=(
        Note("A run has no time of completion: finished_at is the time it was last updated.",
             lambda run: True),
        Note("{n} of {of} runs were run again: only the last attempt is in the export, so "
             "failures before it are missing and the fail rate is too low.",
             lambda run: _attempt(run) > 1),
        Note("{n} of {of} runs were started by a pull request: such runs seldom reach production; "
             "name a narrower workflow if these do not.",
             lambda run: str(run.get("event")).startswith("pull_request")),
    ),
)  # fmt: skip
