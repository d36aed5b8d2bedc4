"""The first page as Markdown: what the page says, no link, no markup from data."""

from __future__ import annotations

from dataclasses import replace

from srelib.report import first_page, index
from srelib.report.difference import Compared
from srelib.report.render import Page

PROVENANCE = {"folder": "my_exports", "first": "2026-06-01 00:00", "as_of": "2026-06-29 00:00"}
BUDGET = index.BudgetRow(service="a|b", slo="*up*", target="99 %", window="28 days", sli="98 %",
                         left="−100 %", status="Budget overspent")  # fmt: skip
CELL = index.Cell("frequency", "devops", "Deployments a week", "5", "4 to 6")
ROW = index.ServiceRow("a|b", "fast and safe", "90 %", "good", (CELL, replace(CELL, ends="")))
BOARD = index.Scoreboard((ROW,), "1 June 2026 to 29 June 2026", None, (BUDGET,), ())


def decided(text: str, **more: str) -> Page:
    """A page with a first sentence and a verdict."""
    stated = ({"key": "decisions.service", "sentence": text},)
    return Page(
        "06_x", "Cost?", "", "<b>It costs.</b>", stated=stated, says="**It** costs.", **more
    )


def test_the_page_in_order():
    """Folder and span, sentences, verdicts, what changed, tables."""
    page = decided("**a**: stop. [Evidence](06_x.ipynb#a) It is \\[not\\](x.html).")
    text = first_page.text(BOARD, [page], [Compared("The last 4 weeks", None)], PROVENANCE)
    assert (
        text
        == """\
# Report on my\\_exports

2026-06-01 00:00 to 2026-06-29 00:00 (UTC).

**It** costs.

## What to do

- **a**: stop. It is \\[not\\](x.html).

## The last 4 weeks

- The data hold less than 8 weeks, so the last 4 cannot be compared with the 4 before.

## Scoreboard

1 June 2026 to 29 June 2026; with 95 % intervals.

| Service | Place | Deployments a week | Deployments a week |
| --- | --- | --- | --- |
| a\\|b | fast and safe | 5 \\(4 to 6\\) | 5 |

## Error budgets

| Service | Objective | Window | Achieved | Target | Left | Status |
| --- | --- | --- | --- | --- | --- | --- |
| a\\|b | \\*up\\* | 28 days | 98 % | 99 % | −100 % | Budget overspent |
"""
    )


def test_incomplete_pages_are_named_and_say_nothing_else():
    """Neither their first sentence nor their verdicts."""
    page = decided("**a**: stop.", failure="cell 3: KeyError")
    text = first_page.text(replace(BOARD, services=(), budgets=()), [page], [], PROVENANCE)
    assert "**Incomplete:** Cost?: cell 3&#58; KeyError" in text
    assert "costs" not in text
    assert "stop" not in text
