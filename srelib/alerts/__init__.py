"""Would our alerts have detected incidents in time? Burn-rate policies replayed and scored."""

from srelib.alerts.comparison import RecordedAlerts, compare, recorded, search
from srelib.alerts.firing import firing, review
from srelib.alerts.policies import Rule, read_policy, workbook_policy
from srelib.alerts.replay import AlertReplay, PooledAlerts, pooled, replay, truth_in_use, with_rules
from srelib.alerts.rules import openslo_policies, prometheus_rules
from srelib.alerts.score import Score, Spending, score

__all__ = [
    "AlertReplay", "PooledAlerts", "RecordedAlerts", "Rule", "Score", "Spending",
    "compare", "firing", "openslo_policies", "pooled", "prometheus_rules",
    "read_policy", "recorded", "replay", "review", "score", "search", "truth_in_use",
    "with_rules", "workbook_policy",
]  # fmt: skip
__dir__ = __all__.copy
