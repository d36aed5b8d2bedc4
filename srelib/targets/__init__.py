"""Which target to promise? Candidates replayed on history and drawn into the future.

`candidates` gives one row per target: how often past windows met it, how likely the next one
does, what it costs in pages and frozen days, what the traffic can resolve.
`recommend` chooses among them and says why, and what speaks against it; `openslo` writes the
document.
`ceiling` is what dependencies allow, `thresholds` and `percentile` choose the bound of a latency
objective from a histogram.

Order of the modules: `past` (weeks and windows), `chances`, `price`, `traffic`, `dependencies`
(one question each); `table`; `advice`; `latency`.
"""

from srelib.targets.advice import Advice, Reason, openslo, recommend
from srelib.targets.candidates import (
    LADDER,
    Resolution,
    background,
    candidates,
    freeze_days,
    missed_by_chance,
    pages,
    resolution,
    weeks_needed,
    window_of,
)
from srelib.targets.chances import Weeks, chances, next_window, past_windows, read_weeks
from srelib.targets.dependencies import Ceiling, ceiling, outages, parse
from srelib.targets.latency import Between, histograms, percentile, shares, thresholds, within

__all__ = [
    "LADDER", "Advice", "Between", "Ceiling", "Reason", "Resolution", "Weeks", "background",
    "candidates", "ceiling", "chances", "freeze_days", "histograms", "missed_by_chance",
    "next_window", "openslo", "outages", "pages", "parse", "past_windows", "percentile",
    "read_weeks", "recommend", "resolution", "shares", "thresholds", "weeks_needed",
    "window_of", "within",
]  # fmt: skip
