"""GitHub issues with the label of an incident, from REST or from ``gh issue list --json``."""

from __future__ import annotations

import re
from typing import Any

from srelib.readers.declaration import Choice, Paging, Record, first, has, in_address, left_out
from srelib.readers.engine import Format
from srelib.readers.json_text import as_text
from srelib.readers.record_tables import Row

INCIDENT = r"(?i)(.*\W)?(incident|outage)s?(\W.*)?"
"""Names that make a record an incident when nothing is said; matched against the whole name."""

PULL_REQUEST_KEYS = ("mergedat", "mergecommit", "mergecommitsha", "headrefname", "pullrequestid")
"""Keys of which an issue has none."""

_SEVERITY = re.compile(r"(?i)(?:sev(?:erity)?|prio(?:rity)?|impact)\W*\w+|p[0-5]|s[0-5]")
_EXPORT = (
    "export them with `gh issue list --state all --limit 1000 --json number,title,labels,state,"
    "stateReason,createdAt,closedAt,url`"
)


def _labels(issue: Record) -> list[str] | None:
    given = issue.get("labels")
    if not isinstance(given, list):
        return [] if "labels" in issue else None
    names = [as_text(label.get("name") if isinstance(label, dict) else label) for label in given]
    return [name for name in names if name]


def _severity(issue: Record) -> str | None:
    return next((name for name in _labels(issue) or () if _SEVERITY.fullmatch(name)), None)


def _no_incident(issue: Record, row: Row, _: Any) -> Row | None:
    """Pull requests, and what was closed for another reason than being solved."""
    addresses = (first(issue, key) or "" for key in ("htmlurl", "url"))
    flagged = issue.get("pullrequest") or issue.get("ispullrequest") is True
    if flagged or any(re.search(r"/pulls?/\d+$", address) for address in addresses):
        return left_out("a pull request, no issue", value=row["incident_id"])
    why = str(issue.get("statereason") or "").lower()
    if why in ("not_planned", "duplicate"):
        reason = f"closed as {why.replace('_', ' ')}: no incident of its own"
        return left_out(reason, value=why, column="state_reason")
    return None


GITHUB_ISSUES = Format(
    "github_issues", "incidents", "an issue",
    signs=(has("number", "createdat", "closedat", without=PULL_REQUEST_KEYS),),
    sign="createdat",
    columns={
        "incident_id": "number",
        "service": in_address(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)(?:/issues/|/pull/|$)",
                              "htmlurl", "url", "repositoryurl"),
        "severity": _severity,
        "started_at": "createdat",
        "detected_at": "createdat",
        "resolved_at": "closedat",
        "title": "title",
        "url": ("htmlurl", "url"),
    },
    choice=Choice(
        "label", "label", _labels,
        "no label of an incident; to keep it, set label = ... in sources.toml",
        "carries the label",
        default=(INCIDENT,),
        default_name="of an incident",
        column="labels",
        lacking=("these issues bring no labels, so nothing says which of them are incidents",
                 _EXPORT),
    ),
    rules=(_no_incident,),
    paging=Paging((30, 100), _EXPORT),
)  # fmt: skip
