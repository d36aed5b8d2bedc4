"""Marks that changes carry: reverts, hotfixes and rollbacks, and the help of an AI tool.

They stand in titles, messages, labels and names of branches, or in a column of one's own; the words
are data (`readers/change_marks.toml`). What a source never marks is missing, not False.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from srelib import tables

TEXTS = ("title", "message", "labels", "branch", "author", "number")
"""Columns of no table from which marks are read; lists are lines, or have commas."""
KINDS = ("revert", "hotfix", "rollback")
REGULAR = "regular"
"""Kind of a change that is none of these, where its source would say so."""
OWN = ("kind", "reverts", "assisted")
_PARTS = re.compile(r"[\n,;|]+")
_NAMES = re.compile(r'(?:"[^"\n]*"|[^\s",]+)(?:\s*,\s*(?:"[^"\n]*"|[^\s",]+))*')
"""Names of changes in a cell: without blanks or in quotes, divided by commas."""
_ASK = (
    'neither yes or no nor the name of a known tool; say values.assisted = {{ {word} = "true" }} '
    '(or "false") in sources.toml'
)

Row = dict[str, str]


@cache
def _patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    """Patterns by what they are sought in and what they show."""
    path = Path(__file__).parent / "readers" / "change_marks.toml"
    flags = re.IGNORECASE | re.MULTILINE
    return {
        place: {name: re.compile("".join(parts), flags) for name, parts in said.items()}
        for place, said in tomllib.loads(path.read_text("utf-8")).items()
    }


def with_marks(changes: pd.DataFrame) -> pd.DataFrame:
    """The changes of one source with ``kind``, ``reverts`` and ``assisted``, from all they say.

    What ``assisted`` says in words nobody knows becomes a fault.
    """
    there = [name for name in (*TEXTS, *OWN) if name in changes and changes[name].notna().any()]
    if not there:
        return changes
    rows = list(_rows(changes[there]))
    for row in rows:
        if "reverts" in row and not _NAMES.fullmatch(row["reverts"]) and not any(_named(row)):
            del row["reverts"]
    kinds = [_kinds(row) for row in rows]
    own = [row.get("assisted", "") for row in rows]
    said = [_said(text) for text in own]
    marked = pd.Series([one if text else _marked(row) for one, text, row in zip(
        said, own, rows, strict=True)], changes.index, dtype="boolean")  # fmt: skip
    if marked.any() and not (marked == False).any():  # noqa: E712 a missing one is not False
        marked = marked.fillna(False)
    found = changes.assign(
        kind=pd.Series(kinds, changes.index, dtype="str"),
        reverts=pd.Series(_reverted(changes, rows, kinds), changes.index, dtype="str"),
        assisted=marked,
    )
    wrong = np.array([bool(text) and one is None for one, text in zip(said, own, strict=True)])
    return _with_faults(found, wrong, own) if wrong.any() else found


def _rows(texts: pd.DataFrame) -> Iterator[Row]:
    """What is said of each change, by column; nothing of a cell that is empty."""
    cells = texts.astype("object").where(texts.notna(), "").astype("str")
    for row in cells.to_dict("records"):
        yield {str(name): cell.strip() for name, cell in row.items() if cell.strip()}


def _kinds(row: Row) -> str | None:
    """What kinds a change is of, with commas; None where nothing says it."""
    if not row.keys() & {"title", "labels", "branch", "kind", "reverts"}:
        return None
    title, words = row.get("title", ""), _patterns()["title"]
    found = {kind for kind in KINDS if title and words[kind].match(title)}
    for name in ("labels", "branch", "kind"):
        if name in row:
            found |= _kinds_named(row[name], name)
    texts = row.keys() & {"title", "message", "branch"}
    if "reverts" in row or (texts and any(_named(row))):
        found.add("revert")
    if title and words["again"].match(title):
        found.discard("revert")
    return ", ".join(kind for kind in KINDS if kind in found) or REGULAR


@lru_cache(maxsize=4096)
def _kinds_named(text: str, place: str) -> frozenset[str]:
    """Kinds that labels, a branch, or a cell that is either of them, name."""
    words, branch = _patterns(), text.removeprefix("refs/heads/")
    labels = [] if place == "branch" else [label.strip() for label in _PARTS.split(text)]
    return frozenset(
        kind
        for kind in KINDS
        if any(map(words["label"][kind].fullmatch, labels))
        or (place != "labels" and words["branch"][kind].fullmatch(branch))
    )


def _named(row: Row) -> tuple[list[str], list[str]]:
    """Commits, and numbers of requests, that a change says it reverts."""
    words = _patterns()["message"]
    text = "\n".join(row[name] for name in ("title", "message", "reverts") if name in row)
    commits, requests = words["commit"].findall(text), words["request"].findall(text)
    if _patterns()["title"]["revert"].match(row.get("title", "")):
        footers = words["footer"].findall(text)
        commits += [name for footer in footers for name in re.findall(r"[0-9a-f]{7,}", footer)]
    if not commits and not requests:
        requests = _patterns()["branch"]["number"].findall(row.get("branch", ""))
    return commits, requests


def _reverted(changes: pd.DataFrame, rows: list[Row], kinds: list[str | None]) -> list[str | None]:
    """What each change reverts: changes of the source, else the names it gives them."""
    found: list[str | None] = [None] * len(rows)
    if not any(kind and "revert" in kind for kind in kinds):
        return found
    known: dict[tuple[str, str], str] = {}
    ids, services = (changes[name].astype("str").tolist() for name in ("change_id", "service"))
    words = _patterns()["title"]
    both = changes.reindex(columns=["committed_at", "merged_at"]).apply(pd.to_datetime, utc=True)
    times = tables.main_time(both, "changes").to_numpy()
    for at in np.argsort(times, kind="stable").tolist():
        row, service = rows[at], services[at]
        title = row.get("title", "")
        if "revert" in (kinds[at] or ""):
            commits, requests = _named(row)
            names = [*commits, *(known.get((service, f"#{n}"), f"#{n}") for n in requests)]
            if not names and (quoted := words["reverted"].match(title)):
                names = [known.get((service, quoted[1]), f'"{quoted[1]}"')]
            own = [] if names or "reverts" not in row else [row["reverts"]]
            found[at] = ", ".join(dict.fromkeys([*names, *own])) or None
        if title or "number" in row:
            number = words["number"].search(title)
            numbers = [row["number"]] if "number" in row else number.groups() if number else ()
            plain = words["number"].sub("", title).strip()
            names_of = (title, plain, *(f"#{n}" for n in numbers))
            known |= {(service, name): ids[at] for name in names_of if name and ids[at] == ids[at]}
    return found


@lru_cache(maxsize=4096)
def _said(text: str) -> bool | None:
    """What a cell of ``assisted`` says by itself; None: nothing that is known."""
    words = _patterns()["assisted"]
    if words["no"].fullmatch(text):
        return False
    own = {"message": text, "labels": text, "author": text}
    sure = words["yes"].fullmatch(text) or words["tool"].search(text) or _marked(own)
    return True if sure else None


def _marked(row: Row) -> bool | None:
    """True where a change carries the mark of an AI tool; None: no mark."""
    words = _patterns()["assisted"]
    message = row.get("message", "")
    if any(_by_tool(key.lower(), value) for key, value in words["trailer"].findall(message)):
        return True
    named = _is_named(row.get("labels", ""), row.get("author", ""))
    return True if named or words["line"].search(message) else None


@lru_cache(maxsize=4096)
def _is_named(labels: str, authors: str) -> bool:
    words = _patterns()["assisted"]
    names = [name.strip() for name in _PARTS.split(authors)]
    return any(words["label"].fullmatch(one.strip()) for one in _PARTS.split(labels)) or any(
        words["author"].search(name) or words["agent"].search(name) for name in names
    )


def _by_tool(key: str, value: str) -> bool:
    """Whether a trailer names a tool, and no person."""
    words = _patterns()["assisted"]
    if words["agent"].search(value):
        return True
    if words["person"].search(value) or key.startswith("co-"):
        return False
    return key == "assisted-by" or words["tool"].search(value) is not None


def _with_faults(changes: pd.DataFrame, wrong: np.ndarray, texts: list[str]) -> pd.DataFrame:
    """The changes, those marked as faulty whose ``assisted`` nobody can read."""
    marks: dict[str, Any] = {
        "fault": pd.Series([_ASK.format(word=f'"{text[:40]}"') for text in texts], changes.index),
        "fault_column": "assisted",
        "fault_value": pd.Series(texts, changes.index),
    }
    nothing = pd.Series(None, changes.index, dtype="object")
    fresh = wrong & changes.get("fault", nothing).isna().to_numpy()
    old = {name: changes.get(name, nothing).astype("object") for name in marks}
    return changes.assign(**{name: old[name].mask(fresh, value) for name, value in marks.items()})
