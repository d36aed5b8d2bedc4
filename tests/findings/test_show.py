"""Sentences and tables: text from the data never becomes markup."""

import re
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from srelib import findings
from srelib.findings.finding import name, names
from srelib.findings.show import table
from srelib.report.render import clean

NASTY = [
    "<script>alert(1)</script>", "a*b*c_d_e", "`code` | pipe", "[link](http://x.example)",
    "# title", "- item", "1. item", "$x^2$", "line\nbreak", "&lt;b&gt;", "www.example.com",
    "![i](x.png)", "~~gone~~", "a\\*b", "mail@example.com", "<http://x.example>",
]  # fmt: skip


def rendered(markdown: str) -> BeautifulSoup:
    """Markdown as nbconvert renders it."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(markdown)])
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(book)
    return BeautifulSoup(page, "html.parser")


@pytest.mark.parametrize("nasty", NASTY)
def test_markdown_shows_exactly_the_text(nasty):
    """Rendered, a name is the name: no tag but the bold around it, nothing lost."""
    page = rendered(f"Before {name(nasty)} after.")
    bold = page.find("strong")
    assert bold.get_text() == " ".join(nasty.split())
    assert bold.find() is None
    assert page.find(["script", "a", "img", "code", "em", "li", "h1", "del"]) is None


def test_names_of_many_are_counted():
    """Of many names a few are shown."""
    assert names(["a", "b", "c"], limit=2) == "**a**, **b** and 1 more"


def test_show_makes_a_list_of_several_sentences(capsys):
    """Outside a notebook sentences are printed; empty ones are left out."""
    findings.show(["One.", "", "Two."])
    assert capsys.readouterr().out == "- One.\n- Two.\n"


def test_show_makes_a_paragraph_of_one_sentence(capsys):
    """A single sentence needs no bullet."""
    findings.show(["One.", ""])
    findings.show([""])
    assert capsys.readouterr().out == "One.\n"


@pytest.mark.parametrize("nasty", NASTY)
def test_table_shows_exactly_the_text(nasty):
    """In headers, cells and the caption no text becomes a tag."""
    frame = pd.DataFrame({nasty: [nasty], "other": [nasty]})
    page = BeautifulSoup(table(frame, caption=nasty)._repr_html_(), "html.parser")
    line = " ".join(nasty.split())
    assert page.td.get_text(" ") == line
    assert page.tbody.th.get_text(" ") == line
    assert page.find(["script", "a", "b", "img"]) is None


def test_table_is_accessible():
    """A caption, scopes on every header, numbers to the right, a label to scroll to."""
    frame = pd.DataFrame({"service": ["a"], "rows": [1200]})
    page = BeautifulSoup(table(frame, caption="Rows")._repr_html_(), "html.parser")
    assert page.caption.get_text() == "Rows"
    assert [th["scope"] for th in page.find_all("th")] == ["col", "col", "row"]
    assert "text-align:right" in page.td["style"]
    assert page.div["aria-label"] == "Rows"


def test_a_long_table_is_folded_after_its_first_rows():
    """Every row once, under the same headers; a single further row is not worth a click."""
    for many, folded in ((9, 0), (30, 22)):
        frame = pd.DataFrame({"service": [f"s{n}" for n in range(many)], "n": range(many)})
        page = BeautifulSoup(table(frame, caption="Services")._repr_html_(), "html.parser")
        names = [th.get_text() for th in page.select("tbody th")]
        assert names == frame["service"].tolist()
        assert len(page.select("details tbody tr")) == folded
    assert page.summary.get_text() == "22 more of 30 rows"
    assert [th.get_text() for th in page.select("details thead th")] == ["service", "n"]
    assert len({box["aria-label"] for box in page.select("div")}) == 2


def test_an_interval_stands_small_below_its_number():
    """What follows a line break in a cell."""
    made = table(pd.DataFrame({"service": ["a"], "rate": ["5 %\n3 to 8 %"]}), caption="Rates")
    page = BeautifulSoup(made._repr_html_(), "html.parser")
    assert (page.td.contents[0], page.td.small.get_text()) == ("5 %", "3 to 8 %")
    assert "a  5 % 3 to 8 %" in repr(made)


def test_table_says_how_many_rows_it_leaves_out():
    """No frame is ever printed whole."""
    shown = table(pd.DataFrame({"n": range(30)}), caption="n", max_rows=20)
    assert len(shown.rows) == 20
    assert "10\u00a0more rows not shown" in shown._repr_html_()


def test_table_is_well_formed():
    """Every tag that opens closes."""
    depth: list[str] = []

    class Tags(HTMLParser):
        """Follows opening and closing tags."""

        def handle_starttag(self, tag, attrs):
            """Open."""
            depth.append(tag)

        def handle_endtag(self, tag):
            """Close the last one opened."""
            assert depth.pop() == tag

    shown = table(pd.DataFrame({"a": range(3)}), caption="c", max_rows=2)
    Tags().feed(shown._repr_html_())
    assert depth == []


def test_missing_values_are_a_dash():
    """Nothing is printed as nan, NaT or None."""
    frame = pd.DataFrame({"a": [None], "t": [pd.NaT], "n": [float("nan")]})
    assert not re.search("nan|nat|none", repr(table(frame, caption="c")).lower())


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://ci.example.org/1?a=b&c=d#e", True), ("HTTP://ci.example.org/1", True),
        ("javascript:alert(1)", False), ("data:text/html,x", False), ("//x.example.org", False),
        ('https://x.example.org/" onclick="alert(1)', False), ("https://x<b>", False),
        ("https://x.example.org/'y", False), (" https://x.example.org", False), ("1", False),
        (None, False), (float("nan"), False),
    ],
)  # fmt: skip
def test_cells_lead_only_to_plain_web_addresses(address, leads):
    """Http and https, nothing that ends the attribute; the text of the cell stays the text."""
    frame = pd.DataFrame({"id": ["<i>7"], "n": [1]})
    links = {"id": pd.Series([address], [5], dtype="object")}
    page = BeautifulSoup(table(frame, caption="c", links=links)._repr_html_(), "html.parser")
    assert page.tbody.th.get_text() == "<i>7"
    assert [a.attrs for a in page.find_all("a")] == ([{"href": address}] if leads else [])


def test_the_report_keeps_links_of_tables():
    """It shows the same cell."""
    frame, links = pd.DataFrame({"n": [7]}), {"n": pd.Series(["https://x.example.org/?a=1&b=2"])}
    shown = clean(table(frame, caption="c", links=links)._repr_html_())
    assert '<a href="https://x.example.org/?a=1&amp;b=2">7</a>' in shown
