"""What causes and days spent, each as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.counts import (
    budget_fraction,
    checked,
    exact_sum,
    regular_step,
    share,
    sums_by,
)

CAUSES = ("incident", "deployment", "other")
"""What a bad event is put down to, first match wins."""


def by_cause(parts: pd.DataFrame) -> pd.DataFrame:
    """What incidents, deployments and the rest spent, each as a whole.

    Parameters
    ----------
    parts : DataFrame
        Result of `attribute`.

    Returns
    -------
    DataFrame
        Three rows, always: cause, pieces (how many incidents or deployments), spending (how
        many of them spent anything), bad [events], share_of_allowance,
        share_of_spent [fraction].

    Examples
    --------
    >>> parts = pd.DataFrame({"cause": ["incident", "other"], "bad": [6.0, 2.0],
    ...                       "share_of_allowance": [0.6, 0.2], "share_of_spent": [0.75, 0.25]})
    >>> by_cause(parts)["bad"].tolist()
    [6.0, 0.0, 2.0]
    """
    groups = parts.groupby("cause")
    sums = groups[["bad", "share_of_allowance", "share_of_spent"]].sum(min_count=1)
    counted = pd.DataFrame(
        {
            "pieces": groups.size(),
            "spending": (parts["bad"] > 0).groupby(parts["cause"]).sum(),
        }
    )
    counted = counted.reindex(CAUSES, fill_value=0).astype("int64")
    counted.loc["other", ["pieces", "spending"]] = 0
    known = sums.reindex(CAUSES)
    absent = ~known.index.isin(sums.index)
    unknown_share = parts[["share_of_allowance", "share_of_spent"]].isna().all()
    known.loc[absent] = 0.0
    known.loc[absent, unknown_share.index[unknown_share]] = np.nan
    return counted.join(known).rename_axis("cause").reset_index()


def by_day(
    good: pd.Series, total: pd.Series, *, target: float, timezone: str = "UTC"
) -> pd.DataFrame:
    """What each day spent of the budget of all the time given.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    timezone : str
        IANA time zone whose midnights divide the days.

    Returns
    -------
    DataFrame
        One row per day: starts_at, ends_at (in `timezone`), good, total, bad [events],
        share_of_allowance, share_of_spent [fraction], coverage [fraction of the day's
        buckets observed].
        good, total and bad are NaN on a day without any observed bucket.

    Notes
    -----
    A day with a clock change has its true length, 23 or 25 hours.
    The first and the last day may be cut by the data; coverage is of the part inside.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index=index)
    >>> by_day(total.where(index != index[30], 5.0), total, target=0.99)["bad"].tolist()
    [0.0, 5.0]
    """
    good_seen, total_seen = checked(good, total)
    frame, number = _days(pd.DatetimeIndex(good.index), timezone)
    observed = np.bincount(number, weights=~np.isnan(total_seen), minlength=len(frame))
    for name, values in (
        ("good", good_seen),
        ("total", total_seen),
        ("bad", total_seen - good_seen),
    ):
        sums = sums_by(values, number, size=len(frame))
        frame[name] = np.where(observed > 0, sums, np.nan)
    frame = with_shares(frame, allowance=budget_fraction(target) * exact_sum(total_seen))
    buckets = np.bincount(number, minlength=len(frame))
    return frame.assign(coverage=windows.divide(observed, buckets))


def _days(times: pd.DatetimeIndex, timezone: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Local days the buckets fall in, and for each bucket the row of its day."""
    step = regular_step(times)
    days = windows.periods(
        times[0], times[-1] + step, window=windows.Window(unit="day", timezone=timezone)
    )
    number = pd.DatetimeIndex(days["starts_at"]).searchsorted(times, side="right") - 1
    local = {name: days[name].dt.tz_convert(timezone) for name in ("starts_at", "ends_at")}
    return pd.DataFrame(local), number


def with_shares(parts: pd.DataFrame, *, allowance: float) -> pd.DataFrame:
    """Parts with their share of the allowance and of what all of them spent."""
    spent = exact_sum(parts["bad"].to_numpy())
    return parts.assign(
        share_of_allowance=[share(bad, allowance) for bad in parts["bad"]],
        share_of_spent=[share(bad, spent) for bad in parts["bad"]],
    )
