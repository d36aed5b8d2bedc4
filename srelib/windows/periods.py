"""Calendar periods at their true length."""

from __future__ import annotations

import pandas as pd

from srelib.errors import ParameterError, TimeIndexError
from srelib.windows.index import aware, utc
from srelib.windows.window import Window, edges_of


def periods(first: pd.Timestamp, last: pd.Timestamp, *, window: Window) -> pd.DataFrame:
    """The calendar periods that a span of data touches, at their true length.

    Parameters
    ----------
    first, last : Timestamp
        Start of the first bucket and END of the last one; the span is ``[first, last)``.
    window : Window
        A calendar window, or a rolling one: then blocks of that length that end at `last`.

    Returns
    -------
    DataFrame
        starts_at, ends_at (UTC; half-open), label, complete (whether the data spans all of it).

    Raises
    ------
    TimeIndexError
        A time without a zone, or `first` not before `last`.

    Notes
    -----
    Labels are local dates: ``2026-03-01``, ``2026-W14`` (ISO), ``2026-03``, ``2026-Q1``, ``2026``,
    or the first and the last day where a period follows an anchor or has several units.

    Examples
    --------
    >>> march = periods(pd.Timestamp("2026-03-01", tz="Europe/Berlin"),
    ...                 pd.Timestamp("2026-04-01", tz="Europe/Berlin"),
    ...                 window=Window(unit="month", timezone="Europe/Berlin"))
    >>> march["label"].tolist(), (march["ends_at"] - march["starts_at"])[0]
    (['2026-03'], Timedelta('30 days 23:00:00'))
    """
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
    """Start of the calendar period each time falls in.

    Parameters
    ----------
    index : DatetimeIndex, tz-aware
        Starts of the buckets.
    window : Window
        A calendar window.

    Returns
    -------
    DatetimeIndex
        UTC, as long as the input.

    Raises
    ------
    TimeIndexError
        The index is not made of tz-aware times.
    ParameterError
        A rolling window.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2026-05-31T23:59Z", "2026-06-01T00:00Z"])
    >>> [str(t.date()) for t in period_starts(times, window=Window(unit="month"))]
    ['2026-05-01', '2026-06-01']
    """
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
