"""What every reader shares: what it may look at, what it is told, what it returns."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from srelib import tables
from srelib.readers import cells


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


FLAG_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}
_UNPLANNED = re.compile(r"unplanned|rollback|hotfix|revert|rework|emergency")


def with_times(
    frame: pd.DataFrame,
    names: Sequence[str],
    *,
    file: str,
    timezone: str | None = None,
    shown: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The frame with text turned into UTC times; what is no time becomes a fault."""
    timed = frame.copy()
    if "fault" not in timed:
        timed[["fault", "fault_column", "fault_value"]] = None
    for name in names:
        called = (shown or {}).get(name, name)
        text = timed[name].astype("str")
        read = cells.times(text, timezone=timezone, file=file, column=called)
        bad = read.reasons.notna() & timed["fault"].isna()
        timed["fault"] = timed["fault"].where(~bad, read.reasons)
        timed["fault_column"] = timed["fault_column"].where(~bad, called)
        timed["fault_value"] = timed["fault_value"].where(~bad, timed[name])
        timed[name] = read.values
    return timed


def with_planned(frame: pd.DataFrame, *, column: str) -> pd.DataFrame:
    """The frame with ``planned`` as a flag; what is neither yes nor no becomes a fault."""
    text = frame["planned"].astype("str").str.strip()
    flags = text.str.lower().map(FLAG_WORDS).astype("boolean")
    given = frame["fault"] if "fault" in frame else pd.Series(None, frame.index, dtype="object")
    bad = text.notna() & (text != "") & flags.isna() & given.isna()
    told = {"fault": "neither true nor false (write true, false, 1, 0, yes or no)"}
    told |= {"fault_column": column}
    kept = {name: frame.get(name, given) for name in ("fault", "fault_column", "fault_value")}
    return frame.assign(
        planned=~flags if _UNPLANNED.search(column.lower()) else flags,
        **{name: kept[name].where(~bad, told.get(name, text)) for name in kept},
    )


def record_starts(path: Path, head: Head) -> np.ndarray:
    """1-based first lines of all records after the header."""
    csv.field_size_limit(sys.maxsize)
    starts, before = [], 0
    with path.open(encoding="utf-8", errors="replace", newline="") as text:
        for _ in range(head.skip):
            before += bool(text.readline())
        reader = csv.reader(text, delimiter=head.delimiter)
        last = 0
        try:
            for record in reader:
                if record:
                    starts.append(before + last + 1)
                last = reader.line_num
        except csv.Error:
            pass
    return np.array(starts[1:], dtype="int64")


def lines_at(path: Path, offsets: np.ndarray) -> np.ndarray:
    """1-based lines at byte offsets."""
    lines, line, done = [], 1, 0
    with path.open("rb") as raw:
        for offset in offsets:
            while done < offset and (block := raw.read(min(1 << 20, int(offset) - done))):
                line += block.count(b"\n")
                done += len(block)
            carry = raw.read(1 << 12)
            raw.seek(done)
            extra = len(carry) - len(carry.lstrip(b"\r\n"))
            lines.append(line + carry[:extra].count(b"\n"))
    return np.array(lines, dtype="int64")


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
