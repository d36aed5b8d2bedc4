"""GitHub deployments with their statuses, from REST or GraphQL.

A deployment says when it was *created*; only its statuses say when it reached its users.
Superseded deployments turn ``INACTIVE`` at the time of the *next* deployment,
so neither ``updated_at`` nor the last status is the time a deployment finished.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import base, events, json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import keyed, text

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "github"
TABLES = ("deployments",)

_OUTCOME = {"SUCCESS": "succeeded", "ACTIVE": "succeeded", "FAILURE": "failed", "ERROR": "failed"}
_UNFINISHED = ("IN_PROGRESS", "QUEUED", "PENDING", "WAITING", "REQUESTED")
_FETCH = "fetch them with `gh api repos/OWNER/REPO/deployments/ID/statuses`"
_NO_STATUS = f"no status says how and when it ended; {_FETCH}"
_INACTIVE = (
    "INACTIVE without a SUCCESS status: a newer deployment replaced it, but whether and when it "
    f"succeeded is not known; if statuses are missing, {_FETCH}"
)
_PAGES = (30, 100)  # page sizes of the API, by default and at most


def recognise(head: Head) -> bool:
    """Whether the file holds GitHub deployments."""
    return (
        json_text.holds(head, "environment", "sha", "statusesurl")
        or json_text.holds(head, "environment", "sha", "statuses")
        or json_text.holds(head, "environment", "commitoid")
    )


def read(head: Head, source: Source | None) -> Result:
    """Deployments to production, one row each."""
    found = _deployments(json_text.records(json_text.content(head), file=head.name))
    if not found:
        raise ReadError(
            "no deployment in this file",
            file=head.name,
            fix="export them with `gh api repos/OWNER/REPO/deployments --paginate`",
        )
    rows = pd.DataFrame([_row(record, source) for record in found])
    zone = None if source is None else source.timezone
    rows = base.with_times(rows, ("started_at", "finished_at"), file=head.name, timezone=zone)
    if "planned" in rows and source is not None:
        rows = base.with_planned(rows, column=source.columns["planned"])
    built = events.build(
        rows,
        "deployments",
        file=head.name,
        lines=range(1, len(rows) + 1),
        environment=() if source is None else source.environment,
        services={} if source is None else source.services,
    )
    return Result(
        tables=built.tables,
        event_lines=built.lines,
        rows_read=len(rows),
        rows_kept=built.kept,
        rejects=built.rejects,
        notes=(*built.notes, *_notes(found)),
    )


def _deployments(records: list[Any]) -> list[dict[str, Any]]:
    """The deployments, each with every status that stands in it or elsewhere in the file."""
    apart: dict[str, list[Any]] = {}
    found = []
    for node in _nodes(records):
        if "deploymenturl" in node and "sha" not in node:
            number = str(node["deploymenturl"]).rstrip("/").rsplit("/", 1)[-1]
            apart.setdefault(number, []).append(node)
        else:
            found.append(node)
    return [
        {**node, "statuses": _statuses(node) + apart.get(str(node.get("id")), [])} for node in found
    ]


def _nodes(records: list[Any]) -> Iterator[dict[str, Any]]:
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


def _statuses(node: dict[str, Any]) -> list[dict[str, Any]]:
    given = node.get("statuses")
    given = keyed(given).get("nodes") if isinstance(given, dict) else given
    if not isinstance(given, list) or not given:
        given = [node.get("lateststatus")]
    return [keyed(status) for status in given if isinstance(status, dict)]


def _row(record: dict[str, Any], source: Source | None) -> dict[str, Any]:
    status, finished, fault, seen = _ending(record)
    row = {
        "deployment_id": text(record.get("databaseid", record.get("id"))),
        "service": _service(record, source),
        "environment": text(record.get("environment")),
        "started_at": text(record.get("createdat")),
        "finished_at": finished,
        "status": status,
        "commit_sha": text(record.get("sha", record.get("commitoid"))),
        "is_production": record.get("productionenvironment") is True,
        "fault": fault,
        "fault_column": "status",
        "fault_value": seen,
    }
    chosen = {} if source is None else source.columns
    return row | {name: text(json_text.at(record, path)) for name, path in chosen.items()}


def _ending(
    record: dict[str, Any],
) -> tuple[str | None, str | None, str | None, str | None]:
    """How it ended and when; or why that is not known, and the states seen."""
    timed = [(_order(status), _state(status), status) for status in record["statuses"]]
    timed.sort(key=lambda entry: entry[0])
    final = [(state, status) for _, state, status in timed if state in _OUTCOME]
    if final:
        state, status = final[-1]
        return _OUTCOME[state], _when(status), None, None
    if timed:
        seen = ", ".join(state for _, state, _ in timed)
        return None, None, _why(timed[-1][1]), seen
    own = _state(record)
    if own in _OUTCOME:
        return _OUTCOME[own], text(record.get("updatedat") or record.get("createdat")), None, None
    return None, None, _why(own), own or None


def _why(state: str) -> str:
    if state in _UNFINISHED:
        return "not finished when this was exported; export again later"
    return _INACTIVE if state == "INACTIVE" else _NO_STATUS


def _service(record: dict[str, Any], source: Source | None) -> str | None:
    """The service said in `sources.toml`, else the name of the repository."""
    if source is not None and source.service is not None:
        return source.service
    repository = record.get("repository")
    if isinstance(repository, dict) and keyed(repository).get("name"):
        return text(keyed(repository)["name"])
    for key in ("repositoryurl", "statusesurl", "url"):
        place = re.search(r"/repos/[^/]+/([^/]+)", str(record.get(key, "")))
        if place:
            return place.group(1)
    return None


def _notes(found: list[dict[str, Any]]) -> list[str]:
    notes = []
    if len(found) in _PAGES:
        notes.append(
            f"Exactly {len(found)} deployments, the size of one page: "
            "there may be more; export with --paginate."
        )
    guessed = sum(not record["statuses"] and _state(record) in _OUTCOME for record in found)
    if guessed:
        notes.append(
            f"{guessed:,} deployments bring no statuses: they are taken to have finished when they "
            "were last updated, which is late for those replaced since."
        )
    return notes


def _state(record: dict[str, Any]) -> str:
    return (text(record.get("state") or record.get("status")) or "").upper()


def _when(status: dict[str, Any]) -> str | None:
    return text(status.get("createdat") or status.get("updatedat"))


def _order(status: dict[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(_when(status) or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
