"""Asking git what a repository stores; no hook, no configured program, no network."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from srelib.errors import InputError

_OUTSIDE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_TRACE",
)  # fmt: skip
_SAFE = (
    "-c", "log.showSignature=false", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never",
    "-c", "core.hooksPath=/dev/null", "--no-pager", "--no-replace-objects",
)  # fmt: skip


def ask(folder: Path, *words: str, given: str | None = None) -> str:
    """What git answers."""
    done = run(folder, *words, given=given)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise InputError(f"git cannot read {str(folder)!r}: {said[0]}", fix=_fix(done.stderr))
    return done.stdout


def run(folder: Path, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """The run of a git command, whatever comes of it."""
    kept = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
    environment = kept | {
        "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_PAGER": "cat",
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
    }  # fmt: skip
    try:
        return subprocess.run(
            ["git", *_SAFE, *words], cwd=folder, env=environment, input=given, check=False,
            capture_output=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise InputError("git is not installed", fix="install git, and run this again") from error


def _fix(said: str) -> str:
    if "dubious ownership" in said:
        return "run this as the owner, or trust it: git config --global --add safe.directory PATH"
    if "missing" in said or "promisor" in said or "not allowed" in said:
        return "objects are missing (a partial clone?): run git fetch --refetch, or clone it again"
    return "check the repository with git fsck"


def top(folder: Path) -> Path:
    """The repository at this very folder; one further up is not meant."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {str(folder)!r}", fix="check the path")
    done = run(folder, "rev-parse", "--git-dir")
    if done.returncode == 0:
        return folder
    if "not a git repository" not in done.stderr:
        ask(folder, "rev-parse", "--git-dir")
    above = next((p for p in folder.resolve().parents if (p / ".git").exists()), None)
    raise InputError(
        f"{str(folder)!r} is no git repository",
        fix=f"name its top, {str(above)!r}"
        if above
        else "name the folder that holds .git, or a bare repository",
    )


def name_of(folder: Path) -> str:
    """Name of the repository, from its folder."""
    place = folder.resolve()
    name = place.parent.name if place.name == ".git" else place.name
    return name.removesuffix(".git") or "repository"
