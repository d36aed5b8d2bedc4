"""Does the way we ship cost us reliability, and what should we do about it?

Exports become tables (`srelib.load`), tables become measures (`srelib.sli`,
`srelib.budget`, ...), measures become figures and sentences, and those become
notebooks and reports.
Submodules load on first use, so that ``import srelib`` costs no more than pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pandas as pd  # noqa: F401  (every table is one; loaded here so that its cost is seen here)

if TYPE_CHECKING:
    from srelib.changes import compare
    from srelib.dataset import Dataset, load

__version__ = "0.1.0"

_FROM = {"compare": "srelib.changes", "load": "srelib.dataset", "Dataset": "srelib.dataset"}
_SUBMODULES = {
    "alerts", "budget", "changes", "collect", "dataset", "decisions", "delivery", "errors",
    "events", "explore", "figures", "findings", "fleet", "incidents", "objectives", "policy",
    "quality", "report", "simulate", "sli", "slos", "stats", "tables", "targets", "tradeoff",
    "windows",
}  # fmt: skip

__all__ = ["Dataset", "__version__", "compare", "load", *sorted(_SUBMODULES)]


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(importlib.import_module(_FROM[name]), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"srelib.{name}")
    raise AttributeError(f"module 'srelib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
