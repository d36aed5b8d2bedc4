"""More or fewer, longer or shorter: two parts of a history held against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import InsufficientDataError
from srelib.incidents.noise import (
    Detectable,
    Noise,
    _improvement_looks_worse,
    detectable_change,
    noise_check,
)
from srelib.incidents.postmortems import Recurrence, _holm, _recurrence, _repeated
from srelib.incidents.times import (
    ENDED,
    ENDS,
    UNKNOWN,
    WEEK,
    Between,
    Downtime,
    TimeTo,
    _before_and_after,
    _binned_counts,
    _dispersion,
    _downtime,
    _durations,
    _eligible_incidents,
    _fleet_incidents,
    _history,
    _known_durations,
    _started_in,
    _time_of_durations,
    time_to,
)
from srelib.stats import Estimate, comparisons
from srelib.stats.intervals import NAN, _normal_quantile, _rate

BETTER, WORSE, UNCLEAR = "better", "worse", "cannot tell"
MOST_WEEKS = 80
DRAWS = 20_000_000


@dataclass(frozen=True)
class CountTrend:
    """How many incidents there were in two periods.

    before, after, ratio: incidents a week [1/week]; after over before
    p_value: chance of a difference at least this large if the rate did not change [fraction]
    index: how much more their number scatters over time than that of independent ones [ratio]
    verdict: 'better', 'worse' or 'cannot tell'
    """

    before: Estimate
    after: Estimate
    ratio: Estimate
    p_value: float
    index: float
    verdict: str


@dataclass(frozen=True)
class DurationTrend:
    """How long incidents took to restore in two periods.

    ratio: factor by which durations changed (Hodges-Lehmann)
    p_value: of the rank test [fraction]
    correlation: rank correlation of duration with time, over all of it [-1 to 1]
    verdict: 'better', 'worse' or 'cannot tell', by the interval of the ratio
    """

    before: TimeTo
    after: TimeTo
    ratio: Estimate
    p_value: float
    correlation: Estimate
    verdict: str


@dataclass(frozen=True)
class PeriodComparison:
    """Incidents of a fleet, two parts of their history held against each other.

    between, split, timezone: the time looked at, its end being "now"; where it is divided; the zone
        of hours and days
    times: time to detect, acknowledge, mitigate and restore, over all
    durations, service_durations: to restore each incident: incident_id, service, started_at,
        seconds, state ('ended', 'open' or 'unknown'); and the same with a row for each service of
        an incident
    bins: incidents per week, or per four weeks of a long history: starts_at, ends_at, count, weeks
    noise, detectable: None with too few durations in either part
    looks_worse: how often a cut of every duration by a tenth would make the mean look worse
        [fraction]
    services: most incidents first: service, incidents, open, before, after [count], restore (median
        [s]), count_verdict, duration_verdict (corrected for how many there are)
    recurrence: by 'hour', 'weekday' and, with several of them, 'service'
    repeated: titles that came back: title, incidents, services [count], first, last, gap
    silence, silence_p_value: from the start of the last incident to the end; its chance at the rate
        before [fraction]
    """

    between: Between
    split: pd.Timestamp
    timezone: str
    times: dict[str, TimeTo]
    durations: pd.DataFrame
    service_durations: pd.DataFrame
    counts: CountTrend
    bins: pd.DataFrame
    lengths: DurationTrend
    noise: Noise | None
    detectable: Detectable | None
    looks_worse: float
    downtime: Downtime
    services: pd.DataFrame
    recurrence: dict[str, Recurrence]
    repeated: pd.DataFrame
    silence: pd.Timedelta
    silence_p_value: float

    @property
    def periods(self) -> tuple[Between, Between]:
        """The time before the split and the time after it."""
        return (self.between[0], self.split), (self.split, self.between[1])


def compare_periods(
    incidents: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    observed_since: pd.Timestamp | None = None,
    split: pd.Timestamp | str | None = None,
    statistic: str = "mean",
    timezone: str = "UTC",
) -> PeriodComparison | None:
    """Two parts of the history of incidents held against each other, by every way to ask.

    None without an incident before `as_of`.

    Parameters
    ----------
    incidents, as_of, split : see `srelib.incidents`; incidents of the severities that count
    observed_since : Timestamp, optional, start of what else was observed. The history begins there
        where it lies at most three average gaps before the first incident, else with that.
    statistic : {'mean', 'median'}, what `noise_check` compares
    timezone : str, IANA zone in which hours and weekdays are meant

    Raises
    ------
    ParameterError
        `split` does not lie inside the history; the statistic or the zone is unknown.

    Examples
    --------
    >>> at = pd.date_range("2026-01-01", periods=28, freq="D", tz="UTC")
    >>> rows = pd.DataFrame({"incident_id": map(str, range(28)), "service": "shop",
    ...                      "started_at": at, "resolved_at": at + pd.Timedelta("1h")})
    >>> found = compare_periods(rows, as_of=pd.Timestamp("2026-01-29", tz="UTC"))
    >>> found.counts.before.value, found.counts.after.value, found.counts.verdict
    (7.0, 7.0, 'cannot tell')
    """
    try:
        between = _history(incidents, as_of=as_of, observed_since=observed_since)
    except InsufficientDataError:
        return None
    rows = _started_in(_eligible_incidents(incidents), between)
    once = _fleet_incidents(rows)
    split = _before_and_after(between, split=split)[1][0]
    found = _durations(once, as_of=as_of)
    ended = found.loc[found["state"] == ENDED, "seconds"].to_numpy()
    worse = NAN
    if len(ended) >= 4:
        worse = _improvement_looks_worse(ended, n=len(ended), trials=_draws(ended))
    counts = _count_trend(once, between=between, split=split)
    bar = WEEK if (between[1] - between[0]) / WEEK <= MOST_WEEKS else 4 * WEEK
    last = once["started_at"].iloc[-1]
    silence, before = as_of - last, last - between[0]
    quiet = math.exp(-(len(once) - 1) * (silence / before)) if before > pd.Timedelta(0) else NAN
    return PeriodComparison(
        between=between,
        split=split,
        timezone=timezone,
        times={to: time_to(once, as_of=as_of, to=to) for to in ENDS},
        durations=found,
        service_durations=_durations(rows, as_of=as_of),
        counts=counts,
        bins=_binned_counts(once["started_at"], between, length=bar),
        lengths=_duration_trend(once, between=between, split=split),
        noise=_noise(once, between, split, statistic),
        detectable=_detectable(found, split, counts.index),
        looks_worse=worse,
        downtime=_downtime(rows, between=between),
        services=_compare_services(rows, between=between, split=split),
        recurrence=_recurrence(rows, between=between, timezone=timezone),
        repeated=_repeated(rows, between=between),
        silence=silence,
        silence_p_value=quiet,
    )


def _summary(
    incidents: pd.DataFrame, *, between: Between, confidence: float = 0.95
) -> tuple[Estimate, Estimate]:
    """How often one service had incidents in a period [1/week], and how long they lasted [s]."""
    rows = _started_in(_fleet_incidents(incidents), between)
    index = _widened(*_dispersion([(rows["started_at"], between)]), confidence)
    weeks = (between[1] - between[0]) / WEEK
    restore = time_to(rows, as_of=between[1], confidence=confidence).median
    return _rate(len(rows), weeks, confidence, index=index), restore


def _count_trend(
    incidents: pd.DataFrame, *, between: Between, split: pd.Timestamp | str | None = None
) -> CountTrend:
    """Were there more or fewer incidents after the split than before?"""
    parts = _before_and_after(between, split=split)
    index, freedom = _dispersion((incidents["started_at"], part) for part in parts)
    wide = _widened(index, freedom)
    before, after = (
        (float(len(_started_in(incidents, part))), (part[1] - part[0]) / WEEK) for part in parts
    )
    ratio, p_value = comparisons.rate_ratio(before, after, index=wide)
    return CountTrend(
        before=_rate(*before, index=wide),
        after=_rate(*after, index=wide),
        ratio=ratio,
        p_value=p_value,
        index=index,
        verdict=_verdict(ratio),
    )


def _widened(index: float, freedom: int, confidence: float = 0.95) -> float:
    """The overdispersion to reckon with: 1 where there is none, more where it is an estimate."""
    if not (freedom > 0 and index > 1):
        return 1.0
    from scipy.stats import t

    return float(index * (t.ppf((1 + confidence) / 2, freedom) / _normal_quantile(confidence)) ** 2)


def _duration_trend(
    incidents: pd.DataFrame, *, between: Between, split: pd.Timestamp | str | None = None
) -> DurationTrend:
    """Did incidents take longer or shorter after the split than before?"""
    rows = _durations(_started_in(incidents, between), as_of=between[1])
    sides = [_started_in(rows, part) for part in _before_and_after(between, split=split)]
    before, after = (_time_of_durations(side) for side in sides)
    known = _known_durations(sides[0]), _known_durations(sides[1])
    ratio, p_value = comparisons.duration_ratio(*known)
    order = rows.loc[rows["state"] != UNKNOWN, "started_at"].astype("int64")
    return DurationTrend(
        before=before,
        after=after,
        ratio=ratio,
        p_value=p_value,
        correlation=comparisons.rank_correlation(order, *_known_durations(rows)),
        verdict=_verdict(ratio),
    )


def _verdict(ratio: Estimate) -> str:
    """What an interval of a ratio allows to be said, less being better."""
    if ratio.high < 1:
        return BETTER
    return WORSE if ratio.low > 1 else UNCLEAR


def _compare_services(
    incidents: pd.DataFrame, *, between: Between, split: pd.Timestamp
) -> pd.DataFrame:
    """Each service: how many, how long, and whether that changed."""
    rows, trends = [], dict[tuple[str, Any], CountTrend | DurationTrend]()
    for name, own in incidents.groupby("service"):
        counts = _count_trend(own, between=between, split=split)
        lengths = _duration_trend(own, between=between, split=split)
        trends |= {("count", name): counts, ("duration", name): lengths}
        times = time_to(own, as_of=between[1])
        rows.append({
            "service": str(name), "incidents": times.incidents, "open": times.open,
            "before": int(counts.before.n), "after": int(counts.after.n),
            "restore": times.median.value,
        })  # fmt: skip
    significant = _holm({key: trend.p_value for key, trend in trends.items()})
    table = pd.DataFrame(rows)
    for of in ("count", "duration"):
        table[f"{of}_verdict"] = [
            trends[of, name].verdict if significant[of, name] < 0.05 else UNCLEAR
            for name in table["service"]
        ]
    return table.sort_values("incidents", ascending=False, kind="stable", ignore_index=True)


def _noise(
    rows: pd.DataFrame, between: Between, split: pd.Timestamp, statistic: str
) -> Noise | None:
    try:
        return noise_check(
            rows, between=between, split=split, statistic=statistic, resamples=_draws(rows) - 1
        )
    except InsufficientDataError:
        return None


def _detectable(found: pd.DataFrame, split: pd.Timestamp, index: float) -> Detectable | None:
    known = found[found["seconds"].notna()]
    before = float((known["started_at"] < split).sum())
    n = before, len(known) - before
    if min(n) < 2:
        return None
    ended = found.loc[found["state"] == ENDED, "seconds"]
    return detectable_change(ended, n=n, index=index)


def _draws(rows: pd.DataFrame | np.ndarray) -> int:
    """Ten thousand; fewer of a very long history, never below a thousand."""
    return min(10_000, max(1000, DRAWS // max(len(rows), 1)))
