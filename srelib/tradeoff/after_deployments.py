"""What a comparison of deployments with chance finds: `Effect`, and the words it uses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from srelib.budget.status import checked, regular_step
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.stats import Estimate

INSIDE_INCIDENT = "inside an open incident"
NO_DATA = "no data"
NO_CONTROL = "no matched control"
EXCLUDED = "during an exclusion"
NOT_SHIPPED = "cancelled or failed before users"
ANSWER = "unplanned, in answer to an incident"
REASONS = (NOT_SHIPPED, NO_DATA, EXCLUDED, INSIDE_INCIDENT, ANSWER, NO_CONTROL)
"""Why a deployment is left out of the effect, in the order in which they are asked."""


@dataclass(frozen=True)
class Effect:
    """What the deployments of one service cost, beside what chance does to it.

    Parameters
    ----------
    service : str
    deployments : int
        How many were used.
    left_out : DataFrame
        The others: deployment_id, finished_at, reason (one of `REASONS`).
    excess : Estimate
        Bad events in the hours after deployments beyond what would have come anyway [events].
    budget_share : Estimate
        The same as share of what the target allows on the traffic of the whole history
        [fraction]; NaN without a target.
    bad_share : Estimate
        The same as share of all bad events of the history [fraction].
    p_value : float
        Share of placebo schedules at least as far from chance, either way.
    adjusted_p_value : float
        Corrected for the number of services asked (Benjamini-Hochberg); for one service the same.
    curve : DataFrame
        offset (Timedelta since the deployment, start of the bin), excess_ratio, low, high
        [fraction of requests].
    detectable : float
        Smallest excess, spread evenly over the windows, that the test would have found with at
        least 80 % power [events]; a cost that one or two deployments bear alone takes more.
    by_week : DataFrame
        The effect without one week: week (Timestamp, its start), deployments (used in it),
        excess [events] (of that week), without [events] (of all others), p_value (without it).
    per_deployment : DataFrame
        deployment_id, finished_at, excess [events]; they add up to the excess.
    before, after : Timedelta
        Span of the curve before a deployment, and of the window after it.
    windows : int
        Post-deployment windows after merging those that overlap.
    weeks : float
        Length of the history [weeks].
    notes : tuple of str
        What a reader has to know about this answer.
    """

    service: str
    deployments: int
    left_out: pd.DataFrame
    excess: Estimate
    budget_share: Estimate
    bad_share: Estimate
    p_value: float
    adjusted_p_value: float
    curve: pd.DataFrame
    detectable: float
    by_week: pd.DataFrame
    per_deployment: pd.DataFrame
    before: pd.Timedelta
    after: pd.Timedelta
    windows: int
    weeks: float
    notes: tuple[str, ...] = field(default=())


def real_incidents(incidents: pd.DataFrame | None) -> pd.DataFrame:
    """Incidents that began, without planned maintenance."""
    wanted = ["incident_id", "started_at", "resolved_at", "deployment_id"]
    if incidents is None or incidents.empty:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in wanted})
        times = pd.Series(dtype="datetime64[us, UTC]")
        return empty.assign(started_at=times, resolved_at=times)
    check_table(incidents, "incidents", ("started_at", "resolved_at"))
    rows = incidents
    if "severity" in rows:
        rows = rows[rows["severity"].astype("str").str.casefold() != "maintenance"]
    rows = rows[rows["started_at"].notna()]
    return rows.reindex(columns=wanted)


def check_table(table: pd.DataFrame, name: str, needed: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column or holds several services."""
    lacking = [column for column in needed if column not in table.columns]
    if lacking:
        raise ColumnError(f"{name} lack {', '.join(lacking)}; columns seen: {list(table)}.")
    if "service" in table and table["service"].nunique() > 1:
        raise ParameterError(
            f"{name} must belong to the one service whose counts are given; got "
            f"{table['service'].nunique()} services. Keep the rows of one service."
        )


WEEK = pd.Timedelta(days=7)
DAY = pd.Timedelta(days=1)
BUCKET = pd.Timedelta(minutes=10)
MIN_WEEKS = 3
HALF_DAY = DAY / 2
TIMES = 48
"""Times of the week told apart: hours of working days and of weekends."""
BURST = 5
"""A bucket has a burst when it holds clearly more than so many times the usual."""


@dataclass(frozen=True)
class History:
    """Counts of one service in buckets of ten minutes or longer."""

    first: pd.Timestamp
    step: pd.Timedelta
    bad: np.ndarray
    total: np.ndarray
    observed: np.ndarray
    hour: np.ndarray
    baseline: np.ndarray
    calm: np.ndarray
    opened: np.ndarray
    closed: np.ndarray

    @property
    def burst(self) -> np.ndarray:
        """Bad events of bursts [events]: those that are not calm."""
        return self.bad - self.calm

    @property
    def beyond(self) -> np.ndarray:
        """Bad events beyond the baseline [events]."""
        return self.bad - self.baseline * self.total

    def place(self, times: pd.Series | pd.DatetimeIndex) -> np.ndarray:
        """Times as buckets since the first, fractions included; NaN for NaT."""
        since = pd.DatetimeIndex(times) - self.first
        return np.asarray(since / self.step, dtype="float64")

    def inside(self, places: np.ndarray) -> np.ndarray:
        """Whether an incident was open at these places."""
        if not len(self.opened):
            return np.zeros(np.shape(places), dtype=bool)
        last = np.searchsorted(self.opened, places, side="left") - 1
        return (last >= 0) & (places < self.closed[np.maximum(last, 0)])


def history(good: pd.Series, total: pd.Series, *, incidents: pd.DataFrame | None = None) -> History:
    """Counts rolled up to buckets of ten minutes where they are finer, with their baseline."""
    good_seen, total_seen = checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = regular_step(times)
    _require(len(times) * step, step, total_seen)
    many = max(1, BUCKET // step)
    seen = ~np.isnan(total_seen)
    asked = _rolled(np.where(seen, total_seen, 0.0), many)
    bad = _rolled(np.where(seen, total_seen - good_seen, 0.0), many)
    opened, closed = _open_spans(incidents, times[0], many * step, times[-1] + step)
    starts = pd.date_range(times[0], periods=len(bad), freq=many * step)
    hour = np.asarray(starts.hour + 24 * (starts.day_of_week >= 5))
    baseline, hot = _baseline(bad, asked, hour, many * step)
    calm = np.where(hot, baseline * asked, bad)
    observed = _rolled(seen, many) > 0
    return History(
        times[0], many * step, bad, asked, observed, hour, baseline, calm, opened, closed
    )


def _require(length: pd.Timedelta, step: pd.Timedelta, total: np.ndarray) -> None:
    if step > DAY:
        raise InsufficientDataError(
            f"hours after a deployment cannot be told apart in buckets of {step}; "
            "export daily counts or finer."
        )
    if length < MIN_WEEKS * WEEK:
        raise InsufficientDataError(
            f"a comparison with other weeks needs at least {MIN_WEEKS} weeks of counts; "
            f"got {length / DAY:.1f} days. Export more history."
        )
    if not np.nansum(total) > 0:
        raise InsufficientDataError("total holds no traffic; a comparison needs some.")


def _rolled(values: np.ndarray, many: int) -> np.ndarray:
    if many == 1:
        return values.astype("float64")
    return np.add.reduceat(values.astype("float64"), np.arange(0, len(values), many))


def _open_spans(
    incidents: pd.DataFrame | None, first: pd.Timestamp, step: pd.Timedelta, end: pd.Timestamp
) -> tuple[np.ndarray, np.ndarray]:
    """Spans in which any incident was open, merged."""
    rows = real_incidents(incidents)
    starts = np.asarray((pd.DatetimeIndex(rows["started_at"]) - first) / step, dtype="float64")
    resolved = pd.DatetimeIndex(rows["resolved_at"].fillna(end))
    ends = np.asarray((resolved - first) / step, dtype="float64")
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    new = np.ones(len(starts), dtype=bool)
    new[1:] = starts[1:] > ends[:-1]
    places = np.flatnonzero(new)
    lasts = np.append(places[1:], len(starts)) - 1
    return starts[places], ends[lasts] if len(places) else starts[places]


def _baseline(
    bad: np.ndarray, total: np.ndarray, hour: np.ndarray, step: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray]:
    """Ratio of the buckets without a burst, by time of the week, and which buckets have one."""
    usual = BURST * _usual(bad, total, max(1, round(HALF_DAY / step))) * total
    hot = bad > usual + 4 * np.sqrt(usual) + 3
    sums = [np.bincount(hour[~hot], v[~hot], minlength=TIMES) for v in (bad, total)]
    return np.asarray((sums[0] / np.where(sums[1] > 0, sums[1], 1.0))[hour]), hot


def _usual(bad: np.ndarray, total: np.ndarray, many: int) -> float:
    """Median of the ratios of half-days; the mean of all but the worst where that is 0."""
    sums = [_rolled(values, many) for values in (bad, total)]
    asked = sums[1] > 0
    ratios = sums[0][asked] / sums[1][asked]
    middle = float(np.median(ratios))
    few = np.argsort(ratios, kind="stable")[: max(1, round(0.75 * len(ratios)))]
    return middle or float(sums[0][asked][few].sum() / sums[1][asked][few].sum())


def sorted_out(
    deployments: pd.DataFrame,
    past: History,
    *,
    after: float,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deployments that can be compared with other weeks, and the others with the reason why not."""
    check_table(deployments, "deployments", ("deployment_id", "finished_at"))
    rows = deployments.sort_values("finished_at", kind="stable", ignore_index=True)
    place = past.place(rows["finished_at"])
    reason = np.full(len(rows), "", dtype=object)
    for word, mask in (
        (NOT_SHIPPED, _not_shipped(rows)),
        (NO_DATA, ~_any_traffic(past, place, after)),
        (EXCLUDED, _within(rows["finished_at"], exclusions)),
        (INSIDE_INCIDENT, _answering(rows, past, place, incidents)),
        (ANSWER, ~_planned(rows)),
    ):
        reason[(reason == "") & mask] = word
    reason[(reason == "")] = np.where(_matched(past, place[reason == ""], after), "", NO_CONTROL)
    kept = reason == ""
    names = ["deployment_id", "finished_at"]
    used = rows.loc[kept, names].assign(place=place[kept]).reset_index(drop=True)
    left = rows.loc[~kept, names].assign(reason=pd.Series(reason[~kept], rows.index[~kept], "str"))
    return used, left.reset_index(drop=True)


def _not_shipped(rows: pd.DataFrame) -> np.ndarray:
    if "status" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows["status"].astype("str").isin(["cancelled", "failed"]))


def _planned(rows: pd.DataFrame) -> np.ndarray:
    if "planned" not in rows:
        return np.ones(len(rows), dtype=bool)
    return np.asarray(rows["planned"].astype("boolean").fillna(True), dtype=bool)


def ends(place: np.ndarray, after: float) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of a window and the one behind its last."""
    begin = np.floor(place).astype("int64")
    return begin, np.maximum(begin + 1, np.floor(place + after + 0.5).astype("int64"))


def _any_traffic(past: History, place: np.ndarray, after: float) -> np.ndarray:
    """Whether anything was asked in the window after each deployment."""
    size = len(past.total)
    known = ~np.isnan(place) & (place >= 0) & (place < size)
    begin, end = ends(np.where(known, place, 0.0), after)
    sums = np.concatenate([[0.0], np.cumsum(past.total)])
    return np.asarray(known & (sums[np.minimum(end, size)] > sums[np.minimum(begin, size)]))


def _within(times: pd.Series, exclusions: pd.DataFrame | None) -> np.ndarray:
    inside = np.zeros(len(times), dtype=bool)
    if exclusions is None or exclusions.empty:
        return inside
    for start, end in zip(exclusions["starts_at"], exclusions["ends_at"], strict=True):
        inside |= np.asarray((times >= start) & (times < end))
    return inside


def _answering(
    rows: pd.DataFrame, past: History, place: np.ndarray, incidents: pd.DataFrame | None
) -> np.ndarray:
    """Whether an incident was open that the deployment did not itself cause."""
    open_then = past.inside(np.where(np.isnan(place), -1.0, place))
    known = real_incidents(incidents)
    causes = known["deployment_id"].dropna().astype("str")
    for number in np.flatnonzero(open_then & rows["deployment_id"].astype("str").isin(causes)):
        at, own = rows["finished_at"].iloc[number], str(rows["deployment_id"].iloc[number])
        others = known[known["deployment_id"].astype("str").where(
            known["deployment_id"].notna(), "") != own]  # fmt: skip
        still = others["resolved_at"].isna() | (others["resolved_at"] > at)
        open_then[number] = bool(((others["started_at"] < at) & still).any())
    return open_then


def _matched(past: History, place: np.ndarray, after: float) -> np.ndarray:
    """Whether the same hours of other such days were observed clear of windows, in part."""
    clear = past.total * ~covered(place, after, len(past.total))
    free = np.bincount(past.hour, clear, minlength=TIMES) > 0
    sums = np.concatenate([[0], np.cumsum(free[past.hour])])
    begin, end = (np.clip(edge, 0, len(past.total)) for edge in ends(place, after))
    return np.asarray(sums[end] > sums[begin])


def covered(place: np.ndarray, after: float, size: int) -> np.ndarray:
    """Buckets that lie in the window after any deployment, each once."""
    begin, end = ends(place, after)
    change = np.zeros(size + 1, dtype="int64")
    np.add.at(change, np.minimum(begin, size), 1)
    np.add.at(change, np.minimum(end, size), -1)
    return np.asarray(np.cumsum(change[:-1]) > 0)
