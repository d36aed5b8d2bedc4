"""Rows that may stay, and one reason for each that may not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from srelib import tables

Lines = ArrayLike | Callable[[np.ndarray], np.ndarray]


class Sieve:
    """Rows that may still stay, and why the others may not: one reason a row, the first."""

    def __init__(self, frame: pd.DataFrame, *, file: str, lines: Lines) -> None:
        self.frame = frame.reset_index(drop=True)
        self._lines = lines if callable(lines) else np.asarray(lines, dtype="int64").take
        self._file = file
        self._refused: list[pd.DataFrame] = []

    def lines(self, rows: pd.Index | None = None) -> pd.Series:
        """Lines of rows still in; computed only when needed, since it costs a reading."""
        rows = self.frame.index if rows is None else rows
        found = np.asarray(self._lines(rows.to_numpy()), dtype="int64")
        return pd.Series(found, index=rows)

    def places(self, rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What gives the lines of these rows, by their positions among them."""
        asked = self._lines
        return lambda at: np.asarray(asked(rows[at]), dtype="int64")

    @property
    def rejects(self) -> pd.DataFrame:
        """Table ``rejects`` of the rows refused so far, by line."""
        return joined(*self._refused)

    def refuse(
        self,
        mask: pd.Series,
        *,
        column: str | pd.Series,
        reason: str | pd.Series,
        value: pd.Series | None = None,
        by_rule: bool = False,
    ) -> None:
        """Take out the rows under the mask."""
        mask = mask.fillna(False).astype(bool)
        if not mask.any():
            return
        shown = self.frame[column] if value is None and isinstance(column, str) else value
        text = None if shown is None else shown.map(shown_as)
        rows = pd.DataFrame({"file": self._file, "line": self.lines(self.frame.index[mask])})
        rows = rows.assign(column=column, reason=reason, value=text, by_rule=by_rule)  # aligned
        self._refused.append(rows)
        self.frame = self.frame[~mask]


def joined(*rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejects of several steps as one table, by line."""
    some = [table for table in rejects if len(table)]
    if not some:
        return tables.empty("rejects")
    return tables.conform(pd.concat(some).sort_values("line", kind="stable"), "rejects")


def shown_as(value: object) -> str | None:
    """A value as a reject shows it: times in ISO 8601, missing values missing."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
