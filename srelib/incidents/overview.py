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
    """Incidents of one service in a period."""

    count: int
    per_week: Estimate
    restore: Estimate
    open: int
    unknown: int


def summary(
    incidents: pd.DataFrame, *, between: Between, confidence: float = 0.95
) -> dict[str, Summary]:
    """How many incidents each service had in a period, how often, and how long they lasted."""
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
