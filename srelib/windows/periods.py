"""Calendar periods at their true length."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ParameterError, TimeIndexError
from srelib.windows.index import aware, utc
from srelib.windows.window import Window, edges_of


def periods(first: pd.Timestamp, last: pd.Timestamp, *, window: Window) -> pd.DataFrame:
    """The calendar periods that a span of data touches, at their true length."""
    first, last = utc(first, "first"), utc(last, "last")
    if not first < last:
        raise TimeIndexError(f"first must lie before last; got {first} and {last}.")
    edges = edges_of(first, last, window)
    starts, ends = edges[:-1], edges[1:]
    return pd.DataFrame(
        {
            "starts_at": starts,
            "ends_at": ends,
            "label": [_label(a, b, window) for a, b in zip(starts, ends, strict=True)],
            "complete": (starts >= first) & (ends <= last),
        }
    )


def period_starts(index: pd.DatetimeIndex, *, window: Window) -> pd.DatetimeIndex:
    """Start of the calendar period each time falls in."""
    if window.is_rolling:
        raise ParameterError(f"window must be a calendar window, such as 1M; got {window}.")
    times = aware(index).tz_convert("UTC").as_unit("us")
    if not len(times):
        return times
    edges = edges_of(times.min(), times.max() + pd.Timedelta(1, "us"), window)
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
