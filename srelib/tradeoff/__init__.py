"""Delivery and reliability of the same services on the same weeks: what do deployments cost?"""

from srelib.tradeoff.after_deployments import (
    ANSWER,
    EXCLUDED,
    INSIDE_INCIDENT,
    NO_CONTROL,
    NO_DATA,
    NOT_SHIPPED,
    REASONS,
)
from srelib.tradeoff.association import Association, association, shared_span, weekly
from srelib.tradeoff.attribution import PARTS, attribution, with_causes
from srelib.tradeoff.effect import Effect, adjusted, deployment_effect
from srelib.tradeoff.failures import Failures, by_batch, by_hour, by_weekday, shipped
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
    Scorecard,
    quadrants,
    scoreboard,
)

__all__ = [
    "ANSWER", "DEVOPS", "EXCLUDED", "FAST_FRAGILE", "FAST_SAFE", "INSIDE_INCIDENT", "NOT_SHIPPED",
    "NO_CONTROL", "NO_DATA", "PARTS", "QUADRANTS", "REASONS", "SHARED", "SLOW_FRAGILE", "SLOW_SAFE",
    "SRE", "Association", "Effect", "Failures", "Quadrants", "Scorecard", "adjusted", "association",
    "attribution", "by_batch", "by_hour", "by_weekday", "deployment_effect", "quadrants",
    "scoreboard", "shared_span", "shipped", "weekly", "with_causes",
]  # fmt: skip
