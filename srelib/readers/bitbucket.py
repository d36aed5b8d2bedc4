"""Bitbucket deployments, from ``/repositories/WORKSPACE/REPO/deployments``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from srelib.readers import jsonkeys, jsonrows, jsontext
from srelib.readers.base import Head, Result
from srelib.readers.jsonrows import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "bitbucket"
TABLES = ("deployments",)

_OUTCOMES = {
    "successful": "succeeded", "completed": "succeeded", "failed": "failed",
    "stopped": "cancelled", "expired": "cancelled",
}  # fmt: skip
_UNFINISHED = ("in_progress", "pending", "paused")
_NOTHING = {"undeployed": "the environment waits for this deployment: nothing was deployed yet"}


def recognise(head: Head) -> bool:
    """Whether the file holds Bitbucket deployments."""
    return jsonkeys.holds(head, "uuid", "environment", "state", under=("", "values"))


def read(head: Head, source: Source | None) -> Result:
    """Deployments to production, one row each."""
    records = jsontext.records(jsontext.content(head), file=head.name)
    found, pages = jsonkeys.members(records, "values")
    rows, numbers = jsonrows.rows(
        found, lambda record: [_row(record, source)], kind="a deployment", sign="environment"
    )
    return jsonrows.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=_notes(jsonkeys.listed(found), pages),
    )  # fmt: skip


def _row(record: dict[str, Any], source: Source | None) -> Row:
    place, state = jsonkeys.inner(record, "environment"), jsonkeys.inner(record, "state")
    kind = jsonkeys.inner(place, "environmenttype").get("name")
    return {
        "deployment_id": jsonkeys.text(record.get("uuid")),
        "service": jsonrows.said_service(source) or _repository(record),
        "environment": jsonkeys.text(place.get("name") or place.get("uuid")),
        "is_production": str(kind).lower() == "production",
        "started_at": jsonkeys.text(state.get("startedon") or state.get("startdate")),
        "finished_at": jsonkeys.text(_ended(state) or record.get("lastupdatetime")),
        "commit_sha": jsonkeys.text(jsonkeys.inner(record, "release", "commit").get("hash")),
        **jsonrows.outcome(
            _word(state), outcomes=_OUTCOMES, unfinished=_UNFINISHED, nothing=_NOTHING
        ),
        **jsonrows.chosen(record, source),
    }


def _ended(state: dict[str, Any]) -> Any:
    """Older answers say ``completed_on``, newer ones ``completion_date``."""
    return state.get("completedon") or state.get("completiondate")


def _word(state: dict[str, Any]) -> Any:
    """``COMPLETED`` only says that it is over; how it ended is one level deeper."""
    return jsonkeys.inner(state, "status").get("name") or state.get("name")


def _repository(record: dict[str, Any]) -> str | None:
    """From the address of the result, or of the commit."""
    links = jsonkeys.inner(record, "release", "commit", "links").values()
    addresses = [jsonkeys.inner(record, "state").get("url")]
    addresses += [link.get("href") if isinstance(link, dict) else link for link in links]
    for address in addresses:
        place = re.search(r"(?:/repositories|//bitbucket\.org)/[^/]+/([^/]+)/", str(address))
        if place:
            return place.group(1)
    return None


def _notes(records: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    notes = []
    if pages and all(page.get("next") for page in pages):
        notes.append(
            f"The last page names a next one: {len(records):,} deployments are not all; "
            "export every page."
        )
    states = [jsonkeys.inner(record, "state") for record in records]
    vague = sum(str(_word(state)).lower() == "completed" for state in states)
    if vague:
        notes.append(
            f"{vague:,} of {len(records):,} deployments are completed and do not say how: "
            "they are taken as succeeded."
        )
    return notes
