"""Runs the notebooks on a folder of exports and writes one HTML page each, and an index."""

from __future__ import annotations

from srelib.report.build import Report, run

__all__ = ["Report", "run"]


def __dir__() -> list[str]:
    return __all__
