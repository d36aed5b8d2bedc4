"""Inputs to start from: one of each kind, small, and what is put in the place of their parts."""

from __future__ import annotations

import gzip
import random
import re
import tempfile
from pathlib import Path

from tests.fuzz.targets import CSV
from tests.readers.shapes import EXPORTS, written
from tests.readers.workbook import write_workbook
from tests.slos.made import PYRRA, SLO_GENERATOR, SLOTH, WEB

CORPUS = Path(__file__).parent / "corpus"
"""Found cases, one a file; the name says the target before its first dot."""

_LOG = b"time,service,state\n2026-06-01T10:00:00Z,shop,up\n2026-06-01T10:01:00Z,shop,down\n"
_FILES = [(name, written(content).encode()) for _, name, content in EXPORTS.values()]
_SAID = (
    b'[[file]]\nmatch = "*.csv"\ntable = "sli"\ntimezone = "UTC"\nunit = "count"\nstep = "1m"\n'
    b'columns = { good = "good", total = "total" }\nthreshold = 0.3\nmax_size = "1 GiB"\n'
)

_CSVS = [
    CSV, _LOG, CSV.replace(b",", b";"), CSV.decode().encode("utf-16"), gzip.compress(CSV),
    *(content for name, content in _FILES if name.endswith(".csv")),
]  # fmt: skip
_JSONS = [content for name, content in _FILES if name.endswith(".json")]
_CELLS = (
    b"2026-06-01T10:00:00Z\n1780308000\n1780308000000\n31/01/2026 2:05 PM\n01.02.2026 14:05\n"
    b"Jan 5, 2026 @ 14:05:00.000\n2026-03-29 02:30\n-\n1,5\n99.9%\n12 ms\n1.2 K\n1e3\nNaN\n"
)
_CONDITIONS = [
    b"status < 500 and method in ('GET', 'POST')", b"1h30m", b"not (`a b` = \"x\" or c != -1.5)",
]  # fmt: skip


def _workbook() -> bytes:
    rows = [line.decode().split(",") for line in CSV.splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        return write_workbook(Path(folder) / "a.xlsx", {"June": rows}).read_bytes()


SEEDS: dict[str, list[bytes]] = {
    "cells": [_CELLS, *_CELLS.splitlines()], "condition": _CONDITIONS, "toml": [_SAID],
    "slos": [text.encode() for text in (WEB, PYRRA, SLOTH, SLO_GENERATOR)],
    "head": [content for _, content in _FILES], "documents": _JSONS, "scan": _CSVS[:4],
    "csv": _CSVS, "csv_local": _CSVS, "csv_twice": _CSVS[:5], "events": _CSVS[:5],
    "json": _JSONS, "json_ratio": _JSONS, "sources": [_SAID], "workbook": [_workbook()],
}  # fmt: skip
"""Sound inputs of each target."""

ODD = [
    b"", b"\x00", b"\xff", b"\r", b"\n", b'"', b"'", b",", b"[", b"{", b"-", b"1e400", b"NaN",
    b"-1", b"9" * 30, b"99999-01-01", b"\\ud800", b"\\q", "\u2028".encode(), b"null", b"[[]]",
    b"0001-01-01T00:00:00Z", b"2026-06-01T25:00Z", b"10:1:00Z", b"1" * 400, b"%", b"*", b"&a",
]  # fmt: skip
"""What stands in the place of a part of a seed."""


_PART = re.compile(rb"[\w.:+-]+|[^\w\s]|\s+")


def mutated(target: str, chance: random.Random) -> bytes:
    """A seed of the target, changed."""
    return changed(chance.choice(SEEDS[target]), chance)


def changed(content: bytes, chance: random.Random) -> bytes:
    """The content with a few of its parts dropped, doubled, exchanged or replaced."""
    for _ in range(chance.randint(1, 4)):
        parts = [match.span() for match in _PART.finditer(content)] or [(0, len(content))]
        start, end = chance.choice(parts)
        other = content[slice(*chance.choice(parts))]
        new = chance.choice([b"", content[start:end] * 2, other, *ODD])
        content = content[:start] + new + content[end:]
    return content[: chance.randint(1, len(content) + 1)] if chance.random() < 0.1 else content
