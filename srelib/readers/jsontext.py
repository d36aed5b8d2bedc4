"""JSON as tools write it: one document, documents in a row, or one record per line.

``gh api --paginate`` writes one array per page, glued together as ``][``; log
shippers write JSON lines; most other tools write one document.
All three are read alike here: as the records they hold, in order.
"""

from __future__ import annotations

import json
import re
from typing import Any

from srelib.errors import ReadError
from srelib.readers import heads
from srelib.readers.base import Head

_BLANK = " \t\r\n\ufeff\x1e"  # a byte-order mark and the separator of RFC 7464 included
_DECODER = json.JSONDecoder()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def content(head: Head) -> str:
    """The whole file as text, unpacked and decoded."""
    try:
        with heads.plain(head) as path:
            return path.read_text(encoding="utf-8-sig")
    except UnicodeError as error:
        raise ReadError(
            f"the text is not {head.encoding} ({error})", file=head.name, fix="save it as UTF-8"
        ) from error
    except OSError as error:
        raise ReadError(
            f"the file cannot be opened ({error.strerror or error})",
            file=head.name,
            fix="check that it exists and that you may read it",
        ) from error


def parse(text: str, *, file: str) -> list[Any]:
    """Every JSON document of a text, in order."""
    found, at = [], _next(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _broken(text, at, error, file) from error
        found.append(value)
        at = _next(text, at)
    return _whole(found) if _SURROGATE.search(text) else found


def records(text: str, *, file: str) -> list[Any]:
    """The records of a text: the members of every array in it, and every other document."""
    found: list[Any] = []
    for document in parse(text, file=file):
        found.extend(_flat(document))
    return found


def _flat(document: Any) -> list[Any]:
    """Members of nested arrays (`gh api --slurp` wraps every page in one more array)."""
    found, waiting = [], [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            found.append(value)
    return found


def _whole(value: Any) -> Any:
    """The value with every half of a surrogate pair replaced."""
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(member) for member in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(member) for key, member in value.items()}
    return value


def _next(text: str, at: int) -> int:
    while at < len(text) and (text[at] in _BLANK or text[at] == ","):
        at += 1
    return at


def _broken(text: str, at: int, error: Exception, file: str) -> ReadError:
    place = error.pos if isinstance(error, json.JSONDecodeError) else at
    said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
    column = place - (text.rfind("\n", 0, place) + 1) + 1
    return ReadError(
        f"the JSON breaks off or is malformed ({said}, column {column})",
        file=file,
        line=text.count("\n", 0, place) + 1,
        fix="export the file again, whole",
    )
