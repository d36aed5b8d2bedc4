"""Delivery and reliability of the same services on the same weeks.

`deployment_effect` compares the hours after deployments with placebo schedules, `effects` does
so for several services; `attribution` says where the budget went, the excess after deployments
among it, and `divided` says so for several.
`scoreboard` puts the numbers of both disciplines side by side, `quadrants` says where each
service stands, `association` whether the two moved together; `weekly` and `shipped` are the
tables they start from, `by_batch`, `by_weekday` and `by_hour` ask which deployments fail.
"""

from srelib.tradeoff.after_deployments import (
    ANSWER,
    EXCLUDED,
    INSIDE_INCIDENT,
    NO_CONTROL,
    NO_DATA,
    NOT_SHIPPED,
    REASONS,
    Effect,
)
from srelib.tradeoff.association import Association, association
from srelib.tradeoff.effect import deployment_effect, effects
from srelib.tradeoff.failures import Failures, by_batch, by_hour, by_weekday
from srelib.tradeoff.scoreboard import (
    DEVOPS,
    FAST_FRAGILE,
    FAST_SAFE,
    QUADRANTS,
    SHARED,
    SLOW_FRAGILE,
    SLOW_SAFE,
    SRE,
    Quadrants,
    Standing,
    budget_left,
    quadrants,
    scoreboard,
    service_level,
)
from srelib.tradeoff.weekly import (
    PARTS,
    attribution,
    divided,
    linked,
    per_service,
    production,
    shared_span,
    shipped,
    weekly,
)

__all__ = [
    "ANSWER",
    "DEVOPS",
    "EXCLUDED",
    "FAST_FRAGILE",
    "FAST_SAFE",
    "INSIDE_INCIDENT",
    "NOT_SHIPPED",
    "NO_CONTROL",
    "NO_DATA",
    "PARTS",
    "QUADRANTS",
    "REASONS",
    "SHARED",
    "SLOW_FRAGILE",
    "SLOW_SAFE",
    "SRE",
    "Association",
    "Effect",
    "Failures",
    "Quadrants",
    "Standing",
    "association",
    "attribution",
    "budget_left",
    "by_batch",
    "by_hour",
    "by_weekday",
    "deployment_effect",
    "divided",
    "effects",
    "linked",
    "per_service",
    "production",
    "quadrants",
    "scoreboard",
    "service_level",
    "shared_span",
    "shipped",
    "weekly",
]
