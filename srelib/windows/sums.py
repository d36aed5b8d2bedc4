"""Counts: checked, summed over windows, divided. The one place where a ratio is divided."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numpy as np
import pandas as pd

from srelib.errors import CountError, ParameterError, TimeIndexError
from srelib.windows.window import Window, _as_window, _check_index, _spelled

if TYPE_CHECKING:
    from srelib.windows.weighted import _WeightedPrefix

_Sums: TypeAlias = "_Prefix | _WeightedPrefix"
Counts = TypeVar("Counts", pd.Series, np.ndarray)

NO_SUMS = (
    "the weighted mean of several members exists over a window, not bucket by bucket, so it has no "
    "burn rate and no events that could be added up. Ask each member, or make the composite one of "
    "'all events' or 'worst member'."
)


def _divide(good: Counts, total: Any) -> Counts:
    """good / total, element by element or by one number; NaN where total is 0 or unknown."""
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(bottom == 0, np.nan, top / bottom)
    found = pd.Series(result, index=good.index) if isinstance(good, pd.Series) else result
    return cast(Counts, found)


def _ratio(good: Any, total: Any) -> float:
    """Share of good events: sum of good / sum of total."""
    sums = _totals(good, total)
    return float(sums[0] / sums[1]) if sums[1] else float("nan")


def _totals(good: Any, total: Any) -> tuple[float, float]:
    """Sums of good and total over the buckets where both are known."""
    top, bottom = np.asarray(good, dtype="float64"), np.asarray(total, dtype="float64")
    known = ~(np.isnan(top) | np.isnan(bottom))
    return float(top.sum(where=known)), float(bottom.sum(where=known))


def _check_counts(good: pd.Series, total: pd.Series) -> None:
    """Refuse counts that cannot be."""
    if isinstance(good, pd.DataFrame):
        raise ParameterError(NO_SUMS)
    if good.index is not total.index and not good.index.equals(total.index):
        raise TimeIndexError(
            f"good and total must share one index; got {len(good)} and {len(total)} rows."
        )
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    for wrong, what in (
        (top > bottom, "good must not exceed total"),
        ((top < 0) | (bottom < 0), "counts must not be negative"),
        (np.isinf(top) | np.isinf(bottom), "counts must be finite"),
    ):
        if wrong.any():
            i = int(np.argmax(wrong))
            raise CountError(f"{what}; got good={top[i]}, total={bottom[i]} at {good.index[i]}.")


def _checked(good: pd.Series, total: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Good and total as arrays of floats, refused when they cannot be counts."""
    _check_counts(good, total)
    return _paired(good, total)


def _checked_step(good: pd.Series, total: pd.Series) -> pd.Timedelta | None:
    """Step of the regular index that good counts and their totals share."""
    _check_counts(good, total)
    return _check_index(good.index)


def _paired(good: pd.Series, total: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both as float arrays, unknown in both where unknown in one."""
    top, bottom = good.to_numpy(dtype="float64"), total.to_numpy(dtype="float64")
    unknown = np.isnan(top) != np.isnan(bottom)
    if not unknown.any():
        return top, bottom
    return np.where(unknown, np.nan, top), np.where(unknown, np.nan, bottom)


_PIECE = 32_768
"""Buckets worked on at a time: few enough for the cache, enough to be worth a call."""
_MANY = 100_000
"""Buckets of a series from which on every core is used, up to `_MOST_CORES`."""
_MOST_CORES = 8


@dataclass(frozen=True)
class _Prefix:
    """Prefix sums of counts, computed once and used for any number of windows."""

    sums: np.ndarray
    seen: np.ndarray | None
    exponent: np.ndarray | None = None

    def window(self, width: int) -> np.ndarray:
        """Sum over the last `width` buckets, at every bucket."""
        sums = _trailing(self.sums, width)
        if self.seen is not None:
            sums[_trailing(self.seen, width) == 0] = np.nan
        return sums

    def between(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Sum over the buckets from `start` to `stop`; NaN where none of them is known."""
        known = self.known_before
        return np.where(known[stop] > known[start], self.sums[stop] - self.sums[start], np.nan)

    @property
    def known_before(self) -> np.ndarray:
        """Number of known buckets before each position."""
        return np.arange(self.sums.shape[-1]) if self.seen is None else self.seen


def _prefix_pair(part: np.ndarray, whole: np.ndarray) -> tuple[_Prefix, _Prefix]:
    """Prefix sums of counts and of those they are a part of, at once."""
    part, whole = (np.asarray(counts, dtype="float64") for counts in (part, whole))
    above, below = _cumulated(part, whole)
    bottom = _prefix(whole, *below, None)
    return _prefix(part, *above, bottom.exponent), bottom


def _prefix(
    counts: np.ndarray, sums: np.ndarray, are_whole: bool, exponent: np.ndarray | None
) -> _Prefix:
    """Prefix sums from running sums that unknown counts or fractions may have spoiled."""
    seen = None
    if np.isnan(sums[..., -1]).any():
        unknown = np.isnan(counts)
        seen = np.zeros(sums.shape, dtype="int64")
        np.cumsum(~unknown, axis=-1, out=seen[..., 1:])
        counts = np.where(unknown, 0.0, counts)
        sums, are_whole = _cumulated(counts)[0]
    if are_whole:
        return _Prefix(sums, seen)
    if exponent is None:
        exponent = np.frexp(np.abs(counts).sum(axis=-1, keepdims=True))[1] - 52
    rounded = np.ldexp(np.rint(np.ldexp(counts, -exponent)), exponent)
    np.cumsum(rounded, axis=-1, out=sums[..., 1:])
    return _Prefix(sums, seen, exponent)


def _cumulated(*arrays: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """Running sums of counts from 0 on, and whether every count is a whole number."""
    n = arrays[0].shape[-1]
    sums = [np.empty((*counts.shape[:-1], n + 1)) for counts in arrays]
    out = [row for each in sums for row in each.reshape(-1, n + 1)]
    rows = [row for each in arrays for row in (each.reshape(-1, n) if n else each[None])]
    edges = _edges(n, parts=-(-_cores() // max(len(out), 1)))

    def add(row: int, start: int, stop: int) -> bool:
        out[row][0] = 0.0
        np.cumsum(rows[row][start:stop], out=out[row][start + 1 : stop + 1])
        return _are_whole(rows[row][start:stop])

    def lift(row: int, start: int, stop: int) -> None:
        if start:
            out[row][start + 1 : stop + 1] += lifts[row][edges.index(start) - 1]

    found = _side_by_side(add, edges, series=len(out))
    if len(edges) > 2:
        lifts = [np.cumsum(row[edges[1:-1]]) for row in out]
        _side_by_side(lift, edges, series=len(out))
    many = len(found) // len(arrays)
    return [
        (each, all(found[number * many : (number + 1) * many])) for number, each in enumerate(sums)
    ]


def _are_whole(counts: np.ndarray) -> bool:
    """Whether every count is a whole number, looked at in pieces that stay in the cache."""
    rounded, same = np.empty(_PIECE), np.empty(_PIECE, dtype=bool)
    for start in range(0, len(counts), _PIECE):
        piece = counts[start : start + _PIECE]
        np.rint(piece, out=rounded[: len(piece)])
        np.equal(rounded[: len(piece)], piece, out=same[: len(piece)])
        if not same[: len(piece)].all():
            return False
    return True


def _trailing(sums: np.ndarray, width: int) -> np.ndarray:
    """Differences of prefix sums over `width` buckets, fewer at the start."""
    result = np.empty(sums[..., 1:].shape, dtype=sums.dtype)
    result[..., :width] = sums[..., 1 : width + 1]
    np.subtract(sums[..., width + 1 :], sums[..., 1:-width], out=result[..., width:])
    return result


def _ratios(part: _Sums, whole: _Sums, *, widths: Sequence[int]) -> np.ndarray:
    """Part / whole over several windows and many series at once."""
    n = whole.sums.shape[-1] - 1
    out = np.empty((len(widths), *whole.sums.shape[:-1], n))
    tops, bottoms = (each.sums.reshape(-1, n + 1) for each in (part, whole))
    rows = out.reshape(len(widths), len(tops), n).swapaxes(0, 1)

    def work(row: int, start: int, stop: int) -> None:
        spare = np.empty((2, _PIECE))
        with np.errstate(divide="ignore", invalid="ignore"):
            for first in range(start, stop, _PIECE):
                last = min(first + _PIECE, stop)
                for width, into in zip(widths, rows[row], strict=True):
                    _piece(tops[row], bottoms[row], width, first, last, into, spare)

    edges = _edges(n, parts=-(-2 * _cores() // max(len(rows), 1)))
    _side_by_side(work, edges, series=len(rows))
    return out


def _cores() -> int:
    return min(os.cpu_count() or 1, _MOST_CORES)


def _edges(buckets: int, *, parts: int) -> list[int]:
    """Where a series is cut for several cores to work on it; a short one is left whole."""
    parts = parts if buckets >= _MANY else 1
    return [buckets * part // parts for part in range(parts + 1)]


def _side_by_side(
    work: Callable[[int, int, int], Any], edges: Sequence[int], *, series: int
) -> list[Any]:
    """Work on every stretch of every series, on every core where the series are long."""
    stretches = [(row, *span) for row in range(series) for span in itertools.pairwise(edges)]
    if edges[-1] < _MANY or len(stretches) < 2 or _cores() < 2:
        return [work(*stretch) for stretch in stretches]
    return list(_threads().map(lambda stretch: work(*stretch), stretches))


@functools.cache
def _threads() -> ThreadPoolExecutor:
    """Threads that stay, since starting them takes as long as a year of minutes."""
    return ThreadPoolExecutor(_cores(), thread_name_prefix="srelib-windows")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # threads do not survive a fork


def _piece(
    top: np.ndarray, bottom: np.ndarray, width: int, start: int, stop: int,
    into: np.ndarray, spare: np.ndarray,
) -> None:  # fmt: skip
    """Ratios of the buckets from start to stop, written into `into`."""
    full = min(max(width, start), stop)
    if start < full:
        np.divide(top[start + 1 : full + 1], bottom[start + 1 : full + 1], out=into[start:full])
    if full < stop:
        ends, begins = slice(full + 1, stop + 1), slice(full + 1 - width, stop + 1 - width)
        above, below = spare[:, : stop - full]
        np.subtract(bottom[ends], bottom[begins], out=below)
        np.subtract(top[ends], top[begins], out=above)
        np.divide(above, below, out=into[full:stop])


def _sums_between(good: pd.Series, total: pd.Series, edges: np.ndarray) -> pd.DataFrame:
    """Sums over the buckets from one edge to the next."""
    part, whole = _prefix_pair(*_paired(good, total))
    starts, stops = edges[:-1], edges[1:]
    return pd.DataFrame({
        "good": part.between(starts, stops), "total": whole.between(starts, stops),
        "known": np.diff(whole.known_before[edges]),
    })  # fmt: skip


def _block_sums(good: pd.Series, total: pd.Series, length: pd.Timedelta) -> pd.DataFrame:
    """Sums over blocks of one length that start at multiples of it since 1970."""
    times = pd.DatetimeIndex(good.index).tz_convert("UTC").as_unit("us")
    size = length // pd.Timedelta(1, "us")
    number = times.asi8 // size
    blocks = np.arange(number[0], number[-1] + 2) if len(number) else np.arange(1)
    starts = pd.DatetimeIndex((blocks[:-1] * size).view("M8[us]"), name="time").tz_localize("UTC")
    return _sums_between(good, total, np.searchsorted(number, blocks)).set_index(starts)


def _buckets(window: Window | pd.Timedelta | str, *, step: pd.Timedelta | None) -> int:
    """Number of buckets whose start lies in ``(t - W, t]``."""
    window = _as_window(window)
    if window.duration is None:
        raise ParameterError(f"window must be rolling, such as 28d; got {window}.")
    if step is None:
        return 1
    if window.duration < step:
        raise ParameterError(
            f"window must be at least one bucket of {_spelled(step)}; got {window}. "
            f"Use a longer window, or export finer data."
        )
    return -int(-window.duration.as_unit("ns") // step.as_unit("ns"))


def rolling_ratio(
    good: pd.Series, total: pd.Series, *, window: Window | pd.Timedelta | str
) -> pd.Series:
    """Share of good events over ``(t - W, t]`` at every bucket t.

    Parameters
    ----------
    good, total : Series, counts per bucket [events] on one regular tz-aware index; a bucket where
        either is NaN is unknown and left out
    window : Window, Timedelta or str, a rolling window, at least one bucket long

    Returns
    -------
    Series
        Fractions 0 to 1; NaN where the window holds no traffic or nothing known.

    Raises
    ------
    CountError, TimeIndexError, ParameterError
        Counts that cannot be; indexes that differ or are not regular; another window.

    Examples
    --------
    >>> minutes = pd.date_range("2026-01-01", periods=3, freq="min", tz="UTC")
    >>> good, total = pd.Series([9.0, 0, 0], minutes), pd.Series([10.0, 0, 5], minutes)
    >>> rolling_ratio(good, total, window="2m").round(3).tolist()
    [0.9, 0.9, 0.0]
    """
    width = _buckets(window, step=_checked_step(good, total))
    part, whole = _prefix_pair(*_paired(good, total))
    return pd.Series(_ratios(part, whole, widths=[width])[0], index=good.index)
