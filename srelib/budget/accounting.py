"""Exact accounting of spent budget, by event, cause and day: the parts add up to the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import events, tables, windows
from srelib.budget.status import _budget_fraction, _exact_sum
from srelib.errors import ParameterError
from srelib.windows.sums import _checked, _divide
from srelib.windows.window import _aware, _calendar_periods, _regular_step

_CAUSES = ("incident", "deployment", "other")
"""What a bad event is counted under, first match wins."""

_AMOUNTS = ["bad", "share_of_allowance", "share_of_spent"]


def spent_by_cause(spenders: pd.DataFrame) -> pd.DataFrame:
    """What incidents, deployments and the rest spent, each as a whole.

    Parameters
    ----------
    spenders : DataFrame
        Result of `spent_by_event`.

    Returns
    -------
    DataFrame
        Three rows, always: cause, bad [events], share_of_allowance, share_of_spent [fraction].

    Examples
    --------
    >>> spenders = pd.DataFrame({"cause": ["incident", "other"], "bad": [6.0, 2.0],
    ...                          "share_of_allowance": [0.6, 0.2], "share_of_spent": [0.75, 0.25]})
    >>> spent_by_cause(spenders)["bad"].tolist()
    [6.0, 0.0, 2.0]
    """
    sums = spenders.groupby("cause")[_AMOUNTS].sum().reindex(_CAUSES, fill_value=0.0)
    sums.loc[:, spenders[_AMOUNTS].isna().all()] = np.nan
    return sums.rename_axis("cause").reset_index()


def spent_by_day(
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
    >>> spent_by_day(total.where(index != index[30], 5.0), total, target=0.99)["bad"].tolist()
    [0.0, 5.0]
    """
    good_seen, total_seen = _checked(good, total)
    frame, number = _days(pd.DatetimeIndex(good.index), timezone)
    observed = np.bincount(number, weights=~np.isnan(total_seen), minlength=len(frame))
    for name, values in (
        ("good", good_seen),
        ("total", total_seen),
        ("bad", total_seen - good_seen),
    ):
        sums = _sums_by(values, number, size=len(frame))
        frame[name] = np.where(observed > 0, sums, np.nan)
    frame = _with_shares(frame, allowance=_budget_fraction(target) * _exact_sum(total_seen))
    buckets = np.bincount(number, minlength=len(frame))
    return frame.assign(coverage=_divide(observed, buckets))


def _days(times: pd.DatetimeIndex, timezone: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Local days the buckets fall in, and for each bucket the row of its day."""
    step = _regular_step(times)
    days = _calendar_periods(
        times[0], times[-1] + step, window=windows.Window(unit="day", timezone=timezone)
    )
    number = pd.DatetimeIndex(days["starts_at"]).searchsorted(times, side="right") - 1
    local = {name: days[name].dt.tz_convert(timezone) for name in ("starts_at", "ends_at")}
    return pd.DataFrame(local), number


def _with_shares(spent: pd.DataFrame, *, allowance: float) -> pd.DataFrame:
    """With the share of each row of the allowance, and of what all rows spent."""
    whole = _exact_sum(spent["bad"].to_numpy())
    return spent.assign(
        share_of_allowance=_divide(spent["bad"], allowance),
        share_of_spent=_divide(spent["bad"], whole),
    )


def spent_by_event(
    good: pd.Series,
    total: pd.Series,
    *,
    target: float,
    incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None,
    within: pd.Timedelta | str,
) -> pd.DataFrame:
    """Which incidents and deployments spent the budget: every bucket counted once.

    Parameters
    ----------
    good, total : Series
        Good and total events [events] of one service on a regular UTC index.
    target : float
        Service level objective [fraction], strictly between 0 and 1.
    incidents : DataFrame or None
        Table ``incidents`` of that service.
    deployments : DataFrame or None
        Table ``deployments`` of that service.
    within : Timedelta or str
        How long after it finished bad events count under a deployment, e.g. ``"2h"``.

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
    A bucket counts under one cause only: under an incident when the two overlap (of several,
    the one that started first), else under the latest deployment before it when less than
    `within` has passed, else under none.
    A bucket cannot be divided: the one in which an incident or deployment falls
    counts under it as a whole, which blurs causes where buckets are long.
    An open incident lasts until the data ends; one that did not last is left out.
    Which incidents and deployments count is for `srelib.events` to say.
    This is accounting, not proof: bad events in the hours after a deployment would partly
    have come without it. What deployments cost is for `srelib.tradeoff` to estimate.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2.

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index=index)
    >>> deployed = pd.DataFrame({"deployment_id": ["d1"], "service": ["shop"],
    ...                          "finished_at": index[[1]], "status": ["succeeded"]})
    >>> spenders = spent_by_event(total - [1, 4, 0, 2], total, target=0.9, incidents=None,
    ...                           deployments=deployed, within="1h")
    >>> spenders[["cause", "bad"]].to_numpy().tolist()
    [['deployment', 4.0], ['other', 3.0]]
    """
    good_seen, total_seen = _checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = _regular_step(times)
    spenders = _spenders(times, step, incidents, deployments, within=_length(within))
    owner = _owners(times, step, spenders)
    observed = np.bincount(owner, weights=~np.isnan(total_seen), minlength=len(spenders))
    owned = np.bincount(owner, minlength=len(spenders))
    bad = _sums_by(total_seen - good_seen, owner, size=len(spenders))
    frame = _with_shares(
        spenders.assign(bad=bad if observed.any() else np.nan),
        allowance=_budget_fraction(target) * _exact_sum(total_seen),
    )
    return frame.assign(coverage=_divide(observed, owned))


def _length(within: pd.Timedelta | str) -> pd.Timedelta:
    length = pd.Timedelta(within)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"within must be longer than nothing; got {within}. Try '2h'.")
    return length


def _spenders(
    times: pd.DatetimeIndex,
    step: pd.Timedelta,
    incidents: pd.DataFrame | None,
    deployments: pd.DataFrame | None,
    *,
    within: pd.Timedelta,
) -> pd.DataFrame:
    """Incidents, deployments and the rest that touch the data, each kind in order of time."""
    first, last = times[0], times[-1] + step
    rest = pd.DataFrame(
        [("other", "", "neither", first, last)],
        columns=["cause", "key", "label", "starts_at", "ends_at"],
    )
    spans = pd.concat(
        [_incident_spans(incidents, end=last), _deployment_spans(deployments, within=within), rest],
        ignore_index=True,
    ).astype({"starts_at": "datetime64[us, UTC]", "ends_at": "datetime64[us, UTC]"})
    inside = (spans["starts_at"] < last) & (spans["ends_at"] > first)
    return spans[inside & (spans["ends_at"] > spans["starts_at"])].reset_index(drop=True)


def _incident_spans(incidents: pd.DataFrame | None, *, end: pd.Timestamp) -> pd.DataFrame:
    needed = ("incident_id", "started_at", "resolved_at")
    rows = events.eligible_incidents(_of_one_service(incidents, "incidents", needed))
    label = rows["title"] if "title" in rows else rows["incident_id"]
    spans = pd.DataFrame(
        {
            "cause": "incident",
            "key": rows["incident_id"].astype("str"),
            "label": label.where(label.notna(), rows["incident_id"]).astype("str"),
            "starts_at": rows["started_at"],
            "ends_at": rows["resolved_at"].fillna(end),
        }
    )
    return spans.sort_values(["starts_at", "ends_at", "key"], kind="stable")


def _deployment_spans(deployments: pd.DataFrame | None, *, within: pd.Timedelta) -> pd.DataFrame:
    rows = _of_one_service(deployments, "deployments", ("deployment_id", "finished_at"))
    rows = events.eligible_deployments(rows)
    key = rows["deployment_id"].astype("str")
    commit = rows["commit_sha"].str[:8] if "commit_sha" in rows else pd.Series(pd.NA, rows.index)
    spans = pd.DataFrame(
        {
            "cause": "deployment",
            "key": key,
            "label": commit.where(commit.notna(), key).astype("str"),
            "starts_at": rows["finished_at"],
            "ends_at": rows["finished_at"] + within,
        }
    )
    return spans.sort_values(["starts_at", "key"], kind="stable")


def _of_one_service(table: pd.DataFrame | None, name: str, needed: tuple[str, ...]) -> pd.DataFrame:
    """The table given; an empty one where there is none."""
    if table is None:
        return tables.empty(name)
    events._check_one_service(table, name, *needed)
    return table


def _owners(times: pd.DatetimeIndex, step: pd.Timedelta, spenders: pd.DataFrame) -> np.ndarray:
    """For each bucket the row of `spenders` it counts under."""
    low = times.searchsorted(pd.DatetimeIndex(spenders["starts_at"]) - step, side="right")
    high = times.searchsorted(pd.DatetimeIndex(spenders["ends_at"]), side="left")
    owner = np.full(len(times), len(spenders) - 1)
    cause = spenders["cause"].to_numpy()
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
    windows : DataFrame
        One row per merged exclusion window that touches the data:
        starts_at, ends_at, reason, buckets, good, total, bad [events].
    """

    counts: pd.DataFrame
    windows: pd.DataFrame

    @property
    def total(self) -> float:
        """Events taken out [events]."""
        return _exact_sum(self.windows["total"].to_numpy())

    @property
    def bad(self) -> float:
        """Bad events taken out [events]."""
        return _exact_sum(self.windows["bad"].to_numpy())


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
    tables.need(counts, "counts", "good", "total")
    good, total = _checked(counts["good"], counts["total"])
    merged = _merged(exclusions, service=service, sli=sli)
    spans = pd.IntervalIndex.from_arrays(merged["starts_at"], merged["ends_at"], closed="left")
    times = _aware(counts.index)
    owner = spans.get_indexer(times) if len(spans) else np.full(len(times), -1)
    out = owner >= 0
    removed = _removed(merged, owner[out], good[out], total[out])
    kept = counts.assign(good=np.where(out, 0.0, good), total=np.where(out, 0.0, total))
    return Excluded(kept, removed[removed["buckets"] > 0].reset_index(drop=True))


def _merged(exclusions: pd.DataFrame | None, *, service: str, sli: str) -> pd.DataFrame:
    """The windows that apply to a series, those that overlap or touch as one."""
    table = tables.empty("exclusions") if exclusions is None else exclusions
    tables.need(table, "exclusions", "service", "starts_at", "ends_at", "reason")
    rows = events.of_service(table, service, sli=sli)
    rows = rows[rows["ends_at"] > rows["starts_at"]]
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


def _removed(
    merged: pd.DataFrame, owner: np.ndarray, good: np.ndarray, total: np.ndarray
) -> pd.DataFrame:
    size = len(merged)
    return merged.assign(
        buckets=np.bincount(owner, minlength=size),
        good=_sums_by(good, owner, size=size),
        total=_sums_by(total, owner, size=size),
        bad=_sums_by(total - good, owner, size=size),
    )


def _sums_by(values: np.ndarray, owner: np.ndarray, *, size: int) -> np.ndarray:
    """Sums per owner that add up to `_exact_sum` of all, to the last bit."""
    parts = np.bincount(owner, weights=np.nan_to_num(values), minlength=size)
    return _exact_parts(parts, _exact_sum(values))


def _exact_parts(parts: np.ndarray, whole: float) -> np.ndarray:
    """Parts in units of the last bit of the whole, the rest going to the largest."""
    unit = math.ulp(whole)
    units = [round(part / unit) for part in parts.tolist()]
    if units:
        units[int(np.argmax(parts))] += round(whole / unit) - sum(units)
    return np.array([count * unit for count in units])
