"""Text from data on its way into Markdown and HTML: it never becomes markup."""

from __future__ import annotations

import html
from typing import Any

from srelib import wording

_ENTITIES = {c: f"&#{ord(c)};" for c in "&<>\"'$@"}
_MARKUP = {c: f"\\{c}" for c in "\\`*_{}[]()#|~"}
_TABLE = str.maketrans({**_ENTITIES, **_MARKUP, ":": "&#58;"})


def markdown(value: Any, *, limit: int = 60) -> str:
    """A text from the data as Markdown that shows exactly that text, on one line."""
    return wording.label(value, limit=limit).translate(_TABLE).replace("www.", "www&#46;")


def name(value: Any, *, limit: int = 60) -> str:
    """A name from the data, in bold."""
    return f"**{markdown(value, limit=limit)}**"


def names(values: Any, *, limit: int = 4) -> str:
    """Several names from the data in a sentence, each in bold."""
    return wording.listing([name(value) for value in values], limit=limit)


def escaped(value: Any, *, limit: int = 200) -> str:
    """A text from the data as HTML that shows exactly that text, on one line."""
    return html.escape(wording.label(value, limit=limit))
