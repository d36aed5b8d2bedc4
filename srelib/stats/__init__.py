"""Intervals and resampling on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from srelib.stats.bootstrap import WIDENED, block_bootstrap, circular_sums, resample_sums
from srelib.stats.counts import rate_dispersion, rate_ratio, rate_ratio_p_value, widened_rate
from srelib.stats.estimates import median, rate, share
from srelib.stats.intervals import (
    Estimate,
    clopper_pearson,
    normal_quantile,
    widened_wilson,
    wilson,
)
from srelib.stats.ranks import (
    duration_p_value,
    duration_ratio,
    gehan_scores,
    rank_correlation,
)
from srelib.stats.scatter import Dispersion, dispersion
from srelib.stats.survival import kaplan_meier, survival_median, survival_quantile

__all__ = [
    "WIDENED", "Dispersion", "Estimate", "block_bootstrap", "circular_sums", "clopper_pearson",
    "dispersion", "duration_p_value", "duration_ratio", "gehan_scores", "kaplan_meier", "median",
    "normal_quantile", "rank_correlation", "rate", "rate_dispersion", "rate_ratio",
    "rate_ratio_p_value", "resample_sums", "share", "survival_median", "survival_quantile",
    "widened_rate", "widened_wilson", "wilson",
]  # fmt: skip
