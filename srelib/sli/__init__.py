"""Service level indicators from counts of good and total events, each with its interval.

*Counts* are a good and a total Series on one regular tz-aware index: 0 of 0 is no traffic, NaN
is unknown.
"""

from srelib.sli.interval import LowTraffic, by_period, interval, low_traffic
from srelib.sli.time_based import SliceShares, slice_shares, worst_windows

__all__ = [
    "LowTraffic", "SliceShares", "by_period", "interval", "low_traffic", "slice_shares",
    "worst_windows",
]  # fmt: skip
__dir__ = __all__.copy
