"""How fast and how safely do we ship? DORA's five numbers, each with n and interval.

`metrics` gives them per service; `change_lead_time`, `deployment_frequency`, `change_fail_rate`,
`recovery_time` and `rework_rate` each, per period where asked, from `lead_times`, `failures` and
`recoveries`, which have one row per change, deployment and failure.
`attribute_incidents` puts incidents down to deployments by a named rule and shows what no rule
could place; `Rules` holds every choice, `preset` those of other tools, and `sensitivity` shows
what the length of the window does.
`levels` names DORA's published clusters and answer categories.
"""

from srelib.delivery.attribution import attribute_incidents
from srelib.delivery.failures import (
    attributed,
    change_fail_rate,
    failures,
    recoveries,
    recovery_time,
)
from srelib.delivery.frequency import counted, deployment_frequency, history, reached, rework_rate
from srelib.delivery.lead_time import change_lead_time, lead_times
from srelib.delivery.rules import DEFAULT, PRESETS, Rules, preset
from srelib.delivery.sensitivity import chance, sensitivity
from srelib.delivery.summary import (
    YEARS,
    Delivery,
    Review,
    by_preset,
    category,
    chosen,
    level,
    levels,
    metrics,
    review,
    tools,
    tried,
)

__all__ = [
    "DEFAULT", "PRESETS", "YEARS", "Delivery", "Review", "Rules", "attribute_incidents",
    "attributed", "by_preset", "category", "chance", "change_fail_rate", "change_lead_time",
    "chosen", "counted", "deployment_frequency", "failures", "history", "lead_times", "level",
    "levels", "metrics", "preset", "reached", "recoveries", "recovery_time", "review",
    "rework_rate", "sensitivity", "tools", "tried",
]  # fmt: skip
