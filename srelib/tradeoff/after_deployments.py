"""What follows a deployment: windows, open incidents, and which deployments can be compared.

The event study, the attribution of budgets and the replay of policies stand on this geometry.
Places and lengths are in buckets of the history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib import events
from srelib.budget.accounting import _of_one_service
from srelib.budget.status import _budget_fraction
from srelib.errors import InsufficientDataError
from srelib.windows.sums import _checked, _divide
from srelib.windows.window import _fixed_step

INSIDE_INCIDENT = "inside an open incident"
NO_DATA = "no data"
NO_CONTROL = "no matched control"
EXCLUDED = "during an exclusion"
NOT_SHIPPED = "cancelled or failed before users"
ANSWER = "unplanned"
"""Why a deployment is left out of the effect."""
WEEK = pd.Timedelta(days=7)
DAY = pd.Timedelta(days=1)
BUCKET = pd.Timedelta(minutes=10)
MIN_WEEKS = 3
HALF_DAY = DAY / 2
TIMES = 48
"""Times of the week told apart: hours of working days and of weekends."""
BURST = 5
"""A bucket has a burst when it holds clearly more than so many times the usual."""
REACH = 3
"""How many hours to either side help an hour of the week with few controls [h]."""


@dataclass(frozen=True)
class OpenIncidents:
    """Incidents by their start, and until when one that began by then stays open [us]."""

    starts: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(
        cls, incidents: pd.DataFrame | None, *, unresolved: pd.Timestamp | pd.Timedelta
    ) -> OpenIncidents:
        """Incidents that count; one without an end lasts until `unresolved`, or for so long."""
        rows = incidents_of_service(incidents).sort_values("started_at", kind="stable")
        lasts = isinstance(unresolved, pd.Timedelta)
        last = rows["started_at"] + unresolved if lasts else unresolved
        starts, ends = (
            times.astype("datetime64[us, UTC]").astype("int64").to_numpy()
            for times in (rows["started_at"], rows["resolved_at"].fillna(last))
        )
        return cls(starts, np.maximum.accumulate(ends))

    def to_bucket_ends(self, first: pd.Timestamp, step: pd.Timedelta) -> OpenIncidents:
        """The same, open to the end of the bucket they end in: what is left of it is theirs."""
        start, length = first.as_unit("us").value, int(step / pd.Timedelta(1, "us"))
        return OpenIncidents(self.starts, start - (start - self.ends) // length * length)

    def until(self, times: np.ndarray) -> np.ndarray:
        """Until when an incident that began before each time stays open; long ago where none."""
        ends = np.concatenate([[np.iinfo("int64").min], self.ends])
        return np.asarray(ends[np.searchsorted(self.starts, times, side="left")])


@dataclass(frozen=True)
class ServiceHistory:
    """Counts of one service in buckets of ten minutes or longer."""

    first: pd.Timestamp
    step: pd.Timedelta
    bad: np.ndarray
    total: np.ndarray
    hour: np.ndarray
    baseline: np.ndarray
    calm: np.ndarray
    incidents: OpenIncidents

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
        at = self.moments(places)
        return self.incidents.until(at) > at

    def moments(self, places: np.ndarray) -> np.ndarray:
        """Places as times [us since 1970]."""
        start = self.first.as_unit("us").asm8.astype("int64")
        return start + np.rint(places * (self.step / pd.Timedelta(1, "us"))).astype("int64")


def history(
    good: pd.Series, total: pd.Series, *, incidents: pd.DataFrame | None = None
) -> ServiceHistory:
    """Counts rolled up to buckets of ten minutes where they are finer, with their baseline."""
    good_seen, total_seen = _checked(good, total)
    times = pd.DatetimeIndex(good.index)
    step = _fixed_step(times)
    _require(len(times) * step, step, total_seen)
    many = max(1, BUCKET // step)
    seen = ~np.isnan(total_seen)
    traffic = _rolled(np.where(seen, total_seen, 0.0), many)
    bad = _rolled(np.where(seen, total_seen - good_seen, 0.0), many)
    opened = OpenIncidents.of(incidents, unresolved=times[-1] + step)
    opened = opened.to_bucket_ends(times[0], many * step)
    starts = pd.date_range(times[0], periods=len(bad), freq=many * step)
    hour = np.asarray(starts.hour + 24 * (starts.day_of_week >= 5))
    baseline, hot = _baseline(bad, traffic, hour, many * step)
    calm = np.where(hot, baseline * traffic, bad)
    return ServiceHistory(times[0], many * step, bad, traffic, hour, baseline, calm, opened)


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
    return np.add.reduceat(values.astype("float64"), np.arange(0, len(values), many))


def _baseline(
    bad: np.ndarray, total: np.ndarray, hour: np.ndarray, step: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray]:
    """Ratio of the buckets without a burst, by time of the week, and which buckets have one."""
    usual = BURST * _usual(bad, total, max(1, round(HALF_DAY / step))) * total
    hot = bad > usual + 4 * np.sqrt(usual) + 3
    sums = [np.bincount(hour[~hot], v[~hot], minlength=TIMES) for v in (bad, total)]
    return ratio(sums[0], sums[1])[hour], hot


def _usual(bad: np.ndarray, total: np.ndarray, many: int) -> float:
    """Median of the ratios of half-days; the mean of all but the worst where that is 0."""
    sums = [_rolled(values, many) for values in (bad, total)]
    used = sums[1] > 0
    ratios = _divide(sums[0][used], sums[1][used])
    middle = float(np.median(ratios))
    few = np.argsort(ratios, kind="stable")[: max(1, round(0.75 * len(ratios)))]
    return middle or float(_divide(sums[0][used][few].sum(), sums[1][used][few].sum()))


def incidents_of_service(incidents: pd.DataFrame | None, *also: str) -> pd.DataFrame:
    """The incidents of one service that count; no rows where there is no table."""
    given = incidents if incidents is not None and len(incidents) else None
    rows = _of_one_service(given, "incidents", ("started_at", "resolved_at"))
    wanted = ["incident_id", "started_at", "resolved_at", "deployment_id", *also]
    return events.eligible_incidents(rows).reindex(columns=wanted)


def comparable_deployments(
    deployments: pd.DataFrame,
    past: ServiceHistory,
    *,
    after: float,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deployments that can be compared with other weeks, and the others with the reason why not."""
    events._check_one_service(deployments, "deployments", "deployment_id", "finished_at")
    rows = deployments.sort_values("finished_at", kind="stable", ignore_index=True)
    place = past.place(rows["finished_at"])
    reason = np.full(len(rows), "", dtype=object)
    why = events.deployment_exclusions(rows)
    for word, mask in (
        (NOT_SHIPPED, why.isin([events.CANCELLED, events.BEFORE_USERS]).to_numpy()),
        (NO_DATA, ~_any_traffic(past, place, after)),
        (EXCLUDED, _within(rows["finished_at"], exclusions)),
        (INSIDE_INCIDENT, _answering(rows, past, place, incidents)),
        (ANSWER, events._unplanned(rows)),
    ):
        reason[(reason == "") & mask] = word
    reason[reason == ""] = np.where(_matched(past, place[reason == ""], after), "", NO_CONTROL)
    kept = reason == ""
    names = ["deployment_id", "finished_at"]
    used = rows.loc[kept, names].assign(place=place[kept]).reset_index(drop=True)
    left = rows.loc[~kept, names].assign(reason=pd.Series(reason[~kept], rows.index[~kept], "str"))
    return used, left.reset_index(drop=True)


def _any_traffic(past: ServiceHistory, place: np.ndarray, after: float) -> np.ndarray:
    """Whether there was any traffic in the window after each deployment."""
    size = len(past.total)
    known = ~np.isnan(place) & (place >= 0) & (place < size)
    begin, end = window_edges(np.where(known, place, 0.0), after)
    sums = np.concatenate([[0.0], np.cumsum(past.total)])
    return np.asarray(known & (sums[np.minimum(end, size)] > sums[np.minimum(begin, size)]))


def _within(times: pd.Series, exclusions: pd.DataFrame | None) -> np.ndarray:
    inside = np.zeros(len(times), dtype=bool)
    if exclusions is not None:
        for start, end in zip(exclusions["starts_at"], exclusions["ends_at"], strict=True):
            inside |= np.asarray((times >= start) & (times < end))
    return inside


def _answering(
    rows: pd.DataFrame, past: ServiceHistory, place: np.ndarray, incidents: pd.DataFrame | None
) -> np.ndarray:
    """Whether an incident was open that the deployment did not itself cause."""
    is_open = past.inside(np.where(np.isnan(place), -1.0, place))
    if not is_open.any():
        return is_open
    known = incidents_of_service(incidents)
    causes, ids = known["deployment_id"].astype("str"), rows["deployment_id"].astype("str")
    for row in np.flatnonzero(is_open & ids.isin(causes[known["deployment_id"].notna()])):
        others = known[(causes != ids.iloc[row]) | known["deployment_id"].isna()]
        other = OpenIncidents.of(others, unresolved=events.END_OF_TIME)
        other = other.to_bucket_ends(past.first, past.step)
        at = past.moments(place[[row]])
        is_open[row] = bool((other.until(at) > at)[0])
    return is_open


def _matched(past: ServiceHistory, place: np.ndarray, after: float) -> np.ndarray:
    """Whether the same hours of other such days were observed clear of windows, in part."""
    clear = past.total * ~covered(*window_edges(place, after), len(past.total))
    free = np.bincount(past.hour, clear, minlength=TIMES) > 0
    sums = np.concatenate([[0], np.cumsum(free[past.hour])])
    begin, end = (np.clip(edge, 0, len(past.total)) for edge in window_edges(place, after))
    return np.asarray(sums[end] > sums[begin])


def window_edges(place: np.ndarray, after: float) -> tuple[np.ndarray, np.ndarray]:
    """First bucket of the window after each deployment, and the one behind its last."""
    begin = np.floor(place).astype("int64")
    return begin, np.maximum(begin + 1, np.floor(place + after + 0.5).astype("int64"))


def covered(begin: np.ndarray, end: np.ndarray, size: int) -> np.ndarray:
    """Buckets that lie in any of the windows, each once."""
    change = np.zeros(size + 1, dtype="int64")
    np.add.at(change, np.clip(begin, 0, size), 1)
    np.add.at(change, np.clip(end, 0, size), -1)
    return np.asarray(np.cumsum(change[:-1]) > 0)


def next_begin(begin: np.ndarray, places: np.ndarray, *, none: float) -> np.ndarray:
    """First bucket of the next window that begins after each place; `none` after the last."""
    order = np.sort(begin)
    return np.append(order, none)[np.searchsorted(order, places, side="right")]


def nearest_deployment(
    place: np.ndarray, size: int, *, before: float, after: float
) -> tuple[np.ndarray, np.ndarray]:
    """The deployment each bucket is measured from, and how far from it it lies."""
    begin, end = window_edges(place, after)
    buckets = np.arange(size)
    last = np.searchsorted(begin, buckets, side="right") - 1
    reach = np.maximum.accumulate(end) if len(end) else end
    known = np.append(reach, 0)
    owner = np.where((last >= 0) & (buckets < known[last]), last, -1)
    coming = np.append(begin, size + before + 1)[last + 1]
    earlier = (owner < 0) & (coming - buckets <= before)
    owner = np.where(earlier, last + 1, owner)
    offset = np.where(owner >= 0, buckets - np.append(begin, 0)[owner], 0)
    return owner, offset


def allowance(target: float | None, traffic: float) -> float:
    """Bad events that a target allows [events]; NaN where there is no target."""
    if target is None or target != target:
        return float("nan")
    return _budget_fraction(target) * traffic


def usual_ratios(calm: np.ndarray, traffic: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    """Calm ratio at each time of the week, with a little help from the hours next to it."""
    near = _near(traffic)
    pooled = ratio(calm.sum(axis=0), traffic.sum(axis=0))
    usual = np.where(near > 0, ratio(_near(calm), near), pooled)
    weight = bucket[:, None] / 10
    return ratio(calm + weight * usual, traffic + weight)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; 0 where there is no whole."""
    positive = np.asarray(whole) > 0
    return _divide(np.where(positive, part, 0.0), np.where(positive, whole, 1.0))


def _near(values: np.ndarray) -> np.ndarray:
    """Sum over the hours at most three away, on the same kind of day."""
    days = values.reshape(2, TIMES // 2, -1)
    closed = np.concatenate([days[:, -REACH:], days, days[:, :REACH]], axis=1)
    sums = sum(closed[:, first : first + TIMES // 2] for first in range(2 * REACH + 1))
    return np.asarray(sums).reshape(values.shape)
