"""More or fewer, longer or shorter: two periods held against each other, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.incidents.periods import WEEK, Between, bin_length, halves, in_bins
from srelib.incidents.times import ENDED, UNKNOWN, TimeTo, counted, durations, of_durations
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
    """What an interval of a ratio allows to be said, less being better.

    Parameters
    ----------
    ratio : Estimate
        After over before.

    Returns
    -------
    str
        'better' where all of it lies below 1, 'worse' where all lies above, else 'cannot tell'.

    Examples
    --------
    >>> verdict(Estimate(0.5, 0.4, 0.9, 10, 0.95, ""))
    'better'
    >>> verdict(Estimate(0.5, 0.2, 1.1, 4, 0.95, ""))
    'cannot tell'
    """
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
    """Were there more or fewer incidents after the split than before?

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Time in which incidents were written down, half-open.
    split : Timestamp or str, optional
        Where it is divided; default: in the middle.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

    Returns
    -------
    CountTrend

    Raises
    ------
    ParameterError
        `split` does not lie inside the period.
    ColumnError
        A column is missing.

    Notes
    -----
    Exact comparison of two Poisson counts, given their sum. Incidents that set off others cluster,
    and their counts scatter more: the index is Pearson's, over stretches of four weeks (a sixth of
    a part where that is shorter) around the rate of either part; above 1 the intervals are widened
    by it, and by the t distribution since it is itself an estimate.

    References
    ----------
    .. [1] Przyborowski, Wilenski, Biometrika 31 (1940) 313.
    .. [2] McCullagh, Nelder, Generalized Linear Models, 2nd ed. 1989, section 6.2.3.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=28, freq="D", tz="UTC")
    >>> rows = pd.DataFrame({"incident_id": map(str, range(28)), "service": "shop",
    ...                      "started_at": at, "resolved_at": at + pd.Timedelta("1h")})
    >>> found = count_trend(rows, between=(at[0], at[0] + pd.Timedelta("56D")))
    >>> found.before.value, found.after.value, found.verdict
    (7.0, 0.0, 'better')
    """
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
    """The overdispersion to reckon with: 1 where there is none, more where it is an estimate.

    Parameters
    ----------
    index : float
        As from `srelib.stats.rate_dispersion`.
    freedom : int
        On how many bins it stands.
    confidence : float
        [fraction]

    Returns
    -------
    float
        index * (t quantile / normal quantile)^2.

    Examples
    --------
    >>> widened(0.8, 20, 0.95), round(widened(2.0, 20, 0.95), 2)
    (1.0, 2.27)
    """
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
    """Did incidents take longer or shorter after the split than before?

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Time in which incidents were written down, half-open; its end is "now".
    split : Timestamp or str, optional
        Where it is divided; default: in the middle. An incident belongs to the part it began in.
    to : {'restore', 'mitigate', 'acknowledge', 'detect'}
        What ends the time.
    confidence : float
        Share of such intervals that should hold the truth [fraction].

    Returns
    -------
    DurationTrend

    Raises
    ------
    ParameterError
        `split` does not lie inside the period, or `to` is none of these.
    ColumnError
        A column is missing.

    Notes
    -----
    Durations are so skewed that one long incident moves their mean more than any improvement;
    ranks do not mind. See `srelib.stats.duration_ratio`.

    References
    ----------
    .. [1] Hodges, Lehmann, Annals of Mathematical Statistics 34 (1963) 598.
    .. [2] Davidovic, Incident Metrics in SRE, 2021.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=28, freq="D", tz="UTC")
    >>> hours = pd.to_timedelta([8.0] * 14 + [2.0] * 14, unit="h")
    >>> rows = pd.DataFrame({"incident_id": map(str, range(28)), "service": "shop",
    ...                      "started_at": at, "resolved_at": at + hours})
    >>> found = duration_trend(rows, between=(at[0], at[0] + pd.Timedelta("28D")))
    >>> round(found.ratio.value, 6), found.verdict
    (0.25, 'better')
    """
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
    """Incidents that began in a period.

    Parameters
    ----------
    rows : DataFrame
        With started_at.
    between : pair of Timestamp
        Half-open.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=3, freq="D", tz="UTC")
    >>> len(inside(pd.DataFrame({"started_at": at}), (at[0], at[2])))
    2
    """
    starts = rows["started_at"]
    return rows[(starts >= between[0]) & (starts < between[1])]


def arrays(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Known durations and whether each has ended, as the statistics take them.

    Parameters
    ----------
    rows : DataFrame
        As from `durations`.

    Returns
    -------
    (array of float [s], array of bool)

    Examples
    --------
    >>> arrays(pd.DataFrame({"seconds": [5.0, float("nan")], "state": ["open", "unknown"]}))
    (array([5.]), array([False]))
    """
    known = rows[rows["state"] != UNKNOWN]
    return known["seconds"].to_numpy("float64"), (known["state"] == ENDED).to_numpy(dtype=bool)
