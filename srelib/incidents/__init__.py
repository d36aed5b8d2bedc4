"""Incidents: how long they last, how many there are, and whether a difference is one.

`time_to` gives durations of which some have not ended yet, `downtime` the time users felt, each
moment once; `count_trend` and `duration_trend` hold two periods against each other;
`noise_check` and `detectable_change` say what so few incidents can show at all; `recurrence` and
`repeated` look for patterns, `budget_spent` and `dearest` for what each one cost.

Order of the modules: `times`, `periods`, `downtime`, `overview`, `trend`, `noise`, `power`,
`recurrence`, `costs`, `review`.
"""

from srelib.incidents.costs import budget_spent, classes, dearest
from srelib.incidents.noise import (
    Detectable,
    Noise,
    chance_difference,
    detectable_change,
    improvement_looks_worse,
    noise_check,
    power_of_cut,
)
from srelib.incidents.review import (
    Recurrence,
    Review,
    by_service,
    of_severity,
    patterns,
    recurrence,
    repeated,
    review,
    titles,
)
from srelib.incidents.times import (
    Downtime,
    TimeTo,
    downtime,
    durations,
    halves,
    history,
    in_bins,
    spans,
    time_to,
    time_to_by,
)
from srelib.incidents.trend import (
    CountTrend,
    DurationTrend,
    Summary,
    count_trend,
    duration_trend,
    summary,
)

__all__ = [
    "CountTrend", "Detectable", "Downtime", "DurationTrend", "Noise", "Recurrence", "Review",
    "Summary", "TimeTo", "budget_spent", "by_service", "chance_difference", "classes",
    "count_trend", "dearest", "detectable_change", "downtime", "duration_trend", "durations",
    "halves", "history", "improvement_looks_worse", "in_bins", "noise_check", "of_severity",
    "patterns", "power_of_cut", "recurrence", "repeated", "review", "spans", "summary", "time_to",
    "time_to_by", "titles",
]  # fmt: skip
