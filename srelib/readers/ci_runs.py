"""Runs of CI and CD tools: GitHub Actions, Jenkins, Argo CD."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from srelib.errors import ReadError
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.json_text import (
    UNFINISHED,
    Row,
    StatusWords,
    as_text,
    fits_any,
    holds,
    json_pages,
    left_out_row,
    mapped_columns,
    name_in,
    nested,
    objects_in,
    record_result,
    refused_row,
    rows_of_records,
    word_counts,
)

if TYPE_CHECKING:
    from srelib.readers.source import Source


GH_LIMIT = 20
"""Runs that ``gh run list`` prints when no ``--limit`` is given."""

_RUN_PAGES = (30, 100, 1000)  # page sizes of the API, and the most it gives for one search
_GITHUB_RUNS_STATUSES = StatusWords(
    {
        "success": "succeeded", "failure": "failed", "timed_out": "failed",
        "startup_failure": "failed", "cancelled": "cancelled",
    },
    unfinished=("queued", "in_progress", "pending", "waiting", "requested", "action_required"),
    nothing={
        "skipped": "the run was skipped: nothing was deployed",
        "stale": "GitHub gave the run up as stale: nothing says that it deployed",
        "neutral": "the run ended neutral: nothing says that it deployed",
    },
)  # fmt: skip


def _is_github_runs(head: Head) -> bool:
    """Whether the file holds workflow runs, from REST or from ``gh run list --json``."""
    return holds(head, "workflowruns", under=("",)) or any(
        holds(head, "headsha", "conclusion", name, under=("", "workflowruns"))
        for name in ("workflowname", "workflowid", "runnumber", "runattempt", "event")
    )


def _read_github_runs(head: Head, source: Source) -> FileResult:
    """Runs of the workflows that deploy, one row each."""
    found, pages = json_pages(head, "workflowruns")
    runs = objects_in(found)
    if not runs:
        raise ReadError(
            "no workflow run in this file",
            file=head.name,
            fix="export them with `gh api repos/OWNER/REPO/actions/runs --paginate`",
        )
    wanted = _deploying_workflows(head, source, [_workflow_name(run) for run in runs])
    rows, numbers = rows_of_records(
        found,
        partial(_github_runs_row, wanted=wanted),
        source,
        kind="a workflow run",
        sign="headsha",
    )
    return record_result(
        head, rows, numbers, "deployments", source, notes=_github_runs_notes(runs, pages, wanted)
    )


def _deploying_workflows(head: Head, source: Source, named: list[str | None]) -> tuple[str, ...]:
    """The workflows that deploy, as said; without them a run of tests would be a deployment."""
    if all(name is None for name in named):
        raise ReadError(
            "these runs do not say which workflow they belong to",
            file=head.name,
            fix="export them with `gh run list --limit 1000 --json databaseId,workflowName,"
            "conclusion,status,createdAt,startedAt,updatedAt,headSha,event,attempt,url`",
        )
    if not source.workflow:
        raise ReadError(
            "a run of tests is no deployment, and nothing says which of these workflows deploy: "
            + word_counts(named),
            file=head.name,
            fix=f'add workflow = "NAME" to a [[file]] with match = {head.name!r} in sources.toml',
        )
    return source.workflow


def _workflow_name(run: dict[str, Any]) -> str | None:
    """Name of the workflow; a REST answer calls it ``name``."""
    return as_text(run.get("workflowname") or run.get("name"))


def _workflow_file(run: dict[str, Any]) -> str | None:
    """File of the workflow: ``deploy.yml`` of ``.github/workflows/deploy.yml@main``."""
    path = as_text(run.get("path"))
    return path.split("@")[0].rsplit("/", 1)[-1] if path else None


def _is_wanted(run: dict[str, Any], wanted: Sequence[str]) -> bool:
    return any(fits_any(name, wanted) for name in (_workflow_name(run), _workflow_file(run)))


def _github_runs_row(run: dict[str, Any], source: Source, wanted: Sequence[str]) -> Row:
    row = {
        "deployment_id": as_text(run.get("databaseid", run.get("id"))),
        "service": source.service or _github_runs_repository(run),
        "started_at": as_text(
            run.get("startedat") or run.get("runstartedat") or run.get("createdat")
        ),
        "finished_at": as_text(run.get("updatedat")),
        "commit_sha": as_text(run.get("headsha")),
    }
    if not _is_wanted(run, wanted):
        reason = "not a run of the workflows named in sources.toml; to keep it, add its workflow"
        return row | left_out_row(reason, value=_workflow_name(run), column="workflow")
    word = run.get("conclusion") or run.get("status")  # no conclusion: not at its end
    return row | _GITHUB_RUNS_STATUSES.row(word) | mapped_columns(run, source)


def _github_runs_repository(run: dict[str, Any]) -> str | None:
    name = as_text(nested(run, "repository").get("name"))
    addresses = map(run.get, ("htmlurl", "url"))
    return name or name_in(addresses, r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/actions/runs/")


def _github_runs_notes(
    runs: list[dict[str, Any]], pages: list[dict[str, Any]], wanted: Sequence[str]
) -> list[str]:
    notes = _runs_cut_off(runs, pages)
    kept = [run for run in runs if _is_wanted(run, wanted)]
    names = [name for run in runs for name in (_workflow_name(run), _workflow_file(run))]
    unused = [p for p in wanted if not any(fits_any(name, [p]) for name in names)]
    if unused:
        notes.append(
            f"No run of the workflow {', '.join(map(repr, unused))}; "
            f"workflows seen: {word_counts(map(_workflow_name, runs))}."
        )
    if kept:
        notes.append(
            "A run has no time of completion: finished_at is the time it was last updated."
        )
    again = sum(_run_attempt(run) > 1 for run in kept)
    if again:
        notes.append(
            f"{again:,} of {len(kept):,} runs were run again: only the last attempt is in the "
            "export, so failures before it are missing and the fail rate is too low."
        )
    proposed = sum(str(run.get("event")).startswith("pull_request") for run in kept)
    if proposed:
        notes.append(
            f"{proposed:,} of {len(kept):,} runs were started by a pull request: such runs seldom "
            "reach production; name a narrower workflow if these do not."
        )
    return notes


def _runs_cut_off(runs: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    totals = [page["totalcount"] for page in pages if isinstance(page.get("totalcount"), int)]
    if totals and max(totals) > len(runs):
        return [
            f"GitHub counts {max(totals):,} runs, this file holds {len(runs):,}: the rest is cut "
            "off; export with --paginate."
        ]
    if not pages and len(runs) == GH_LIMIT:
        return [
            f"Exactly {GH_LIMIT} runs, as many as `gh run list` prints when not told otherwise: "
            "truncated? Export with --limit 1000."
        ]
    if len(runs) in _RUN_PAGES and not totals:
        return [
            f"Exactly {len(runs):,} runs, the most of one page or search: truncated? Export with "
            "--paginate, or shorter periods with --created."
        ]
    return []


def _run_attempt(run: dict[str, Any]) -> int:
    number = run.get("runattempt", run.get("attempt"))
    return number if isinstance(number, int) else 1


BUILDS_LIMIT = 100
"""Builds that ``builds`` gives at most; ``allBuilds`` gives all."""

_TREE = "number,result,timestamp,duration,url,fullDisplayName,actions[lastBuiltRevision[SHA1]]"
_ASK = f"ask for JOB/api/json?tree=allBuilds[{_TREE}]"
_NOT_BUILT = "the stage was not built: nothing was deployed"
_JENKINS_STATUSES = StatusWords(
    {"success": "succeeded", "unstable": "succeeded", "failure": "failed", "aborted": "cancelled"},
    nothing={"not_built": _NOT_BUILT, "not_build": _NOT_BUILT},  # old exports misspell it
)


def _is_jenkins(head: Head) -> bool:
    """Whether the file holds Jenkins builds."""
    places = ("", "builds", "allbuilds")
    full = holds(head, "number", "result", "timestamp", under=places)
    bare = holds(head, "number", "url", under=("builds", "allbuilds"))
    return full or bare


def _read_jenkins(head: Head, source: Source) -> FileResult:
    """Builds, one row each."""
    found, pages = json_pages(head, "allbuilds", "builds")
    builds = objects_in(found)
    if builds and not any("timestamp" in build for build in builds):
        raise ReadError("the builds hold neither result nor time", file=head.name, fix=_ASK)
    job = _job_of(pages)
    rows, numbers = rows_of_records(
        found, partial(_jenkins_row, job=job), source, kind="a build", sign="number"
    )
    if not rows:
        raise ReadError("no build in this file", file=head.name, fix=_ASK)
    return record_result(
        head, rows, numbers, "deployments", source, notes=_jenkins_notes(builds, pages)
    )


def _jenkins_row(build: dict[str, Any], source: Source, job: str | None) -> Row:
    name = _job_name(build) or job
    number = as_text(build.get("number"))
    return {
        "deployment_id": f"{name} #{number}" if name else number,
        "service": source.service or name,
        "started_at": as_text(build.get("timestamp")),
        "commit_sha": _build_commit(build),
        **_jenkins_ending(build),
        **mapped_columns(build, source),
    }


def _jenkins_ending(build: dict[str, Any]) -> Row:
    if build.get("result") is None or build.get("building") is True:
        return refused_row(UNFINISHED, value=build.get("result"), column="status")
    ending = _JENKINS_STATUSES.row(build["result"])
    start, length = _milliseconds(build.get("timestamp")), _milliseconds(build.get("duration"))
    if "status" not in ending or start is None:
        return ending
    if length is None or length < 0:
        reason = "the duration is no number of milliseconds"
        return refused_row(reason, value=build.get("duration"), column="duration")
    return ending | {"finished_at": str(start + length)}


def _milliseconds(value: Any) -> int | None:
    """Milliseconds; a number beyond a thousand years is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e14:
        return None
    return int(value)


def _build_commit(build: dict[str, Any]) -> str | None:
    for action in objects_in(build.get("actions")):
        commit = as_text(nested(action, "lastbuiltrevision").get("sha1"))
        if commit:
            return commit
    return None


def _job_name(build: dict[str, Any]) -> str | None:
    """Name of the job: from the address of the build, else from its display name."""
    parts = re.findall(r"/job/([^/]+)", as_text(build.get("url")) or "")
    if parts:
        return "/".join(unquote(part) for part in parts)
    shown = as_text(build.get("fulldisplayname")) or ""
    stem = re.sub(r"\s*#\d+.*$", "", shown).replace(" » ", "/").strip()
    return stem or None


def _job_of(pages: Sequence[dict[str, Any]]) -> str | None:
    """Name of the job around the builds, where the file is about one job."""
    names = {as_text(page.get("fullname") or page.get("name")) for page in pages}
    return names.pop() if len(names) == 1 else None


def _jenkins_notes(builds: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    notes = []
    if any(
        isinstance(page.get("builds"), list) and len(page["builds"]) == BUILDS_LIMIT
        for page in pages
    ):
        notes.append(
            f"Exactly {BUILDS_LIMIT} builds, the most `builds` gives: truncated? "
            "Ask for allBuilds instead."
        )
    words = [str(build.get("result")).lower() for build in builds]
    if words.count("unstable"):
        notes.append(
            f"{words.count('unstable'):,} of {len(words):,} builds are UNSTABLE: they ran to their "
            "end, so they count as succeeded."
        )
    if words.count("aborted"):
        notes.append(
            f"{words.count('aborted'):,} of {len(words):,} builds were aborted by somebody: "
            "cancelled, not failed."
        )
    return notes


HISTORY_LIMIT = 10
"""Syncs an application keeps unless its ``revisionHistoryLimit`` says otherwise."""

_ARGOCD_STATUSES = StatusWords(
    {"failed": "failed", "error": "failed", "succeeded": "succeeded"},
    unfinished=("running", "terminating"),
)
_SUCCESSES_ONLY = (
    "Argo CD keeps only syncs that succeeded: a fail rate from its history is always 0 and says "
    "nothing; export failures from where they are recorded."
)


def _is_argocd(head: Head) -> bool:
    """Whether the file holds Argo CD applications."""
    if holds(head, "deployedat", under=("status.history", "items.status.history")):
        return True
    return any(
        holds(head, *keys, under=("status", "items.status"))
        for keys in (("operationstate", "sync"), ("history", "sync"), ("sync", "health"))
    )


def _read_argocd(head: Head, source: Source) -> FileResult:
    """Syncs, one row each, and the current operation where it failed."""
    found, _ = json_pages(head, "items")
    rows, numbers = rows_of_records(
        found, _application_rows, source, kind="an application", sign="status"
    )
    if not rows:
        raise ReadError(
            "no application in this file was ever synced",
            file=head.name,
            fix="export the applications with `kubectl get applications -A -o json`",
        )
    apps = [app for app in objects_in(found) if "status" in app]
    return record_result(
        head, rows, numbers, "deployments", source, notes=_argocd_notes(apps, source)
    )


def _application_rows(app: dict[str, Any], source: Source) -> Iterable[Row]:
    name = as_text(nested(app, "metadata").get("name"))
    named = {"service": source.service or name}
    chosen = mapped_columns(app, source)
    for entry in _syncs(app):
        yield {**named, **_sync_row(entry, name), **chosen}
    operation = _current_operation(app)
    phase = str(operation.get("phase") or "").lower()
    if operation and (phase != "succeeded" or not _syncs(app)):
        yield {**named, **_operation_row(operation, phase, name), **chosen}


def _syncs(app: dict[str, Any]) -> list[dict[str, Any]]:
    return objects_in(nested(app, "status").get("history"))


def _current_operation(app: dict[str, Any]) -> dict[str, Any]:
    return nested(app, "status", "operationstate")


def _sync_row(entry: dict[str, Any], name: str | None) -> Row:
    number = as_text(entry.get("id"))
    return {
        "deployment_id": f"{name}/{number}" if number is not None else None,
        "started_at": as_text(entry.get("deploystartedat")),
        "finished_at": as_text(entry.get("deployedat")),
        "status": "succeeded",
        "commit_sha": _revision(entry),
    }


def _operation_row(operation: dict[str, Any], phase: str, name: str | None) -> Row:
    started = as_text(operation.get("startedat"))
    return {
        "deployment_id": f"{name} {started}" if started else None,
        "started_at": started,
        "finished_at": as_text(operation.get("finishedat")),
        "commit_sha": _revision(nested(operation, "syncresult")),
        **_ARGOCD_STATUSES.row(phase),
    }


def _revision(entry: dict[str, Any]) -> str | None:
    """Commit of the manifests: of several sources the first that is one, not a chart's version."""
    revisions = entry.get("revisions")
    given = [entry.get("revision"), *(revisions if isinstance(revisions, list) else [])]
    commits = (one for one in given if re.fullmatch(r"[0-9a-f]{40,64}", str(one)))
    return next(commits, None)


def _argocd_notes(apps: list[dict[str, Any]], source: Source) -> list[str]:
    notes = [_SUCCESSES_ONLY]
    full = [app for app in apps if len(_syncs(app)) >= _history_limit(app)]
    if full:
        notes.append(
            f"{len(full):,} of {len(apps):,} applications keep as many syncs as their "
            "revisionHistoryLimit allows: older ones are gone; collect them regularly."
        )
    broken = [
        app
        for app in apps
        if str(_current_operation(app).get("phase")).lower() in ("failed", "error")
    ]
    if broken:
        notes.append(
            f"The current operation of {len(broken):,} applications failed; failures before it "
            "left no trace."
        )
    again = sum(_repeated_syncs(app) for app in apps)
    if again:
        notes.append(
            f"{again:,} syncs brought the revision that was there already (a repair, or changed "
            "parameters): they count as deployments."
        )
    return [*notes, *_destinations(apps, source)]


def _history_limit(app: dict[str, Any]) -> int:
    limit = nested(app, "spec").get("revisionhistorylimit")
    return limit if isinstance(limit, int) and limit > 0 else HISTORY_LIMIT


def _repeated_syncs(app: dict[str, Any]) -> int:
    revisions = [_revision(entry) for entry in _syncs(app)]
    pairs = pairwise(revisions)
    return sum(before is not None and before == after for before, after in pairs)


def _destinations(apps: list[dict[str, Any]], source: Source) -> list[str]:
    """Argo CD does not say what production is."""
    if "environment" in source.columns:
        return []
    places = set()
    for app in apps:
        place = nested(app, "spec", "destination")
        cluster = place.get("name") or place.get("server")
        places.add(as_text(f"{cluster}/{place.get('namespace')}") or "")
    if len(places) < 2:
        return []
    return [
        f"The applications deploy to {len(places):,} places ({word_counts(sorted(places))}), "
        "all kept: Argo CD does not say which is production; say columns = { environment = "
        '"spec.destination.namespace" } and environment = "..." in sources.toml.'
    ]


GITHUB_RUNS = Family("github_runs", _is_github_runs, _read_github_runs, ("deployments",))
JENKINS = Family("jenkins", _is_jenkins, _read_jenkins, ("deployments",))
ARGOCD = Family("argocd", _is_argocd, _read_argocd, ("deployments",))
