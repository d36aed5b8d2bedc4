"""Results as sentences and tables: computed from the data, exact, with interval and n.

One module per subject, ``<noun>_sentence(result) -> str`` in Markdown.
Text that comes from the data is escaped and never becomes markup.
"""

from srelib.findings import (
    alerts,
    budget,
    delivery,
    incidents,
    levels,
    policy,
    quality,
    scoreboard,
    sli,
    targets,
    tradeoff,
)
from srelib.findings.show import Table, show, table
from srelib.findings.text import escaped, markdown, name, names

__all__ = [
    "Table", "alerts", "budget", "delivery", "escaped", "incidents", "levels", "markdown", "name",
    "names", "policy", "quality", "scoreboard", "show", "sli", "table", "targets", "tradeoff",
]  # fmt: skip
