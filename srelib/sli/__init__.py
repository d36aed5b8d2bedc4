"""Service level indicators from counts of good and total events, each with its interval.

*Counts* are a good and a total Series on one regular tz-aware index: 0 of 0 is no traffic, NaN
is unknown.
"""

from srelib.sli.interval import (
    LowTraffic,
    against_target,
    by_period,
    interval,
    latency,
    low_traffic,
)
from srelib.sli.time_based import (
    SliceShares,
    for_slo,
    longest_missed,
    slice_ratios,
    slice_shares,
    time_slices,
    worst_windows,
)

__all__ = [
    "LowTraffic", "SliceShares", "against_target", "by_period", "for_slo", "interval", "latency",
    "longest_missed", "low_traffic", "slice_ratios", "slice_shares", "time_slices", "worst_windows",
]  # fmt: skip
