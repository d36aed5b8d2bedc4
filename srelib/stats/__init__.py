"""Intervals and resampling on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from srelib.stats.comparisons import (
    WIDENED,
    Dispersion,
    block_bootstrap,
    circular_sums,
    dispersion,
    duration_p_value,
    duration_ratio,
    gehan_scores,
    rank_correlation,
    resample_sums,
)
from srelib.stats.intervals import (
    Estimate,
    clopper_pearson,
    kaplan_meier,
    median,
    normal_quantile,
    rate,
    rate_dispersion,
    rate_ratio,
    rate_ratio_p_value,
    share,
    survival_median,
    survival_quantile,
    widened_rate,
    widened_wilson,
    wilson,
)

__all__ = [
    "WIDENED", "Dispersion", "Estimate", "block_bootstrap", "circular_sums", "clopper_pearson",
    "dispersion", "duration_p_value", "duration_ratio", "gehan_scores", "kaplan_meier", "median",
    "normal_quantile", "rank_correlation", "rate", "rate_dispersion", "rate_ratio",
    "rate_ratio_p_value", "resample_sums", "share", "survival_median", "survival_quantile",
    "widened_rate", "widened_wilson", "wilson",
]  # fmt: skip
