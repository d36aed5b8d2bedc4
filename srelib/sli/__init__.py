"""Good and total events become service level indicators, each with its interval.

*Counts* are a good and a total Series on one regular tz-aware index: 0 of 0 is no traffic, NaN
is unknown.
"""

from srelib.sli.interval import (
    METHODS,
    LowTraffic,
    against_target,
    by_period,
    by_threshold,
    interval,
    latency,
    low_traffic,
)
from srelib.sli.time_based import (
    for_slo,
    slice_ratios,
    slice_shares,
    time_slices,
    user_uptime,
    worst_windows,
)

__all__ = [
    "METHODS", "LowTraffic", "against_target", "by_period", "by_threshold", "for_slo", "interval",
    "latency", "low_traffic", "slice_ratios", "slice_shares", "time_slices", "user_uptime",
    "worst_windows",
]  # fmt: skip
