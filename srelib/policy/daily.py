"""The budget each day when it is looked at, and a policy followed from day to day.

A decision knows nothing later than itself.
Moments are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.policy.harm import HOUR, HarmHours, between
from srelib.policy.rules import Policy
from srelib.windows import History, Window
from srelib.windows.sums import _divide
from srelib.windows.window import _as_window, _period_starts

PROJECT = pd.Timedelta(days=28)
"""Traffic of the rest of a calendar period is expected to be as in so many days before."""
MIN_COVERAGE = 0.5
"""Share of a window that must have been observed before its budget decides anything."""
_ROUNDING = 1e-12
"""A budget spent to the last event has nothing left, but is not overspent."""
READINGS = ("avoided", "postponed")
OPEN, SLOW, FROZEN = 0, 1, 2
STATES = ("open", "slow", "frozen")
SHIPPED, DELAYED, WAITING, EXEMPT = 0, 1, 2, 3
FATES = ("shipped", "delayed", "waiting", "exempt")
WEEK = 168 * HOUR
NEVER = np.iinfo("i8").max


def _decision_times(
    first: pd.Timestamp, last: pd.Timestamp, *, hour: int, timezone: str
) -> pd.DatetimeIndex:
    """Each day's moment at which is decided, from the first day on until before the end."""
    start, end = (t.tz_convert(timezone).tz_localize(None).normalize() for t in (first, last))
    days = pd.date_range(start, end, freq="D")
    local = (days + pd.Timedelta(hours=hour)).tz_localize(
        timezone, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward"
    )
    times = local.tz_convert("UTC").as_unit("us")
    return times[(times > first) & (times < last)]


@dataclass(frozen=True)
class _Daily:
    """The recorded budget at each decision; `judged`: enough of its window was observed."""

    times: np.ndarray
    since: np.ndarray
    bad: np.ndarray
    allowance: np.ndarray
    judged: np.ndarray
    recent_since: np.ndarray
    recent_bad: np.ndarray
    recent_allowance: np.ndarray

    @cached_property
    def left(self) -> np.ndarray:
        """Share of the allowance left."""
        return 1 - _divide(self.bad, self.allowance)


def _daily_budget(
    past: History, times: pd.DatetimeIndex, *, target: float, window: Window, policy: Policy
) -> _Daily:
    """The budget at each decision, from the buckets that were over by then."""
    at, fraction = times.as_unit("us").asi8, _budget_fraction(target)
    hi, bad, total = past.until(at), past.bad.sums, past.total.sums
    if window.duration is not None:
        lo, since, width = _back(past, at, hi, window.duration)
        traffic = total[hi] - total[lo]
    else:
        since = _period_starts(times, window=window).as_unit("us").asi8
        lo = np.minimum(past.until(since + past.ticks - 1), hi)
        width = np.maximum((at - since) // past.ticks, 1)
        traffic = total[hi] - total[lo] + _expected(past, at, hi, times, window)
    allowance = fraction * traffic
    seen = np.where(at - since < past.ticks, 1.0, (past.known[hi] - past.known[lo]) / width)
    near, near_since, _ = _back(past, at, hi, pd.Timedelta(policy.recent))
    return _Daily(
        times=at, since=since, bad=bad[hi] - bad[lo], allowance=allowance,
        judged=(seen >= MIN_COVERAGE) & (times <= past.end) & (allowance > 0),
        recent_since=near_since, recent_bad=bad[hi] - bad[near],
        recent_allowance=fraction * (total[hi] - total[near]),
    )  # fmt: skip


def _back(
    past: History, at: np.ndarray, hi: np.ndarray, length: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray, int]:
    """First bucket, start and number of buckets of a span that ends at each time."""
    reach = int(length / pd.Timedelta(1, "us"))
    width = max(reach // past.ticks, 1)
    return np.maximum(hi - width, 0), at - reach, width


def _expected(
    past: History, at: np.ndarray, hi: np.ndarray, times: pd.DatetimeIndex, window: Window
) -> np.ndarray:
    """Events of the rest of each calendar period: as many as the last weeks had."""
    ends = pd.DatetimeIndex([window.bounds_at(time)[1] for time in times]).as_unit("us").asi8
    lo, _, _ = _back(past, at, hi, PROJECT)
    rate = _divide(past.total.sums[hi] - past.total.sums[lo], past.known[hi] - past.known[lo])
    return np.nan_to_num(rate) * ((ends - at) / past.ticks)


def _is_below(left: float | np.ndarray, share: float) -> bool | np.ndarray:
    """Whether less than a share of the budget is left."""
    return left < share - _ROUNDING


def _met_target(bad: float | np.ndarray, allowance: float | np.ndarray) -> bool | np.ndarray:
    """Whether a span kept the target: no more bad events than it allowed."""
    return bad <= allowance * (1 + _ROUNDING)


def _decide(
    left: float, *, was_frozen: bool, policy: Policy, met_lately: Callable[[], bool]
) -> tuple[bool, bool]:
    """Whether an objective asks for a freeze, and for rationing."""
    slow = policy.slow_below is not None and bool(_is_below(left, policy.slow_below))
    if policy.freeze_below is None:
        return False, slow
    if policy.until == "slo":
        asked = was_frozen or bool(_is_below(left, policy.freeze_below))
        return asked and not met_lately(), slow
    thaw = policy.thaw if policy.thaw is not None else 0.0
    return bool(_is_below(left, thaw if was_frozen else policy.freeze_below)), slow


def _recorded_freezes(
    past: History, *, target: float, window: Window, policy: Policy
) -> tuple[np.ndarray, np.ndarray]:
    """Which days could be judged and which were frozen, in a record that stays as it is."""
    times = _decision_times(past.index[0], past.end, hour=policy.hour, timezone=policy.timezone)
    window = _as_window(policy.window or window)
    daily = _daily_budget(past, times, target=target, window=window, policy=policy)
    lately = np.asarray(_met_target(daily.recent_bad, daily.recent_allowance))
    frozen, was = np.zeros(len(times), dtype=bool), False
    for k, known in enumerate(daily.judged):
        if known:
            left, met = daily.left[k], lately[k].item
            was, _ = _decide(left, was_frozen=was, policy=policy, met_lately=met)
        frozen[k] = was
    return daily.judged, frozen


@dataclass(frozen=True)
class PreparedObjective:
    """One objective of a service: counts, hours after deployments, harm where it is given."""

    past: History
    target: float
    window: Window
    after: HarmHours
    harms: pd.DataFrame | None


@dataclass(frozen=True)
class BudgetTrack:
    """One objective, as a policy sees it: budget by day, harm of each deployment by hour."""

    part: PreparedObjective
    daily: _Daily
    harm: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """What a policy would have done to one service."""

    state: np.ndarray
    frozen: np.ndarray
    left: np.ndarray
    fate: np.ndarray
    released: np.ndarray

    @property
    def held(self) -> np.ndarray:
        """Which deployments were delayed, or still wait at the end."""
        return np.flatnonzero(np.isin(self.fate, (DELAYED, WAITING)))


def _follow_policy(
    tracks: Sequence[BudgetTrack],
    times: pd.DatetimeIndex,
    rows: pd.DataFrame,
    *,
    policy: Policy,
    postponed: bool,
) -> Schedule:
    """Follow a policy through the history of a service."""
    at, due = times.as_unit("us").asi8, rows["due_at"].astype("int64").to_numpy()
    left = np.array([track.daily.left for track in tracks])
    found = Schedule(
        state=np.zeros(len(at), dtype="int64"), frozen=np.zeros(left.shape, dtype=bool), left=left,
        fate=np.zeros(len(due), dtype="int64"), released=due.copy(),
    )  # fmt: skip
    world = _World(tracks, policy, postponed, due, rows["fix"].to_numpy(), found)
    releases_on = np.isin(times.tz_convert(policy.timezone).day_of_week, policy.release_days)
    day = np.searchsorted(due, np.append(at, NEVER))
    frozen = [False] * len(tracks)
    for k in range(_first(tracks, policy), len(at)):
        verdicts = [world.verdict(i, k, was) for i, was in enumerate(frozen)]
        frozen = [asked for asked, _ in verdicts]
        state = FROZEN if any(frozen) else SLOW if any(slow for _, slow in verdicts) else OPEN
        found.frozen[:, k], found.state[k] = frozen, state
        if world.queue and state != FROZEN and releases_on[k]:
            world.release(int(at[k]), state)
        for one in range(day[k], day[k + 1]):
            world.request(one, state)
    return found


def _first(tracks: Sequence[BudgetTrack], policy: Policy) -> int:
    """The first decision that holds anything: until then the record is what happened."""
    limits = [x for x in (policy.freeze_below, policy.slow_below) if x is not None]
    days = [track.daily for track in tracks]
    if not limits:
        return len(days[0].judged)
    with np.errstate(invalid="ignore"):
        low = np.any([day.judged & _is_below(day.left, max(limits)) for day in days], axis=0)
    return int(np.argmax(low)) if low.any() else len(low)


@dataclass
class _World:
    """What is known to be different from the record, and the releases that wait."""

    tracks: Sequence[BudgetTrack]
    policy: Policy
    postponed: bool
    due: np.ndarray
    fix: np.ndarray
    found: Schedule
    queue: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    moved: list[tuple[np.ndarray, list[np.ndarray]]] = field(default_factory=list)
    known: dict[int, tuple[tuple[int, int], np.ndarray, np.ndarray]] = field(default_factory=dict)

    def change(self, track: int, since: int, until: int) -> float:
        """Bad events more than recorded in a span [events]."""
        if not self.held:
            return 0.0
        times, amounts = self._differences(track)
        low, high = np.searchsorted(times, (since, until), side="right")
        return float(amounts[high] - amounts[low])

    def _differences(self, track: int) -> tuple[np.ndarray, np.ndarray]:
        """When the world parts from the record, in order, and running sums of by how much."""
        version = len(self.held), len(self.moved)
        if track not in self.known or self.known[track][0] != version:
            one = self.tracks[track]
            moments = [one.part.after.ends[self.held], *(at for at, _ in self.moved)]
            amounts = [-one.harm[self.held], *(came[track] for _, came in self.moved)]
            every = np.concatenate([part.ravel() for part in moments])
            order = np.argsort(every, kind="stable")
            sums = np.concatenate([part.ravel() for part in amounts])[order]
            running = np.concatenate([[0.0], np.cumsum(sums)])
            self.known[track] = version, every[order], running
        _, times, running = self.known[track]
        return times, running

    def verdict(self, i: int, k: int, was: bool) -> tuple[bool, bool]:
        """Whether an objective asks for a freeze, and for rationing, on day k."""
        daily = self.tracks[i].daily
        until, allowance = int(daily.times[k]), daily.allowance[k]
        change = self.change(i, int(daily.since[k]), until)
        left = 1 - (daily.bad[k] + change) / allowance if allowance > 0 else float("nan")
        self.found.left[i, k] = left
        if not daily.judged[k] or left != left:
            return was, False

        def met_lately() -> bool:
            more = self.change(i, int(daily.recent_since[k]), until)
            return bool(_met_target(daily.recent_bad[k] + more, daily.recent_allowance[k]))

        return _decide(left, was_frozen=was, policy=self.policy, met_lately=met_lately)

    def release(self, at: int, state: int) -> None:
        """Release what waits, all of it or what the ration allows; postponed harm follows it."""
        many = len(self.queue) if state == OPEN else max(self._ration(at), 0)
        ones, self.queue = self.queue[:many], self.queue[many:]
        self.found.fate[ones], self.found.released[ones] = DELAYED, at
        if ones and self.postponed:
            by = at - self.due[ones]
            times = self.tracks[0].part.after.ends[ones] + by[:, None]
            amounts = [t.harm[ones] * _repeated_share(t, ones, by) for t in self.tracks]
            self.moved.append((times, amounts))

    def _ration(self, at: int) -> int:
        """How many more releases the last seven days leave room for."""
        made = self.found.released
        recent = (made > at - WEEK) & (made <= at) & (self.found.fate != EXEMPT) & ~self.fix
        return (self.policy.slow_to or 0) - int(recent.sum())

    def request(self, one: int, state: int) -> None:
        """A deployment is due."""
        due = int(self.due[one])
        if state == OPEN or (state == SLOW and not self.queue and self._ration(due - 1) > 0):
            return
        if self.fix[one] and self.policy.exempt_fixes:
            self.found.fate[one] = EXEMPT
            return
        self.found.fate[one], self.found.released[one] = WAITING, NEVER
        self.queue.append(one)
        self.held.append(one)


def _repeated_share(
    track: BudgetTrack, ones: Sequence[int] | np.ndarray, by: np.ndarray
) -> np.ndarray:
    """Share of the harm of releases that comes again when they are made together, later."""
    past, after, rows = track.part.past, track.part.after, np.asarray(ones)
    size, total = len(past.index), past.total.sums
    cut = after.cut[rows]
    later = cut + by[:, None] / past.ticks
    inside = later[:, 1:] <= size
    later = np.minimum(later, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = between(total, later) * np.diff(later) / between(past.known, later)  # gaps alike
        ratio = whole / between(total, np.minimum(cut, size))
    ratio = np.where(inside & np.isfinite(ratio), ratio, 1.0)
    return ratio * _once(track.harm[rows], after.total[rows], after.part[rows])


def _once(harm: np.ndarray, total: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Share of harm left where every request can fail only once, hour by hour."""
    with np.errstate(divide="ignore", invalid="ignore"):
        failed = np.clip(np.nan_to_num(harm / total / part), 0, 1)  # of all who share the hours
        whole = (failed * part).sum(axis=0)
        share = (1 - np.prod((1 - failed) ** part, axis=0)) / whole
    return np.where(whole > 0, share, 1.0)
