"""Jenkins builds."""

import re
from urllib.parse import unquote

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.record_tables import UNFINISHED

_TREE = "number,result,timestamp,duration,url,fullDisplayName,actions[lastBuiltRevision[SHA1]]"
_ASK = f"ask for JOB/api/json?tree=allBuilds[{_TREE}]"
_NOT_BUILT = "the stage was not built: nothing was deployed"


def _job(build: say.Record) -> str | None:
    """Name of the job: from the address of the build, its display name, or the job around it."""
    parts = re.findall(r"/job/([^/]+)", say.first(build, "url") or "")
    if parts:
        return "/".join(unquote(part) for part in parts)
    shown = say.first(build, "fulldisplayname") or ""
    return re.sub(r"\s*#\d+.*$", "", shown).replace(" » ", "/").strip() or say.first(build, "job")


def _id(build: say.Record) -> str | None:
    name, number = _job(build), say.first(build, "number")
    return f"{name} #{number}" if name and number else number


JENKINS = Format(
    "jenkins", "deployments", "a build",
    signs=(
        say.has("number", "result", "timestamp"),
        say.has("number", "url", under=("builds", "allbuilds")),
    ),
    wrappers=("allbuilds", "builds"),
    carried={"job": ("fullname", "name")},
    sign="timestamp",
    empty=("there are no builds, or the builds hold neither result nor time", _ASK),
    columns={
        "deployment_id": _id, "service": _job, "started_at": "timestamp",
        "finished_at": say.after("timestamp", "duration", unit=1e-3),
        "commit_sha": "actions.lastbuiltrevision.sha1",
        "url": "url",
    },
    word="result",
    statuses=say.Outcomes(
        {"success": "succeeded", "unstable": "succeeded", "failure": "failed",
         "aborted": "cancelled"},
        nothing={"not_built": _NOT_BUILT, "not_build": _NOT_BUILT},  # old exports misspell it
    ),
    rules=(
        say.Drop("the duration is no number of milliseconds: export it again",
                 {"timestamp": r"\d+"}, "duration", "duration", refuses=True,
                 lacking="finished_at"),
        say.Drop(UNFINISHED, {"result": ""}, "result", "status", refuses=True),
        say.Drop(UNFINISHED, {"building": "true"}, "result", "status", refuses=True),
    ),
    paging=say.Paging((100,), "ask for allBuilds instead", per="builds"),
    notes=(
        say.Note("{n} of {of} builds are UNSTABLE: they ran to their end, so they count as "
                 "succeeded.", {"result": "unstable"}),
        say.Note("{n} of {of} builds were aborted by somebody: cancelled, not failed.",
                 {"result": "aborted"}),
    ),
)  # fmt: skip
