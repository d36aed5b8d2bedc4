"""Deployments, changes, incidents, alerts and exclusions as a CSV of any origin.

Columns are found by srelib's own names, by the words tools commonly use for them
(`SYNONYMS`), or by the column map of ``sources.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from srelib import tables
from srelib.readers import record_tables, text, words
from srelib.readers.base import Family, FileResult, Head
from srelib.readers.cells import times

if TYPE_CHECKING:
    from srelib.sources import Source

_LINKS = ("html_url", "web_url", "link", "permalink")
_ENDS = ("resolved", "resolved_on", "resolution_time", "closed_at", "ended_at", "end_time")
SYNONYMS: dict[str, dict[str, tuple[str, ...]]] = {
    "alerts": {
        "service": ("service_name", "app", "application", "job"),
        "rule": ("rule_name", "alertname", "alert_name", "alert", "policy"),
        "severity": ("level", "priority"),
        "fired_at": ("firing_at", "triggered_at", "started_at", "starts_at", "start_time"),
        "resolved_at": (*_ENDS, "ends_at"),
    },
    "changes": {
        "change_id": ("sha", "commit", "commit_sha", "commit_id", "change", "pr", "pull_request"),
        "service": ("service_name", "app", "application", "repository", "repo"),
        "committed_at": ("commit_time", "commit_date", "committed", "committed_date"),
        "merged_at": ("merge_time", "merged"),
        "deployment_id": ("deploy_id", "deployment", "release", "first_release_tag"),
        "url": _LINKS,
    },
    "incidents": {
        "incident_id": ("incident", "incident_number", "issue_key", "id", "number", "key"),
        "service": ("service_name", "app", "application", "component"),
        "severity": ("impact", "priority", "urgency", "sev"),
        "started_at": (
            "start", "start_time", "started", "impact_started_at", "created_at", "created_on",
            "opened_at", "created",
        ),
        "detected_at": ("detected", "reported_at"),
        "acknowledged_at": ("acknowledged", "acked_at", "ack_at"),
        "mitigated_at": ("mitigated", "monitoring_at"),
        "resolved_at": (*_ENDS, "resolved_time", "end", "restored_at", "impact_ended_at"),
        "deployment_id": ("deploy_id", "deployment", "caused_by"),
        "title": ("name", "summary", "description", "message"),
        "url": _LINKS,
    },
    "deployments": {
        "deployment_id": ("deploy_id", "deployment", "id", "release", "tag", "version"),
        "service": ("service_name", "app", "application", "repository", "repo", "project"),
        "environment": ("env", "stage", "target"),
        "started_at": ("start", "start_time", "started", "created_at"),
        "finished_at": (
            "deployed_at", "deployment_time", "deploy_time", "finished", "completed_at",
            "released_at", "tagged_at", "end_time", "time", "timestamp",
        ),
        "status": ("state", "result", "outcome", "conclusion"),
        "commit_sha": ("sha", "commit", "commit_id", "revision", "service_commit"),
        "planned": ("unplanned", "is_unplanned", "hotfix", "is_hotfix", "rollback", "is_rollback"),
        "url": _LINKS,
    },
    "exclusions": {
        "service": ("service_name", "app", "application"),
        "sli": ("indicator",),
        "starts_at": ("start", "start_time", "started_at", "from", "begin"),
        "ends_at": ("end", "end_time", "ended_at", "to", "until"),
        "reason": ("title", "name", "description", "summary", "comment"),
    },
}  # fmt: skip
"""Other names a column goes by, for each table; case, blanks and dashes do not matter."""

_UPDATES = ("updated_at", "updated", "last_updated", "last_update", "last_updated_at",
            "updated_on", "last_modified", "modified_at")  # fmt: skip
"""Names of the column that tells which of several rows of one record is the last."""

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("alerts", ("rule", "fired_at")),
    ("changes", ("change_id", "committed_at")),
    ("changes", ("change_id", "merged_at")),
    ("incidents", ("incident_id", "started_at", "resolved_at")),
    ("incidents", ("severity", "started_at", "resolved_at")),
    ("deployments", ("deployment_id", "finished_at")),
    ("exclusions", ("starts_at", "ends_at", "reason")),
)
_OWN_SIGNS = (
    ("deployments", "deployed_at"),
    ("exclusions", "starts_at"),
    ("incidents", "incident_id"),
)


def table_of(header: tuple[str, ...]) -> str | None:
    """The table a header belongs to, if it is one of these."""
    for table, needed in _SIGNS:
        found = columns_of(header, table)
        if all(name in found for name in needed) and _own(found, table):
            return table
    plain = {_plain(name) for name in header}
    return next((table for table, name in _OWN_SIGNS if name in plain), None)


def columns_of(
    header: tuple[str, ...], table: str, *, chosen: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Which column of the file each column of a table is."""
    plain = {_plain(name): name for name in reversed(header)}
    found = {}
    taken = set(chosen.values())
    for name in tables.names(table):
        if name in chosen:
            found[name] = chosen[name]
            continue
        called = (name, *SYNONYMS[table].get(name, ()))
        match = next((plain[w] for w in called if w in plain and plain[w] not in taken), None)
        if match is not None:
            found[name] = match
            taken.add(match)
    return found


def _read_records(head: Head, source: Source) -> FileResult:
    """The rows of one of these tables."""
    table = _table(head, source)
    constants = _constants(table, source)
    found = columns_of(head.header, table, chosen=source.columns)
    columns = {name: column for name, column in found.items() if name not in constants}
    _demand(columns, table, head, constants)
    kinds = {column.name: column.kind for column in tables.TABLES[table]}
    types = dict.fromkeys(columns.values(), "text")
    types |= {column: "time" for name, column in columns.items() if kinds[name] == "time"}
    plain = {_plain(name): name for name in head.header if name not in types}
    updated = next((plain[name] for name in _UPDATES if name in plain), None)
    types = dict.fromkeys([*source.where, *([updated] if updated else [])], "text") | types
    scan = text.scan(head, types, timezone=source.timezone)
    data = {name: _as_text(scan.frame[column], kinds[name]) for name, column in columns.items()}
    rows = pd.DataFrame(data).assign(**constants)
    rows, notes = words.chosen(rows, scan.frame, source)
    untold = table == "deployments" and not source.prereleases and not source.environment
    if untold and "environment" not in columns and "deployment_id" in columns:
        rows, early = words.without_prereleases(rows, columns["deployment_id"])
        notes += early
    if updated:
        rows[record_tables.UPDATED] = times(
            scan.frame[updated], timezone=source.timezone or "UTC", form=head.time_format,
            file=head.name, column=updated,
        ).values  # fmt: skip
    if "planned" in columns:
        rows = record_tables.with_planned(rows, column=columns["planned"])
    return record_tables.read_rows(rows, table, head=head, source=source, scan=scan, notes=notes)


def _own(found: dict[str, str], table: str) -> bool:
    """Whether a time column of deployments is more than a mere ``time``: any export has that."""
    vague = {"time", "timestamp", "id"}
    needed = ("deployment_id", "finished_at") if table == "deployments" else ()
    return not any(_plain(found[name]) in vague for name in needed)


def _table(head: Head, source: Source) -> str:
    table = source.table or table_of(head.header)
    if table not in SYNONYMS:
        raise head.error(
            f"the columns {', '.join(map(repr, head.header))} are not those of a known table",
            'say table = "deployments" (or changes, incidents, alerts, exclusions) and columns '
            "= {...} in sources.toml",
            table=None,
        )
    return table


def _demand(columns: dict[str, str], table: str, head: Head, constants: dict[str, str]) -> None:
    """Every required column is there, or said in `sources.toml`, or can be made up."""
    made = {"deployment_id", "incident_id", *constants}
    time = ("committed_at",) * (table == "changes" and "merged_at" not in columns)
    for name in (*tables.required(table), *time):
        if name not in columns and name not in made:
            constant = 'service = "..." or ' if name == "service" else ""
            raise head.error(
                f"no column for {name} of {table} among {', '.join(map(repr, head.header))}",
                f'say {constant}columns = {{ {name} = "..." }} in sources.toml',
                table=table,
                columns=dict.fromkeys(
                    n for n in tables.required(table) if n not in columns and n not in made
                ),
            )


def _as_text(values: pd.Series, kind: str) -> pd.Series:
    """A time used as a name (``deployment_id = "deployed_at"``) is its ISO text."""
    if kind == "time" or not isinstance(values.dtype, pd.DatetimeTZDtype):
        return values
    return values.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _constants(table: str, source: Source) -> dict[str, str]:
    """What `sources.toml` says of every row of the file, unless it maps a column to it."""
    said = {"service": source.service, "sli": source.sli}
    return {
        name: text
        for name, text in said.items()
        if text is not None and name in tables.names(table) and name not in source.columns
    }


def _plain(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().lower())


RECORDS = Family(
    "records", lambda head: table_of(head.header) is not None, _read_records, tuple(SYNONYMS)
)
