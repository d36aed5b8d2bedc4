"""Argo CD applications: every sync of their history, and the current operation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from srelib.readers.declaration import Note, Outcomes, Record, first, has
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import as_text, nested, objects_in
from srelib.readers.record_tables import Row
from srelib.readers.words import word_counts

if TYPE_CHECKING:
    from srelib.readers.source import Source

HISTORY_LIMIT = 10
"""Syncs an application keeps unless its ``revisionHistoryLimit`` says otherwise."""

_STATUSES = Outcomes(
    {"failed": "failed", "error": "failed", "succeeded": "succeeded"},
    unfinished=("running", "terminating"),
)


def _application_rows(app: Record, source: Source) -> Iterable[Row]:
    name = first(app, "metadata.name")
    named = {"service": source.service or name}
    for entry in _syncs(app):
        number = first(entry, "id")
        yield named | {
            "deployment_id": f"{name}/{number}" if number is not None else None,
            "started_at": first(entry, "deploystartedat"),
            "finished_at": first(entry, "deployedat"),
            "status": "succeeded",
            "commit_sha": _revision(entry),
        }
    operation = nested(app, "status", "operationstate")
    if operation and (_phase(app) != "succeeded" or not _syncs(app)):
        started = first(operation, "startedat")
        yield named | {
            "deployment_id": f"{name} {started}" if started else None,
            "started_at": started,
            "finished_at": first(operation, "finishedat"),
            "commit_sha": _revision(nested(operation, "syncresult")),
            **_STATUSES.row(_phase(app)),
        }


def _syncs(app: Record) -> list[Record]:
    return objects_in(nested(app, "status").get("history"))


def _phase(app: Record) -> str:
    return (first(app, "status.operationstate.phase") or "").lower()


def _revision(entry: Record) -> str | None:
    """Commit of the manifests: of several sources the first that is one, not a chart's version."""
    revisions = entry.get("revisions")
    given = [entry.get("revision"), *(revisions if isinstance(revisions, list) else [])]
    commits = (one for one in given if re.fullmatch(r"[0-9a-f]{40,64}", str(one)))
    return next(commits, None)


def _is_full(app: Record) -> bool:
    limit = nested(app, "spec").get("revisionhistorylimit")
    return len(_syncs(app)) >= (limit if isinstance(limit, int) and limit > 0 else HISTORY_LIMIT)


def _remarks(context: FileContext) -> list[str]:
    """Syncs that changed nothing; and that Argo CD does not say what production is."""
    revisions = [[_revision(entry) for entry in _syncs(app)] for app in context.records]
    again = sum(
        before is not None and before == after
        for own in revisions
        for before, after in pairwise(own)
    )
    notes = [
        f"{again:,} syncs brought the revision that was there already (a repair, or changed "
        "parameters): they count as deployments."
    ]
    places = set()
    for app in context.records:
        place = nested(app, "spec", "destination")
        cluster = place.get("name") or place.get("server")
        places.add(as_text(f"{cluster}/{place.get('namespace')}") or "")
    said = "environment" in context.source.columns or len(places) < 2
    return notes * bool(again) + [
        f"The applications deploy to {len(places):,} places ({word_counts(sorted(places))}), "
        "all kept: Argo CD does not say which is production; say columns = { environment = "
        '"spec.destination.namespace" } and environment = "..." in sources.toml.'
    ] * (not said)


ARGOCD = Format(
    "argocd", "deployments", "an application",
    signs=(
        has("deployedat", under=("status.history", "items.status.history")),
        *(has(*keys, under=("status", "items.status")) for keys in
          (("operationstate", "sync"), ("history", "sync"), ("sync", "health"))),
    ),
    wrappers=("items",),
    sign="status",
    empty=("no application in this file was ever synced",
           "export the applications with `kubectl get applications -A -o json`"),
    columns={},
    rows=_application_rows,
    remarks=_remarks,
    notes=(
        Note("Argo CD keeps only syncs that succeeded: a fail rate from its history is always 0 "
             "and says nothing; export failures from where they are recorded.", lambda app: True),
        Note("{n} of {of} applications keep as many syncs as their revisionHistoryLimit allows: "
             "older ones are gone; collect them regularly.", _is_full),
        Note("The current operation of {n} applications failed; failures before it left no trace.",
             lambda app: _phase(app) in ("failed", "error")),
    ),
)  # fmt: skip
