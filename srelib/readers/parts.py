"""Indicators whose parts lie in several files, and the description of every series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import counts, joining
from srelib.readers.base import Result, Series
from srelib.readers.text import rejects

Key = tuple[str, str]


@dataclass
class Indicators:
    """Table ``sli`` of all files, and what is known of each series."""

    frame: pd.DataFrame
    grids: dict[Key, joining.Grid]
    series: dict[Key, Series]


def joined(
    results: Sequence[Result], names: Sequence[str], thresholds: dict[Key, tuple[str, float]]
) -> tuple[Indicators, list[pd.DataFrame], dict[str, int]]:
    """One table of indicators from all files."""
    known = _agreed(results, names)
    frames: list[pd.DataFrame] = []
    origins: list[tuple[Result, str]] = []
    halves: dict[Key, list[tuple[int, Series, pd.DataFrame, np.ndarray]]] = {}
    for number, result in enumerate(results):
        if "sli" not in result.tables:
            continue
        frame = result.tables.pop("sli")
        split = [entry for entry in result.series if entry.part]
        for entry in split:
            mine = np.flatnonzero((frame["service"] == entry.service) & (frame["sli"] == entry.sli))
            part = frame.iloc[mine].reset_index(drop=True)
            halves.setdefault((entry.service, entry.sli), []).append((number, entry, part, mine))
        if split:
            continue
        frames.append(frame)
        del frame
        origins.append((result, names[number]))
    found: list[pd.DataFrame] = []
    missing: dict[str, int] = {}
    for key, entries in sorted(halves.items(), key=lambda item: item[0]):
        if entries[0][1].part == "value":
            whole = _judged(key, entries, names, thresholds)
        else:
            whole = _paired(key, entries, results, names, found, missing, known)
        for number, part, at in whole:
            frames.append(part)
            origins.append((_moved(results[number], at), names[number]))
    lines = joining.Lines([origin[0] for origin in origins], [origin[1] for origin in origins])
    pool = joining.without_duplicates(joining.pooled(frames or [tables.empty("sli")]), lines)
    pool, grids = joining.on_grid(pool, known)
    return Indicators(pool.frame, grids, known), [*found, *lines.found], missing


def _agreed(results: Sequence[Result], names: Sequence[str]) -> dict[Key, Series]:
    """Every series once; files that disagree on its weighting are refused."""
    known: dict[Key, Series] = {}
    where: dict[Key, str] = {}
    for result, name in zip(results, names, strict=True):
        for entry in result.series:
            key = (entry.service, entry.sli)
            before = known.get(key)
            if before and before.weighting != entry.weighting:
                raise ReadError(
                    f"{entry.service} {entry.sli} counts {entry.weighting} here, but "
                    f"{before.weighting} in {where[key]}",
                    file=name,
                    fix="give one of them another sli in sources.toml",
                )
            notes = [n for n in (before.note if before else None, entry.note) if n]
            steps = [before.step_seconds if before else None, entry.step_seconds]
            step = max((value for value in steps if value), default=None)
            note = "; ".join(dict.fromkeys(notes)) or None
            shown = [before.shown_seconds if before else None, entry.shown_seconds]
            least = min((value for value in shown if value), default=None)
            known[key] = Series(
                entry.service, entry.sli, entry.weighting, step, note, shown_seconds=least
            )
            where.setdefault(key, name)
    return known


def _moved(result: Result, at: np.ndarray) -> Result:
    """A stand-in for a file of which only these rows are left, in this order."""
    asked = result.lines
    return Result({}, 0, 0, lines=None if asked is None else lambda rows: asked(at[rows]))


Half = tuple[int, Series, pd.DataFrame, np.ndarray]
Whole = list[tuple[int, pd.DataFrame, np.ndarray]]


def _judged(
    key: Key, entries: list[Half], names: Sequence[str], thresholds: dict[Key, tuple[str, float]]
) -> Whole:
    """Measured values as good and bad seconds."""
    if key not in thresholds:
        raise ReadError(
            f"{key[0]} {key[1]} is a measured value, and nothing says when it is good",
            file=names[entries[0][0]],
            fix='say unit = "value", threshold = 0.3, op = "lte" in sources.toml, or write an SLO '
            "with a thresholdMetric for it",
        )
    op, threshold = thresholds[key]
    return [
        (number, frame.assign(good=counts.above(frame["good"].to_numpy(), op, threshold)
                              * frame["total"].to_numpy()), at)
        for number, _, frame, at in entries
    ]  # fmt: skip


def _paired(
    key: Key, entries: list[Half], results: Sequence[Result], names: Sequence[str],
    found: list[pd.DataFrame], missing: dict[str, int], known: dict[Key, Series],
) -> Whole:  # fmt: skip
    """Good (or bad) of some files beside the total of others, time by time."""
    have = [entry.part for _, entry, _, _ in entries]
    kinds = [kind for kind in ("good", "bad", "total") if kind in have]
    if len(kinds) < 2:
        other = "good" if kinds == ["total"] else "total"
        raise ReadError(
            f"{key[0]} {key[1]}: this file gives only {kinds[0]}, and no other file gives {other}",
            file=names[entries[0][0]],
            fix=f"add the file with {other}, or map it under the same service and sli",
        )
    left, right = kinds[0], kinds[-1] if "total" in kinds else kinds[1]
    sides = {
        kind: _side(kind, [half for half in entries if half[1].part == kind], results, names, found)
        for kind in (left, right)
    }
    first, second = sides[left], sides[right]
    both = pd.merge(first, second[["time", right]], on="time", how="inner")
    zero = [
        kind for kind in (left, right)
        if kind != "total" and all(e.absent_is_zero for _, e, _, _ in entries if e.part == kind)
    ]  # fmt: skip
    if zero:
        both, note = _filled(first, second, zero)
        known[key] = replace(known[key], note="; ".join(filter(None, (known[key].note, note))))
    for kind in (left, right):
        lost = ~sides[kind]["time"].isin(both["time"])
        for number in sides[kind].loc[lost, "_file"]:
            missing[names[number]] = missing.get(names[number], 0) + 1
    work = both[["time", "service", "sli", left, right]]
    built = counts.build(work, counts.Rule("count", file=names[entries[0][0]]))
    rows = np.arange(len(work)) if built.rows is None else built.rows
    _refused(built.refused, both, results, names, found)
    kept = both.iloc[rows].reset_index(drop=True)
    whole = []
    for number in sorted(set(kept["_file"].tolist())):
        at = np.flatnonzero(kept["_file"] == number)
        part = built.sli.iloc[at].reset_index(drop=True)
        whole.append((int(number), part, kept["_row"].to_numpy()[at]))
    return whole


def _filled(
    first: pd.DataFrame, second: pd.DataFrame, zero: Sequence[str]
) -> tuple[pd.DataFrame, str | None]:
    """Both sides where one of them has a value; the kinds that say so are zero without one."""
    both = first.merge(second, on="time", how="outer", suffixes=("", "_other"), sort=True)
    lost = {kind: both[kind].isna() for kind in zero}
    both = both.fillna(dict.fromkeys(zero, 0.0))
    for name in ("_file", "_row"):
        both[name] = both[name].fillna(both[f"{name}_other"]).astype("int64")
    for name in ("service", "sli"):
        both[name] = pd.Categorical([str(first[name].iloc[0])] * len(both))
    kinds = [name for name in counts.ROLES if name in both]
    kept = both[kinds].notna().all(axis=1)
    said = [f"{int((gone & kept).sum())} buckets without a value of {kind} count as zero"
            for kind, gone in lost.items() if (gone & kept).any()]  # fmt: skip
    frame = both.loc[kept, ["time", "service", "sli", *kinds, "_file", "_row"]]
    return frame.reset_index(drop=True), "; ".join(said) or None


def _side(
    kind: str, halves: list[Half], results: Sequence[Result], names: Sequence[str],
    found: list[pd.DataFrame],
) -> pd.DataFrame:  # fmt: skip
    """One part from all files that give it, each time once."""
    origins = [_moved(results[number], at) for number, _, _, at in halves]
    lines = joining.Lines(origins, [names[number] for number, _, _, _ in halves])
    pool = joining.without_duplicates(joining.pooled([half[2] for half in halves]), lines)
    found.extend(lines.found)
    rows = np.arange(len(pool.frame))
    files, local = pool.file_of(rows), pool.row_of(rows)
    numbers = np.array([number for number, _, _, _ in halves])
    frame = pool.frame.drop(columns=["good", "total"]).copy()
    frame[kind] = pool.frame["total" if kind == "total" else "good"]
    frame["_file"] = numbers[files]
    frame["_row"] = [int(halves[f][3][r]) for f, r in zip(files, local, strict=True)]
    return frame


def _refused(
    refused: pd.DataFrame, both: pd.DataFrame, results: Sequence[Result], names: Sequence[str],
    found: list[pd.DataFrame],
) -> None:  # fmt: skip
    for _, row in refused.iterrows():
        origin = both.iloc[int(row["row"])]
        asked = results[int(origin["_file"])].lines
        line = asked(np.array([origin["_row"]])) if asked else [0]
        name = names[int(origin["_file"])]
        found.append(rejects(name, line, row["column"], row["value"], row["reason"]))


def described(frame: pd.DataFrame, indicators: Indicators) -> pd.DataFrame:
    """Table ``series``: one row per service and indicator."""
    rows = []
    for key, (start, stop) in joining.spans(frame).items():
        grid, known = indicators.grids[key], indicators.series.get(key, Series(*key))
        first, last = frame["time"].iloc[start], frame["time"].iloc[stop - 1]
        span = (last - first) // pd.Timedelta(grid.step, "us") + 1
        notes = [note for note in (known.note, grid.note) if note]
        rows.append(
            {
                "service": key[0],
                "sli": key[1],
                "step_seconds": grid.step / 1e6,
                "weighting": known.weighting,
                "unit": "seconds" if known.weighting == "time" else "events",
                "first": first,
                "last": last,
                "buckets": stop - start,
                "coverage": (stop - start) / span,
                "note": "; ".join(notes) or None,
            }
        )
    if not rows:
        return tables.empty("series")
    return tables.conform(pd.DataFrame(rows), "series")
