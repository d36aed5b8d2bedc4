"""The report on the sample: its pages in a browser.

Everything is in one file so that the notebooks run once for all of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from bs4 import BeautifulSoup

from srelib import partitioned, report
from srelib.report import fleet_pages

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SIZES = [pytest.param(1280, id="desktop"), pytest.param(390, id="phone")]
SCHEMES = ["light", "dark"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The report of all notebooks on the sample data."""
    out = tmp_path_factory.mktemp("pages") / "reports"
    assert report.run(ROOT / "data" / "sample", out=out).failed == {}
    return out


@pytest.fixture(scope="session")
def names(folder) -> list[str]:
    """Every page: the index, what changed, the services, the notebooks."""
    pages = sorted(path.name for path in folder.glob("*.html"))
    assert len(pages) >= 5
    first = ["index.html", "changes.html", "glossary.html"]
    first += [page for page in pages if page.startswith("service-")]
    return [*first, *(name for name in pages if name not in first)]


@pytest.fixture(scope="session")
def contexts(browser) -> Iterator[dict]:
    """A window without a network for each width and color scheme, opened once."""
    opened: dict = {}
    yield opened
    for context in opened.values():
        context.close()


@pytest.fixture(scope="session")
def opened(browser, contexts, folder):
    """Open a page of the report; what it said and asked for is kept."""

    def new(name: str, *, width: int = 1280, scheme: str = "light"):
        if (width, scheme) not in contexts:
            contexts[width, scheme] = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                reduced_motion="reduce",
                offline=True,
            )
        page = contexts[width, scheme].new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto((folder / name).as_uri())
        return page

    return new


@pytest.fixture(scope="session")
def look(opened):
    """A page that tests share, because they leave it as it is."""
    return lru_cache(maxsize=None)(opened)


@pytest.fixture
def visit(opened) -> Iterator[object]:
    """A page of one's own, for tests that press keys, follow links or print."""
    pages = []

    def new(name: str, **given):
        pages.append(opened(name, **given))
        return pages[-1]

    yield new
    for page in pages:
        page.close()


POLICY = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
          "form-action 'none'")  # fmt: skip


def test_nothing_is_said_and_nothing_leaves(look, names):
    """The browser has orders to load and run nothing, and met nothing that it had to refuse.

    No console message; the only file asked for is the page itself.
    """
    for name in names:
        page = look(name)
        policy = page.locator("head > meta[http-equiv='Content-Security-Policy']")
        assert policy.get_attribute("content") == POLICY, name
        assert page.said == [], name
        outside = [url for url in page.asked if not url.startswith("data:")]
        assert outside == [page.url], name


def test_every_figure_says_what_it_shows(look, names):
    """Title and description are there, long enough to be a finding, and no placeholder."""
    parts = """all => all.map(f => [f.querySelector('figcaption strong').textContent,
      ...[...f.querySelectorAll('svg[role=img]')].map(s => s.getAttribute('aria-label'))])"""
    seen = 0
    for name in names:
        for title, wide, narrow in look(name).eval_on_selector_all("figure", parts):
            seen += 1
            assert len(title) >= 10, (name, title)
            assert wide == narrow, name
            assert len(wide) >= 30, (name, wide)
            assert "figure(" not in wide.lower(), name
    assert seen >= 30


DRAWN = """all => all.map(f => {
  const [shown, ...others] = [...f.querySelectorAll('svg')].filter(s => s.checkVisibility());
  const room = shown.viewBox.baseVal, scale = shown.clientWidth / room.width;
  const texts = [...shown.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()]);
  const edge = shown.getBoundingClientRect();
  return {
    others: others.length, wide: shown.clientWidth, column: f.closest('main').clientWidth,
    smallest: Math.min(...texts.map(([t]) => parseFloat(getComputedStyle(t).fontSize) * scale)),
    outside: texts.filter(([t, b]) => b.left < edge.left - 3 || b.right > edge.right + 3)
      .map(([t]) => t.textContent),
  };
})"""


@pytest.mark.parametrize("width", SIZES)
def test_figures_fill_their_column_and_can_be_read(look, names, width):
    """One drawing is shown, no letter is lower than 9 px, and none stands outside."""
    for name in names:
        for drawn in look(name, width=width).eval_on_selector_all("figure", DRAWN):
            assert drawn["others"] == 0, name
            assert drawn["wide"] == drawn["column"] >= 350, (name, drawn)
            assert drawn["smallest"] >= 8.95, (name, drawn)
            assert drawn["outside"] == [], name


INKS = """() => {
  const light = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const read = text => (n => text.startsWith('color(') ? n : n.map(c => c / 255))(
    text.match(/[\\d.]+/g).slice(0, 3).map(Number));
  const glow = text => (([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)(
    read(text).map(light)) + 0.05;
  const page = getComputedStyle(document.body).backgroundColor;
  return [...document.querySelectorAll('figure svg text')]
    .filter(t => t.checkVisibility() && t.getAttribute('fill') !== 'var(--page)')
    .map(t => [getComputedStyle(t).fill, t.textContent])
    .map(([fill, text]) => [Math.max(glow(fill), glow(page)) / Math.min(glow(fill), glow(page)),
                            fill, text])
    .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_letters_of_figures_follow_the_page(look, names, scheme):
    """At least 4.5 : 1 on the page (WCAG 2.2, 1.4.3), in the light and in the dark."""
    for name in names:
        assert look(name, scheme=scheme).evaluate(INKS) == [], name


def test_a_point_of_a_figure_says_its_values_to_a_pointer(look, names):
    """Where the pointer stands, the text of the point is what the browser shows."""
    under = """() => [...document.querySelectorAll('figure svg.wide .hover')].map(use => {
      use.scrollIntoView({block: 'center'});
      const box = use.getBoundingClientRect();
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return [use.querySelector('title').textContent, hit?.closest('.hover') !== null];
    })"""
    found = look(next(name for name in names if name.startswith("05"))).evaluate(under)
    assert len(found) >= 100
    assert all(text and hit for text, hit in found)


def test_nothing_scrolls_sideways_on_a_desktop(look, names):
    """At 1280 px every table and figure of the sample is seen whole."""
    scrolling = """() => [...document.querySelectorAll('.table-box, figure')].filter(
      e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 80))"""
    for name in names:
        assert look(name).evaluate(scrolling) == [], name


def test_the_table_of_contents_leads_there(visit, names):
    """Each link scrolls its heading to the top of the window, or as far as the page goes."""
    for name in (name for name in names if name[0].isdigit()):
        page = visit(name)
        links = page.locator("nav.toc a")
        assert links.count() >= 3, name
        for number in range(links.count()):
            target = links.nth(number).get_attribute("href")
            links.nth(number).click()
            top, end = page.evaluate(
                "id => [document.getElementById(id).getBoundingClientRect().top,"
                " innerHeight + scrollY >= document.documentElement.scrollHeight - 2]",
                target[1:],
            )
            assert 0 <= top < 60 or (end and 0 <= top < 900), (name, target, top)


def test_links_between_pages_lead_to_pages(look, names):
    """No dead end in the report, and no section that is not there."""
    ids = {name: look(name).eval_on_selector_all("[id]", "all => all.map(e => e.id)")
           for name in names}  # fmt: skip
    for name in names:
        links = look(name).eval_on_selector_all(
            "a[href]", "all => all.map(a => a.getAttribute('href'))"
        )
        local = [link for link in links if "://" not in link]
        for page, _, place in (link.partition("#") for link in local):
            assert (page or name) in names, (name, page)
            assert not place or place in ids[page or name], (name, page, place)
    assert set(names[1:]) <= set(
        look("index.html").eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    )


@pytest.mark.parametrize("width", SIZES)
def test_nothing_is_wider_than_the_window(look, names, width):
    """Wide tables scroll in their own box."""
    for name in names:
        page = look(name, width=width)
        wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, name


@pytest.mark.parametrize("width", SIZES)
def test_the_scoreboard_is_seen_whole(look, width):
    """What matters most needs no scrolling sideways: what to do, services, objectives."""
    page = look("index.html", width=width)
    for part in ("decisions", "scoreboard", "budgets"):
        box = page.locator(f"[aria-labelledby={part}] > .table-box")
        wide, room = box.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert wide <= room, part


OVERLAPS = """() => {
  const shown = e => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && style.position !== 'absolute'
      && style.visibility !== 'hidden' && !style.display.startsWith('inline')
      && !style.display.startsWith('table') && style.display !== 'none'
      && e.checkVisibility({contentVisibilityAuto: true});
  };
  const found = [];
  for (const parent of document.querySelectorAll('body, body *')) {
    const boxes = [...parent.children].filter(shown).map(e => [e, e.getBoundingClientRect()]);
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const [a, p] = boxes[i], [b, q] = boxes[j];
      const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (across > 1 && down > 1) found.push(`${a.outerHTML} ${b.outerHTML}`.slice(0, 300));
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", SIZES)
def test_no_two_neighbors_overlap(look, names, width):
    """Boxes that follow one another do not cover one another."""
    for name in names:
        assert look(name, width=width).evaluate(OVERLAPS) == [], name


def test_text_is_not_cut_off(look, names):
    """What does not fit scrolls; nothing is hidden behind an edge."""
    cut = """() => [...document.querySelectorAll('main *')].filter(e => {
      const style = getComputedStyle(e);
      return e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1 && style.display !== 'inline'
        && !['auto', 'scroll'].includes(style.overflowX)
        && !e.closest('.table-box, pre, svg') && e.checkVisibility();
    }).map(e => e.tagName + '.' + e.className)"""
    for name in names:
        assert look(name, width=390).evaluate(cut) == [], name


def test_headings_form_an_outline(look, names):
    """One first heading, and no level left out on the way down."""
    for name in names:
        levels = look(name).eval_on_selector_all(
            "h1, h2, h3, h4, h5, h6", "all => all.map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(b - a <= 1 for a, b in pairwise(levels)), (name, levels)


BARRIERS = """async () => (await axe.run(document, {
  runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
  resultTypes: ['violations'],
})).violations.map(rule => [rule.id, rule.nodes.map(node => node.html.slice(0, 120))])"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_barrier(visit, names, axe, width, scheme):
    """Rules of WCAG 2.2, level AA, with everything unfolded: contrast, keyboard, names, roles."""
    for name in names:
        page = visit(name, width=width, scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(axe)
        assert page.evaluate(BARRIERS) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.fixture(scope="session")
def fleet(tmp_path_factory) -> Path:
    """The sample as the pages of a fleet."""
    out = tmp_path_factory.mktemp("fleet") / "pages"
    fleet_pages.write(partitioned.summarize(ROOT / "data" / "sample", keep=False), out)
    return out


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_barrier_in_the_pages_of_a_fleet(visit, fleet, axe, width, scheme):
    """Neither on the first nor on those of services by rank and by name; nothing is too wide."""
    for name in ("index.html", "services-1.html", "names-1.html"):
        page = visit(str(fleet / name), width=width, scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(axe)
        assert page.evaluate(BARRIERS) == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert (page.said, [url for url in page.asked if not url.startswith("file:")]) == ([], [])


def test_dark_is_dark(visit, names):
    """The page is, and figures stand on it without a card of their own."""
    page = visit(names[-1], scheme="dark")
    background = "e => getComputedStyle(e).backgroundColor"
    assert page.eval_on_selector("body", background) == "rgb(19, 23, 27)"
    assert page.eval_on_selector("figure svg", background) == "rgba(0, 0, 0, 0)"


def test_the_first_stop_of_the_keyboard_is_the_content(visit, names):
    """The skip link shows itself and leads there; beyond links only tables, which may scroll."""
    for name in names:
        page = visit(name)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", name
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, name
        assert page.locator("[tabindex]:not(.table-box)").count() == 0, name


def test_no_two_folds_of_a_page_have_the_same_name(look, names):
    """A list of the page's buttons says which code each of them unfolds."""
    folds = "all => all.map(e => e.getAttribute('aria-label'))"
    seen = 0
    for name in names:
        labels = look(name).eval_on_selector_all("details.code > summary", folds)
        seen += len(labels)
        assert len(set(labels)) == len(labels), (name, labels)
        assert all(text.startswith(("Code of ", "Parameters of ")) for text in labels), name
    assert seen >= 3


def test_every_table_names_itself_and_its_headers(look, names):
    """Caption and scope, for those who hear the table."""
    for name in names:
        page = look(name)
        assert page.locator("table").count() == page.locator("table > caption").count(), name
        assert page.locator("th:not([scope])").count() == 0, name


def test_no_table_is_cut_off_on_paper(visit, names):
    """On A4 with its margins, where nothing can scroll."""
    wide = """() => [...document.querySelectorAll('table')].filter(
      t => t.getBoundingClientRect().right > document.querySelector('main').clientWidth + 1
    ).map(t => t.caption.textContent)"""
    for name in names:
        page = visit(name)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 688, "height": 1000})
        assert page.evaluate(wide) == [], name


def test_the_documentation_is_a_site_with_the_report_in_it(contexts, folder, tmp_path):
    """Every link of it leads somewhere, and its pages ask nothing of the network."""
    site = tmp_path / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    made = subprocess.run(
        build, cwd=ROOT, env={**os.environ, "SRELIB_REPORT": str(folder)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    page, asked = contexts[1280, "light"].new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.click("a:has-text('06_delivery_vs_reliability')")
    assert page.url == (site / "report" / "06_delivery_vs_reliability.html").as_uri()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


UNREAD = ("head, script, style, svg, nav, header.top, footer.provenance, a.skip, .data-line, "
          "details.code, pre")  # fmt: skip
"""What is no text to read: drawings, code and documents to copy, ways through the report."""


def test_the_report_is_no_longer_than_can_be_read(folder, names):
    """First page and notebooks, folded text included: at most 9,000 words; all files: 3 MB."""
    words = {}
    for name in (name for name in names if name == "index.html" or name[0].isdigit()):
        page = BeautifulSoup((folder / name).read_text("utf-8"), "html.parser")
        for element in page.select(UNREAD):
            element.decompose()
        words[name] = sum(any(map(str.isalnum, word)) for word in page.get_text(" ").split())
    assert len(words) == 11
    assert sum(words.values()) <= 9000, words
    assert sum(file.stat().st_size for file in folder.rglob("*")) <= 3e6


def test_the_report_prints_on_few_sheets(visit, folder, names):
    """First page and notebooks on at most 45 pages of A4, the scoreboard on one of them."""
    sheets = {}
    for name in (name for name in names if name == "index.html" or name[0].isdigit()):
        pdf = visit(name).pdf(format="A4", prefer_css_page_size=True)
        sheets[name] = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert sum(sheets.values()) <= 45, sheets
    page = visit("index.html")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})
    tables = page.locator(".standing table, .scoreboard table")
    assert tables.count() == 3
    fits = "all => all.map(t => [getComputedStyle(t).breakInside, t.clientHeight < 1000])"
    assert tables.evaluate_all(fits) == [["avoid", True]] * 3


def test_every_page_prints(visit, names):
    """To PDF, without the parts that make sense only on a screen."""
    for name in names:
        page = visit(name, scheme="dark")
        assert page.pdf().startswith(b"%PDF-"), name
        page.emulate_media(media="print", color_scheme="dark")
        assert not page.locator("details.code").first.is_visible(), name
        assert page.eval_on_selector("h1", "e => getComputedStyle(e).color") == "rgb(0, 0, 0)", name
