"""The regular grid of buckets a fleet lives on, and its random streams."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.errors import ParameterError

WEEK = 7 * 1440.0


@dataclass(frozen=True)
class Grid:
    """Buckets from `start` on; everything inside the simulator is minutes since `start`.

    Parameters
    ----------
    start : Timestamp
        Start of the first bucket, midnight UTC.
    size : int
        Number of buckets.
    minutes : float
        Length of a bucket [min].
    """

    start: pd.Timestamp
    size: int
    minutes: float

    @classmethod
    def over(cls, start: str | pd.Timestamp, *, weeks: float, step: str | pd.Timedelta) -> Grid:
        """The grid of so many weeks at this step.

        Parameters
        ----------
        start : str or Timestamp
            Midnight at which it begins; UTC when it carries no zone.
        weeks : float
            Length [weeks].
        step : str or Timedelta
            Length of a bucket; must divide a day.

        Returns
        -------
        Grid

        Raises
        ------
        ParameterError
            Start is not midnight UTC, the step does not divide a day, or nothing is left.

        Examples
        --------
        >>> Grid.over("2026-03-30", weeks=1, step="1h").size
        168
        """
        at = pd.Timestamp(start)
        at = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
        minutes = pd.Timedelta(step) / pd.Timedelta(minutes=1)
        if at != at.floor("D") or minutes <= 0 or 1440 % minutes or weeks * WEEK < minutes:
            raise ParameterError(
                "start must be a midnight in UTC, step must divide a day and weeks hold a step; "
                f"got start={start!s}, step={step!s}, weeks={weeks!r}."
            )
        return cls(at.as_unit("us"), int(weeks * WEEK // minutes), float(minutes))

    @property
    def span(self) -> float:
        """Length of the grid [min]."""
        return self.size * self.minutes

    @property
    def weeks(self) -> float:
        """Length of the grid [weeks]."""
        return self.span / WEEK

    @cached_property
    def index(self) -> pd.DatetimeIndex:
        """Starts of the buckets, UTC."""
        return pd.date_range(
            self.start, periods=self.size, freq=pd.Timedelta(minutes=self.minutes), unit="us",
            name="time",
        )  # fmt: skip

    @cached_property
    def middles(self) -> np.ndarray:
        """Middle of each bucket [min since the Monday before `start`]."""
        return self.start.weekday() * 1440.0 + (np.arange(self.size) + 0.5) * self.minutes

    def at(self, minutes: float) -> pd.Timestamp:
        """The time so many minutes after `start`, to the second; NaT for NaN.

        Parameters
        ----------
        minutes : float
            Minutes since `start` [min].

        Returns
        -------
        Timestamp
        """
        if np.isnan(minutes):
            return pd.NaT  # type: ignore[return-value]
        return self.start + pd.Timedelta(seconds=round(minutes * 60))

    def times(self, minutes: list[float] | np.ndarray) -> pd.Series:
        """Times so many minutes after `start`, to the second; NaT for NaN.

        Parameters
        ----------
        minutes : list or array of float
            Minutes since `start` [min].

        Returns
        -------
        Series of datetime64[us, UTC]
        """
        seconds = np.round(np.asarray(minutes, dtype=float) * 60)
        whole = np.where(np.isnan(seconds), 0, seconds).astype("int64")
        stamps = self.start.tz_localize(None).to_datetime64() + whole * np.timedelta64(1, "s")
        stamps = stamps.astype("datetime64[us]")
        stamps[np.isnan(seconds)] = np.datetime64("NaT")
        return pd.Series(stamps).dt.tz_localize("UTC")

    def cover(self, begin: float, end: float) -> tuple[slice, np.ndarray]:
        """The buckets a span touches and the share of each that it covers.

        Parameters
        ----------
        begin, end : float
            The span [min since `start`]; parts outside the grid are cut off.

        Returns
        -------
        slice
            The buckets.
        array of float
            Share of each bucket inside the span [fraction].

        Examples
        --------
        >>> Grid.over("2026-03-30", weeks=1, step="1h").cover(30, 90)
        (slice(0, 2, None), array([0.5, 0.5]))
        """
        first = max(int(begin // self.minutes), 0)
        last = min(int(np.ceil(end / self.minutes)), self.size)
        starts = np.arange(first, max(last, first)) * self.minutes
        share = np.minimum(starts + self.minutes, end) - np.maximum(starts, begin)
        return slice(first, max(last, first)), np.clip(share / self.minutes, 0.0, 1.0)


def stream(seed: int, *keys: str) -> np.random.Generator:
    """The random numbers of one purpose, independent of all others."""
    words = [seed, *(zlib.crc32(key.encode()) for key in keys)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
