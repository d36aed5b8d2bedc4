"""What is thrown at the parsers, and what must hold: an error of srelib, or every row counted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import srelib
from srelib import slos
from srelib.errors import SrelibError
from srelib.readers.source import read_sources

CSV = b"time,service,good,total\n2026-06-01T10:00:00Z,shop,9,10\n2026-06-01T10:01:00Z,shop,8,10\n"


def _export(name: str, said: str = "") -> Callable[[bytes, Path], None]:
    """A folder with one export, and perhaps what sources.toml says of it."""

    def run(content: bytes, folder: Path) -> None:
        (folder / name).write_bytes(content)
        if said:
            (folder / "sources.toml").write_text(f'[[file]]\nmatch = "*"\n{said}\n')
        sources = srelib.load(folder).sources
        counted = sources["rows_kept"] + sources["rows_rejected"]
        assert sources["rows_read"].tolist() == counted.tolist(), "rows are lost"
        assert (sources["rows_kept"] >= 0).all()

    return run


def _sources(content: bytes, folder: Path) -> None:
    (folder / "sources.toml").write_bytes(content)
    (folder / "a.csv").write_bytes(CSV)
    read_sources(folder)
    srelib.load(folder)


def _slos(content: bytes, folder: Path) -> None:
    (folder / "slos.yaml").write_bytes(content)
    slos.read(folder)


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "csv": _export("a.csv"),
    "csv_local": _export("a.csv", 'timezone = "Europe/Berlin"'),
    "json": _export("a.json"),
    "json_ratio": _export("a.json", 'unit = "ratio"\nservice = "shop"'),
    "sources": _sources,
    "slos": _slos,
}


def attempt(target: str, content: bytes) -> None:
    """Run one input; whatever is no error of srelib is a finding."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            TARGETS[target](content, Path(folder))
        except SrelibError as error:
            str(error).encode("utf-8")  # what cannot be printed is a finding too
