"""Exports to canonical tables: one small module per family of exports.

Each family has ``FORMAT``, ``recognise(head)`` and ``read(head, source)``, and may name the
tables it feeds in ``TABLES``.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from srelib.errors import ReadError
from srelib.readers.base import Head, Result

if TYPE_CHECKING:
    from srelib.readers.source import Source

FAMILIES = (
    "prometheus_alerts", "prometheus", "github", "github_runs", "github_releases", "github_issues",
    "gitlab", "bitbucket", "argocd", "jenkins", "statuspage", "opsgenie", "pagerduty_api",
    "alertmanager", "grafana", "jira", "pagerduty", "statelog", "gittags", "records", "generic",
)  # fmt: skip
"""Modules of this package in the order in which they are asked; the most general come last."""

GENERAL = ("statelog", "records", "generic")
"""Those that go by the names of columns, not by the marks of one tool."""

METRICS = ("sli",)

_ONLY = {
    "workflow": ("github_runs", "GitHub Actions runs"),
    "label": ("github_issues", "GitHub issues"),
}
"""Keys of `sources.toml` that one family reads, and what it holds."""


def family(name: str) -> ModuleType:
    """The module that reads a format."""
    return importlib.import_module(f"srelib.readers.{name}")


def read(path: Path, *, root: Path, source: Source | None = None) -> tuple[str, Result]:
    """Recognise a file from its content and read it."""
    from srelib.readers import text

    head = text.head(Path(path), Path(root))
    module = _choose(head, source)
    result = module.read(head, source)
    return module.FORMAT, replace(result, notes=(*result.notes, *_unread(module, source)))


def _unread(module: ModuleType, source: Source | None) -> list[str]:
    """What ``sources.toml`` says about the file that says nothing about it."""
    return [
        f"sources.toml: {key} says nothing about this file, which holds no {what}."
        for key, (name, what) in _ONLY.items()
        if source is not None and getattr(source, key) and name != module.FORMAT
    ]


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
    known = [module for module in map(family, FAMILIES) if module.recognise(head)]
    for module in known:
        if _feeds(module, source):
            return module
    if head.kind == "json" and known and source is not None:
        raise ReadError(
            f"this is {known[0].FORMAT}, which is read into {known[0].TABLES[0]}, and sources.toml "
            f"says table = {source.table!r}",
            file=head.name,
            fix="take table = ... out of sources.toml",
        )
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
    if head.kind == "json":
        from srelib.readers import json_text

        raise json_text.error(head)
    raise ReadError(
        f"the format is not known; columns seen: {', '.join(map(repr, head.header[:12]))}",
        file=head.name,
        fix=f"add to sources.toml: [[file]] match = {head.name!r}, "
        'table = "sli" (or deployments, '
        'changes, incidents, alerts, exclusions; or "ignore"), columns = { time = "..." }',
    )  # fmt: skip
