"""Policies held against each other: what they delay, against what they avoid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib.errors import SrelibError
from srelib.policy.fleet import Pooled, pooled, replay
from srelib.policy.prepare import Prepared
from srelib.policy.rules import Policy

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
