"""Indicators of several files as one table: sorted, each bucket once, on an even grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.folder import logs
from srelib.folder.grid import Buckets, grid_of
from srelib.questions import Unconfirmed
from srelib.readers import counts
from srelib.readers.base import FileResult
from srelib.readers.meaning import DUST
from srelib.series import SeriesInfo, codes_used, names_of, series_codes, ticks, times_of


@dataclass
class Pool:
    """Rows of table ``sli`` of several files; `turn` is the order of series that took turns."""

    frame: pd.DataFrame
    file: np.ndarray | None = None
    row: np.ndarray | None = None
    turn: np.ndarray | None = None

    def take(self, order: np.ndarray) -> Pool:
        """The pool with only these rows, in this order; gives up its own rows on the way."""
        file = None if self.file is None else self.file[order]
        row = self.row_of(order).astype("int32")
        return Pool(self._moved(lambda values: values[order]), file, row)

    def turned(self, turn: np.ndarray) -> Pool:
        """The pool series by series, of series that take turns; gives up its own rows, too."""
        move = partial(_turned, turn=turn)
        if self.file is None or self.row is None:
            return Pool(self._moved(move), turn=turn)
        return Pool(self._moved(move), move(self.file), move(self.row))

    def _moved(self, move: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
        names = list(self.frame.columns)  # one by one: no two are held twice
        data = {name: _moved(self.frame.pop(name).array, move) for name in names}
        return pd.DataFrame(data, copy=False)

    def file_of(self, at: np.ndarray) -> np.ndarray:
        """Number of the file of each of these rows."""
        return np.zeros(len(at), dtype="int64") if self.file is None else self.file[at]

    def row_of(self, at: np.ndarray) -> np.ndarray:
        """Row in its file of each of these rows."""
        if self.row is not None:
            return self.row[at]
        if self.turn is None:
            return np.asarray(at)
        series, place = np.divmod(at, len(self.frame) // len(self.turn))
        return place * len(self.turn) + self.turn[series]


def _moved(values: Any, move: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The column of which the plain numbers behind it were moved."""
    if isinstance(values, pd.Categorical):
        return pd.Categorical.from_codes(move(values.codes), dtype=values.dtype, validate=False)
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(move(values.asi8), dtype=values.dtype, copy=False).array
    return move(values.to_numpy())


@dataclass
class Lines:
    """Where rows of a pool stand in their files."""

    results: Sequence[FileResult]
    names: Sequence[str]
    found: list[pd.DataFrame] = field(default_factory=list)

    def of(self, pool: Pool, at: np.ndarray) -> np.ndarray:
        """1-based lines of rows of the pool; 0 where a reader cannot tell."""
        files, rows = pool.file_of(at), pool.row_of(at)
        lines = np.zeros(len(at), dtype="int64")
        for number in np.unique(files):
            line_of = self.results[number].lines
            mine = files == number
            if line_of is not None:
                lines[mine] = line_of(rows[mine])
        return lines

    def refuse(self, pool: Pool, at: np.ndarray, column: Any, values: Any, reason: Any) -> None:
        """Note that these rows of the pool are refused, each in its file."""
        found = pd.DataFrame({"line": self.of(pool, at), "value": values})
        found = found.assign(column=column, reason=reason)[["line", "column", "value", "reason"]]
        for number, part in found.groupby(pool.file_of(at)):
            name = self.names[int(number)]  # type: ignore[call-overload]
            self.found.append(tables.rejects(name, *(part[column] for column in part)))


def pooled(frames: list[pd.DataFrame]) -> Pool:
    """One pool of the tables ``sli`` of several files, sorted by service, sli and time."""
    one = len(frames) == 1
    pool = Pool(_sorted_categories(frames.pop())) if one else _stacked(frames)
    frames.clear()
    series, times = series_codes(pool.frame), ticks(pool.frame["time"])
    later = len(times) > 0 and bool(np.all(times[1:] >= times[:-1]))
    if later and (turn := _turn(series)) is not None:
        del times
        return pool if len(turn) == 1 else pool.turned(turn)
    same = series[1:] == series[:-1]
    if np.all((series[1:] > series[:-1]) | (same & (times[1:] >= times[:-1]))):
        return pool
    by_series = np.argsort(series, kind="stable") if later else np.lexsort((times, series))
    return pool.take(by_series)


def _turn(series: np.ndarray) -> np.ndarray | None:
    """Order of the series, where they take turns: then a table turned over is sorted, and fast."""
    again = np.flatnonzero(series[1:10_000] == series[0])
    size = int(again[0]) + 1 if len(again) else 0
    if not size or len(series) % size or len(np.unique(series[:size])) < size:
        return None
    return np.argsort(series[:size]) if (series.reshape(-1, size) == series[:size]).all() else None


def _turned(values: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Values of series that take turns, series by series; in blocks that fit into a cache."""
    size, moved = len(turn), np.empty_like(values)
    before, after, block = values.reshape(-1, size), moved.reshape(size, -1), 1 + 40_000 // size
    for start in range(0, len(before), block):
        after[:, start : start + block] = before[start : start + block].T[turn]
    return moved


def _stacked(frames: Sequence[pd.DataFrame]) -> Pool:
    if not any(len(frame) for frame in frames):
        return Pool(tables.empty("sli"), np.array([], dtype="int64"), np.array([], dtype="int64"))
    data = {}
    for name in ("service", "sli"):
        parts = [frame[name].astype("category") for frame in frames]
        both = pd.api.types.union_categoricals(parts, sort_categories=True, ignore_order=True)
        data[name] = pd.Series(both)
    for name in ("time", "good", "total"):
        data[name] = pd.concat([frame[name] for frame in frames], ignore_index=True)
    sizes = [len(frame) for frame in frames]
    file = np.repeat(np.arange(len(frames)), sizes)
    row = np.concatenate([np.arange(size) for size in sizes])
    return Pool(_sorted_categories(pd.DataFrame(data)[tables.names("sli")]), file, row)


def _sorted_categories(frame: pd.DataFrame) -> pd.DataFrame:
    tidy = {name: _tidy(frame[name]) for name in ("service", "sli")}
    data = {str(name): tidy.get(str(name), frame[name]) for name in frame}
    return pd.DataFrame(data, copy=False)


def _tidy(column: pd.Series) -> pd.Series:
    """The category with no unused values, in order of their names."""
    names = column.cat.categories
    used = names.take(codes_used(column.cat.codes.to_numpy(), len(names)))
    ordered = used.take(np.argsort(used.astype("str").to_numpy("object"), kind="stable"))
    return column if ordered.equals(names) else column.cat.set_categories(ordered)


def without_duplicates(pool: Pool, lines: Lines) -> Pool:
    """Each bucket of each series once."""
    series, times = series_codes(pool.frame), ticks(pool.frame["time"])
    again = np.r_[False, (series[1:] == series[:-1]) & (times[1:] == times[:-1])]
    if not again.any():
        return pool
    group = np.cumsum(~again) - 1
    first = np.flatnonzero(~again)[group]
    differs = np.zeros(len(group), dtype=bool)
    for name in ("good", "total"):
        values = pool.frame[name].to_numpy()
        both_missing = np.isnan(values) & np.isnan(values[first])
        same = np.isclose(values, values[first], rtol=DUST, atol=0)
        differs |= ~same & ~both_missing
    clash = np.bincount(group, weights=differs)[group] > 0
    partner = np.where(again, first, np.minimum(np.arange(len(group)) + 1, len(group) - 1))
    _report(pool, lines, np.flatnonzero(clash), partner, "contradicts")
    _report(pool, lines, np.flatnonzero(again & ~clash), first, "repeats")
    return pool.take(np.flatnonzero(~again & ~clash))


def _report(pool: Pool, lines: Lines, at: np.ndarray, partner: np.ndarray, verb: str) -> None:
    own, other = pool.file_of(at), pool.file_of(partner[at])
    frame, theirs = pool.frame.iloc[at], lines.of(pool, partner[at])
    times = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = "=" if verb == "repeats" else "≠"
    values = [
        f"{service} {sli} {time} good {good:.15g} total {total:.15g} {mark} line {line}"
        + (f" of {lines.names[there]}" if there != here else "")
        for service, sli, time, good, total, line, here, there in zip(
            frame["service"], frame["sli"], times, frame["good"], frame["total"], theirs, own,
            other, strict=True,
        )
    ]  # fmt: skip
    tail = "" if verb == "repeats" else "; the bucket is unknown until you remove one of them"
    lines.refuse(pool, at, "time", values, f"{verb} another row (same series and time){tail}")


def spans(frame: pd.DataFrame) -> dict[tuple[str, str], tuple[int, int]]:
    """First and last row (excluded) of every series of a sorted table."""
    series = series_codes(frame)
    if not len(series):
        return {}
    edges = np.r_[0, np.flatnonzero(series[1:] != series[:-1]) + 1, len(series)].tolist()
    names = names_of(frame)
    return {names[int(series[start])]: (start, stop) for start, stop in pairwise(edges)}


def on_grid(
    pool: Pool, known: Mapping[tuple[str, str], SeriesInfo]
) -> tuple[Pool, dict[tuple[str, str], Buckets]]:
    """Every series on an even grid; buckets that fall together are added up."""
    times, grids, moved = ticks(pool.frame["time"]), {}, {}
    for key, (start, stop) in spans(pool.frame).items():
        grids[key] = grid_of(times[start:stop], known.get(key))
        if grids[key].note:
            moved[key] = (start, stop)
        if grids[key].period and known[key].weighting == "time":
            _at_true_length(pool.frame, slice(start, stop), grids[key])
    if not moved:
        return pool, grids
    times = times.copy()
    for key, (start, stop) in moved.items():
        times[start:stop] = grids[key].start(times[start:stop])
    timed = [span for key, span in moved.items() if key in known and known[key].weighting == "time"]
    return _added_up(pool, times, timed), grids


def _at_true_length(frame: pd.DataFrame, rows: slice, grid: Buckets) -> None:
    """Seconds of days and months of which only a share is known: as many as each of them has."""
    starts = pd.DatetimeIndex(frame["time"].iloc[rows])
    seconds = (grid.ends(starts) - starts).total_seconds().to_numpy()
    good, total = (frame[name].to_numpy().copy() for name in ("good", "total"))
    good[rows] *= seconds / total[rows]
    total[rows] = seconds
    frame["good"], frame["total"] = good, total


def _added_up(pool: Pool, times: np.ndarray, weighted: list[tuple[int, int]]) -> Pool:
    series = series_codes(pool.frame)
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
    slim.frame["time"] = times_of(times[first])
    for name, summed in sums.items():
        slim.frame[name] = summed / divisor
    return slim


Key = tuple[str, str]
Half = tuple[int, SeriesInfo, pd.DataFrame, np.ndarray]
Whole = list[tuple[int, pd.DataFrame, np.ndarray]]


@dataclass
class Indicators:
    """Table ``sli`` of all files, and what is known of each series."""

    frame: pd.DataFrame
    grids: dict[Key, Buckets]
    series: dict[Key, SeriesInfo]


def joined_indicators(
    results: Sequence[FileResult], names: Sequence[str], thresholds: dict[Key, tuple[str, float]]
) -> tuple[Indicators, list[pd.DataFrame], dict[str, int]]:
    """One table of indicators from all files."""
    known = _agreed(results, names)
    frames: list[pd.DataFrame] = []
    origins: list[tuple[FileResult, str]] = []
    halves: dict[Key, list[Half]] = {}
    for number, result in enumerate(results):
        if "sli" not in result.tables:
            continue
        frame = result.tables.pop("sli")
        split = [entry for entry in result.series if entry.part]
        for entry in split:
            mine = np.flatnonzero((frame["service"] == entry.service) & (frame["sli"] == entry.sli))
            part = frame.iloc[mine].reset_index(drop=True)
            halves.setdefault((entry.service, entry.sli), []).append((number, entry, part, mine))
        if not split:
            frames.append(frame)
            origins.append((result, names[number]))
        del frame
    files, missing = Lines(results, names), Counter[str]()
    for key, entries in sorted(halves.items(), key=lambda item: item[0]):
        if entries[0][1].part == "value":
            whole = _values_as_seconds(key, entries, names, thresholds)
        else:
            whole = _paired(key, entries, files, missing, known)
        for number, part, at in whole:
            frames.append(part)
            origins.append((_part_of_file(results[number], at), names[number]))
    lines = Lines([result for result, _ in origins], [name for _, name in origins], files.found)
    lines.found += logs.added_up(frames, lines.results, lines.names)
    pool = without_duplicates(pooled(frames or [tables.empty("sli")]), lines)
    pool, grids = on_grid(pool, known)
    return Indicators(pool.frame, grids, known), lines.found, missing


def _agreed(results: Sequence[FileResult], names: Sequence[str]) -> dict[Key, SeriesInfo]:
    """Every series once; files that disagree on its weighting are refused."""
    known: dict[Key, SeriesInfo] = {}
    where: dict[Key, str] = {}
    for result, name in zip(results, names, strict=True):
        for entry in result.series:
            key = (entry.service, entry.sli)
            before = known.get(key)
            if before and _counted(before) != _counted(entry):
                raise ReadError(
                    f"{entry.service} {entry.sli} counts {_counted(entry)} here, but "
                    f"{_counted(before)} in {where[key]}",
                    file=name,
                    fix="give one of them another sli in sources.toml",
                    asks={"sli": Unconfirmed(f"{entry.sli}-{_counted(entry)}", "another name")},
                )
            seen = [one for one in (before, entry) if one]
            known[key] = SeriesInfo(
                *key,
                entry.weighting,
                max((one.step_seconds for one in seen if one.step_seconds), default=None),
                "; ".join(dict.fromkeys(one.note for one in seen if one.note)) or None,
                shown_seconds=min(
                    (one.shown_seconds for one in seen if one.shown_seconds), default=None
                ),
                meaning=entry.meaning or (before.meaning if before else None),
                timezone=result.timezone,
            )
            where.setdefault(key, name)
    return known


def _counted(entry: SeriesInfo) -> str:
    """What a series counts; rows of a log are no counts of another file, nor added to them."""
    return "rows" if entry.meaning and entry.meaning.unit == "event" else entry.weighting


def _part_of_file(result: FileResult, at: np.ndarray) -> FileResult:
    """A stand-in for a file of which only these rows are left, in this order."""
    line_of = result.lines
    return FileResult({}, 0, 0, lines=None if line_of is None else lambda rows: line_of(at[rows]))


def _values_as_seconds(
    key: Key, entries: list[Half], names: Sequence[str], thresholds: dict[Key, tuple[str, float]]
) -> Whole:
    if key not in thresholds:
        raise ReadError(
            f"{key[0]} {key[1]} is a measured value, and nothing says when it is good",
            file=names[entries[0][0]],
            fix='say unit = "value", threshold = 0.3, op = "lte" in sources.toml, or write an SLO '
            "with a thresholdMetric for it",
            asks={
                "unit": "value",
                "threshold": Unconfirmed(_usual(entries), "99 of 100 values seen are at most this"),
                "op": Unconfirmed("lte", 'good when at most; "gte" when at least'),
            },
        )
    op, threshold = thresholds[key]
    return [
        (number, frame.assign(good=counts.above(frame["good"].to_numpy(), op, threshold)
                              * frame["total"].to_numpy()), at)
        for number, _, frame, at in entries
    ]  # fmt: skip


def _usual(entries: list[Half]) -> float:
    """A bound that nearly all values keep, to three digits."""
    values = np.concatenate([frame["good"].to_numpy() for _, _, frame, _ in entries])
    return float(f"{np.nanquantile(values, 0.99):.3g}")


def _paired(
    key: Key,
    entries: list[Half],
    files: Lines,
    missing: Counter[str],
    known: dict[Key, SeriesInfo],
) -> Whole:
    """Good (or bad) of some files beside the total of others, time by time."""
    have, first = [entry.part for _, entry, _, _ in entries], files.names[entries[0][0]]
    kinds = [kind for kind in ("good", "bad", "total") if kind in have]
    if len(kinds) < 2:
        other = "good" if kinds == ["total"] else "total"
        raise ReadError(
            f"{key[0]} {key[1]}: this file gives only {kinds[0]}, and no other file gives {other}",
            file=first,
            fix=f"add the file with {other}, or map it under the same service and sli",
        )
    left, right = kinds[0], kinds[-1] if "total" in kinds else kinds[1]
    own = {kind: [half for half in entries if half[1].part == kind] for kind in (left, right)}
    sides = {kind: _side(kind, halves, files) for kind, halves in own.items()}
    zero = [
        kind for kind, halves in own.items()
        if kind != "total" and all(entry.absent_is_zero for _, entry, _, _ in halves)
    ]  # fmt: skip
    needed = [kind for kind in own if kind not in zero]
    both = _merged(sides[left], sides[right], zero).dropna(subset=needed, ignore_index=True)
    for side in sides.values():
        alone = ~side["time"].isin(both["time"])
        missing.update(files.names[number] for number in side.loc[alone, "_file"])
    work = both[["time", "service", "sli", left, right]]
    absent = "zero" if zero else "unknown"
    built = counts.build(work, counts.NumberRule("count", file=first, absent=absent))
    lost = {kind: int(both[kind].isna().sum()) for kind in zero}
    said = [f"{n} buckets without a value of {kind} count as zero" for kind, n in lost.items() if n]
    known[key] = replace(known[key], note="; ".join(filter(None, [known[key].note, *said])) or None)
    origin = Pool(both, both["_file"].to_numpy(), both["_row"].to_numpy())
    bad = built.refused
    files.refuse(origin, bad["row"].to_numpy("int64"), bad["column"], bad["value"], bad["reason"])
    kept = both.iloc[built.at].reset_index(drop=True)
    whole = []
    for number in sorted(set(kept["_file"].tolist())):
        at = np.flatnonzero(kept["_file"] == number)
        part = built.sli.iloc[at].reset_index(drop=True)
        whole.append((int(number), part, kept["_row"].to_numpy()[at]))
    return whole


def _merged(first: pd.DataFrame, second: pd.DataFrame, zero: Sequence[str]) -> pd.DataFrame:
    """Both sides time by time; each time that one of them has, where a kind may be absent."""
    how: Any = "outer" if zero else "inner"
    both = first.merge(second, on="time", how=how, suffixes=("", "_other"), sort=True)
    for name in ("_file", "_row"):
        both[name] = both[name].fillna(both[f"{name}_other"]).astype("int64")
    for name in ("service", "sli"):
        both[name] = pd.Categorical([str(first[name].iloc[0])] * len(both))
    return both


def _side(kind: str, halves: list[Half], files: Lines) -> pd.DataFrame:
    origins = [_part_of_file(files.results[number], at) for number, _, _, at in halves]
    lines = Lines(origins, [files.names[number] for number, _, _, _ in halves], files.found)
    pool = without_duplicates(pooled([half[2] for half in halves]), lines)
    rows = np.arange(len(pool.frame))
    places = list(zip(pool.file_of(rows), pool.row_of(rows), strict=True))
    frame = pool.frame.drop(columns=["good", "total"])
    frame[kind] = pool.frame["total" if kind == "total" else "good"]
    frame["_file"] = [halves[half][0] for half, _ in places]
    frame["_row"] = [int(halves[half][3][row]) for half, row in places]
    return frame


def extent(times: pd.Series, grid: Buckets) -> dict[str, Any]:
    """From when to when a series was observed, how often, and how much of that."""
    first, last = times.iloc[0], times.iloc[-1]
    step = pd.Timedelta(grid.step, "us")
    span = round((grid.ends(pd.DatetimeIndex([last]))[0] - first) / step)
    return {"first": first, "last": last, "buckets": len(times), "coverage": len(times) / span}


def described(frame: pd.DataFrame, indicators: Indicators) -> pd.DataFrame:
    """Table ``series``: one row per service and indicator."""
    rows = []
    for key, (start, stop) in spans(frame).items():
        grid, known = indicators.grids[key], indicators.series.get(key, SeriesInfo(*key))
        notes = [note for note in (known.note, grid.note) if note]
        rows.append(
            {
                "service": key[0],
                "sli": key[1],
                "step_seconds": grid.step / 1e6,
                "period": grid.period and f"{grid.period} {grid.timezone}",
                "weighting": known.weighting,
                "unit": "seconds" if known.weighting == "time" else "events",
                **extent(frame["time"].iloc[start:stop], grid),
                "read_as": known.meaning.unit if known.meaning else None,
                "evidence": known.meaning.evidence if known.meaning else None,
                "note": "; ".join(notes) or None,
            }
        )
    return tables.stacked([pd.DataFrame(rows)], "series")
