"""Bitbucket deployments, from ``/repositories/WORKSPACE/REPO/deployments``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

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
    return json_text.holds(head, "uuid", "environment", "state", under=("", "values"))


def read(head: Head, source: Source | None) -> Result:
    """Deployments to production, one row each."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, pages = json_text.members(records, "values")
    rows, numbers = json_text.rows(
        found, lambda record: [_row(record, source)], kind="a deployment", sign="environment"
    )
    return json_text.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=_notes(json_text.listed(found), pages),
    )  # fmt: skip


def _row(record: dict[str, Any], source: Source | None) -> Row:
    place, state = json_text.inner(record, "environment"), json_text.inner(record, "state")
    kind = json_text.inner(place, "environmenttype").get("name")
    return {
        "deployment_id": json_text.text(record.get("uuid")),
        "service": json_text.said_service(source) or _repository(record),
        "environment": json_text.text(place.get("name") or place.get("uuid")),
        "is_production": str(kind).lower() == "production",
        "started_at": json_text.text(state.get("startedon") or state.get("startdate")),
        "finished_at": json_text.text(_ended(state) or record.get("lastupdatetime")),
        "commit_sha": json_text.text(json_text.inner(record, "release", "commit").get("hash")),
        **json_text.outcome(
            _word(state), outcomes=_OUTCOMES, unfinished=_UNFINISHED, nothing=_NOTHING
        ),
        **json_text.chosen(record, source),
    }


def _ended(state: dict[str, Any]) -> Any:
    """Older answers say ``completed_on``, newer ones ``completion_date``."""
    return state.get("completedon") or state.get("completiondate")


def _word(state: dict[str, Any]) -> Any:
    """``COMPLETED`` only says that it is over; how it ended is one level deeper."""
    return json_text.inner(state, "status").get("name") or state.get("name")


def _repository(record: dict[str, Any]) -> str | None:
    """From the address of the result, or of the commit."""
    links = json_text.inner(record, "release", "commit", "links").values()
    addresses = [json_text.inner(record, "state").get("url")]
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
    states = [json_text.inner(record, "state") for record in records]
    vague = sum(str(_word(state)).lower() == "completed" for state in states)
    if vague:
        notes.append(
            f"{vague:,} of {len(records):,} deployments are completed and do not say how: "
            "they are taken as succeeded."
        )
    return notes
