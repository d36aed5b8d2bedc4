"""Times of buckets: tz-aware, increasing, regular."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from srelib import tables
from srelib.errors import ParameterError, TimeIndexError
from srelib.wording import day, roughly

_PERIOD_STEPS = (
    (pd.Timedelta("23h"), pd.Timedelta("25h"), pd.Timedelta("1D")),
    (pd.Timedelta("28D"), pd.Timedelta("31D"), pd.Timedelta("365.25D") / 12),
)
"""Shortest, longest and nominal length of local days over a change of clocks, and of months."""


def _calendar_step(times: pd.DatetimeIndex) -> pd.Timedelta | None:
    """Nominal length of calendar days or months, which are not all of one length."""
    steps = times[1:] - times[:-1]
    for shortest, longest, nominal in _PERIOD_STEPS:
        if len(steps) and shortest <= steps.min() < steps.max() <= longest:
            return nominal
    return None


def _check_index(index: pd.Index) -> pd.Timedelta | None:
    """Step of a regular index, or an error that names the first offence."""
    times = _aware(index)
    if len(times) < 2:
        return None
    ticks = times.asi8
    steps = np.diff(ticks)
    first = steps[0]
    if first > 0 and bool((steps == first).all()):
        return times[1] - times[0]
    calendar = _calendar_step(times)
    return _irregular(times, steps) if calendar is None else calendar


def _irregular(times: pd.DatetimeIndex, steps: np.ndarray) -> NoReturn:
    """Say what is the first thing wrong with these times."""
    if (steps <= 0).any():
        i = int(np.flatnonzero(steps <= 0)[0])
        what = "appears twice" if steps[i] == 0 else f"is followed by {times[i + 1]}"
        raise TimeIndexError(f"times must increase; {times[i]} {what}. Sort and deduplicate first.")
    usual = step_of(times)
    i = int(np.flatnonzero((times[1:] - times[:-1]) != usual)[0])
    raise TimeIndexError(
        f"times must be {usual} apart; {times[i]} is followed by {times[i + 1]}. "
        f"Put the counts on a full grid, missing buckets as NaN."
    )


def _aware(index: pd.Index) -> pd.DatetimeIndex:
    """The index, if it holds tz-aware times and nothing else."""
    if not isinstance(index, pd.DatetimeIndex):
        raise TimeIndexError(f"the index must hold times; got {index.dtype}.")
    if index.tz is None:
        raise TimeIndexError("the index must be tz-aware; localize it, then convert it to UTC.")
    if index.hasnans:
        raise TimeIndexError("the index holds NaT; drop these rows.")
    return index


def _utc(time: pd.Timestamp, name: str) -> pd.Timestamp:
    """A tz-aware time in UTC, in microseconds."""
    time = pd.Timestamp(time)
    if time.tz is None:
        raise TimeIndexError(f"{name} must be tz-aware; got {time}.")
    return time.tz_convert("UTC").as_unit("us")


def step_of(index: pd.DatetimeIndex) -> pd.Timedelta:
    """Length of a bucket: the most common difference between times; the shortest of equals.

    Not the first difference: one early gap must not rescale the series.
    """
    times = _aware(index).unique().sort_values()
    if len(times) < 2:
        raise TimeIndexError(f"a step needs two different times; got {len(times)}. State the step.")
    calendar = _calendar_step(times)
    if calendar is not None:
        return calendar.as_unit("us")
    differences, often = np.unique(np.diff(times.asi8), return_counts=True)
    usual = differences[np.argmax(often)]
    odd = int(often[differences % usual != 0].sum())
    if odd * 10 > often.sum():
        raise TimeIndexError(
            f"times are irregular: {odd} of {often.sum()} differences are no multiple of the most "
            f"common one, {pd.Timedelta(usual, times.unit)}. State the step, or split the series."
        )
    return pd.Timedelta(usual, times.unit).as_unit("us")


def _regular_step(index: pd.Index) -> pd.Timedelta:
    """Step of a regular index of two buckets or more."""
    step = _check_index(index)
    return step_of(pd.DatetimeIndex(index)) if step is None else step


def _fixed_step(index: pd.Index) -> pd.Timedelta:
    """Step of an index whose buckets all have one length; days and months need not."""
    step = _regular_step(index)
    if _calendar_step(pd.DatetimeIndex(index)) is not None:
        raise TimeIndexError(
            "these counts are of calendar days or months, which are not all of one length; what "
            "asks about hours and minutes needs an export in shorter buckets."
        )
    return step


def _grid(frame: pd.DataFrame, *, step: pd.Timedelta) -> pd.DataFrame:
    """Good and total on the full regular index from the first to the last bucket."""
    tables.need(frame, "counts", "good", "total")
    times = pd.DatetimeIndex(frame["time"]) if "time" in frame.columns else frame.index
    times = _aware(times).tz_convert("UTC").as_unit("us")
    ticks, size = times.asi8, int(pd.Timedelta(step) / pd.Timedelta(1, "us"))
    if not len(ticks):
        return pd.DataFrame({"good": [], "total": []}, index=times.rename("time"), dtype="float64")
    place, off = np.divmod(ticks - ticks.min(), size)
    if off.any():
        raise TimeIndexError(
            f"{times[int(np.flatnonzero(off)[0])]} does not lie on the grid of {step} that starts "
            f"at {times.min()}."
        )
    if (np.diff(place) <= 0).any() and len(np.unique(place)) < len(place):
        twice = times[times.duplicated()][0]
        raise TimeIndexError(f"{twice} appears twice; deduplicate first.")
    full = pd.DatetimeIndex(
        (ticks.min() + size * np.arange(place.max() + 1)).view("M8[us]"), name="time"
    ).tz_localize("UTC")
    values = np.full((2, len(full)), np.nan)
    values[:, place] = frame[["good", "total"]].to_numpy(dtype="float64").T
    return pd.DataFrame({"good": values[0], "total": values[1]}, index=full)


_ROLLING = {
    "s": pd.Timedelta("1s"), "m": pd.Timedelta("1min"), "h": pd.Timedelta("1h"),
    "d": pd.Timedelta("1D"), "w": pd.Timedelta("7D"), "M": pd.Timedelta("30D"),
    "Q": pd.Timedelta("90D"), "Y": pd.Timedelta("365D"),
}  # fmt: skip
_CALENDAR = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
UNITS = tuple(_CALENDAR.values())
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MOST_UNITS = 1000


@dataclass(frozen=True)
class Window:
    """A span over which counts are summed: rolling, or fixed to the calendar (its wall clock).

    Parameters
    ----------
    duration : Timedelta, optional, length of a rolling window
    unit : {'day', 'week', 'month', 'quarter', 'year'}, optional, of a calendar window
    count : int, units in one calendar window
    timezone : str, IANA zone whose midnights a calendar window follows
    anchor : Timestamp, optional, start of one calendar window. By default days start at midnight,
        weeks on Monday, months on the 1st, quarters and years in January; several units are counted
        from 1970.

    Raises
    ------
    ParameterError
        Neither or both of duration and unit, an unknown zone, a length that is not positive.

    Examples
    --------
    >>> str(Window(pd.Timedelta("28D"))), str(Window(unit="month", timezone="Europe/Berlin"))
    ('28 days', 'calendar month (Europe/Berlin)')
    """

    duration: pd.Timedelta | None = None
    unit: str | None = None
    count: int = 1
    timezone: str = "UTC"
    anchor: pd.Timestamp | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a window."""
        if (self.duration is None) == (self.unit is None):
            raise ParameterError(
                f"a window has either a duration (rolling) or a unit (calendar); "
                f"got duration={self.duration!r}, unit={self.unit!r}."
            )
        if self.duration is not None and not self.duration > pd.Timedelta(0):
            raise ParameterError(f"duration must be positive; got {self.duration}.")
        if self.unit is not None:
            ParameterError.check_one_of(self.unit, "unit", UNITS)
        if not 1 <= self.count <= _MOST_UNITS:
            raise ParameterError(f"count must lie in 1 to {_MOST_UNITS}; got {self.count}.")
        _check_zone(self.timezone)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        timezone: str | None = None,
        rolling: bool = True,
        anchor: pd.Timestamp | str | None = None,
    ) -> Window:
        """Read a duration as OpenSLO, Prometheus, Sloth and Pyrra write it.

        Parameters
        ----------
        text : str, a number and s, m (minutes), h, d, w, M (months), Q or Y, for example ``28d``;
            several parts (``1d12h``) are added up. A rolling M, Q or Y has 30, 90 or 365 days.
        timezone, anchor : of a calendar window; an anchor without a zone is taken in `timezone`
        rolling : bool, False for a calendar window (d, w, M, Q, Y only)

        Raises
        ------
        ParameterError
            The text is no duration, or the unit does not fit.

        Examples
        --------
        >>> str(Window.parse("1Q", rolling=False))
        'calendar quarter (UTC)'
        """
        parts = re.findall(r"(\d+)\s*([smhdwMQY])", text)
        if not parts or not re.fullmatch(r"\s*(\d+\s*[smhdwMQY]\s*)+", text):
            raise ParameterError(
                f"a window is a number and one of s, m (minutes), h, d, w, M (months), Q, Y; "
                f"got {text!r}. For 28 days write 28d."
            )
        if rolling:
            try:
                length = sum((int(n) * _ROLLING[unit] for n, unit in parts), pd.Timedelta(0))
            except (OverflowError, ValueError):
                raise ParameterError(f"a window of {text[:40]!r} is too long.") from None
            return cls(length)
        n, unit = parts[0]
        if len(parts) > 1 or unit not in _CALENDAR:
            raise ParameterError(
                f"a calendar window counts d, w, M, Q or Y; got {text!r}. "
                f"For one calendar month write 1M."
            )
        start = None if anchor is None else pd.Timestamp(anchor)
        return cls(None, _CALENDAR[unit], int(n[:9]), timezone or "UTC", start)

    @property
    def is_rolling(self) -> bool:
        """Whether the window moves with time instead of following the calendar."""
        return self.duration is not None

    def __str__(self) -> str:
        """The window in words, such as ``28 days``."""
        if self.duration is not None:
            return _spelled(self.duration)
        many = f"{self.count} calendar {self.unit}s" if self.count > 1 else f"calendar {self.unit}"
        return f"{many} ({self.timezone})"

    def bounds_at(self, time: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Rolling: the span that ends at a time. Calendar: the period that holds it. UTC."""
        time = _utc(time, "time")
        if self.duration is not None:
            return time - self.duration, time
        edges = _edges_of(time, time + pd.Timedelta(1, "us"), self)
        return edges[0], edges[1]

    def length_at(self, time: pd.Timestamp) -> pd.Timedelta:
        """True length of the window at a time, changes of the clock included."""
        start, end = self.bounds_at(time)
        return end - start


def _spelled(duration: pd.Timedelta) -> str:
    """A duration in words, in the largest unit that fits it."""
    for name in ("day", "hour", "minute", "second"):
        n = duration / pd.Timedelta(1, name)  # type: ignore[arg-type]
        if n == int(n):
            return f"{int(n)} {name}" + ("" if n == 1 else "s")
    return str(duration)


def _as_window(window: Window | pd.Timedelta | str) -> Window:
    """A Window from a Window, a Timedelta or a text such as ``28d`` (rolling)."""
    if isinstance(window, Window):
        return window
    return Window.parse(window) if isinstance(window, str) else Window(pd.Timedelta(window))


def _edges_of(first: pd.Timestamp, last: pd.Timestamp, window: Window) -> pd.DatetimeIndex:
    """Boundaries of the periods that ``[first, last)`` touches."""
    if window.duration is not None:
        n = -int((first - last) // window.duration)
        back = pd.to_timedelta(np.arange(n, -1, -1) * window.duration.to_numpy())
        return (last - back).as_unit("us")
    edges = _local_edges(first, last, window)
    local = edges.tz_localize(
        window.timezone, ambiguous=np.ones(len(edges), dtype=bool), nonexistent="shift_forward"
    )
    utc = local.tz_convert("UTC").as_unit("us")
    start = utc.searchsorted(first, side="right") - 1
    return utc[start : utc.searchsorted(last, side="left") + 1]


def _local_edges(first: pd.Timestamp, last: pd.Timestamp, window: Window) -> pd.DatetimeIndex:
    """Boundaries on the wall clock, one period more than needed on either side."""
    base = _base(window)
    low, high = (t.tz_convert(window.timezone).tz_localize(None) for t in (first, last))
    if window.unit in _MONTHS:
        size = _MONTHS[window.unit] * window.count
        numbers = [(t.year - base.year) * 12 + t.month - base.month for t in (low, high)]
        span = range(numbers[0] // size - 2, numbers[1] // size + 3)
        return pd.DatetimeIndex([base + pd.DateOffset(months=n * size) for n in span])
    length = pd.Timedelta(days=window.count * (7 if window.unit == "week" else 1))
    whole = np.arange((low - base) // length - 2, (high - base) // length + 4)
    return pd.DatetimeIndex(base + pd.to_timedelta(whole * length.to_numpy()))


def _base(window: Window) -> pd.Timestamp:
    """Start of one calendar window on the wall clock."""
    if window.anchor is None:
        return pd.Timestamp("1970-01-05" if window.unit == "week" else "1970-01-01")
    anchor = pd.Timestamp(window.anchor)
    return anchor if anchor.tz is None else anchor.tz_convert(window.timezone).tz_localize(None)


def _calendar_periods(first: pd.Timestamp, last: pd.Timestamp, *, window: Window) -> pd.DataFrame:
    """The calendar periods that a span of data touches, at their true length."""
    first, last = _utc(first, "first"), _utc(last, "last")
    if not first < last:
        raise TimeIndexError(f"first must lie before last; got {first} and {last}.")
    edges = _edges_of(first, last, window)
    starts, ends = edges[:-1], edges[1:]
    return pd.DataFrame({
        "starts_at": starts, "ends_at": ends,
        "label": [_label(a, b, window) for a, b in zip(starts, ends, strict=True)],
        "complete": (starts >= first) & (ends <= last),
    })  # fmt: skip


def _period_starts(index: pd.DatetimeIndex, *, window: Window) -> pd.DatetimeIndex:
    """Start of the calendar period each time falls in."""
    if window.is_rolling:
        raise ParameterError(f"window must be a calendar window, such as 1M; got {window}.")
    times = _aware(index).tz_convert("UTC").as_unit("us")
    if not len(times):
        return times
    edges = _edges_of(times.min(), times.max() + pd.Timedelta(1, "us"), window)
    return edges[edges.searchsorted(times, side="right") - 1]


def _label(start: pd.Timestamp, end: pd.Timestamp, window: Window) -> str:
    """Name of a period in local dates."""
    local = start.tz_convert(window.timezone)
    if window.is_rolling or window.anchor is not None or window.count > 1:
        final = (end - pd.Timedelta(1, "us")).tz_convert(window.timezone)
        return f"{local:%Y-%m-%d} to {final:%Y-%m-%d}"
    if window.unit == "quarter":
        return f"{local.year}-Q{local.quarter}"
    return local.strftime(
        {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[str(window.unit)]
    )


def span_label(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """A span of time as shown beside what was measured over it."""
    return f"{roughly(last - first)}, {day(first)} to {day(last)}"


def _check_zone(timezone: str) -> str:
    """The name of a time zone, if it is one."""
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ParameterError(
            f"timezone must be an IANA name such as 'Europe/Berlin'; got {timezone!r}."
        ) from error
    return timezone


def _in_force(
    target: float, targets: Sequence[tuple[pd.Timestamp | None, float]], ends: pd.DatetimeIndex
) -> np.ndarray:
    """The target in force when each window ends: the last to come into force before that.

    Without `targets` always the one; unknown before the first.
    """
    if not targets:
        return np.full(len(ends), float(target))
    since = pd.DatetimeIndex([pd.Timestamp.min if s is None else s.tz_localize(None)
                              for s, _ in targets])  # fmt: skip
    place = since.searchsorted(ends.tz_convert("UTC").tz_localize(None), side="left")
    return np.array([math.nan, *(value for _, value in targets)])[place]
