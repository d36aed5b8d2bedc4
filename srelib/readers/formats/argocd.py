"""Argo CD applications: every sync of their history, and the current operation."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format
from srelib.readers.json_text import nested, objects_in, value_at
from srelib.readers.words import word_counts

HISTORY_LIMIT = 10
"""Syncs an application keeps unless its ``revisionHistoryLimit`` says otherwise."""

_STATUSES = say.Outcomes({"failed": "failed", "error": "failed", "succeeded": "succeeded"})
_PHASE = "status.operationstate.phase"
_REVISION = say.in_text(r"^([0-9a-f]{40,64})\Z", "revision", "revisions")
"""Commit of the manifests: of several sources the first that is one, not a chart's version."""


def _application_rows(app: say.Record, source: say.Source) -> Iterable[say.Row]:
    name = say.first(app, "metadata.name")
    named = {"service": source.service or name}
    for entry in _syncs(app):
        number = say.first(entry, "id")
        yield named | {
            "deployment_id": f"{name}/{number}" if number is not None else None,
            "started_at": say.first(entry, "deploystartedat"),
            "finished_at": say.first(entry, "deployedat"),
            "status": "succeeded",
            "commit_sha": _REVISION(entry),
        }
    operation = nested(app, "status", "operationstate")
    phase = say.first(app, _PHASE)
    if operation and (str(phase).lower() != "succeeded" or not _syncs(app)):
        started = say.first(operation, "startedat")
        yield named | {
            "deployment_id": f"{name} {started}" if started else None,
            "started_at": started,
            "finished_at": say.first(operation, "finishedat"),
            "commit_sha": _REVISION(nested(operation, "syncresult")),
            **_STATUSES.row(phase),
        }


def _syncs(app: say.Record) -> list[say.Record]:
    return objects_in(nested(app, "status").get("history"))


def _is_full(app: say.Record) -> bool:
    limit = value_at(app, "spec.revisionhistorylimit")
    return len(_syncs(app)) >= (limit if isinstance(limit, int) and limit > 0 else HISTORY_LIMIT)


def _remarks(context: FileContext) -> list[str]:
    """Syncs that changed nothing; and that Argo CD does not say what production is."""
    pairs = (pairwise(map(_REVISION, _syncs(app))) for app in context.records)
    again = sum(before is not None and before == after for own in pairs for before, after in own)
    notes = [
        f"{again:,} syncs brought the revision that was there already (a repair, or changed "
        "parameters): they count as deployments."
    ]
    to = "spec.destination."
    places = sorted({
        f"{say.first(app, (f'{to}name', f'{to}server'))}/{say.first(app, f'{to}namespace')}"
        for app in context.records
    })  # fmt: skip
    said = "environment" in context.source.columns or len(places) < 2
    return notes * bool(again) + [
        f"The applications deploy to {len(places):,} places ({word_counts(places)}), "
        "all kept: Argo CD does not say which is production; say columns = { environment = "
        '"spec.destination.namespace" } and environment = "..." in sources.toml.'
    ] * (not said)


ARGOCD = Format(
    "argocd", "deployments", "an application",
    signs=(
        say.has("deployedat", under=("status.history", "items.status.history")),
        *(say.has(*keys, under=("status", "items.status")) for keys in
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
        say.Note("Argo CD keeps only syncs that succeeded: a fail rate from its history is always "
                 "0 and says nothing; export failures from where they are recorded."),
        say.Note("{n} of {of} applications keep as many syncs as their revisionHistoryLimit "
                 "allows: older ones are gone; collect them regularly.", _is_full),
        say.Note("The current operation of {n} applications failed; failures before it left no "
                 "trace.", {_PHASE: "failed|error"}),
    ),
)  # fmt: skip
