"""The folder of a report: written complete or not at all, and never over other files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from srelib.dataset import REPORT_MARKER as MANIFEST
from srelib.errors import InputError

# The marker names the files of a report, one a line; a folder that holds others is not replaced.
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def check(out: Path) -> None:
    """Refuse a folder that a report must not replace."""
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out.name!r} is a file", fix="name a folder with --out")
    present = {path.name for path in out.iterdir()} - _LITTER
    if not present:
        return
    manifest = out / MANIFEST
    ours = set(manifest.read_text("utf-8").split("\n")) if manifest.is_file() else set()
    foreign = sorted(present - ours - {MANIFEST})
    if foreign:
        named = ", ".join(repr(name) for name in foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise InputError(
            f"folder {out.name!r} holds {named}{more}, which no report wrote; nothing was replaced",
            fix="name another folder with --out, or move these files away",
        )


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends without an error."""
    check(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    new, old = (out.parent / f".{out.name}.{word}-{os.getpid()}" for word in ("new", "old"))
    new.mkdir()
    try:
        yield new
        names = sorted(path.name for path in new.iterdir())
        (new / MANIFEST).write_text("\n".join([*names, ""]), "utf-8")
        check(out)
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
