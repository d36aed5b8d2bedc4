"""What code hosts export: deployments, releases and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import record_tables
from srelib.readers.base import UNSAID, Family, FileResult, Head, file_text
from srelib.readers.json_text import (
    Row,
    StatusWords,
    as_moment,
    as_text,
    holds,
    json_pages,
    json_records,
    keyed,
    mapped_columns,
    name_in,
    nested,
    objects_in,
    record_result,
    refused_row,
    rows_of_records,
)

if TYPE_CHECKING:
    from srelib.readers.source import Source


_GITHUB_OUTCOMES = {
    "SUCCESS": "succeeded",
    "ACTIVE": "succeeded",
    "FAILURE": "failed",
    "ERROR": "failed",
}
_GITHUB_UNFINISHED = ("IN_PROGRESS", "QUEUED", "PENDING", "WAITING", "REQUESTED")
_FETCH = "fetch them with `gh api repos/OWNER/REPO/deployments/ID/statuses`"
_NO_STATUS = f"no status says how and when it ended; {_FETCH}"
_INACTIVE = (
    "INACTIVE without a SUCCESS status: a newer deployment replaced it, but whether and when it "
    f"succeeded is not known; if statuses are missing, {_FETCH}"
)
_GITHUB_PAGES = (30, 100)  # page sizes of the API, by default and at most


def _is_github(head: Head) -> bool:
    """Whether the file holds GitHub deployments."""
    return (
        holds(head, "environment", "sha", "statusesurl")
        or holds(head, "environment", "sha", "statuses")
        or holds(head, "environment", "commitoid")
    )


def _read_github(head: Head, source: Source) -> FileResult:
    """Deployments to production, one row each."""
    found = _github_deployments(json_records(file_text(head), file=head.name))
    if not found:
        raise ReadError(
            "no deployment in this file",
            file=head.name,
            fix="export them with `gh api repos/OWNER/REPO/deployments --paginate`",
        )
    rows = [_github_row(record, source) for record in found]
    lines = range(1, len(rows) + 1)
    return record_result(head, rows, lines, "deployments", source, notes=_github_notes(found))


def _github_deployments(records: list[Any]) -> list[dict[str, Any]]:
    """The deployments, each with every status that stands in it or elsewhere in the file."""
    apart: dict[str, list[Any]] = {}
    found = []
    for node in _github_nodes(records):
        if "deploymenturl" in node and "sha" not in node:
            number = str(node["deploymenturl"]).rstrip("/").rsplit("/", 1)[-1]
            apart.setdefault(number, []).append(node)
        else:
            found.append(node)
    return [
        {**node, "statuses": _github_statuses(node) + apart.get(str(node.get("id")), [])}
        for node in found
    ]


def _github_nodes(records: list[Any]) -> Iterator[dict[str, Any]]:
    """Deployments and statuses, however deep a GraphQL answer holds them, with plain keys."""
    waiting: list[tuple[Any, Any]] = [(records, None)]
    while waiting:
        value, repository = waiting.pop()
        if isinstance(value, list):
            waiting.extend((member, repository) for member in reversed(value))
        elif isinstance(value, dict):
            node = keyed(value)
            if node.keys() & {"environment", "deploymenturl", "commitoid"}:
                yield {"repository": repository, **node}
            else:
                inner = node if "deployments" in node else repository
                waiting.extend((member, inner) for member in reversed(list(node.values())))


def _github_statuses(node: dict[str, Any]) -> list[dict[str, Any]]:
    given = node.get("statuses")
    given = keyed(given).get("nodes") if isinstance(given, dict) else given
    if not isinstance(given, list) or not given:
        given = [node.get("lateststatus")]
    return [keyed(status) for status in given if isinstance(status, dict)]


def _github_row(record: dict[str, Any], source: Source) -> dict[str, Any]:
    status, finished, fault, seen = _github_ending(record)
    return {
        "deployment_id": as_text(record.get("databaseid", record.get("id"))),
        "service": source.service or _github_repository(record),
        "environment": as_text(record.get("environment")),
        "started_at": as_text(record.get("createdat")),
        "finished_at": finished,
        "status": status,
        "commit_sha": as_text(record.get("sha", record.get("commitoid"))),
        "is_production": record.get("productionenvironment") is True,
        "fault": fault,
        "fault_column": "status",
        "fault_value": seen,
        **mapped_columns(record, source),
    }


def _github_ending(
    record: dict[str, Any],
) -> tuple[str | None, str | None, str | None, str | None]:
    """How it ended and when; or why that is not known, and the states seen."""
    timed = [
        (_github_order(status), _github_state(status), status) for status in record["statuses"]
    ]
    timed.sort(key=lambda entry: entry[0])
    final = [(state, status) for _, state, status in timed if state in _GITHUB_OUTCOMES]
    if final:
        state, status = final[-1]
        return _GITHUB_OUTCOMES[state], _github_time(status), None, None
    if timed:
        seen = ", ".join(state for _, state, _ in timed)
        return None, None, _github_fault(timed[-1][1]), seen
    own = _github_state(record)
    if own in _GITHUB_OUTCOMES:
        return (
            _GITHUB_OUTCOMES[own],
            as_text(record.get("updatedat") or record.get("createdat")),
            None,
            None,
        )
    return None, None, _github_fault(own), own or None


def _github_fault(state: str) -> str:
    if state in _GITHUB_UNFINISHED:
        return record_tables.UNFINISHED
    return _INACTIVE if state == "INACTIVE" else _NO_STATUS


def _github_repository(record: dict[str, Any]) -> str | None:
    name = nested(record, "repository").get("name")
    addresses = map(record.get, ("repositoryurl", "statusesurl", "url"))
    return as_text(name) if name else name_in(addresses, r"/repos/[^/]+/([^/]+)")


def _github_notes(found: list[dict[str, Any]]) -> list[str]:
    notes = []
    if len(found) in _GITHUB_PAGES:
        notes.append(
            f"Exactly {len(found)} deployments, the size of one page: "
            "there may be more; export with --paginate."
        )
    guessed = sum(
        not record["statuses"] and _github_state(record) in _GITHUB_OUTCOMES for record in found
    )
    if guessed:
        notes.append(
            f"{guessed:,} deployments bring no statuses: they are taken to have finished when they "
            "were last updated, which is late for those replaced since."
        )
    return notes


def _github_state(record: dict[str, Any]) -> str:
    return (as_text(record.get("state") or record.get("status")) or "").upper()


def _github_time(status: dict[str, Any]) -> str | None:
    return as_text(status.get("createdat") or status.get("updatedat"))


def _github_order(status: dict[str, Any]) -> datetime:
    return as_moment(_github_time(status)) or datetime.min.replace(tzinfo=UTC)


_GITLAB_PAGES = (20, 100)  # page sizes of the API, by default and at most
_GITLAB_STATUSES = StatusWords(
    {"success": "succeeded", "failed": "failed", "canceled": "cancelled", "cancelled": "cancelled"},
    unfinished=("created", "running", "blocked", "pending", "waiting_for_resource", "preparing"),
    nothing={
        "skipped": "the deployment was skipped: nothing was deployed",
        "manual": "the job waits for somebody to start it: nothing was deployed",
    },
)


def _is_gitlab(head: Head) -> bool:
    """Whether the file holds GitLab deployments."""
    return holds(head, "iid", "sha", "environment", under=("",)) or holds(
        head, "deployable", "environment", under=("",)
    )


def _read_gitlab(head: Head, source: Source) -> FileResult:
    """Deployments to production, one row each."""
    found, _ = json_pages(head)
    rows, numbers = rows_of_records(
        found, _gitlab_row, source, kind="a deployment", sign="environment"
    )
    notes = [*_of_one_project(rows), *_gitlab_notes(objects_in(found), len(found))]
    return record_result(head, rows, numbers, "deployments", source, notes=notes)


def _gitlab_row(record: dict[str, Any], source: Source) -> Row:
    job, place = nested(record, "deployable"), nested(record, "environment")
    return {
        "deployment_id": as_text(record.get("id", record.get("iid"))),
        "service": source.service or _gitlab_project(record, job),
        "environment": as_text(place.get("name", record.get("environment"))),
        "is_production": place.get("tier") == "production",
        "started_at": as_text(job.get("startedat") or record.get("createdat")),
        "finished_at": as_text(job.get("finishedat") or record.get("updatedat")),
        "commit_sha": as_text(record.get("sha")),
        **_gitlab_ending(record, job),
        **mapped_columns(record, source),
    }


def _gitlab_ending(record: dict[str, Any], job: dict[str, Any]) -> Row:
    return _GITLAB_STATUSES.row(record.get("status") or job.get("status"))


def _gitlab_project(record: dict[str, Any], job: dict[str, Any]) -> str | None:
    """Last part of the project's path, from the address of anything that belongs to it."""
    owners = (job, nested(job, "commit"), nested(job, "pipeline"), record)
    form = r"^https?://[^/]+/(?:[^/]+/)*?([^/]+)(?:/-)?/(?:jobs|pipelines|commit|builds)/"
    return name_in((owner.get("weburl") for owner in owners), form)


def _of_one_project(rows: Sequence[Row]) -> list[str]:
    """Give deployments without a job the project of the others, where there is only one."""
    named = {row["service"] for row in rows if row.get("service")}
    lacking = [row for row in rows if "deployment_id" in row and not row.get("service")]
    if len(named) != 1 or not lacking:
        return []
    (only,) = named
    for row in lacking:
        row["service"] = only
    return [
        f"{len(lacking):,} deployments name no project: taken as {only!r}, the only one in the "
        "file."
    ]


def _gitlab_notes(records: list[dict[str, Any]], count: int) -> list[str]:
    notes = []
    if count in _GITLAB_PAGES:
        notes.append(
            f"Exactly {count} deployments, the size of one page: truncated? "
            "Export all pages: `glab api projects/ID/deployments --paginate`."
        )
    ended = [r for r in records if _gitlab_ending(r, nested(r, "deployable")).get("status")]
    unsure = sum(not nested(r, "deployable").get("finishedat") for r in ended)
    if unsure:
        notes.append(
            f"{unsure:,} of {len(ended):,} deployments tell no end of a job: they are taken to "
            "have finished when they were last updated, which can be late."
        )
    return notes


_BITBUCKET_STATUSES = StatusWords(
    {
        "successful": "succeeded", "completed": "succeeded", "failed": "failed",
        "stopped": "cancelled", "expired": "cancelled",
    },
    unfinished=("in_progress", "pending", "paused"),
    nothing={"undeployed": "the environment waits for this deployment: nothing was deployed yet"},
)  # fmt: skip


def _is_bitbucket(head: Head) -> bool:
    """Whether the file holds Bitbucket deployments."""
    return holds(head, "uuid", "environment", "state", under=("", "values"))


def _read_bitbucket(head: Head, source: Source) -> FileResult:
    """Deployments to production, one row each."""
    found, pages = json_pages(head, "values")
    rows, numbers = rows_of_records(
        found, _bitbucket_row, source, kind="a deployment", sign="environment"
    )
    return record_result(
        head, rows, numbers, "deployments", source, notes=_bitbucket_notes(objects_in(found), pages)
    )


def _bitbucket_row(record: dict[str, Any], source: Source) -> Row:
    place, state = nested(record, "environment"), nested(record, "state")
    kind = nested(place, "environmenttype").get("name")
    return {
        "deployment_id": as_text(record.get("uuid")),
        "service": source.service or _bitbucket_repository(record),
        "environment": as_text(place.get("name") or place.get("uuid")),
        "is_production": str(kind).lower() == "production",
        "started_at": as_text(state.get("startedon") or state.get("startdate")),
        "finished_at": as_text(_bitbucket_end(state) or record.get("lastupdatetime")),
        "commit_sha": as_text(nested(record, "release", "commit").get("hash")),
        **_BITBUCKET_STATUSES.row(_bitbucket_word(state)),
        **mapped_columns(record, source),
    }


def _bitbucket_end(state: dict[str, Any]) -> Any:
    """Older answers say ``completed_on``, newer ones ``completion_date``."""
    return state.get("completedon") or state.get("completiondate")


def _bitbucket_word(state: dict[str, Any]) -> Any:
    """``COMPLETED`` only says that it is over; how it ended is one level deeper."""
    return nested(state, "status").get("name") or state.get("name")


def _bitbucket_repository(record: dict[str, Any]) -> str | None:
    """From the address of the result, or of the commit."""
    links = nested(record, "release", "commit", "links").values()
    addresses = [nested(record, "state").get("url")]
    addresses += [link.get("href") if isinstance(link, dict) else link for link in links]
    return name_in(addresses, r"(?:/repositories|//bitbucket\.org)/[^/]+/([^/]+)/")


def _bitbucket_notes(records: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    notes = []
    if pages and all(page.get("next") for page in pages):
        notes.append(
            f"The last page names a next one: {len(records):,} deployments are not all; "
            "export every page."
        )
    states = [nested(record, "state") for record in records]
    vague = sum(str(_bitbucket_word(state)).lower() == "completed" for state in states)
    if vague:
        notes.append(
            f"{vague:,} of {len(records):,} deployments are completed and do not say how: "
            "they are taken as succeeded."
        )
    return notes


GH_LIMIT = 30
"""Releases that ``gh release list`` prints when no ``--limit`` is given; a page of the API too."""

_FULL_PAGES = (GH_LIMIT, 100)
_DRAFT = "a draft: it was not published, so it reached nobody"


def _is_github_releases(head: Head) -> bool:
    """Whether the file holds releases, from REST or from ``gh release list --json``."""
    return holds(head, "tagname", "publishedat", under=("",))


def _read_github_releases(head: Head, source: Source) -> FileResult:
    """One successful deployment per release."""
    found, _ = json_pages(head)
    rows, numbers = rows_of_records(
        found, _github_releases_row, source, kind="a release", sign="tagname"
    )
    if rows and not any(row.get("service") for row in rows):
        raise ReadError(
            "a list of releases does not say which service they release",
            file=head.name,
            fix=f'add service = "..." to a [[file]] with match = {head.name!r} in sources.toml',
        )
    return record_result(
        head, rows, numbers, "deployments", source, notes=_github_releases_notes(len(found))
    )


def _github_releases_row(release: dict[str, Any], source: Source) -> Row:
    early = _flag(release, "prerelease")
    target = as_text(release.get("targetcommitish")) or ""
    row = {
        "deployment_id": as_text(release.get("tagname")),
        "service": source.service or _release_repository(release),
        "environment": "prerelease" if early else "production",
        "finished_at": as_text(release.get("publishedat")),
        "status": "succeeded",
        "commit_sha": target if re.fullmatch(r"[0-9a-f]{40,64}", target) else None,
    } | mapped_columns(release, source)
    if _flag(release, "draft"):
        return row | refused_row(_DRAFT, value=row["deployment_id"])
    return row


def _flag(release: dict[str, Any], what: str) -> bool:
    return release.get(what, release.get(f"is{what}")) is True


def _release_repository(release: dict[str, Any]) -> str | None:
    addresses = map(release.get, ("htmlurl", "url"))
    return name_in(addresses, r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/releases/")


def _github_releases_notes(count: int) -> list[str]:
    if count not in _FULL_PAGES:
        return []
    return [
        f"Exactly {count} releases, as many as GitHub gives when not told otherwise: truncated? "
        "Export with `gh release list --limit 1000`, or with --paginate."
    ]


_TAG_LINE = re.compile(
    r"(?:refs/tags/)?(?P<deployment_id>\S.*?)[,\t ]"
    r"(?P<finished_at>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))[,\t ]"
    r"(?P<object>[0-9a-f]{7,64})(?:[,\t ](?P<peeled>[0-9a-f]{7,64})?)?\s*"
)  # the tag's name comes first and may itself hold a comma


def _is_gittags(head: Head) -> bool:
    """Whether the file is a list of tags."""
    lines = head.text.splitlines()
    return head.kind == "csv" and bool(lines) and _TAG_LINE.fullmatch(lines[0]) is not None


def _read_gittags(head: Head, source: Source) -> FileResult:
    """One successful production deployment per tag."""
    if source.service is None:
        raise ReadError(
            "a list of tags does not say which service they release",
            file=head.name,
            fix='add service = "..." for this file to sources.toml',
        )
    rows = _tag_rows(file_text(head), head.name)
    rows["service"] = source.service
    return record_tables.read_rows(
        rows, "deployments", head=head, source=UNSAID, lines=rows["line"], notes=_tag_notes(rows)
    )


def _tag_rows(text: str, file: str) -> pd.DataFrame:
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    matches = [_TAG_LINE.fullmatch(line) for _, line in numbered]
    fields = ("deployment_id", "finished_at", "object", "peeled")
    rows = pd.DataFrame(
        [match.groupdict() if match else {} for match in matches], columns=list(fields), dtype="str"
    )
    faulty = pd.Series([match is None for match in matches])
    return record_tables.with_times(
        rows.assign(
            line=[n for n, _ in numbered],
            commit_sha=rows["peeled"].where(rows["peeled"].notna(), rows["object"]),
            environment="production",
            status="succeeded",
            fault=pd.Series("not a line of tag,time,object,commit", rows.index).where(faulty),
            fault_column=None,
            fault_value=[line for _, line in numbered],
        ),
        ["finished_at"],
        file=file,
    )


def _tag_notes(rows: pd.DataFrame) -> list[str]:
    light = int((rows["peeled"].isna() & rows["object"].notna()).sum())
    if not light:
        return []
    return [
        f"{light:,} of {len(rows):,} tags are lightweight: their time is that of the commit, "
        "often earlier than the release."
    ]


GITHUB = Family("github", _is_github, _read_github, ("deployments",))
GITLAB = Family("gitlab", _is_gitlab, _read_gitlab, ("deployments",))
BITBUCKET = Family("bitbucket", _is_bitbucket, _read_bitbucket, ("deployments",))
GITHUB_RELEASES = Family(
    "github_releases", _is_github_releases, _read_github_releases, ("deployments",)
)
GITTAGS = Family("gittags", _is_gittags, _read_gittags, ("deployments",))
