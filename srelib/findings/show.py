"""Sentences and tables as a notebook shows them; text from data never becomes markup."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, is_scalar, is_timedelta64_dtype

from srelib import wording
from srelib.findings.finding import Finding, as_json, markdown, names, say
from srelib.fleet import refusals
from srelib.shown import HtmlTable


def refused_sentences(
    results: Mapping[Any, Any], key: str, verdict: str = "", *, of: str = "name"
) -> list[Finding]:
    """For each reason why an answer was refused, who was refused for it."""
    found: dict[str, list[str]] = {}
    for who, error in refusals(results).items():
        reason = markdown(error, limit=400).rstrip(".")
        found.setdefault(reason, []).append(getattr(who, of, who))
    return [say(key, verdict, who=names(who), why=why) for why, who in found.items()]


Format = Callable[[Any], str]
_ADDRESS = re.compile(r"(?i)https?://[^\s<>\"'`\\]+")


def show(sentences: str | Finding | Iterable[str | Finding | None]) -> None:
    """Display sentences of Markdown: one as a paragraph, several as a list without empty ones.

    Findings among them also travel as values, in the metadata of the output.

    Examples
    --------
    >>> show("All is well.")
    All is well.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    parts = [sentences] if isinstance(sentences, str | Finding) else list(sentences)
    said = [part.sentence if isinstance(part, Finding) else part for part in parts]
    lines = said if isinstance(sentences, str | Finding) else [line for line in said if line]
    text = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    if not text:
        return
    if get_ipython() is None:
        print(text)
        return
    found = [part for part in parts if isinstance(part, Finding)]
    display({"text/markdown": text, "text/plain": text}, raw=True, metadata=_metadata(found))


def _metadata(found: Sequence[Finding]) -> dict[str, Any]:
    return {"srelib": {"findings": [as_json(one) for one in found]}} if found else {}


@dataclass(frozen=True, repr=False)
class Table(HtmlTable):
    """A table ready to show, with what its cells state as values.

    Parameters
    ----------
    caption, headers, rows, numeric, more, links
        As of `HtmlTable`.
    findings : tuple of Finding, what its cells state
    """

    findings: tuple[Finding, ...] = ()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"text/html": self._repr_html_(), "text/plain": repr(self)}
        return data, _metadata(self.findings)


def table(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    *,
    caption: str,
    max_rows: int = 100,
    formats: Mapping[str, Format] | None = None,
    headers: Mapping[str, str] | None = None,
    links: Mapping[str, pd.Series] | None = None,
    findings: Iterable[Finding] = (),
) -> Table | None:
    """Rows as an accessible table: caption, header scopes, everything escaped, rows capped; None
    where there are none. `findings`: what its cells state as values.

    Cells of a column in `links` lead to its addresses, but for those that are not http or https.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    if not len(frame):
        return None
    formats, headers, shown = formats or {}, headers or {}, frame.head(max_rows)
    cells = [
        [
            "–" if is_scalar(value) and pd.isna(value) else formats.get(name, _plain)(value)
            for value in shown[name]
        ]
        for name in frame.columns
    ]
    return Table(
        caption=caption,
        headers=tuple(headers.get(name, str(name).replace("_", " ")) for name in frame.columns),
        rows=tuple(zip(*cells, strict=True)),
        numeric=tuple(_is_number(frame[name]) for name in frame.columns),
        more=len(frame) - len(shown),
        links={
            (row, column): address
            for column, name in enumerate(frame.columns)
            for row, address in enumerate(list((links or {}).get(name, ()))[:max_rows])
            if isinstance(address, str) and _ADDRESS.fullmatch(address)
        },
        findings=tuple(findings),
    )


def _plain(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, pd.Timedelta):
        return wording.duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        return wording.count(float(value))
    return str(value)


def _is_number(column: pd.Series) -> bool:
    return bool(
        (is_numeric_dtype(column) and not is_bool_dtype(column)) or is_timedelta64_dtype(column)
    )


@dataclass(frozen=True)
class Document:
    """A text to copy, folded away under its caption until it is wanted, and then as it is."""

    text: str
    caption: str

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.text}".rstrip()

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        if not self.text:
            return f"<p>{caption}</p>"
        return (
            f'<details><summary style="cursor:pointer">{caption}</summary><pre tabindex="0" '
            f'aria-label="{caption}" style="overflow-x:auto">{html.escape(self.text)}</pre>'
            "</details>"
        )
