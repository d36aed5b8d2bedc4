"""How long incidents took: until detected, acknowledged, mitigated, restored; and downtime."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.errors import InsufficientDataError, ParameterError
from srelib.stats import Estimate
from srelib.stats.comparisons import rate_dispersion
from srelib.stats.intervals import _kaplan_meier, _survival_quantile

ENDS = {
    "detect": "detected_at",
    "acknowledge": "acknowledged_at",
    "mitigate": "mitigated_at",
    "restore": "resolved_at",
}
"""What ends each duration; all begin when users began to be affected."""

ENDED, OPEN, UNKNOWN = "ended", "open", "unknown"

Between = tuple[pd.Timestamp, pd.Timestamp]
"""Start and end of a period, half-open."""

WEEK = pd.Timedelta(days=7)
NEAR = 3
"""Average gaps between incidents within which other data may begin before the first incident."""
FEWEST_BINS = 6


def _eligible_incidents(incidents: pd.DataFrame) -> pd.DataFrame:
    """The rows that count, one for each service of an incident, in order of their start."""
    tables.need(incidents, "incidents", "incident_id", "service", "started_at", "resolved_at")
    rows = events.eligible_incidents(incidents)
    return rows.sort_values("started_at", kind="stable", ignore_index=True)


def _fleet_incidents(incidents: pd.DataFrame) -> pd.DataFrame:
    """The incidents that count, each once, in order of their start."""
    return events.once_for_fleet(_eligible_incidents(incidents)).reset_index(drop=True)


@dataclass(frozen=True)
class TimeTo:
    """How long it took, over several incidents.

    median, p90: Kaplan-Meier [s]; NaN where too few have ended
    incidents, open: how many there were, and had not ended by the end of the data
    unknown: how many are over without such a time on record, or with one before their start; they
        are in no estimate
    recorded: False where every time on record is the start itself: the source cannot know another
    curve: as from `srelib.stats.kaplan_meier`, time in seconds
    """

    median: Estimate
    p90: Estimate
    incidents: int
    open: int
    unknown: int
    recorded: bool
    curve: pd.DataFrame


def time_to(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, to: str = "restore", confidence: float = 0.95
) -> TimeTo:
    """How long it took until incidents were over, or detected, acknowledged, mitigated.

    Open incidents count for as long as they were seen to last.

    Parameters
    ----------
    incidents, as_of, to, confidence : see `srelib.incidents`; another `to` is a `ParameterError`

    Examples
    --------
    >>> at = pd.Timestamp("2026-01-01", tz="UTC")
    >>> rows = pd.DataFrame({"incident_id": list("abc"), "service": "shop", "started_at": at,
    ...                      "resolved_at": at + pd.to_timedelta(["1h", "2h", None])})
    >>> found = time_to(rows, as_of=at + pd.Timedelta("2D"))
    >>> found.median.value / 3600, found.open
    (2.0, 1)
    """
    rows = _durations(_fleet_incidents(incidents), as_of=as_of, to=to)
    return _time_of_durations(rows, confidence=confidence)


def _durations(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, to: str = "restore"
) -> pd.DataFrame:
    """How long each incident took until then, or has taken so far."""
    ParameterError.check_one_of(to, "to", ENDS)
    rows = incidents[incidents["started_at"] <= as_of].reset_index(drop=True)
    blank = pd.Series(pd.NaT, rows.index, dtype="datetime64[us, UTC]")
    ends = rows[ENDS[to]] if ENDS[to] in rows.columns else blank
    over = rows["resolved_at"].notna() & (rows["resolved_at"] <= as_of)
    known = ends.notna() & (ends >= rows["started_at"])
    state = pd.Series(UNKNOWN, rows.index, dtype="str")
    state[known & (ends <= as_of)] = ENDED
    state[(ends.isna() & ~over) | (known & (ends > as_of))] = OPEN
    until = ends.where(state == ENDED, as_of).where(state != UNKNOWN)
    seconds = (until - rows["started_at"]).dt.total_seconds()
    found = rows[["incident_id", "service", "started_at"]]
    return found.assign(seconds=seconds.astype("float64"), state=state)


def _time_of_durations(rows: pd.DataFrame, *, confidence: float = 0.95) -> TimeTo:
    """As `time_to`, of durations that are already known."""
    seconds, ended = _known_durations(rows)
    return TimeTo(
        median=_survival_quantile(seconds, ended, confidence=confidence),
        p90=_survival_quantile(seconds, ended, share=0.9, confidence=confidence),
        incidents=len(rows),
        open=int((rows["state"] == OPEN).sum()),
        unknown=int((rows["state"] == UNKNOWN).sum()),
        recorded=bool(ended.any() and (seconds[ended] > 0).any()),
        curve=_kaplan_meier(seconds, ended, confidence=confidence),
    )


def _known_durations(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Known durations [s] and whether each has ended, as the statistics take them."""
    known = rows[rows["state"] != UNKNOWN]
    return known["seconds"].to_numpy("float64"), (known["state"] == ENDED).to_numpy(dtype=bool)


def _history(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, observed_since: pd.Timestamp | None = None
) -> Between:
    """The time in which incidents were written down, as far as it can be known."""
    starts = _fleet_incidents(incidents)["started_at"]
    starts = starts[starts < as_of]
    if not len(starts):
        raise InsufficientDataError(
            f"no incident began before the end of the data, {as_of}; got {len(incidents)} rows."
        )
    first = starts.iloc[0]
    gap = (as_of - first) / len(starts)
    if observed_since is None or not first - NEAR * gap <= observed_since <= first:
        return first, as_of
    return observed_since, as_of


def _checked_period(between: Between) -> Between:
    """A period, if it is one."""
    first, last = between
    if not last > first:
        raise ParameterError(f"between must end after it begins; got {first} to {last}.")
    return first, last


def _before_and_after(
    between: Between, *, split: pd.Timestamp | str | None = None
) -> tuple[Between, Between]:
    """The part before the split and the part after it; without one, two of the same length."""
    first, last = _checked_period(between)
    if split is None:
        at = first + (last - first) / 2
        return (first, at), (at, last)
    try:
        at = pd.Timestamp(split)
    except ValueError as error:
        raise ParameterError(f"split must be a date or time; got {split!r}.") from error
    at = at.tz_localize("UTC") if at.tzinfo is None else at
    if not first < at < last:
        raise ParameterError(f"split must lie inside the history, {first} to {last}; got {split}.")
    return (first, at), (at, last)


def _started_in(rows: pd.DataFrame, between: Between) -> pd.DataFrame:
    """Incidents that began in a period."""
    first, last = _checked_period(between)
    return rows[(rows["started_at"] >= first) & (rows["started_at"] < last)]


def _binned_counts(starts: pd.Series, between: Between, *, length: pd.Timedelta) -> pd.DataFrame:
    """How many incidents began in each stretch of a period."""
    first, last = between
    many = max(1, math.ceil((last - first) / length))
    edges = pd.DatetimeIndex([*(first + length * i for i in range(many)), last])
    inside = starts[(starts >= first) & (starts < last)]
    places = np.minimum(((inside - first) // length).to_numpy("int64"), many - 1)
    counts = np.bincount(places, minlength=many)
    return pd.DataFrame({"starts_at": edges[:-1], "ends_at": edges[1:], "count": counts,
                         "weeks": (edges[1:] - edges[:-1]) / WEEK})  # fmt: skip


def _dispersion(groups: Iterable[tuple[pd.Series, Between]]) -> tuple[float, int]:
    """How much counts scatter around the rate of each group, in stretches that show clusters."""
    bins = [
        _binned_counts(starts, part, length=min(4 * WEEK, (part[1] - part[0]) / FEWEST_BINS))
        for starts, part in groups
    ]
    return rate_dispersion(
        np.concatenate([b["count"] for b in bins]), np.concatenate([b["weeks"] for b in bins]),
        np.repeat(np.arange(len(bins)), [len(b) for b in bins]),
    )  # fmt: skip


@dataclass(frozen=True)
class Downtime:
    """How long users were affected by the incidents that began in a period.

    services: longest first: service, incidents [count], downtime (Timedelta; each moment once)
    downtime, summed: over all services, each moment once; what adding up all incidents gives
        instead
    overlapping: how many began before an earlier one of the same service was over
    not_felt: how many are left out because their severity says that no user was affected
    """

    services: pd.DataFrame
    downtime: pd.Timedelta
    summed: pd.Timedelta
    overlapping: int
    not_felt: int


def _downtime(incidents: pd.DataFrame, *, between: Between) -> Downtime:
    """How long users were affected, per service and over all, overlaps counted once."""
    rows = _started_in(_eligible_incidents(incidents), between)
    felt = events.affecting_users(rows)
    ends = felt["resolved_at"].fillna(between[1])
    lasting = felt.assign(ends_at=ends.where(ends < between[1], between[1]))
    lasting = lasting[lasting["ends_at"] > lasting["started_at"]]
    by_service = {str(name): own for name, own in lasting.groupby("service")}
    services = pd.DataFrame([
        (name, len(own), _union(by_service.get(str(name), lasting[:0])))
        for name, own in felt.groupby("service")
    ], columns=["service", "incidents", "downtime"])  # fmt: skip
    once = events.once_for_fleet(lasting)
    early = [own[own["started_at"] < own["ends_at"].cummax().shift()]
             for own in by_service.values()]  # fmt: skip
    return Downtime(
        services=services.sort_values("downtime", ascending=False, kind="stable",
                                      ignore_index=True),
        downtime=_union(lasting),
        summed=pd.Timedelta((once["ends_at"] - once["started_at"]).sum()),
        overlapping=len(events.once_for_fleet(pd.concat([lasting[:0], *early]))),
        not_felt=len(events.once_for_fleet(rows)) - len(events.once_for_fleet(felt)),
    )  # fmt: skip


def _union(rows: pd.DataFrame) -> pd.Timedelta:
    """How long at least one incident went on; rows are in order of their start."""
    covered = rows["ends_at"].cummax().shift()
    starts = rows["started_at"].where(covered.isna() | (covered < rows["started_at"]), covered)
    return pd.Timedelta((rows["ends_at"] - starts)[rows["ends_at"] > starts].sum())
