"""Bitbucket deployments."""

from __future__ import annotations

from srelib.readers.declaration import Note, Outcomes, Paging, Record, first, has, in_address
from srelib.readers.engine import Format

_WORD = ("state.status.name", "state.name")  # the name of the state only says that it is over


def _is_production(one: Record) -> bool:
    return str(first(one, "environment.environmenttype.name")).lower() == "production"


BITBUCKET = Format(
    "bitbucket", "deployments", "a deployment",
    signs=(has("uuid", "environment", "state", under=("", "values")),),
    wrappers=("values",),
    sign="environment",
    columns={
        "deployment_id": "uuid",
        "service": in_address(r"(?:/repositories|//bitbucket\.org)/[^/]+/([^/]+)/", "state.url",
                              "release.commit.links.self.href", "release.commit.links.html.href"),
        "environment": ("environment.name", "environment.uuid"),
        "started_at": ("state.startedon", "state.startdate"),
        "finished_at": ("state.completedon", "state.completiondate", "lastupdatetime"),
        "commit_sha": "release.commit.hash",
        "url": "state.url",
    },
    production=_is_production,
    word=_WORD,
    statuses=Outcomes(
        {"successful": "succeeded", "completed": "succeeded", "failed": "failed",
         "stopped": "cancelled", "expired": "cancelled"},
        unfinished=("in_progress", "pending", "paused"),
        nothing={"undeployed": "the environment waits for this deployment: nothing was deployed "
                               "yet"},
    ),
    paging=Paging(more="next"),
    notes=(
        Note("{n} of {of} deployments are completed and do not say how: they are taken as "
             "succeeded.", lambda one: str(first(one, _WORD)).lower() == "completed"),
    ),
)  # fmt: skip
