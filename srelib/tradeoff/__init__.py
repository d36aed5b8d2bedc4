"""Delivery and reliability of the same services on the same weeks.

`deployment_effect` compares the hours after deployments with placebo schedules, `effects` does
so for several services; `attribution` says where the budget went, the excess after deployments
among it.
"""

from srelib.tradeoff.attribution import PARTS, attribution
from srelib.tradeoff.effect import deployment_effect
from srelib.tradeoff.model import (
    ANSWER,
    EXCLUDED,
    INSIDE_INCIDENT,
    NO_CONTROL,
    NO_DATA,
    NOT_SHIPPED,
    REASONS,
    Effect,
)
from srelib.tradeoff.several import effects

__all__ = [
    "ANSWER",
    "EXCLUDED",
    "INSIDE_INCIDENT",
    "NOT_SHIPPED",
    "NO_CONTROL",
    "NO_DATA",
    "PARTS",
    "REASONS",
    "Effect",
    "attribution",
    "deployment_effect",
    "effects",
]
