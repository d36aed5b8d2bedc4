"""One policy on every objective of a fleet: replayed, scored, pooled, held against others.

An incident belongs to a service, and a service may have several objectives; it counts once, and
is told about when a page of any of them told about it.
"""

from srelib.alerts.fleet.fronts import front
from srelib.alerts.fleet.pooling import (
    Pooled,
    by_hour_of_week,
    hours,
    pooled,
    pooled_or_none,
    share_of,
    side_by_side,
    until_told,
)
from srelib.alerts.fleet.replaying import (
    Replay,
    few_candidates,
    known_incidents,
    of_service,
    replay,
)

__all__ = [
    "Pooled",
    "Replay",
    "by_hour_of_week",
    "few_candidates",
    "front",
    "hours",
    "known_incidents",
    "of_service",
    "pooled",
    "pooled_or_none",
    "replay",
    "share_of",
    "side_by_side",
    "until_told",
]
