"""Azure DevOps builds: an array of ``az pipelines build list``, or ``{count, value}`` of REST."""

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

_OTHER = "not a build of the definitions named in sources.toml; to keep it, add its workflow"


def _definitions(build: Record) -> list[str] | None:
    name = first(build, "definition.name")
    return None if name is None else [name]


AZURE_DEVOPS = Format(
    "azure_devops", "deployments", "a build",
    signs=(
        has("buildnumber", "definition", under=("", "value")),
        has("queuetime", "definition", "result", under=("", "value")),
    ),
    wrappers=("value",),
    sign="definition",
    columns={
        "deployment_id": "id",
        "service": ("repository.name", in_address(r"/_git/([^/?]+)", "repository.url")),
        "started_at": ("starttime", "queuetime"),
        "finished_at": "finishtime",
        "commit_sha": "sourceversion",
        "url": "links.web.href",
    },
    choice=Choice(
        "workflow", "definition", _definitions, _OTHER, "of the definition",
        column="definition",
        ask="most builds are no deployments, and nothing says which of these definitions deploy",
        one_is_clear=True,
        lacking=("these builds do not say which definition they belong to",
                 "export them with `az pipelines build list --output json`"),
    ),
    word=("result", "status"),  # no result: not at its end
    statuses=Outcomes(
        {"succeeded": "succeeded", "partiallysucceeded": "succeeded", "failed": "failed",
         "canceled": "cancelled", "cancelled": "cancelled"},
        unfinished=("inprogress", "notstarted", "cancelling", "postponed", "none", "completed"),
    ),
    asks="these builds do not name a repository, so nothing says which service they deploy",
    paging=Paging((1000,), "export with --top, or shorter periods"),
    notes=(
        Note("{n} of {of} builds are partiallySucceeded and count as succeeded; to change that, "
             'say values.status = {{ partiallySucceeded = "failed" }} in sources.toml.',
             lambda one: str(one.get("result")).lower() == "partiallysucceeded"),
        Note("{n} of {of} builds were started by a pull request: such builds seldom reach "
             "production.", lambda one: str(one.get("reason")).lower() == "pullrequest"),
    ),
)  # fmt: skip
