"""Each service in three numbers: how many incidents, how often, how long."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from srelib.incidents.periods import WEEK, Between, bin_length, in_bins, period
from srelib.incidents.times import counted, time_to
from srelib.incidents.trend import widened
from srelib.stats import Estimate, rate_dispersion, widened_rate


@dataclass(frozen=True)
class Summary:
    """Incidents of one service in a period.

    Parameters
    ----------
    count : int
        Incidents that began in it.
    per_week : Estimate
        [1/week]
    restore : Estimate
        Median time to restore, Kaplan-Meier where some are open [s].
    open : int
        How many had not ended by the end of the period.
    unknown : int
        How many have an end on record that cannot be.
    """

    count: int
    per_week: Estimate
    restore: Estimate
    open: int
    unknown: int


def summary(
    incidents: pd.DataFrame, *, between: Between, confidence: float = 0.95
) -> dict[str, Summary]:
    """How many incidents each service had in a period, how often, and how long they lasted.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Start and end of the period, half-open; its end is "now".
    confidence : float
        Share of such intervals that hold the truth [fraction].

    Returns
    -------
    dict of str to Summary
        Every service of the table, in order of the names; one without incidents in the period
        has count 0 and an unknown time to restore.

    Raises
    ------
    ParameterError
        The period does not end after it begins.
    ColumnError
        A column is missing.

    Notes
    -----
    Planned maintenance is no incident. An incident belongs to the period it began in.
    The interval of the rate is the exact one of a Poisson count, widened where incidents cluster,
    as `count_trend` does it.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident_id": list("ab"), "service": "shop",
    ...     "started_at": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-08T00:00Z"]),
    ...     "resolved_at": pd.to_datetime(["2026-01-01T01:00Z", "2026-01-08T02:00Z"])})
    >>> days = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-15", tz="UTC")
    >>> found = summary(rows, between=days)["shop"]
    >>> found.count, found.per_week.value, found.restore.value
    (2, 1.0, 5400.0)
    """
    first, last = period(between)
    rows = counted(incidents)
    inside = rows[(rows["started_at"] >= first) & (rows["started_at"] < last)]
    names = sorted(rows["service"].astype("str").unique())
    return {
        name: _summary(inside[inside["service"].astype("str") == name], first, last, confidence)
        for name in names
    }


def _summary(
    rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, confidence: float
) -> Summary:
    found = time_to(rows, as_of=last, confidence=confidence)
    bins = in_bins(rows["started_at"], (first, last), length=bin_length((first, last)))
    index = widened(*rate_dispersion(bins["count"], bins["weeks"]), confidence)
    often = widened_rate(len(rows), (last - first) / WEEK, index=index, confidence=confidence)
    return Summary(len(rows), often, found.median, found.open, found.unknown)
