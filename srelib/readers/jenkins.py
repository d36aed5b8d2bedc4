"""Jenkins builds of jobs that deploy, from ``JOB/api/json``.

``timestamp`` is the start, in milliseconds; the end is that plus ``duration``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "jenkins"
TABLES = ("deployments",)

BUILDS_LIMIT = 100
"""Builds that ``builds`` gives at most; ``allBuilds`` gives all."""

_TREE = "number,result,timestamp,duration,url,fullDisplayName,actions[lastBuiltRevision[SHA1]]"
_ASK = f"ask for JOB/api/json?tree=allBuilds[{_TREE}]"
_OUTCOMES = {
    "success": "succeeded", "unstable": "succeeded", "failure": "failed", "aborted": "cancelled",
}  # fmt: skip
_NOT_BUILT = "the stage was not built: nothing was deployed"
_NOTHING = {"not_built": _NOT_BUILT, "not_build": _NOT_BUILT}  # old exports misspell it


def recognise(head: Head) -> bool:
    """Whether the file holds Jenkins builds."""
    places = ("", "builds", "allbuilds")
    full = json_text.holds(head, "number", "result", "timestamp", under=places)
    bare = json_text.holds(head, "number", "url", under=("builds", "allbuilds"))
    return full or bare


def read(head: Head, source: Source | None) -> Result:
    """Builds, one row each."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, pages = json_text.members(records, "allbuilds", "builds")
    builds = json_text.listed(found)
    if builds and not any("timestamp" in build for build in builds):
        raise ReadError("the builds hold neither result nor time", file=head.name, fix=_ASK)
    job = _job_of(pages)
    rows, numbers = json_text.rows(
        found, lambda build: [_row(build, source, job)], kind="a build", sign="number"
    )
    if not rows:
        raise ReadError("no build in this file", file=head.name, fix=_ASK)
    return json_text.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=_notes(builds, pages),
    )  # fmt: skip


def _row(build: dict[str, Any], source: Source | None, job: str | None) -> Row:
    name = _name(build) or job
    number = json_text.text(build.get("number"))
    return {
        "deployment_id": f"{name} #{number}" if name else number,
        "service": json_text.said_service(source) or name,
        "started_at": json_text.text(build.get("timestamp")),
        "commit_sha": _commit(build),
        **_ending(build),
        **json_text.chosen(build, source),
    }


def _ending(build: dict[str, Any]) -> Row:
    if build.get("result") is None or build.get("building") is True:
        return json_text.refused(json_text.UNFINISHED, value=build.get("result"), column="status")
    told = json_text.outcome(build["result"], outcomes=_OUTCOMES, nothing=_NOTHING)
    start, length = _whole(build.get("timestamp")), _whole(build.get("duration"))
    if "status" not in told or start is None:
        return told
    if length is None or length < 0:
        reason = "the duration is no number of milliseconds"
        return json_text.refused(reason, value=build.get("duration"), column="duration")
    return told | {"finished_at": str(start + length)}


def _whole(value: Any) -> int | None:
    """Milliseconds; a number beyond a thousand years is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e14:
        return None
    return int(value)


def _commit(build: dict[str, Any]) -> str | None:
    for action in json_text.listed(build.get("actions")):
        commit = json_text.text(json_text.inner(action, "lastbuiltrevision").get("sha1"))
        if commit:
            return commit
    return None


def _name(build: dict[str, Any]) -> str | None:
    """Name of the job: from the address of the build, else from its display name."""
    parts = re.findall(r"/job/([^/]+)", json_text.text(build.get("url")) or "")
    if parts:
        return "/".join(unquote(part) for part in parts)
    shown = json_text.text(build.get("fulldisplayname")) or ""
    stem = re.sub(r"\s*#\d+.*$", "", shown).replace(" » ", "/").strip()
    return stem or None


def _job_of(pages: Sequence[dict[str, Any]]) -> str | None:
    """Name of the job around the builds, where the file is about one job."""
    names = {json_text.text(page.get("fullname") or page.get("name")) for page in pages}
    return names.pop() if len(names) == 1 else None


def _notes(builds: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    notes = []
    if any(
        isinstance(page.get("builds"), list) and len(page["builds"]) == BUILDS_LIMIT
        for page in pages
    ):
        notes.append(
            f"Exactly {BUILDS_LIMIT} builds, the most `builds` gives: truncated? "
            "Ask for allBuilds instead."
        )
    words = [str(build.get("result")).lower() for build in builds]
    if words.count("unstable"):
        notes.append(
            f"{words.count('unstable'):,} of {len(words):,} builds are UNSTABLE: they ran to their "
            "end, so they count as succeeded."
        )
    if words.count("aborted"):
        notes.append(
            f"{words.count('aborted'):,} of {len(words):,} builds were aborted by somebody: "
            "cancelled, not failed."
        )
    return notes
