"""Would our alerts have told us in time? Burn-rate policies replayed on history and scored.

A policy is a few `Rule`; `workbook_policy`, `pyrra_policy`, `grafana_policy` and
`earlier_attempts` are ready-made, and `read_policy` reads one as people write it.
`firing` replays it bucket by bucket as Prometheus would, `episodes` are the pages, and `score`
holds them against what should have been told: `incident_events` from the records, or
`budget_events` from the data.
`scores` and `compare` put policies side by side, `search` looks for better ones, `review` names
rules that cannot do their job, and `expected` is what a rule does on paper.
"""

from srelib.alerts.analytic import exhaustion, expected, is_reachable, rehearsed
from srelib.alerts.compare import compare, scores
from srelib.alerts.episodes import as_episodes, episodes
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
from srelib.alerts.review import answerable, review
from srelib.alerts.rules import openslo_policies, prometheus_rules, promql_duration
from srelib.alerts.score import Score, score
from srelib.alerts.search import candidates, search
from srelib.alerts.spending import Spending, spending
from srelib.alerts.truth import budget_events, incident_events, period_budget
from srelib.alerts.written import read_policy

__all__ = [
    "PAGE", "TICKET", "History", "Policy", "Rule", "Score", "Spending", "answerable", "as_episodes",
    "budget_events", "candidates", "check_policy", "check_windows", "compare", "earlier_attempts",
    "episodes", "exhaustion", "expected", "firing", "grafana_policy", "guarded", "history",
    "incident_events", "is_reachable", "openslo_policies", "period_budget", "period_length",
    "prometheus_rules", "promql_duration", "pyrra_policy", "read_policy", "rehearsed", "review",
    "rule_spans", "score", "scores", "search", "severities", "spending", "threshold",
    "workbook_policy",
]  # fmt: skip
