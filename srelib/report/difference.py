"""What changed since an earlier report: on the command line, on a page, and on the scoreboard."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from markupsafe import Markup

from srelib.changes import BETTER, REAL, WORSE, Change, Changes, Record, compare, recently
from srelib.changes.record import (
    DEPLOYMENTS,
    FAIL_RATE,
    INCIDENTS,
    LEAD_TIME,
    LEVEL,
    PAGES,
    RESTORE,
)
from srelib.findings import changes as words
from srelib.findings.annotations import note_sentences
from srelib.findings.finding import sentence
from srelib.report import sources
from srelib.report.index import Cell, Scoreboard
from srelib.report.render import Context, clean, filled

PAGE = "changes"
"""Name of the page with every row."""
FIELDS = {
    "frequency": DEPLOYMENTS, "lead_time": LEAD_TIME, "fail_rate": FAIL_RATE, "sli": LEVEL,
    "pages": PAGES, "incidents": INCIDENTS, "restore": RESTORE,
}  # fmt: skip
"""Fields of the scoreboard that are compared, and what is compared."""
WEEKS, FEWEST = 13, 4
"""Longest sparkline, and weeks it needs."""
WIDTH, HEIGHT = 72.0, 14.0
MOST = 8
"""Sentences on the first page; the page of changes has all."""


@dataclass(frozen=True)
class Compared:
    """One comparison as the report shows it; None where the history is too short."""

    title: str
    found: Changes | None

    @property
    def sentences(self) -> list[str]:
        """Headline and what is certain, as Markdown."""
        if self.found is None:
            return [sentence("changes.headline", "short")]
        return [words.changes_sentence(self.found), *words.change_sentences(self.found)]


def compared(kept: Record, previous: Record | None) -> list[Compared]:
    """What is compared: with the previous report where there is one, and the last weeks."""
    since = [] if previous is None else [Compared("Since the last report", compare(previous, kept))]
    return [*since, Compared("The last 4 weeks against the 4 before", recently(kept))]


def show(found: Changes) -> None:
    """Print every service and quantity with what is said of it, on standard output.

    Services of which nothing could be compared for the same reason are one sentence.
    """
    console = sources.console()
    rows = [list(words.cells(row)) for row in words.table_rows(found)]
    spans = f"{words.spans(found)}."
    console.print(sources._table(spans, words.HEADERS, rows) if rows else spans)
    silent = words.not_compared_sentences(found)
    notes = note_sentences(found.annotations, numbers=False)
    for line in (*silent, words.changes_sentence(found), *notes):
        plain = re.sub(r"\\(.)", r"\1", line.replace("**", ""))
        console.print(html.unescape(plain))


def short(one: Compared, context: Context) -> list[Markup]:
    """Its sentences for the first page."""
    said = one.sentences
    left_out = [f"{len(said) - MOST - 1} more."] if len(said) > MOST + 1 else []
    return [context.sentence(text) for text in (*said[: MOST + 1], *left_out)]


def page(every: Sequence[Compared], context: Context) -> str:
    """The page "What changed": every row of each comparison."""
    parts = []
    for one in every:
        said = [context.sentence(text) for text in one.sentences]
        shown, notes = None, []
        if one.found is not None:
            shown = words.changes_table(one.found)
            notes = note_sentences(one.found.annotations, numbers=False)
        table = Markup(clean(shown._repr_html_()) if shown is not None else "")
        parts.append((one.title, said, table, [context.sentence(text) for text in notes]))
    return filled("changes.html.j2", context, parts_of=parts)


def on_board(board: Scoreboard, kept: Record, every: Sequence[Compared]) -> Scoreboard:
    """The scoreboard with the course of each number and its change in the first comparison."""
    found = every[0].found.rows if every and every[0].found else ()
    changes = {(row.service, row.quantity, row.subject): row for row in found}
    days = dict(iter(kept.days.groupby(["service", "quantity", "subject"])))
    last = pd.Timestamp(kept.days["day"].max()) if days else kept.as_of
    services = []
    for row in board.services:
        cells = []
        for cell in row.cells:
            quantity = FIELDS.get(cell.field, "")
            key = row.service, quantity, row.objective if quantity == LEVEL else ""
            cells.append(_with_change(cell, changes.get(key), days.get(key), last))
        services.append(replace(row, cells=tuple(cells)))
    return replace(board, services=tuple(services))


def _with_change(
    cell: Cell, change: Change | None, days: pd.DataFrame | None, last: pd.Timestamp
) -> Cell:
    cell = replace(cell, course="" if days is None else course(days, last=last))
    if change is None or change.before != change.before or change.after != change.after:
        return cell
    before, after = words.cells(change)[2:4]
    mood = {BETTER: "good", WORSE: "bad"}.get(change.direction, "")
    word = f" ({change.direction})" if change.verdict == REAL else ""
    return replace(cell, change=f"{before} → {after}{word}", mood=mood)


def course(days: pd.DataFrame, *, last: pd.Timestamp) -> str:
    """A quantity week by week as the path of a small line, broken where nothing is known."""
    ago = np.asarray((last - pd.DatetimeIndex(days["day"])) // pd.Timedelta("7D"))
    inside = ago < WEEKS
    place = WEEKS - 1 - ago[inside]
    part, n = (np.bincount(place, days[name].to_numpy()[inside], WEEKS) for name in ("sum", "n"))
    known = n > 0
    if known.sum() < FEWEST:
        return ""
    values = np.divide(part, n, where=known, out=np.full(WEEKS, np.nan))
    low, high = np.nanmin(values), np.nanmax(values)
    share = np.full(WEEKS, 0.5) if high <= low else (values - low) / (high - low)
    up = share if days["quantity"].iloc[0] != LEVEL else 1 - share  # kept as what was bad
    points = [f"{1 + i * (WIDTH - 2) / (WEEKS - 1):.1f} {HEIGHT - 2 - u * (HEIGHT - 4):.1f}"
              for i, u in enumerate(np.nan_to_num(up))]  # fmt: skip
    steps = zip(points, known, np.r_[False, known[:-1]], strict=True)
    return " ".join(f"{'L' if before else 'M'}{point}" for point, own, before in steps if own)
