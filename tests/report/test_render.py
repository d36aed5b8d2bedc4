"""A page is self-contained, accessible, and shows nothing it should not."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_output

from srelib.findings.finding import markdown
from srelib.report import execute, render
from srelib.report.execute import Failure, Notebook, Run
from srelib.report.sources import _provenance
from tests.report.tiny import PARAMETERS, book, code, dataset, hourly, slo


def png(width: int = 4, height: int = 2) -> str:
    """A white picture, base64."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * width) * height))
    whole = b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")
    return base64.b64encode(whole).decode()


def shown(kind: str, content: str, **metadata: object) -> nbformat.NotebookNode:
    """A displayed output."""
    return new_output("display_data", data={kind: content}, metadata=metadata)


def ran(*cells, values=None, failure=None, title="Why?", source=None) -> Run:
    """A run of these cells, as the executor hands it over."""
    node = book(*cells, title=title)
    cell = execute.parameters_cell(node)
    known = {} if cell is None else execute.defaults(cell.source)
    notebook = Notebook("00_why", node, known)
    return Run(notebook, execute.with_values(node, values or {}), values or {}, failure)


def with_output(*outputs, source="f()", tags=()):
    """A code cell that put these out."""
    cell = code(source, *tags)
    cell.outputs = list(outputs)
    return cell


def rendered(*cells, places=None, links=(), **run) -> render.Page:
    """The page of these cells."""
    data = dataset(hourly(1, good=1, total=1), slo())
    context = render.Context(
        [Notebook("00_why", book(), {}), *links], _provenance(data), places or {}
    )
    return render.page(ran(*cells, **run), context)


def soup(*cells, **given) -> BeautifulSoup:
    """The page, parsed."""
    return BeautifulSoup(rendered(*cells, **given).html, "html.parser")


FIGURE = {"image/png": {"alt": "Errors rise & fall", "width": 792, "height": 352}}


def test_a_page_has_what_a_screen_reader_needs():
    """Language, title, one main landmark, one first heading, a skip link that leads there."""
    page = soup(new_markdown_cell("# Why <not>?"), title="Why <not>?")
    assert page.html["lang"] == "en"
    assert page.title.string == "Why <not>?"
    assert [h.get_text() for h in page.find_all("h1")] == ["Why ?"]
    skip = page.body.find("a")
    assert skip["href"] == "#" + page.find("main")["id"]


def test_a_page_runs_nothing_and_loads_nothing():
    """No script, frame, form, handler, import or address of anywhere else."""
    outputs = [
        shown("text/html", "<script>x()</script><iframe src='https://x.y'></iframe>"),
        shown("application/javascript", "x()"),
        shown("text/markdown", "![i](https://x.y/i.png) <img src=x onerror=y()>"),
        shown("text/html", "<p onclick='x()' style='background:url(https://x.y)'>t</p>"),
    ]
    page = soup(new_markdown_cell("# A\n<script>z()</script>"), with_output(*outputs))
    assert not page.find_all(["script", "iframe", "form", "object", "embed", "base", "video"])
    assert not [a for e in page.find_all(True) for a in e.attrs if a.startswith("on")]
    loads = [e.get(a) for a in ("src", "srcset", "data", "poster") for e in page.find_all(True)]
    assert not [load for load in loads if load]
    assert not [e for e in page.find_all("link") if not e["href"].startswith("data:")]
    assert "url(" not in page.find("style").string
    assert "@import" not in page.find("style").string


def test_text_from_data_in_markdown_stays_text():
    """A service called <b> or [x](javascript:...) is shown as it is written."""
    text = "Service <b>x</b> and [y](javascript:alert(1)) and [z](https://evil.example)\n\n# Big"
    says = soup(with_output(shown("text/markdown", text))).select_one(".says")
    assert not says.find_all(["b", "a", "h1"])
    assert "Service <b>x</b>" in says.get_text()


@pytest.mark.parametrize("name", ["<b>x</b> & y", "**a** _b_ `c`", "a|b $z$ &lt; www.x.y", "# 1."])
def test_a_name_escaped_by_the_findings_is_shown_as_it_is(name):
    """Escaped once on the way into Markdown, and not a second time on the way out."""
    says = soup(with_output(shown("text/markdown", f"- {markdown(name)}: 3 %"))).select_one(".says")
    assert says.li.get_text() == f"{name}: 3 %"
    assert not says.li.find_all(True)


def test_a_table_keeps_its_meaning_and_nothing_else():
    """Caption, scopes and numbers to the right survive; styles, ids and handlers do not."""
    html = (
        '<div tabindex="0"><table id="x" border="1"><caption>C</caption><thead><tr>'
        '<th scope="col" style="text-align:right">N</th></tr></thead>'
        '<tbody><tr><th scope="row" onclick="e()">&lt;i&gt;</th>'
        '<td style="text-align:right">1</td></tr></tbody></table></div>'
    )
    result = soup(with_output(shown("text/html", html))).select_one(".result")
    assert result.caption.get_text() == "C"
    assert [th["scope"] for th in result.find_all("th")] == ["col", "row"]
    assert result.tbody.th.get_text() == "<i>"
    assert result.td["class"] == ["n"]
    assert result.tbody.th["class"] == ["short"]
    assert {a for e in result.find_all(True) for a in e.attrs} == {"class", "scope", "tabindex"}
    assert result.table.parent["class"] == ["table-box"]


def test_a_figure_carries_its_alternative_text_and_size():
    """From the output's metadata, where the figures put it."""
    image = soup(with_output(shown("image/png", png(), **FIGURE))).find("img")
    assert (image["alt"], image["width"], image["height"]) == ("Errors rise & fall", "792", "352")


def test_a_figure_without_size_takes_it_from_the_picture():
    """So that the page does not jump while it loads."""
    metadata = {"image/png": {"alt": "a"}}
    image = soup(with_output(shown("image/png", png(6, 3), **metadata))).find("img")
    assert (image["width"], image["height"]) == ("6", "3")


def test_quotes_in_alternative_text_do_not_end_the_attribute():
    """Incident titles are part of it."""
    metadata = {"image/png": {"alt": '"><script>x()</script>'}}
    page = soup(with_output(shown("image/png", png(), **metadata)))
    assert page.find("img")["alt"] == '"><script>x()</script>'
    assert not page.find("script")


def test_the_table_of_contents_leads_to_every_heading():
    """Also where two headings are the same, and to the end."""
    text = "# A\n## Which?\n### How?\n## Which?"
    page = soup(new_markdown_cell(text))
    links = [link["href"] for link in page.select("nav.toc a")]
    assert links == ["#which", "#how", "#which-2", "#where-from"]
    assert all(page.find(id=link[1:]) for link in links)


def test_code_can_be_unfolded_unless_tagged():
    """Auditable, but out of the way; remove-input hides it for good."""
    page = soup(with_output(source="seen()"), with_output(source="hidden()", tags=["remove-input"]))
    folded = [details.get_text() for details in page.select("details.code")]
    assert len(folded) == 1
    assert "seen()" in folded[0]
    assert "hidden" not in page.get_text()
    assert not page.select_one("details.code").has_attr("open")


def test_values_in_force_are_shown_instead_of_defaults():
    """A page must not show a number that was not used."""
    page = soup(code(PARAMETERS, "parameters"), values={"weeks": 26})
    shown_code = page.select_one("details.code").get_text()
    assert "weeks = 26" in shown_code
    assert "13" not in shown_code
    rows = dict(zip(page.select(".parameters dt"), page.select(".parameters dd"), strict=True))
    texts = {name.get_text(): value.get_text() for name, value in rows.items()}
    assert texts["weeks"] == "26 (set for this report)"


def test_no_path_of_the_machine_is_shown():
    """Not in code, prints, tables, or the list of parameters."""
    path = "/home/me/work/exports"
    outputs = [
        new_output("stream", name="stdout", text=f"{path}/a.csv\n"),
        shown("text/html", f"<table><tr><td>{path}</td></tr></table>"),
        shown("text/markdown", f"In {path}."),
    ]
    cells = code(PARAMETERS, "parameters"), with_output(*outputs, source=f"load('{path}')")
    html = rendered(*cells, values={"data": path}, places={path: "exports"}).html
    assert "/home/me" not in html
    assert "exports/a.csv" in html


def test_noise_is_left_out():
    """Warnings on standard error are for the person at the keyboard."""
    noise = new_output("stream", name="stderr", text="FutureWarning: x")
    assert "FutureWarning" not in rendered(with_output(noise)).html


def test_a_failed_notebook_says_so_and_stops_there():
    """The reason is text, and what would follow is not shown."""
    failure = Failure(2, "KeyError", "'<b>checkout</b>'")
    cells = new_markdown_cell("# A"), code("broken()"), new_markdown_cell("## After")
    page = soup(*cells, failure=failure)
    alert = page.select_one("[role=alert]")
    assert "cell 2: KeyError: '<b>checkout</b>'" in alert.get_text()
    assert not page.find("b")
    assert "After" not in page.get_text()


def test_links_between_notebooks_become_links_between_pages():
    """Only to pages that are there; others become text."""
    text = "[next](01_next.ipynb#x) [gone](07_gone.ipynb) [paper](https://doi.org/1)"
    page = soup(new_markdown_cell(text), links=[Notebook("01_next", book(title="Next?"), {})])
    links = {link.get_text(): link["href"] for link in page.select(".prose a")}
    assert links == {"next": "01_next.html#x", "paper": "https://doi.org/1"}


def test_the_finding_is_the_first_sentence_of_what_this_says():
    """It is what the index quotes."""
    before = with_output(shown("text/markdown", "Not this."))
    says = with_output(shown("text/markdown", "- **a** spent 3 %.\n- second"))
    page = rendered(before, new_markdown_cell("## What this says"), says)
    assert page.finding == "<strong>a</strong> spent 3 %."


def test_what_a_page_states_travels_without_paths():
    """From the findings of its outputs."""
    output = shown("text/markdown", "- said")
    output.metadata["srelib"] = {"findings": [{"key": "a.b", "sentence": "see /home/me/x."}]}
    page = rendered(with_output(output), places={"/home/me": "home"})
    assert page.stated == ({"key": "a.b", "sentence": "see home/x."},)


def test_provenance_names_every_file_with_its_hash():
    """The reader can check which export a number came from."""
    footer = soup(new_markdown_cell("# A")).select_one("footer.provenance")
    text = footer.get_text(" ")
    for expected in ("requests.csv", "ab" * 32, "2026-06-29 00:00", "Europe/Berlin", "pandas"):
        assert expected in text


def test_rendering_twice_gives_the_same_bytes():
    """No random id, no clock."""
    cells = new_markdown_cell("# A\n## B"), with_output(shown("image/png", png(), **FIGURE))
    assert rendered(*cells).html == rendered(*cells).html


def test_cell_ids_and_execution_counts_do_not_reach_the_page():
    """nbconvert would print both."""
    cell = with_output(shown("text/plain", "42"))
    cell["id"], cell["execution_count"] = "f00dfeed", 1234
    html = rendered(cell).html
    assert "f00dfeed" not in html
    assert "1234" not in html


@pytest.mark.parametrize(
    "evil",
    [
        "<svg><style><img src=x onerror=x()></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=x()>",
        "<a href='java&#x73;cript:x()'>y</a>",
        "<noscript><p title='</noscript><img src=x onerror=x()>'>",
        "<img src=x onerror=x()>",
        "<table><td background='https://x.y/z'>",
    ],
)
def test_known_tricks_do_not_get_through(evil):
    """Parsers disagree about these."""
    result = BeautifulSoup(render.clean(evil), "html.parser")
    assert not result.find_all(["img", "svg", "style", "math", "noscript"])
    assert not re.search("javascript", str(result), re.IGNORECASE)
    assert not [a for e in result.find_all(True) for a in e.attrs if a not in {"class", "tabindex"}]
