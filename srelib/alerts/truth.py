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
    """Incidents as the truth to score against.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents`` of one service; select severities before.
    until : Timestamp
        End of the data; an open incident lasts until then.

    Returns
    -------
    DataFrame
        key (incident_id), label (title, as the source has it), starts_at, ends_at.
        Planned maintenance and incidents of no length are left out.

    Raises
    ------
    ColumnError
        A column is missing.

    Notes
    -----
    People write incidents down late, or not at all; `budget_events` does not depend on them.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident_id": ["a"], "severity": ["high"], "title": ["down"],
    ...     "started_at": pd.to_datetime(["2026-01-01T00:00Z"]),
    ...     "resolved_at": pd.to_datetime(["2026-01-01T01:00Z"])})
    >>> incident_events(rows, until=pd.Timestamp("2026-02-01", tz="UTC"))["label"].tolist()
    ['down']
    """
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
    """Significant budget events: spans that spent at least a share of the budget of a period.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index; missing is unknown.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    period : Window, Timedelta or str
        Period of the SLO, whose budget a share is of.
    share : float
        Smallest share of that budget that matters [fraction], e.g. 0.02.
    burn : float
        Burn rate above which budget is being spent noticeably.
    window : Timedelta or str
        Over which the burn rate is taken; at least one bucket is used.
    quiet : Timedelta or str
        Spans at most this far apart are one event.

    Returns
    -------
    DataFrame
        key ('1', '2', ...), label (start, as text), starts_at, ends_at,
        spent [fraction of the budget of a period], in order of time.

    Raises
    ------
    ParameterError
        `share` or `burn` not positive.
    InvalidTargetError
        The target is not a fraction strictly between 0 and 1.
    InsufficientDataError
        Nothing was asked in all the history.

    Notes
    -----
    A span is where the burn rate over the trailing window exceeds `burn`, from the first to the
    last bucket that itself burns faster than that.
    The budget of a period is the one at the average traffic of the history:
    (1 - target) * events per time observed * period.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 5: a significant
       event is one that consumes a large fraction of the error budget.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=1440, freq="min", tz="UTC")
    >>> total = pd.Series(100.0, index)
    >>> good = total.mask(index.hour == 12, 0.0)
    >>> found = budget_events(good, total, target=0.99, period="28d", share=0.02)
    >>> found["starts_at"].dt.hour.tolist(), found["spent"].round(4).tolist()
    ([12], [0.1488])
    """
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
    """Bad events that a whole SLO period allows at the average traffic of the history.

    Parameters
    ----------
    past : History
    target : float
        Service level objective [fraction].
    period : Window, Timedelta or str

    Returns
    -------
    float
        [events]

    Raises
    ------
    InsufficientDataError
        Nothing was asked in all the history.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> past = history(pd.Series(10.0, index), pd.Series(10.0, index))
    >>> round(period_budget(past, target=0.999, period="30d"), 6)
    7.2
    """
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
