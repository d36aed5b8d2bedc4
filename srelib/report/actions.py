"""What to do about each service, as the first screen of the report shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from srelib import wording
from srelib.decisions.verdict import CARRY_ON, NOT_ENOUGH, SHIP_MORE
from srelib.findings.decisions import EVIDENCE, MEETS, MEETS_THEN, REASON, UNSAID
from srelib.report.index import Cell, Scoreboard, ServiceRow
from srelib.report.render import DECISION, Context, Markdown, Page

MOODS = {CARRY_ON: "good", SHIP_MORE: "calm", NOT_ENOUGH: "none"}


@dataclass(frozen=True)
class Action:
    """One service: what to do and why, windows of 100 today and then, how sure that is.

    `level` is the cell of the scoreboard with the course of its service level.
    """

    name: str
    page: str
    verdict: str
    mood: str
    reason: Markup
    today: str
    then: str
    change: str
    confidence: str
    evidence: str
    level: Cell | None
    team: str


def actions(pages: Sequence[Page], board: Scoreboard, context: Context) -> list[Action]:
    """A row for each service of which a page decides, those first that need action."""
    stated = [one for page in pages if not page.failure for one in page.stated]
    known = {(one["key"], one["quantity"], one["service"]): one for one in stated}
    rows, markdown = {row.service: row for row in board.services}, Markdown(context.names)
    found = []
    for one in stated:
        if one["key"] in (DECISION, UNSAID):
            service = one["service"]
            reason = known.get((REASON, "", service), {"sentence": ""})["sentence"]
            today, then = (known.get(("decisions.cell", quantity, service))
                           for quantity in (MEETS, MEETS_THEN))  # fmt: skip
            row = rows.get(service)
            found.append(Action(
                wording.label(service, limit=60), row.page if row else "", one["verdict"],
                MOODS.get(one["verdict"], "bad"),
                markdown.sentence(reason), today["text"] if today else "\N{EN DASH}",
                then["text"] if then else "", then["subject"] if then else "", one["text"],
                _evidence(one["verdict"], context), _level(row), row.team if row else "",
            ))  # fmt: skip
    return found


def _evidence(verdict: str, context: Context) -> str:
    """The page that shows what a verdict stands on, where the report has it."""
    name = EVIDENCE.get(verdict, "")
    return f"{name}.html" if name in context.names else ""


def _level(row: ServiceRow | None) -> Cell | None:
    return next((cell for cell in row.cells if cell.field == "sli"), None) if row else None
