"""A page for each service: the verdict first, then what is known of it, nothing of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup

import srelib
from srelib import changes
from srelib.report import difference, index, render, services
from srelib.report.index import BudgetRow, Scoreboard, ServiceRow
from srelib.report.sources import _provenance
from tests.report.test_index import OWN
from tests.test_annotations import notes

ROOT = Path(__file__).parents[2]


def finding(**given) -> dict:
    """A finding about checkout as a page keeps it."""
    plain = {
        "key": "delivery.five", "quantity": "deployments", "service": "checkout", "subject": "",
        "window": "13 weeks", "value": 6.8, "text": "6.8", "low": 6.2, "high": 7.6, "n": 89.0,
        "unit": "1/week", "sentence": "", "anchor": "", "verdict": "",
    }  # fmt: skip
    return plain | given


def line(html: str, *names: str, anchor: str = "") -> render.Said:
    """A sentence that prints these names in bold."""
    return render.Said(Markup(html), html, names, anchor)


VERDICT = finding(key="decisions.service", sentence="**checkout**: **stop** & think.", text="98 %",
                  quantity="confidence of a verdict", unit="share of redrawn histories",
                  low=None, high=None, n=13.0)  # fmt: skip
PAGES = [
    render.Page(
        "02_b", "Budget?", "", "",
        stated=(finding(key="incident.cell", quantity="budget spent by an incident", text="42 %",
                        subject="checkout availability: Q4801B37ABC438", value=0.42),
                finding(key="incident.cell", quantity="budget spent by an incident", text="99 %",
                        service="search", subject="search availability: x", value=0.99)),
        lines=(line("all: checkout too", "search", "checkout", anchor="all"),
               line("mine", "checkout availability", anchor="what-is-left"),
               line("other", "search"), line("mine", "checkout availability")),
    ),
    render.Page("03_broken", "Broken?", "", "", "broke", lines=()),
    render.Page("04_d", "Ship?", "", "", stated=(finding(),),
                lines=(line("mine", "checkout availability"),)),
    render.Page(
        "09_x", "Next?", "", "", stated=(VERDICT,),
        lines=(line("<strong>checkout</strong>: <strong>stop</strong> &amp; think.", "checkout"),),
    ),
]  # fmt: skip


NOTES = notes(
    ("search", "2026-05-01", "moved"), ("checkout", "2026-05-03", "<i>sale</i>"),
    (None, "2026-05-02", "all"),
)  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, BeautifulSoup]:
    """Pages of the services of the sample, of which some have teams."""
    data = srelib.load(ROOT / "data" / "sample")
    object.__setattr__(data, "teams", pd.Series(OWN))
    object.__setattr__(data, "annotations", NOTES)
    kept = changes.record(data)
    every = difference.compared(kept, None)
    context = render.Context([], _provenance(data), {})
    board = services.linked(difference.on_board(index.scoreboard(data), kept, every), ())
    found = services.rendered(board, PAGES, data, kept, every, context)
    return {name: BeautifulSoup(html, "html.parser") for name, html in found}


def rows(page: BeautifulSoup, section: str) -> list[list[str]]:
    """Cells of the first table of a section."""
    table = page.select_one(f"section:has(> #{section}) table")
    return [[c.get_text(" ", strip=True) for c in row.select("th, td")]
            for row in table.select("tbody tr")]  # fmt: skip


def test_each_service_of_the_scoreboard_has_a_page(made):
    """Under a name of its own."""
    assert sorted(made) == [
        f"service-{name}.html"
        for name in ("billing", "catalog", "checkout", "partner-api", "search", "warehouse")
    ]


def test_the_verdict_comes_first(made):
    """As the notebook says it, escaped, and not a second time below."""
    page = made["service-checkout.html"]
    assert page.select_one("h2").get_text() == "What to do"
    said = page.select_one("section:has(> #what-to-do) .says")
    assert said.decode_contents() == "<strong>checkout</strong>: <strong>stop</strong> &amp; think."
    assert page.get_text().count("think.") == 1


def test_a_service_without_a_verdict_says_so(made):
    """No page decided about it."""
    section = made["service-search.html"].select_one("section:has(> #what-to-do)")
    assert "holds no verdict on search" in section.get_text()


def test_what_the_notebooks_say_of_it_and_where(made):
    """Its own sentences before those that name it among others, each once, with its section."""
    told = made["service-checkout.html"].select_one(".told")
    heads = [(h.get_text(), h.a["href"]) for h in told.select("h3")]
    assert heads == [("Budget?", "02_b.html"), ("Ship?", "04_d.html"), ("Next?", "09_x.html")]
    said = [li.get_text(" ", strip=True).removesuffix(" Show") for li in told.select("li")]
    assert said == ["mine", "all: checkout too"]
    assert [li.a["href"] for li in told.select("li")] == ["02_b.html#what-is-left", "02_b.html#all"]


def test_numbers_stand_with_their_interval(made):
    """Value, ends, how many they stand on, and the time they are about."""
    tables = made["service-checkout.html"].select(".told table")
    cells = [[c.get_text() for c in table.select("tbody th, tbody td")] for table in tables]
    assert cells[0] == ["deployments a week", "6.8", "6.2 to 7.6", "89", "13 weeks"]
    assert cells[1] == ["confidence of a verdict", "98 %", "", "13", "13 weeks"]


def test_incidents_that_spent_most_come_first(made):
    """With what is on record of each; titles are text; those not listed are counted."""
    page = made["service-checkout.html"]
    found = rows(page, "incidents")
    assert found[0] == [
        "Q4801B37ABC438", "42 %", "Cart database failover", "high", "2026-05-16 05:04",
        "7\xa0h 47\xa0min",
    ]  # fmt: skip
    assert len(found) == 9
    assert [row[1] for row in found[1:]] == ["–"] * 8
    starts = [row[4] for row in found[1:]]
    assert starts == sorted(starts, reverse=True)
    assert 'Checkout <b>slow</b> & "stuck"' in [row[2] for row in found]
    many = made["service-warehouse.html"]
    assert len(rows(many, "incidents")) == services.LONGEST
    assert "20 more are not listed" in many.select_one("section:has(> #incidents)").get_text()


def test_alerts_are_listed_the_latest_first(made):
    """Rule, severity, time and length."""
    found = rows(made["service-checkout.html"], "alerts")
    fired = [row[2] for row in found]
    assert fired == sorted(fired, reverse=True)
    assert all(len(row) == 4 and row[0] for row in found)


def test_scoreboard_budgets_and_changes_are_those_of_the_service(made):
    """One row of the board, its objectives, and every quantity that was compared."""
    page = made["service-checkout.html"]
    assert [row[0] for row in rows(page, "scoreboard")] == ["checkout"]
    assert [row[0] for row in rows(page, "budgets")] == [
        "checkout checkout availability", "checkout checkout latency",
    ]  # fmt: skip
    compared = [row[0] for row in rows(page, "changed-1")]
    assert compared[0] == "service level (checkout availability)"
    assert "deployments a week" in compared


def test_notes_have_the_numbers_of_the_figures(made):
    """Those on the service and those on all, as text."""

    def noted(name: str) -> list[str]:
        items = made[f"service-{name}.html"].select("section:has(> #notes) li")
        return [li.get_text().replace("\u00a0", " ") for li in items]

    assert noted("checkout") == ["Note 2, 2 May 2026: all", "Note 3, 3 May 2026: <i>sale</i>"]
    assert noted("search") == ["Note 1, 1 May 2026: moved", "Note 2, 2 May 2026: all"]


def test_the_team_and_its_other_services_are_linked(made):
    """Where the folder names a team."""
    owner = made["service-checkout.html"].select_one(".owner")
    assert owner.get_text(" ", strip=True) == "Team pay , as is billing"
    assert owner.a["href"] == "service-billing.html"
    assert made["service-search.html"].select_one(".owner strong").get_text() == "<browse>"
    assert made["service-catalog.html"].select_one(".owner") is None


def test_nothing_runs_and_nothing_is_loaded(made):
    """No script, no style from elsewhere, no event."""
    for page in made.values():
        assert not page.select("script, iframe, link:not([href^='data:']), img")
        assert not [t for t in page.find_all(True) if any(a.startswith("on") for a in t.attrs)]


def board(*names: str) -> Scoreboard:
    """A scoreboard of services without numbers."""
    every = tuple(ServiceRow(name, "", "", "none", (), name) for name in names)
    budgets = tuple(BudgetRow(name, name, "", "", of=name) for name in names)
    return Scoreboard(every, "", None, budgets, ())


def test_services_whose_names_are_alike_have_pages_of_their_own():
    """Also where only marks or capitals differ; the budgets lead to the same page."""
    found = services.linked(board("a b", "A-B", "ä"), ())
    pages = [row.page for row in found.services]
    assert pages == ["service-a-b.html", "service-a-b-2.html", "service-section.html"]
    assert [row.page for row in found.budgets] == pages


def test_a_long_name_fits_into_a_file_system():
    """Cut, and still of its own."""
    found = services.linked(board("x" * 400, "x" * 401), ())
    pages = [row.page for row in found.services]
    assert len({*pages}) == 2
    assert max(map(len, pages)) < 120


def test_of_a_large_fleet_the_first_and_those_asked_for_have_pages():
    """The others keep their row, without a link."""
    names = [f"s{n}" for n in range(services.MOST + 3)]
    found = services.linked(board(*names), ["s51"])
    assert [row.service for row in found.services if not row.page] == ["s50", "s52"]
    assert [row.service for row in found.services] == names


def test_the_first_page_links_to_the_pages(made):
    """From the scoreboard and from the budgets; without a page a name is only a name."""
    data = srelib.load(ROOT / "data" / "sample")
    whole = index.scoreboard(data)
    context = render.Context([], _provenance(data), {})
    for shown, links in ((services.linked(whole, ()), 14), (whole, 0)):
        page = BeautifulSoup(index.render(shown, [], context), "html.parser")
        assert len(page.select("tbody th a[href^='service-']")) == links


def test_a_link_of_an_incident_leads_to_its_tool_only_by_http():
    """Any other address is no link."""
    data = srelib.load(ROOT / "data" / "sample")
    own = data.incidents[data.incidents["service"] == "checkout"].head(2)
    own = own.assign(url=["https://example.org/1", "javascript:alert(1)"])
    listed = services._incidents("checkout", replace(data, incidents=own), {}, [])
    assert sorted(one["url"] for one in listed) == ["", "https://example.org/1"]
