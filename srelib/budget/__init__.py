"""Error budgets: target -> allowance, spent, left, burn-down, attribution, time to exhaustion.

`status` is one sum; `burn_down` and `by_period` are the budget over time; `exclude` takes
maintenance out after the fact; `attribute`, `by_cause` and `by_day` say where it went;
`forecast` says when it will be gone.
"""

from srelib.budget.burn_down import (
    Forecast,
    burn_down,
    burn_rate,
    by_period,
    forecast,
    without_start,
)
from srelib.budget.causes import CAUSES, Excluded, attribute, by_cause, by_day, exclude
from srelib.budget.status import Status, budget_fraction, status

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
    "without_start",
]
