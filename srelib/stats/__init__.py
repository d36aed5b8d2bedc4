"""Intervals and comparisons on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from srelib.stats.comparisons import (
    WIDENED,
    Dispersion,
    block_bootstrap,
    dispersion,
    duration_p_value,
    duration_ratio,
    rank_correlation,
    rate_dispersion,
    rate_ratio,
    rate_ratio_p_value,
)
from srelib.stats.intervals import (
    Estimate,
    group_sizes,
    grouped_mean,
    grouped_share,
    kaplan_meier,
    median,
    normal_quantile,
    quantile,
    rate,
    scattered_rate,
    share,
    survival_median,
    survival_quantile,
    widened_wilson,
    wilson,
)

__all__ = [
    "WIDENED", "Dispersion", "Estimate", "block_bootstrap", "dispersion",
    "duration_p_value", "duration_ratio", "group_sizes", "grouped_mean", "grouped_share",
    "kaplan_meier", "median", "normal_quantile", "quantile", "rank_correlation", "rate",
    "rate_dispersion", "rate_ratio", "rate_ratio_p_value", "scattered_rate", "share",
    "survival_median", "survival_quantile", "widened_wilson", "wilson",
]  # fmt: skip
