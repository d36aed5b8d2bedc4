"""Argo CD applications: their history of syncs, and the current operation.

The history keeps only syncs that succeeded, and only the last few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from srelib.errors import ReadError
from srelib.readers import json_text
from srelib.readers.base import Head, Result
from srelib.readers.json_text import Row

if TYPE_CHECKING:
    from srelib.readers.source import Source

FORMAT = "argocd"
TABLES = ("deployments",)

HISTORY_LIMIT = 10
"""Syncs an application keeps unless its ``revisionHistoryLimit`` says otherwise."""

_BROKEN = {"failed": "failed", "error": "failed"}
_UNFINISHED = ("running", "terminating")
_SUCCESSES_ONLY = (
    "Argo CD keeps only syncs that succeeded: a fail rate from its history is always 0 and says "
    "nothing; export failures from where they are recorded."
)


def recognise(head: Head) -> bool:
    """Whether the file holds Argo CD applications."""
    if json_text.holds(head, "deployedat", under=("status.history", "items.status.history")):
        return True
    return any(
        json_text.holds(head, *keys, under=("status", "items.status"))
        for keys in (("operationstate", "sync"), ("history", "sync"), ("sync", "health"))
    )


def read(head: Head, source: Source | None) -> Result:
    """Syncs, one row each, and the current operation where it failed."""
    records = json_text.records(json_text.content(head), file=head.name)
    found, _ = json_text.members(records, "items")
    rows, numbers = json_text.rows(
        found, lambda app: _rows(app, source), kind="an application", sign="status"
    )
    if not rows:
        raise ReadError(
            "no application in this file was ever synced",
            file=head.name,
            fix="export the applications with `kubectl get applications -A -o json`",
        )
    apps = [app for app in json_text.listed(found) if "status" in app]
    return json_text.result(
        head, rows, numbers, table="deployments", times=("started_at", "finished_at"),
        source=source, notes=_notes(apps, source),
    )  # fmt: skip


def _rows(app: dict[str, Any], source: Source | None) -> Iterable[Row]:
    name = json_text.text(json_text.inner(app, "metadata").get("name"))
    told = {"service": json_text.said_service(source) or name}
    chosen = json_text.chosen(app, source)
    for entry in _history(app):
        yield {**told, **_synced(entry, name), **chosen}
    operation = _operation(app)
    phase = str(operation.get("phase") or "").lower()
    if operation and (phase != "succeeded" or not _history(app)):
        yield {**told, **_operated(operation, phase, name), **chosen}


def _history(app: dict[str, Any]) -> list[dict[str, Any]]:
    return json_text.listed(json_text.inner(app, "status").get("history"))


def _operation(app: dict[str, Any]) -> dict[str, Any]:
    return json_text.inner(app, "status", "operationstate")


def _synced(entry: dict[str, Any], name: str | None) -> Row:
    number = json_text.text(entry.get("id"))
    return {
        "deployment_id": f"{name}/{number}" if number is not None else None,
        "started_at": json_text.text(entry.get("deploystartedat")),
        "finished_at": json_text.text(entry.get("deployedat")),
        "status": "succeeded",
        "commit_sha": _revision(entry),
    }


def _operated(operation: dict[str, Any], phase: str, name: str | None) -> Row:
    started = json_text.text(operation.get("startedat"))
    outcomes = _BROKEN | {"succeeded": "succeeded"}
    return {
        "deployment_id": f"{name} {started}" if started else None,
        "started_at": started,
        "finished_at": json_text.text(operation.get("finishedat")),
        "commit_sha": _revision(json_text.inner(operation, "syncresult")),
        **json_text.outcome(phase, outcomes=outcomes, unfinished=_UNFINISHED),
    }


def _revision(entry: dict[str, Any]) -> str | None:
    """Commit of the manifests: of several sources the first that is one, not a chart's version."""
    several = entry.get("revisions")
    given = [entry.get("revision"), *(several if isinstance(several, list) else [])]
    commits = (one for one in given if re.fullmatch(r"[0-9a-f]{40,64}", str(one)))
    return next(commits, None)


def _notes(apps: list[dict[str, Any]], source: Source | None) -> list[str]:
    notes = [_SUCCESSES_ONLY]
    full = [app for app in apps if len(_history(app)) >= _limit(app)]
    if full:
        notes.append(
            f"{len(full):,} of {len(apps):,} applications keep as many syncs as their "
            "revisionHistoryLimit allows: older ones are gone; collect them regularly."
        )
    broken = [app for app in apps if str(_operation(app).get("phase")).lower() in _BROKEN]
    if broken:
        notes.append(
            f"The current operation of {len(broken):,} applications failed; failures before it "
            "left no trace."
        )
    again = sum(_repeats(app) for app in apps)
    if again:
        notes.append(
            f"{again:,} syncs brought the revision that was there already (a repair, or changed "
            "parameters): they count as deployments."
        )
    return [*notes, *_places(apps, source)]


def _limit(app: dict[str, Any]) -> int:
    limit = json_text.inner(app, "spec").get("revisionhistorylimit")
    return limit if isinstance(limit, int) and limit > 0 else HISTORY_LIMIT


def _repeats(app: dict[str, Any]) -> int:
    revisions = [_revision(entry) for entry in _history(app)]
    pairs = pairwise(revisions)
    return sum(before is not None and before == after for before, after in pairs)


def _places(apps: list[dict[str, Any]], source: Source | None) -> list[str]:
    """Argo CD does not say what production is."""
    if source is not None and "environment" in source.columns:
        return []
    places = set()
    for app in apps:
        place = json_text.inner(app, "spec", "destination")
        cluster = place.get("name") or place.get("server")
        places.add(json_text.text(f"{cluster}/{place.get('namespace')}") or "")
    if len(places) < 2:
        return []
    return [
        f"The applications deploy to {len(places):,} places ({json_text.counted(sorted(places))}), "
        "all kept: Argo CD does not say which is production; say columns = { environment = "
        '"spec.destination.namespace" } and environment = "..." in sources.toml.'
    ]
