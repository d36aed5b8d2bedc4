"""The past as whole weeks to draw futures from, and as the windows it held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts import History
from srelib.errors import InsufficientDataError, ParameterError
from srelib.windows import Window

DAY = pd.Timedelta(days=1)
MIN_COVERAGE = 0.5
MIN_DAYS = 4
"""Days of a week that must have been observed before the week counts."""


@dataclass(frozen=True)
class Weeks:
    """Whole weeks back from the end of the data, oldest first."""

    end: pd.Timestamp
    bad: np.ndarray
    total: np.ndarray
    whole: bool

    def __len__(self) -> int:
        return len(self.total)

    def expected(self, window: Window) -> float:
        """Events expected in the next window, traffic being as in these weeks."""
        if not len(self):
            return float("nan")
        start, end = next_window(window, self.end)
        return float(self.total.mean() * ((end - start) / DAY))


def read_weeks(past: History) -> Weeks:
    """The whole weeks of a history that were observed well enough."""
    if past.step > DAY:
        raise InsufficientDataError(
            f"days cannot be told apart in buckets of {past.step}; export finer data."
        )
    n = len(past.index)
    edges = _day_edges(past, 7 * int(past.length // (7 * DAY)))
    seen = np.arange(n + 1) if past.total.seen is None else past.total.seen
    share = np.diff(seen[edges]) * (past.step / DAY)
    days = np.stack([np.diff(past.bad.sums[edges]), np.diff(past.total.sums[edges])])
    with np.errstate(divide="ignore", invalid="ignore"):
        days = np.where(share >= MIN_COVERAGE, days / np.minimum(share, 1.0), np.nan)
    bad, total = days.reshape(2, -1, 7)
    kept = (~np.isnan(total)).sum(axis=1) >= MIN_DAYS
    filled = [np.where(np.isnan(d), np.nanmean(d, axis=1, keepdims=True), d)
              for d in (bad[kept], total[kept])]  # fmt: skip
    return Weeks(_end(past), filled[0], filled[1], past.total.exponent is None)


def next_window(window: Window, end: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The next whole window after the end of the data."""
    if window.duration is not None:
        return end, end + window.duration
    start, after = window.bounds_at(end)
    return (start, after) if start == end else window.bounds_at(after)


def past_windows(past: History, *, window: Window) -> pd.DataFrame:
    """Every window the history held: rolling ones once a day, calendar periods once.

    Parameters
    ----------
    past : History
    window : Window

    Returns
    -------
    DataFrame
        ends_at (UTC), bad, total [events], ratio (share of good events [fraction], NaN without
        traffic), one row per whole window of which at least half was observed.

    Raises
    ------
    ParameterError
        A window shorter than a day or than a bucket.

    Examples
    --------
    >>> from srelib.alerts import history
    >>> hours = pd.date_range("2026-01-01", periods=24 * 9, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, hours)
    >>> past_windows(history(total, total), window=Window.parse("7d"))["ratio"].tolist()
    [1.0, 1.0, 1.0]
    """
    check_length(window)
    starts, stops, ends = _rolling(past, window) if window.is_rolling else _calendar(past, window)
    seen = np.arange(len(past.index) + 1) if past.total.seen is None else past.total.seen
    kept = (seen[stops] - seen[starts]) >= MIN_COVERAGE * (stops - starts)
    bad, total = (s.sums[stops[kept]] - s.sums[starts[kept]] for s in (past.bad, past.total))
    ratio = 1 - windows.divide(bad, total)
    return pd.DataFrame({"ends_at": ends[kept], "bad": bad, "total": total, "ratio": ratio})


def independent(past: History, *, window: Window, rows: pd.DataFrame) -> float:
    """How many windows that do not overlap would tell as much."""
    if not len(rows):
        return 0.0
    return past.length / window.duration if window.duration is not None else float(len(rows))


def check_length(window: Window) -> None:
    """Refuse windows shorter than a day, which weeks of days cannot fill."""
    if window.duration is not None and window.duration < DAY:
        raise ParameterError(
            f"window must be at least a day long; got {window}. For four weeks write 28d."
        )


def _end(past: History) -> pd.Timestamp:
    return (past.index[-1] + past.step).tz_convert("UTC")


def _day_edges(past: History, days: int) -> np.ndarray:
    """Positions of the buckets at which the last so many days begin, and the end."""
    back = pd.to_timedelta(np.arange(days, -1, -1) * DAY.to_numpy())
    starts = past.index.tz_convert("UTC").as_unit("us")
    return np.asarray(starts.searchsorted((_end(past) - back).as_unit("us")))


def _rolling(past: History, window: Window) -> tuple[np.ndarray, np.ndarray, pd.DatetimeIndex]:
    """Whole rolling windows that end at each 24 hours back from the end of the data."""
    width = windows.buckets(window, step=past.step)
    stops = _day_edges(past, int(past.length // DAY))
    stops = stops[stops >= width]
    step = past.step.to_numpy()
    ends = past.index[0].tz_convert("UTC").as_unit("us") + stops * step
    return stops - width, stops, pd.DatetimeIndex(ends)


def _calendar(past: History, window: Window) -> tuple[np.ndarray, np.ndarray, pd.DatetimeIndex]:
    """Whole calendar periods."""
    periods = windows.periods(past.index[0], _end(past), window=window)
    periods = periods[periods["complete"]]
    starts = past.index.tz_convert("UTC").as_unit("us")
    edges = [starts.searchsorted(pd.DatetimeIndex(periods[c])) for c in ("starts_at", "ends_at")]
    return np.asarray(edges[0]), np.asarray(edges[1]), pd.DatetimeIndex(periods["ends_at"])
