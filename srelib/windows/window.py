"""A window: rolling, or fixed to the calendar of a time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.windows.index import utc

UNITS = ("day", "week", "month", "quarter", "year")

_FIXED = {"s": "1s", "m": "1min", "h": "1h", "d": "1D", "w": "7D"}
_CALENDAR = {"d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_DAYS = {"M": 30, "Q": 90, "Y": 365}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Window:
    """A span over which counts are summed: rolling, or fixed to the calendar.

    Parameters
    ----------
    duration : Timedelta, optional
        Length of a rolling window; None for a calendar window.
    unit : {'day', 'week', 'month', 'quarter', 'year'}, optional
        Unit of a calendar window; None for a rolling window.
    count : int
        Units in one calendar window.
    timezone : str
        IANA zone whose midnights a calendar window follows.
    anchor : Timestamp, optional
        Start of one calendar window; the others follow from it.
        Without it days start at midnight, weeks on Monday, months on the 1st, quarters and years
        in January, and several units are counted from 1970.

    Raises
    ------
    ParameterError
        Neither or both of duration and unit, an unknown zone, a length that is not positive.

    Notes
    -----
    Calendar windows follow the clock on the wall: a day with a change to summer time has 23 h.
    A boundary the clocks skip moves forward to the next time that exists; one that happens
    twice is the first of the two.

    Examples
    --------
    >>> str(Window(pd.Timedelta("28D")))
    '28 days'
    >>> str(Window(unit="month", timezone="Europe/Berlin"))
    'calendar month (Europe/Berlin)'
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
        if self.unit is not None and self.unit not in UNITS:
            raise ParameterError(f"unit must be one of {', '.join(UNITS)}; got {self.unit!r}.")
        if self.count < 1:
            raise ParameterError(f"count must be at least 1; got {self.count}.")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ParameterError(
                f"timezone must be an IANA name such as 'Europe/Berlin'; got {self.timezone!r}."
            ) from error

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
        text : str
            A number and s, m (minutes), h, d, w, M (months), Q or Y, for example ``28d``.
            Several parts (``1d12h``) may be added up where all lengths are fixed.
        timezone : str, optional
            IANA zone of a calendar window; UTC when not given.
        rolling : bool
            False for a calendar window (d, w, M, Q, Y only).
        anchor : Timestamp or str, optional
            Start of one calendar window; without a zone it is taken in `timezone`.

        Returns
        -------
        Window

        Raises
        ------
        ParameterError
            The text is no duration, or the unit does not fit.

        Notes
        -----
        A *rolling* month, quarter or year has 30, 90 or 365 days [1]_.

        References
        ----------
        .. [1] Beyer et al., Site Reliability Engineering, 2016, appendix A.

        Examples
        --------
        >>> Window.parse("4w") == Window.parse("28d")
        True
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
            return cls(sum((_fixed(int(n), unit) for n, unit in parts), pd.Timedelta(0)))
        n, unit = parts[0]
        if len(parts) > 1 or unit not in _CALENDAR:
            raise ParameterError(
                f"a calendar window counts d, w, M, Q or Y; got {text!r}. "
                f"For one calendar month write 1M."
            )
        start = None if anchor is None else pd.Timestamp(anchor)
        return cls(unit=_CALENDAR[unit], count=int(n), timezone=timezone or "UTC", anchor=start)

    @property
    def is_rolling(self) -> bool:
        """Whether the window moves with time instead of following the calendar."""
        return self.duration is not None

    def __str__(self) -> str:
        """The window in words, such as ``28 days``."""
        if self.duration is not None:
            return spelled(self.duration)
        many = f"{self.count} calendar {self.unit}s" if self.count > 1 else f"calendar {self.unit}"
        return f"{many} ({self.timezone})"

    def bounds_at(self, time: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Start and end of the window at a time.

        Parameters
        ----------
        time : Timestamp
            A tz-aware time.

        Returns
        -------
        (Timestamp, Timestamp)
            UTC. Rolling: the span that ends at `time`. Calendar: the period that holds `time`.

        Examples
        --------
        >>> start, end = Window(unit="month").bounds_at(pd.Timestamp("2026-02-10", tz="UTC"))
        >>> str(start.date()), str(end.date())
        ('2026-02-01', '2026-03-01')
        """
        time = utc(time, "time")
        if self.duration is not None:
            return time - self.duration, time
        edges = edges_of(time, time + pd.Timedelta(1, "us"), self)
        return edges[0], edges[1]

    def length_at(self, time: pd.Timestamp) -> pd.Timedelta:
        """True length of the window at a time, changes of the clock included.

        Parameters
        ----------
        time : Timestamp
            A tz-aware time.

        Returns
        -------
        Timedelta

        Examples
        --------
        >>> Window(unit="day", timezone="Europe/Berlin").length_at(
        ...     pd.Timestamp("2026-03-29T12:00Z"))
        Timedelta('0 days 23:00:00')
        """
        start, end = self.bounds_at(time)
        return end - start


def _fixed(n: int, unit: str) -> pd.Timedelta:
    """Length of n units of a rolling window."""
    return n * (pd.Timedelta(_FIXED[unit]) if unit in _FIXED else pd.Timedelta(days=_DAYS[unit]))


def spelled(duration: pd.Timedelta) -> str:
    """A duration in words, in the largest unit that fits it."""
    for name in ("day", "hour", "minute", "second"):
        n = duration / pd.Timedelta(1, name)  # type: ignore[arg-type]
        if n == int(n):
            return f"{int(n)} {name}" + ("" if n == 1 else "s")
    return str(duration)


def as_window(window: Window | pd.Timedelta | str) -> Window:
    """A Window from a Window, a Timedelta or a text such as ``28d`` (rolling)."""
    if isinstance(window, Window):
        return window
    return Window.parse(window) if isinstance(window, str) else Window(pd.Timedelta(window))


def edges_of(first: pd.Timestamp, last: pd.Timestamp, window: Window) -> pd.DatetimeIndex:
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
