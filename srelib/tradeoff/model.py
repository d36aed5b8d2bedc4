"""What a comparison of deployments with chance finds: `Effect`, and the words it uses."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from srelib.stats import Estimate

INSIDE_INCIDENT = "inside an open incident"
NO_DATA = "no data"
NO_CONTROL = "no matched control"
EXCLUDED = "during an exclusion"
NOT_SHIPPED = "cancelled or failed before users"
ANSWER = "unplanned, in answer to an incident"
REASONS = (NOT_SHIPPED, NO_DATA, EXCLUDED, INSIDE_INCIDENT, ANSWER, NO_CONTROL)
"""Why a deployment is left out of the effect, in the order in which they are asked."""


@dataclass(frozen=True)
class Effect:
    """What the deployments of one service cost, beside what chance does to it.

    Parameters
    ----------
    service : str
    deployments : int
        How many were used.
    left_out : DataFrame
        The others: deployment_id, finished_at, reason (one of `REASONS`).
    excess : Estimate
        Bad events in the hours after deployments beyond what would have come anyway [events].
    budget_share : Estimate
        The same as share of what the target allows on the traffic of the whole history
        [fraction]; NaN without a target.
    bad_share : Estimate
        The same as share of all bad events of the history [fraction].
    p_value : float
        Share of placebo schedules at least as far from chance, either way.
    adjusted_p_value : float
        Corrected for the number of services asked (Benjamini-Hochberg); for one service the same.
    curve : DataFrame
        offset (Timedelta since the deployment, start of the bin), excess_ratio, low, high
        [fraction of requests].
    detectable : float
        Smallest excess, spread evenly over the windows, that the test would have found with at
        least 80 % power [events]; a cost that one or two deployments bear alone takes more.
    by_week : DataFrame
        The effect without one week: week (Timestamp, its start), deployments (used in it),
        excess [events] (of that week), without [events] (of all others), p_value (without it).
    per_deployment : DataFrame
        deployment_id, finished_at, excess [events]; they add up to the excess.
    before, after : Timedelta
        Span of the curve before a deployment, and of the window after it.
    windows : int
        Post-deployment windows after merging those that overlap.
    weeks : float
        Length of the history [weeks].
    notes : tuple of str
        What a reader has to know about this answer.
    """

    service: str
    deployments: int
    left_out: pd.DataFrame
    excess: Estimate
    budget_share: Estimate
    bad_share: Estimate
    p_value: float
    adjusted_p_value: float
    curve: pd.DataFrame
    detectable: float
    by_week: pd.DataFrame
    per_deployment: pd.DataFrame
    before: pd.Timedelta
    after: pd.Timedelta
    windows: int
    weeks: float
    notes: tuple[str, ...] = field(default=())
