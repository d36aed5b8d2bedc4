"""Sheets of a workbook as CSV files: a program that `sheets` runs with a bound on its memory.

Two cells at opposite ends of a sheet make a file of 1 kB that takes more memory than there is, and
the library that reads workbooks then ends its process.
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FEWEST = 2  # cells of a row that holds data, and rows of a sheet that does: header and record


def bound_memory(most: int) -> None:
    """Take no more memory than this; where the system has no such bound, as much as there is."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, OSError, ValueError):
        return


def written(path: str, folder: str, sheet: str, most: int) -> dict[str, Any]:
    """Names of all sheets; and the files of those that hold data, by name."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with CalamineWorkbook.from_path(path) as book:
        names = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        full = {}
        for number, name in enumerate([sheet] if sheet in names else [] if sheet else names):
            file = Path(folder) / f"{number}.csv"
            if write_sheet(book.get_sheet_by_name(name), file, most):
                full[name] = file.name
    return {"names": names, "full": full}


def write_sheet(sheet: Any, path: Path, most: int) -> bool:
    """Write a sheet that holds data, line by row; a title above the header is left blank."""
    width = last = 0
    filled: dict[int, int] = {}
    for number, row in enumerate(rows_of(sheet), start=1):
        if own := filled_width(row):
            width, last = max(width, own), number
            filled[number] = sum(not is_blank(cell) for cell in row)
    data = sorted(cells for cells in filled.values() if cells >= FEWEST)
    if len(data) < FEWEST:
        return False
    usual = data[len(data) // 2]  # a title has fewer cells than its table
    first = next(n for n, cells in filled.items() if cells >= FEWEST and 2 * cells > usual)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(rows_of(sheet), start=1):
            shown = first <= number <= last and filled_width(row)
            writer.writerow([as_text(cell) for cell in row[:width]] if shown else [])
            if number >= last or (number % 1000 == 0 and file.tell() > most):
                break
        if file.tell() > most:
            raise MemoryError
    return True


def rows_of(sheet: Any) -> Iterator[list[Any]]:
    """The rows from the top left corner on, be it blank."""
    down, right = sheet.start or (0, 0)
    yield from ([] for _ in range(down))
    for row in sheet.iter_rows():
        yield [""] * right + row


def filled_width(row: Sequence[Any]) -> int:
    """Cells up to the last that holds something."""
    width = len(row)
    while width and is_blank(row[width - 1]):
        width -= 1
    return width


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing that can be seen."""
    return bool(cell == "" or cell != cell or (isinstance(cell, str) and not cell.strip()))


def as_text(cell: Any) -> str:
    """A cell as CSV has it: times to the millisecond, whole numbers without a point."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float):
        whole = str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
        return "" if cell != cell else whole
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime.datetime):
        off = datetime.timedelta(microseconds=(cell.microsecond + 500) // 1000 * 1000)
        return (cell.replace(microsecond=0) + off).isoformat(sep=" ")
    if isinstance(cell, datetime.date):
        return f"{cell.isoformat()} 00:00:00"
    return str(cell)


def main(path: str, folder: str, sheet: str, most: str) -> None:
    """Print what was written, or why nothing was."""
    bound_memory(max(int(most), 1 << 30))
    try:
        found = written(path, folder, sheet, int(most))
    except MemoryError:
        found = {}
    except Exception as error:
        found = {"error": next(iter(str(error).splitlines()), type(error).__name__)}
    print(json.dumps(found))


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, whose modules are no top-level ones
    main(*sys.argv[1:])
