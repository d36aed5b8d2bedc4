"""CODEOWNERS, the file in which GitHub and GitLab keep who owns which path."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers.base import FileResult

FILE = "CODEOWNERS"
NO_OWNER, NOT_ONE = "no owner is named", "several owners, and not exactly one of them is a team"
_SECTION = re.compile(r"\^?\[[^\]]*\](?:\[\d+\])?\s*(.*)")
_PATH = re.compile(r"((?:\\.|\S)+)\s*(.*)")
_BELOW = re.compile(r"(?:/\*{0,2})+$")
"""What stands behind a folder and means everything in it."""


def read(path: Path, name: str) -> FileResult:
    """Table ``teams``: the last part of each path, which may be a service, and its owner.

    As in GitHub and GitLab the last line about a path counts, a line without owners takes those of
    its section, and of several owners the only team (``@acme/payments``) is meant.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError("not UTF-8 text", file=name, fix="save it as UTF-8") from None
    rows, shared = {}, ""
    for number, line in enumerate(text.splitlines(), start=1):
        said = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if section := _SECTION.fullmatch(said):
            shared = section[1]
        elif entry := _PATH.fullmatch(said):
            rows[number] = (entry[1].replace("\\ ", " "), entry[2] or shared)
    return _result(rows, name)


def _result(rows: dict[int, tuple[str, str]], name: str) -> FileResult:
    last = {path: number for number, (path, _) in rows.items()}
    kept, out = {}, {}
    for number, (path, owners) in rows.items():
        team = _team(owners.split())
        if last[path] != number:
            out[number] = (path, f"line {last[path]} says it again of the same path")
        elif team is None:
            out[number] = (path, NOT_ONE if owners else NO_OWNER)
        else:
            kept[number] = (_BELOW.sub("", path).rsplit("/", 1)[-1], team)
    lines = np.array([*kept], dtype="int64")
    rejects = tables.rejects(name, [*out], "path", [path for path, _ in out.values()],
                             [reason for _, reason in out.values()])  # fmt: skip
    frame = pd.DataFrame([*kept.values()], columns=tables.names("teams"))
    return FileResult(
        {"teams": tables.conform(frame, "teams")},
        rows_read=len(rows),
        rows_kept=len(kept),
        rejects=rejects.assign(by_rule=True),
        event_lines={"teams": lines.take},
    )


def _team(owners: list[str]) -> str | None:
    """The one team among owners, else the only owner; None where that is not one."""
    teams = [owner for owner in owners if owner.startswith("@") and "/" in owner]
    one = teams or owners
    return one[0].removeprefix("@").rsplit("/", 1)[-1] if len(one) == 1 else None
