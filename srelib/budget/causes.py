"""What causes and days spent, each as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import windows
from srelib.budget.status import budget_fraction, checked, exact_sum, regular_step, share, sums_by
from srelib.errors import ColumnError, ParameterError, TimeIndexError

CAUSES = ("incident", "deployment", "other")
"""What a bad event is put down to, first match wins."""


def by_cause(parts: pd.DataFrame) -> pd.DataFrame:
    """What incidents, deployments and the rest spent, each as a whole.

    Parameters
    ----------
    parts : DataFrame
        Result of `attribute`.

    Returns
    -------
    DataFrame
        Three rows, always: cause, pieces (how many incidents or deployments), spending (how
        many of them spent anything), bad [events], share_of_allowance,
        share_of_spent [fraction].

    Examples
    --------
    >>> parts = pd.DataFrame({"cause": ["incident", "other"], "bad": [6.0, 2.0],
    ...                       "share_of_allowance": [0.6, 0.2], "share_of_spent": [0.75, 0.25]})
    >>> by_cause(parts)["bad"].tolist()
    [6.0, 0.0, 2.0]
    """
    groups = parts.groupby("cause")
    sums = groups[["bad", "share_of_allowance", "share_of_spent"]].sum(min_count=1)
    counted = pd.DataFrame(
        {
            "pieces": groups.size(),
            "spending": (parts["bad"] > 0).groupby(parts["cause"]).sum(),
        }
    )
    counted = counted.reindex(CAUSES, fill_value=0).astype("int64")
    counted.loc["other", ["pieces", "spending"]] = 0
    known = sums.reindex(CAUSES)
    absent = ~known.index.isin(sums.index)
    unknown_share = parts[["share_of_allowance", "share_of_spent"]].isna().all()
    known.loc[absent] = 0.0
    known.loc[absent, unknown_share.index[unknown_share]] = np.nan
    return counted.join(known).rename_axis("cause").reset_index()


def by_day(
    good: pd.Series, total: pd.Series, *, target: float, timezone: str = "UTC"
) -> pd.DataFrame:
    """What each day spent of the budget of all the time given.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    timezone : str
        IANA time zone whose midnights divide the days.

    Returns
    -------
    DataFrame
        One row per day: starts_at, ends_at (in `timezone`), good, total, bad [events],
        share_of_allowance, share_of_spent [fraction], coverage [fraction of the day's
        buckets observed].
        good, total and bad are NaN on a day without any observed bucket.

    Notes
    -----
    A day with a clock change has its true length, 23 or 25 hours.
    The first and the last day may be cut by the data; coverage is of the part inside.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index=index)
    >>> by_day(total.where(index != index[30], 5.0), total, target=0.99)["bad"].tolist()
    [0.0, 5.0]
    """
    good_seen, total_seen = checked(good, total)
    frame, number = _days(pd.DatetimeIndex(good.index), timezone)
    observed = np.bincount(number, weights=~np.isnan(total_seen), minlength=len(frame))
    for name, values in (
        ("good", good_seen),
        ("total", total_seen),
        ("bad", total_seen - good_seen),
    ):
        sums = sums_by(values, number, size=len(frame))
        frame[name] = np.where(observed > 0, sums, np.nan)
    frame = with_shares(frame, allowance=budget_fraction(target) * exact_sum(total_seen))
    buckets = np.bincount(number, minlength=len(frame))
    return frame.assign(coverage=windows.divide(observed, buckets))


def _days(times: pd.DatetimeIndex, timezone: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Local days the buckets fall in, and for each bucket the row of its day."""
    step = regular_step(times)
    days = windows.periods(
        times[0], times[-1] + step, window=windows.Window(unit="day", timezone=timezone)
    )
    number = pd.DatetimeIndex(days["starts_at"]).searchsorted(times, side="right") - 1
    local = {name: days[name].dt.tz_convert(timezone) for name in ("starts_at", "ends_at")}
    return pd.DataFrame(local), number


def with_shares(parts: pd.DataFrame, *, allowance: float) -> pd.DataFrame:
    """Parts with their share of the allowance and of what all of them spent."""
    spent = exact_sum(parts["bad"].to_numpy())
    return parts.assign(
        share_of_allowance=[share(bad, allowance) for bad in parts["bad"]],
        share_of_spent=[share(bad, spent) for bad in parts["bad"]],
    )


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


@dataclass(frozen=True)
class Excluded:
    """Counts without what was excluded, and what that was.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events]; both 0 in excluded buckets: known, and not counted.
    good, total : float
        What was taken out [events].
    mask : Series of bool
        True where a bucket was excluded.
    windows : DataFrame
        One row per merged exclusion window that touches the data:
        starts_at, ends_at, reason, buckets, good, total, bad [events].
    """

    counts: pd.DataFrame
    good: float
    total: float
    mask: pd.Series
    windows: pd.DataFrame

    @property
    def bad(self) -> float:
        """Bad events taken out [events]."""
        return exact_sum(self.windows["bad"].to_numpy())


def exclude(
    counts: pd.DataFrame, exclusions: pd.DataFrame | None, *, service: str, sli: str
) -> Excluded:
    """Counts without planned maintenance and corrections.

    A bucket is excluded when it starts inside a window: starts_at <= time < ends_at.

    Parameters
    ----------
    counts : DataFrame
        Columns good and total [events] on a UTC index of bucket starts.
    exclusions : DataFrame or None
        Table ``exclusions``; rows without a service or sli apply to all of them.
    service, sli : str
        The series the counts belong to.

    Returns
    -------
    Excluded
        New counts, what was removed, where, and why.

    Raises
    ------
    ColumnError
        A table lacks a column.
    TimeIndexError
        The counts are not on a tz-aware index of times.

    Notes
    -----
    Excluded buckets are known: they hold good = total = 0, so that they neither spend
    budget nor lower coverage, even where nothing had been observed.
    Windows that overlap or touch are merged, so nothing is taken out twice.
    A window that does not end after it starts excludes nothing.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC")
    >>> counts = pd.DataFrame({"good": [9.0, 0.0, 9.0], "total": 10.0}, index=index)
    >>> window = pd.DataFrame({"service": [None], "sli": [None], "starts_at": index[[1]],
    ...                        "ends_at": index[[2]], "reason": ["move"]})
    >>> exclude(counts, window, service="shop", sli="availability").counts["total"].tolist()
    [10.0, 0.0, 10.0]
    """
    good, total = checked(*_columns(counts))
    merged = _merged(_applying(exclusions, service=service, sli=sli))
    owner = _owner(counts.index, merged)
    mask = owner >= 0
    removed = _removed(merged, owner[mask], good[mask], total[mask])
    kept = counts.assign(good=np.where(mask, 0.0, good), total=np.where(mask, 0.0, total))
    return Excluded(
        counts=kept,
        good=exact_sum(good[mask]),
        total=exact_sum(total[mask]),
        mask=pd.Series(mask, index=counts.index, name="excluded"),
        windows=removed[removed["buckets"] > 0].reset_index(drop=True),
    )


def _columns(counts: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    lacking = [name for name in ("good", "total") if name not in counts.columns]
    if lacking:
        raise ColumnError(f"counts lack {', '.join(lacking)}; columns seen: {list(counts)}.")
    if not isinstance(counts.index, pd.DatetimeIndex) or counts.index.tz is None:
        raise TimeIndexError(
            "counts need an index of tz-aware times; localize it, then convert to UTC."
        )
    return counts["good"], counts["total"]


def _applying(exclusions: pd.DataFrame | None, *, service: str, sli: str) -> pd.DataFrame:
    wanted = ["service", "sli", "starts_at", "ends_at", "reason"]
    if exclusions is None:
        return pd.DataFrame(columns=wanted)
    lacking = [name for name in ("starts_at", "ends_at") if name not in exclusions.columns]
    if lacking:
        raise ColumnError(
            f"exclusions lack {', '.join(lacking)}; columns seen: {list(exclusions)}."
        )
    rows = exclusions.reindex(columns=wanted)
    meant = (rows["service"].isna() | (rows["service"] == service)) & (
        rows["sli"].isna() | (rows["sli"] == sli)
    )
    return rows[meant & (rows["ends_at"] > rows["starts_at"])]


def _merged(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return rows[["starts_at", "ends_at", "reason"]]
    rows = rows.sort_values(["starts_at", "ends_at", "reason"], kind="stable")
    apart = rows["starts_at"] > rows["ends_at"].cummax().shift()
    groups = rows.groupby(apart.cumsum().to_numpy())
    return pd.DataFrame(
        {
            "starts_at": groups["starts_at"].min(),
            "ends_at": groups["ends_at"].max(),
            "reason": groups["reason"].agg(_reasons),
        }
    ).reset_index(drop=True)


def _reasons(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(str(value) for value in values.dropna()))


def _owner(index: pd.Index, merged: pd.DataFrame) -> np.ndarray:
    """Which merged window each bucket starts in; -1 for none."""
    if merged.empty:
        return np.full(len(index), -1)
    last = pd.DatetimeIndex(merged["starts_at"]).searchsorted(index, side="right") - 1
    inside = index < pd.DatetimeIndex(merged["ends_at"])[np.maximum(last, 0)]
    return np.where((last >= 0) & inside, last, -1)


def _removed(
    merged: pd.DataFrame, owner: np.ndarray, good: np.ndarray, total: np.ndarray
) -> pd.DataFrame:
    size = len(merged)
    return merged.reset_index(drop=True).assign(
        buckets=np.bincount(owner, minlength=size),
        good=sums_by(good, owner, size=size),
        total=sums_by(total, owner, size=size),
        bad=sums_by(total - good, owner, size=size),
    )
