"""What should we do next? The measures of a service as a verdict, and what each change brings."""

from srelib.decisions.levers import LEVERS, Lever, half_harm
from srelib.decisions.services import decide_each, without_counts
from srelib.decisions.verdict import VERDICTS, Decision, DecisionRules, decide

__all__ = [
    "LEVERS",
    "VERDICTS",
    "Decision",
    "DecisionRules",
    "Lever",
    "decide",
    "decide_each",
    "half_harm",
    "without_counts",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
