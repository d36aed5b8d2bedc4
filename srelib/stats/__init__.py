"""Intervals and comparisons on plain arrays.

Nothing in here knows about services or targets: *part* and *whole* are counts.
"""

from srelib.stats.intervals import Estimate

__all__ = ["Estimate"]


def __dir__() -> list[str]:
    return __all__
