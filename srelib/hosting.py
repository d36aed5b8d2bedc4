"""Deployments, merged changes and issues of a repository on GitHub or GitLab, as its API says them.

Each kind is one file, a list of the API's own objects. What an earlier run left in it is not asked
for again where it cannot have changed, so that a run that failed goes on where it was.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd

from srelib import web
from srelib.errors import InputError

Record = dict[str, Any]
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_PAGE, _OFTEN = 100, 20
_ENDED = {"success", "failure", "error", "inactive"}
_VERSION = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


@dataclass(frozen=True)
class Hosting:
    """A hosting service, and where it keeps the token of its users."""

    api: str
    token: str
    headers: dict[str, str]
    kinds: Callable[[str, str, str | None], dict[str, str]]


def github(repository: str, since: str, workflow: str | None) -> dict[str, str]:
    """Which address gives each kind, by the name of its file."""
    top = f"/repos/{repository}"
    asked = {
        "github-pulls": f"{top}/pulls?state=closed&sort=updated&direction=desc",
        "github-issues": f"{top}/issues?state=all&{urlencode({'since': since})}",
    }
    if workflow:
        runs = f"{top}/actions/workflows/{quote(workflow, safe='')}/runs"
        return {"github-runs": f"{runs}?{urlencode({'created': f'>={since}'})}", **asked}
    return {"github-deployments": f"{top}/deployments?", **asked}


def gitlab(project: str, since: str, workflow: str | None) -> dict[str, str]:
    """Which address gives each kind, by the name of its file."""
    top, after = f"/projects/{quote(project, safe='')}", urlencode({"updated_after": since})
    merged = f"{top}/merge_requests?state=merged&{after}"
    deployed = f"{top}/deployments?order_by=updated_at&sort=desc&{after}"
    return {"gitlab-deployments": deployed, "gitlab-merge-requests": merged}


HOSTINGS = {
    "github": Hosting("https://api.github.com", "GITHUB_TOKEN", _VERSION, github),
    "gitlab": Hosting("https://gitlab.com/api/v4", "GITLAB_TOKEN", {}, gitlab),
}


def collect(
    hosting: str,
    repository: str,
    *,
    since: pd.Timestamp,
    out: Path,
    workflow: str | None = None,
    api: str | None = None,
    progress: Callable[[str, int], None] = lambda name, records: None,
) -> list[Path]:
    """Write what a repository has had deployed, merged and reported.

    Parameters
    ----------
    hosting : str, "github" or "gitlab"
    repository : str, such as ``OWNER/NAME``
    since : Timestamp, what ended before is left out
    out : Path, folder of exports
    workflow : str, optional, of GitHub: the file of the workflow whose runs are the deployments,
        instead of GitHub's deployments
    api : str, optional, address of the API of a server of one's own
    progress : callable, ``progress(file, records so far)`` after each page

    Returns
    -------
    list of Path
        The files; none of a kind of which there is nothing.

    Raises
    ------
    InputError
        The server cannot be reached or refuses; files that are whole stay.
    """
    where = HOSTINGS[hosting]
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)+", repository):
        raise InputError(f"{repository!r} is no repository", fix="write it as OWNER/NAME")
    out.mkdir(parents=True, exist_ok=True)
    top, files = (api or where.api).rstrip("/"), []
    for name, path in where.kinds(repository, since.isoformat(), workflow).items():
        file, records = out / f"{name}.json", []
        known = _known(file) | _known(_part(file))
        for page in _pages(f"{top}{path}&per_page={_PAGE}", where, name):
            fresh = [one for one in page if _is_since(one, since) and "pull_request" not in one]
            records += fresh
            if name == "github-deployments":
                _add_statuses(fresh, known, where, file)
            progress(file.name, len(records))
            if page and not any(_is_since(one, since) for one in page):
                break
        _part(file).unlink(missing_ok=True)
        if records:
            _save(file, records)
            files.append(file)
    return files


def _pages(url: str, where: Hosting, about: str) -> Iterator[list[Record]]:
    """The pages of a list, each after the one that names it."""
    start = re.match(r"https?://[^/]+", url)
    while url:
        content, headers = web.answer(url, about=about, token=where.token, check=_records,
                                      headers=where.headers)  # fmt: skip
        yield _records(content)
        following = _NEXT.search(headers.get("Link", ""))
        url = following[1] if following else ""
        if url and start and not url.startswith(f"{start[0]}/"):
            raise InputError(f"the next page of {about} is on another server", fix="check the API")


def _records(content: bytes) -> list[Record]:
    """The objects of a page; ValueError where it holds none."""
    found = json.loads(content)
    found = found.get("workflow_runs") if isinstance(found, dict) else found
    if not isinstance(found, list):
        raise ValueError("the answer is no list")
    return [one for one in found if isinstance(one, dict)]


def _is_since(record: Record, since: pd.Timestamp) -> bool:
    changed = record.get("updated_at") or record.get("created_at")
    return changed is None or pd.Timestamp(changed) >= since


def _add_statuses(
    deployments: list[Record], known: dict[Any, Record], where: Hosting, file: Path
) -> None:
    """Give each deployment its statuses; those that ended before keep what is known of them."""
    for one in deployments:
        before = known.get(one.get("id"), {})
        if before.get("updated_at") == one.get("updated_at") and _has_ended(before):
            one["statuses"] = before["statuses"]
            continue
        url = f"{one['statuses_url']}?per_page={_PAGE}"
        one["statuses"] = [status for page in _pages(url, where, "statuses") for status in page]
        known[one.get("id")] = one
        if len(known) % _OFTEN == 0:
            _save(_part(file), list(known.values()))


def _has_ended(deployment: Record) -> bool:
    return any(status.get("state") in _ENDED for status in deployment.get("statuses", ()))


def _known(file: Path) -> dict[Any, Record]:
    """What an earlier run left, by its number."""
    try:
        return {one.get("id"): one for one in json.loads(file.read_bytes())}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _part(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")


def _save(file: Path, records: list[Record]) -> None:
    """The file, whole or as it was."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(records, indent=1, ensure_ascii=False), "utf-8")
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(f"{file.name} cannot be written ({error.strerror})",
                         fix="make room, and run it again: it goes on here") from error  # fmt: skip
