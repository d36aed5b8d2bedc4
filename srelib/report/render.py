"""An executed notebook as a page that can neither run nor load anything.

Three sources, three levels of trust: Markdown cells are written by an author and may
hold a few inline tags; Markdown and HTML outputs carry text from exports, so that
markup in Markdown is shown as text and HTML is reduced to tables and plain structure.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import chain, count
from pathlib import Path
from typing import Any

import bleach
import jinja2
import mistune
import nbformat
from bs4 import BeautifulSoup
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from srelib.report.drawing import Drawings
from srelib.report.execute import TAG, Notebook, Run

INLINE = frozenset({"abbr", "br", "code", "em", "kbd", "strong", "sub", "sup", "b", "i", "small"})
SHORT = 16
"""Longest text of a table cell that is kept on one line [characters]: a time to the minute."""

BLOCK = frozenset(
    {"p", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr", "div", "span", "del"}
    | {"figure", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "a", "details", "summary"}
)
TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"})
ATTRIBUTES = {
    **{tag: ["class"] for tag in ("table", "caption", "div", "span", "p")},
    **{tag: ["id"] for tag in ("h2", "h3", "h4")},
    "th": ["scope", "colspan", "rowspan", "class"],
    "td": ["colspan", "rowspan", "class"],
    "abbr": ["title"],
    "a": ["href"],
}


@dataclass(frozen=True)
class Heading:
    """One heading of a page."""

    level: int
    id: str
    text: str


class _Renderer(mistune.HTMLRenderer):
    """Headings get readable anchors, links stay on the report, images are never loaded."""

    def __init__(self, *, escape: bool, pages: Collection[str], trusted: bool) -> None:
        super().__init__(escape=escape)
        self._pages, self._trusted = pages, trusted
        self.headings: list[Heading] = []

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        if not self._trusted:
            return f"<p><strong>{text}</strong></p>\n"
        if level == 1:
            return f"<h1>{text}</h1>\n"
        plain = BeautifulSoup(text, "html.parser").get_text()
        anchor = unused(slug(plain), {heading.id for heading in self.headings})
        self.headings.append(Heading(min(level, 4), anchor, plain))
        return f'<h{min(level, 4)} id="{anchor}">{text}</h{min(level, 4)}>\n'

    def text(self, text: str) -> str:
        return mistune.safe_entity(text)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = self._target(url)
        return f'<a href="{mistune.escape(target)}">{text}</a>' if target else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return mistune.escape(text)

    def _target(self, url: str) -> str | None:
        if url.startswith("#"):
            return url
        match = re.fullmatch(r"(?:\./)?([\w-]+)\.(?:ipynb|html)(#.*)?", url)
        if match:
            known = match[1] in self._pages or match[1] == "index"
            return f"{match[1]}.html{match[2] or ''}" if known else None
        return url if self._trusted and re.match(r"https?://", url) else None


class Markdown:
    """Turns the Markdown of one page into HTML and remembers its headings."""

    def __init__(self, pages: Collection[str]) -> None:
        author = _Renderer(escape=False, pages=pages, trusted=True)
        data = _Renderer(escape=True, pages=pages, trusted=False)
        plugins = ["table", "strikethrough", "def_list"]
        self._cell, self._output = (
            mistune.create_markdown(renderer=one, plugins=plugins) for one in (author, data)
        )
        self.headings = author.headings

    def cell(self, source: str) -> str:
        """HTML of a Markdown cell."""
        return clean(str(self._cell(source)))

    def output(self, source: str) -> str:
        """HTML of a Markdown output, whose text may come from data: no tag, no outside link."""
        return clean(str(self._output(source)))

    def sentence(self, source: str) -> Markup:
        """The same without its paragraph, to stand in a line of a list."""
        return Markup(self.output(source).strip().removeprefix("<p>").removesuffix("</p>"))


def clean(html: str) -> str:
    """HTML reduced to structure: no script, style, event, image, frame or outside load."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["script", "style", "template", "iframe", "object", "svg", "math"]):
        element.decompose()
    for caption in soup("caption"):
        inner = soup.new_tag("span")
        inner.extend(list(caption.contents))
        caption.append(inner)
    for cell in soup(["td", "th"]):
        right = "right" in str(cell.get("style", ""))
        cell["class"] = "n" if right else "short" if len(cell.get_text()) <= SHORT else ""
    safe = bleach.clean(
        str(soup),
        tags=INLINE | BLOCK | TABLE,
        attributes=ATTRIBUTES,
        protocols={"http", "https"},
        strip=True,
        strip_comments=True,
    )
    return (
        safe.replace(' class=""', "")
        .replace("<table", '<div class="table-box" tabindex="0"><table')
        .replace("</table>", "</table></div>")
    )


def slug(text: str) -> str:
    """An anchor made of a heading."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


def unused(name: str, taken: Collection[str]) -> str:
    """A name, with a number where it is taken."""
    return next(one for one in chain([name], (f"{name}-{n}" for n in count(2))) if one not in taken)


def scrub(text: str, places: dict[str, str]) -> str:
    """Text without the paths of the machine it was made on."""
    for path, label in places.items():
        if len(path) > 1:
            whole = rf"(?<![\w./~-]){re.escape(path)}(?![\w-])"
            text = re.sub(whole, label.replace("\\", r"\\"), text)
    return text


DECISION = "decisions.service"
"""Key of the findings that say what to do about a service."""

TEMPLATES = Path(str(files("srelib.report") / "templates"))

FIGURE = "application/vnd.srelib.figure+json"
"""A figure of the suite, as `srelib.figures.show` hands it over."""

SHOWN = [FIGURE, "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg",
         "text/plain"]  # fmt: skip
"""Kinds of output a page shows, the richest first; scripts and widgets are not among them."""


@dataclass(frozen=True)
class Said:
    """A sentence as HTML and Markdown, the names it prints in bold, and the section it is in."""

    html: Markup
    text: str
    names: tuple[str, ...]
    anchor: str


@dataclass(frozen=True)
class Page:
    """A rendered page and what the index says about it.

    `stated` are its findings as values, `parameters` what it was run with, `says` its first
    sentence as Markdown, `lines` all of its sentences.
    """

    name: str
    title: str
    html: str = field(repr=False)
    finding: str
    failure: str = ""
    stated: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)
    says: str = ""
    lines: tuple[Said, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Context:
    """What every page of one report shares."""

    books: Sequence[Notebook | Page]
    provenance: dict[str, Any]
    places: dict[str, str]

    @property
    def names(self) -> list[str]:
        """Names of the pages, in order."""
        return [book.name for book in self.books]

    def sentence(self, text: str) -> Markup:
        """A sentence of Markdown as HTML, with links to these pages only."""
        return Markdown(self.names).sentence(text)


def filled(template: str, context: Context, **parts: Any) -> str:
    """A page of the report that is no notebook."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "srelib"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    known = {"css": Markup(css()), "provenance": context.provenance}
    return environment.get_template(template).render(known | parts)


def page(run: Run, context: Context) -> Page:
    """Render one run."""
    title, name = run.notebook.title, run.notebook.name
    node = _presentable(run, context)
    headings, lines = _sections(node, title, context)
    markdown = Markdown(context.names)
    failure = scrub(str(run.failure or ""), context.places)
    at = context.names.index(name)
    values = {
        key: scrub(value, context.places) if isinstance(value, str) else value
        for key, value in {**run.notebook.parameters, **run.values}.items()
    }
    known = {
        "css": css(),
        "title": title,
        "before": context.books[at - 1] if at else None,
        "after": context.books[at + 1] if at + 1 < len(context.books) else None,
        "headings": headings,
        "provenance": context.provenance,
        "parameters": [
            (key, scrub(str(values[key]), context.places), key in run.values)
            for key in run.notebook.parameters
        ],
        "failure": failure,
    }
    html, _ = _exporter(markdown).from_notebook_node(node, {"srelib": known})
    says = _says(node)
    finding, stated = markdown.sentence(says), _stated(node, context)
    return Page(name, title, html, finding, failure, stated, values, says, lines)


def _presentable(run: Run, context: Context) -> NotebookNode:
    """The notebook as it is shown: no ids, no counts, no paths, no noise."""
    places = context.places
    node = nbformat.from_dict(run.node)
    if run.failure and run.failure.cell:
        node.cells = node.cells[: run.failure.cell]
    node.cells = [c for c in node.cells if "remove-cell" not in c.metadata.get("tags", [])]
    for number, cell in enumerate(node.cells, 1):
        cell["id"] = f"cell-{number}"
        cell.source = scrub(cell.source, places)
        cell["outputs"] = [
            _scrubbed(output, places) for output in cell.get("outputs", []) if _is_shown(output)
        ]
    return node


def _sections(
    node: NotebookNode, title: str, context: Context
) -> tuple[list[Heading], tuple[Said, ...]]:
    """Headings and, with the section each is in, sentences that name somebody.

    Cells learn their section and their place there, to tell one "Code" from another.
    """
    markdown, cells, said = Markdown(context.names), Counter[str](), []
    for cell in node.cells:
        if cell.cell_type == "markdown":
            markdown.cell(cell.source)
            continue
        section = markdown.headings[-1].text if markdown.headings else title
        cells[section] += not {TAG, "remove-input"} & set(cell.metadata.get("tags", []))
        nth = f", part {cells[section]}" if cells[section] > 1 else ""
        cell.metadata["section"] = f"{section}{nth}"
        anchor = next((one.id for one in reversed(markdown.headings) if one.level <= 3), "")
        for output in cell.get("outputs", []):
            for line in output.get("data", {}).get("text/markdown", "").splitlines():
                said.append(line_said(line.removeprefix("- "), anchor, markdown))
    headings = [one for one in markdown.headings if one.level <= 3]
    return headings, tuple(one for one in said if one.names)


def line_said(text: str, anchor: str, markdown: Markdown) -> Said:
    """A sentence of a page, as a service's page shows it."""
    html = markdown.sentence(text)
    names = tuple(one.get_text() for one in BeautifulSoup(html, "html.parser")("strong"))
    return Said(html, text, names, anchor)


def _is_shown(output: NotebookNode) -> bool:
    if output.output_type in {"error", "stream"}:
        return output.get("name") == "stdout"
    return not output.data.keys().isdisjoint(SHOWN)


def _scrubbed(output: NotebookNode, places: dict[str, str]) -> NotebookNode:
    if "text" in output:
        output.text = scrub(output.text, places)
    for kind, content in output.get("data", {}).items():
        if isinstance(content, str) and not kind.startswith("image/"):
            output.data[kind] = scrub(content, places)
    return output


def _says(node: NotebookNode) -> str:
    """First sentence of the output that follows the heading "What this says", as Markdown."""
    after = False
    for cell in node.cells:
        after = after or (cell.cell_type == "markdown" and "what this says" in cell.source.lower())
        for output in cell.get("outputs", []) if after else ():
            if text := str(output.get("data", {}).get("text/markdown", "")):
                return next(iter(text.strip().splitlines()), "").removeprefix("- ")
    return ""


def _stated(node: NotebookNode, context: Context) -> tuple[dict[str, Any], ...]:
    """What the notebook states, as values, from the metadata of its outputs."""
    outputs = [output for cell in node.cells for output in cell.get("outputs", [])]
    found = [output.get("metadata", {}).get("srelib", {}).get("findings", []) for output in outputs]
    return tuple(
        {**one, "sentence": scrub(one["sentence"], context.places)}
        for together in found
        for one in together
    )


def size(png: str) -> tuple[int, int] | None:
    """Width and height of a PNG [pixels], from its header."""
    try:
        head = base64.b64decode(png.replace("\n", "")[:64])
    except (binascii.Error, ValueError):
        return None
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@lru_cache(maxsize=1)
def css() -> str:
    """The style sheet of every page."""
    return (TEMPLATES / "srelib" / "srelib.css").read_text("utf-8")


def _exporter(markdown: Markdown) -> HTMLExporter:
    """Nbconvert's exporter, limited to kinds of output that cannot run."""
    exporter = HTMLExporter(
        config=Config(NbConvertBase={"display_data_priority": SHOWN}),
        template_name="srelib",
        extra_template_basedirs=[str(TEMPLATES)],
        extra_loaders=[jinja2.FileSystemLoader(TEMPLATES / "srelib")],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    for name, write in {
        "markdown_cell": markdown.cell,
        "markdown_output": markdown.output,
        "figure": Drawings().html,
        "clean": clean,
        "png_size": size,
    }.items():
        exporter.register_filter(name, write)
    return exporter
