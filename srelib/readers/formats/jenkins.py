"""Jenkins builds."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from srelib.readers.declaration import Note, Outcomes, Record, first, has, refused
from srelib.readers.engine import FileContext, Format
from srelib.readers.record_tables import UNFINISHED, Row

BUILDS_LIMIT = 100
"""Builds that ``builds`` gives at most; ``allBuilds`` gives all."""

_TREE = "number,result,timestamp,duration,url,fullDisplayName,actions[lastBuiltRevision[SHA1]]"
_ASK = f"ask for JOB/api/json?tree=allBuilds[{_TREE}]"
_NOT_BUILT = "the stage was not built: nothing was deployed"


def _of_job(found: list[Any], pages: list[Record]) -> list[Any]:
    """The builds, each with the name of the job around it, where the file is about one job."""
    names = {first(page, ("fullname", "name")) for page in pages}
    name = names.pop() if len(names) == 1 else None
    return [one | {"job": name} if name and isinstance(one, dict) else one for one in found]


def _job(build: Record) -> str | None:
    """Name of the job: from the address of the build, its display name, or the job around it."""
    parts = re.findall(r"/job/([^/]+)", first(build, "url") or "")
    if parts:
        return "/".join(unquote(part) for part in parts)
    shown = first(build, "fulldisplayname") or ""
    return re.sub(r"\s*#\d+.*$", "", shown).replace(" » ", "/").strip() or first(build, "job")


def _id(build: Record) -> str | None:
    name, number = _job(build), first(build, "number")
    return f"{name} #{number}" if name else number


def _ending(build: Record, row: Row, _: Any) -> Row | None:
    """It ends its duration after its start [ms]."""
    if build.get("result") is None or build.get("building") is True:
        return refused(UNFINISHED, value=build.get("result"), column="status")
    start, length = _milliseconds(build.get("timestamp")), _milliseconds(build.get("duration"))
    if "fault" in row or "left_out" in row or start is None or row.get("finished_at"):
        return None
    if length is None or length < 0:
        reason = "the duration is no number of milliseconds"
        return refused(reason, value=build.get("duration"), column="duration")
    return {"finished_at": str(start + length)}


def _milliseconds(value: Any) -> int | None:
    """Milliseconds; a number beyond a thousand years is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e14:
        return None
    return int(value)


def _full(context: FileContext) -> list[str]:
    pages = [page.get("builds") for page in context.pages]
    if not any(isinstance(page, list) and len(page) == BUILDS_LIMIT for page in pages):
        return []
    return [
        f"Exactly {BUILDS_LIMIT} builds, the most `builds` gives: truncated? "
        "Ask for allBuilds instead."
    ]


JENKINS = Format(
    "jenkins", "deployments", "a build",
    signs=(
        has("number", "result", "timestamp", under=("", "builds", "allbuilds")),
        has("number", "url", under=("builds", "allbuilds")),
    ),
    wrappers=("allbuilds", "builds"),
    prepare=_of_job,
    sign="number",
    empty=("no build in this file", _ASK),
    demands=("timestamp", "the builds hold neither result nor time", _ASK),
    columns={
        "deployment_id": _id, "service": _job, "started_at": "timestamp",
        "commit_sha": "actions.lastbuiltrevision.sha1",
        "url": "url",
    },
    word="result",
    statuses=Outcomes(
        {"success": "succeeded", "unstable": "succeeded", "failure": "failed",
         "aborted": "cancelled"},
        nothing={"not_built": _NOT_BUILT, "not_build": _NOT_BUILT},  # old exports misspell it
    ),
    rules=(_ending,),
    remarks=_full,
    notes=(
        Note("{n} of {of} builds are UNSTABLE: they ran to their end, so they count as succeeded.",
             lambda build: str(build.get("result")).lower() == "unstable"),
        Note("{n} of {of} builds were aborted by somebody: cancelled, not failed.",
             lambda build: str(build.get("result")).lower() == "aborted"),
    ),
)  # fmt: skip
