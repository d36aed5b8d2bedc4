"""Incidents: how long they last, how many there are, and whether a difference is one.

`time_to` gives durations of which some have not ended yet, `downtime` the time users felt, each
moment once; `count_trend` and `duration_trend` hold two periods against each other;
`noise_check` and `detectable_change` say what so few incidents can show at all; `recurrence` and
`repeated` look for patterns, `budget_spent` and `dearest` for what each one cost.

Order of the modules: `times`, `periods`, `downtime`, `overview`, `trend`, `noise`, `power`,
`recurrence`, `costs`, `review`.
"""

from srelib.incidents.costs import budget_spent, classes, dearest
from srelib.incidents.downtime import Downtime, downtime, spans
from srelib.incidents.noise import (
    Noise,
    chance_difference,
    improvement_looks_worse,
    noise_check,
)
from srelib.incidents.overview import Summary, summary
from srelib.incidents.periods import halves, history, in_bins
from srelib.incidents.power import Detectable, detectable_change, power_of_cut
from srelib.incidents.recurrence import Recurrence, recurrence, repeated
from srelib.incidents.review import Review, by_service, of_severity, patterns, review, titles
from srelib.incidents.times import TimeTo, durations, time_to, time_to_by
from srelib.incidents.trend import CountTrend, DurationTrend, count_trend, duration_trend

__all__ = [
    "CountTrend", "Detectable", "Downtime", "DurationTrend", "Noise", "Recurrence", "Review",
    "Summary", "TimeTo", "budget_spent", "by_service", "chance_difference", "classes",
    "count_trend", "dearest", "detectable_change", "downtime", "duration_trend", "durations",
    "halves", "history", "improvement_looks_worse", "in_bins", "noise_check", "of_severity",
    "patterns", "power_of_cut", "recurrence", "repeated", "review", "spans", "summary", "time_to",
    "time_to_by", "titles",
]  # fmt: skip
