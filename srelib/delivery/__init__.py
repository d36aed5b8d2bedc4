"""How fast and how safely do we ship? DORA's five numbers, each with n and interval.

What the measures take, each some of it:

deployments, changes : DataFrame
    The tables of that name; deployments of production only.
incidents : DataFrame or None
    Table ``incidents``; empty says that there were none, None that nobody exported them.
between : (Timestamp, Timestamp)
    The history; its end is now. Deployments outside it are left out.
rules : Rules
    What counts as what.
placed : DataFrame, optional
    As from `attribute_incidents` with the same tables and rules, where it is at hand.
window : Window or str, optional
    A calendar window such as ``1w`` or ``1M``; without it the whole history is one.
together : str, optional
    A name under which all services are taken as one, instead of each by itself; a release of
    several services then counts once.
confidence : float
    Of the intervals [fraction].

They return one row per service and period: service, label, starts_at, ends_at, complete (False
where the history holds only part of the period); value, low, high, n, method, and more by name.
A table that lacks a column is a `ColumnError`.
How each is worked out, and from which source, is in ``docs/methods.md`` under "Delivery".
"""

from srelib.delivery.assistance import AssistedChanges, assisted_changes
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
from srelib.delivery.signals import failure_signals

__all__ = [
    "PRESETS", "TOGETHER", "AssistedChanges", "Delivery", "DeliveryPerformance", "Rules",
    "assisted_changes", "attribute_incidents", "change_fail_rate", "change_lead_time",
    "deployment_frequency", "failure_signals", "metrics", "performance", "preset",
    "recovery_time", "rework_rate", "sensitivity",
]  # fmt: skip
__dir__ = __all__.copy
