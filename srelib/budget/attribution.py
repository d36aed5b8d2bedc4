"""Where the budget went: incidents, the first hours after deployments, the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.breakdown import with_shares
from srelib.budget.counts import budget_fraction, checked, exact_sum, regular_step, sums_by
from srelib.errors import ColumnError, ParameterError

COLUMNS = ["cause", "key", "label", "starts_at", "ends_at", "bad"]


def attribute(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None,
    within: pd.Timedelta | str,
) -> pd.DataFrame:
    """Who spent the budget: every bucket put down to one cause, parts adding up exactly.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] of one service on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    incidents : DataFrame or None
        Table ``incidents`` of that service.
    deployments : DataFrame or None
        Table ``deployments`` of that service, production only.
    within : Timedelta or str
        How long after it finished a deployment is answerable, e.g. ``"2h"``.

    Returns
    -------
    DataFrame
        One row per incident and deployment that touches the data, and one for the rest:
        cause ('incident', 'deployment', 'other'), key (its identifier), label (as the
        source has it, not escaped), starts_at, ends_at, bad [events],
        share_of_allowance, share_of_spent [fraction], coverage [fraction of its buckets that
        were observed; NaN when it owns none].
        bad adds up to what was spent, to the last bit, in any order; NaN throughout when
        nothing was observed at all.

    Raises
    ------
    ParameterError
        `within` is not longer than nothing, or a table holds several services.
    ColumnError
        A table lacks a column.

    Notes
    -----
    A bucket belongs to one cause only: to an incident when the two overlap (of several,
    the one that started first), else to the latest deployment before it when less than
    `within` has passed, else to nobody.
    A bucket cannot be divided: the one in which an incident or deployment falls
    belongs to it as a whole, which blurs causes where buckets are long.
    An open incident lasts until the data ends; one that did not last is left out.
    Incidents of severity ``maintenance`` and cancelled deployments count for nothing.
    This is bookkeeping, not proof: bad events in the hours after a deployment would partly
    have come without it.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index=index)
    >>> shipped = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"],
    ...                         "finished_at": index[[1]], "status": ["succeeded"]})
    >>> parts = attribute(total - [1, 4, 0, 2], total, target=0.9, incidents=None,
    ...                   deployments=shipped, within="1h")
    >>> parts[["cause", "bad"]].to_numpy().tolist()
    [['deployment', 4.0], ['other', 3.0]]
    """
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = regular_step(times)
    pieces = _pieces(times, step, incidents, deployments, within=_length(within))
    allowance = budget_fraction(target) * exact_sum(total_seen)
    owner = _owners(times, step, pieces)
    bad = sums_by(total_seen - good_seen, owner, size=len(pieces))
    observed = np.bincount(owner, weights=~np.isnan(total_seen), minlength=len(pieces))
    owned = np.bincount(owner, minlength=len(pieces))
    frame = pieces.assign(bad=bad if observed.any() else np.nan)
    frame = with_shares(frame, allowance=allowance)
    return frame.assign(coverage=windows.divide(observed, owned))


def _length(within: pd.Timedelta | str) -> pd.Timedelta:
    length = pd.Timedelta(within)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"within must be longer than nothing; got {within}. Try '2h'.")
    return length


def _pieces(
    times: pd.DatetimeIndex,
    step: pd.Timedelta,
    incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None,
    *,
    within: pd.Timedelta,
) -> pd.DataFrame:
    """Incidents, deployments and the rest that touch the data, each kind in order of time."""
    first, last = times[0], times[-1] + step
    rest = pd.DataFrame([("other", "", "neither", first, last)], columns=COLUMNS[:-1])
    answerable = _incident_spans(incidents, end=last), _deployment_spans(deployments, within=within)
    touching = [
        spans[
            (spans["starts_at"] < last)
            & (spans["ends_at"] > first)
            & (spans["ends_at"] > spans["starts_at"])
        ]
        for spans in answerable
    ]
    frame = pd.concat([part for part in (*touching, rest) if len(part)], ignore_index=True)
    for column in ("starts_at", "ends_at"):
        frame[column] = frame[column].astype("datetime64[us, UTC]")
    return frame


def _incident_spans(incidents: pd.DataFrame | None, *, end: pd.Timestamp) -> pd.DataFrame:
    needed = ("incident_id", "started_at", "resolved_at")
    rows = _checked_table(incidents, "incidents", needed)
    if "severity" in rows:
        rows = rows[rows["severity"].astype("str").str.casefold() != "maintenance"]
    label = rows["title"] if "title" in rows else rows["incident_id"]
    spans = pd.DataFrame(
        {
            "cause": "incident",
            "key": rows["incident_id"].astype("str"),
            "label": label.where(label.notna(), rows["incident_id"]).astype("str"),
            "starts_at": rows["started_at"],
            "ends_at": rows["resolved_at"].fillna(end) if len(rows) else rows["resolved_at"],
        }
    )
    return spans.sort_values(["starts_at", "ends_at", "key"], kind="stable")


def _deployment_spans(deployments: pd.DataFrame | None, *, within: pd.Timedelta) -> pd.DataFrame:
    rows = _checked_table(deployments, "deployments", ("deployment_id", "finished_at"))
    if "status" in rows:
        rows = rows[rows["status"].astype("str") != "cancelled"]
    rows = rows[rows["finished_at"].notna()]
    key = rows["deployment_id"].astype("str")
    commit = rows["commit_sha"].str[:8] if "commit_sha" in rows else pd.Series(pd.NA, rows.index)
    spans = pd.DataFrame(
        {
            "cause": "deployment",
            "key": key,
            "label": commit.where(commit.notna(), key).astype("str"),
            "starts_at": rows["finished_at"],
            "ends_at": rows["finished_at"] + within if len(rows) else rows["finished_at"],
        }
    )
    return spans.sort_values(["starts_at", "key"], kind="stable")


def _checked_table(table: pd.DataFrame | None, name: str, needed: tuple[str, ...]) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame(columns=list(needed))
    lacking = [column for column in needed if column not in table.columns]
    if lacking:
        raise ColumnError(f"{name} lack {', '.join(lacking)}; columns seen: {list(table)}.")
    if "service" in table and table["service"].nunique() > 1:
        raise ParameterError(
            f"{name} must belong to the one service whose counts are given; got "
            f"{table['service'].nunique()} services. Keep the rows of one service."
        )
    return table


def _owners(times: pd.DatetimeIndex, step: pd.Timedelta, pieces: pd.DataFrame) -> np.ndarray:
    """For each bucket the row of `pieces` it belongs to."""
    low = times.searchsorted(pd.DatetimeIndex(pieces["starts_at"]) - step, side="right")
    high = times.searchsorted(pd.DatetimeIndex(pieces["ends_at"]), side="left")
    owner = np.full(len(times), len(pieces) - 1)
    cause = pieces["cause"].to_numpy()
    deployed = np.flatnonzero(cause == "deployment")
    incident = np.flatnonzero(cause == "incident")[::-1]
    for row in np.concatenate([deployed, incident]):
        owner[low[row] : high[row]] = row
    return owner
