"""Sheets of Excel and OpenDocument as CSV text, which goes on as any other CSV."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srelib import wording
from srelib.errors import ReadError
from srelib.questions import Unconfirmed, question
from srelib.readers import base
from srelib.readers.base import Head

if TYPE_CHECKING:
    from srelib.sources import Source

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its name; its content may still be none."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def sheet_head(path: Path, root: Path | None, source: Source) -> Head:
    """The start of a sheet as CSV; every line is the row of that number."""
    name = wording.shown_path(path, root or path.parent)
    scratch = _Scratch()
    most = source.max_size or Head.most
    _check_size(path, name, most)
    found = _read(path, name, scratch.folder, source.sheet or "", most)
    text = scratch.folder / _chosen(found, name, source.sheet)
    return replace(base.head(text), name=name, keeps=scratch)


class _Scratch:
    """A folder that is there as long as this object."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="srelib-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _check_size(path: Path, name: str, most: int) -> None:
    """Refuse a workbook that says itself that it unpacks to more than is allowed."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # an old workbook, or none
    if size > most:
        raise base.too_large(name, most)


def _read(path: Path, name: str, folder: Path, sheet: str, most: int) -> dict[str, Any]:
    """Names of the sheets and files of those that hold data, from a process that may be stopped."""
    program = [sys.executable, str(Path(__file__).with_name("workbook_process.py"))]
    done = subprocess.run(
        [*program, str(path), str(folder), sheet, str(most)], capture_output=True, check=False
    )
    found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    if "names" in found:
        return found
    why = found.get("error", f"it takes more than {most:,} bytes of memory")
    raise ReadError(
        f"this workbook cannot be opened ({why})", file=name,
        fix="save it again as .xlsx without a password and without cells far from the table, or "
        "the sheet as CSV",
    )  # fmt: skip


def _chosen(found: dict[str, Any], name: str, sheet: str | None) -> str:
    """The file of the sheet that was named, or of the only one that holds data."""
    if sheet is not None and sheet not in found["names"]:
        raise ReadError(
            f"there is no sheet {sheet!r}; the file has {', '.join(map(repr, found['names']))}",
            file=name, fix='correct sheet = "..." in sources.toml',
        )  # fmt: skip
    full = list(found["full"])
    if len(full) > 1:
        listed = ", ".join(map(repr, full))
        about = f"the sheet to read, of {listed}; save further sheets as files of their own"
        raise question(
            f"{len(full)} sheets hold data: {listed}",
            file=name,
            sheet=Unconfirmed(full[0], about),
        )
    if not full:
        raise ReadError("no sheet holds a header and a record", file=name,
                        fix="export it again, or remove it")  # fmt: skip
    return str(found["full"][full[0]])
