"""Would our alerts have told us in time? Burn-rate policies replayed on history and scored."""

from srelib.alerts.comparison import RecordedAlerts, compare, recorded, search
from srelib.alerts.firing import (
    History,
    alert_spans,
    answerable,
    episodes,
    firing,
    history,
    is_reachable,
    review,
)
from srelib.alerts.policies import (
    PAGE,
    TICKET,
    Policy,
    Rule,
    candidate_policies,
    earlier_attempts,
    grafana_policy,
    guarded,
    pyrra_policy,
    read_policy,
    ready_made,
    threshold,
    workbook_policy,
)
from srelib.alerts.replay import AlertReplay, PooledAlerts, pooled, replay, truth_in_use
from srelib.alerts.rules import openslo_policies, prometheus_rules
from srelib.alerts.score import (
    Score,
    Spending,
    budget_events,
    incident_events,
    period_budget,
    score,
    spending,
)

__all__ = [
    "PAGE", "TICKET", "AlertReplay", "History", "Policy", "PooledAlerts", "RecordedAlerts", "Rule",
    "Score", "Spending", "alert_spans", "answerable", "budget_events", "candidate_policies",
    "compare", "earlier_attempts", "episodes", "firing", "grafana_policy", "guarded", "history",
    "incident_events", "is_reachable", "openslo_policies", "period_budget", "pooled",
    "prometheus_rules", "pyrra_policy", "read_policy", "ready_made", "recorded", "replay",
    "review", "score", "search", "spending", "threshold", "truth_in_use", "workbook_policy",
]  # fmt: skip
