"""Exports to canonical tables: one small module per family of exports.

Each family has ``FORMAT``, ``recognise(head)`` and ``read(head, source)``, and may name the
tables it feeds in ``TABLES``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from srelib.errors import ReadError
from srelib.readers.base import Head, Result

if TYPE_CHECKING:
    from srelib.readers.source import Source

FAMILIES = (
    "prometheus", "github", "grafana", "statelog", "pagerduty", "gittags", "records", "generic",
)  # fmt: skip
"""Modules of this package in the order in which they are asked; the most general come last."""

METRICS = ("sli",)


def family(name: str) -> ModuleType:
    """The module that reads a format.

    Parameters
    ----------
    name : str
        One of `FAMILIES`.

    Returns
    -------
    module
    """
    return importlib.import_module(f"srelib.readers.{name}")


def read(path: Path, *, root: Path, source: Source | None = None) -> tuple[str, Result]:
    """Recognise a file from its content and read it.

    Parameters
    ----------
    path : Path
        The file.
    root : Path
        Folder handed over; messages name the file below it.
    source : Source, optional
        What ``sources.toml`` says about the file.

    Returns
    -------
    str
        Format the file was recognised as.
    Result
        Its tables, rejects and notes.

    Raises
    ------
    ReadError
        The file cannot be read, or its format is unknown.
    """
    from srelib.readers import text

    head = text.head(Path(path), Path(root))
    module = _choose(head, source)
    return module.FORMAT, module.read(head, source)


def _choose(head: Head, source: Source | None) -> ModuleType:
    if source is not None and source.format:
        if source.format not in FAMILIES:
            raise ReadError(
                f"format {source.format!r} is unknown", file=head.name,
                fix=f"write one of {', '.join(FAMILIES)} in sources.toml",
            )  # fmt: skip
        return family(source.format)
    if source is not None and source.unit == "state":
        return family("statelog")
    for name in FAMILIES:
        module = family(name)
        if _feeds(module, source) and module.recognise(head):
            return module
    return _by_table(head, source)


def _feeds(module: ModuleType, source: Source | None) -> bool:
    feeds = getattr(module, "TABLES", None)
    return source is None or source.table is None or feeds is None or source.table in feeds


def _by_table(head: Head, source: Source | None) -> ModuleType:
    """The generic family that a table or a column map in ``sources.toml`` points to."""
    if source is not None and head.kind == "csv":
        if source.table not in (None, *METRICS):
            return family("records")
        if source.table in METRICS or source.columns or source.series or source.unit:
            return family("generic")
    seen = ", ".join(map(repr, head.header[:12])) if head.kind == "csv" else "JSON"
    raise ReadError(
        f"the format is not known; columns seen: {seen}" if head.kind == "csv"
        else "the format of this JSON is not known",
        file=head.name,
        fix=f"add to sources.toml: [[file]] match = {head.name!r}, "
        'table = "sli" (or deployments, '
        'changes, incidents, alerts, exclusions; or "ignore"), columns = { time = "..." }',
    )  # fmt: skip
