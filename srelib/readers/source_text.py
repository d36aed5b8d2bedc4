"""The text of `sources.toml`: TOML, and errors that name line, entry, key and fix."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from srelib import schema
from srelib.errors import SourceError


def read_text(path: Path) -> str:
    """The text of the file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise SourceError(
            f"not UTF-8 text (byte {fault.start})", file=path.name, fix="save it as UTF-8"
        ) from None
    except OSError as fault:
        raise SourceError(
            f"cannot be read ({fault.strerror})", file=path.name, fix="check its permissions"
        ) from None


def parse(text: str, name: str) -> dict[str, Any]:
    """The tables of the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        raise SourceError(
            f"not TOML: {fault}",
            file=name,
            line=int(line.group(1)) if line else None,
            fix='put text in quotes, as in match = "checkout-*.csv"',
        ) from None
    if isinstance(document.get("file"), dict):
        raise SourceError(
            "[file] is one table, not a list of them",
            file=name,
            line=_line(text, r"^\s*\[\s*file\s*\]"),
            fix="write [[file]] with two brackets",
        )
    return document


def error(fault: schema.Fault, text: str, name: str) -> SourceError:
    """The error about one fault: line, number of the entry, key, value and fix."""
    entry, series, keys = _where(fault.place)
    words = [f"[[file]] entry {entry}"] * bool(entry) + [f"[[file.series]] entry {series}"] * bool(
        series
    )
    named = "unknown key" in fault.problem or "is missing" in fault.problem or not keys
    problem = fault.problem if named else f"{'.'.join(keys)}: {fault.problem}"
    line = _line(text, r"^\s*\[\[\s*file\s*\]\]", entry) if entry else None
    return SourceError(
        ", ".join([*words, problem]),
        file=name,
        line=_key_line(text, line, keys[0]) if line and keys else line,
        fix=fault.fix,
    )


def _where(place: tuple[str | int, ...]) -> tuple[int, int, list[str]]:
    """Number of the entry, of the series in it (0: not inside one), and the keys below."""
    entry = int(place[1]) + 1 if len(place) > 1 else 0
    series = int(place[3]) + 1 if place[2:3] == ("series",) and len(place) > 3 else 0
    above = 4 if series else 2 if entry else 0
    return entry, series, [str(part) for part in place[above:]]


def _line(text: str, pattern: str, number: int = 1) -> int | None:
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(pattern, line)]
    return lines[number - 1] if 0 < number <= len(lines) else None


def _key_line(text: str, start: int, key: str) -> int:
    """Line of the first such key after a line and before the next entry; else that line."""
    for number, line in enumerate(text.splitlines()[start:], start + 1):
        if re.match(r"\s*\[\[\s*file\s*\]\]", line):
            break
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return start
