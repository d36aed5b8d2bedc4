"""Do incidents come back: at an hour, on a weekday, at a service, under the same title?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import events
from srelib.errors import ParameterError
from srelib.incidents.times import Between, _dispersion_bins, _eligible_incidents, _started_in
from srelib.stats.comparisons import rate_dispersion

NAN = float("nan")
FEWEST = 10
DIGITS = r"\d+"
REPEATED = ["title", "incidents", "services", "first", "last", "gap"]


@dataclass(frozen=True)
class Recurrence:
    """How incidents spread over hours, weekdays or services.

    Parameters
    ----------
    counts : DataFrame
        value (0 to 23; 0 to 6, Monday first; name), count, expected [count] if they came evenly
        over the time there was.
    p_value : float
        Chance of counts at least this uneven if they did [fraction]; NaN with fewer than ten.
    adjusted_p_value : float
        The same, corrected (Holm) for looking in several ways.
    """

    counts: pd.DataFrame
    p_value: float
    adjusted_p_value: float


def _recurrence(
    incidents: pd.DataFrame,
    *,
    between: Between,
    timezone: str = "UTC",
    resamples: int = 1999,
    seed: int = 0,
) -> dict[str, Recurrence]:
    """Do incidents prefer an hour of the day, a day of the week, a service?"""
    rows = _started_in(_eligible_incidents(incidents), between)
    local, times = _local(events.once_for_fleet(rows)["started_at"], between, timezone)
    day = local.dt.tz_localize(None).dt.floor("D")
    week = day - pd.to_timedelta(local.dt.day_of_week, unit="D")
    rng = np.random.default_rng(seed)
    parts = {
        "hour": (local.dt.hour, day, np.bincount(times.hour, minlength=24)),
        "weekday": (local.dt.day_of_week, week, np.bincount(times.day_of_week, minlength=7)),
    }
    counts, p_values = {}, {}
    for of, (values, block, exposure) in parts.items():
        counts[of], p_values[of] = _rotated(values.to_numpy(), block, exposure, rng, resamples)
    if rows["service"].nunique() > 1:
        counts["service"], p_values["service"] = _services(rows, between)
    adjusted = _holm(p_values)
    return {of: Recurrence(counts[of], p_values[of], adjusted[of]) for of in counts}


def _local(
    starts: pd.Series, between: Between, timezone: str
) -> tuple[pd.Series, pd.DatetimeIndex]:
    """Starts, and every quarter of an hour there was, in local time."""
    quarters = pd.date_range(*between, freq="15min", inclusive="left")
    try:
        return starts.dt.tz_convert(timezone), quarters.tz_convert(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ParameterError(f"timezone must be an IANA name; got {timezone!r}.") from error


def _rotated(
    values: np.ndarray,
    block: pd.Series,
    exposure: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
) -> tuple[pd.DataFrame, float]:
    """Counts per value, and how often rotating each block at random makes them as uneven."""
    size, n = len(exposure), len(values)
    seen = np.bincount(values, minlength=size)
    expected = n * exposure / exposure.sum()
    frame = pd.DataFrame({"value": np.arange(size), "count": seen, "expected": expected})
    if n < FEWEST:
        return frame, NAN
    number, blocks = pd.factorize(block)
    observed, as_large = _unevenness(seen, expected), 0
    for _ in range(resamples):
        moved = (values + rng.integers(size, size=len(blocks))[number]) % size
        as_large += _unevenness(np.bincount(moved, minlength=size), expected) >= observed
    return frame, float((as_large + 1) / (resamples + 1))


def _unevenness(counts: np.ndarray, expected: np.ndarray) -> float:
    """Pearson's chi-square; what there was no time for is left out."""
    had = expected > 0
    return float(((counts[had] - expected[had]) ** 2 / expected[had]).sum().round(9))


def _services(rows: pd.DataFrame, between: Between) -> tuple[pd.DataFrame, float]:
    from scipy.stats import chi2

    seen = rows["service"].astype("str").value_counts()
    expected = np.full(len(seen), len(rows) / len(seen))
    frame = pd.DataFrame({"value": seen.index, "count": seen.to_numpy(), "expected": expected})
    if len(rows) < FEWEST:
        return frame, NAN
    bins = [_dispersion_bins(own, between) for _, own in rows.groupby("service")["started_at"]]
    index, _ = rate_dispersion(
        np.concatenate([b["count"] for b in bins]), np.concatenate([b["weeks"] for b in bins]),
        np.repeat(np.arange(len(bins)), [len(b) for b in bins]),
    )  # fmt: skip
    square = _unevenness(seen.to_numpy(), expected) / (index if index > 1 else 1.0)
    return frame, float(chi2.sf(square, len(seen) - 1))


def _holm(p_values: dict[str, float]) -> dict[str, float]:
    """P values corrected for how many there are."""
    known = sorted((p, key) for key, p in p_values.items() if p == p)
    found, least = dict.fromkeys(p_values, NAN), 0.0
    for rank, (p, key) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        found[key] = least
    return found


def _repeated(incidents: pd.DataFrame, *, between: Between) -> pd.DataFrame:
    """Titles that came back."""
    rows = _started_in(_eligible_incidents(incidents), between)
    if "title" not in rows.columns or not rows["title"].notna().any():
        return pd.DataFrame(columns=REPEATED)
    rows = rows[rows["title"].notna()]
    once, services = (
        events.once_for_fleet(rows),
        rows.groupby(_same_title(rows["title"]))["service"],
    )
    groups = once.groupby(_same_title(once["title"]))
    found = groups.agg(title=("title", "last"), incidents=("title", "size"),
                       first=("started_at", "min"), last=("started_at", "max"))  # fmt: skip
    gaps = groups["started_at"].apply(lambda times: times.diff().median())
    found = found.assign(services=services.nunique(), gap=gaps)
    found = found[found["incidents"] > 1].sort_values("first", kind="stable")
    return found.sort_values(["incidents", "last"], ascending=False, kind="stable",
                             ignore_index=True)[REPEATED]  # fmt: skip


def _same_title(titles: pd.Series) -> pd.Series:
    """What titles have in common: lower case, single spaces, any number as the same."""
    plain = titles.astype("str").str.casefold().str.replace(DIGITS, "#", regex=True)
    return plain.str.split().str.join(" ")
