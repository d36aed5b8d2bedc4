"""Exact accounting of spent budget, by event, cause and day: the parts add up to the whole.

`good` and `total` hold events per bucket of one service on a regular UTC index; missing is unknown.
This is accounting, not proof: what deployments cost is for `srelib.tradeoff` to estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib import events, tables
from srelib.budget.status import _budget_fraction, _exact_sum
from srelib.errors import ParameterError
from srelib.windows import Window
from srelib.windows.sums import _checked, _divide
from srelib.windows.window import _aware, _calendar_periods, _regular_step

if TYPE_CHECKING:
    from srelib.recurring import BusinessHours

_CAUSES = ("incident", "deployment", "other")
"""What a bad event is counted under, first match wins."""

_AMOUNTS = ["bad", "share_of_allowance", "share_of_spent"]


def spent_by_cause(spenders: pd.DataFrame) -> pd.DataFrame:
    """What incidents, deployments and the rest spent, each as a whole.

    Parameters
    ----------
    spenders : DataFrame, result of `spent_by_event`

    Returns
    -------
    DataFrame
        Always three rows: cause, bad [events], share_of_allowance, share_of_spent [fraction].

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
    """What each local day spent of the budget of all the time given.

    Parameters
    ----------
    good, total, target : Series [events], float [fraction]
    timezone : str, IANA time zone whose midnights divide the days

    Returns
    -------
    DataFrame
        One row per day: starts_at, ends_at (in `timezone`), good, total, bad [events] (NaN when
        nothing was observed), share_of_allowance, share_of_spent, coverage [fraction].

    Examples
    --------
    >>> index = pd.date_range("2026-01-01", periods=48, freq="h", tz="UTC")
    >>> total = pd.Series(10.0, index=index)
    >>> spent_by_day(total.where(index != index[30], 5.0), total, target=0.99)["bad"].tolist()
    [0.0, 5.0]
    """
    good_seen, total_seen = _checked(good, total)
    times, day = pd.DatetimeIndex(good.index), Window(unit="day", timezone=timezone)
    days = _calendar_periods(times[0], times[-1] + _regular_step(times), window=day)
    number = pd.DatetimeIndex(days["starts_at"]).searchsorted(times, side="right") - 1
    frame = days[["starts_at", "ends_at"]].apply(lambda ends: ends.dt.tz_convert(timezone))
    observed = np.bincount(number, weights=~np.isnan(total_seen), minlength=len(frame))
    counts = {"good": good_seen, "total": total_seen, "bad": total_seen - good_seen}
    for name, values in counts.items():
        sums = _sums_by(values, number, size=len(frame))
        frame[name] = np.where(observed > 0, sums, np.nan)
    frame = _with_shares(frame, allowance=_budget_fraction(target) * _exact_sum(total_seen))
    buckets = np.bincount(number, minlength=len(frame))
    return frame.assign(coverage=_divide(observed, buckets))


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

    A bucket counts under the incident it overlaps (of several, the first), else under the latest
    deployment before it, else under 'other'.

    Parameters
    ----------
    good, total, target : Series [events], float [fraction]
    incidents, deployments : DataFrame or None, tables of that service
    within : Timedelta or str, how long after it finished bad events count under a deployment, e.g.
        ``"2h"``

    Returns
    -------
    DataFrame
        One row per incident and deployment that touches the data, and one for the rest:
        cause ('incident', 'deployment', 'other'), key (its identifier), label (not escaped),
        starts_at, ends_at, bad [events] (adds up to what was spent, to the last bit),
        share_of_allowance, share_of_spent, coverage (NaN when it owns no bucket) [fraction].

    Raises
    ------
    ParameterError, ColumnError
        `within` is not longer than nothing; a table holds several services or lacks a column.

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
    length = pd.Timedelta(within)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"within must be longer than nothing; got {within}. Try '2h'.")
    spenders = _spenders(times, step, incidents, deployments, within=length)
    owner = _owners(times, step, spenders)
    observed = np.bincount(owner, weights=~np.isnan(total_seen), minlength=len(spenders))
    owned = np.bincount(owner, minlength=len(spenders))
    bad = _sums_by(total_seen - good_seen, owner, size=len(spenders))
    frame = _with_shares(
        spenders.assign(bad=bad if observed.any() else np.nan),
        allowance=_budget_fraction(target) * _exact_sum(total_seen),
    )
    return frame.assign(coverage=_divide(observed, owned))


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
    known = events.eligible_incidents(
        _of_one_service(incidents, "incidents", ("incident_id", "started_at", "resolved_at"))
    )
    shipped = events.eligible_deployments(
        _of_one_service(deployments, "deployments", ("deployment_id", "finished_at"))
    )
    title, commit = (frame.get(name, pd.Series(pd.NA, frame.index, dtype="str"))
                     for frame, name in ((known, "title"), (shipped, "commit_sha")))  # fmt: skip
    spans = pd.concat(
        [
            _spans("incident", known["incident_id"], title, known["started_at"],
                   known["resolved_at"].fillna(last)),
            _spans("deployment", shipped["deployment_id"], commit.str[:8], shipped["finished_at"],
                   shipped["finished_at"] + within),
            pd.DataFrame({"cause": ["other"], "key": "", "label": "neither", "starts_at": first,
                          "ends_at": last}),
        ],
        ignore_index=True,
    ).astype({"starts_at": "datetime64[us, UTC]", "ends_at": "datetime64[us, UTC]"})  # fmt: skip
    inside = (spans["starts_at"] < last) & (spans["ends_at"] > first)
    return spans[inside & (spans["ends_at"] > spans["starts_at"])].reset_index(drop=True)


def _spans(
    cause: str, key: pd.Series, label: pd.Series, starts: pd.Series, ends: pd.Series
) -> pd.DataFrame:
    """Records of one kind in order of time; those without a label carry their identifier."""
    key = key.astype("str")
    label = label.where(label.notna(), key).astype("str")
    rows = {"cause": cause, "key": key, "label": label, "starts_at": starts, "ends_at": ends}
    return pd.DataFrame(rows).sort_values(["starts_at", "ends_at", "key"], kind="stable")


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

    counts: good and total [events]; both 0 in excluded buckets: known, and not counted
    windows: one row per merged window that touches the data: starts_at, ends_at, reason, buckets,
        good, total, bad [events]; and one, from end to end, for all hours outside the schedule
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
    counts: pd.DataFrame, exclusions: pd.DataFrame | None, *, service: str, sli: str,
    schedule: BusinessHours | None = None,
) -> Excluded:  # fmt: skip
    """Counts without maintenance, corrections and hours outside the schedule of an objective.

    A bucket that starts inside a window (starts_at <= time < ends_at) has good = total = 0: it
    neither spends budget nor lowers coverage. Exclusions without a service or sli apply to all.
    """
    tables.need(counts, "counts", "good", "total")
    good, total = _checked(counts["good"], counts["total"])
    merged = _merged(exclusions, service=service, sli=sli)
    spans = pd.IntervalIndex.from_arrays(merged["starts_at"], merged["ends_at"], closed="left")
    times = _aware(counts.index)
    owner = spans.get_indexer(times) if len(spans) else np.full(len(times), -1)
    if schedule is not None:
        outside = (owner < 0) & ~schedule.of_buckets(times)
        owner = np.where(outside, len(merged), owner)
        ends = {"starts_at": times[:1], "ends_at": times[-1:], "reason": f"outside {schedule}"}
        merged = pd.concat([merged, pd.DataFrame(ends)], ignore_index=True)
    out = owner >= 0
    size = len(merged)
    removed = merged.assign(buckets=np.bincount(owner[out], minlength=size))
    for name, values in (("good", good), ("total", total), ("bad", total - good)):
        removed[name] = _sums_by(values[out], owner[out], size=size)
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
    reason = groups["reason"].agg(lambda texts: "; ".join(dict.fromkeys(map(str, texts.dropna()))))
    return pd.DataFrame({
        "starts_at": groups["starts_at"].min(), "ends_at": groups["ends_at"].max(),
        "reason": reason,
    }).reset_index(drop=True)  # fmt: skip


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
