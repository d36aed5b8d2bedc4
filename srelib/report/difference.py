"""What changed since an earlier report: on the command line and on a page of the report."""

from __future__ import annotations

from srelib.changes import Changes
from srelib.findings import changes as words
from srelib.report import sources


def show(found: Changes) -> None:
    """Print every service and quantity with what is said of it, on standard output."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=160)
    rows = [list(words.cells(row)) for row in found.rows]
    console.print(sources._table(f"{words.spans(found)}.", words.HEADERS, rows))
    console.print(words.changes_sentence(found).replace("**", ""))
