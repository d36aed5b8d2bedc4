"""Error budgets: target -> allowance, spent, left, burn-down, attribution, time to exhaustion.

`status` is one sum; `burn_down` and `by_period` are the budget over time; `exclude` takes
maintenance out after the fact; `attribute`, `by_cause` and `by_day` say where it went;
`forecast` says when it will be gone.
"""

from srelib.budget.attribution import attribute
from srelib.budget.breakdown import CAUSES, by_cause, by_day
from srelib.budget.burn import burn_down, burn_rate, by_period
from srelib.budget.counts import budget_fraction
from srelib.budget.exclusions import Excluded, exclude
from srelib.budget.forecast import Forecast, forecast
from srelib.budget.status import Status, status

__all__ = [
    "CAUSES",
    "Excluded",
    "Forecast",
    "Status",
    "attribute",
    "budget_fraction",
    "burn_down",
    "burn_rate",
    "by_cause",
    "by_day",
    "by_period",
    "exclude",
    "forecast",
    "status",
]
