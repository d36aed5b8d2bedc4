"""Delivery and reliability of the same services on the same weeks: what do deployments cost?"""

from srelib.tradeoff.association import Association, association, shared_span, weekly
from srelib.tradeoff.effect import Effect, adjusted, deployment_effect
from srelib.tradeoff.failures import Failures, by_batch, by_time, deployment_outcomes
from srelib.tradeoff.fleet_effect import FleetEffect, fleet_effect
from srelib.tradeoff.scoreboard import (
    FAST_FRAGILE,
    FAST_SAFE,
    SLOW_FRAGILE,
    SLOW_SAFE,
    Quadrants,
    Scorecard,
    quadrants,
    scoreboard,
)
from srelib.tradeoff.teams import TeamTotals, team_totals

__all__ = [
    "FAST_FRAGILE", "FAST_SAFE", "SLOW_FRAGILE", "SLOW_SAFE", "Association", "Effect", "Failures",
    "FleetEffect", "Quadrants", "Scorecard", "TeamTotals", "adjusted", "association", "by_batch",
    "by_time", "deployment_effect", "deployment_outcomes", "fleet_effect", "quadrants",
    "scoreboard", "shared_span", "team_totals", "weekly",
]  # fmt: skip
__dir__ = __all__.copy
