"""The series in a table of counts: their numbers, names and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Meaning:
    """Unit of the numbers, what shows it, and of what number the shares of the total are parts."""

    unit: str
    evidence: str
    shares_of_total: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SeriesInfo:
    """What is known of one service level indicator a file holds."""

    service: str
    sli: str
    weighting: str = "events"
    step_seconds: float | None = None
    note: str | None = None
    part: str | None = None
    shown_seconds: float | None = None
    absent_is_zero: bool = False
    meaning: Meaning | None = None
    timezone: str = "UTC"


def series_codes(frame: pd.DataFrame) -> np.ndarray:
    """Number of the series of each row, in order of service and sli."""
    service, sli = frame["service"].cat, frame["sli"].cat
    width = len(sli.categories)
    size = "int16" if width * len(service.categories) < 2**15 else "int64"
    combined = service.codes.to_numpy().astype(size)
    if width > 1:
        combined = combined * np.array(width, dtype=size) + sli.codes.to_numpy().astype(size)
    return combined


def rows_of_series(codes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each series and its rows, in their order."""
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    for rows in np.split(order, cuts) if len(codes) else ():
        yield int(codes[rows[0]]), rows


def codes_used(codes: np.ndarray, size: int) -> np.ndarray:
    """Codes that occur, of so many; a sample of the rows mostly holds every one of them."""
    counted = np.bincount(codes[:: len(codes) // 100_000 | 1], minlength=size)
    if not counted.all():
        counted = np.bincount(codes, minlength=size)
    return np.flatnonzero(counted)


def names_of(frame: pd.DataFrame) -> dict[int, tuple[str, str]]:
    """The indicators in a table by their code, sorted by name."""
    services, names = (frame[name].cat.categories.tolist() for name in ("service", "sli"))
    width = len(names)
    found = {
        code: (str(services[code // width]), str(names[code % width]))
        for code in codes_used(series_codes(frame), width * len(services)).tolist()
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def ticks(times: pd.Series) -> np.ndarray:
    """Times since 1970 [us]."""
    array: Any = times.array
    return (array if array.unit == "us" else array.as_unit("us")).asi8


def ends(times: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last of times; NaT where there is none."""
    at = ticks(times)
    if not len(at) or pd.isna(first := times.iloc[int(at.argmin())]):
        return times.min(), times.max()
    return first, times.iloc[int(at.argmax())]


def times_of(ticks: np.ndarray) -> pd.Series:
    """Times from their ticks since 1970 [us]."""
    return pd.Series(ticks.view("datetime64[us]")).dt.tz_localize("UTC")


def usual_step(times: np.ndarray) -> int | None:
    """The most common difference between neighbouring times [us]; None where there is none."""
    if len(times) < 2:
        return None
    lengths = times[1:] - times[:-1]
    if 2 * np.count_nonzero(lengths == lengths[0]) > len(lengths):
        return int(lengths[0])
    different, often = np.unique(lengths, return_counts=True)
    return int(different[np.argmax(often)])
