"""Typed scans of text tables through DuckDB.

A scan first tries the typed columns as they are, at full speed.
Anything unexpected in the file (one odd cell is enough) sends it the careful way, where each
refused row gets its true line, column, value and reason.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import cells
from srelib.readers.base import (
    LONGEST,
    Head,
    lines_at,
    no_faults,
    plain_copy,
    record_starts,
    rejects,
)
from srelib.readers.database import connect, line_count

if TYPE_CHECKING:
    import pyarrow as pa


_ISO_FORMATS = (
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "%Y-%m-%dT%H:%M:%SZ", True),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$", "%Y-%m-%d %H:%M:%SZ", True),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$", "%Y-%m-%dT%H:%M:%S+00:00", True),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$", "%Y-%m-%d %H:%M:%S+00:00", True),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", "%Y-%m-%dT%H:%M:%S.%gZ", True),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", "%Y-%m-%d %H:%M:%S", False),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", "%Y-%m-%dT%H:%M:%S", False),
)


@dataclass(frozen=True)
class Scan:
    """A text table, typed."""

    frame: pd.DataFrame
    rejects: pd.DataFrame
    rows_read: int
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    faults: pd.DataFrame = field(default_factory=lambda: no_faults())
    head: Head | None = None
    suffixes: dict[str, Mapping[str, int]] = field(default_factory=dict)
    _records: np.ndarray | None = None
    _cache: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def lines(self, rows: np.ndarray | None = None) -> np.ndarray:
        """1-based lines of the file on which rows of `frame` begin."""
        if "lines" not in self._cache:
            self._cache["lines"] = self._find_lines()
        found = self._cache["lines"]
        return found if rows is None else found[rows]

    def slim(self) -> Scan:
        """The same scan without its columns, for asking lines later."""
        return replace(self, frame=self.frame.iloc[:, :0])

    def refuse(self, rows: np.ndarray, *, column: Any, values: Any, reason: Any) -> pd.DataFrame:
        """Rejects for rows of `frame` that a reader refuses."""
        assert self.head is not None
        return rejects(self.head.name, self.lines(np.asarray(rows)), column, values, reason)

    def _find_lines(self) -> np.ndarray:
        assert self.head is not None
        with plain_copy(self.head) as path:
            starts = record_starts(path, self.head)
        if self._records is not None:
            if len(self._records) and self._records.max() >= len(starts):
                return self.head.below(self._records)
            return starts[self._records]
        refused = self.rejects["line"].to_numpy()
        kept = starts[~np.isin(starts, refused)]
        if len(kept) != len(self.frame):
            return self.head.below(np.arange(len(self.frame)))
        return kept


def scan(
    head: Head,
    types: Mapping[str, str],
    *,
    timezone: str | None = None,
    decimal: str | None = None,
    required: Collection[str] = (),
    wide: bool = False,
) -> Scan:
    """The columns asked for, typed; what cannot be typed is refused with line and reason."""
    absent = [name for name in types if name not in head.header]
    if absent:
        raise ReadError(
            f"there is no column {absent[0]!r}; the file has {', '.join(map(repr, head.header))}",
            file=head.name,
            fix="correct the name in sources.toml",
        )
    rules = _Rules(dict(types), timezone, decimal, frozenset(required), wide)
    with plain_copy(head) as path:
        fast = _fast(head, path, rules)
        if fast is not None:
            return fast
        try:
            return _careful(head, path, rules)
        except _MixedLineEnds:
            pass
    with plain_copy(head, even=True) as path:
        return _careful(head, path, rules)


def scan_lines(
    head: Head,
    found: list[Any],
    lines: list[int],
    types: Mapping[str, str],
    *,
    timezone: str | None = None,
    required: Collection[str] = (),
) -> Scan:
    """The parts of the lines of a log, typed; a line that has none, as text, is refused."""
    fits = np.array([isinstance(parts, dict) for parts in found], dtype=bool)
    at = np.array(lines, dtype="int64")
    raw = pd.DataFrame([parts for parts in found if isinstance(parts, dict)], columns=list(types))
    seen = [str(line)[:200] for line in found if not isinstance(line, dict)]
    refused = rejects(head.name, at[~fits], None, seen, "not a line of such a log: export it again")
    rules = _Rules(dict(types), timezone, None, frozenset(required), False)
    return _by_cell(raw.astype("str"), refused, at[fits], head, rules)


@dataclass(frozen=True)
class _Rules:
    types: dict[str, str]
    timezone: str | None
    decimal: str | None
    required: frozenset[str]
    wide: bool


class _MixedLineEnds(ReadError):
    """DuckDB gave up, most often because some lines end in CR LF and others in LF."""


def _options(
    head: Head,
    path: Path,
    columns: Mapping[str, str],
    *,
    missing: Collection[str] = cells.MISSING,
    **more: str,
) -> str:
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    words = ", ".join(_quote(text) for text in missing)
    options = {
        "auto_detect": "false", "header": str(head.headed).lower(), "skip": str(head.skip),
        "delim": _quote(head.delimiter), "quote": "'\"'", "escape": "'\"'",
        "columns": f"{{{named}}}", "nullstr": f"[{words}]", "hive_partitioning": "false",
        "max_line_size": str(LONGEST), "compression": "'none'", **more,
    }  # fmt: skip
    listed = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f"read_csv({_quote(str(path))}, {listed})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fast(head: Head, path: Path, rules: _Rules) -> Scan | None:
    """The scan at full speed, or None where the file needs the careful way."""
    if "text" not in rules.types.values():
        found = _typed_pass(head, path, rules, missing=("",))
        if found is not None and not _holds_words_for_missing(found.frame):
            return found
    return _typed_pass(head, path, rules, missing=cells.MISSING)


def _holds_words_for_missing(frame: pd.DataFrame) -> bool:
    named = [values.cat.categories for _, values in frame.items() if values.dtype == "category"]
    return any(not set(names).isdisjoint(cells.MISSING) for names in named)


def _typed_pass(head: Head, path: Path, rules: _Rules, *, missing: Collection[str]) -> Scan | None:
    import duckdb

    types = rules.types
    plan = None if head.time_format else _time_plan(head, types, rules.timezone)
    if plan is None or rules.decimal == ",":
        return None
    kinds = {"number": "DOUBLE", "text": "VARCHAR", "category": "VARCHAR", "time": plan.duck}
    columns = {
        f"c{place}": kinds[types[name]] if name in types else "VARCHAR"
        for place, name in enumerate(head.header)
    }
    more = {"timestampformat": _quote(plan.form)} if plan.form else {}
    source = _options(head, path, columns, missing=missing, **more)
    try:
        with connect(path.stat().st_size) as connection:
            table = connection.sql(f"SELECT {_wanted(head, types)} FROM {source}").to_arrow_table()
    except duckdb.Error:
        return None
    for column, (name, kind) in zip(table.columns, types.items(), strict=True):
        if column.null_count and (kind == "time" or name in rules.required):
            return None
    batches, rows = table.to_batches(), table.num_rows
    if rows != line_count(path) - head.skip - head.headed and rows != len(
        record_starts(path, head)
    ):
        return None
    del table, column
    return _typed(head, _in_columns(batches, rows, types), rules, plan)


def _in_columns(
    batches: list[pa.RecordBatch], rows: int, types: Mapping[str, str]
) -> dict[str, _Kept]:
    """The batches as columns; each batch is given up once it is moved, two at a time."""
    kept = {name: _Kept(kind, rows, len(batches)) for name, kind in types.items()}
    starts = np.cumsum([0, *(batch.num_rows for batch in batches)])

    def move(number: int) -> None:
        batch, batches[number] = batches[number], None
        for place, column in enumerate(kept.values()):
            column.put(batch.column(place), number, starts[number])

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(move, range(len(batches))):
            pass
    return kept


class _Kept:
    """A column that takes in batches, in any order; of categories it keeps codes."""

    def __init__(self, kind: str, rows: int, batches: int) -> None:
        self.kind = kind
        self.words: dict[Any, int] = {}
        self.lock = threading.Lock()
        self.chunks: list[Any] = [None] * batches
        dtype = {"time": "int64", "number": "float64", "category": "int32"}.get(kind)
        self.values = np.empty(rows if dtype else 0, dtype=dtype or "int8")

    def put(self, column: pa.Array, number: int, start: int) -> None:
        """Take in the batch of this number, whose first row is `start`."""
        if self.kind == "text":
            self.chunks[number] = column
            return
        plain = self._codes(column) if self.kind == "category" else column.to_numpy(False)
        part = self.values[start : start + len(plain)]
        part[:] = plain.view("int64") if self.kind == "time" else plain

    def _codes(self, column: pa.Array) -> np.ndarray:
        coded = column.dictionary_encode()
        names = coded.dictionary.to_pylist()
        with self.lock:
            table = np.array([*(self.words.setdefault(n, len(self.words)) for n in names), -1])
        indices = coded.indices.fill_null(len(names)) if column.null_count else coded.indices
        return table.astype(self.values.dtype)[indices.to_numpy(False)]


def _wanted(head: Head, types: Mapping[str, str]) -> str:
    return ", ".join(f"c{head.header.index(name)}" for name in types)


@dataclass(frozen=True)
class _TimePlan:
    duck: str = "VARCHAR"
    form: str | None = None
    unit: str | None = None
    zone: str | None = None


def _time_plan(head: Head, types: Mapping[str, str], timezone: str | None) -> _TimePlan | None:
    """How the times of the first record can be read by DuckDB itself, if they can."""
    columns = [name for name, kind in types.items() if kind == "time"]
    if not columns:
        return _TimePlan()
    if len(head.first) < len(head.header):
        return None
    plans = {_plan_of(head.first[head.header.index(name)], timezone) for name in columns}
    return plans.pop() if len(plans) == 1 else None


def _plan_of(cell: str, timezone: str | None) -> _TimePlan | None:
    if re.match(r"^\d{9,19}$", cell):
        unit = str(cells.epoch_unit(np.array([float(cell)]))[0])
        return _TimePlan("BIGINT", unit=unit) if unit else None
    for pattern, form, zoned in _ISO_FORMATS:
        if re.match(pattern, cell) and (zoned or timezone):
            return _TimePlan("TIMESTAMP", form=form, zone=None if zoned else timezone)
    return None


def _typed(head: Head, kept: dict[str, _Kept], rules: _Rules, plan: _TimePlan) -> Scan | None:
    """The scan of typed columns, which are given up one by one: no row is held twice."""
    data: dict[str, Any] = {}
    for name in rules.types:
        values = _joined(kept.pop(name), plan)
        if values is None:
            return None
        data[name] = values
    frame = pd.DataFrame(data, copy=False)
    return Scan(frame, tables.empty("rejects"), len(frame), timezone=plan.zone or "UTC", head=head)


def _joined(kept: _Kept, plan: _TimePlan) -> Any:
    """A column as pandas holds it, or None where it needs the careful way."""
    import pyarrow as pa

    if kept.kind == "text":
        return pa.chunked_array(kept.chunks, type=pa.string()).to_pandas().astype("str")
    values = kept.values
    if kept.kind == "time":
        return _utc(values, plan)
    if kept.kind == "number":
        return None if np.isinf(values).any() else values
    names = pd.Index(list(kept.words), dtype="str")
    codes = values.astype(np.min_scalar_type(-len(names) - 1))
    return pd.Categorical.from_codes(codes, categories=names, validate=False)


def _utc(raw: np.ndarray, plan: _TimePlan) -> pd.Series | None:
    """Times in UTC, or None where one is outside 2000 to 2099 or falls into a clock change."""
    low, high = (int(time.timestamp()) for time in (cells.EARLIEST, cells.LATEST))
    if plan.unit:
        ticks = cells.EPOCH_UNITS[plan.unit]
        if len(raw) and (raw.min() < low * ticks or raw.max() >= high * ticks):
            return None
        raw = raw * (1_000_000 // ticks) if ticks <= 1_000_000 else raw // 1000
    raw = raw.view("int64")
    if len(raw) and (raw.min() < low * 1_000_000 or raw.max() >= high * 1_000_000):
        return None
    if not plan.zone:
        return pd.Series(pd.DatetimeIndex(raw, dtype=tables.DTYPES["time"], copy=False), copy=False)
    times = pd.Series(raw.view("datetime64[us]"), copy=False)
    placed = times.dt.tz_localize(cells.zone(plan.zone), ambiguous="NaT", nonexistent="NaT")
    return None if placed.hasnans else placed.dt.tz_convert("UTC")


def _careful(head: Head, path: Path, rules: _Rules) -> Scan:
    """The scan cell by cell, with a reason for everything refused."""
    starts = record_starts(path, head)  # first: DuckDB takes rows inside an open quote for rows
    for parts in ("true", "false"):  # see line_count
        raw, refused = _as_text(head, path, rules.types, parts)
        lacking = len(starts) - len(raw) - refused["line"].nunique()
        if lacking <= 0:
            break
    else:
        refused = _with_lost(head, path, refused, lacking)
    records, lines = _places(head, starts, refused, len(raw))
    return _by_cell(raw, refused, lines, head, rules, records)


def _by_cell(
    raw: pd.DataFrame, refused: pd.DataFrame, lines: np.ndarray, head: Head, rules: _Rules,
    records: np.ndarray | None = None,
) -> Scan:  # fmt: skip
    """Rows of text as a scan; without numbers of records the lines are those of the rows."""
    data: dict[str, pd.Series] = {}
    notes: list[str] = []
    zones: list[str] = []
    bad = np.zeros(len(raw), dtype=bool)
    rejected, faults = [refused], [no_faults()]
    suffixes = {}
    for name, kind in rules.types.items():
        read = _read_column(raw[name], kind, head, rules)
        data[name], suffixes[name] = read.values, read.suffixes
        notes.extend(read.notes)
        zones.extend([read.zone] if read.zone else [])
        if name in rules.required:
            read.reasons[read.values.isna() & read.reasons.isna()] = (
                f"{name} is missing: fill it in"
            )
        rows = np.flatnonzero(read.reasons.notna().to_numpy() & ~bad)
        seen, why = raw[name].iloc[rows], read.reasons.iloc[rows]
        if rules.wide and kind == "number":
            faults.append(pd.DataFrame({"row": rows, "column": name, "value": seen, "reason": why}))
        else:
            rejected.append(rejects(head.name, lines[rows], name, seen, why))
            bad[rows] = True
    return Scan(
        pd.DataFrame(data)[~bad].reset_index(drop=True),
        _stacked(rejected).sort_values("line", kind="stable").reset_index(drop=True),
        len(raw) + len(refused),
        timezone=(zones or ["UTC"])[0],
        notes=tuple(dict.fromkeys(notes)),
        faults=_moved(_stacked(faults), bad),
        head=head,
        suffixes=suffixes,
        _records=None if records is None else records[~bad],
        _cache={"lines": lines[~bad]} if records is None else {},
    )


def _read_column(raw: pd.Series, kind: str, head: Head, rules: _Rules) -> cells.Cells:
    if kind == "time":
        return cells.times(
            raw, timezone=rules.timezone, form=head.time_format, file=head.name,
            column=str(raw.name),
        )  # fmt: skip
    if kind == "number":
        return cells.numbers(raw, decimal=rules.decimal, file=head.name, column=str(raw.name))
    nothing = pd.Series(None, index=raw.index, dtype="object")
    return cells.Cells(raw.astype("category") if kind == "category" else raw, nothing)


def _with_lost(head: Head, path: Path, refused: pd.DataFrame, lacking: int) -> pd.DataFrame:
    """The rejects with records of tens of megabytes, which DuckDB passes over in silence."""
    lines = record_starts(path, head, longer=LONGEST)
    lost = lines[~np.isin(lines, refused["line"].to_numpy())][:lacking]
    reason = _STRUCTURE["LINE SIZE OVER MAXIMUM"]
    return _stacked([refused, rejects(head.name, lost, None, None, reason)])


def _places(
    head: Head, starts: np.ndarray, refused: pd.DataFrame, kept: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of every row that DuckDB kept, its number among the records and its line."""
    records = np.flatnonzero(~np.isin(starts, refused["line"].to_numpy()))
    if len(records) != kept:
        records = np.arange(kept)
        return records, head.below(records)
    return records, starts[records]


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def _moved(faults: pd.DataFrame, bad: np.ndarray) -> pd.DataFrame:
    """Faults of the rows that stay, their row counted among those."""
    stay = faults[~bad[faults["row"].to_numpy(dtype="int64")]]
    place = np.cumsum(~bad) - 1
    return stay.assign(row=place[stay["row"].to_numpy(dtype="int64")]).reset_index(drop=True)


def _as_text(
    head: Head, path: Path, types: Mapping[str, str], parts: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns as text, and the records that are broken as records."""
    import duckdb

    columns = {f"c{place}": "VARCHAR" for place in range(len(head.header))}
    source = _options(
        head, path, columns, store_rejects="true", rejects_limit="0",
        rejects_table="'srelib_errors'", rejects_scan="'srelib_scans'", parallel=parts,
    )  # fmt: skip
    try:
        with connect(path.stat().st_size) as connection:
            table = connection.sql(f"SELECT {_wanted(head, types)} FROM {source}").to_arrow_table()
            broken = connection.sql(
                "SELECT line_byte_position, any_value(line), first(csv_line), first(error_type)"
                " FROM srelib_errors GROUP BY line_byte_position ORDER BY 1"
            ).fetchall()
    except duckdb.Error as error:
        raise _MixedLineEnds(
            f"the file is not a text table ({str(error).splitlines()[0]})", file=head.name,
            fix="export it again as CSV in UTF-8",
        ) from error  # fmt: skip
    raw = table.rename_columns(list(types)).to_pandas()
    return raw.astype("str"), _broken(head, path, broken)


_STRUCTURE = {
    "TOO MANY COLUMNS": "more fields than the header: quote cells that hold the delimiter",
    "MISSING COLUMNS": "fewer fields than the header has columns, a row cut short: export it again",
    "UNQUOTED VALUE": "a quote is never closed, or text follows a closing one: write it doubled",
    "INVALID ENCODING": "not UTF-8 text: export the file in UTF-8",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 2 MB: close the quote that was left open",
}


def _broken(head: Head, path: Path, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    if not rows:
        return tables.empty("rejects")
    offsets = np.array([(row[0] or 1) - 1 for row in rows], dtype="int64")  # DuckDB counts from 1
    lines = lines_at(path, offsets)
    values = [str(row[2] or "").strip("\r\n")[:200] for row in rows]
    broken = "broken record ({}): export it again"
    reasons = [_STRUCTURE.get(str(row[3]), broken.format(row[3])) for row in rows]
    return rejects(head.name, lines, None, values, reasons)
