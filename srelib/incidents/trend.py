"""More or fewer, longer or shorter: two periods held against each other, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.incidents.times import (
    ENDED,
    UNKNOWN,
    WEEK,
    Between,
    TimeTo,
    bin_length,
    counted,
    durations,
    halves,
    in_bins,
    of_durations,
    period,
    time_to,
)
from srelib.stats import (
    Estimate,
    duration_p_value,
    duration_ratio,
    normal_quantile,
    rank_correlation,
    rate_dispersion,
    rate_ratio,
    rate_ratio_p_value,
    widened_rate,
)

BETTER, WORSE, UNCLEAR = "better", "worse", "cannot tell"


@dataclass(frozen=True)
class CountTrend:
    """How many incidents there were in two periods.

    Parameters
    ----------
    before, after : Estimate
        Incidents a week [1/week].
    ratio : Estimate
        After over before.
    p_value : float
        Chance of a difference at least this large if the rate did not change [fraction].
    index : float
        How much more their number scatters over time than that of independent ones [ratio].
    verdict : str
        'better', 'worse' or 'cannot tell'.
    split : Timestamp
    """

    before: Estimate
    after: Estimate
    ratio: Estimate
    p_value: float
    index: float
    verdict: str
    split: pd.Timestamp


@dataclass(frozen=True)
class DurationTrend:
    """How long incidents took in two periods.

    Parameters
    ----------
    to : str
        What ended the time.
    before, after : TimeTo
    ratio : Estimate
        Factor by which durations changed (Hodges-Lehmann).
    p_value : float
        Of the rank test [fraction].
    correlation : Estimate
        Rank correlation of duration with time, over all of it [-1 to 1].
    verdict : str
        'better', 'worse' or 'cannot tell', by the interval of the ratio.
    split : Timestamp
    """

    to: str
    before: TimeTo
    after: TimeTo
    ratio: Estimate
    p_value: float
    correlation: Estimate
    verdict: str
    split: pd.Timestamp


def verdict(ratio: Estimate) -> str:
    """What an interval of a ratio allows to be said, less being better."""
    if ratio.high < 1:
        return BETTER
    return WORSE if ratio.low > 1 else UNCLEAR


def count_trend(
    incidents: pd.DataFrame,
    *,
    between: Between,
    split: pd.Timestamp | str | None = None,
    confidence: float = 0.95,
) -> CountTrend:
    """Were there more or fewer incidents after the split than before?"""
    starts = counted(incidents)["started_at"]
    parts = halves(between, split=split)
    found = [in_bins(starts, part, length=bin_length(part)) for part in parts]
    index, freedom = rate_dispersion(
        np.concatenate([b["count"] for b in found]),
        np.concatenate([b["weeks"] for b in found]),
        np.repeat([0, 1], [len(b) for b in found]),
    )
    wide = widened(index, freedom, confidence)
    weeks = [(part[1] - part[0]) / WEEK for part in parts]
    before, after = ((float(b["count"].sum()), w) for b, w in zip(found, weeks, strict=True))
    ratio = rate_ratio(before, after, index=wide, confidence=confidence)
    return CountTrend(
        before=widened_rate(*before, index=wide, confidence=confidence),
        after=widened_rate(*after, index=wide, confidence=confidence),
        ratio=ratio,
        p_value=rate_ratio_p_value(before, after, index=wide),
        index=index,
        verdict=verdict(ratio),
        split=parts[0][1],
    )


def widened(index: float, freedom: int, confidence: float) -> float:
    """The overdispersion to reckon with: 1 where there is none, more where it is an estimate."""
    if not (freedom > 0 and index > 1):
        return 1.0
    from scipy.stats import t

    return float(index * (t.ppf((1 + confidence) / 2, freedom) / normal_quantile(confidence)) ** 2)


def duration_trend(
    incidents: pd.DataFrame,
    *,
    between: Between,
    split: pd.Timestamp | str | None = None,
    to: str = "restore",
    confidence: float = 0.95,
) -> DurationTrend:
    """Did incidents take longer or shorter after the split than before?"""
    parts = halves(between, split=split)
    rows = durations(inside(counted(incidents), between), as_of=between[1], to=to)
    sides = [inside(rows, part) for part in parts]
    before, after = (arrays(side) for side in sides)
    ratio = duration_ratio(before, after, confidence=confidence)
    order = rows.loc[rows["state"] != UNKNOWN, "started_at"].astype("int64")
    return DurationTrend(
        to=to,
        before=of_durations(sides[0], to=to, confidence=confidence),
        after=of_durations(sides[1], to=to, confidence=confidence),
        ratio=ratio,
        p_value=duration_p_value(before, after),
        correlation=rank_correlation(order, *arrays(rows), confidence=confidence),
        verdict=verdict(ratio),
        split=parts[0][1],
    )


def inside(rows: pd.DataFrame, between: Between) -> pd.DataFrame:
    """Incidents that began in a period."""
    starts = rows["started_at"]
    return rows[(starts >= between[0]) & (starts < between[1])]


def arrays(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Known durations and whether each has ended, as the statistics take them."""
    known = rows[rows["state"] != UNKNOWN]
    return known["seconds"].to_numpy("float64"), (known["state"] == ENDED).to_numpy(dtype=bool)


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
