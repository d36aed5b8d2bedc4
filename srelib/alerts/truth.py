"""What alerts should have told us about: incidents on record, or budget that was spent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.alerts.firing import History, history
from srelib.alerts.policies import length_of, period_length
from srelib.alerts.spans import Spans, joined, spans_of
from srelib.budget import budget_fraction
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.windows import Window

COLUMNS = ["key", "label", "starts_at", "ends_at"]


def incident_events(incidents: pd.DataFrame, *, until: pd.Timestamp) -> pd.DataFrame:
    """Incidents as the truth to score against."""
    for name in ("incident_id", "started_at", "resolved_at"):
        if name not in incidents.columns:
            raise ColumnError(f"incidents lack {name!r}; columns seen: {list(incidents.columns)}.")
    titles = incidents["title"] if "title" in incidents.columns else incidents["incident_id"]
    found = pd.DataFrame(
        {
            "key": incidents["incident_id"].astype("str"),
            "label": titles.fillna(incidents["incident_id"]).astype("str"),
            "starts_at": incidents["started_at"],
            "ends_at": incidents["resolved_at"].fillna(until),
        }
    )
    real = found["ends_at"] > found["starts_at"]
    if "severity" in incidents.columns:
        real &= incidents["severity"].astype("str").str.lower() != "maintenance"
    return found[real].sort_values("starts_at", kind="stable").reset_index(drop=True)


def budget_events(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    period: Window | pd.Timedelta | str,
    share: float,
    burn: float = 1.0,
    window: pd.Timedelta | str = "10m",
    quiet: pd.Timedelta | str = "30m",
) -> pd.DataFrame:
    """Significant budget events: spans that spent at least a share of the budget of a period."""
    if not (share > 0 and burn > 0):
        raise ParameterError(f"share and burn must be positive; got {share} and {burn}.")
    past = history(good, total)
    spans = _burning(past, burn * budget_fraction(target), length_of(window, "window"))
    starts, stops = joined([spans], gap=int(length_of(quiet, "quiet") // past.step))
    spent = (past.bad.sums[stops] - past.bad.sums[starts]) / period_budget(
        past, target=target, period=period
    )
    kept = spent >= share
    times = past.index.tz_convert("UTC").as_unit("us")
    found = pd.DataFrame(
        {
            "starts_at": times[starts[kept]],
            "ends_at": times[stops[kept] - 1] + past.step,
            "spent": spent[kept],
        }
    )
    found.insert(0, "key", [str(n + 1) for n in range(len(found))])
    found.insert(1, "label", found["starts_at"].dt.strftime("%Y-%m-%d %H:%M").astype("str"))
    return found.astype({"key": "str", "label": "str"})


def period_budget(past: History, *, target: float, period: Window | pd.Timedelta | str) -> float:
    """Bad events that a whole SLO period allows at the average traffic of the history."""
    known = int(past.total.known(len(past.index))[-1])
    seen = float(past.total.sums[-1])
    if not (known and seen):
        raise InsufficientDataError(
            "the budget of a period needs traffic; the history holds none. Check the export."
        )
    return budget_fraction(target) * seen / known * (period_length(period) / past.step)


def _burning(past: History, limit: float, window: pd.Timedelta) -> Spans:
    """Where the trailing error ratio exceeds the limit, cut to the buckets that do themselves."""
    width = max(1, int(window // past.step))
    trailing, own = windows.ratios(past.bad, past.total, widths=[width, 1])
    starts, stops = spans_of(trailing > limit)
    bad = np.flatnonzero(own > limit)
    first = np.searchsorted(bad, np.maximum(starts - width + 1, 0))
    last = np.searchsorted(bad, stops) - 1
    kept = first <= last
    return joined([(bad[first[kept]], bad[last[kept]] + 1)])
