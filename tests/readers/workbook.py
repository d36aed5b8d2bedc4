"""Workbooks for tests: an .xlsx file of a few sheets, written by hand."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """An .xlsx file with these sheets; datetimes become dates of Excel, None an empty cell."""
    with zipfile.ZipFile(path, "w") as book:
        parts = range(1, len(sheets) + 1)
        types = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}'
                        f'.worksheet+xml"/>' for n in parts)  # fmt: skip
        book.writestr("[Content_Types].xml", f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.'
            'org/package/2006/content-types"><Default Extension="rels" ContentType="application/'
            'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
            f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.'
            f'main+xml"/><Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            f"{types}</Types>")  # fmt: skip
        whole = f'<Relationship Id="r1" Type="{_DOCS}/officeDocument" Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", f'{_HEAD}<Relationships xmlns="{_RELS}">{whole}'
                      "</Relationships>")  # fmt: skip
        listed = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>'
                         for n, name in enumerate(sheets, 1))  # fmt: skip
        book.writestr("xl/workbook.xml", f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCS}">'
                      f"<sheets>{listed}</sheets></workbook>")  # fmt: skip
        targets = "".join(f'<Relationship Id="r{n}" Type="{_DOCS}/worksheet" Target="worksheets/'
                          f'sheet{n}.xml"/>' for n in parts)  # fmt: skip
        styles = f'<Relationship Id="s" Type="{_DOCS}/styles" Target="styles.xml"/>'
        book.writestr("xl/_rels/workbook.xml.rels", f'{_HEAD}<Relationships xmlns="{_RELS}">'
                      f"{targets}{styles}</Relationships>")  # fmt: skip
        book.writestr("xl/styles.xml", _STYLES)
        for number, rows in enumerate(sheets.values(), start=1):
            body = "".join(_row(n, row) for n, row in enumerate(rows, start=1))
            book.writestr(f"xl/worksheets/sheet{number}.xml", f'{_HEAD}<worksheet xmlns="{_MAIN}">'
                          f"<sheetData>{body}</sheetData></worksheet>")  # fmt: skip
    return path


def _row(number: int, cells: Sequence[Any]) -> str:
    inside = "".join(_cell(f"{chr(64 + place)}{number}", cell)
                     for place, cell in enumerate(cells, 1) if cell is not None)  # fmt: skip
    return f'<row r="{number}">{inside}</row>'


def _cell(place: str, cell: Any) -> str:
    if isinstance(cell, datetime.datetime):
        days = (cell - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
        return f'<c r="{place}" s="1"><v>{days!r}</v></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, int | float):
        return f'<c r="{place}"><v>{cell!r}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'
