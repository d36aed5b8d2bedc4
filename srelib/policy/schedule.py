"""A policy followed day by day: what is frozen, which releases wait, and when they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from srelib.policy.daily import Ledger, _Daily, _decide, _is_below, _met_target
from srelib.policy.harm import HOUR, HarmHours
from srelib.policy.rules import Policy

READINGS = ("avoided", "postponed")
OPEN, SLOW, FROZEN = 0, 1, 2
STATES = ("open", "slow", "frozen")
SHIPPED, DELAYED, WAITING, EXEMPT = 0, 1, 2, 3
FATES = ("shipped", "delayed", "waiting", "exempt")
WEEK = 168 * HOUR
NEVER = np.iinfo("i8").max


@dataclass(frozen=True)
class BudgetTrack:
    """One objective of a service, as a policy sees it."""

    ledger: Ledger
    daily: _Daily
    after: HarmHours
    harm: np.ndarray
    judged: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """What a policy would have done to one service."""

    state: np.ndarray
    frozen: np.ndarray
    left: np.ndarray
    fate: np.ndarray
    released: np.ndarray


def follow_policy(
    tracks: Sequence[BudgetTrack],
    times: pd.DatetimeIndex,
    rows: pd.DataFrame,
    *,
    policy: Policy,
    postponed: bool,
) -> Schedule:
    """Follow a policy through the history of a service."""
    at, due = times.as_unit("us").asi8, rows["due_at"].astype("int64").to_numpy()
    fixes = rows["fix"].to_numpy() & policy.exempt_fixes
    world = _World(tracks, postponed, due, ~rows["fix"].to_numpy())
    found = _recorded(tracks, len(at), due)
    releases_on = _release_days(times, policy)
    day = np.searchsorted(due, np.append(at, NEVER))
    queue: list[int] = []
    frozen = np.zeros(len(tracks), dtype=bool)
    for k in range(_first(tracks, policy), len(at)):
        slow = False
        for i, track in enumerate(tracks):
            frozen[i], rationed = _verdict(track, k, i, frozen[i], world, policy, found)
            slow = slow or rationed
        found.frozen[:, k] = frozen
        state = FROZEN if frozen.any() else SLOW if slow else OPEN
        found.state[k] = state
        if queue and state != FROZEN and releases_on[k]:
            _release_queue(queue, int(at[k]), state, found, world, policy)
        for one in range(day[k], day[k + 1]):
            _request_release(one, state, fixes, queue, found, world, policy)
    return found


def held_rows(schedule: Schedule) -> np.ndarray:
    """Which deployments were delayed, or still wait at the end."""
    return np.flatnonzero(np.isin(schedule.fate, (DELAYED, WAITING)))


@dataclass
class _World:
    """What is known to be different from the record."""

    tracks: Sequence[BudgetTrack]
    postponed: bool
    due: np.ndarray
    planned: np.ndarray
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
            moments = [one.after.ends[self.held], *(at for at, _ in self.moved)]
            amounts = [-one.harm[self.held], *(came[track] for _, came in self.moved)]
            every = np.concatenate([part.ravel() for part in moments])
            order = np.argsort(every, kind="stable")
            sums = np.concatenate([part.ravel() for part in amounts])[order]
            running = np.concatenate([[0.0], np.cumsum(sums)])
            self.known[track] = version, every[order], running
        _, times, running = self.known[track]
        return times, running

    def release(self, ones: list[int], at: int) -> None:
        """Release what was held together: postponed harm follows them."""
        if not self.postponed:
            return
        by = at - self.due[ones]
        times = self.tracks[0].after.ends[ones] + by[:, None]
        amounts = [t.harm[ones] * repeated_share(t, ones, by) for t in self.tracks]
        self.moved.append((times, amounts))


def repeated_share(track: BudgetTrack, ones: Sequence[int], by: np.ndarray) -> np.ndarray:
    """Share of the harm of releases that comes again when they are made together, later."""
    ledger, after = track.ledger, track.after
    rows = np.asarray(ones)
    cut = after.cut[rows]
    later = cut + by[:, None] / ledger.step
    inside = later[:, 1:] <= ledger.size
    later = np.minimum(later, ledger.size)
    known = ledger.between(ledger.known, later)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = ledger.between(ledger.total, later) * np.diff(later) / known  # gaps like the rest
        ratio = whole / ledger.between(ledger.total, np.minimum(cut, ledger.size))
    ratio = np.where(inside & np.isfinite(ratio), ratio, 1.0)
    return ratio * _once(track.harm[rows], after.total[rows])


def _once(harm: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Share of harm left where every request can fail only once, hour by hour."""
    with np.errstate(divide="ignore", invalid="ignore"):
        failed = np.clip(np.nan_to_num(harm / total), 0, 1)
        share = (1 - np.prod(1 - failed, axis=0)) / failed.sum(axis=0)
    return np.where(failed.sum(axis=0) > 0, share, 1.0)


def _recorded(tracks: Sequence[BudgetTrack], count: int, due: np.ndarray) -> Schedule:
    """Where nothing is held: everything open, the budgets as recorded."""
    left = np.array([track.daily.left() for track in tracks]).reshape(len(tracks), count)
    return Schedule(
        state=np.zeros(count, dtype="int64"), frozen=np.zeros((len(tracks), count), dtype=bool),
        left=left, fate=np.zeros(len(due), dtype="int64"), released=due.copy(),
    )  # fmt: skip


def _release_days(times: pd.DatetimeIndex, policy: Policy) -> np.ndarray:
    return np.isin(times.tz_convert(policy.timezone).day_of_week, policy.release_days)


def _first(tracks: Sequence[BudgetTrack], policy: Policy) -> int:
    """The first decision that holds anything: until then the record is what happened."""
    limits = [x for x in (policy.freeze_below, policy.slow_below) if x is not None]
    if not limits or not tracks:
        return len(tracks[0].judged) if tracks else 0
    with np.errstate(invalid="ignore"):
        low = np.any([t.judged & _is_below(t.daily.left(), max(limits)) for t in tracks], axis=0)
    return int(np.argmax(low)) if low.any() else len(low)


def _verdict(
    track: BudgetTrack, k: int, i: int, was: bool, world: _World, policy: Policy, found: Schedule
) -> tuple[bool, bool]:
    """Whether an objective asks for a freeze, and for rationing, on day k."""
    daily = track.daily
    until = int(daily.times[k])
    left = _left(daily, k, world.change(i, int(daily.since[k]), until))
    found.left[i, k] = left
    if not track.judged[k] or left != left:
        return was, False
    return _decide(
        left, was_frozen=was, policy=policy, met_lately=lambda: _met_lately(daily, k, i, world)
    )


def _left(daily: _Daily, k: int, change: float) -> float:
    allowance = daily.allowance[k]
    return 1 - (daily.bad[k] + change) / allowance if allowance > 0 else float("nan")


def _met_lately(daily: _Daily, k: int, i: int, world: _World) -> bool:
    """Whether the recent past kept the target."""
    change = world.change(i, int(daily.recent_since[k]), int(daily.times[k]))
    return bool(_met_target(daily.recent_bad[k] + change, daily.recent_allowance[k]))


def _release_queue(
    queue: list[int], at: int, state: int, found: Schedule, world: _World, policy: Policy
) -> None:
    """Release what waits: all of it, or as much as the ration of the week allows."""
    many = len(queue) if state == OPEN else _ration(at, found, world, policy)
    goes = queue[: max(many, 0)]
    if goes:
        found.fate[goes], found.released[goes] = DELAYED, at
        world.release(goes, at)
        del queue[: len(goes)]


def _ration(at: int, found: Schedule, world: _World, policy: Policy) -> int:
    """How many more releases the last seven days leave room for."""
    made = found.released
    fix = found.fate == EXEMPT
    recent = int(((made > at - WEEK) & (made <= at) & ~fix & world.planned).sum())
    return (policy.slow_to or 0) - recent


def _request_release(
    one: int,
    state: int,
    fixes: np.ndarray,
    queue: list[int],
    found: Schedule,
    world: _World,
    policy: Policy,
) -> None:
    """A deployment is due."""
    if state == OPEN:
        return
    due = int(world.due[one])
    fits = state == SLOW and not queue and _ration(due - 1, found, world, policy) > 0
    if fixes[one]:
        found.fate[one] = EXEMPT if not fits else SHIPPED
        return
    if fits:
        return
    found.fate[one], found.released[one] = WAITING, NEVER
    queue.append(one)
    world.held.append(one)
