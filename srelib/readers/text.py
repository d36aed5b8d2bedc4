"""Typed scans of text tables through DuckDB.

A scan first tries the typed columns as they are, at full speed.
Anything unexpected in the file (one odd cell is enough) sends it the careful way, where each
refused row gets its true line, column, value and reason.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers import cells
from srelib.readers.base import Head, in_line_order, no_faults, plain_copy
from srelib.readers.csv_text import LONGEST, BrokenRecord, csv_records
from srelib.readers.database import connect, line_count

if TYPE_CHECKING:
    import pyarrow as pa


_LINE_END = re.compile(r"\r\n|\r(?!\Z)|\n")
_BATCH = 1 << 16
_MISSING = frozenset(cells.MISSING)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d{3})?(Z|\+00:00)?")


@dataclass(frozen=True)
class Scan:
    """A text table, typed."""

    head: Head
    frame: pd.DataFrame
    rejects: pd.DataFrame
    rows_read: int
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    faults: pd.DataFrame = field(default_factory=lambda: no_faults())
    suffixes: dict[str, Mapping[str, int]] = field(default_factory=dict)
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
        return tables.rejects(self.head.name, self.lines(np.asarray(rows)), column, values, reason)

    def _find_lines(self) -> np.ndarray:
        with plain_copy(self.head) as path:
            lines = np.array([line for line, _ in csv_records(path, self.head)], dtype="int64")
        if len(lines) == len(self.frame):
            return lines
        return np.arange(len(self.frame)) + self.head.skip + 1 + self.head.headed


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
    for name in types:
        head.demand_column(name, "correct the name in sources.toml")
    rules = _Rules(dict(types), timezone, decimal, frozenset(required), wide)
    with plain_copy(head) as path:
        return _fast(head, path, rules) or _careful(head, path, rules)


@dataclass(frozen=True)
class _Rules:
    types: dict[str, str]
    timezone: str | None
    decimal: str | None
    required: frozenset[str]
    wide: bool


def _read_csv(
    head: Head, path: Path, columns: Mapping[str, str], missing: Collection[str], **more: str
) -> str:
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    words = ", ".join(_quote(text) for text in missing)
    options = {
        "auto_detect": "false", "header": str(head.headed).lower(), "skip": str(head.skip),
        "delim": _quote(head.delimiter), "quote": "'\"'", "escape": "'\"'",
        "columns": f"{{{named}}}", "nullstr": f"[{words}]", "hive_partitioning": "false",
        "max_line_size": str(LONGEST), "buffer_size": str(8 * LONGEST), "compression": "'none'",
        **more,
    }  # fmt: skip
    listed = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f"read_csv({_quote(str(path))}, {listed})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fast(head: Head, path: Path, rules: _Rules) -> Scan | None:
    """The scan at full speed, or None where the file needs the careful way."""
    if head.fill_down or head.dates or set(_LINE_END.findall(head.text)) not in ({"\n"}, {"\r\n"}):
        return None
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
    import pyarrow as pa

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
    source = _read_csv(head, path, columns, missing, **more)
    names = ", ".join(f"c{head.header.index(name)}" for name in types)
    try:
        with ThreadPoolExecutor(1) as beside, connect(path.stat().st_size) as connection:
            lines = beside.submit(line_count, path)
            reader = connection.sql(f"SELECT {names} FROM {source}").to_arrow_reader(_BATCH)
            expected = max(0, lines.result() - head.skip - head.headed)
            kept = {name: _Kept(kind, expected) for name, kind in types.items()}
            rows = _taken_in(reader, kept, rules, expected)
    except (duckdb.Error, pa.ArrowException, OSError):
        return None
    if rows is None or (rows != expected and rows != sum(1 for _ in csv_records(path, head))):
        return None
    return _typed(head, kept, rows, rules, plan)


def _taken_in(
    batches: Iterable[pa.RecordBatch], kept: dict[str, _Kept], rules: _Rules, most: int
) -> int | None:
    """Rows of the batches, which the columns have taken in; None where a cell is missing that must
    not, or where there are more rows than lines.
    """
    rows = 0
    for batch in batches:
        if rows + len(batch) > most:
            return None
        for column, (name, values) in zip(batch.columns, kept.items(), strict=True):
            if column.null_count and (values.kind == "time" or name in rules.required):
                return None
            values.put(column, rows)
        rows += len(batch)
    return rows


class _Kept:
    """A column that takes in batches, one after the other; of categories it keeps codes."""

    def __init__(self, kind: str, rows: int) -> None:
        self.kind = kind
        self.words: dict[Any, int] = {}
        self.chunks: list[pa.Array] = []
        dtype = {"time": "int64", "number": "float64", "category": "int8"}.get(kind)
        self.values = np.empty(rows if dtype else 0, dtype=dtype or "int8")
        self.ends: list[Any] = []

    def put(self, column: pa.Array, start: int) -> None:
        """Take in the batch whose first row is `start`."""
        if self.kind == "text":
            self.chunks.append(column)
            return
        plain = self._codes(column) if self.kind == "category" else column.to_numpy(False)
        if plain.dtype.itemsize > self.values.dtype.itemsize:
            self.values = self.values.astype(plain.dtype)
        part = self.values[start : start + len(plain)]
        part[:] = plain.view("int64") if self.kind == "time" else plain
        if len(part) and self.kind != "category":
            self.ends += [np.fmin.reduce(part), np.fmax.reduce(part)]  # still in the cache

    def _codes(self, column: pa.Array) -> np.ndarray:
        if size := _period(column):
            return np.tile(self._codes(column[:size]), -(-len(column) // size))[: len(column)]
        coded = column.dictionary_encode()
        names = coded.dictionary.to_pylist()
        table = np.array([*(self.words.setdefault(n, len(self.words)) for n in names), -1])
        indices = coded.indices.fill_null(len(names)) if column.null_count else coded.indices
        return table.astype(_codes_of(len(self.words)))[indices.to_numpy(False)]


def _codes_of(words: int) -> np.dtype:
    """The least that holds a code for each word, and -1."""
    return np.min_scalar_type(-words - 1)


def _period(names: pa.Array) -> int:
    """After how many names they repeat to the end, if they do; costs a tenth of encoding them."""
    if len(names) < 1000 or names.null_count or names.offset or names.type != "string":
        return 0
    first = names[:500].to_pylist()
    size = first.index(first[0], 1) if first[0] in first[1:] else 0
    ends = np.frombuffer(names.buffers()[1], "int32", len(names) + 1)
    lengths, width = np.diff(ends), ends[size]
    if not size or not width or not np.array_equal(lengths[size:], lengths[:-size]):
        return 0
    letters = np.frombuffer(names.buffers()[2], "uint8", ends[-1])
    return size if np.array_equal(letters[width:], letters[:-width]) else 0


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
    found = _ISO.fullmatch(cell)
    if found is None or not (found[3] or timezone):
        return None
    form = f"%Y-%m-%d{found[1]}%H:%M:%S{'.%g' if found[2] else ''}{found[3] or ''}"
    return _TimePlan("TIMESTAMP", form=form, zone=None if found[3] else timezone)


def _typed(
    head: Head, kept: dict[str, _Kept], rows: int, rules: _Rules, plan: _TimePlan
) -> Scan | None:
    """The scan of typed columns, which are given up one by one: no row is held twice."""
    data = {name: _joined(kept.pop(name), rows, plan) for name in rules.types}
    if any(values is None for values in data.values()):
        return None
    frame = pd.DataFrame(data, copy=False)
    return Scan(head, frame, tables.empty("rejects"), len(frame), timezone=plan.zone or "UTC")


def _joined(kept: _Kept, rows: int, plan: _TimePlan) -> Any:
    """A column as pandas holds it, or None where it needs the careful way."""
    import pyarrow as pa

    if kept.kind == "text":
        return pa.chunked_array(kept.chunks, type=pa.string()).to_pandas().astype("str")
    values = kept.values[:rows]
    if kept.kind == "time":
        return _utc(values, kept.ends, plan)
    if kept.kind == "number":
        return None if np.isinf(kept.ends).any() else values
    names = pd.Index(list(kept.words), dtype="str")
    order = np.argsort(names.to_numpy("object"), kind="stable")
    places = np.empty(len(names) + 1, dtype=_codes_of(len(names)))
    places[order], places[-1] = np.arange(len(names)), -1
    return pd.Categorical.from_codes(places[values], categories=names.take(order), validate=False)


def _utc(raw: np.ndarray, ends: list[int], plan: _TimePlan) -> pd.Series | None:
    """Times in UTC, or None where one is outside 2000 to 2099 or falls into a clock change."""
    low, high = (int(time.timestamp()) for time in (cells.EARLIEST, cells.LATEST))
    ticks = cells.EPOCH_UNITS[plan.unit] if plan.unit else 1_000_000
    if len(raw) and (min(ends) < low * ticks or max(ends) >= high * ticks):
        return None
    if ticks != 1_000_000:
        raw = raw * (1_000_000 // ticks) if ticks < 1_000_000 else raw // 1000
    if not plan.zone:
        return pd.Series(pd.DatetimeIndex(raw, dtype=tables.DTYPES["time"], copy=False), copy=False)
    times = pd.Series(raw.view("datetime64[us]"), copy=False)
    placed = times.dt.tz_localize(cells.zone(plan.zone), ambiguous="NaT", nonexistent="NaT")
    return None if placed.hasnans else placed.dt.tz_convert("UTC")


_HELD = 1 << 16
"""Records held as lists of Python text at a time."""


def _careful(head: Head, path: Path, rules: _Rules) -> Scan:
    """The scan cell by cell, with a reason for everything refused."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in rules.types])
    places = [head.header.index(name) for name in rules.types]
    batches, lines, broken = [], array("q"), []

    def sound_records() -> Iterator[list[str]]:
        for line, found in csv_records(path, head):
            if isinstance(found, BrokenRecord):
                broken.append((line, *found))
            else:
                lines.append(line)
                yield found

    sound = sound_records()
    while held := list(islice(sound, _HELD)):
        batches.append(_batch(held, places, schema))
        del held  # before the next are read
    raw = pa.Table.from_batches(batches, schema).to_pandas().astype("str")
    at, texts, reasons, columns, by_rule = zip(*broken, strict=True) if broken else ((),) * 5
    refused = tables.rejects(head.name, at, columns, texts, reasons)
    refused["by_rule"] = pd.array(by_rule, dtype="boolean")
    return _by_cell(raw, refused, np.frombuffer(lines, dtype="int64"), head, rules)


def _batch(records: list[list[str]], places: list[int], schema: pa.Schema) -> pa.RecordBatch:
    """The columns asked for, without the words for a missing value."""
    import pyarrow as pa

    columns = list(zip(*records, strict=True))
    cells = ([None if cell in _MISSING else cell for cell in columns[place]] for place in places)
    return pa.record_batch([pa.array(column, pa.string()) for column in cells], schema=schema)


def _by_cell(
    raw: pd.DataFrame, refused: pd.DataFrame, lines: np.ndarray, head: Head, rules: _Rules
) -> Scan:
    """Rows of text, each with its line, as a scan."""
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
            rejected.append(tables.rejects(head.name, lines[rows], name, seen, why))
            bad[rows] = True
    return Scan(
        head,
        pd.DataFrame(data)[~bad].reset_index(drop=True),
        in_line_order(*rejected),
        len(raw) + len(refused),
        timezone=(zones or ["UTC"])[0],
        notes=tuple(dict.fromkeys(notes)),
        faults=_moved(faults, bad),
        suffixes=suffixes,
        _cache={"lines": lines[~bad]},
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


def _moved(found: list[pd.DataFrame], bad: np.ndarray) -> pd.DataFrame:
    """Faults of the rows that stay, their row counted among those."""
    faults = pd.concat([some for some in found if len(some)] or found[:1], ignore_index=True)
    stay = faults[~bad[faults["row"].to_numpy(dtype="int64")]]
    place = np.cumsum(~bad) - 1
    return stay.assign(row=place[stay["row"].to_numpy(dtype="int64")]).reset_index(drop=True)
