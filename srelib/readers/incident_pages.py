"""Incidents people write down: status pages, GitHub issues, Jira issues."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import cells, record_tables
from srelib.readers.base import Family, FileResult, Head, file_text
from srelib.readers.json_text import (
    Row,
    as_moment,
    as_text,
    fits_any,
    holds,
    in_time_order,
    json_pages,
    json_records,
    keyed,
    left_out_row,
    mapped_columns,
    name_in,
    nested,
    objects_in,
    record_result,
    refused_row,
    row_per_service,
    rows_of_records,
    several_services_note,
    word_counts,
)

if TYPE_CHECKING:
    from srelib.readers.source import Source


PAGE_LIMIT = 50
"""Incidents a status page shows at most, whatever its history."""

_PAGE_LISTS = ("incidents", "scheduledmaintenances")
_PAGE_OVER = ("resolved", "postmortem", "completed")


def _is_statuspage(head: Head) -> bool:
    """Whether the file holds the incidents or maintenances of a status page."""
    whole = any(holds(head, "page", kept, under=("",)) for kept in _PAGE_LISTS)
    return whole or holds(head, "impact", "incidentupdates", under=("", *_PAGE_LISTS))


def _read_statuspage(head: Head, source: Source) -> FileResult:
    """Incidents, one row for each component they hit, and planned maintenance as exclusions."""
    records = json_records(file_text(head), file=head.name)
    pages = [keyed(record) for record in records if isinstance(record, dict)]
    named = as_text(next((nested(page, "page").get("name") for page in pages), None))
    found = [member for record in records for member in _page_entries(record)]
    rows, numbers = rows_of_records(
        found, partial(_statuspage_rows, page=named), source, kind="an incident", sign="createdat"
    )
    incidents = [one for one in objects_in(found) if "createdat" in one]
    notes = [*several_services_note(rows, numbers), *_statuspage_notes(incidents, source, named)]
    if any(PAGE_LIMIT in _entry_counts(page.get("incidents")) for page in pages):
        notes.append(
            f"Exactly {PAGE_LIMIT} incidents, the most a status page gives: truncated? Older ones "
            "are on its history pages; collect the file regularly."
        )
    return record_result(head, rows, numbers, "incidents", source, notes=notes)


def _entry_counts(incidents: Any) -> tuple[int, ...]:
    """How many incidents a page has, and how many that are over; pages add those still open."""
    if not isinstance(incidents, list):
        return ()
    return len(incidents), sum(_is_over(one) for one in objects_in(incidents))


def _page_entries(record: Any) -> list[Any]:
    """Incidents and maintenances of a page; what is no page is an incident itself."""
    page = keyed(record) if isinstance(record, dict) else {}
    kept = [page[key] for key in _PAGE_LISTS if isinstance(page.get(key), list)]
    return [member for members in kept for member in members] if kept else [record]


def _statuspage_rows(one: dict[str, Any], source: Source, page: str | None) -> list[Row]:
    start, end = _started(one), _resolved(one)
    row = {
        "incident_id": as_text(one.get("id")),
        "severity": "maintenance" if _is_planned(one) else as_text(one.get("impact")),
        "started_at": start,
        "detected_at": _within_incident(one.get("createdat"), start, end),
        "mitigated_at": _within_incident(one.get("monitoringat"), start, end),
        "resolved_at": end,
        "title": as_text(one.get("name")),
    }
    chosen = mapped_columns(one, source)
    if "resolved_at" in chosen:
        chosen["resolved_at"] = chosen["resolved_at"] or end
    return row_per_service(row | chosen, _components(one) or [page], source)


def _is_planned(one: dict[str, Any]) -> bool:
    """Other interfaces write the keys of a maintenance into every incident, as null."""
    return bool(one.get("scheduledfor")) or str(one.get("impact")).lower() == "maintenance"


def _components(one: dict[str, Any]) -> list[str | None]:
    """Names of the components hit; where none are listed, those that updates tell of."""
    parts = objects_in(one.get("components"))
    for update in objects_in(one.get("incidentupdates")) if not parts else ():
        affected = objects_in(update.get("affectedcomponents"))
        parts += [part for part in affected if part.get("newstatus") != "operational"]
    names = (as_text(part.get("name")) for part in parts if part.get("group") is not True)
    return list(dict.fromkeys(names))


def _started(one: dict[str, Any]) -> str | None:
    """When it began, as the page says; else the earliest moment it tells of."""
    said = one.get("scheduledfor") if _is_planned(one) else None
    if said or one.get("startedat"):
        return as_text(one.get("startedat") or said)
    return as_text(one.get("createdat")) if not _filled_in(one) else _first_shown(one)


def _first_shown(one: dict[str, Any]) -> str | None:
    updates = objects_in(one.get("incidentupdates"))
    return next(iter(in_time_order(update.get("displayat") for update in updates)), None)


def _filled_in(one: dict[str, Any]) -> bool:
    """Whether the incident was written down after the moment its first update is shown at."""
    first, created = as_moment(_first_shown(one)), as_moment(one.get("createdat"))
    return not one.get("startedat") and bool(first and created and first < created)


def _resolved(one: dict[str, Any]) -> str | None:
    if one.get("resolvedat") or not _is_over(one):
        planned = one.get("scheduleduntil") if _is_planned(one) else None
        return as_text(one.get("resolvedat") or planned)
    ends = [
        update.get("displayat") or update.get("createdat")
        for update in objects_in(one.get("incidentupdates"))
        if str(update.get("status")).lower() in ("resolved", "completed")
    ]
    return next(reversed(in_time_order(ends)), None)


def _is_over(one: dict[str, Any]) -> bool:
    return str(one.get("status")).lower() in _PAGE_OVER


def _within_incident(time: Any, start: str | None, end: str | None) -> str | None:
    """A time that lies inside the incident: what was filled in later says nothing."""
    at, first, last = (as_moment(text) for text in (time, start, end))
    inside = at is not None and first is not None and first <= at and (last is None or at <= last)
    return as_text(time) if inside else None


def _statuspage_notes(
    incidents: Sequence[dict[str, Any]], source: Source, page: str | None
) -> list[str]:
    real = [one for one in incidents if not _is_planned(one)]
    notes = []
    unsaid = sum(not one.get("startedat") for one in real)
    if unsaid:
        late = sum(_filled_in(one) for one in real)
        more = f"; {late:,} were filled in later and begin with their first update" if late else ""
        notes.append(
            f"{unsaid:,} of {len(real):,} incidents do not say when they started: they begin when "
            f"they were created{more}."
        )
    lacking = sum(_is_over(one) and not one.get("resolvedat") for one in real)
    if lacking:
        notes.append(
            f"{lacking:,} incidents are over and tell no end: their last resolved update counts, "
            "and without one they stay open."
        )
    quiet = sum(str(one.get("impact")).lower() == "none" for one in real)
    if quiet:
        notes.append(
            f"{quiet:,} of {len(real):,} incidents have impact none: a notice, or nobody set the "
            "components; they are kept."
        )
    whole = sum(not _components(one) for one in incidents)
    if whole and page and source.service is None:
        notes.append(
            f"{whole:,} entries name no component: they count for the page as a whole, {page!r}."
        )
    return [*notes, *_mitigated_note(real, source)]


def _mitigated_note(real: Sequence[dict[str, Any]], source: Source) -> list[str]:
    if "resolved_at" in source.columns:
        return []
    gaps = []
    for one in real:
        fixed, end = (as_moment(one.get(key)) for key in ("monitoringat", "resolvedat"))
        if fixed is not None and end is not None and fixed <= end:
            gaps.append((end - fixed).total_seconds() / 60)
    if not gaps:
        return []
    middle = pd.Series(gaps).median()
    return [
        f"{len(gaps):,} of {len(real):,} incidents say when a fix was in (monitoring, read as "
        f"mitigated_at), a median of {middle:,.0f} minutes before they were closed; to end them "
        "there, say "
        'columns = { resolved_at = "monitoring_at" } in sources.toml.'
    ]


INCIDENT = r"(?i)(.*\W)?(incident|outage)s?(\W.*)?"
"""Labels that make an issue an incident when nothing is said; matched against the whole label."""

GH_LIMIT = 30
"""Issues that ``gh issue list`` prints when no ``--limit`` is given; a page of the API too."""

_FULL_PAGES = (GH_LIMIT, 100)
_SEVERITY = re.compile(r"(?i)(?:sev(?:erity)?|prio(?:rity)?|impact)\W*\w+|p[0-5]|s[0-5]")
_EXPORT = "`gh issue list --state all --limit 1000 --json number,title,labels,state,stateReason,"
_EXPORT += "createdAt,closedAt,url`"


def _is_github_issues(head: Head) -> bool:
    """Whether the file holds GitHub issues, from REST or from ``gh issue list --json``."""
    return holds(head, "number", "createdat", "closedat", under=("",))


def _read_github_issues(head: Head, source: Source) -> FileResult:
    """Issues that carry the label of an incident, one row each."""
    found, _ = json_pages(head)
    issues = objects_in(found)
    if not any("labels" in issue for issue in issues):
        raise ReadError(
            "these issues bring no labels, so nothing says which of them are incidents",
            file=head.name, fix=f"export them with {_EXPORT}",
        )  # fmt: skip
    wanted = source.label if source.label else (INCIDENT,)
    rows, numbers = rows_of_records(
        found, partial(_issue_row, wanted=wanted), source, kind="an issue", sign="createdat"
    )
    return record_result(
        head, rows, numbers, "incidents", source, notes=_github_issues_notes(issues, rows, wanted)
    )


def _issue_row(issue: dict[str, Any], source: Source, wanted: Sequence[str]) -> Row:
    labels = _issue_labels(issue)
    created = as_text(issue.get("createdat"))
    row = {
        "incident_id": as_text(issue.get("number")),
        "service": source.service or _issue_repository(issue),
        "severity": next((name for name in labels if _SEVERITY.fullmatch(name)), None),
        "started_at": created,
        "detected_at": created,
        "resolved_at": as_text(issue.get("closedat")),
        "title": as_text(issue.get("title")),
    } | mapped_columns(issue, source)
    if issue.get("pullrequest") or issue.get("ispullrequest") is True:
        return row | left_out_row("a pull request, no issue", value=row["incident_id"])
    if not any(fits_any(name, wanted) for name in labels):
        reason = "no label of an incident; to keep it, set label = ... in sources.toml"
        seen = ", ".join(labels) or None
        return row | left_out_row(reason, value=seen, column="labels")
    why = str(issue.get("statereason") or "").lower()
    if why in ("not_planned", "duplicate"):
        reason = f"closed as {why.replace('_', ' ')}: no incident of its own"
        return row | left_out_row(reason, value=why, column="state_reason")
    return row


def _issue_labels(issue: dict[str, Any]) -> list[str]:
    given = issue.get("labels")
    names = [
        as_text(label.get("name") if isinstance(label, dict) else label)
        for label in (given if isinstance(given, list) else [])
    ]
    return [name for name in names if name]


def _issue_repository(issue: dict[str, Any]) -> str | None:
    addresses = map(issue.get, ("htmlurl", "url", "repositoryurl"))
    return name_in(addresses, r"(?:/repos|//[^/]+)/[^/]+/([^/]+)(?:/issues/|/pull/|$)")


def _github_issues_notes(
    issues: list[dict[str, Any]], rows: list[Row], wanted: Sequence[str]
) -> list[str]:
    notes = []
    if len(issues) in _FULL_PAGES:
        notes.append(
            f"Exactly {len(issues)} issues, as many as GitHub gives when not told otherwise: "
            f"truncated? Export with {_EXPORT}."
        )
    marked = [one for one in issues if any(fits_any(n, wanted) for n in _issue_labels(one))]
    if not marked:
        seen = word_counts(name for issue in issues for name in _issue_labels(issue))
        notes.append(f"No issue carries the label of an incident; labels seen: {seen or 'none'}.")
    return notes


EXPORT_LIMIT = 1000
"""Issues that Jira writes into one CSV unless the site allows more."""

_COLUMNS = {
    "incident_id": ("Issue key",), "title": ("Summary",), "severity": ("Priority",),
    "service": ("Component/s", "Components"), "started_at": ("Created",),
    "resolved_at": ("Resolved",),
}  # fmt: skip
_JIRA_TIMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at")
_JIRA_DONE = ("done", "closed", "resolved", "completed", "complete", "fixed")
_NONE_OF_ITS_OWN = ("duplicate", "invalid", "declined", "canceled", "cancelled")
_SHIFTED = (
    "the row has {seen} fields and the header {known}, so from somewhere on they are shifted; "
    "export again, or fewer columns"
)


def _is_jira(head: Head) -> bool:
    """Whether the file is a CSV of Jira issues."""
    return head.kind == "csv" and {"Issue key", "Issue id"} <= set(head.header)


def _read_jira(head: Head, source: Source) -> FileResult:
    """Issues, one row for each component they name."""
    header, records = _jira_records(head)
    columns = _jira_columns(header, source, head)
    rows, numbers = _jira_rows(header, records, columns, source)
    notes = [*several_services_note(rows, numbers), *_jira_notes(rows, records)]
    return _jira_result(head, rows, numbers, columns, source, notes)


def _jira_records(head: Head) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header as written, and every record with the line on which it begins."""
    csv.field_size_limit(sys.maxsize)
    lines = io.StringIO(file_text(head), newline="")
    reader = csv.reader(islice(lines, head.skip, None), delimiter=head.delimiter)
    found: list[tuple[int, list[str]]] = []
    begun = 0
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                found.append((head.skip + begun + 1, fields))
            begun = reader.line_num
    except csv.Error as error:
        raise ReadError(
            f"the CSV is damaged ({error})", file=head.name, line=head.skip + reader.line_num,
            fix="export it again",
        ) from error  # fmt: skip
    return [name.strip() for name in found[0][1]], found[1:]


def _jira_columns(header: list[str], source: Source, head: Head) -> dict[str, str]:
    """Which column of the file each canonical column is."""
    chosen = dict(source.columns)
    columns = dict(chosen)
    for name, words in _COLUMNS.items():
        there = next((word for word in words if word in header), None)
        if there is not None:
            columns.setdefault(name, there)
    absent = [column for column in columns.values() if column not in header]
    lacking = [name for name in ("incident_id", "started_at") if name not in columns]
    if absent or lacking:
        what = f"column {absent[0]!r}" if absent else f"column for {lacking[0]}"
        raise ReadError(
            f"there is no {what}; the file has {', '.join(map(repr, dict.fromkeys(header)))}",
            file=head.name,
            fix="export all fields, or correct columns in sources.toml",
        )
    if "started_at" not in chosen:
        columns.setdefault("detected_at", columns["started_at"])
    return columns


def _jira_rows(
    header: list[str],
    records: Sequence[tuple[int, list[str]]],
    columns: dict[str, str],
    source: Source,
) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    numbers: list[int] = []
    for line, fields in records:
        part = _jira_issue_rows(header, fields, columns, source)
        rows += part
        numbers += [line] * len(part)
    return rows, numbers


def _jira_issue_rows(
    header: list[str], fields: list[str], columns: dict[str, str], source: Source
) -> list[Row]:
    beyond = [field for field in fields[len(header) :] if field.strip()]
    if beyond or len(fields) < len(header):
        reason = _SHIFTED.format(seen=len(fields), known=len(header))
        return [refused_row(reason, value=fields[0])]
    cells = _grouped(header, fields)
    row: Row = {
        name: next(iter(cells[column]), None) for name, column in columns.items()
    }  # the first of repeated columns that holds anything
    if row.get("resolved_at") is None and _is_done(cells):
        row |= {"resolved_at": next(iter(cells.get("Updated", [])), None), "guessed": True}
    said = next(iter(cells.get("Resolution", [])), "").strip()
    if re.sub(r"\W.*", "", said.lower()) in _NONE_OF_ITS_OWN:
        reason = f"resolved as {said}: no incident of its own"
        row |= left_out_row(reason, value=said, column="Resolution")
    mapped = "service" in source.columns
    named = [] if mapped or "service" not in columns else cells[columns["service"]]
    return row_per_service(row, [name.strip() for name in named], source)


def _grouped(header: list[str], fields: list[str]) -> dict[str, list[str]]:
    """Cells that hold anything, by column; repeated columns are one."""
    cells: dict[str, list[str]] = {name: [] for name in header}
    for name, field in zip(header, fields, strict=False):
        if field.strip():
            cells[name].append(field)
    return cells


def _is_done(cells: dict[str, list[str]]) -> bool:
    words = [*cells.get("Status Category", []), *cells.get("Status", [])]
    return bool(words) and words[0].strip().lower() in _JIRA_DONE


def _jira_result(
    head: Head,
    rows: list[Row],
    numbers: list[int],
    columns: dict[str, str],
    source: Source,
    notes: list[str],
) -> FileResult:
    keys = ["incident_id", "service", *columns, *(key for row in rows for key in row)]
    frame = pd.DataFrame(rows, columns=list(dict.fromkeys(keys)))
    times = [name for name in _JIRA_TIMES if name in frame]
    shown = {name: columns[name] for name in times if name in columns}
    zone = source.timezone
    dated = cells.jira_iso(frame, shown, file=head.name)
    timed = record_tables.with_times(dated, times, file=head.name, timezone=zone, shown=shown)
    timed = timed.drop(columns="guessed", errors="ignore")
    result = record_tables.read_rows(
        timed, "incidents", head=head, source=source, lines=numbers, notes=notes
    )
    return replace(result, timezone=zone or "UTC")


def _jira_notes(rows: list[Row], records: Sequence[tuple[int, list[str]]]) -> list[str]:
    notes = []
    guessed = sum(row.get("guessed") is True for row in rows)
    if guessed:
        notes.append(
            f"{guessed:,} of {len(rows):,} rows are of issues that are done and have no Resolved: "
            "their last update counts as the end, which can be late."
        )
    if len(records) == EXPORT_LIMIT:
        notes.append(
            f"Exactly {EXPORT_LIMIT:,} issues, the most Jira writes at once: truncated? Export "
            "shorter periods."
        )
    return notes


STATUSPAGE = Family("statuspage", _is_statuspage, _read_statuspage, ("incidents", "exclusions"))
GITHUB_ISSUES = Family(
    "github_issues", _is_github_issues, _read_github_issues, ("incidents", "exclusions")
)
JIRA = Family("jira", _is_jira, _read_jira, ("incidents", "exclusions"))
