"""What a replay finds: one outcome per reading, and what both of them share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

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
