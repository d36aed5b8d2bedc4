"""What a replay finds: one outcome per reading, and what both of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.policy.aftermath import HOUR, Aftermath
from srelib.policy.daily import Daily, Ledger, below, decide, kept
from srelib.policy.rules import Policy
from srelib.stats import Estimate
from srelib.windows import Window


@dataclass(frozen=True)
class Outcome:
    """What a policy would have done, under one reading of what becomes of harm held back.

    Parameters
    ----------
    reading : {'avoided', 'postponed'}
        Harm of a held release never happens; or it follows the release to the day it is let go.
    days : DataFrame
        One row per decision: decided_at, ends_at (of the day it holds for), left_share (of the
        budget in the world with the policy [fraction]), judged (enough was observed), frozen
        (this objective asked for it), state (of the service: 'open', 'slow', 'frozen').
    schedule : DataFrame
        One row per deployment: deployment_id, due_at, fix, fate ('shipped', 'delayed',
        'waiting', 'exempt': would have been held but for being a fix), released_at (NaT while
        waiting), delay (so far, where it still waits).
    frozen : Estimate
        Days on which the service was frozen, with how many it may have been where the budget
        stood close to the line [d].
    delay : Estimate
        Median delay of what was held, those still waiting counted as Kaplan-Meier does [s].
    saved : Estimate
        Bad events avoided in the time replayed [events].
    saved_share : Estimate
        The same as a share of the allowance of all the time replayed [fraction].
    sli : float
        Good share of all the time replayed in the world with the policy [fraction].
    """

    reading: str
    days: pd.DataFrame
    schedule: pd.DataFrame
    frozen: Estimate
    delay: Estimate
    saved: Estimate
    saved_share: Estimate
    sli: float

    @property
    def frozen_days(self) -> int:
        """Days on which the service was frozen."""
        return int(self.frozen.value)

    @property
    def slow_days(self) -> int:
        """Days on which releases were rationed."""
        return int((self.days["state"] == "slow").sum())

    @cached_property
    def held(self) -> pd.DataFrame:
        """Deployments delayed, or still waiting at the end."""
        return self.schedule[self.schedule["fate"].isin(["delayed", "waiting"])]

    @cached_property
    def deployment_days(self) -> float:
        """Delays of all that was held added up [d]."""
        return float(self.held["delay"].dt.total_seconds().sum() / 86400)

    @cached_property
    def batch(self) -> int:
        """Most deployments let go at one time."""
        let_go = self.schedule.loc[self.schedule["fate"] == "delayed", "released_at"]
        return int(let_go.value_counts().max()) if len(let_go) else 0

    @property
    def spans(self) -> pd.DataFrame:
        """Runs of frozen days: starts_at, ends_at."""
        frozen = (self.days["state"] == "frozen").to_numpy()
        return runs(self.days, frozen)


@dataclass(frozen=True)
class Replay:
    """A policy replayed on one objective.

    Parameters
    ----------
    policy : Policy
    target : float
        [fraction]
    window : Window
        Of the budget that decided.
    first, last : Timestamp
        Start and end of the data.
    recorded : DataFrame
        decided_at, left_share (of the budget as recorded [fraction]), judged.
    avoided, postponed : Outcome
        Under either reading.
    harm : DataFrame
        One row per deployment: deployment_id, finished_at, bad (in the hours after it),
        expected (anyhow), excess [events].
    bad, total, allowance : float
        Of all the time replayed, as recorded [events].
    """

    policy: Policy
    target: float
    window: Window
    first: pd.Timestamp
    last: pd.Timestamp
    recorded: pd.DataFrame
    avoided: Outcome
    postponed: Outcome
    harm: pd.DataFrame
    bad: float
    total: float
    allowance: float

    @property
    def method(self) -> str:
        """How harm was told from chance."""
        return self.avoided.saved.method

    @property
    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Both readings."""
        return self.avoided, self.postponed

    @property
    def low(self) -> float:
        """Lower end of the range of bad events avoided, chance included; at most 0 [events]."""
        return float(np.min([0.0, *(outcome.saved.low for outcome in self.outcomes)]))

    @property
    def high(self) -> float:
        """Upper end of that range [events]."""
        return float(np.max([outcome.saved.high for outcome in self.outcomes]))

    @property
    def sli(self) -> float:
        """Good share of all the time replayed, as recorded [fraction]."""
        return 1 - self.bad / self.total if self.total else float("nan")

    @property
    def judged_days(self) -> int:
        """Decisions with enough of the window observed."""
        return int(self.recorded["judged"].sum())


def runs(days: pd.DataFrame, flags: np.ndarray) -> pd.DataFrame:
    """Runs of days for which a flag is set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype("int8")))
    starts, stops = edges[::2], edges[1::2]
    return pd.DataFrame({
        "starts_at": days["decided_at"].to_numpy()[starts],
        "ends_at": days["ends_at"].to_numpy()[stops - 1],
    })  # fmt: skip


READINGS = ("avoided", "postponed")
OPEN, SLOW, FROZEN = 0, 1, 2
STATES = ("open", "slow", "frozen")
SHIPPED, DELAYED, WAITING, EXEMPT = 0, 1, 2, 3
FATES = ("shipped", "delayed", "waiting", "exempt")
WEEK = 168 * HOUR


@dataclass(frozen=True)
class Track:
    """One objective of a service, ready to be walked."""

    ledger: Ledger
    daily: Daily
    after: Aftermath
    harm: np.ndarray
    judged: np.ndarray


@dataclass(frozen=True)
class Walk:
    """What a policy would have done to one service."""

    state: np.ndarray
    frozen: np.ndarray
    left: np.ndarray
    fate: np.ndarray
    released: np.ndarray


NEVER = np.iinfo("i8").max


@dataclass
class _World:
    """What is known to be different from the record."""

    tracks: Sequence[Track]
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
        """Let held releases go together: postponed harm follows them."""
        if not self.postponed:
            return
        by = at - self.due[ones]
        times = self.tracks[0].after.ends[ones] + by[:, None]
        amounts = [t.harm[ones] * carried(t, ones, by) for t in self.tracks]
        self.moved.append((times, amounts))


def carried(track: Track, ones: Sequence[int], by: np.ndarray) -> np.ndarray:
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


def walk(
    tracks: Sequence[Track],
    times: pd.DatetimeIndex,
    rows: pd.DataFrame,
    *,
    policy: Policy,
    postponed: bool,
) -> Walk:
    """Walk a policy through the history of a service."""
    at, due = times.as_unit("us").asi8, rows["due_at"].astype("int64").to_numpy()
    fixes = rows["fix"].to_numpy() & policy.exempt_fixes
    world = _World(tracks, postponed, due, ~rows["fix"].to_numpy())
    found = _recorded(tracks, len(at), due)
    lets_go = _release_days(times, policy)
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
        if queue and state != FROZEN and lets_go[k]:
            _let_go(queue, int(at[k]), state, found, world, policy)
        for one in range(day[k], day[k + 1]):
            _meet(one, state, fixes, queue, found, world, policy)
    return found


def _recorded(tracks: Sequence[Track], count: int, due: np.ndarray) -> Walk:
    """Where nothing is held: everything open, the budgets as recorded."""
    left = np.array([track.daily.left() for track in tracks]).reshape(len(tracks), count)
    return Walk(
        state=np.zeros(count, dtype="int64"), frozen=np.zeros((len(tracks), count), dtype=bool),
        left=left, fate=np.zeros(len(due), dtype="int64"), released=due.copy(),
    )  # fmt: skip


def _release_days(times: pd.DatetimeIndex, policy: Policy) -> np.ndarray:
    return np.isin(times.tz_convert(policy.timezone).day_of_week, policy.release_days)


def _first(tracks: Sequence[Track], policy: Policy) -> int:
    """The first decision that holds anything: until then the record is what happened."""
    limits = [x for x in (policy.freeze_below, policy.slow_below) if x is not None]
    if not limits or not tracks:
        return len(tracks[0].judged) if tracks else 0
    with np.errstate(invalid="ignore"):
        low = np.any([t.judged & below(t.daily.left(), max(limits)) for t in tracks], axis=0)
    return int(np.argmax(low)) if low.any() else len(low)


def _verdict(
    track: Track, k: int, i: int, was: bool, world: _World, policy: Policy, found: Walk
) -> tuple[bool, bool]:
    """Whether an objective asks for a freeze, and for rationing, on day k."""
    daily = track.daily
    until = int(daily.times[k])
    left = _left(daily, k, world.change(i, int(daily.since[k]), until))
    found.left[i, k] = left
    if not track.judged[k] or left != left:
        return was, False
    return decide(
        left, was_frozen=was, policy=policy, kept_lately=lambda: _kept_lately(daily, k, i, world)
    )


def _left(daily: Daily, k: int, change: float) -> float:
    allowance = daily.allowance[k]
    return 1 - (daily.bad[k] + change) / allowance if allowance > 0 else float("nan")


def _kept_lately(daily: Daily, k: int, i: int, world: _World) -> bool:
    """Whether the recent past kept the target."""
    change = world.change(i, int(daily.recent_since[k]), int(daily.times[k]))
    return bool(kept(daily.recent_bad[k] + change, daily.recent_allowance[k]))


def _let_go(
    queue: list[int], at: int, state: int, found: Walk, world: _World, policy: Policy
) -> None:
    """Release what waits: all of it, or as much as the ration of the week allows."""
    many = len(queue) if state == OPEN else _ration(at, found, world, policy)
    goes = queue[: max(many, 0)]
    if goes:
        found.fate[goes], found.released[goes] = DELAYED, at
        world.release(goes, at)
        del queue[: len(goes)]


def _ration(at: int, found: Walk, world: _World, policy: Policy) -> int:
    """How many more releases the last seven days leave room for."""
    made = found.released
    fix = found.fate == EXEMPT
    recent = int(((made > at - WEEK) & (made <= at) & ~fix & world.planned).sum())
    return (policy.slow_to or 0) - recent


def _meet(
    one: int,
    state: int,
    fixes: np.ndarray,
    queue: list[int],
    found: Walk,
    world: _World,
    policy: Policy,
) -> None:
    """A deployment comes up for release."""
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
