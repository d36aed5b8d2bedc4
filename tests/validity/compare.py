"""Does a comparison of two months stay silent when nothing changed, and what does it detect?

Fleets of four services over eight weeks; the later four are compared with the four before. Where
something changes, the later month comes from a fleet with other parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import srelib
from srelib import changes
from srelib.simulate import ServiceSpec, fleet
from tests.validity.cells import Cell, over

SEEDS = 100
"""Fleets of a cell; each has four services."""
SERVICES = ("api", "web", "search", "billing")
FALSE = 0.05
START, MIDDLE = "2026-03-30", "2026-04-27"

KINDS: Mapping[str, Mapping[str, float]] = {
    "ordinary": {},
    "calm": {"incidents_per_week": 0.1, "break_probability": 0.02},
    "bursts": {"incidents_per_week": 3.0, "aftershocks": 0.6},
    "often deployed": {"deploys_per_week": 25.0},
    "error rate drifts within a day": {"drift": 0.5, "drift_hours": 24.0},
}
"""Services that do not change, by what is special about them."""


@dataclass(frozen=True)
class Planted:
    """One planted change.

    Parameters
    ----------
    name : str
    quantity : str, that it should show in
    direction : str, that should be said
    before, after : mapping, parameters of the services in either month
    """

    name: str
    quantity: str
    direction: str
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)


PLANTED = (
    Planted("error rate twice as high", "errors outside outages", "worse",
            after={"error_ratio": 0.0008}),
    Planted("error rate five times as high", "service level", "worse",
            {"incidents_per_week": 0.1, "break_probability": 0.02},
            {"incidents_per_week": 0.1, "break_probability": 0.02, "error_ratio": 0.002}),
    Planted("deployments a week from 5 to 10", "deployments", "more",
            after={"deploys_per_week": 10.0}),
    Planted("lead time twice as long", "change lead time", "worse", after={"lead_hours": 40.0}),
    Planted("change fail rate from 10 to 40 %, 10 deployments a week", "change fail rate", "worse",
            {"deploys_per_week": 10.0},
            {"deploys_per_week": 10.0, "break_probability": 0.4}),
    Planted("incidents a week from 1 to 4", "incidents", "worse", {"incidents_per_week": 1.0},
            {"incidents_per_week": 4.0}),
    Planted("time to restore three times as long, 4 incidents a week", "time to restore", "worse",
            {"incidents_per_week": 4.0}, {"incidents_per_week": 4.0, "incident_mu": 5.35}),
)  # fmt: skip


def specs(parameters: Mapping[str, float]) -> list[ServiceSpec]:
    """The services of a fleet, all with the same parameters."""
    return [ServiceSpec(name=name, **parameters) for name in SERVICES]


def silent(seed: int, parameters: Mapping[str, float]) -> int:
    """How many services of a fleet without a change are said to have changed."""
    world = fleet(seed, services=specs(parameters), weeks=8, step="1h", start=START)
    found = changes.recently(world.dataset)
    assert found is not None
    return len({row.service for row in found.of(changes.REAL)})


def detected(seed: int, planted: Planted) -> int:
    """In how many services of a fleet the planted change is said, in the right direction."""
    months = [
        fleet(2 * seed + place, services=specs(parameters), weeks=4, step="1h", start=start).dataset
        for place, (parameters, start) in enumerate(
            [(planted.before, START), (planted.after, MIDDLE)]
        )
    ]
    found = srelib.compare(*months)
    wanted = (planted.quantity, planted.direction)
    return sum((row.quantity, row.direction) == wanted for row in found.of(changes.REAL))


def run(*, seeds: int, workers: int) -> Sequence[Cell]:
    """False alarms by kind of service, and power by planted change."""
    pairs = seeds * len(SERVICES)
    cells = []
    for kind, parameters in KINDS.items():
        many = sum(over(partial(silent, parameters=parameters), range(seeds), workers=workers))
        said = "said to have changed though nothing did"
        cells.append(Cell(kind, said, many / pairs, high=FALSE, n=pairs))
    for planted in PLANTED:
        many = sum(over(partial(detected, planted=planted), range(seeds), workers=workers))
        said = f"{planted.quantity}: said to have changed, in the right direction"
        cells.append(Cell(planted.name, said, many / pairs, n=pairs))
    return cells
