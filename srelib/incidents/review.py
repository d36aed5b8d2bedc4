"""Do incidents come back: at an hour, on a weekday, at a service, under the same title?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError, ParameterError
from srelib.incidents.noise import (
    Detectable,
    Noise,
    detectable_change,
    improvement_looks_worse,
    noise_check,
)
from srelib.incidents.times import (
    ENDED,
    ENDS,
    WEEK,
    Between,
    Downtime,
    TimeTo,
    bin_length,
    counted,
    downtime,
    durations,
    history,
    in_bins,
    middle,
    period,
    time_to,
)
from srelib.incidents.trend import (
    UNCLEAR,
    CountTrend,
    DurationTrend,
    count_trend,
    duration_trend,
    inside,
)
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
    """Do incidents prefer an hour of the day, a day of the week, a service?"""
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
    """P values corrected for how many there are."""
    known = sorted((p, key) for key, p in p_values.items() if p == p)
    found, least = dict.fromkeys(p_values, NAN), 0.0
    for rank, (p, key) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        found[key] = least
    return found


def repeated(incidents: pd.DataFrame, *, between: Between, least: int = 2) -> pd.DataFrame:
    """Titles that came back."""
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
    """What titles have in common: lower case, single spaces, any number as the same."""
    plain = titles.astype("str").str.casefold().str.replace(DIGITS, "#", regex=True)
    return plain.str.split().str.join(" ")


MOST_WEEKS = 80
DRAWS = 20_000_000


@dataclass(frozen=True)
class Review:
    """Incidents of a folder, two parts of their history held against each other.

    Parameters
    ----------
    incidents : DataFrame
        Those that count: without planned maintenance, begun inside the time looked at.
    between : pair of Timestamp
        The time looked at; its end is "now".
    split : Timestamp
        Where it is divided.
    times : dict of str to TimeTo
        Time to detect, acknowledge, mitigate and restore, over all.
    durations : DataFrame
        As from `srelib.incidents.durations`, to restore.
    counts : CountTrend
    bins : DataFrame
        Incidents per week, or per four weeks of a long history, as from `in_bins`.
    lengths : DurationTrend
    noise : Noise or None
        None with fewer than three durations in either part.
    detectable : Detectable or None
        None with fewer than two durations in either part.
    looks_worse : float
        How often a cut of every duration by a tenth would make the mean look worse [fraction].
    downtime : Downtime
    services : DataFrame
        As from `by_service`.
    silence : Timedelta
        From the start of the last incident to the end.
    silence_p_value : float
        Chance of a silence that long at the rate of the rest [fraction].
    """

    incidents: pd.DataFrame
    between: Between
    split: pd.Timestamp
    times: dict[str, TimeTo]
    durations: pd.DataFrame
    counts: CountTrend
    bins: pd.DataFrame
    lengths: DurationTrend
    noise: Noise | None
    detectable: Detectable | None
    looks_worse: float
    downtime: Downtime
    services: pd.DataFrame
    silence: pd.Timedelta
    silence_p_value: float


def of_severity(
    incidents: pd.DataFrame, severity: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """The incidents of some severities.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    severity : str or sequence of str, optional
        As the source names them, upper or lower case; default: all.

    Returns
    -------
    DataFrame
        A selection of the rows.

    Raises
    ------
    ParameterError
        No incident has such a severity.

    Examples
    --------
    >>> of_severity(pd.DataFrame({"severity": ["high", "low"]}), "High").index.tolist()
    [0]
    """
    if severity is None or not len(incidents):
        return incidents
    wanted = {s.casefold() for s in ([severity] if isinstance(severity, str) else severity)}
    found = incidents["severity"].astype("str").str.casefold()
    unknown = sorted(wanted - set(found))
    if unknown:
        known = sorted(incidents["severity"].dropna().astype("str").unique())
        raise ParameterError(
            f"no incident has severity {', '.join(map(repr, unknown))}; the data have "
            f"{', '.join(map(repr, known)) or 'none'}."
        )
    return incidents[found.isin(wanted)]


def review(
    incidents: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    observed_since: pd.Timestamp | None = None,
    split: pd.Timestamp | str | None = None,
    statistic: str = "mean",
    confidence: float = 0.95,
) -> Review | None:
    """Everything about the incidents of a folder, ready for figures and findings.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``, of the severities that count.
    as_of : Timestamp
        "Now", the end of the data.
    observed_since : Timestamp, optional
        Start of what else was observed; see `history`.
    split : Timestamp or str, optional
        Where the history is divided; default: in the middle.
    statistic : {'mean', 'median'}
        What `noise_check` compares.
    confidence : float
        Share of such intervals that hold the truth [fraction].

    Returns
    -------
    Review or None
        None without an incident before `as_of`.

    Raises
    ------
    ParameterError
        `split` does not lie inside the history, or the statistic is unknown.
    ColumnError
        A column is missing.
    """
    try:
        between = history(incidents, as_of=as_of, observed_since=observed_since)
    except InsufficientDataError:
        return None
    rows = inside(counted(incidents), between).reset_index(drop=True)
    at = middle(between, split=split)
    found = durations(rows, as_of=as_of)
    counts = count_trend(rows, between=between, split=at, confidence=confidence)
    ended = found.loc[found["state"] == ENDED, "seconds"]
    silence = as_of - rows["started_at"].iloc[-1]
    return Review(
        incidents=rows,
        between=between,
        split=at,
        times={to: time_to(rows, as_of=as_of, to=to, confidence=confidence) for to in ENDS},
        durations=found,
        counts=counts,
        bins=in_bins(rows["started_at"], between, length=_bar(between)),
        lengths=duration_trend(rows, between=between, split=at, confidence=confidence),
        noise=_noise(rows, between, at, statistic),
        detectable=_detectable(found, ended, at, counts.index, confidence),
        looks_worse=_looks_worse(ended),
        downtime=downtime(rows, between=between),
        services=by_service(rows, between=between, split=at, confidence=confidence),
        silence=silence,
        silence_p_value=_silent(silence, rows, between),
    )


def by_service(
    incidents: pd.DataFrame,
    *,
    between: Between,
    split: pd.Timestamp | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each service: how many, how long, and whether that changed."""
    rows = inside(counted(incidents), between)
    found = {}
    for name, part in rows.groupby(rows["service"].astype("str")):
        options = {"between": between, "split": split, "confidence": confidence}
        found[str(name)] = (
            count_trend(part, **options),  # type: ignore[arg-type]
            duration_trend(part, **options),  # type: ignore[arg-type]
            time_to(part, as_of=between[1], confidence=confidence),
        )
    p_values = {f"counts {k}": c.p_value for k, (c, _, _) in found.items()}
    p_values |= {f"lengths {k}": d.p_value for k, (_, d, _) in found.items()}
    sure = {key: p < 1 - confidence for key, p in holm(p_values).items()}
    table = pd.DataFrame([_row(name, *three, sure) for name, three in found.items()])
    if not len(table):
        return table
    return table.sort_values("incidents", ascending=False, kind="stable", ignore_index=True)


def _row(
    name: str, counts: CountTrend, lengths: DurationTrend, times: TimeTo, sure: dict[str, bool]
) -> dict[str, object]:
    return {
        "service": name,
        "incidents": times.incidents,
        "open": times.open,
        "before": int(counts.before.n),
        "after": int(counts.after.n),
        "restore": times.median.value,
        "restore_low": times.median.low,
        "restore_high": times.median.high,
        "count_ratio": counts.ratio.value,
        "duration_ratio": lengths.ratio.value,
        "count_verdict": counts.verdict if sure[f"counts {name}"] else UNCLEAR,
        "duration_verdict": lengths.verdict if sure[f"lengths {name}"] else UNCLEAR,
    }


def _bar(between: Between) -> pd.Timedelta:
    """A week, or four where that would be too many bars."""
    return WEEK if (between[1] - between[0]) / WEEK <= MOST_WEEKS else 4 * WEEK


def _noise(
    rows: pd.DataFrame, between: Between, split: pd.Timestamp, statistic: str
) -> Noise | None:
    try:
        return noise_check(
            rows, between=between, split=split, statistic=statistic, resamples=_many(rows) - 1
        )
    except InsufficientDataError:
        return None


def _detectable(
    found: pd.DataFrame, ended: pd.Series, split: pd.Timestamp, index: float, confidence: float
) -> Detectable | None:
    known = found[found["seconds"].notna()]
    before = float((known["started_at"] < split).sum())
    n = before, len(known) - before
    if min(n) < 2:
        return None
    return detectable_change(ended, n=n, index=index, confidence=confidence)


def _looks_worse(ended: pd.Series) -> float:
    return improvement_looks_worse(ended, trials=_many(ended)).value if len(ended) > 3 else NAN


def _many(rows: pd.DataFrame | pd.Series) -> int:
    """Ten thousand draws; fewer of a very long history, never below a thousand."""
    return min(10_000, max(1000, DRAWS // max(len(rows), 1)))


def _silent(silence: pd.Timedelta, rows: pd.DataFrame, between: Between) -> float:
    """Chance of no incident for that long at the end, at the rate until the last one."""
    before = rows["started_at"].iloc[-1] - between[0]
    return math.exp(-(len(rows) - 1) * (silence / before)) if before > pd.Timedelta(0) else NAN


def patterns(one: Review | None, *, timezone: str = "UTC") -> dict[str, Recurrence] | None:
    """As `recurrence`, for a review; None without one.

    Parameters
    ----------
    one : Review or None
    timezone : str
        IANA zone in which hours and weekdays are meant.

    Returns
    -------
    dict of str to Recurrence, or None

    Examples
    --------
    >>> patterns(None) is None
    True
    """
    if one is None:
        return None
    return recurrence(one.incidents, between=one.between, timezone=timezone)


def titles(one: Review | None) -> pd.DataFrame:
    """As `repeated`, for a review; empty without one.

    Parameters
    ----------
    one : Review or None

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> len(titles(None))
    0
    """
    return pd.DataFrame() if one is None else repeated(one.incidents, between=one.between)
