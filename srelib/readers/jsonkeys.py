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
    """A key without its spelling.

    Parameters
    ----------
    key : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain("created_at"), plain("createdAt"), plain("CreatedAt")
    ('createdat', 'createdat', 'createdat')
    """
    return key.replace("_", "").lower()


def keyed(record: dict[str, Any]) -> dict[str, Any]:
    """The record under plain keys.

    Parameters
    ----------
    record : dict

    Returns
    -------
    dict

    Examples
    --------
    >>> keyed({"head_sha": "c0ffee"})
    {'headsha': 'c0ffee'}
    """
    return {plain(str(key)): value for key, value in record.items()}


def inner(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The object at the end of a way of plain keys, under plain keys; empty if there is none.

    Parameters
    ----------
    record : dict
        Under plain keys.
    *keys : str
        The way.

    Returns
    -------
    dict

    Examples
    --------
    >>> inner({"state": {"Status": {"name": "SUCCESSFUL"}}}, "state", "status")
    {'name': 'SUCCESSFUL'}
    >>> inner({"state": None}, "state", "status")
    {}
    """
    value: Any = record
    for key in keys:
        value = keyed(value).get(key) if isinstance(value, dict) else None
    return keyed(value) if isinstance(value, dict) else {}


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, under plain keys; of anything else none.

    Parameters
    ----------
    value : object

    Returns
    -------
    list of dict

    Examples
    --------
    >>> listed([{"At": 1}, None, 3]), listed("x")
    ([{'at': 1}], [])
    """
    members = value if isinstance(value, list) else []
    return [keyed(member) for member in members if isinstance(member, dict)]


def text(value: Any) -> str | None:
    """A scalar as text; half a surrogate pair, which no file can hold, becomes a question mark.

    Parameters
    ----------
    value : object

    Returns
    -------
    str or None
        None for null, objects, arrays and text without a visible character.

    Examples
    --------
    >>> text(12), text(None), text([1])
    ('12', None, None)
    """
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).encode("utf-8", errors="replace").decode("utf-8")


def at(record: Any, path: str) -> Any:
    """The value at a dotted path; text that is JSON itself (a payload) is opened on the way.

    Parameters
    ----------
    record : object
        A record.
    path : str
        Keys joined by dots, in any spelling.

    Returns
    -------
    object
        None where the path leads nowhere.

    Examples
    --------
    >>> at({"payload": '{"service": "cart"}'}, "payload.service")
    'cart'
    """
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
    """The plain keys of the objects in the start of a JSON text, by where the objects stand.

    Parameters
    ----------
    start : str
        JSON, which may break off anywhere.

    Returns
    -------
    dict of str to frozenset
        By the dotted path of plain keys that leads to the objects; arrays are no step of it.

    Examples
    --------
    >>> found = objects('{"total_count": 1, "workflow_runs": [{"id": 7, "head_sha": "c0f')
    >>> sorted(found[""]), sorted(found["workflowruns"])
    (['totalcount', 'workflowruns'], ['headsha', 'id'])
    """
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
    """Whether some object in the start of a JSON file has all these keys.

    Parameters
    ----------
    head : Head
        Start of the file.
    *keys : str
        Plain keys.
    under : iterable of str, optional
        Dotted paths at which the object may stand; None: anywhere.

    Returns
    -------
    bool
        False for a file that is not JSON.
    """
    if head.kind != "json":
        return False
    found = objects(head.text)
    places = found if under is None else [path for path in under if path in found]
    return any(set(keys) <= found[path] for path in places)


def members(records: Iterable[Any], *wrappers: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """The records of every page, and the pages they were wrapped in.

    Parameters
    ----------
    records : iterable
        Documents, as `srelib.readers.jsontext.records` gives them.
    *wrappers : str
        Plain keys under which a page keeps its records, or its only one.

    Returns
    -------
    list
        The records; what is no page is a record itself.
    list of dict
        The pages under plain keys.

    Examples
    --------
    >>> members([{"values": [1, 2], "next": "..."}, 3], "values")
    ([1, 2, 3], [{'values': [1, 2], 'next': '...'}])
    """
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
