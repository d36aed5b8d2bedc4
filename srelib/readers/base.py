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
    """The start of a file: all that recognition may look at.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Path below the folder handed over; used in every message.
    gzipped : bool
        Whether the content is gzip-compressed.
    encoding : str
        ``utf-8``, ``utf-8-sig``, ``utf-16`` ... found from the first bytes.
    kind : {'csv', 'json'}
        Text table, or JSON (one document, concatenated documents, or JSON lines).
    text : str
        First 64 KiB, decoded.
    delimiter : str
        Field delimiter of a text table; empty for JSON.
    skip : int
        Lines before the header (a ``sep=`` line), 0 otherwise.
    header, first : tuple of str
        Fields of the header line and of the first data line.
    """

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
    """What is known of one service level indicator a file holds.

    Parameters
    ----------
    service, sli : str
        Its name.
    weighting : {'events', 'time'}
        What good and total count: events, or seconds.
    step_seconds : float, optional
        Length of a bucket [s] where the source or the reader says so;
        None: found from the times.
    note : str, optional
        What had to be assumed ("counts estimated from a rate").
    shown_seconds : float, optional
        Length of a bucket [s] that the times of the file show, rows without a value included.
    absent_is_zero : bool
        Where the other part has a value and this one has none, this one is zero.
    part : {'good', 'bad', 'total', 'value'}, optional
        The file holds only this part of the indicator, in column ``good`` (``total`` for a
        total); the other part comes from another file, or, for a value, the threshold from
        an SLO.
    """

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
    """What a reader made of one file.

    Rows read = rows kept + rows rejected, always.
    A cell that says "no data" (``undefined``, empty) is kept as unknown and counted in
    ``rows_missing``; it is never turned into zero.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Canonical tables by name (`srelib.tables.TABLES`).
    rows_read, rows_kept, rows_missing : int
        Records of the file; those kept; of those, the ones that hold no value.
    rejects : DataFrame
        Table ``rejects``: one row per rejected record.
    series : tuple of Series
        The indicators found, for table ``sli``.
    timezone : str
        Zone the times were read in.
    notes : tuple of str
        Warnings and assumptions, each a sentence.
    lines : callable, optional
        Positions of rows of table ``sli`` to 1-based lines of the file, worked out when asked.
    event_lines : dict of str to callable
        The same for each table of events.
    """

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
