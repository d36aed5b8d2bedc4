"""Which target to choose? Candidates replayed on history, and simulated for the next window.

`candidates` gives one row per target: how often past windows met it, how likely the next one
does, what it costs in pages and frozen days, what the traffic can resolve.
`recommend` chooses among them with reasons for and against; `openslo` writes the document.
`ceiling` is what dependencies allow, `thresholds` chooses the bound of a latency objective from a
histogram.
"""

from srelib.targets.advice import Advice, Reason, openslo, recommend
from srelib.targets.candidates import (
    LADDER,
    Ceiling,
    candidates,
    ceiling,
    freeze_days,
    pages,
    parse_dependencies,
    window_of,
)
from srelib.targets.latency import histograms, thresholds
from srelib.targets.probability import (
    Weeks,
    next_window,
    pass_probabilities,
    past_windows,
    whole_weeks,
)

__all__ = [
    "LADDER", "Advice", "Ceiling", "Reason", "Weeks", "candidates", "ceiling", "freeze_days",
    "histograms", "next_window", "openslo", "pages",
    "parse_dependencies", "pass_probabilities", "past_windows", "recommend", "thresholds",
    "whole_weeks", "window_of",
]  # fmt: skip
