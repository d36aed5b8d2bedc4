"""How long until incidents were detected, acknowledged, mitigated, restored."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from srelib.errors import ColumnError, ParameterError
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
