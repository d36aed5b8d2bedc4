"""What every reader shares: what it may look at, what it is told, what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from srelib import tables


@dataclass(frozen=True)
class Head:
    """The start of a file: all that recognition may look at."""

    path: Path
    name: str
    gzipped: bool
    encoding: str
    kind: str
    text: str
    delimiter: str = ""
    skip: int = 0
    header: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """What is known of one service level indicator a file holds."""

    service: str
    sli: str
    weighting: str = "events"
    step_seconds: float | None = None
    note: str | None = None
    part: str | None = None
    shown_seconds: float | None = None
    absent_is_zero: bool = False


@dataclass(frozen=True)
class Result:
    """What a reader made of one file."""

    tables: dict[str, pd.DataFrame]
    rows_read: int
    rows_kept: int
    rows_missing: int = 0
    rejects: pd.DataFrame = field(default_factory=lambda: tables.empty("rejects"))
    series: tuple[Series, ...] = ()
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    lines: Callable[[np.ndarray], np.ndarray] | None = None
    event_lines: dict[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)

    @property
    def rows_rejected(self) -> int:
        """Records refused."""
        return len(self.rejects)
