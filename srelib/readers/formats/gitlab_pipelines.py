"""GitLab pipelines: those of the ref that deploys are deployments."""

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
from srelib.readers.formats.gitlab import PROJECT

_OTHERS = ("environment", "deployable", "stage", "pipeline", "mergedat", "headsha")


def _refs(pipeline: Record) -> list[str] | None:
    ref = first(pipeline, "ref")
    return None if ref is None else [ref]


GITLAB_PIPELINES = Format(
    "gitlab_pipelines", "deployments", "a pipeline",
    signs=(has("sha", "ref", "status", "createdat", "updatedat", without=_OTHERS),),
    sign="ref",
    columns={
        "deployment_id": "id",
        "service": in_address(PROJECT, "weburl"),
        "started_at": ("startedat", "createdat"),
        "finished_at": ("finishedat", "updatedat"),
        "commit_sha": "sha",
        "url": "weburl",
    },
    choice=Choice(
        "where", "ref", _refs, "not a pipeline of a ref that deploys", "of the ref",
        column="ref",
        columns=("ref",),
        ask="most pipelines are no deployments, and nothing says which of these refs deploy",
        one_is_clear=True,
    ),
    statuses=Outcomes(
        {"success": "succeeded", "failed": "failed", "canceled": "cancelled",
         "cancelled": "cancelled"},
        unfinished=("created", "waiting_for_resource", "preparing", "pending", "running",
                    "scheduled", "canceling"),
        nothing={
            "skipped": "the pipeline was skipped: nothing was deployed",
            "manual": "the pipeline waits for somebody to start a job: nothing says it deployed",
        },
    ),
    asks="these pipelines do not say which project they belong to",
    paging=Paging((20, 100), "export all pages: `glab api projects/ID/pipelines --paginate`"),
    notes=(
        Note("Every pipeline of the chosen ref counts as a deployment, also where it only tests.",
             lambda one: True),
        Note("{n} of {of} pipelines tell no end: they are taken to have finished when they were "
             "last updated, which can be late.", lambda one: not one.get("finishedat")),
    ),
)  # fmt: skip
