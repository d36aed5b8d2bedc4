"""Fleets with a known truth: the sample data, and the ground of the validity tests.

`ServiceSpec` says what a service is like, `fleet` draws it, `Fleet.truth` knows what
happened, `Fleet.dataset` is what `srelib.load` would make of its exports.

Examples
--------
A hundred histories in which deployments do nothing, though many answer incidents:

>>> harmless = ServiceSpec(name="api", break_probability=0.0, incidents_per_week=3.0,
...                        answer_probability=0.5, answers_planned=True)
>>> histories = [fleet(seed, services=[harmless], weeks=4, step="1h") for seed in range(3)]
>>> [int(history.truth.deployments["observed"].sum()) for history in histories]
[0, 0, 0]

The same history without one release, everything else being equal:

>>> shipped = fleet(1, services=[ServiceSpec(name="api", break_probability=1.0)], step="1h")
>>> held = fleet(1, services=[ServiceSpec(name="api", break_probability=1.0)], step="1h",
...              delays={"api-0001": None})
>>> bool(held.counts("api")["good"].sum() > shipped.counts("api")["good"].sum())
True
"""

from __future__ import annotations

from srelib.simulate.spec import ServiceSpec
from srelib.simulate.world import Fleet, Truth, fleet

__all__ = ["Fleet", "ServiceSpec", "Truth", "fleet"]
__dir__ = __all__.copy
