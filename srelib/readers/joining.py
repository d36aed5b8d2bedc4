"""Indicators of several files as one table: sorted, each bucket once, on an even grid.

What it costs when there is nothing to mend is one comparison of neighbouring rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from srelib import tables
from srelib.readers.base import Result, Series
from srelib.readers.text import rejects

MINUTE = 60_000_000
"""A minute [us]."""

EVEN_STEPS = tuple(MINUTE * n for n in (1, 5, 10, 15, 30, 60, 360, 1440))
"""Bucket lengths for samples that follow no step [us]."""


@dataclass
class Pool:
    """Rows of table ``sli`` of several files."""

    frame: pd.DataFrame
    file: np.ndarray | None = None
    row: np.ndarray | None = None

    def take(self, order: np.ndarray) -> Pool:
        """The pool with only these rows, in this order; gives up its own rows on the way."""
        file = None if self.file is None else self.file[order]
        row = order.astype("int32") if self.row is None else self.row[order]
        data = {}
        for name in list(self.frame.columns):
            values = self.frame.pop(name).array
            data[name] = values.take(order)
            del values
        return Pool(pd.DataFrame(data, copy=False), file, row)

    def file_of(self, at: np.ndarray) -> np.ndarray:
        """Number of the file of each of these rows."""
        return np.zeros(len(at), dtype="int64") if self.file is None else self.file[at]

    def row_of(self, at: np.ndarray) -> np.ndarray:
        """Row in its file of each of these rows."""
        return np.asarray(at) if self.row is None else self.row[at]


@dataclass
class Lines:
    """Where rows of a pool stand in their files."""

    results: Sequence[Result]
    names: Sequence[str]
    found: list[pd.DataFrame] = field(default_factory=list)

    def of(self, pool: Pool, at: np.ndarray) -> np.ndarray:
        """1-based lines of rows of the pool; 0 where a reader cannot tell."""
        files, rows = pool.file_of(at), pool.row_of(at)
        lines = np.zeros(len(at), dtype="int64")
        for number in np.unique(files):
            asked = self.results[number].lines
            mine = files == number
            if asked is not None:
                lines[mine] = asked(rows[mine])
        return lines


def pooled(frames: list[pd.DataFrame]) -> Pool:
    """One pool of the tables ``sli`` of several files, sorted by service, sli and time."""
    one = len(frames) == 1
    pool = Pool(_sorted_categories(frames.pop())) if one else _stacked(frames)
    frames.clear()
    order = _order(pool.frame)
    return pool if order is None else pool.take(order)


def _stacked(frames: Sequence[pd.DataFrame]) -> Pool:
    if not any(len(frame) for frame in frames):
        return Pool(tables.empty("sli"), np.array([], dtype="int64"), np.array([], dtype="int64"))
    data = {}
    for name in ("service", "sli"):
        parts = [frame[name].astype("category") for frame in frames]
        data[name] = pd.Series(
            pd.api.types.union_categoricals(parts, sort_categories=True, ignore_order=True)
        )
    for name in ("time", "good", "total"):
        data[name] = pd.concat([frame[name] for frame in frames], ignore_index=True)
    sizes = [len(frame) for frame in frames]
    file = np.repeat(np.arange(len(frames)), sizes)
    row = np.concatenate([np.arange(size) for size in sizes])
    return Pool(_sorted_categories(pd.DataFrame(data)[tables.names("sli")]), file, row)


def _sorted_categories(frame: pd.DataFrame) -> pd.DataFrame:
    data = {name: frame[name] for name in frame.columns}
    for name in ("service", "sli"):
        data[name] = _tidy(frame[name])
    return pd.DataFrame(data, copy=False)


def _tidy(column: pd.Series) -> pd.Series:
    """The category with no unused values, in order of their names."""
    codes, names = column.cat.codes.to_numpy(), column.cat.categories
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    order = sorted(used.tolist(), key=lambda code: str(names[code]))
    if order == list(range(len(names))):
        return column
    place = np.full(len(names), -1, dtype=codes.dtype)
    place[order] = np.arange(len(order))
    dtype = pd.CategoricalDtype(names.take(order))
    return pd.Series(pd.Categorical.from_codes(place[codes], dtype=dtype, validate=False))


def codes(frame: pd.DataFrame) -> np.ndarray:
    """Number of the series of each row, in order of service and sli."""
    service, sli = frame["service"].cat, frame["sli"].cat
    width = len(sli.categories)
    size = "int16" if width * len(service.categories) < 2**15 else "int64"
    combined = service.codes.to_numpy().astype(size)
    if width > 1:
        combined = combined * np.array(width, dtype=size) + sli.codes.to_numpy().astype(size)
    return combined


def ticks(frame: pd.DataFrame) -> np.ndarray:
    """Times since 1970 [us]."""
    return frame["time"].array.asi8  # type: ignore[attr-defined]


def _order(frame: pd.DataFrame) -> np.ndarray | None:
    """Order by series and time, stable; None where the rows are in it already."""
    series, times = codes(frame), ticks(frame)
    if len(frame) < 2:
        return None
    same = series[1:] == series[:-1]
    if np.all((series[1:] > series[:-1]) | (same & (times[1:] >= times[:-1]))):
        return None
    if np.all(times[1:] >= times[:-1]):
        return _by_series(series)
    return np.lexsort((times, series))


def _by_series(series: np.ndarray) -> np.ndarray:
    """Stable order by series; of few series, row by row of each, which is twice as fast."""
    if series.max() >= 32:
        return np.argsort(series, kind="stable")
    return np.concatenate([np.flatnonzero(series == code) for code in range(series.max() + 1)])


def without_duplicates(pool: Pool, lines: Lines) -> Pool:
    """Each bucket of each series once."""
    series, times = codes(pool.frame), ticks(pool.frame)
    again = np.r_[False, (series[1:] == series[:-1]) & (times[1:] == times[:-1])]
    if not again.any():
        return pool
    group = np.cumsum(~again) - 1
    first = np.flatnonzero(~again)[group]
    differs = np.zeros(len(group), dtype=bool)
    for name in ("good", "total"):
        values = pool.frame[name].to_numpy()
        both_missing = np.isnan(values) & np.isnan(values[first])
        differs |= (values != values[first]) & ~both_missing
    clash = np.bincount(group, weights=differs)[group] > 0
    partner = np.where(again, first, np.minimum(np.arange(len(group)) + 1, len(group) - 1))
    _report(pool, lines, np.flatnonzero(clash), partner, "contradicts")
    _report(pool, lines, np.flatnonzero(again & ~clash), first, "repeats")
    return pool.take(np.flatnonzero(~again & ~clash))


def _report(pool: Pool, lines: Lines, at: np.ndarray, partner: np.ndarray, verb: str) -> None:
    if not len(at):
        return
    own, other = pool.file_of(at), pool.file_of(partner[at])
    mine, theirs = lines.of(pool, at), lines.of(pool, partner[at])
    frame = pool.frame.iloc[at]
    values = [
        f"{row.service} {row.sli} {row.time:%Y-%m-%dT%H:%M:%SZ} good {row.good:.15g}"
        f" total {row.total:.15g}"
        for row in frame.itertuples()
    ]
    tail = "" if verb == "repeats" else "; the bucket is unknown until one of them is removed"
    reasons = [
        f"{verb} line {line}"
        + (f" of {lines.names[there]}" if there != here else "")
        + f" (same series and time){tail}"
        for line, here, there in zip(theirs, own, other, strict=True)
    ]
    for number in np.unique(own):
        asked = own == number
        lines.found.append(
            rejects(
                lines.names[number], mine[asked], "time",
                [text for text, yes in zip(values, asked, strict=True) if yes],
                [text for text, yes in zip(reasons, asked, strict=True) if yes],
            )
        )  # fmt: skip


def spans(frame: pd.DataFrame) -> dict[tuple[str, str], tuple[int, int]]:
    """First and last row (excluded) of every series of a sorted table."""
    series = codes(frame)
    if not len(series):
        return {}
    edges = np.r_[0, np.flatnonzero(series[1:] != series[:-1]) + 1, len(series)].tolist()
    services, names = frame["service"].cat, frame["sli"].cat
    width = len(names.categories)
    found = {}
    for start, stop in pairwise(edges):
        code = int(series[start])
        key = (str(services.categories[code // width]), str(names.categories[code % width]))
        found[key] = (start, stop)
    return found


def usual_step(times: np.ndarray) -> int | None:
    """The most common difference between neighbouring times [us]; None where there is none."""
    if len(times) < 2:
        return None
    lengths = np.diff(times)
    if 2 * np.count_nonzero(lengths == lengths[0]) > len(lengths):
        return int(lengths[0])
    different, often = np.unique(lengths, return_counts=True)
    return int(different[np.argmax(often)])


@dataclass(frozen=True)
class Grid:
    """Where the buckets of a series begin."""

    step: int
    phase: int = 0
    note: str | None = None

    def start(self, times: np.ndarray) -> np.ndarray:
        """Start of the bucket each time belongs to [us]."""
        if self.phase < 0:
            return times // self.step * self.step
        return (times - self.phase + self.step // 2) // self.step * self.step + self.phase


def on_grid(
    pool: Pool, known: Mapping[tuple[str, str], Series]
) -> tuple[Pool, dict[tuple[str, str], Grid]]:
    """Every series on an even grid; buckets that fall together are added up."""
    times, grids, moved = ticks(pool.frame), {}, {}
    for key, (start, stop) in spans(pool.frame).items():
        grids[key] = _grid(times[start:stop], known.get(key))
        if grids[key].note:
            moved[key] = (start, stop)
    if not moved:
        return pool, grids
    times = times.copy()
    for key, (start, stop) in moved.items():
        times[start:stop] = grids[key].start(times[start:stop])
    timed = [span for key, span in moved.items() if key in known and known[key].weighting == "time"]
    return _added_up(pool, times, timed), grids


def _grid(times: np.ndarray, known: Series | None) -> Grid:
    stated = known.step_seconds if known else None
    if stated:
        return _fitted(times, round(stated * 1e6), fixed=True)
    shown = round(known.shown_seconds * 1e6) if known and known.shown_seconds else 0
    usual = usual_step(times)
    if usual is None:
        if shown:
            return Grid(shown, int(times[0] % shown))
        return Grid(MINUTE, int(times[0] % MINUTE), "a single bucket, taken as 60 s long")
    return _fitted(times, shown if shown and usual % shown == 0 else usual, fixed=False)


def _fitted(times: np.ndarray, step: int, *, fixed: bool) -> Grid:
    offsets = times % step
    if np.all(offsets == offsets[0]):
        return Grid(step, int(offsets[0]))
    seconds = f"{step / 1e6:g} s"
    if fixed and (usual_step(times) or step) < step:
        return Grid(step, -1, f"buckets of different lengths: added up in buckets of {seconds}")
    phases, often = np.unique(offsets, return_counts=True)
    usual = int(np.argmax(often))
    if 2 * often[usual] >= len(times):
        off = len(times) - int(often[usual])
        return Grid(step, int(phases[usual]), f"{off} buckets off the grid were moved onto it")
    if fixed:
        return Grid(step, -1, f"uneven times: moved into buckets of {seconds}")
    typical = float(np.median(np.diff(times)))
    even = next((even for even in EVEN_STEPS if even >= 2 * typical), EVEN_STEPS[-1])
    return Grid(even, -1, f"uneven times: added up in buckets of {even // 1_000_000} s")


def _added_up(pool: Pool, times: np.ndarray, weighted: list[tuple[int, int]]) -> Pool:
    series = codes(pool.frame)
    fresh = np.r_[True, (series[1:] != series[:-1]) | (times[1:] != times[:-1])]
    group = np.cumsum(fresh) - 1
    many = np.bincount(group)
    divisor = np.ones(len(many))
    for start, stop in weighted:
        divisor[group[start] : group[stop - 1] + 1] = many[group[start] : group[stop - 1] + 1]
    first = np.flatnonzero(fresh)
    sums = {
        name: np.bincount(group, weights=pool.frame[name].to_numpy()) for name in ("good", "total")
    }
    slim = pool.take(first)  # from here on the pool itself is empty
    slim.frame["time"] = pd.Series(times[first].view("M8[us]")).dt.tz_localize("UTC")
    for name, summed in sums.items():
        slim.frame[name] = summed / divisor
    return slim
