"""One policy on every objective of a fleet: a deployment is held when any objective says so.

A deployment belongs to a service, and a service may have several objectives. They are walked
together: one schedule, and a budget each. Keys are indicators: anything with ``service``,
``target`` and ``window``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from srelib.errors import SrelibError
from srelib.policy.account import median_delay, scaled
from srelib.policy.aftermath import Prepared, prepare
from srelib.policy.replay import DRAWS, replay_prepared
from srelib.policy.rules import Policy
from srelib.policy.walk import READINGS, Outcome, Replay
from srelib.stats import Estimate

FOUR_WEEKS = pd.Timedelta(days=28)


@dataclass(frozen=True)
class Total:
    """All services together, under one reading.

    Parameters
    ----------
    reading : {'avoided', 'postponed'}
    frozen_days, slow_days : int
        Days on which a service was frozen, or rationed, added up over services [service-days].
    held : DataFrame
        Deployments delayed or waiting: service, deployment_id, due_at, released_at, fate, delay.
    fates : dict of str to int
        Deployments by what became of them.
    delay : Estimate
        Median delay of what was held [s].
    deployment_days : float
        Delays added up [d].
    batch : int
        Most deployments of one service let go at one time.
    budgets : Estimate
        Bad events avoided, each objective's in budgets of four weeks of its own, added up.
    """

    reading: str
    frozen_days: int
    slow_days: int
    held: pd.DataFrame
    fates: dict[str, int]
    delay: Estimate
    deployment_days: float
    batch: int
    budgets: Estimate


@dataclass(frozen=True)
class Pooled:
    """What one policy would have changed in a fleet.

    Parameters
    ----------
    policy : Policy
    objectives, services : int
        How many were replayed.
    deployments : int
        That came up in the time replayed.
    judged_days, days : int
        Days with enough observed for a decision, of all days [service-days].
    avoided, postponed : Total
        Under either reading.
    """

    policy: Policy
    objectives: int
    services: int
    deployments: int
    judged_days: int
    days: int
    avoided: Total
    postponed: Total

    @property
    def totals(self) -> tuple[Total, Total]:
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


def prepared(
    counts: Mapping[Any, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    after: pd.Timedelta | str = "6h",
    timezone: str = "UTC",
) -> dict[str, Prepared | SrelibError]:
    """Every service made ready for any number of policies.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        Good and total of each objective, as from `srelib.objectives.with_target`.
    deployments : DataFrame
        Table ``deployments`` of all services, production only.
    incidents : DataFrame, optional
        Table ``incidents`` of all services.
    after : Timedelta or str
        How long after it finished a deployment is answerable; whole hours.
    timezone : str
        IANA zone whose hours of the day are compared.

    Returns
    -------
    dict of str to Prepared
        By service; the error in place of one that cannot be replayed.

    Examples
    --------
    >>> prepared({}, pd.DataFrame({"service": []}))
    {}
    """
    found: dict[str, Prepared | SrelibError] = {}
    for service in dict.fromkeys(key.service for key in counts):
        objectives = {
            key: (frame["good"], frame["total"], key.target, key.window)
            for key, frame in counts.items() if key.service == service
        }  # fmt: skip
        log = None if incidents is None else incidents[incidents["service"] == service]
        try:
            found[service] = prepare(
                objectives, deployments[deployments["service"] == service], incidents=log,
                after=after, timezone=timezone,
            )  # fmt: skip
        except SrelibError as error:
            found[service] = error
    return found


def replay(
    counts: Mapping[Any, pd.DataFrame],
    services: Mapping[str, Prepared | SrelibError],
    *,
    policy: Policy,
    draws: int = DRAWS,
) -> dict[Any, Replay | SrelibError]:
    """One policy on every objective, those of a service together.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame
        As for `prepared`; gives the order.
    services : mapping of str to Prepared
        As from `prepared`.
    policy : Policy
    draws : int
        As in `srelib.policy.replay`.

    Returns
    -------
    dict of Indicator to Replay
        The error in place of an objective that cannot be replayed.

    Examples
    --------
    >>> from srelib.policy import named
    >>> replay({}, {}, policy=named("workbook"))
    {}
    """
    found: dict[Any, Replay | SrelibError] = {}
    for service, ready in services.items():
        try:
            if isinstance(ready, SrelibError):
                raise ready
            found.update(replay_prepared(ready, policy=policy, draws=draws))
        except SrelibError as error:
            found.update({key: error for key in counts if key.service == service})
    return {key: found[key] for key in counts}


def pooled(replays: Mapping[Any, Replay | SrelibError]) -> Pooled | None:
    """One policy on a whole fleet; None where nothing could be replayed.

    Parameters
    ----------
    replays : mapping of Indicator to Replay
        As from `replay`.

    Returns
    -------
    Pooled or None

    Notes
    -----
    Objectives count different things, so their bad events are added in budgets: what four weeks
    of the recorded traffic allow. Luck is taken as shared by the objectives of a service, and as
    independent between services.

    Examples
    --------
    >>> pooled({}) is None
    True
    """
    known: dict[Any, Replay] = {k: r for k, r in replays.items() if isinstance(r, Replay)}
    if not known:
        return None
    first = {key.service: key for key in reversed(list(known))}
    alone = {service: known[key] for service, key in first.items()}
    judged: dict[str, np.ndarray] = {}
    for key, one in known.items():
        seen = one.recorded["judged"].to_numpy()
        judged[key.service] = judged.get(key.service, False) | seen
    return Pooled(
        policy=next(iter(known.values())).policy,
        objectives=len(known),
        services=len(alone),
        deployments=sum(len(one.avoided.schedule) for one in alone.values()),
        judged_days=sum(int(flags.sum()) for flags in judged.values()),
        days=sum(len(flags) for flags in judged.values()),
        **{reading: _total(reading, known, alone) for reading in READINGS},
    )


def outcome(one: Replay, reading: str) -> Outcome:
    """The outcome of a replay under a reading."""
    return one.avoided if reading == "avoided" else one.postponed


def budgets(one: Replay, reading: str) -> Estimate:
    """Bad events avoided, in budgets of four weeks of the recorded traffic."""
    length = (one.last - one.first) / FOUR_WEEKS
    return scaled(outcome(one, reading).saved, one.allowance / length)


def _total(reading: str, known: Mapping[Any, Replay], alone: Mapping[str, Replay]) -> Total:
    outcomes = {service: outcome(one, reading) for service, one in alone.items()}
    parts = [found.held.assign(service=service) for service, found in outcomes.items()]
    held = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    fates = pd.concat([found.schedule["fate"] for found in outcomes.values()]).value_counts()
    return Total(
        reading=reading,
        frozen_days=sum(found.frozen_days for found in outcomes.values()),
        slow_days=sum(found.slow_days for found in outcomes.values()),
        held=held.sort_values("due_at", kind="stable", ignore_index=True),
        fates={str(name): int(n) for name, n in fates.items()},
        delay=median_delay(held, 0.95),
        deployment_days=sum(found.deployment_days for found in outcomes.values()),
        batch=max(found.batch for found in outcomes.values()),
        budgets=_summed(known, reading),
    )


def _summed(known: Mapping[Any, Replay], reading: str) -> Estimate:
    """Budgets saved, added up: within a service as one, services as independent."""
    sums: dict[str, np.ndarray] = {}
    for key, one in known.items():
        each = budgets(one, reading)
        value = np.nan_to_num([each.low, each.value, each.high])
        sums[key.service] = sums.get(key.service, 0.0) + value
    every = np.array(list(sums.values()))
    low, value, high = every.T
    whole = float(value.sum())
    below, above = ((value - low) ** 2).sum() ** 0.5, ((high - value) ** 2).sum() ** 0.5
    return Estimate(whole, whole - float(below), whole + float(above), len(every), 0.95,
                    "services taken as independent")  # fmt: skip


COST, GAIN = "deployment_days", "avoided"


def compare(
    counts: Mapping[Any, pd.DataFrame],
    services: Mapping[str, Prepared | SrelibError],
    *,
    policies: Mapping[str, Policy],
    draws: int = 0,
) -> dict[str, Pooled]:
    """Every policy on the whole fleet.

    Parameters
    ----------
    counts, services
        As for `srelib.policy.fleet.replay`.
    policies : mapping of str to Policy
        By name.
    draws : int
        As in `srelib.policy.replay`; 0 takes every decision as sure, which is quick.

    Returns
    -------
    dict of str to Pooled
        Empty where nothing could be replayed.

    Examples
    --------
    >>> compare({}, {}, policies={})
    {}
    """
    found = {
        name: pooled(replay(counts, services, policy=policy, draws=draws))
        for name, policy in policies.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def frontier(results: Mapping[str, Pooled], *, current: str) -> pd.DataFrame:
    """What each policy delays against what it avoids, and which none beats in both.

    Parameters
    ----------
    results : mapping of str to Pooled
        As from `compare`.
    current : str
        The one in question.

    Returns
    -------
    DataFrame
        One row per policy: policy, kind ('current', 'workbook', 'other'), frozen_days
        [service-days], held, waiting, batch [deployments], deployment_days [d] (all of the
        cautious reading, in which harm is postponed), postponed, avoided [four-week budgets]
        (values), low, high (of the range, chance included), front (no other policy avoids at
        least as much for less delay, or more for as much).

    Notes
    -----
    The front is of the upper value against the delay of the same reading: what a policy can do
    at best for what it costs then. Harm that is only postponed has no front; hardly anything is
    avoided by any policy.

    Examples
    --------
    >>> frontier({}, current="workbook").empty
    True
    """
    rows = [_row(name, one, current) for name, one in results.items()]
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows)
    table["front"] = [_unbeaten(table, i) for i in range(len(table))]
    return table


def _row(name: str, one: Pooled, current: str) -> dict[str, Any]:
    cautious, best = one.postponed, one.avoided
    kind = "current" if name == current else "workbook" if name == "workbook" else "other"
    return {
        "policy": name, "kind": kind, "frozen_days": cautious.frozen_days,
        "frozen_days_best": best.frozen_days, "held": len(cautious.held),
        "held_best": len(best.held), "waiting": cautious.fates.get("waiting", 0),
        "batch": cautious.batch, "deployment_days": cautious.deployment_days,
        "deployment_days_best": best.deployment_days, "postponed": cautious.budgets.value,
        "avoided": best.budgets.value, "low": one.low, "high": one.high,
    }  # fmt: skip


def _unbeaten(table: pd.DataFrame, i: int) -> bool:
    cost, gain = table["deployment_days_best"], table["avoided"]
    as_good = (cost <= cost.iloc[i]) & (gain >= gain.iloc[i])
    return not (as_good & ((cost < cost.iloc[i]) | (gain > gain.iloc[i]))).any()
