"""What should we do next? The measures of a service as a verdict, and what each change brings."""

from srelib.decisions.levers import LEVERS, Lever, changed_harm, half_harm, harm_what_if
from srelib.decisions.services import decide_each, without_counts
from srelib.decisions.verdict import VERDICTS, Decision, DecisionRules, decide

__all__ = [
    "LEVERS", "VERDICTS", "Decision", "DecisionRules", "Lever", "changed_harm", "decide",
    "decide_each", "half_harm", "harm_what_if", "without_counts",
]  # fmt: skip
__dir__ = __all__.copy
