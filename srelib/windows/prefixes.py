"""Prefix sums on plain arrays: the core every window stands on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

_PIECE = 8192
_MANY = 100_000
"""Buckets of a series from which on several series are worked on at once."""


@dataclass(frozen=True)
class Prefix:
    """Prefix sums of counts, computed once and used for any number of windows.

    Parameters
    ----------
    sums : array, shape (..., n + 1)
        Sum of everything before each bucket; time runs along the last axis [events].
    seen : array, shape (..., n + 1), optional
        The same for the number of known buckets; None where all are known.
    exponent : array, shape (..., 1), optional
        Fractional counts were rounded to multiples of ``2 ** exponent``; None for whole numbers.

    Examples
    --------
    >>> prefix(np.array([1.0, 2.0, 3.0])).window(2)
    array([1., 3., 5.])
    """

    sums: np.ndarray
    seen: np.ndarray | None
    exponent: np.ndarray | None = None

    def window(self, width: int, out: np.ndarray | None = None) -> np.ndarray:
        """Sum over the last `width` buckets, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.
        out : array, shape (..., n), optional
            Where to write the result, to spare the allocation.

        Returns
        -------
        array, shape (..., n)
            Sums [events]; NaN where no bucket in the window is known.
        """
        sums = _trailing(self.sums, width, out)
        if self.seen is not None:
            sums[_trailing(self.seen, width) == 0] = np.nan
        return sums

    def known(self, width: int) -> np.ndarray:
        """Number of known buckets among the last `width`, at every bucket.

        Parameters
        ----------
        width : int
            Buckets in the window.

        Returns
        -------
        array, shape (..., n)
        """
        seen = np.arange(self.sums.shape[-1]) if self.seen is None else self.seen
        return np.broadcast_to(_trailing(seen, width), self.sums[..., 1:].shape)


def prefix(counts: np.ndarray, *, exponent: np.ndarray | None = None) -> Prefix:
    """Prefix sums along the last axis; NaN counts as unknown.

    Parameters
    ----------
    counts : array, shape (..., n)
        Counts per bucket [events], one series per row.
    exponent : array, shape (..., 1), optional
        `Prefix.exponent` of the totals these counts are a part of, so that a part rounds to no
        more than its total.

    Returns
    -------
    Prefix

    Notes
    -----
    Whole numbers are exact while their sum stays below 2**53.
    Others are rounded once, each to a multiple of one power of two that leaves the sum 52
    significant bits, and are exact from there on.

    Examples
    --------
    >>> prefix(np.array([1.0, np.nan])).known(1).tolist()
    [1, 0]
    """
    counts = np.asarray(counts, dtype="float64")
    sums = np.empty((*counts.shape[:-1], counts.shape[-1] + 1))
    sums[..., 0] = 0.0
    np.cumsum(counts, axis=-1, out=sums[..., 1:])
    seen = None
    if np.isnan(sums[..., -1]).any():
        unknown = np.isnan(counts)
        seen = np.zeros(sums.shape, dtype="int64")
        np.cumsum(~unknown, axis=-1, out=seen[..., 1:])
        counts = np.where(unknown, 0.0, counts)
        np.cumsum(counts, axis=-1, out=sums[..., 1:])
    if all(bool((np.rint(row) == row).all()) for row in sums.reshape(-1, sums.shape[-1])):
        return Prefix(sums, seen)
    if exponent is None:
        exponent = np.frexp(np.abs(counts).sum(axis=-1, keepdims=True))[1] - 52
    rounded = np.ldexp(np.rint(np.ldexp(counts, -exponent)), exponent)
    np.cumsum(rounded, axis=-1, out=sums[..., 1:])
    return Prefix(sums, seen, exponent)


def _trailing(sums: np.ndarray, width: int, out: np.ndarray | None = None) -> np.ndarray:
    """Differences of prefix sums over `width` buckets, fewer at the start."""
    result = np.empty(sums[..., 1:].shape, dtype=sums.dtype) if out is None else out
    result[..., :width] = sums[..., 1 : width + 1]
    np.subtract(sums[..., width + 1 :], sums[..., 1:-width], out=result[..., width:])
    return result


def ratios(
    part: Prefix, whole: Prefix, *, widths: Sequence[int], out: np.ndarray | None = None
) -> np.ndarray:
    """Part / whole over several windows and many series at once.

    Parameters
    ----------
    part, whole : Prefix, of one shape (..., n + 1)
        Prefix sums of counts with part <= whole in every bucket [events].
    widths : list of int
        Buckets in each window.
    out : array, shape (len(widths), ..., n), optional
        Where to write the result, to spare the allocation.

    Returns
    -------
    array, shape (len(widths), ..., n)
        Fractions; NaN where the whole is 0 or nothing is known.

    Notes
    -----
    Works through time in pieces that stay in the processor's cache while all windows use them,
    which makes it as fast as the bare subtractions over whole arrays.
    Long series are worked on side by side, on every core.

    Examples
    --------
    >>> bad, total = prefix(np.array([1.0, 0.0, 0.0])), prefix(np.array([2.0, 2.0, 0.0]))
    >>> ratios(bad, total, widths=[1, 2])
    array([[0.5 , 0.  ,  nan],
           [0.5 , 0.25, 0.  ]])
    """
    n = whole.sums.shape[-1] - 1
    if out is None:
        out = np.empty((len(widths), *whole.sums.shape[:-1], n))
    rows = zip(
        part.sums.reshape(-1, n + 1),
        whole.sums.reshape(-1, n + 1),
        out.reshape(len(widths), -1, n).swapaxes(0, 1),
        strict=True,
    )
    _side_by_side(lambda row: _row(row[0], row[1], row[2], widths), rows, buckets=n)
    return out


def _side_by_side(work: Callable[[Any], None], rows: Iterable[Any], *, buckets: int) -> None:
    """Work on every row, on every core where rows are long; NumPy lets go of the interpreter."""
    waiting = list(rows)
    cores = min(os.cpu_count() or 1, len(waiting)) if buckets >= _MANY else 1
    if cores < 2:
        for row in waiting:
            work(row)
        return
    with ThreadPoolExecutor(cores) as pool:
        for _ in pool.map(work, waiting):
            pass


def _row(top: np.ndarray, bottom: np.ndarray, out: np.ndarray, widths: Sequence[int]) -> None:
    """Ratios of one series over every window."""
    spare = np.empty(_PIECE)
    n = out.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, n, _PIECE):
            stop = min(start + _PIECE, n)
            for width, into in zip(widths, out, strict=True):
                _piece(top, bottom, width, start, stop, into, spare)


def _piece(
    top: np.ndarray, bottom: np.ndarray, width: int, start: int, stop: int,
    into: np.ndarray, spare: np.ndarray,
) -> None:  # fmt: skip
    """Ratios of the buckets from start to stop, written into `into`."""
    full = min(max(width, start), stop)
    np.divide(top[start + 1 : full + 1], bottom[start + 1 : full + 1], out=into[start:full])
    if full < stop:
        ends, begins = slice(full + 1, stop + 1), slice(full + 1 - width, stop + 1 - width)
        below, here = spare[: stop - full], into[full:stop]
        np.subtract(bottom[ends], bottom[begins], out=below)
        np.subtract(top[ends], top[begins], out=here)
        np.divide(here, below, out=here)
