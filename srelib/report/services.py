"""A page for each service: its verdict, its numbers, and what every notebook says of it.

Nothing is computed here: verdict and sentences come from the pages of the notebooks, numbers from
the scoreboard and from the findings that the pages state.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
from markupsafe import Markup

from srelib import events, wording
from srelib.annotations import numbered
from srelib.changes import Record
from srelib.dataset import Dataset
from srelib.findings import changes as words
from srelib.findings.annotations import note_sentences
from srelib.findings.decisions import UNSAID
from srelib.findings.finding import FIELDS
from srelib.report.difference import Compared
from srelib.report.index import Scoreboard
from srelib.report.render import DECISION, Context, Page, Said, filled, scrub, slug, unused

MOST = 50
"""Services with a page, the first of the scoreboard; those asked for by name have one as well."""
LONGEST = 15
"""Incidents listed, and alerts."""
WIDEST = 80
"""Characters of a service's name in that of its page: file systems bear no more than some 250."""
SPENT = "budget spent by an incident"
NUMBERS = {"delivery.five", "decisions.service", "decisions.row", "decisions.cell"}
"""Findings whose numbers stand beside the sentences of their page."""
LINK = re.compile(r"https?://[^\s<>\"'`\\]+")
WRITERS = {
    "cost of deployments": wording.cost_share,
    "probability to meet the next window": wording.of_100,
}
"""How an interval is written, for quantities that are no fields of the scoreboard."""


def linked(board: Scoreboard, asked: Collection[str]) -> Scoreboard:
    """The scoreboard with the names of the pages that its services have."""
    first = [row.service for row in board.services[:MOST]]
    chosen = [row.service for row in board.services if row.service in {*first, *asked}]
    names: dict[str, str] = {}
    for service in chosen:
        names[service] = unused(f"service-{slug(service)[:WIDEST]}", names.values())
    pages = {service: f"{name}.html" for service, name in names.items()}
    return replace(
        board,
        services=tuple(replace(row, page=pages.get(row.service, "")) for row in board.services),
        budgets=tuple(replace(row, page=pages.get(row.of, "")) for row in board.budgets),
    )


def rendered(
    board: Scoreboard,
    pages: Sequence[Page],
    exports: Dataset,
    kept: Record,
    every: Sequence[Compared],
    context: Context,
) -> Iterator[tuple[str, str]]:
    """Name and HTML of the page of each service that has one."""
    named = _names(board, kept)
    noted = {context.sentence(text) for text in note_sentences(exports.annotations)}
    notes = numbered(exports.annotations)
    alerts = exports.alerts.sort_values("fired_at", ascending=False, kind="stable")
    rows = [row for row in board.services if row.page]
    for place, row in enumerate(rows):
        verdict = _verdict(row.service, pages, context)
        spent = {one["subject"]: one for page in pages for one in page.stated
                 if one["quantity"] == SPENT and one["service"] == row.service}  # fmt: skip
        objectives = sorted({subject.rpartition(": ")[0] for subject in spent})
        html = filled(
            "service.html.j2",
            context,
            row=row,
            team=board.teams.get(row.team) if row.team else None,
            others=[one for one in rows if row.team and one.team == row.team and one != row],
            before=rows[place - 1] if place else None,
            after=rows[place + 1] if place + 1 < len(rows) else None,
            verdict=verdict,
            span=board.span,
            budgets=[one for one in board.budgets if one.of == row.service],
            changed=[(one.title, _changed(row.service, one, context)) for one in every],
            told=_told(row.service, named[row.service], pages, noted | {verdict}),
            incidents=_incidents(row.service, exports, spent, objectives),
            objectives=objectives,
            alerts=events.of_service(alerts, row.service).to_dict("records"),
            notes=notes[notes["service"].isna() | (notes["service"] == row.service)]
            .drop_duplicates("number")
            .to_dict("records"),
            most=LONGEST,
            text=partial(_text, context=context),
            lasted=_lasted,
            day=wording.day,
        )
        yield row.page, html


def _names(board: Scoreboard, kept: Record) -> dict[str, set[str]]:
    """How sentences call each service: by its name, its objectives, its indicators."""
    found = {row.service: {row.name} for row in board.services}
    subjects = [*kept.objectives, *zip(kept.days["service"], kept.days["subject"], strict=True)]
    for service, subject in {*subjects}:
        if service in found and subject:
            found[service].add(wording.label(subject, limit=60))
    return found


def _verdict(service: str, pages: Sequence[Page], context: Context) -> Markup | None:
    """What to do about the service; None where no page decides."""
    for page in pages:
        for one in () if page.failure else page.stated:
            if one["key"] in (DECISION, UNSAID) and one["service"] == service:
                return context.sentence(one["sentence"])
    return None


def _told(
    service: str, names: Collection[str], pages: Sequence[Page], said: Collection[Markup | None]
) -> list[tuple[Page, list[Said], list[tuple[str, ...]]]]:
    """Sentences of each notebook about the service, those first that name it first, and numbers;
    every sentence once, and none of those already `said`.
    """
    found, seen = [], {*said}
    for page in pages:
        lines = []
        for one in page.lines:
            if {*one.names} & {*names} and one.html not in seen:
                seen.add(one.html)
                lines.append(one)
        lines.sort(key=lambda one: one.names[0] not in names)
        numbers = [
            _number(one)
            for one in page.stated
            if one["key"] in NUMBERS and one["service"] == service and one["text"]
        ]
        if lines or numbers:
            found.append((page, lines, numbers))
    return found


def _number(one: Mapping[str, Any]) -> tuple[str, ...]:
    """A stated number with its interval, as its page writes them, n, and the time it is about."""
    ends, quantity = (one["low"], one["high"]), one["quantity"]
    field = next((name for name, known in FIELDS.items() if known == quantity), "")
    texts: Sequence[str] = ()
    if None not in ends and field:
        texts = wording.estimates(field, (one["value"], *ends))[1:]
    elif None not in ends and quantity in WRITERS:
        texts = [WRITERS[quantity](end) for end in ends]
    called = f"{quantity} a week" if one["unit"] == "1/week" else quantity
    n = "" if one["n"] is None else wording.count(one["n"])
    return called, one["text"], " to ".join(texts), n, one["window"]


def _changed(service: str, one: Compared, context: Context) -> tuple[list[Markup], list[list[str]]]:
    if one.found is None:
        return [], []
    own = replace(one.found, rows=tuple(r for r in one.found.rows if r.service == service))
    said = [context.sentence(text) for text in words.change_sentences(own)]
    return said, [list(words.cells(row)[1:]) for row in own.rows]


def _incidents(
    service: str,
    exports: Dataset,
    spent: Mapping[str, Mapping[str, Any]],
    objectives: Sequence[str],
) -> list[dict[Any, Any]]:
    """Incidents with what they spent, those that spent most first, then the latest."""
    rows = events.of_service(exports.incidents, service).to_dict("records")
    for row in rows:
        parts = [spent.get(f"{name}: {row['incident_id']}") for name in objectives]
        values = (part["value"] for part in parts if part and part["value"])
        row["spent"], row["most"] = parts, max(values, default=-1.0)
        row["url"] = row["url"] if LINK.fullmatch(str(row["url"])) else ""
    return sorted(rows, key=lambda row: (row["most"], row["started_at"]), reverse=True)


def _text(value: Any, limit: int = 80, *, context: Context) -> str:
    return "" if pd.isna(value) else scrub(wording.label(value, limit=limit), context.places)


def _lasted(began: pd.Timestamp, ended: Any) -> str:
    return "open" if pd.isna(ended) else wording.duration(ended - began)
