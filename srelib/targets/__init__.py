"""Which target to choose? Candidates replayed on history, and simulated for the next window.

`candidates` gives one row per target: how often past windows met it, how likely the next one
does, what it costs in pages and frozen days, what the traffic can resolve.
`recommend` chooses among them with reasons for and against; `openslo` writes the document.
`ceiling` is what dependencies allow, `thresholds` chooses the bound of a latency objective from a
histogram.
"""

from srelib.targets.advice import Advice, Reason, histograms, openslo, recommend, thresholds
from srelib.targets.candidates import Ceiling, candidates, ceiling, parse_dependencies, window_of
from srelib.targets.probability import past_windows

__all__ = [
    "Advice", "Ceiling", "Reason", "candidates", "ceiling", "histograms", "openslo",
    "parse_dependencies", "past_windows", "recommend", "thresholds", "window_of",
]  # fmt: skip
__dir__ = __all__.copy
