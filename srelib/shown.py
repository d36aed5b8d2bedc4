"""Tables as a notebook shows them: for eyes, keyboards and screen readers; text is never markup."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from srelib import tables, wording


def escaped(value: Any, *, limit: int = 200) -> str:
    """A text from the data as HTML that shows exactly that text, on one line."""
    return html.escape(wording.label(value, limit=limit))


VISIBLE = 8
"""Rows of a table that are seen at once; the others are folded below them."""


@dataclass(frozen=True)
class HtmlTable:
    """A table ready to show: headers and cells are text, not yet escaped.

    The first cell of a row names it, and what follows a line break in a cell, as an interval does,
    stands small below it. `numeric` columns are aligned to the right; `more` rows were left out;
    `links` are the addresses that cells lead to, by row and column.
    """

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    more: int = 0
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def __repr__(self) -> str:
        cells = ("  ".join(row).replace("\n", " ") for row in (self.headers, *self.rows))
        return "\n".join([self.caption, *cells, *self._left_out()])

    def _repr_html_(self) -> str:
        if len(self.rows) <= VISIBLE + 1:
            return self._box(self._body(0, None), "")
        return (
            f"{self._box(self._body(0, VISIBLE), '')}"
            f"<details><summary>{len(self.rows) - VISIBLE} more of {len(self.rows)} rows"
            f"</summary>{self._box(self._body(VISIBLE, None), 'continued')}</details>"
        )

    def _box(self, body: str, which: str) -> str:
        """Rows under the headers, with the caption, which is short where they only go on."""
        caption = html.escape(self.caption)
        label = f"{caption}, {which}" if which else caption
        title = f'<caption style="text-align:left">{which or caption}</caption>\n'
        head = "".join(
            f'<th scope="col"{_align(right)}>{escaped(text)}</th>'
            for text, right in zip(self.headers, self.numeric, strict=True)
        )
        foot = "".join(
            f'<tfoot><tr><td colspan="{len(self.headers)}">{line}</td></tr></tfoot>'
            for line in self._left_out()
            if which or len(self.rows) <= VISIBLE + 1
        )
        return (
            f'<div class="srelib-table" role="region" aria-label="{label}" tabindex="0" '
            f'style="overflow-x:auto">\n<table>\n{title}<thead><tr>{head}</tr></thead>\n<tbody>\n'
            f"{body}\n</tbody>\n{foot}</table>\n</div>"
        )

    def _body(self, first: int, end: int | None) -> str:
        places = range(len(self.rows))[first:end]
        return "\n".join(f"<tr>{self._row(number)}</tr>" for number in places)

    def _row(self, row: int) -> str:
        first, *rest = (self._cell(row, column) for column in range(len(self.headers)))
        aligned = zip(rest, self.numeric[1:], strict=True)
        cells = "".join(f"<td{_align(right)}>{text}</td>" for text, right in aligned)
        return f'<th scope="row"{_align(self.numeric[0])}>{first}</th>{cells}'

    def _cell(self, row: int, column: int) -> str:
        value, _, below = self.rows[row][column].partition("\n")
        text, address = escaped(value), self.links.get((row, column))
        text = f'<a href="{html.escape(address)}">{text}</a>' if address else text
        return f"{text}<br><small>{escaped(below)}</small>" if below else text

    def _left_out(self) -> list[str]:
        return [f"{wording.plural(self.more, 'more row')} not shown"] if self.more else []


def _align(right: bool) -> str:
    return f' style="text-align:{"right" if right else "left"}"'


def estimates(caption: str, rows: Mapping[str, tuple[Any, Any]]) -> HtmlTable:
    """Estimates (`srelib.stats.Estimate`) with interval and n, and how to write their numbers."""
    written = [
        (name, *(write(x) if math.isfinite(x) else wording.UNKNOWN
                 for x in (one.value, one.low, one.high)), wording.count(one.n))
        for name, (one, write) in rows.items()
    ]  # fmt: skip
    headers = ("quantity", "estimate", "from", "to", "n")
    return HtmlTable(caption, headers, tuple(written), (False, True, True, True, True))


def files(caption: str, sources: pd.DataFrame, rejects: pd.DataFrame) -> HtmlTable:
    """What each file was read as, its rows, and the time they are about."""
    left_out = rejects.loc[tables.left_out(rejects), "file"].value_counts()
    rows = []
    for row in sources.to_dict("records"):
        by_rule = int(left_out.get(row["file"], 0))
        numbers = (row["rows_kept"], by_rule, row["rows_rejected"] - by_rule)
        times = ("–" if pd.isna(row[end]) else f"{row[end]:%F %R}" for end in ("first", "last"))
        rows.append((row["file"], f"{row['format']}: {row['table']}",
                     *map(wording.count, numbers), *times))  # fmt: skip
    headers = ("file", "read as", "rows kept", "left out", "refused", "from", "to")
    return HtmlTable(caption, headers, tuple(rows), (False, False, True, True, True, False, False))
