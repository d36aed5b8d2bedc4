"""Would our alerts have told us in time? Burn-rate policies replayed on history."""

from srelib.alerts.firing import History, check_windows, firing, history, rule_spans
from srelib.alerts.policies import (
    PAGE,
    TICKET,
    Policy,
    Rule,
    check_policy,
    earlier_attempts,
    grafana_policy,
    guarded,
    period_length,
    pyrra_policy,
    severities,
    threshold,
    workbook_policy,
)

__all__ = [
    "PAGE", "TICKET", "History", "Policy", "Rule", "check_policy", "check_windows",
    "earlier_attempts", "firing", "grafana_policy", "guarded", "history", "period_length",
    "pyrra_policy", "rule_spans", "severities", "threshold", "workbook_policy",
]  # fmt: skip
