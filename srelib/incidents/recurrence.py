"""Do incidents come back: at an hour, on a weekday, at a service, under the same title?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import ParameterError
from srelib.incidents.periods import Between, bin_length, in_bins, period
from srelib.incidents.times import counted
from srelib.incidents.trend import inside
from srelib.stats import rate_dispersion

NAN = float("nan")
FEWEST = 10
DIGITS = r"\d+"


@dataclass(frozen=True)
class Recurrence:
    """How incidents spread over hours, weekdays or services.

    Parameters
    ----------
    of : str
        'hour', 'weekday' or 'service'.
    counts : DataFrame
        value (0 to 23; 0 to 6, Monday first; name), count, expected [count] if they came evenly
        over the time there was.
    p_value : float
        Chance of counts at least this uneven if they did [fraction]; NaN with fewer than ten.
    adjusted_p_value : float
        The same, corrected (Holm) for looking in several ways.
    """

    of: str
    counts: pd.DataFrame
    p_value: float
    adjusted_p_value: float


def recurrence(
    incidents: pd.DataFrame,
    *,
    between: Between,
    timezone: str = "UTC",
    resamples: int = 1999,
    seed: int = 0,
) -> dict[str, Recurrence]:
    """Do incidents prefer an hour of the day, a day of the week, a service?

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Time in which incidents were written down, half-open.
    timezone : str
        IANA zone in which hours and weekdays are meant.
    resamples : int
        Simulated histories for hours and weekdays.
    seed : int
        Seed of these.

    Returns
    -------
    dict of str to Recurrence
        'hour', 'weekday' and, with several of them, 'service'.

    Raises
    ------
    ParameterError
        The zone is not known, or `between` does not end after it begins.
    ColumnError
        A column is missing.

    Notes
    -----
    Expected counts follow the time there was: a history of ten days has two Mondays and one
    Thursday. Incidents that set off others come in bursts, which a plain chi-square test takes
    for a preference; here the hours of each day (the days of each week) are turned around by one
    random step for that day (week), which keeps every burst and destroys only what they share.
    For services the chi-square is divided by their overdispersion over time, and the
    expectation is that every service has as many.

    References
    ----------
    .. [1] Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01 09:10", periods=28, freq="D", tz="UTC")
    >>> rows = pd.DataFrame({"incident_id": map(str, range(28)), "service": "shop",
    ...                      "started_at": at, "resolved_at": at + pd.Timedelta("1h")})
    >>> days = at[0].floor("D"), at[0].floor("D") + pd.Timedelta("28D")
    >>> found = recurrence(rows, between=days)
    >>> found["hour"].adjusted_p_value < 0.01, found["weekday"].p_value
    (True, 1.0)
    """
    period(between)
    rows = inside(counted(incidents), between)
    local, hours = _local(rows["started_at"], timezone), _hours(between, timezone)
    day = local.dt.tz_localize(None).dt.floor("D")
    week = day - pd.to_timedelta(local.dt.day_of_week, unit="D")
    rng = np.random.default_rng(seed)
    parts = {
        "hour": (local.dt.hour, day, np.bincount(hours.hour, minlength=24)),
        "weekday": (local.dt.day_of_week, week, np.bincount(hours.day_of_week, minlength=7)),
    }
    counts, p_values = {}, {}
    for of, (values, block, exposure) in parts.items():
        counts[of], p_values[of] = _turned(values.to_numpy(), block, exposure, rng, resamples)
    services = rows["service"].astype("str")
    if services.nunique() > 1:
        counts["service"], p_values["service"] = _services(rows, services, between)
    adjusted = holm(p_values)
    return {of: Recurrence(of, counts[of], p_values[of], adjusted[of]) for of in counts}


def _local(times: pd.Series, timezone: str) -> pd.Series:
    try:
        return times.dt.tz_convert(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ParameterError(f"timezone must be an IANA name; got {timezone!r}.") from error


def _hours(between: Between, timezone: str) -> pd.DatetimeIndex:
    """Every quarter of an hour there was, in local time."""
    return pd.date_range(*between, freq="15min", inclusive="left").tz_convert(timezone)


def _turned(
    values: np.ndarray,
    block: pd.Series,
    exposure: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
) -> tuple[pd.DataFrame, float]:
    """Counts per value, and how often turning each block at random makes them as uneven."""
    size, n = len(exposure), len(values)
    seen = np.bincount(values, minlength=size)
    expected = n * exposure / exposure.sum()
    frame = pd.DataFrame({"value": np.arange(size), "count": seen, "expected": expected})
    if n < FEWEST:
        return frame, NAN
    number, blocks = pd.factorize(block)
    observed = _uneven(seen[None, :], expected)[0]
    as_large = 0
    for _ in range(resamples):
        moved = (values + rng.integers(size, size=len(blocks))[number]) % size
        as_large += _uneven(np.bincount(moved, minlength=size)[None, :], expected)[0] >= observed
    return frame, float((as_large + 1) / (resamples + 1))


def _uneven(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Pearson's chi-square; what there was no time for is left out."""
    had = expected > 0
    return ((counts[:, had] - expected[had]) ** 2 / expected[had]).sum(axis=1).round(9)


def _services(
    rows: pd.DataFrame, services: pd.Series, between: Between
) -> tuple[pd.DataFrame, float]:
    from scipy.stats import chi2

    seen = services.value_counts()
    expected = np.full(len(seen), len(rows) / len(seen))
    frame = pd.DataFrame({"value": seen.index, "count": seen.to_numpy(), "expected": expected})
    if len(rows) < FEWEST:
        return frame, NAN
    bins = [in_bins(rows.loc[services == name, "started_at"], between, length=bin_length(between))
            for name in seen.index]  # fmt: skip
    index, _ = rate_dispersion(
        np.concatenate([b["count"] for b in bins]), np.concatenate([b["weeks"] for b in bins]),
        np.repeat(np.arange(len(bins)), [len(b) for b in bins]),
    )  # fmt: skip
    square = _uneven(seen.to_numpy()[None, :], expected)[0] / (index if index > 1 else 1.0)
    return frame, float(chi2.sf(square, len(seen) - 1))


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """P values corrected for how many there are.

    Parameters
    ----------
    p_values : dict of str to float
        NaN where there is no test; it does not count.

    Returns
    -------
    dict of str to float
        Chance that any of them is this small if there is nothing at all [fraction].

    References
    ----------
    .. [1] Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": float("nan")})
    {'a': 0.02, 'b': 0.04, 'c': nan}
    """
    known = sorted((p, key) for key, p in p_values.items() if p == p)
    found, least = dict.fromkeys(p_values, NAN), 0.0
    for rank, (p, key) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        found[key] = least
    return found


def repeated(incidents: pd.DataFrame, *, between: Between, least: int = 2) -> pd.DataFrame:
    """Titles that came back.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    between : pair of Timestamp
        Half-open.
    least : int
        How often a title must have come.

    Returns
    -------
    DataFrame
        title (as it was last written), incidents [count], services [count], first, last, gap
        (Timedelta, median from one to the next), most often first. Incidents without a title are
        left out.

    Raises
    ------
    ColumnError
        A column is missing.

    Notes
    -----
    Titles are the same when they differ only in upper and lower case, spaces and numbers.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=3, freq="D", tz="UTC")
    >>> rows = pd.DataFrame({"incident_id": list("abc"), "service": "shop", "started_at": at,
    ...     "resolved_at": at, "title": ["Disk full on db-1", "disk  full on db-2", "Network"]})
    >>> found = repeated(rows, between=(at[0], at[0] + pd.Timedelta("7D")))
    >>> found[["title", "incidents"]].values.tolist()
    [['disk  full on db-2', 2]]
    """
    rows = inside(counted(incidents), between)
    columns = ["title", "incidents", "services", "first", "last", "gap"]
    if "title" not in rows.columns or not rows["title"].notna().any():
        return pd.DataFrame(columns=columns)
    rows = rows[rows["title"].notna()]
    groups = rows.groupby(same_title(rows["title"]), sort=False)
    found = groups.agg(
        title=("title", "last"), incidents=("title", "size"), services=("service", "nunique"),
        first=("started_at", "min"), last=("started_at", "max"),
    ).reset_index(drop=True)  # fmt: skip
    gaps = groups["started_at"].apply(lambda times: times.diff().median())
    found = found.assign(gap=gaps.to_numpy())
    found = found[found["incidents"] >= least]
    return found.sort_values(["incidents", "last"], ascending=False, kind="stable",
                             ignore_index=True)[columns]  # fmt: skip


def same_title(titles: pd.Series) -> pd.Series:
    """What titles have in common: lower case, single spaces, any number as the same.

    Parameters
    ----------
    titles : Series of str

    Returns
    -------
    Series of str

    Examples
    --------
    >>> same_title(pd.Series(["Disk 3  full", "disk 12 full"])).nunique()
    1
    """
    plain = titles.astype("str").str.casefold().str.replace(DIGITS, "#", regex=True)
    return plain.str.split().str.join(" ")
