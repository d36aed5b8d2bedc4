"""Error budgets: what a target allows, what was spent, what is left, and when it is gone."""

from srelib.budget.accounting import Excluded, exclude, spent_by_cause, spent_by_day, spent_by_event
from srelib.budget.forecast import Forecast, forecast
from srelib.budget.members import spent_by_member
from srelib.budget.status import Status, burn_down, by_period, status

__all__ = [
    "Excluded", "Forecast", "Status", "burn_down", "by_period", "exclude", "forecast",
    "spent_by_cause", "spent_by_day", "spent_by_event", "spent_by_member", "status",
]  # fmt: skip
__dir__ = __all__.copy
