"""Error-budget policies: what would they have frozen, held and avoided on this history?"""

from srelib.policy.frontier import PooledReplays, frontier, pooled
from srelib.policy.outcome import Outcome, PolicyReplay
from srelib.policy.replay import PreparedService, prepare, replay, replay_service
from srelib.policy.rules import Policy, grid, named, ready_made

__all__ = [
    "Outcome", "Policy", "PolicyReplay", "PooledReplays", "PreparedService", "frontier", "grid",
    "named", "pooled", "prepare", "ready_made", "replay", "replay_service",
]  # fmt: skip
__dir__ = __all__.copy
