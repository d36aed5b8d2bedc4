"""What the scoreboard says: delivery and reliability of each service, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from srelib import wording
from srelib.findings.finding import Finding, beside_chance, of_fields, say
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.sli.interval import ASSUMED, BACKGROUND_ONLY
from srelib.tradeoff.association import Span
from srelib.tradeoff.scoreboard import Quadrants, Scorecard
from srelib.windows.window import span_label

LIMITS = {ASSUMED: "outage sizes assumed", BACKGROUND_ONLY: "background only"}
"""What a cell says of an interval that assumes something or leaves something out."""
COLUMNS = {
    "frequency": "deployments a week", "lead_time": "median lead time",
    "fail_rate": "change fail rate", "left": "error budget left", "incidents": "incidents a week",
}  # fmt: skip
"""Fields of `Scorecard` in the table: those of delivery, then those of reliability."""
NEEDS = {
    "deployments": "frequency", "sli": "sli", "slos": "left", "changes": "lead_time",
    "incidents": "incidents", "alerts": "pages",
}  # fmt: skip
"""Which export each field of `Scorecard` needs."""


def places_sentences(quadrants: Quadrants) -> list[Finding]:
    """Who could not be placed."""
    if not len(quadrants.services):
        return [say("scoreboard.none")]
    return [say("scoreboard.unplaced", who=quadrants.unknown)] if quadrants.unknown else []


def chance(p: float) -> str:
    """A probability from draws, which are too few to tell 99.5 % from 100 %."""
    return f"over 99{wording.NBSP}%" if p > 0.995 else f"{p * 100:.0f}{wording.NBSP}%"


def board_table(board: Mapping[str, Scorecard], *, between: Span | None) -> Table | None:
    """Delivery and reliability of each service side by side."""
    if not board or between is None:
        return None
    rows = [{"service": service, **{field: _estimate(one, field) for field in COLUMNS}}
            for service, one in board.items()]  # fmt: skip
    said = [found for service, one in board.items()
            for found in of_fields("scoreboard.cell", one, service=service,
                                   window=span_label(*between))]  # fmt: skip
    level = wording.interval(next(iter(board.values())).frequency.confidence)
    length = wording.roughly(between[1] - between[0])
    return table(rows, headers=COLUMNS, findings=said,
                 caption=f"Delivery and reliability in {length}, {level} (n)")  # fmt: skip


def _estimate(one: Scorecard, field: str) -> str:
    """Value, and below it interval and n, of one number of a service."""
    e = getattr(one, field)
    if e.value != e.value:
        return "\u2013"
    value, low, high = wording.estimates(field, (e.value, e.low, e.high))
    below = [wording.ends(low, high)] if e.low == e.low and e.high == e.high else []
    below += [f"({e.n:,.0f})"] if field in ("lead_time", "fail_rate") else []
    below += [words for text, words in LIMITS.items() if e.method.endswith(text)]
    below += [] if field != "fail_rate" or one.fail_clear else [beside_chance(one)]
    return f"{value}\n{' '.join(below)}"


def missing_sentences(board: Mapping[str, Scorecard]) -> list[Finding]:
    """What the exports do not hold, and how to add it."""
    words = {"sli": "service levels", "slos": "objectives"}
    values = {kind: [getattr(one, field).value for one in board.values()]
              for kind, field in NEEDS.items()}  # fmt: skip
    return [say("scoreboard.missing", kind=words.get(kind, kind), how=HOW_TO[kind])
            for kind, found in values.items() if all(x != x for x in found)]  # fmt: skip
