"""GitLab: deployments, and pipelines of the ref that deploys."""

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format

_PROJECT = r"^https?://[^/]+/(?:[^/]+/)*?([^/]+)(?:/-)?/(?:jobs|pipelines|commit|builds)/"
"""Where addresses of GitLab name the project."""

_ENDS = {
    "success": "succeeded", "failed": "failed", "canceled": "cancelled", "cancelled": "cancelled"
}  # fmt: skip
_WORD = ("status", "deployable.status")


def _of_one_project(context: FileContext) -> list[str]:
    """Give deployments without a job the project of the others, where there is only one."""
    named = {row["service"] for row in context.rows if row.get("service")}
    lacking = [row for row in context.rows if "deployment_id" in row and not row.get("service")]
    if len(named) != 1 or not lacking:
        return []
    (only,) = named
    for row in lacking:
        row["service"] = only
    return [
        f"{len(lacking):,} deployments name no project: taken as {only!r}, the only one in the "
        "file."
    ]


GITLAB = Format(
    "gitlab", "deployments", "a deployment",
    signs=(say.has("iid", "sha", "environment"), say.has("deployable", "environment")),
    sign="environment",
    columns={
        "deployment_id": ("id", "iid"),
        "service": say.in_text(_PROJECT, "deployable.weburl", "deployable.commit.weburl",
                               "deployable.pipeline.weburl", "weburl"),
        "environment": ("environment.name", "environment"),
        "started_at": ("deployable.startedat", "createdat"),
        "finished_at": ("deployable.finishedat", "updatedat"),
        "commit_sha": "sha",
        "url": ("deployable.weburl", "weburl"),
    },
    production={"environment.tier": "production"},
    word=_WORD,
    statuses=say.Outcomes(
        _ENDS,
        nothing={
            "skipped": "the deployment was skipped: nothing was deployed",
            "manual": "the job waits for somebody to start it: nothing was deployed",
        },
    ),
    paging=say.Paging((20, 100), "export all pages: `glab api projects/ID/deployments --paginate`"),
    remarks=_of_one_project,
    notes=(
        say.Note("{n} of {of} deployments tell no end of a job: they are taken to have finished "
                 "when they were last updated, which can be late.",
                 {"deployable.finishedat": ""}, among={_WORD: "|".join(_ENDS)}),
    ),
)  # fmt: skip

GITLAB_PIPELINES = Format(
    "gitlab_pipelines", "deployments", "a pipeline",
    signs=(
        say.has("sha", "ref", "status", "createdat", "updatedat", without=(
            "environment", "deployable", "stage", "pipeline", "mergedat", "headsha")),
    ),
    sign="ref",
    columns={
        "deployment_id": "id",
        "service": say.in_text(_PROJECT, "weburl"),
        "started_at": ("startedat", "createdat"),
        "finished_at": ("finishedat", "updatedat"),
        "commit_sha": "sha",
        "url": "weburl",
    },
    choice=say.Choice(
        "where", "ref", "ref", "not a pipeline of a ref that deploys", ("ref",), "of the ref",
        ask="most pipelines are no deployments, and nothing says which of these refs deploy",
        one_is_clear=True,
    ),
    statuses=say.Outcomes(
        _ENDS,
        nothing={
            "skipped": "the pipeline was skipped: nothing was deployed",
            "manual": "the pipeline waits for somebody to start a job: nothing says it deployed",
        },
    ),
    asks="these pipelines do not say which project they belong to",
    paging=say.Paging((20, 100), "export all pages: `glab api projects/ID/pipelines --paginate`"),
    notes=(
        say.Note("Every pipeline of the chosen ref counts as a deployment, also where it only "
                 "tests."),
        say.Note("{n} of {of} pipelines tell no end: they are taken to have finished when they "
                 "were last updated, which can be late.", {"finishedat": ""}),
    ),
)  # fmt: skip
