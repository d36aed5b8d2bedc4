"""What changed between two reports, or between two spans of one history.

`compare` says it of two folders, `recently` of the last weeks of one history and those before.
`record` keeps of a dataset what a later report is compared with, `read` finds it in a folder.
"""

from srelib.changes.comparison import (
    BETTER,
    CHANCE,
    DATA,
    DEFINITION,
    REAL,
    WORSE,
    Change,
    Changes,
    compare,
    recently,
)
from srelib.changes.record import QUANTITIES, Record, read, record

__all__ = [
    "BETTER", "CHANCE", "DATA", "DEFINITION", "QUANTITIES", "REAL", "WORSE", "Change", "Changes",
    "Record", "compare", "read", "recently", "record",
]  # fmt: skip
__dir__ = __all__.copy
