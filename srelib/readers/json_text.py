"""Keys and values of JSON records, whichever way a tool spells them.

``created_at``, ``createdAt`` and ``CreatedAt`` are one key here, ``createdat``: REST answers,
GraphQL answers and command lines of one tool differ in nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from srelib.errors import ReadError
from srelib.readers import base
from srelib.readers.base import Head
from srelib.readers.words import packaged

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*:)?|\Z)|([{}\[\],])', re.DOTALL)
_DEEPEST = 12  # levels told apart; what lies deeper counts as the last of them


@lru_cache(maxsize=4096)
def plain_key(key: str) -> str:
    """A key without its spelling."""
    return key.replace("_", "").lower()


class Keyed(dict[str, Any]):
    """A record whose keys need not be sought in other spellings."""


def keyed(record: dict[str, Any]) -> dict[str, Any]:
    """The record under plain keys."""
    return Keyed({plain_key(str(key)): value for key, value in record.items()})


def nested(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The object at the end of a way of plain keys, under plain keys; empty if there is none."""
    value: Any = record
    for key in keys:
        value = keyed(value).get(key) if isinstance(value, dict) else None
    return keyed(value) if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, under plain keys; of anything else none."""
    members = value if isinstance(value, list) else []
    return [keyed(member) for member in members if isinstance(member, dict)]


def as_text(value: Any) -> str | None:
    """A scalar as text; half a surrogate pair, which no file can hold, becomes a question mark."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).encode("utf-8", errors="replace").decode("utf-8")


def value_at(record: Any, path: str) -> Any:
    """The value at a dotted path, of lists the first; JSON in text (a payload) is opened."""
    return next(values_at(record, path), None)


def values_at(record: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path, member by member where a list is on the way."""
    if isinstance(record, dict) and path in record:
        yield from _members(record[path])
        return
    part, _, rest = path.partition(".")
    for value in _members(_opened(record) if isinstance(record, str) else record):
        if not isinstance(value, dict):
            continue
        plain = plain_key(part)
        found = value.get(part, value.get(plain))
        if found is None and not isinstance(value, Keyed):
            found = next((v for k, v in value.items() if plain_key(str(k)) == plain), None)
        if found is None and (pair := name_and_value(value)) and pair[0] == part:
            found = pair[1]
        if rest:
            yield from values_at(found, rest)
        elif found is not None:
            yield from _members(found)


def name_and_value(member: Any) -> tuple[str, Any] | None:
    """The two of a pair such as ``{"tag": "service", "value": "web"}``, as lists of tags hold."""
    pair = {str(key).lower(): value for key, value in member.items()} if (
        isinstance(member, dict) and len(member) == 2) else {}  # fmt: skip
    name = pair.get("tag", pair.get("key", pair.get("name")))
    return (name, pair["value"]) if isinstance(name, str) and "value" in pair else None


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _opened(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=4)
def keys_by_place(start: str) -> dict[str, frozenset[str]]:
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
            pending = plain_key(word)
            found[open_[-1][0]].add(pending)
            continue
        pending = ""
    return {path: frozenset(keys) for path, keys in found.items()}


def holds(
    head: Head, *keys: str, under: Iterable[str], without: frozenset[str] = frozenset()
) -> bool:
    """Whether some object there (``*``: anywhere) in the start of a JSON file has all these keys,
    and none of others.
    """
    found = keys_by_place(head.text) if head.kind == "json" else {}
    places = found if "*" in under else [path for path in under if path in found]
    return any(set(keys) <= found[path] and not without & found[path] for path in places)


def as_moment(value: Any) -> datetime | None:
    """A time, for comparing; what carries no zone counts as UTC."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_BEGINS = re.compile(r"[^ \t\r\n\ufeff\x1e,]")  # no byte-order mark or separator of RFC 7464
_DECODER = json.JSONDecoder()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def json_pages(head: Head, *wrappers: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """The records of a JSON file, and of each lot the page they were wrapped in, if any."""
    ways = [way.split(".") for way in wrappers]
    for record in json_records(base.file_text(head), file=head.name):
        page = keyed(record) if wrappers and isinstance(record, dict) else {}
        found = [nested(page, *way[:-1]).get(way[-1]) for way in ways]
        lots = [
            one if isinstance(one, list) else [one] for one in found if isinstance(one, list | dict)
        ]
        yield from ((lot, page) for lot in lots) if lots else [([record], {})]


def json_records(text: str, *, file: str) -> list[Any]:
    """The records of a text: the members of every array in it, and every other document.

    Arrays may be nested: `gh api --slurp` wraps every page in one more.
    """
    found: list[Any] = []
    at = 0
    while begins := _BEGINS.search(text, at):
        try:
            value, at = _DECODER.raw_decode(text, begins.start())
        except (ValueError, RecursionError) as error:
            raise _broken(text, begins.start(), error, file) from error
        found.append(value)
    if _SURROGATE.search(text):  # half a surrogate pair, which no file can hold
        found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    waiting, found = [found], []
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            found.append(value)
    return found


def _broken(text: str, at: int, error: Exception, file: str) -> ReadError:
    place = error.pos if isinstance(error, json.JSONDecodeError) else at
    deep = "nested too deeply" if isinstance(error, RecursionError) else "a number of many digits"
    said = error.msg if isinstance(error, json.JSONDecodeError) else deep
    column = place - (text.rfind("\n", 0, place) + 1) + 1
    return ReadError(
        f"the JSON breaks off or is malformed ({said}, column {column})",
        file=file,
        line=text.count("\n", 0, place) + 1,
        fix="export the file again, whole",
    )


def unknown_json(head: Head) -> tuple[str, str]:
    """What a JSON file of no known format holds, and what to do."""
    found = {path: keys for path, keys in keys_by_place(head.text).items() if keys}
    top = found.get("", frozenset())
    if not found:
        what = "it holds no object" if re.search(r"[^\s\[\],{}]", head.text) else "it is empty"
        return what, "check the filter of the export, or take the file away"
    if "message" in top and len(top) <= 5 and not top & {"id", "number", "createdat"}:
        said = re.search(r'"message"\s*:\s*("(?:[^"\\]|\\.){0,200}")', head.text)
        text = (_opened(said.group(1)) or said.group(1)) if said else ""
        return (
            f"it is the error message of an interface ({text!r})",
            "check the address and the access token, and export again",
        )
    for hint in packaged("json_hints.toml")["hint"]:
        if any(seen.issuperset(hint["keys"]) for seen in found.values()):
            return hint["what"], hint["fix"]
    seen = ", ".join(_as_written(head.text, sorted(top or next(iter(found.values())))[:12]))
    return (
        f"keys seen: {seen}",
        "hand over the export as the tool writes it (README lists what is known), write it as CSV "
        f"with named columns, or map it in sources.toml: [[file]] match = {head.name!r}, "
        'table = "incidents" (or sli, deployments, ..., ignore), records = "KEY.OF.THE.LIST", '
        'columns = { started_at = "DOTTED.KEY" }',
    )


def _as_written(text: str, keys: Sequence[str]) -> list[str]:
    """Keys in the spelling of the file."""
    spelt = {plain_key(word): word for word in re.findall(r'"((?:[^"\\]|\\.)*)"\s*:', text)}
    return [repr(spelt.get(key, key)) for key in keys]
