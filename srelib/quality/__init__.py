"""Is the data fit to use? Coverage, gaps, duplicates and clock trouble, each score with mask.

| score or table | mask |
|---|---|
| `coverage`, `coverage_by_day` | `covered` |
| `gaps` | `in_gap` |
| `duplicates` | `is_duplicate` |
| `clock_trouble`, `hour_shift` | `is_future`, `is_out_of_order`, `is_outside`, `is_skipped` |
"""

from srelib.quality.clocks import (
    clock_trouble,
    is_future,
    is_out_of_order,
    is_outside,
    is_skipped,
)
from srelib.quality.coverage import (
    coverage,
    coverage_by_day,
    covered,
    duplicates,
    gaps,
    in_gap,
    is_duplicate,
)
from srelib.quality.overview import summary
from srelib.quality.shift import HourShift, hour_shift

__all__ = [
    "HourShift",
    "clock_trouble",
    "coverage",
    "coverage_by_day",
    "covered",
    "duplicates",
    "gaps",
    "hour_shift",
    "in_gap",
    "is_duplicate",
    "is_future",
    "is_out_of_order",
    "is_outside",
    "is_skipped",
    "summary",
]
