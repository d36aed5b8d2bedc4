"""Incidents: how long they last, how many there are, and whether a difference is one.

What the functions take, each some of it:

incidents : DataFrame
    Table ``incidents``; one of several services counts once, but where services are told apart.
as_of : Timestamp
    "Now", the end of the data.
split : Timestamp or str, optional
    Where the history is divided; default: in the middle.
to : {'restore', 'mitigate', 'acknowledge', 'detect'}
    What ends the time an incident took.
confidence : float
    Share of such intervals that hold the truth [fraction].

A table that lacks a column is a `ColumnError`.
How each is worked out, and from which source, is in ``docs/methods.md``, "Incident durations".
"""

from srelib.incidents.comparison import CountTrend, DurationTrend, PeriodComparison, compare_periods
from srelib.incidents.noise import Detectable, Noise, detectable_change, noise_check
from srelib.incidents.postmortems import IncidentCosts, Recurrence, budget_spent, incident_costs
from srelib.incidents.times import Downtime, TimeTo, time_to

__all__ = [
    "CountTrend", "Detectable", "Downtime", "DurationTrend", "IncidentCosts", "Noise",
    "PeriodComparison", "Recurrence", "TimeTo", "budget_spent", "compare_periods",
    "detectable_change", "incident_costs", "noise_check", "time_to",
]  # fmt: skip
__dir__ = __all__.copy
