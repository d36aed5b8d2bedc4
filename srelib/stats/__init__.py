"""Intervals and comparisons on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from srelib.stats.intervals import Estimate

__all__ = ["Estimate"]
__dir__ = __all__.copy
