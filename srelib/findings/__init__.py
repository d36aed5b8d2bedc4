"""Results as sentences and tables: computed from the data, exact, with interval and n.

One module per subject: ``<noun>_sentence`` returns Markdown, ``<noun>_sentences`` a list of it,
``<noun>_table`` a `Table`; empty text says that there is nothing to say.
Text that comes from the data is escaped and never becomes markup.
"""

from srelib.findings import (
    alert_policies,
    alerts,
    annotations,
    budget,
    changes,
    decisions,
    delivery,
    incidents,
    policy,
    quality,
    scoreboard,
    signals,
    sli,
    targets,
    teams,
    tradeoff,
)
from srelib.findings.finding import Finding
from srelib.findings.show import Table, show

__all__ = [
    "Finding", "Table", "alert_policies", "alerts", "annotations", "budget", "changes",
    "decisions", "delivery", "incidents", "policy", "quality", "scoreboard", "show", "signals",
    "sli", "targets", "teams", "tradeoff",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
