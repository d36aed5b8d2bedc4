"""Error-budget policies: what they would have changed, replayed on a history.

A `Policy` says when releases halt; `replay` walks a history day by day, knowing on each day only
what was known then, and says what would have been frozen, held and avoided; `fleet` does so for
every objective, and `frontier` holds policies against each other.

Order of the modules: `rules` (policies); `daily` (the budget as it stood each day);
`verdict` (what is decided on it); `aftermath` (the hours after each deployment); `walk`;
`account` (harm told from chance); `outcome`, `prepare`, `results`, `replay`; `fleet` and
`frontier`; `postmortems`.
"""

from srelib.policy.aftermath import prepare
from srelib.policy.daily import postmortems
from srelib.policy.fleet import compare, frontier, pooled, prepared
from srelib.policy.fleet import replay as replay_fleet
from srelib.policy.replay import replay, replay_prepared, replay_service
from srelib.policy.rules import READY, Policy, grid, named, ready_made
from srelib.policy.walk import Outcome, Replay

__all__ = [
    "READY", "Outcome", "Policy", "Replay", "compare", "frontier", "grid", "named", "pooled",
    "postmortems", "prepare", "prepared", "ready_made", "replay", "replay_fleet", "replay_prepared",
    "replay_service",
]  # fmt: skip
