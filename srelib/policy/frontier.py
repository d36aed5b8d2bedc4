"""One policy on a whole fleet, and policies against each other: delay against what is avoided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib import fleet
from srelib.errors import SrelibError
from srelib.fleet import Indicator, by_service
from srelib.policy.outcome import HELD, Outcome, PolicyReplay, _median_delay, _scaled
from srelib.policy.replay import PreparedService, replay_service
from srelib.policy.rules import Policy
from srelib.stats import Estimate
from srelib.stats.comparisons import unbeaten

BUDGET = pd.Timedelta(days=28)


@dataclass(frozen=True)
class FleetOutcome:
    """All services together, under one reading.

    frozen_days, slow_days: days on which a service was frozen, or rationed [service-days]
    held: deployments delayed or waiting: service, deployment_id, url, due_at, released_at, fate,
        delay
    fates: deployments by what became of them
    delay, deployment_days: median delay of what was held [s]; delays added up [d]
    batch: most deployments of one service released at one time
    budgets: bad events avoided, each objective's in budgets of four weeks of its own, added up
    """

    frozen_days: int
    slow_days: int
    held: pd.DataFrame
    fates: dict[str, int]
    delay: Estimate
    deployment_days: float
    batch: int
    budgets: Estimate


@dataclass(frozen=True)
class PooledReplays:
    """What one policy would have changed in a fleet.

    services, deployments: services replayed, and deployments requested in the time replayed
    judged_days, days: days with enough observed for a decision, of all days [service-days]
    avoided, postponed: under either reading
    """

    policy: Policy
    services: int
    deployments: int
    judged_days: int
    days: int
    avoided: FleetOutcome
    postponed: FleetOutcome

    @property
    def totals(self) -> tuple[FleetOutcome, FleetOutcome]:
        """Both readings."""
        return self.avoided, self.postponed

    @property
    def low(self) -> float:
        """Lower end of the range of bad events avoided; at most 0 [four-week budgets]."""
        return min(0.0, *(total.budgets.low for total in self.totals))

    @property
    def high(self) -> float:
        """Upper end of that range [four-week budgets]."""
        return max(total.budgets.high for total in self.totals)


def pooled(replays: Mapping[Indicator, PolicyReplay]) -> PooledReplays:
    """One policy on a whole fleet; bad events are added in budgets of four weeks.

    Parameters
    ----------
    replays : mapping of Indicator to PolicyReplay, at least one, as `srelib.fleet.pooled` hands
        them over

    Examples
    --------
    >>> fleet.pooled({}, pooled) is None
    True
    """
    services = by_service(replays)
    judged = [np.any([one.recorded["judged"] for one in own.values()], axis=0)
              for own in services.values()]  # fmt: skip
    alone = [next(iter(own.values())) for own in services.values()]
    return PooledReplays(
        policy=alone[0].policy,
        services=len(services),
        deployments=sum(len(one.avoided.schedule) for one in alone),
        judged_days=sum(int(flags.sum()) for flags in judged),
        days=sum(len(flags) for flags in judged),
        avoided=_total(services, lambda one: one.avoided),
        postponed=_total(services, lambda one: one.postponed),
    )


def _total(
    services: Mapping[str, Mapping[Indicator, PolicyReplay]],
    reading: Callable[[PolicyReplay], Outcome],
) -> FleetOutcome:
    """What all services come to; the schedule of a service is that of any of its objectives."""
    outcomes = [reading(next(iter(own.values()))) for own in services.values()]
    schedule = pd.concat([found.schedule for found in outcomes], ignore_index=True)
    schedule["service"] = np.repeat([*services], [len(found.schedule) for found in outcomes])
    held = schedule[schedule["fate"].isin(HELD)]
    let_go = held[held["fate"] == "delayed"].groupby(["service", "released_at"]).size()
    states = np.concatenate([found.days["state"].to_numpy() for found in outcomes])
    return FleetOutcome(
        frozen_days=sum(found.frozen_days for found in outcomes),
        slow_days=int((states == "slow").sum()),
        held=held.sort_values("due_at", kind="stable", ignore_index=True),
        fates={str(name): int(n) for name, n in schedule["fate"].value_counts().items()},
        delay=_median_delay(held, outcomes[0].delay.confidence),
        deployment_days=float(held["delay"].dt.total_seconds().sum() / 86400),
        batch=int(let_go.max()) if len(let_go) else 0,
        budgets=_summed([[_budgets(one, reading(one).saved) for one in own.values()]
                         for own in services.values()]),
    )  # fmt: skip


def _budgets(one: PolicyReplay, saved: Estimate) -> Estimate:
    """Bad events avoided, in budgets of four weeks of the recorded traffic."""
    return _scaled(saved, one.allowance / ((one.last - one.first) / BUDGET))


def _summed(services: Sequence[Sequence[Estimate]]) -> Estimate:
    """Budgets saved, added up: within a service as one, services as independent."""
    every = np.array([
        np.nan_to_num([[e.low, e.value, e.high] for e in own]).sum(axis=0) for own in services
    ])  # fmt: skip
    low, value, high = every.T
    whole = float(value.sum())
    below, above = ((value - low) ** 2).sum() ** 0.5, ((high - value) ** 2).sum() ** 0.5
    return Estimate(whole, whole - float(below), whole + float(above), len(every),
                    services[0][0].confidence, "services taken as independent")  # fmt: skip


def frontier(
    services: Mapping[str, PreparedService | SrelibError],
    *,
    policies: Mapping[str, Policy],
    current: str,
) -> pd.DataFrame:
    """What each policy delays against what it avoids, and which none beats in both.

    Every decision is taken as sure, which is quick.

    Parameters
    ----------
    services : mapping of str to PreparedService, as from `srelib.policy.prepare` by
        `srelib.fleet.each`; refusals are left out
    policies : mapping of str to Policy, by name
    current : str, the one in question

    Returns
    -------
    DataFrame
        One row per policy: policy, kind ('current', 'workbook', 'other'); harm postponed:
        frozen_days [service-days], held, waiting, batch [deployments], deployment_days [d]; with
        harm avoided: frozen_days_best, held_best, deployment_days_best, avoided [four-week
        budgets]; low, high (the range over both readings) [four-week budgets]; front (harm
        avoided, no other policy avoids at least as much for less delay, or more for as much).
        Empty where nothing can be replayed.

    Examples
    --------
    >>> frontier({}, policies={}, current="workbook").empty
    True
    """
    rows = [_row(name, pooled(own), current) for name, policy in policies.items()
            if (own := _replayed(services, policy))]  # fmt: skip
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows)
    table["front"] = unbeaten(table["deployment_days_best"], -table["avoided"])
    return table


def _replayed(
    services: Mapping[str, PreparedService | SrelibError], policy: Policy
) -> dict[Indicator, PolicyReplay]:
    found = fleet.each(services, lambda _, one: replay_service(one, policy=policy, draws=0))
    return {key: one for own in fleet.answers(found).values() for key, one in own.items()}


def _row(name: str, one: PooledReplays, current: str) -> dict[str, Any]:
    cautious, best = one.postponed, one.avoided
    kind = "current" if name == current else "workbook" if name == "workbook" else "other"
    return {
        "policy": name, "kind": kind, "frozen_days": cautious.frozen_days,
        "frozen_days_best": best.frozen_days, "held": len(cautious.held),
        "held_best": len(best.held), "waiting": cautious.fates.get("waiting", 0),
        "batch": cautious.batch, "deployment_days": cautious.deployment_days,
        "deployment_days_best": best.deployment_days, "avoided": best.budgets.value,
        "low": one.low, "high": one.high,
    }  # fmt: skip
