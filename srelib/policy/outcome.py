"""What a replay finds for one objective: days, releases, bad events avoided, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from srelib.policy.daily import DELAYED, WAITING, BudgetTrack, Schedule, _repeated_share
from srelib.policy.harm import HarmHours, _drawn_controls
from srelib.policy.rules import Policy
from srelib.stats import Estimate
from srelib.stats.intervals import _survival_quantile
from srelib.windows import Window
from srelib.windows.sums import _ratio

ENOUGH = 12
"""Spans without a release, no two of which overlap, that it takes to tell harm from chance."""
RESAMPLES = 2000
PLACEBO = "spans without a release"
UNKNOWN = "anything from nothing to all that came after"
GIVEN = "as given"
NOTHING_HELD = "nothing was held"
HELD = ("delayed", "waiting")
"""Fates of deployments that a policy holds."""


@dataclass(frozen=True)
class Outcome:
    """What a policy would have done, under one reading of what becomes of harm held back.

    reading: 'avoided' (harm of a held release never happens) or 'postponed' (it follows the
        release to the day it is released)
    days: one row per decision: decided_at, ends_at (of the day it holds for), left_share (of the
        budget in the world with the policy [fraction]), judged (enough was observed), frozen (this
        objective asked for it), state (of the service: 'open', 'slow', 'frozen')
    schedule: one row per deployment: deployment_id, due_at, fix, url, fate ('shipped', 'delayed',
        'waiting', 'exempt': held but for being a fix), released_at (NaT while waiting), delay (so
        far)
    frozen: days on which the service was frozen, with how many it may have been [d]
    delay: median delay of what was held [s]
    saved, saved_share: bad events avoided [events], and as a share of all the allowance [fraction]
    sli: good share in the world with the policy [fraction]
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
        return self.schedule[self.schedule["fate"].isin(HELD)]

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

    policy, target, window: that were replayed; the window is that of the budget that decided
    first, last: start and end of the data
    recorded: decided_at, left_share (of the budget as recorded [fraction]), judged
    avoided, postponed: under either reading
    harm: one row per deployment: deployment_id, finished_at, bad (in the hours after it), expected
        (anyhow), excess [events]
    bad, total, allowance: of all the time replayed, as recorded [events]
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
        return 1 - _ratio(self.bad, self.total)

    @property
    def judged_days(self) -> int:
        """Decisions with enough of the window observed."""
        return int(self.recorded["judged"].sum())


def _median_delay(schedule: pd.DataFrame, confidence: float) -> Estimate:
    """Median delay of what was held, those still waiting counted for as long as was seen."""
    held = schedule[schedule["fate"].isin(["delayed", "waiting"])]
    if not len(held):
        return Estimate(float("nan"), float("nan"), float("nan"), 0, confidence, "Kaplan-Meier")
    seconds, delayed = held["delay"].dt.total_seconds(), held["fate"] == "delayed"
    return _survival_quantile(seconds.to_numpy(), delayed.to_numpy(), confidence=confidence)


def _scaled(estimate: Estimate, whole: float) -> Estimate:
    """An estimate as a share of a whole."""
    by = 1 / whole if whole else float("nan")
    value, low, high = (end * by for end in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)


@dataclass(frozen=True)
class _HeldHarm:
    """What one schedule held of an objective, and which share of its harm did not happen."""

    after: HarmHours
    rows: np.ndarray
    share: np.ndarray
    day: np.ndarray
    moved: np.ndarray

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The least and the most that can have been avoided, were all or nothing harm."""
        parts = self.share * self.after.bad[self.rows]
        return float(np.minimum(parts, 0).sum()), float(np.maximum(parts, 0).sum())

    def drawn(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """What may have been avoided, over draws of what would have come anyhow."""
        if not len(self.rows):
            return np.zeros(count)
        bad = (self.share * self.after.bad[self.rows]).sum()
        days, which = np.unique(self.day, return_inverse=True)
        ratios = _drawn_controls(self.after.controls, (count, len(days)), rng)
        usual = np.zeros((len(days), ratios.shape[2]))
        hours = np.arange(self.share.shape[1]) % ratios.shape[2]
        np.add.at(usual, (which[:, None], hours), self.share * self.after.expected[self.rows])
        drawn = bad - np.einsum("cdk,dk->c", ratios, usual)
        return np.clip(drawn, *self.reach)

    def scattered(self, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same where harm comes again: by chance a few more or fewer requests fail."""
        again = np.where(self.moved[:, None], 1 - self.share, 0.0)
        spread = ((again + again**2) * self.after.excess[self.rows]).sum()
        return drawn + np.sqrt(max(float(spread), 0.0)) * rng.standard_normal(len(drawn))


def _alternative_tracks(tracks: Sequence[BudgetTrack], count: int) -> list[list[BudgetTrack]]:
    """The same service with other luck: errors after releases split anew into harm and chance."""
    hours = [track.part.after for track in tracks]
    if any(after.controls.apart < ENOUGH for after in hours):
        return []
    rng, shape = np.random.default_rng(0), (count, len(tracks[0].harm))
    drawn = []
    for after in hours:
        ratios = _drawn_controls(after.controls, shape, rng)
        over_again = np.arange(after.bad.shape[1]) % ratios.shape[-1]
        drawn.append(np.asarray(ratios[..., over_again]))
    return [
        [
            replace(track, harm=after.bad - after.expected * ratios[i])
            for track, after, ratios in zip(tracks, hours, drawn, strict=True)
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
    rows = schedule.held
    day = np.searchsorted(times.as_unit("us").asi8, due[rows], side="right")
    share = np.ones((len(rows), track.part.after.bad.shape[1]))
    if postponed:
        share[schedule.fate[rows] == WAITING] = 0.0
        released = np.where(schedule.fate[rows] == DELAYED, schedule.released[rows], 0)
        for at in np.unique(released[released > 0]):
            batch = np.flatnonzero(released == at)
            ones = rows[batch]
            share[batch] = 1 - _repeated_share(track, ones, at - due[ones])
    return _HeldHarm(track.part.after, rows, share, day, schedule.fate[rows] == DELAYED)


def _avoided_events(held: _HeldHarm, others: Sequence[_HeldHarm], *, confidence: float) -> Estimate:
    """Bad events avoided by holding releases back, and how far chance reaches."""
    n = len(held.rows)
    if not n:
        return Estimate(0.0, 0.0, 0.0, 0, confidence, NOTHING_HELD)
    if held.after.controls.apart < ENOUGH:
        least, most = held.reach
        value = float((held.share * held.after.excess[held.rows]).sum())
        return Estimate(float(np.clip(value, least, most)), least, most, n, confidence, UNKNOWN)
    rng, tail = np.random.default_rng(0), (1 - confidence) / 2
    own = held.drawn(RESAMPLES, rng)
    draws = [held.scattered(own, rng)]
    if others:
        each = max(RESAMPLES // len(others), 50)
        draws.append(np.concatenate([one.scattered(one.drawn(each, rng), rng) for one in others]))
    value = float(np.median(own))
    low, high = np.transpose([np.quantile(one, [tail, 1 - tail]) for one in draws])
    return Estimate(value, float(min(value, *low)), float(max(value, *high)), n, confidence,
                    PLACEBO)  # fmt: skip


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
