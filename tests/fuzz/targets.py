"""What is thrown at the parsers, and what must hold: an error of srelib, or every row counted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import srelib
from srelib import condition, schema, slos
from srelib.errors import SrelibError
from srelib.readers import base, cells, json_text, recognition
from srelib.readers.text import scan
from srelib.sources import read_sources

CSV = b"time,service,good,total\n2026-06-01T10:00:00Z,shop,9,10\n2026-06-01T10:01:00Z,shop,8,10\n"
EVENT_KEYS = (
    'unit = "event"\nservice = "shop"\ntimezone = "UTC"\n'
    'good = "good < 9 and service in (\'shop\', \'x\')"\n'
)  # fmt: skip


def _export(name: str, said: str = "", beside: bytes = b"") -> Callable[[bytes, Path], None]:
    """A folder with one export, perhaps another, and perhaps what sources.toml says of them."""

    def run(content: bytes, folder: Path) -> None:
        (folder / name).write_bytes(content)
        if beside:
            (folder / "z.csv").write_bytes(beside)
        if said:
            (folder / "sources.toml").write_text(f'[[file]]\nmatch = "*"\n{said}\n')
        _loaded(folder)

    return run


def _loaded(folder: Path) -> None:
    """Load a folder; every row is counted, has its line, and no count is impossible."""
    data = srelib.load(folder)
    sources, rejects, sli = data.sources, data.rejects, data.sli
    counted = sources["rows_kept"] + sources["rows_rejected"]
    assert sources["rows_read"].tolist() == counted.tolist(), "rows are lost"
    assert (sources["rows_kept"] >= 0).all()
    listed = rejects["file"].value_counts().reindex(sources["file"], fill_value=0)
    assert listed.tolist() == sources["rows_rejected"].tolist(), "rejects are not listed"
    assert (rejects["line"] > 0).all(), "a reject without its line"
    assert not sli.duplicated(["service", "sli", "time"]).any(), "a bucket twice"
    assert not ((sli["good"] < 0) | (sli["good"] > sli["total"])).any(), "good above total"


def _sources(content: bytes, folder: Path) -> None:
    (folder / "a.csv").write_bytes(CSV)
    _toml(content, folder)
    _loaded(folder)


def _toml(content: bytes, folder: Path) -> None:
    (folder / "sources.toml").write_bytes(content)
    read_sources(folder)


def _slos(content: bytes, folder: Path) -> None:
    (folder / "slos.yaml").write_bytes(content)
    slos.read(folder)


def _cells(content: bytes, folder: Path) -> None:
    """A column of cells as times and as numbers, in each way that can be said."""
    text = pd.Series(content.decode("utf-8", errors="replace").split("\n"))
    for ways in ({}, {"timezone": "Europe/Berlin"}, {"form": "%d/%m/%Y %H:%M", "timezone": "UTC"}):
        try:
            read = cells.times(text, **ways)
        except SrelibError:
            continue
        assert not (read.values.notna() & read.reasons.notna()).any()
    for mark in (None, ",", "."):
        cells.numbers(text, decimal=mark)


def _condition(content: bytes, folder: Path) -> None:
    text = content.decode("utf-8", errors="replace")
    for parse in (schema.duration, condition.parse_condition):
        try:
            found = parse(text)
        except (ValueError, OverflowError):
            continue
        if parse is condition.parse_condition:
            names = {one.column: "c0" for one in condition.columns_of_condition(found)}
            condition.as_sql(found, names)


def _head(content: bytes, folder: Path) -> None:
    """Every format is asked whether it knows the start of a file."""
    (folder / "a").write_bytes(content)
    head = base.head(folder / "a")
    assert len(set(head.header)) == len(head.header)
    for family in (*recognition.families("csv"), *recognition.families("json")):
        family.recognise(head)


def _documents(content: bytes, folder: Path) -> None:
    text = content.decode("utf-8", errors="replace")
    json_text.keys_by_place(text)
    for record in json_text.json_records(text, file="a.json"):
        for path in ("id", "data.result.values", "service.name", "a.b"):
            json_text.as_text(json_text.value_at(record, path))


def _scan(content: bytes, folder: Path) -> None:
    """A text table cell by cell."""
    (folder / "a.csv").write_bytes(content)
    head = base.head(folder / "a.csv")
    types = {"time": "time", "service": "category", "good": "number", "total": "number"}
    found = scan(head, types, timezone="UTC", required=["time"])
    assert found.rows_read == len(found.frame) + len(found.rejects), "rows are lost"
    assert len(found.lines()) == len(found.frame)


PARSERS: dict[str, Callable[[bytes, Path], None]] = {
    "cells": _cells, "condition": _condition, "toml": _toml, "slos": _slos, "head": _head,
    "documents": _documents, "scan": _scan,
}  # fmt: skip
LOADS: dict[str, Callable[[bytes, Path], None]] = {
    "csv": _export("a.csv"),
    "csv_local": _export("a.csv", 'timezone = "Europe/Berlin"'),
    "csv_twice": _export("a.csv", 'unit = "count"\ntimezone = "UTC"', CSV),
    "events": _export("a.csv", EVENT_KEYS, CSV),
    "json": _export("a.json"),
    "json_ratio": _export("a.json", 'unit = "ratio"\nservice = "shop"'),
    "sources": _sources,
    "workbook": _export("a.xlsx", 'timezone = "UTC"'),
}
TARGETS = PARSERS | LOADS


def attempt(target: str, content: bytes) -> None:
    """Run one input; whatever is no error of srelib is a finding."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            TARGETS[target](content, Path(folder))
        except SrelibError as error:
            str(error).encode("utf-8")  # what cannot be printed is a finding too
