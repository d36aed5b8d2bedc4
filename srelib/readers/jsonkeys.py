"""Keys and values of JSON records, whichever way a tool spells them.

``created_at``, ``createdAt`` and ``CreatedAt`` are one key here, ``createdat``: REST answers,
GraphQL answers and command lines of one tool differ in nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from srelib.readers.base import Head

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*:)?|\Z)|([{}\[\],])', re.DOTALL)
_DEEPEST = 12  # levels told apart; what lies deeper counts as the last of them


def plain(key: str) -> str:
    """A key without its spelling."""
    return key.replace("_", "").lower()


def keyed(record: dict[str, Any]) -> dict[str, Any]:
    """The record under plain keys."""
    return {plain(str(key)): value for key, value in record.items()}


def inner(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The object at the end of a way of plain keys, under plain keys; empty if there is none."""
    value: Any = record
    for key in keys:
        value = keyed(value).get(key) if isinstance(value, dict) else None
    return keyed(value) if isinstance(value, dict) else {}


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, under plain keys; of anything else none."""
    members = value if isinstance(value, list) else []
    return [keyed(member) for member in members if isinstance(member, dict)]


def text(value: Any) -> str | None:
    """A scalar as text; half a surrogate pair, which no file can hold, becomes a question mark."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).encode("utf-8", errors="replace").decode("utf-8")


def at(record: Any, path: str) -> Any:
    """The value at a dotted path; text that is JSON itself (a payload) is opened on the way."""
    value: Any = record
    for part in path.split("."):
        if isinstance(value, str):
            value = _opened(value)
        value = keyed(value).get(plain(part)) if isinstance(value, dict) else None
    return value


def _opened(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=4)
def objects(start: str) -> dict[str, frozenset[str]]:
    """The plain keys of the objects in the start of a JSON text, by where the objects stand."""
    found: dict[str, set[str]] = {}
    open_: list[tuple[str, bool]] = []
    pending = ""
    for match in _TOKEN.finditer(start):
        word, colon, mark = match.groups()
        if mark in ("{", "["):
            above = open_[-1][0] if open_ else ""
            path = above
            if pending and len(open_) < _DEEPEST:
                path = f"{above}.{pending}" if above else pending
            open_.append((path, mark == "{"))
            if mark == "{":
                found.setdefault(path, set())
        elif mark in ("}", "]") and open_:
            open_.pop()
        elif colon and open_ and open_[-1][1]:
            pending = plain(word)
            found[open_[-1][0]].add(pending)
            continue
        pending = ""
    return {path: frozenset(keys) for path, keys in found.items()}


def holds(head: Head, *keys: str, under: Iterable[str] | None = None) -> bool:
    """Whether some object in the start of a JSON file has all these keys."""
    if head.kind != "json":
        return False
    found = objects(head.text)
    places = found if under is None else [path for path in under if path in found]
    return any(set(keys) <= found[path] for path in places)


def members(records: Iterable[Any], *wrappers: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """The records of every page, and the pages they were wrapped in."""
    found: list[Any] = []
    pages = []
    for record in records:
        page = keyed(record) if isinstance(record, dict) else {}
        kept = next((page[key] for key in wrappers if isinstance(page.get(key), list | dict)), None)
        if kept is None:
            found.append(record)
        else:
            found.extend(kept if isinstance(kept, list) else [kept])
            pages.append(page)
    return found, pages
