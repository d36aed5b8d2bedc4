"""Sheets of Excel and OpenDocument as CSV text, which goes on as any other CSV."""

from __future__ import annotations

import csv
import datetime
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from srelib.errors import ReadError
from srelib.readers import base
from srelib.readers.base import Head, Unconfirmed

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_FEWEST = 2
"""Cells of a row that holds data, and rows of a sheet that does: a header and a record."""


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its name; its content may still be none."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def sheet_head(path: Path, root: Path | None, sheet: str | None) -> Head:
    """The start of a sheet as CSV; every line is the row of that number."""
    name = base.shown_path(path, root or path.parent)
    rows = _rows(path, name, sheet)
    scratch = _Scratch()
    with (scratch.folder / "sheet.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return replace(base.head(scratch.folder / "sheet.csv"), name=name, keeps=scratch)


class _Scratch:
    """A folder that is there as long as this object."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="srelib-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _rows(path: Path, name: str, sheet: str | None) -> list[list[str]]:
    """The sheet that was named, or the only one that holds data."""
    try:
        with pd.ExcelFile(path, engine="calamine") as book:
            names = [str(one) for one in book.sheet_names]
            if sheet is not None and sheet not in names:
                raise ReadError(
                    f"there is no sheet {sheet!r}; the file has {', '.join(map(repr, names))}",
                    file=name, fix='correct sheet = "..." in sources.toml',
                )  # fmt: skip
            sheets = {one: _texts(book, one) for one in ([sheet] if sheet else names)}
    except ReadError:
        raise
    except Exception as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise ReadError(
            f"this workbook cannot be opened ({said})", file=name,
            fix="save it again as .xlsx without a password, or the sheet as CSV",
        ) from error  # fmt: skip
    full = [one for one, rows in sheets.items() if sum(map(_is_data, rows)) >= _FEWEST]
    if len(full) > 1:
        listed = ", ".join(map(repr, full))
        raise ReadError(
            f"{len(full)} sheets hold data: {listed}", file=name,
            fix=f"add to the [[file]] with match = {name!r} in sources.toml: sheet = \"{full[0]}\" "
            "(save further sheets as files of their own)",
            asks={"sheet": Unconfirmed(full[0], f"the sheet to read, of {listed}; save further "
                                                "sheets as files of their own")},
        )  # fmt: skip
    if not full:
        raise ReadError("no sheet holds a header and a record", file=name,
                        fix="export it again, or remove it")  # fmt: skip
    return _without_title(sheets[full[0]])


def _texts(book: pd.ExcelFile, sheet: str) -> list[list[str]]:
    """The cells of a sheet as text, without columns and rows at its end that hold nothing."""
    frame = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object, na_filter=False)
    rows = [[_text(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    width = max((place for row in rows for place, cell in enumerate(row, 1) if cell), default=0)
    while rows and not any(rows[-1]):
        rows.pop()
    return [row[:width] if any(row) else [] for row in rows]


def _is_data(row: Sequence[str]) -> bool:
    return sum(map(bool, row)) >= _FEWEST


def _without_title(rows: list[list[str]]) -> list[list[str]]:
    """The rows, those of a title above the header left blank."""
    first = next(place for place, row in enumerate(rows) if _is_data(row))
    return [[] if place < first else row for place, row in enumerate(rows)]


def _text(cell: Any) -> str:
    if isinstance(cell, datetime.datetime):
        return pd.Timestamp(cell).round("ms").isoformat(sep=" ")
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.15g}"
    return " ".join(str(cell).split())
