"""A number per service, and per period where asked: the one place where rows are split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from srelib import windows
from srelib.delivery.counted import Span
from srelib.stats import Estimate
from srelib.windows import Window

PERIOD = ["label", "starts_at", "ends_at", "complete"]


def as_calendar(window: Window | str | None) -> Window | None:
    """A calendar window from a text such as ``1w`` or ``1M``; None stays None.

    Parameters
    ----------
    window : Window, str or None

    Returns
    -------
    Window or None

    Examples
    --------
    >>> str(as_calendar("1M"))
    'calendar month (UTC)'
    """
    return Window.parse(window, rolling=False) if isinstance(window, str) else window


def periods_of(between: Span, window: Window | str | None) -> pd.DataFrame:
    """The periods of a history: one for all of it without a window.

    Parameters
    ----------
    between : (Timestamp, Timestamp)
    window : Window, str or None

    Returns
    -------
    DataFrame
        label, starts_at, ends_at, complete; periods at an edge are cut to the history, and not
        complete.

    Examples
    --------
    >>> day = pd.Timestamp("2026-05-20", tz="UTC")
    >>> found = periods_of((day, day + pd.Timedelta("20D")), "1M")
    >>> found["label"].tolist(), found["complete"].tolist()
    (['2026-05', '2026-06'], [False, False])
    """
    first, last = between
    calendar = as_calendar(window)
    if calendar is None:
        return pd.DataFrame({"label": ["all"], "starts_at": [first], "ends_at": [last],
                             "complete": [True]})  # fmt: skip
    found = windows.periods(first, last, window=calendar)
    starts, ends = found["starts_at"], found["ends_at"]
    return found.assign(
        starts_at=starts.where(starts > first, first), ends_at=ends.where(ends < last, last)
    )


def pieces(
    rows: pd.DataFrame, *, time: str, between: Span, window: Window | str | None,
    services: list[str],
) -> Iterator[tuple[str, Any, pd.DataFrame]]:  # fmt: skip
    """Rows of each service in each period, empty ones too.

    Parameters
    ----------
    rows : DataFrame
        With service and the column of times; all within the history.
    time : str
        Name of that column.
    between : (Timestamp, Timestamp)
    window : Window, str or None
    services : list of str
        In this order.

    Yields
    ------
    tuple
        Service, period (named tuple of label, starts_at, ends_at, complete), its rows.

    Examples
    --------
    >>> day = pd.Timestamp("2026-05-20", tz="UTC")
    >>> rows = pd.DataFrame({"service": ["a"], "at": [day]})
    >>> [(s, p.label, len(r)) for s, p, r in pieces(rows, time="at", services=["a", "b"],
    ...     between=(day, day + pd.Timedelta("1D")), window=None)]
    [('a', 'all', 1), ('b', 'all', 0)]
    """
    periods = periods_of(between, window)
    codes = pd.Categorical(rows["service"].astype("str"), categories=services).codes
    order = np.lexsort((rows[time].to_numpy(), codes))
    rows, codes = rows.take(order), codes[order]
    edges = periods["starts_at"].iloc[1:]
    for code, service in enumerate(services):
        low, high = np.searchsorted(codes, [code, code + 1])
        own = rows.iloc[low:high]
        cuts = [0, *own[time].searchsorted(edges), len(own)] if len(edges) else [0, len(own)]
        for place, period in enumerate(periods.itertuples(index=False)):
            yield service, period, own.iloc[cuts[place] : cuts[place + 1]]


def per_piece(
    rows: pd.DataFrame, function: Callable[[pd.DataFrame, Any], dict[str, Any]], *, time: str,
    between: Span, window: Window | str | None, services: list[str], together: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What a function finds in the rows of each service and period, one row each.

    Parameters
    ----------
    rows : DataFrame
    function : callable
        Takes rows and period, returns columns; an `Estimate` becomes value, low, high, n, method,
        under its own name in front unless that is ``value``.
    time : str
    between : (Timestamp, Timestamp)
    window : Window, str or None
    services : list of str
    together : str, optional
        A name under which all of them are taken as one.

    Returns
    -------
    DataFrame
        service, label, starts_at, ends_at, complete and what the function found.

    Examples
    --------
    >>> day = pd.Timestamp("2026-05-20", tz="UTC")
    >>> rows = pd.DataFrame({"service": ["a"], "at": [day]})
    >>> per_piece(rows, lambda r, p: {"rows": len(r)}, time="at", services=["a"],
    ...           between=(day, day + pd.Timedelta("1D")), window=None)["rows"].tolist()
    [1]
    """
    found = []
    if together is not None:
        rows, services = rows.assign(service=together), [together] if services else []
    split = pieces(rows, time=time, between=between, window=window, services=services)
    for service, period, own in split:
        columns: dict[str, Any] = {"service": service, **period._asdict()}
        for name, result in function(own, period).items():
            columns.update(_columns(name, result))
        found.append(columns)
    return pd.DataFrame(found) if found else pd.DataFrame(columns=["service", *PERIOD])


def _columns(name: str, result: Any) -> dict[str, Any]:
    if not isinstance(result, Estimate):
        return {name: result}
    front = "" if name == "value" else f"{name}_"
    ends = {"low": result.low, "high": result.high, "n": int(result.n), "method": result.method}
    return {name: result.value, **{f"{front}{key}": value for key, value in ends.items()}}


def estimate(row: Any, *, confidence: float, name: str = "value") -> Estimate:
    """The estimate in a row of a result.

    Parameters
    ----------
    row : Series
        With value, low, high, n and method.
    confidence : float
        It was made with [fraction].
    name : str
        Which one, where there are several.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> row = pd.Series({"value": 1.0, "low": 0.5, "high": 2.0, "n": 9, "method": "Wilson"})
    >>> estimate(row, confidence=0.95).n
    9
    """
    front = "" if name == "value" else f"{name}_"
    value, low, high = (float(row[key]) for key in (name, f"{front}low", f"{front}high"))
    return Estimate(value, low, high, int(row[f"{front}n"]), confidence, str(row[f"{front}method"]))


def service_names(*parts: pd.DataFrame | None) -> list[str]:
    """Services of some tables, by name.

    Parameters
    ----------
    *parts : DataFrame or None

    Returns
    -------
    list of str

    Examples
    --------
    >>> service_names(pd.DataFrame({"service": ["b", "a"]}), None)
    ['a', 'b']
    """
    found: set[str] = set()
    for part in parts:
        if part is not None and "service" in part:
            found.update(part["service"].dropna().astype("str").unique())
    return sorted(found)
