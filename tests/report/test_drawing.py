"""A drawing becomes part of a page, and what could do harm does not."""

from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from srelib.report.drawing import Drawings, color

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' \
       'viewBox="0 0 100 50">'  # fmt: skip


def shown(inside: str = "", **given) -> BeautifulSoup:
    """The figure of a drawing, parsed as a browser does."""
    return BeautifulSoup(html(Drawings(), inside, **given), "html.parser")


def html(drawings: Drawings, inside: str = "", **given) -> str:
    """The figure of a drawing, the same for either width."""
    drawing = f"{HEAD}{inside}</svg>"
    figure = {"alt": "a", "title": "t", "caption": "", "names": {}} | given
    return str(drawings.html({"wide": drawing, "narrow": drawing, **figure}))


def test_a_figure_is_a_picture_with_title_and_caption():
    """Both drawings have the description; what comes from data stays text."""
    figure = shown(alt='A "quoted" <i>', title="<b> rose", caption="how & why").figure
    assert figure.figcaption.strong.get_text() == "<b> rose"
    assert figure.figcaption.span.get_text() == "how & why"
    assert [one["class"] for one in figure.find_all("svg")] == [["wide"], ["narrow"]]
    assert {(one["role"], one["aria-label"]) for one in figure.find_all("svg")} == {
        ("img", 'A "quoted" <i>')
    }
    assert not figure.find_all(["i", "b"])


def test_where_there_is_no_drawing_the_reason_is_a_paragraph():
    """Without an empty frame."""
    told = Drawings().html({"reason": "no <b>"})
    assert told == '<p class="notes">no &lt;b&gt;</p>'


HARM = [
    "<script>x()</script>",
    '<image href="https://evil.example/x.png"/>',
    "<foreignObject><p>x</p></foreignObject>",
    "<style>* { background: url(https://evil.example) }</style>",
    '<animate attributeName="x" to="1"/>',
    '<a href="https://evil.example"><path d="M0 0L5 5" stroke="#000000"/></a>',
    '<g onclick="x()"><path d="M0 0L5 5" stroke="#000000" onload="x()"/></g>',
    '<use xlink:href="https://evil.example/x.svg#a"/>',
    '<use xlink:href="data:image/svg+xml,x"/>',
    '<path d="M0 0L5 5" style="fill: url(https://evil.example#a); stroke: #000000"/>',
    '<path d="M0 0L5 5" style="stroke: #000000; background: url(//evil.example)"/>',
    '<path d="M0 0L5 5" stroke="#000000" fill="expression(x())"/>',
    '<path d="M0 0L5 5" stroke="#000000" transform="url(x)"/>',
    '<path d="M0 0L5 5&quot;/&gt;&lt;script&gt;" stroke="#000000"/>',
    '<text x="1" y="2" style="font-family: url(x)">&lt;script&gt;x()&lt;/script&gt;</text>',
]


@pytest.mark.parametrize("harm", HARM)
def test_nothing_that_runs_loads_or_links_is_passed_on(harm):
    """Of elements and attributes only known ones, of values only known forms."""
    page = shown(harm)
    found = [element for svg in page.find_all("svg") for element in svg.find_all(True)]
    assert {element.name for element in found} <= {"g", "path", "text"}
    values = [str(value) for element in found for value in element.attrs.values()]
    assert not any(bad in value for value in values for bad in ("url", "evil", "expression", "<"))
    names = {name for element in found for name in element.attrs}
    assert names <= {"d", "stroke", "x", "y", "fill"}


def test_a_drawing_that_declares_entities_is_not_shown():
    """They can be made to fill all memory."""
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + HEAD + "<text>&a;</text></svg>"
    figure = Drawings().html(
        {"alt": "a", "title": "t", "caption": "", "names": {}, "wide": bomb, "narrow": bomb}
    )
    assert "<svg" not in figure


MARKS = (
    '<defs><path id="m1" d="M0 0L1 1" style="stroke: #0072b2"/></defs>'
    '<g id="hover-0"><defs><path id="m2" d="M0 0L9 9z"/></defs>'
    '<use xlink:href="#m2" x="1" y="2"/><use xlink:href="#m2" x="3" y="4"/></g>'
    '<g clip-path="url(#c1)"><use xlink:href="#m1" x="5" y="6"/></g>'
    '<defs><clipPath id="c1"><rect x="0" y="0" width="5" height="5"/></clipPath></defs>'
)


def test_ids_differ_on_a_page_and_references_follow():
    """Two figures of one page, each with two drawings, share no id."""
    drawings = Drawings()
    page = BeautifulSoup(html(drawings, MARKS) + html(drawings, MARKS), "html.parser")
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == 12
    assert len(set(ids)) == 12
    for use in page.find_all("use"):
        assert use["href"][1:] in ids
    for clipped in page.find_all(attrs={"clip-path": True}):
        assert clipped["clip-path"][5:-1] in ids


def test_points_say_what_they_are_to_a_pointer():
    """Each has its text as a title; where numbers do not match, nobody is told anything wrong."""
    names = {"hover-0": ["<b> 3 %", "four"]}
    points = shown(MARKS, names=names).select("svg.wide .hover")
    assert [(p["x"], p["y"], p.title.get_text()) for p in points] == [
        ("1", "2", "<b> 3 %"), ("3", "4", "four"),
    ]  # fmt: skip
    assert not shown(MARKS, names={"hover-0": ["three"]}).select("svg.wide .hover")


@pytest.mark.parametrize(("value", "wanted"), [
    ("#ffffff", "var(--page)"),
    ("#262626", "var(--ink)"),
    ("#595959", "var(--grey)"),
    ("#0072B2", "var(--blue)"),
    ("#9CC7E3", "color-mix(in srgb,var(--blue) 39%,var(--page))"),
    ("#004d85", "var(--deep)"),
    ("#ff00ff", "#ff00ff"),
])  # fmt: skip
def test_colors_are_those_of_the_page(value, wanted):
    """Greys and hues follow it into the dark; a color of somebody else stays as it is."""
    assert color(value) == wanted


def test_letters_are_dark_enough_to_be_read():
    """Orange and green of lines are too light for text."""
    assert color("#D55E00", letters=True) == "var(--bad)"
    assert color("#009E73", letters=True) == "var(--good)"


def test_a_page_is_well_formed():
    """What is written is read again, in any script."""
    text = html(Drawings(), "<text x='1' y='2'>決済 🚀 &amp; &lt;x&gt;</text>")
    root = ElementTree.fromstring(text)
    assert [one.text for one in root.iter("text")] == ["決済 🚀 & <x>"] * 2
