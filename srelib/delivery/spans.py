"""A number per service, and per period where asked: the one place where rows are split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from srelib import windows
from srelib.delivery.counted import Span, seconds
from srelib.stats import Estimate
from srelib.windows import Window

PERIOD = ["label", "starts_at", "ends_at", "complete"]


def as_calendar(window: Window | str | None) -> Window | None:
    """A calendar window from a text such as ``1w`` or ``1M``; None stays None."""
    return Window.parse(window, rolling=False) if isinstance(window, str) else window


def periods_of(between: Span, window: Window | str | None) -> pd.DataFrame:
    """The periods of a history: one for all of it without a window."""
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


Columns = dict[str, np.ndarray]
"""Rows of one service and period, by column; ``at`` is their time [s]."""


def pieces(
    rows: pd.DataFrame, *, time: str, between: Span, window: Window | str | None,
    services: list[str],
) -> Iterator[tuple[str, Any, Columns]]:  # fmt: skip
    """Rows of each service in each period, empty ones too."""
    periods = periods_of(between, window)
    spans = list(periods.itertuples(index=False))
    owner = rows["service"]
    owner = owner if isinstance(owner.dtype, pd.CategoricalDtype) else owner.astype("str")
    codes = pd.Categorical(owner, categories=services).codes
    at = seconds(rows[time])
    order = np.lexsort((at, codes)) if len(spans) > 1 else np.argsort(codes, kind="stable")
    names = [name for name in rows.columns if name not in ("service", time)]
    columns = {"at": at[order], **{name: rows[name].to_numpy()[order] for name in names}}
    inner = seconds(periods["starts_at"])[1:]
    bounds = np.searchsorted(codes[order], np.arange(len(services) + 1))
    for service, low, high in zip(services, bounds[:-1], bounds[1:], strict=True):
        cuts = [low, *(low + np.searchsorted(columns["at"][low:high], inner)), high]
        for period, first, last in zip(spans, cuts[:-1], cuts[1:], strict=True):
            yield service, period, {name: all_[first:last] for name, all_ in columns.items()}


def per_piece(
    rows: pd.DataFrame, function: Callable[[Columns, Any], dict[str, Any]], *, time: str,
    between: Span, window: Window | str | None, services: list[str], together: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What a function finds in the rows of each service and period, one row each."""
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
    """The estimate in a row of a result."""
    front = "" if name == "value" else f"{name}_"
    value, low, high = (float(row[key]) for key in (name, f"{front}low", f"{front}high"))
    return Estimate(value, low, high, int(row[f"{front}n"]), confidence, str(row[f"{front}method"]))


def service_names(*parts: pd.DataFrame | None) -> list[str]:
    """Services of some tables, by name."""
    found: set[str] = set()
    for part in parts:
        if part is not None and "service" in part:
            found.update(part["service"].dropna().astype("str").unique())
    return sorted(found)
