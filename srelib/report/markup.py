"""Text of notebooks and of data as HTML that can neither run nor load anything.

Three sources, three levels of trust: Markdown cells are written by an author and may
hold a few inline tags; Markdown and HTML outputs carry text from exports, so that
markup in Markdown is shown as text and HTML is reduced to tables and plain structure.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import bleach
import mistune
from bs4 import BeautifulSoup

INLINE = frozenset({"abbr", "br", "code", "em", "kbd", "strong", "sub", "sup", "b", "i", "small"})
SHORT = 16
"""Longest text of a table cell that is kept on one line [characters]: a time to the minute."""

BLOCK = frozenset(
    {"p", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr", "div", "span", "del"}
    | {"figure", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "a", "details", "summary"}
)
TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"})
ATTRIBUTES = {
    "th": ["scope", "colspan", "rowspan", "class"],
    "td": ["colspan", "rowspan", "class"],
    "table": ["class"],
    "caption": ["class"],
    "abbr": ["title"],
    "a": ["href"],
    "div": ["class"],
    "span": ["class"],
    "p": ["class"],
    "h2": ["id"],
    "h3": ["id"],
    "h4": ["id"],
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
        base = slug(plain)
        taken = {heading.id for heading in self.headings}
        anchor = next(a for a in (base, *(f"{base}-{n}" for n in range(2, 1000))) if a not in taken)
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
        self._author = _Renderer(escape=False, pages=pages, trusted=True)
        self._data = _Renderer(escape=True, pages=pages, trusted=False)

    @property
    def headings(self) -> list[Heading]:
        """Headings seen so far, in order."""
        return self._author.headings

    def cell(self, source: str) -> str:
        """HTML of a Markdown cell."""
        return clean(_markdown(self._author)(source))

    def output(self, source: str) -> str:
        """HTML of a Markdown output, whose text may come from data: no tag, no outside link."""
        return clean(_markdown(self._data)(source))


def _markdown(renderer: _Renderer) -> Any:
    plugins = ["table", "strikethrough", "def_list"]
    return mistune.create_markdown(renderer=renderer, plugins=plugins)


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
        .replace("<table", '<div class="table-box"><table')
        .replace("</table>", "</table></div>")
    )


def slug(text: str) -> str:
    """An anchor made of a heading."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


def scrub(text: str, places: dict[str, str]) -> str:
    """Text without the paths of the machine it was made on."""
    for path, label in places.items():
        if len(path) > 1:
            whole = rf"(?<![\w./~-]){re.escape(path)}(?![\w-])"
            text = re.sub(whole, label.replace("\\", r"\\"), text)
    return text
