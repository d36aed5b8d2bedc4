"""The five numbers of each service together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from srelib import tables
from srelib.delivery.counted import Span, span_of
from srelib.delivery.failures import attributed, change_fail_rate, recovery_time
from srelib.delivery.frequency import deployment_frequency, rework_rate
from srelib.delivery.lead_time import change_lead_time
from srelib.delivery.rules import DEFAULT, Rules
from srelib.delivery.spans import estimate, service_names
from srelib.stats import Estimate

NAN = float("nan")


@dataclass(frozen=True)
class Delivery:
    """How a service ships: DORA's five numbers, each with n and interval.

    Parameters
    ----------
    deployments : int
        That reached users.
    frequency : Estimate
        Deployments [1/week].
    lead_time : Estimate
        Median change lead time [s].
    fail_rate : Estimate
        Deployments that failed in the hands of users / deployments [fraction].
    recovery : Estimate
        Median time from the start of a failure to its end [s].
    rework_rate : Estimate
        Unplanned deployments / deployments [fraction].

    Notes
    -----
    What the exports do not say is NaN with n 0.
    """

    deployments: int
    frequency: Estimate
    lead_time: Estimate
    fail_rate: Estimate
    recovery: Estimate
    rework_rate: Estimate


def metrics(
    deployments: pd.DataFrame,
    changes: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    *,
    between: Span,
    rules: Rules = DEFAULT,
    together: str | None = None,
    confidence: float = 0.95,
) -> dict[str, Delivery]:
    """DORA's five numbers of every service that was deployed."""
    span = span_of(between)
    sure: dict[str, Any] = {"confidence": confidence, "together": together}
    often = deployment_frequency(deployments, between=span, statuses=rules.statuses, **sure)
    incidents = tables.empty("incidents") if incidents is None else incidents
    hurt: dict[str, Any] = {
        "rules": rules, "placed": attributed(deployments, incidents, rules=rules), **sure
    }  # fmt: skip
    fails = change_fail_rate(deployments, incidents, between=span, **hurt)
    mended = recovery_time(deployments, incidents, between=span, **hurt)
    rework = rework_rate(deployments, between=span, statuses=rules.statuses, **sure)
    parts = {"frequency": often, "fail_rate": fails, "recovery": mended, "rework_rate": rework}
    if changes is not None and len(changes):
        parts["lead_time"] = change_lead_time(
            changes, deployments, between=span, start=rules.start, lead=rules.lead,
            minutes=rules.minutes, **sure,
        )  # fmt: skip
    rows = {name: part.set_index("service").to_dict("index") for name, part in parts.items()}
    nothing = Estimate(NAN, NAN, NAN, 0, confidence, "no changes")
    found = {}
    names = service_names(deployments)
    for service in [together] if together is not None and names else names:
        each = {name: estimate(part[service], confidence=confidence)
                for name, part in rows.items()}  # fmt: skip
        each = {"lead_time": nothing, **each}
        found[service] = Delivery(int(each["frequency"].n), **each)
    return found
