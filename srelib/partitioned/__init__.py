"""A fleet too large to hold: every service asked alone, here or on Spark, and pooled afterwards."""

from srelib.partitioned.answers import FleetSummary, objectives_table, services_table
from srelib.partitioned.asking import summarize
from srelib.partitioned.engines import engine
from srelib.partitioned.folder import load, read
from srelib.partitioned.service import ServiceSummary, Settings

__all__ = [
    "FleetSummary", "ServiceSummary", "Settings", "engine", "load", "objectives_table", "read",
    "services_table", "summarize",
]  # fmt: skip
__dir__ = __all__.copy
