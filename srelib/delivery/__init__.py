"""How fast and how safely do we ship? DORA's five numbers, each with n and interval."""

from srelib.delivery.attribution import attribute_incidents, attributed, chance
from srelib.delivery.failures import (
    change_fail_rate,
    failures,
    recoveries,
    recovery_time,
    sensitivity,
)
from srelib.delivery.frequency import deployment_frequency, history, rework_rate
from srelib.delivery.lead_time import change_lead_time, lead_times
from srelib.delivery.performance import (
    FIVE,
    METRICS,
    TOGETHER,
    YEARS,
    Delivery,
    DeliveryPerformance,
    level,
    metrics,
    performance,
)
from srelib.delivery.rules import DEFAULT, PRESETS, Rules, preset

__all__ = [
    "DEFAULT", "FIVE", "METRICS", "PRESETS", "TOGETHER", "YEARS", "Delivery",
    "DeliveryPerformance", "Rules", "attribute_incidents", "attributed", "chance",
    "change_fail_rate", "change_lead_time", "deployment_frequency", "failures", "history",
    "lead_times", "level", "metrics", "performance", "preset", "recoveries", "recovery_time",
    "rework_rate", "sensitivity",
]  # fmt: skip
