"""What to do about each service, on the first screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import srelib
from srelib.decisions.verdict import CARRY_ON, FIX, NOT_ENOUGH, SAFER_RELEASES, VERDICTS
from srelib.findings.decisions import EVIDENCE, MEETS, MEETS_THEN, REASON
from srelib.findings.finding import Finding, as_json
from srelib.report import index
from srelib.report.actions import actions
from srelib.report.render import Context, Page
from srelib.report.sources import _provenance

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample() -> tuple[srelib.Dataset, index.Scoreboard]:
    """The sample and its scoreboard."""
    data = srelib.load(ROOT / "data" / "sample")
    return data, index.scoreboard(data)


def decided(service: str, verdict: str, reason: str = "So it is.", then: float = 0.0) -> list:
    """What a page that decides states of one service."""
    found = [
        Finding("decisions.service", "confidence of a verdict", service, "13 weeks", 0.97, "97 %",
                verdict=verdict, sentence=f"**{service}**: {verdict}."),
        Finding(REASON, "", service, "", 0.0, sentence=reason),
        Finding("decisions.cell", MEETS, service, "28 days", 0.43, "43"),
    ]  # fmt: skip
    if then:
        found.append(Finding("decisions.cell", MEETS_THEN, service, "28 days", then, "76", "half"))
    return [as_json(one) for one in found]


def page(*stated: list, failure: str = "") -> Page:
    """A page that decides."""
    every = tuple(one for own in stated for one in own)
    return Page("09_x", "What next?", "", "Two.", failure, stated=every)


def rendered(pages, sample) -> BeautifulSoup:
    """The first page."""
    data, board = sample
    context = Context([], _provenance(data), {})
    todo = actions(pages, board, context)
    html = index.render(board, pages, context, actions=todo)
    return BeautifulSoup(html, "html.parser")


def test_a_row_holds_verdict_reason_gain_and_confidence(sample):
    """With the course of the service level; names and reasons are text."""
    made = page(decided("checkout", SAFER_RELEASES, "**82 %** <b>", 0.76), decided("x<i>", FIX))
    first, second = rendered([made], sample).select(".actions tbody tr")
    cells = [" ".join(cell.get_text(" ").split()) for cell in first.select("th, td")]
    assert cells[:4] == ["checkout", f"{SAFER_RELEASES} 82 % <b>", "43 → 76 half", "97 %"]
    assert first.select_one("svg.course") is None  # the board knows nothing of weeks here
    assert second.th.get_text() == "x<i>"
    assert second.select("td")[1].get_text() == "43"


def test_a_page_that_failed_decides_nothing(sample):
    """There is no table then, nor where no page decides."""
    made = page(decided("checkout", FIX), failure="broke")
    assert rendered([made], sample).select_one(".actions") is None
    assert rendered([], sample).select_one(".actions") is None


def test_a_fleet_is_cut_and_says_so(sample):
    """The page of decisions has every service."""
    made = page(*(decided(f"s{n}", CARRY_ON) for n in range(index.MOST_ACTIONS + 3)))
    found = rendered([made], sample)
    assert len(found.select(".actions tbody tr")) == index.MOST_ACTIONS
    note = " ".join(found.select_one(".actions .notes").get_text().split())
    assert note.startswith("3 more services are on the next page. What next?")


def test_evidence_is_linked_where_the_report_has_it(sample):
    """Every verdict but that of too little data has a page that shows its evidence."""
    assert set(EVIDENCE) == set(VERDICTS) - {NOT_ENOUGH}
    data, board = sample
    made = page(decided("checkout", FIX), decided("search", NOT_ENOUGH))
    books = [type("Book", (), {"name": EVIDENCE[FIX]})]
    first, second = actions([made], board, Context(books, _provenance(data), {}))
    assert (first["evidence"], second["evidence"]) == (f"{EVIDENCE[FIX]}.html", "")
    (bare, _) = actions([made], board, Context([], _provenance(data), {}))
    assert bare["evidence"] == ""
