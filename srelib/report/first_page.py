"""The first page as Markdown: for a chat, a wiki or a pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from srelib.findings.finding import markdown, name
from srelib.report.difference import Compared
from srelib.report.index import Scoreboard, lead
from srelib.report.render import DECISION, Page


def text(
    board: Scoreboard,
    pages: Sequence[Page],
    every: Sequence[Compared],
    provenance: Mapping[str, Any],
) -> str:
    """What the first page says, without links: there is nothing beside it."""
    failed = [
        f"- **Incomplete:** {markdown(page.title)}: {markdown(page.failure, limit=200)}"
        for page in pages
        if page.failure
    ]
    decided = [one["sentence"] for page in pages if not page.failure
               for one in page.stated if one["key"] == DECISION]  # fmt: skip
    first = lead(pages)
    parts = [
        [f"# Report on {markdown(provenance['folder'])}"],
        [f"{provenance['first']} to {provenance['as_of']} (UTC)."],
        failed,
        [_LINK.sub("", first.says)] if first and first.says else [],
        _section("What to do", decided),
        *(_section(one.title, one.sentences) for one in every),
        _standing(board),
        _budgets(board),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


_LINK = re.compile(r"\s*(?<!\\)\[[^\]]*\]\([\w-]+\.(?:ipynb|html)[^)]*\)")
"""A link to another page of the report."""


def _section(title: str, sentences: Sequence[str]) -> list[str]:
    plain = [_LINK.sub("", text) for text in sentences]
    return [f"## {title}", "", *(f"- {text}" for text in plain)] if plain else []


def _standing(board: Scoreboard) -> list[str]:
    if not board.services:
        return []
    headers = ["Service", "Place", *(cell.label for cell in board.services[0].cells)]
    rows = [[row.name, row.quadrant or "–",
             *(f"{c.value} ({c.ends})" if c.ends else c.value for c in row.cells)]
            for group in board.by_team(board.services) for row in group.rows]  # fmt: skip
    teams = [f"- {name(team.name)}: {markdown(team.words, limit=400)}"
             for team in board.teams.values()]  # fmt: skip
    return ["## Scoreboard", "", f"{board.span}; with 95 % intervals.", "",
            *teams, *([""] if teams else []), *_table(headers, rows)]  # fmt: skip


def _budgets(board: Scoreboard) -> list[str]:
    headers = ["Service", "Objective", "Window", "Achieved", "Target", "Left", "Status"]
    rows = [[row.service, row.slo, row.window, row.sli, row.target, row.left, row.status]
            for row in board.budgets]  # fmt: skip
    return ["## Error budgets", "", *_table(headers, rows)] if rows else []


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [headers, ["---"] * len(headers)]
    lines += [[markdown(cell, limit=200) for cell in row] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
