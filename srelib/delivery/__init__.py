"""How fast and how safely do we ship? DORA's five numbers, each with n and interval."""

from srelib.delivery.attribution import attribute_incidents
from srelib.delivery.failures import change_fail_rate, recovery_time, sensitivity
from srelib.delivery.frequency import deployment_frequency, rework_rate
from srelib.delivery.lead_time import change_lead_time
from srelib.delivery.performance import (
    TOGETHER,
    Delivery,
    DeliveryPerformance,
    metrics,
    performance,
)
from srelib.delivery.rules import PRESETS, Rules, preset

__all__ = [
    "PRESETS", "TOGETHER", "Delivery", "DeliveryPerformance", "Rules", "attribute_incidents",
    "change_fail_rate", "change_lead_time", "deployment_frequency", "metrics", "performance",
    "preset", "recovery_time", "rework_rate", "sensitivity",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
