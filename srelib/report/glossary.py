"""Words that a reader may not know: their page, and a link to it where a page first uses one."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

import mistune
from markupsafe import Markup

from srelib.report.render import Context, filled, slug

PAGE = "glossary"
_ENTRY = re.compile(r"^## (.+?)(?: <!-- (.+) -->)?$", re.MULTILINE)
_KNOWN = re.compile(rf'<a class="term" href="{PAGE}\.html#([\w-]+)">')
_TAG = re.compile(r"(<[^>]*>)")
_CLOSED = {"head", "header", "nav", "footer", "svg", "pre", "code", "a", "summary", "legend",
           "caption", "h1", "h2", "h3", "h4"}  # fmt: skip
"""Elements whose text gets no link; one in a caption would pass as a child of its table."""


def page(context: Context) -> str:
    """The glossary as a page of the report."""
    pieces = _ENTRY.split(_source())[1:]
    entries = [(name, slug(name), Markup(mistune.html(text)))
               for name, _, text in zip(*[iter(pieces)] * 3, strict=True)]  # fmt: skip
    return filled("glossary.html.j2", context, entries=entries)


def linked(html: str) -> str:
    """A page whose first use of each word leads to the glossary."""
    words, left = _words()
    closed: list[str] = []
    parts = _TAG.split(html)
    for i, part in enumerate(parts):
        if part.startswith("<"):
            name = re.sub(r"^</?([\w-]*).*", r"\1", part, flags=re.DOTALL).lower()
            if known := _KNOWN.match(part):
                _drop(known[1], left)
            if name in _CLOSED and not part.startswith("</"):
                closed.append(name)
            elif closed and part == f"</{closed[-1]}>":
                closed.pop()
        elif not closed and part.strip():
            parts[i] = words.sub(lambda found: _link(found, left), part)
    return "".join(parts)


def _link(found: re.Match[str], left: dict[str, str]) -> str:
    word = found[0]
    anchor = left.get(_plain(word))
    if anchor is None:
        return word
    _drop(anchor, left)
    return f'<a class="term" href="{PAGE}.html#{anchor}">{word}</a>'


def _drop(anchor: str, left: dict[str, str]) -> None:
    for form in [form for form, other in left.items() if other == anchor]:
        del left[form]


def _words() -> tuple[re.Pattern[str], dict[str, str]]:
    """What finds the words, the longest first, and the anchor of each."""
    anchors = {_plain(form): slug(name) for name, also in _ENTRY.findall(_source())
               for form in [name, *filter(None, also.split("; "))]}  # fmt: skip
    forms = sorted(anchors, key=len, reverse=True)
    either = "|".join(
        r"p(?= [=<&])" if form == "p" else re.escape(form).replace(r"\ ", r"(?:\s|&nbsp;)")
        for form in forms
    )
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE), anchors


def _plain(word: str) -> str:
    return re.sub(r"\s+", " ", word.replace("&nbsp;", " ")).lower()


@lru_cache(maxsize=1)
def _source() -> str:
    return (files("srelib.report") / "glossary.md").read_text("utf-8")
