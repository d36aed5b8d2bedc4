"""Rows that may stay, and one reason for each that may not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from srelib import tables

Lines = ArrayLike | Callable[[np.ndarray], np.ndarray]


class Sieve:
    """Rows that may still stay, and why the others may not: one reason a row, the first.

    Parameters
    ----------
    frame : DataFrame
        Rows; not changed.
    file : str
        Name used in the rejects.
    lines : array of int, or callable
        Line (or record number) of every row, or what gives them for positions in `frame`.

    Examples
    --------
    >>> sieve = Sieve(pd.DataFrame({"status": ["ok", "??"]}), file="d.csv", lines=[2, 3])
    >>> sieve.refuse(sieve.frame["status"] == "??", column="status", reason="unknown")
    >>> len(sieve.frame), sieve.rejects["line"].tolist()
    (1, [3])
    """

    def __init__(self, frame: pd.DataFrame, *, file: str, lines: Lines) -> None:
        self.frame = frame.reset_index(drop=True)
        self._lines = lines if callable(lines) else np.asarray(lines, dtype="int64").take
        self._file = file
        self._refused: list[pd.DataFrame] = []

    def lines(self, rows: pd.Index | None = None) -> pd.Series:
        """Lines of rows still in; asked for only when needed, since finding them costs a reading.

        Parameters
        ----------
        rows : Index, optional
            Rows of `frame`; None: all.

        Returns
        -------
        Series of int
            On the index of the rows.
        """
        rows = self.frame.index if rows is None else rows
        found = np.asarray(self._lines(rows.to_numpy()), dtype="int64")
        return pd.Series(found, index=rows)

    def places(self, rows: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What gives the lines of these rows, by their positions among them.

        Parameters
        ----------
        rows : array of int
            Positions in the frame handed over.

        Returns
        -------
        callable
        """
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
        """Take out the rows under the mask.

        Parameters
        ----------
        mask : Series of bool
            On the index of `frame`, as every Series here.
        column : str or Series of str
            Column at fault; a Series gives every row its own.
        reason : str or Series of str
            Why, and the fix.
        value : Series, optional
            Values to show; default: those of the column.
        by_rule : bool
            Whether the rows are fine, and only a rule leaves them out.
        """
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
    """Rejects of several steps as one table, by line.

    Parameters
    ----------
    *rejects : DataFrame
        Tables ``rejects``.

    Returns
    -------
    DataFrame
    """
    some = [table for table in rejects if len(table)]
    if not some:
        return tables.empty("rejects")
    return tables.conform(pd.concat(some).sort_values("line", kind="stable"), "rejects")


def shown_as(value: object) -> str | None:
    """A value as a reject shows it: times in ISO 8601, missing values missing.

    Parameters
    ----------
    value : object
        Any cell.

    Returns
    -------
    str or None

    Examples
    --------
    >>> shown_as(pd.Timestamp("2026-06-01T10:00Z"))
    '2026-06-01T10:00:00Z'
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
