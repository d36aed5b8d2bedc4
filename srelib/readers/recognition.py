"""Which family of exports reads a file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from srelib.errors import ReadError
from srelib.readers import (
    alert_logs,
    base,
    ci_runs,
    event_rows,
    forges,
    generic,
    incident_pages,
    incident_tools,
    json_text,
    monitoring,
    records,
)  # fmt: skip
from srelib.readers.base import Family, FileResult, Head

if TYPE_CHECKING:
    from srelib.readers.source import Source

FAMILIES = (
    alert_logs.PROMETHEUS_ALERTS, monitoring.PROMETHEUS, forges.GITHUB, ci_runs.GITHUB_RUNS,
    forges.GITHUB_RELEASES, incident_pages.GITHUB_ISSUES, forges.GITLAB, forges.BITBUCKET,
    ci_runs.ARGOCD, ci_runs.JENKINS, incident_pages.STATUSPAGE, incident_tools.OPSGENIE,
    incident_tools.PAGERDUTY_API, alert_logs.ALERTMANAGER, monitoring.GRAFANA, incident_pages.JIRA,
    incident_tools.PAGERDUTY, monitoring.STATELOG, forges.GITTAGS, records.RECORDS, generic.GENERIC,
)  # fmt: skip
"""In the order in which they are asked; the most general come last."""

_ONLY = {
    "workflow": ("github_runs", "GitHub Actions runs"),
    "label": ("github_issues", "GitHub issues"),
}
"""Keys of `sources.toml` that one family reads, and what it holds."""


def read(path: Path, *, root: Path, source: Source | None = None) -> tuple[str, FileResult]:
    """Recognise a file from its content and read it."""
    source = source or base.UNSAID
    head = base.head(Path(path), Path(root)).as_said(source)
    family = _choose(head, source)
    result = family.read(head, source)
    return family.name, replace(result, notes=(*result.notes, *_unread(family, source)))


def _unread(family: Family, source: Source) -> list[str]:
    """What ``sources.toml`` says about the file that says nothing about it."""
    return [
        f"sources.toml: {key} says nothing about this file, which holds no {what}."
        for key, (name, what) in _ONLY.items()
        if getattr(source, key) and name != family.name
    ]


def _choose(head: Head, source: Source) -> Family:
    if source.format:
        named = {family.name: family for family in FAMILIES}
        if source.format not in named:
            raise ReadError(
                f"format {source.format!r} is unknown", file=head.name,
                fix=f"write one of {', '.join(named)} in sources.toml",
            )  # fmt: skip
        return named[source.format]
    known = [family for family in FAMILIES if family.recognise(head)]
    if head.kind == "csv" and forges.GITTAGS not in known:
        _check_header(head)
    if source.unit in ("state", "event"):
        return monitoring.STATELOG if source.unit == "state" else event_rows.EVENTS
    for family in known:
        if source.table is None or source.table in family.tables:
            return family
    if head.kind == "json" and known:
        raise ReadError(
            f"this is {known[0].name}, which is read into {known[0].tables[0]}, and sources.toml "
            f"says table = {source.table!r}",
            file=head.name,
            fix="take table = ... out of sources.toml",
        )
    return _by_table(head, source)


_DATA = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:.*|\d{10}(\d{3}|\d{6}|\d{9})?(\.\d+)?")


def _check_header(head: Head) -> None:
    """Refuse a file whose first line is data, unless its columns were named."""
    cells = [name for name in head.header if _DATA.fullmatch(name)]
    if not head.headed or not cells:
        return
    named = ", ".join(f'"column {place}"' for place in range(1, len(head.header) + 1))
    raise ReadError(
        f"the first line is data ({cells[0]!r}), so the file has no header", file=head.name,
        fix=f"add to the [[file]] with match = {head.name!r} in sources.toml, with your own names: "
        f"header = [{named}]",
    )  # fmt: skip


def _by_table(head: Head, source: Source) -> Family:
    """The general family that a table or a column map in ``sources.toml`` points to."""
    if head.kind == "csv":
        if source.table not in (None, "sli"):
            return records.RECORDS
        if source.table or source.columns or source.series or source.unit:
            return generic.GENERIC
    if head.kind == "json":
        raise json_text.unknown_json(head)
    raise ReadError(
        f"the format is not known; columns seen: {', '.join(map(repr, head.header[:12]))}",
        file=head.name,
        fix=f"add to sources.toml: [[file]] match = {head.name!r}, "
        'table = "sli" (or deployments, '
        'changes, incidents, alerts, exclusions; or "ignore"), columns = { time = "..." }',
    )
