"""Checking text that people wrote against pydantic models, with errors people can act on.

Shared by `srelib.slos` (YAML) and `srelib.readers.source` (TOML), because both owe the
user the same thing: the place, the key, the value seen, what is allowed and the fix.
"""

from srelib.schema.faults import Fault, faults, keys_at, shown
from srelib.schema.kinds import (
    Duration,
    PydanticCustomError,
    TimeZone,
    did_you_mean,
    duration,
    refused,
    timezone,
)

__all__ = [
    "Duration",
    "Fault",
    "PydanticCustomError",
    "TimeZone",
    "did_you_mean",
    "duration",
    "faults",
    "keys_at",
    "refused",
    "shown",
    "timezone",
]
