"""What only the user knows, and the lines of `sources.toml` that say it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from srelib.errors import ReadError


@dataclass(frozen=True)
class Unconfirmed:
    """A value proposed for `sources.toml` that only the user can confirm, and what to choose."""

    value: Any
    about: str


def question(problem: str, *, file: str | None, more: str = "", **asks: Any) -> ReadError:
    """The error about what only the user knows, with the lines of `sources.toml` that say it."""
    lines = [
        f"{key} = {json.dumps(said.value, ensure_ascii=False)} ({said.about})"
        if isinstance(said, Unconfirmed) else f'{key} = "..."'
        for key, said in asks.items() if not isinstance(said, list)
    ]  # fmt: skip
    fix = f"add {', '.join(lines)} to a [[file]] with match = {file!r} in sources.toml{more}"
    return ReadError(problem, file=file, fix=fix, asks=asks)
