"""What a replay finds for one objective: days, releases, bad events avoided, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.policy.harm import HarmHours, _drawn_controls
from srelib.policy.rules import Policy
from srelib.policy.schedule import (
    DELAYED,
    WAITING,
    BudgetTrack,
    Schedule,
    held_rows,
    repeated_share,
)
from srelib.stats import Estimate
from srelib.stats.intervals import _survival_median
from srelib.windows import Window

ENOUGH = 12
"""Spans without a release, no two of which overlap, that it takes to tell harm from chance."""
PLACEBO = "spans without a release"
UNKNOWN = "anything from nothing to all that came after"
GIVEN = "as given"
NOTHING_HELD = "nothing was held"


@dataclass(frozen=True)
class Outcome:
    """What a policy would have done, under one reading of what becomes of harm held back.

    Parameters
    ----------
    reading : {'avoided', 'postponed'}
        Harm of a held release never happens; or it follows the release to the day it is released.
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
        """Most deployments released at one time."""
        let_go = self.schedule.loc[self.schedule["fate"] == "delayed", "released_at"]
        return int(let_go.value_counts().max()) if len(let_go) else 0

    @property
    def spans(self) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """Start and end of each run of frozen days."""
        frozen = (self.days["state"] == "frozen").to_numpy()
        edges = np.flatnonzero(np.diff(np.concatenate([[False], frozen, [False]]).astype("int8")))
        starts, ends = self.days["decided_at"], self.days["ends_at"]
        return [(starts[first], ends[last - 1]) for first, last in edges.reshape(-1, 2).tolist()]


@dataclass(frozen=True)
class PolicyReplay:
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


def _median_delay(schedule: pd.DataFrame, confidence: float) -> Estimate:
    """Median delay of what was held, those still waiting counted for as long as was seen."""
    delayed = (schedule["fate"] == "delayed").to_numpy()
    kept = delayed | (schedule["fate"] == "waiting").to_numpy()
    seconds = schedule["delay"].to_numpy()[kept] / np.timedelta64(1, "s")
    if not kept.any():
        return Estimate(float("nan"), float("nan"), float("nan"), 0, confidence, "Kaplan-Meier")
    return _survival_median(seconds, delayed[kept], confidence=confidence)


def _scaled(estimate: Estimate, whole: float) -> Estimate:
    """An estimate as a share of a whole."""
    by = 1 / whole if whole else float("nan")
    return Estimate(estimate.value * by, estimate.low * by, estimate.high * by, estimate.n,
                    estimate.confidence, estimate.method)  # fmt: skip


@dataclass(frozen=True)
class _HeldHarm:
    """What one schedule held, and how much of its harm did not happen."""

    rows: np.ndarray
    share: np.ndarray
    day: np.ndarray


def _alternative_tracks(
    tracks: Sequence[BudgetTrack], count: int, *, seed: int = 0
) -> list[list[BudgetTrack]]:
    """The same service with other luck: errors after releases split anew into harm and chance."""
    if any(track.after.controls.apart < ENOUGH for track in tracks):
        return []
    rng = np.random.default_rng(seed)
    size = len(tracks[0].harm)
    ratios = [_drawn_controls(track.after.controls, (count, size), rng) for track in tracks]
    return [
        [
            replace(track, harm=track.after.bad - track.after.expected * draws[i][:, None])
            for track, draws in zip(tracks, ratios, strict=True)
        ]
        for i in range(count)
    ]


def _held_harm(
    track: BudgetTrack,
    schedule: Schedule,
    *,
    times: pd.DatetimeIndex,
    due: np.ndarray,
    postponed: bool,
) -> _HeldHarm:
    """What a schedule held back of one objective."""
    rows = held_rows(schedule)
    day = np.searchsorted(times.as_unit("us").asi8, due[rows], side="right")
    return _HeldHarm(rows, _avoided_share(track, schedule, due, postponed=postponed), day)


def _avoided_share(
    track: BudgetTrack, schedule: Schedule, due: np.ndarray, *, postponed: bool
) -> np.ndarray:
    """Share of the harm of each held release that did not happen."""
    rows = held_rows(schedule)
    found = np.ones((len(rows), track.after.bad.shape[1]))
    if not postponed:
        return found
    found[schedule.fate[rows] == WAITING] = 0.0
    released = np.where(schedule.fate[rows] == DELAYED, schedule.released[rows], 0)
    for at in np.unique(released[released > 0]):
        batch = np.flatnonzero(released == at)
        ones = rows[batch]
        found[batch] = 1 - repeated_share(track, ones.tolist(), at - due[ones])
    return found


def _avoided_events(
    after: HarmHours,
    held: _HeldHarm,
    *,
    others: Sequence[_HeldHarm] = (),
    confidence: float,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Bad events avoided by holding releases back, and how far chance reaches."""
    n = len(held.rows)
    if not n:
        return Estimate(0.0, 0.0, 0.0, 0, confidence, NOTHING_HELD)
    least, most = _reach(after, held)
    if after.controls.apart < ENOUGH:
        value = float((held.share * after.excess[held.rows]).sum())
        return Estimate(float(np.clip(value, least, most)), least, most, n, confidence, UNKNOWN)
    rng = np.random.default_rng(seed)
    own = _drawn(after, held, resamples, rng)
    each = max(resamples // max(len(others), 1), 50)
    tail = (1 - confidence) / 2
    ends = [np.quantile(_scattered(after, held, own, rng), [tail, 1 - tail])]
    if others:
        every = [_scattered(after, one, _drawn(after, one, each, rng), rng) for one in others]
        ends.append(np.quantile(np.concatenate(every), [tail, 1 - tail]))
    value = float(np.median(own))
    low, high = (float(f([end[i] for end in ends])) for i, f in enumerate((np.min, np.max)))
    return Estimate(value, min(low, value), max(high, value), n, confidence, PLACEBO)


def _drawn(
    after: HarmHours, held: _HeldHarm, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """What may have been avoided, over draws of what would have come anyhow."""
    rows, share = held.rows, held.share
    if not len(rows):
        return np.zeros(resamples)
    bad = (share * after.bad[rows]).sum()
    _, which = np.unique(held.day, return_inverse=True)
    bases = np.bincount(which, weights=(share * after.expected[rows]).sum(axis=1))
    drawn = bad - _drawn_controls(after.controls, (resamples, len(bases)), rng) @ bases
    return np.clip(drawn, *_reach(after, held))


def _scattered(
    after: HarmHours, held: _HeldHarm, drawn: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The same where harm comes again: as many requests fail by chance a few more or fewer."""
    again = ((1 - held.share) * after.excess[held.rows]).sum()
    return drawn + np.sqrt(max(float(again), 0.0)) * rng.standard_normal(len(drawn))


def _reach(after: HarmHours, held: _HeldHarm) -> tuple[float, float]:
    """The least and the most that can have been avoided, were all or nothing harm."""
    parts = held.share * after.bad[held.rows]
    return float(np.minimum(parts, 0).sum()), float(np.maximum(parts, 0).sum())


def _from_known_harm(known: pd.DataFrame, share: np.ndarray, *, confidence: float) -> Estimate:
    """Bad events avoided where the harm of each release is known from elsewhere."""
    if not len(known):
        return Estimate(0.0, 0.0, 0.0, 0, confidence, NOTHING_HELD)
    low, value, high = (known[column].to_numpy() for column in ("low", "harm", "high"))
    whole = float((share * value).sum())
    below = np.where(share >= 0, value - low, high - value) * share
    above = np.where(share >= 0, high - value, value - low) * share
    ends = whole - np.sqrt((below**2).sum()), whole + np.sqrt((above**2).sum())
    return Estimate(whole, float(ends[0]), float(ends[1]), len(value), confidence, GIVEN)
