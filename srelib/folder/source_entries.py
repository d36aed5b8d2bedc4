"""What is asked for in `sources.toml`, as complete entries to paste; and what if they were said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from glob import escape
from itertools import takewhile
from typing import Any

import pandas as pd
from pydantic import ValidationError

from srelib.questions import Unconfirmed
from srelib.sources import Source, matches

MARK = "# ?"
"""What stands behind a value that nobody has confirmed yet."""

PASTE = (
    "# Paste this at the top of sources.toml. A line with # ? is a proposal: correct it where it\n"
    "# is wrong, and take the mark away. Everything else is as the files show it.\n"
)

_LONGEST = 200
"""Characters of what is said beside a proposal."""

Keys = dict[str, Any]


def said(source: Source | None) -> Keys:
    """What an entry says already, key by key, apart from the files it matches."""
    return {} if source is None else source.model_dump(exclude_unset=True, exclude={"match"})


def merged(keys: Mapping[str, Any], more: Mapping[str, Any]) -> Keys:
    """The keys with more of them; in tables such as ``columns`` key by key."""
    both = dict(keys)
    for key, value in more.items():
        old, new = both.get(key), _value(value)
        if isinstance(_value(old), dict) and isinstance(new, dict):
            about = [one.about for one in (old, value) if isinstance(one, Unconfirmed)]
            whole = _value(old) | new
            if key == "columns":  # a column that got another name gives up the one before
                moved = {column for name, column in new.items() if name not in _value(old)}
                whole = {n: one for n, one in whole.items() if n in new or one not in moved}
            both[key] = Unconfirmed(whole, "; ".join(dict.fromkeys(about))) if about else whole
        elif not (isinstance(old, Unconfirmed) and old.value == value):
            both[key] = value
    return both


def assumed(name: str, keys: Mapping[str, Any]) -> Source | None:
    """The entry as if everything proposed were said; None where that is no entry."""
    plain = {key: _plain(value) for key, value in keys.items()}
    try:
        return Source.model_validate({"match": escape(name), **plain})
    except ValidationError:
        return None


def blocks(entries: Mapping[str, Keys], names: Iterable[str]) -> str:
    """Complete ``[[file]]`` entries for these files, files with equal keys in one where one glob
    means them and no others.
    """
    every, left = list(names), dict(entries)
    found: dict[str, Keys] = {}
    while left:
        keys = next(iter(left.values()))
        files = [name for name, own in left.items() if own == keys]
        found |= dict.fromkeys(_globs(files, every), keys)
        left = {name: own for name, own in left.items() if name not in files}
    order = sorted(found, key=lambda glob: "/" not in glob)
    return "\n".join(block(glob, found[glob]) for glob in order)


def block(glob: str, keys: Mapping[str, Any]) -> str:
    """One ``[[file]]`` entry."""
    order = [name for name in Source.model_fields if name in keys and name != "series"]
    lines = ["[[file]]", f"match = {_toml(glob)}", *(_line(name, keys[name]) for name in order)]
    for spec in _value(keys.get("series")) or ():
        said = {name: value for name, value in spec.items() if value not in (None, ())}
        lines += ["", "  [[file.series]]", *(f"  {_line(*one)}" for one in said.items())]
    return "\n".join(lines) + "\n"


def unconfirmed_lines(text: str) -> list[tuple[int, str]]:
    """Number and key of the lines of `sources.toml` that still carry the mark."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [(n, line.partition("=")[0].strip()) for n, line in lines
            if MARK in line and not line.startswith("#")]  # fmt: skip


def _globs(files: list[str], every: list[str]) -> list[str]:
    """One glob for several files where it means no other, else one for each."""
    if len(files) > 1 and len({name.rpartition("/")[0] for name in files}) == 1:
        first, *others = (escape(name) for name in files)
        start = _common(first, *others)
        end = _common(*(name[len(start) :][::-1] for name in (first, *others)))[::-1]
        glob = f"{start}*{end}"
        if len(start.rpartition("/")[2]) > 2 and _meant(glob, every) == set(files):
            return [glob]
    return [_own(name, every) for name in files]


def _own(name: str, every: list[str]) -> str:
    glob = escape(name)
    return glob if _meant(glob, every) <= {name} else f"./{glob}"


def _meant(glob: str, every: list[str]) -> set[str]:
    return {name for name in every if matches(glob, name)}


def _common(*names: str) -> str:
    same = takewhile(lambda letters: len({*letters}) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _line(name: str, value: Any) -> str:
    abouts = list(dict.fromkeys(_abouts(value)))
    plain = _plain(value)
    if name == "services":  # several services of one cell are kept as lines
        plain = {key: one.split("\n") if "\n" in one else one for key, one in plain.items()}
    text = f"{name} = {_toml(plain)}"
    told = re.sub(r"\s+|[\x00-\x1f\x7f]", " ", "; ".join(abouts))[:_LONGEST]
    return f"{text}  {MARK} {told}" if abouts else text


def _abouts(value: Any) -> Iterable[str]:
    if isinstance(value, Unconfirmed):
        yield value.about
    for inner in _value(value).values() if isinstance(_value(value), dict) else ():
        yield from _abouts(inner)


def _value(value: Any) -> Any:
    return value.value if isinstance(value, Unconfirmed) else value


def _plain(value: Any) -> Any:
    """The value without marks, at any depth; None and empty parts left out."""
    value = _value(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one not in (None, ())}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _toml(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.12g}"
    if isinstance(value, pd.Timedelta):
        return f'"{value / pd.Timedelta("1s"):.12g}s"'
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    written = json.dumps(value if isinstance(value, bool) else str(value), ensure_ascii=False)
    return written.replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)
