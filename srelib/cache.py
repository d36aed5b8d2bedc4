"""What was worked out before, kept under the hash of everything it depends on.

Nothing here is executed, and an entry that is not what was written counts as absent.
The folder is its user's own and safe to delete; what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

_MOST = 2 << 30
"""Bytes kept; beyond it what was not used for longest goes."""

_PACKAGES = ("duckdb", "matplotlib", "numpy", "pandas", "pyarrow", "python-calamine", "scipy")
"""Packages whose version can change a result."""

_in_use: ContextVar[Path | None] = ContextVar("cache", default=None)


def usual_folder() -> Path | None:
    """Where entries are kept: as `SRELIB_CACHE` says (nowhere where it is empty), else where this
    system keeps caches.
    """
    import platformdirs

    said = os.environ.get("SRELIB_CACHE")
    return Path(said or platformdirs.user_cache_dir("srelib")) if said != "" else None


@contextlib.contextmanager
def using(folder: Path | None) -> Iterator[None]:
    """Keep what is worked out in the block in a folder; nothing without one."""
    token = _in_use.set(_own(folder) if folder is not None else None)
    try:
        yield
    finally:
        _in_use.reset(token)


def in_use() -> bool:
    """Whether anything is kept."""
    return _in_use.get() is not None


def key(*parts: Any) -> str:
    """Name of the entry for what depends on these parts, on this code and on these versions."""
    said = json.dumps([_code(), *parts], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def get(name: str) -> bytes | None:
    """What an entry holds, where it is there and whole."""
    folder = _in_use.get()
    if folder is None:
        return None
    try:
        stored = (folder / name).read_bytes()
        os.utime(folder / name)
    except OSError:
        return None
    digest, content = stored[:64], stored[64:]
    return content if hashlib.sha256(content).hexdigest().encode() == digest else None


def put(name: str, content: bytes) -> None:
    """Keep an entry; it is there as a whole or not at all."""
    folder = _in_use.get()
    if folder is None:
        return
    unfinished = None
    try:
        _make_room(folder, len(content))
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as out:
            unfinished = Path(out.name)
            out.write(hashlib.sha256(content).hexdigest().encode() + content)
        unfinished.replace(folder / name)
    except OSError:
        with contextlib.suppress(OSError):
            if unfinished is not None:
                unfinished.unlink()


def _own(folder: Path) -> Path | None:
    """The folder, made where it is missing; None where others could write or read in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        return None
    return folder


def _make_room(folder: Path, size: int) -> None:
    entries = [(entry.stat(), Path(entry)) for entry in os.scandir(folder)]
    held = size + sum(found.st_size for found, _ in entries)
    for found, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
        if held <= _MOST:
            return
        path.unlink(missing_ok=True)
        held -= found.st_size


@cache
def _code() -> str:
    """Hash of this package and of the versions below it."""
    found = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted(path for path in package.rglob("*") if path.suffix not in (".pyc", "")):
        found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES]
    found.update(" ".join([platform.python_version(), platform.machine(), *versions]).encode())
    return found.hexdigest()
