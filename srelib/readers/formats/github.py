"""GitHub deployments, from REST or GraphQL, each with its statuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from srelib.readers.declaration import Note, Paging, Record, first, has, in_address
from srelib.readers.engine import Format
from srelib.readers.json_text import as_moment, as_text, keyed
from srelib.readers.record_tables import UNFINISHED, Row

_OUTCOMES = {"SUCCESS": "succeeded", "ACTIVE": "succeeded", "FAILURE": "failed", "ERROR": "failed"}
_UNFINISHED = ("IN_PROGRESS", "QUEUED", "PENDING", "WAITING", "REQUESTED")
_FETCH = "fetch them with `gh api repos/OWNER/REPO/deployments/ID/statuses`"
_NO_STATUS = f"no status says how and when it ended; {_FETCH}"
_INACTIVE = (
    "INACTIVE without a SUCCESS status: a newer deployment replaced it, but whether and when it "
    f"succeeded is not known; if statuses are missing, {_FETCH}"
)


def _with_statuses(found: list[Any], _: list[Record]) -> list[Any]:
    """The deployments, each with every status that stands in it or elsewhere in the file."""
    apart: dict[str, list[Any]] = {}
    deployments = []
    for node in _nodes(found):
        if "deploymenturl" in node and "sha" not in node:
            number = str(node["deploymenturl"]).rstrip("/").rsplit("/", 1)[-1]
            apart.setdefault(number, []).append(node)
        else:
            deployments.append(node)
    return [
        {**node, "statuses": _statuses(node) + apart.get(str(node.get("id")), [])}
        for node in deployments
    ]


def _nodes(records: list[Any]) -> Iterator[Record]:
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


def _statuses(node: Record) -> list[Record]:
    given = node.get("statuses")
    given = keyed(given).get("nodes") if isinstance(given, dict) else given
    if not isinstance(given, list) or not given:
        given = [node.get("lateststatus")]
    return [keyed(status) for status in given if isinstance(status, dict)]


def _state(status: Record) -> str:
    return (as_text(status.get("state") or status.get("status")) or "").upper()


def _order(status: Record) -> datetime:
    at = as_moment(first(status, ("createdat", "updatedat")))
    return at or datetime.min.replace(tzinfo=UTC)


def _ending(record: Record, row: Row, _: Any) -> Row:
    """How it ended and when; or why that is not known, and the states seen."""
    timed = sorted(record["statuses"], key=_order)
    final = [status for status in timed if _state(status) in _OUTCOMES]
    own = _state(record)
    if final:
        outcome, finished = _OUTCOMES[_state(final[-1])], ("createdat", "updatedat")
        found = {"status": outcome, "finished_at": first(final[-1], finished)}
    elif not timed and own in _OUTCOMES:
        finished = ("updatedat", "createdat")
        found = {"status": _OUTCOMES[own], "finished_at": first(record, finished)}
    else:
        last = _state(timed[-1]) if timed else own
        fault = UNFINISHED if last in _UNFINISHED else _NO_STATUS
        seen = ", ".join(map(_state, timed)) or own or None
        found = {
            "fault": _INACTIVE if last == "INACTIVE" else fault,
            "fault_column": "status",
            "fault_value": seen,
        }
    return {name: value for name, value in found.items() if row.get(name) is None}


GITHUB = Format(
    "github", "deployments", "a deployment",
    signs=(
        has("environment", "sha", "statusesurl", under=None),
        has("environment", "sha", "statuses", under=None),
        has("environment", "commitoid", under=None),
    ),
    prepare=_with_statuses,
    empty=("no deployment in this file",
           "export them with `gh api repos/OWNER/REPO/deployments --paginate`"),
    columns={
        "deployment_id": ("databaseid", "id"),
        "service": ("repository.name", in_address(
            r"/repos/[^/]+/([^/]+)", "repositoryurl", "statusesurl", "url")),
        "environment": "environment",
        "started_at": "createdat",
        "commit_sha": ("sha", "commitoid"),
    },
    production=lambda one: one.get("productionenvironment") is True,
    rules=(_ending,),
    paging=Paging((30, 100), "export with --paginate"),
    notes=(
        Note("{n} deployments bring no statuses: they are taken to have finished when they were "
             "last updated, which is late for those replaced since.",
             lambda one: not one["statuses"] and _state(one) in _OUTCOMES),
    ),
)  # fmt: skip
