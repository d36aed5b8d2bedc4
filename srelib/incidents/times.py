"""How long until incidents were detected, acknowledged, mitigated, restored."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.stats import Estimate, kaplan_meier, survival_median, survival_quantile

ENDS = {
    "detect": "detected_at",
    "acknowledge": "acknowledged_at",
    "mitigate": "mitigated_at",
    "restore": "resolved_at",
}
"""What ends each duration; all begin when users began to be affected."""

ENDED, OPEN, UNKNOWN = "ended", "open", "unknown"


@dataclass(frozen=True)
class TimeTo:
    """How long it took, over several incidents.

    Parameters
    ----------
    to : str
        What ended the time: 'detect', 'acknowledge', 'mitigate' or 'restore'.
    median, p90 : Estimate
        Kaplan-Meier [s]; NaN where too few have ended.
    incidents : int
        How many there were: ended, open and unknown.
    open : int
        How many had not ended by the end of the data.
    unknown : int
        How many have no such time on record although they are over, or one before their start;
        they are in no estimate.
    recorded : bool
        False where every time on record is the start itself, so that the source cannot know
        another and nothing can be said.
    curve : DataFrame
        As from `srelib.stats.kaplan_meier`, time in seconds.
    """

    to: str
    median: Estimate
    p90: Estimate
    incidents: int
    open: int
    unknown: int
    recorded: bool
    curve: pd.DataFrame


def counted(incidents: pd.DataFrame) -> pd.DataFrame:
    """The incidents that count: without planned maintenance."""
    for name in ("incident_id", "service", "started_at", "resolved_at"):
        if name not in incidents.columns:
            raise ColumnError(f"incidents lack {name!r}; columns seen: {list(incidents.columns)}.")
    rows = incidents[incidents["started_at"].notna()]
    if "severity" in rows.columns:
        rows = rows[rows["severity"].astype("str").str.casefold() != "maintenance"]
    return rows.sort_values("started_at", kind="stable", ignore_index=True)


def durations(incidents: pd.DataFrame, *, as_of: pd.Timestamp, to: str = "restore") -> pd.DataFrame:
    """How long each incident took until then, or has taken so far."""
    if to not in ENDS:
        raise ParameterError(f"to must be one of {', '.join(ENDS)}; got {to!r}.")
    rows = counted(incidents)
    rows = rows[rows["started_at"] <= as_of].reset_index(drop=True)
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


def time_to(
    incidents: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    to: str = "restore",
    confidence: float = 0.95,
) -> TimeTo:
    """How long it took until incidents were over, or detected, acknowledged, mitigated.

    Parameters
    ----------
    incidents : DataFrame
        Table ``incidents``.
    as_of : Timestamp
        "Now", the end of the data.
    to : {'restore', 'mitigate', 'acknowledge', 'detect'}
        What ends the time.
    confidence : float
        Share of such intervals that hold the truth [fraction].

    Returns
    -------
    TimeTo

    Raises
    ------
    ParameterError
        `to` is none of these.
    ColumnError
        A column is missing.

    Notes
    -----
    Open incidents count for as long as they were seen to last: leaving them out would make the
    worst ones invisible, and taking them as over now would make them short.

    References
    ----------
    .. [1] Kaplan, Meier, JASA 53 (1958) 457.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident_id": list("abc"), "service": "shop",
    ...     "started_at": pd.to_datetime(["2026-01-01T00:00Z"] * 3),
    ...     "resolved_at": pd.to_datetime(["2026-01-01T01:00Z", "2026-01-01T02:00Z", None],
    ...                                   utc=True)})
    >>> found = time_to(rows, as_of=pd.Timestamp("2026-01-03", tz="UTC"))
    >>> found.median.value / 3600, found.open
    (2.0, 1)
    """
    return of_durations(durations(incidents, as_of=as_of, to=to), to=to, confidence=confidence)


def of_durations(rows: pd.DataFrame, *, to: str, confidence: float = 0.95) -> TimeTo:
    """As `time_to`, of durations that are already known."""
    seen = rows[rows["state"] != UNKNOWN]
    seconds, ended = seen["seconds"].to_numpy(), (seen["state"] == ENDED).to_numpy()
    return TimeTo(
        to=to,
        median=survival_median(seconds, ended, confidence=confidence),
        p90=survival_quantile(seconds, ended, share=0.9, confidence=confidence),
        incidents=len(rows),
        open=int((rows["state"] == OPEN).sum()),
        unknown=int((rows["state"] == UNKNOWN).sum()),
        recorded=bool(ended.any() and (seconds[ended] > 0).any()),
        curve=kaplan_meier(seconds, ended, confidence=confidence),
    )


def time_to_by(
    incidents: pd.DataFrame,
    *,
    by: str,
    as_of: pd.Timestamp,
    to: str = "restore",
    confidence: float = 0.95,
) -> dict[str, TimeTo]:
    """As `time_to`, for each value of a column."""
    if by not in incidents.columns:
        raise ColumnError(f"incidents lack {by!r}; columns seen: {list(incidents.columns)}.")
    rows = counted(incidents)
    return {
        str(name): time_to(part, as_of=as_of, to=to, confidence=confidence)
        for name, part in rows.groupby(rows[by].astype("str").where(rows[by].notna()))
    }


Between = tuple[pd.Timestamp, pd.Timestamp]
"""Start and end of a period, half-open."""

WEEK = pd.Timedelta(days=7)
NEAR = 3
FEWEST_BINS = 6


def period(between: Between) -> Between:
    """A period, if it is one."""
    first, last = between
    if not last > first:
        raise ParameterError(f"between must end after it begins; got {first} to {last}.")
    return first, last


def history(
    incidents: pd.DataFrame, *, as_of: pd.Timestamp, observed_since: pd.Timestamp | None = None
) -> Between:
    """The time in which incidents were written down, as far as it can be known."""
    starts = counted(incidents)["started_at"]
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


def middle(between: Between, *, split: pd.Timestamp | str | None = None) -> pd.Timestamp:
    """Where a period is divided."""
    first, last = period(between)
    if split is None:
        return first + (last - first) / 2
    try:
        at = pd.Timestamp(split)
    except ValueError as error:
        raise ParameterError(f"split must be a date or time; got {split!r}.") from error
    at = at.tz_localize("UTC") if at.tzinfo is None else at
    if not first < at < last:
        raise ParameterError(f"split must lie inside the history, {first} to {last}; got {split}.")
    return at


def halves(between: Between, *, split: pd.Timestamp | str | None = None) -> tuple[Between, Between]:
    """The part before the split and the part after it."""
    at = middle(between, split=split)
    return (between[0], at), (at, between[1])


def in_bins(starts: pd.Series, between: Between, *, length: pd.Timedelta = WEEK) -> pd.DataFrame:
    """How many incidents began in each stretch of a period."""
    first, last = period(between)
    many = max(1, math.ceil((last - first) / length))
    edges = pd.DatetimeIndex([*(first + length * i for i in range(many)), last])
    inside = starts[(starts >= first) & (starts < last)]
    places = np.minimum(((inside - first) // length).to_numpy("int64"), many - 1)
    counts = np.bincount(places, minlength=many)
    return pd.DataFrame({"starts_at": edges[:-1], "ends_at": edges[1:], "count": counts,
                         "weeks": (edges[1:] - edges[:-1]) / WEEK})  # fmt: skip


def bin_length(between: Between) -> pd.Timedelta:
    """How long the stretches are whose counts say how much incidents cluster."""
    first, last = period(between)
    return min(4 * WEEK, (last - first) / FEWEST_BINS)


NOT_FELT = ("none", "maintenance")
"""Severities, lower case, that say of themselves that no user was affected."""

ZERO = pd.Timedelta(0)


@dataclass(frozen=True)
class Downtime:
    """How long users were affected.

    Parameters
    ----------
    services : DataFrame
        One row per service, dearest first: service, incidents, summed, downtime (Timedelta; each
        moment once), share [fraction of the time], overlapping (how many began before an earlier
        one was over), zero (how many ended as they began), open, unknown [count].
    downtime : Timedelta
        Over all services, each moment once.
    summed : Timedelta
        What adding up all incidents gives instead.
    between : pair of Timestamp
        The time looked at.
    not_felt : int
        Incidents left out because their severity says that nobody was affected.
    """

    services: pd.DataFrame
    downtime: pd.Timedelta
    summed: pd.Timedelta
    between: Between
    not_felt: int


def spans(incidents: pd.DataFrame, *, between: Between) -> pd.DataFrame:
    """When at least one incident went on, whatever the service."""
    rows = _clipped(_felt(counted(incidents)), between).sort_values("starts_at", kind="stable")
    new = rows["starts_at"] > rows["ends_at"].cummax().shift()
    new.iloc[:1] = True
    groups = rows.groupby(new.cumsum())
    found = groups.agg(starts_at=("starts_at", "min"), ends_at=("ends_at", "max"),
                       incidents=("ends_at", "size"))  # fmt: skip
    return found.reset_index(drop=True)


def downtime(incidents: pd.DataFrame, *, between: Between) -> Downtime:
    """How long users were affected, per service and over all, overlaps counted once."""
    first, last = period(between)
    rows = counted(incidents)
    felt = _felt(rows)
    over_before = (felt["started_at"] < first) & (felt["resolved_at"] <= first)
    felt = felt[(felt["started_at"] < last) & ~over_before]
    services = [
        _row(str(name), part, between) for name, part in felt.groupby(felt["service"].astype("str"))
    ]
    columns = ["service", "incidents", "summed", "downtime", "share", "overlapping", "zero",
               "open", "unknown"]  # fmt: skip
    table = pd.DataFrame(services, columns=columns)
    table = table.sort_values("downtime", ascending=False, kind="stable", ignore_index=True)
    found = spans(felt, between=between)
    return Downtime(
        services=table,
        downtime=_total(found),
        summed=_total(_clipped(felt, between)),
        between=(first, last),
        not_felt=len(rows) - len(_felt(rows)),
    )


def _felt(rows: pd.DataFrame) -> pd.DataFrame:
    if "severity" not in rows.columns:
        return rows
    return rows[~rows["severity"].astype("str").str.casefold().isin(NOT_FELT)]


def _clipped(rows: pd.DataFrame, between: Between) -> pd.DataFrame:
    """Spans of incidents inside the time looked at; only those of some length."""
    first, last = period(between)
    starts, ends = rows["started_at"], rows["resolved_at"].fillna(last)
    found = pd.DataFrame(
        {"starts_at": starts.where(starts > first, first), "ends_at": ends.where(ends < last, last)}
    )
    return found[found["ends_at"] > found["starts_at"]]


def _total(rows: pd.DataFrame) -> pd.Timedelta:
    return pd.Timedelta((rows["ends_at"] - rows["starts_at"]).sum())


def _row(service: str, rows: pd.DataFrame, between: Between) -> dict[str, object]:
    ends = rows["resolved_at"]
    lasted = rows[ends.isna() | (ends > rows["started_at"])]
    until = lasted["resolved_at"].fillna(between[1]).cummax().shift()
    down = _total(spans(rows, between=between))
    return {
        "service": service,
        "incidents": len(rows),
        "summed": _total(_clipped(rows, between)),
        "downtime": down,
        "share": down / (between[1] - between[0]),
        "overlapping": int((lasted["started_at"] < until).sum()),
        "zero": int((ends == rows["started_at"]).sum()),
        "open": int((ends.isna() | (ends > between[1])).sum()),
        "unknown": int((ends < rows["started_at"]).sum()),
    }
