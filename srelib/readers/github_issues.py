"""GitHub issues labelled as incidents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "github_issues"
TABLES = ("incidents", "exclusions")

INCIDENT = r"(?i)(.*\W)?(incident|outage)s?(\W.*)?"
"""Labels that make an issue an incident when nothing is said; matched against the whole label."""

GH_LIMIT = 30
"""Issues that ``gh issue list`` prints when no ``--limit`` is given; a page of the API too."""

_FULL = (GH_LIMIT, 100)
_SEVERITY = re.compile(r"(?i)(?:sev(?:erity)?|prio(?:rity)?|impact)\W*\w+|p[0-5]|s[0-5]")
_EXPORT = "`gh issue list --state all --limit 1000 --json number,title,labels,state,stateReason,"
_EXPORT += "createdAt,closedAt,url`"


def recognise(head: Head) -> bool:
    """Whether the file holds GitHub issues, from REST or from ``gh issue list --json``."""
    return json_text.holds(head, "number", "createdat", "closedat", under=("",))


def read(head: Head, source: Source | None) -> Result:
    """Issues that carry the label of an incident, one row each."""
    found = json_text.records(json_text.content(head), file=head.name)
    issues = json_text.listed(found)
    if not any("labels" in issue for issue in issues):
        raise ReadError(
            "these issues bring no labels, so nothing says which of them are incidents",
            file=head.name, fix=f"export them with {_EXPORT}",
        )  # fmt: skip
    wanted = source.label if source is not None and source.label else (INCIDENT,)
    rows, numbers = json_text.rows(
        found, lambda issue: [_row(issue, source, wanted)], kind="an issue", sign="createdat"
    )
    return json_text.result(
        head, rows, numbers, table="incidents",
        times=("started_at", "detected_at", "resolved_at"), source=source,
        notes=_notes(issues, rows, wanted),
    )  # fmt: skip


def _row(issue: dict[str, Any], source: Source | None, wanted: Sequence[str]) -> Row:
    labels = _labels(issue)
    created = json_text.text(issue.get("createdat"))
    row = {
        "incident_id": json_text.text(issue.get("number")),
        "service": json_text.said_service(source) or _repository(issue),
        "severity": next((name for name in labels if _SEVERITY.fullmatch(name)), None),
        "started_at": created,
        "detected_at": created,
        "resolved_at": json_text.text(issue.get("closedat")),
        "title": json_text.text(issue.get("title")),
    } | json_text.chosen(issue, source)
    if issue.get("pullrequest") or issue.get("ispullrequest") is True:
        return row | json_text.left_out("a pull request, no issue", value=row["incident_id"])
    if not any(json_text.matches(name, wanted) for name in labels):
        reason = "no label of an incident; to keep it, set label = ... in sources.toml"
        seen = ", ".join(labels) or None
        return row | json_text.left_out(reason, value=seen, column="labels")
    why = str(issue.get("statereason") or "").lower()
    if why in ("not_planned", "duplicate"):
        reason = f"closed as {why.replace('_', ' ')}: no incident of its own"
        return row | json_text.left_out(reason, value=why, column="state_reason")
    return row


def _labels(issue: dict[str, Any]) -> list[str]:
    given = issue.get("labels")
    names = [
        json_text.text(label.get("name") if isinstance(label, dict) else label)
        for label in (given if isinstance(given, list) else [])
    ]
    return [name for name in names if name]


def _repository(issue: dict[str, Any]) -> str | None:
    for key in ("htmlurl", "url", "repositoryurl"):
        address = json_text.text(issue.get(key)) or ""
        place = re.search(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)(?:/issues/|/pull/|$)", address)
        if place:
            return place.group(1)
    return None


def _notes(issues: list[dict[str, Any]], rows: list[Row], wanted: Sequence[str]) -> list[str]:
    notes = []
    if len(issues) in _FULL:
        notes.append(
            f"Exactly {len(issues)} issues, as many as GitHub gives when not told otherwise: "
            f"truncated? Export with {_EXPORT}."
        )
    marked = [one for one in issues if any(json_text.matches(n, wanted) for n in _labels(one))]
    if not marked:
        seen = json_text.counted(name for issue in issues for name in _labels(issue))
        notes.append(f"No issue carries the label of an incident; labels seen: {seen or 'none'}.")
    return notes
