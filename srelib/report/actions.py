"""What to do about each service, as the first screen of the report shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srelib import wording
from srelib.decisions.verdict import CARRY_ON, NOT_ENOUGH, SHIP_MORE
from srelib.findings.decisions import EVIDENCE, MEETS, MEETS_THEN, REASON, UNSAID
from srelib.report.index import Scoreboard
from srelib.report.render import DECISION, Context, Page

MOODS = {CARRY_ON: "good", SHIP_MORE: "calm", NOT_ENOUGH: "none"}


def actions(pages: Sequence[Page], board: Scoreboard, context: Context) -> list[dict[str, Any]]:
    """A row for each service of which a page decides, those first that need action: what to do
    and why, windows of 100 today and then, how sure that is, the course of its service level.
    """
    stated = [one for page in pages if not page.failure for one in page.stated]
    known = {(one["key"], one["quantity"], one["service"]): one for one in stated}
    rows, nothing = {row.service: row for row in board.services}, {"sentence": "", "text": ""}
    found = []
    for one in stated:
        if one["key"] in (DECISION, UNSAID):
            service, verdict = one["service"], one["verdict"]
            row, evidence = rows.get(service), EVIDENCE.get(verdict, "")
            cells = row.cells if row else ()
            today = known.get(("decisions.cell", MEETS, service), nothing)
            then = known.get(("decisions.cell", MEETS_THEN, service), {"text": "", "subject": ""})
            found.append(
                {
                    "service": service,
                    "anchor": "",
                    "name": wording.label(service, limit=60),
                    "page": row.page if row else "",
                    "verdict": verdict,
                    "mood": MOODS.get(verdict, "bad"),
                    "reason": context.sentence(
                        known.get((REASON, "", service), nothing)["sentence"]
                    ),
                    "today": today["text"] or "\N{EN DASH}",
                    "then": then["text"],
                    "change": then["subject"],
                    "confidence": one["text"],
                    "evidence": f"{evidence}.html" if evidence in context.names else "",
                    "level": next((cell for cell in cells if cell.field == "sli"), None),
                    "team": row.team if row else "",
                }
            )
    return found
