"""Bitbucket deployments."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format

_WORD = ("state.status.name", "state.name")  # the name of the state only says that it is over

BITBUCKET = Format(
    "bitbucket", "deployments", "a deployment",
    signs=(say.has("uuid", "environment", "state"),),
    wrappers=("values",),
    sign="environment",
    columns={
        "deployment_id": "uuid",
        "service": say.in_text(
            r"(?:/repositories|//bitbucket\.org)/[^/]+/([^/]+)/", "state.url",
            "release.commit.links.self.href", "release.commit.links.html.href"),
        "environment": ("environment.name", "environment.uuid"),
        "started_at": ("state.startedon", "state.startdate"),
        "finished_at": ("state.completedon", "state.completiondate", "lastupdatetime"),
        "commit_sha": "release.commit.hash",
        "url": "state.url",
    },
    production={"environment.environmenttype.name": "production"},
    word=_WORD,
    statuses=say.Outcomes(
        {"successful": "succeeded", "completed": "succeeded", "failed": "failed",
         "stopped": "cancelled", "expired": "cancelled"},
        nothing={"undeployed": "the environment waits for this deployment: nothing was deployed "
                               "yet"},
    ),
    paging=say.Paging(more="next"),
    notes=(
        say.Note("{n} of {of} deployments are completed and do not say how: they are taken as "
                 "succeeded.", {_WORD: "completed"}),
    ),
)  # fmt: skip
