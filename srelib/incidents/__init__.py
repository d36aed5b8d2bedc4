"""Incidents: how long they last, how many there are, and whether a difference is one."""

from srelib.incidents.comparison import CountTrend, DurationTrend, PeriodComparison, compare_periods
from srelib.incidents.costs import IncidentCosts, budget_spent, incident_costs
from srelib.incidents.noise import Detectable, Noise, detectable_change, noise_check
from srelib.incidents.recurrence import Recurrence
from srelib.incidents.times import Downtime, TimeTo, time_to

__all__ = [
    "CountTrend", "Detectable", "Downtime", "DurationTrend", "IncidentCosts", "Noise",
    "PeriodComparison", "Recurrence", "TimeTo", "budget_spent", "compare_periods",
    "detectable_change", "incident_costs", "noise_check", "time_to",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
