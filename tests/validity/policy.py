"""Do the bounds of a policy's replay hold what the policy would have changed?

The simulator can make the same history again with releases put off or never made, everything
else being equal.
What the replay says from the record alone is held against that: for the releases it holds
itself (*schedule*), and for those the policy holds when it is followed inside the simulated
world, where it sees the true counts of the changed world (*followed*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from srelib import policy as policies
from srelib.fleet import Indicator
from srelib.policy import Outcome, PolicyReplay, PreparedService
from srelib.policy.daily import NEVER, _decision_times, _follow_policy
from srelib.policy.replay import _budget_track
from srelib.simulate import Fleet, ServiceSpec, fleet
from srelib.windows import History, history
from tests.validity.cells import Cell, over

SEEDS = 400
Delays = Mapping[str, pd.Timedelta | None]
POLICY = policies.named("workbook")
WEEKS, STEP = 13, "1h"
HARMFUL = ServiceSpec(
    name="api", target=0.995, error_ratio=0.0008, error_dispersion=0.003, deploys_per_week=6,
    break_probability=0.25, harm_ratio=0.085, harm_minutes=120, harm_minutes_sigma=0.5,
    page_probability=0.4, incidents_per_week=0.2,
)  # fmt: skip
CASES = {
    "harmful releases": HARMFUL,
    "harmless releases": replace(
        HARMFUL, break_probability=0.0, incidents_per_week=1.0, answer_probability=0.3,
        answers_planned=True,
    ),
    "heavy infrastructure incidents": replace(
        HARMFUL, break_probability=0.15, incidents_per_week=2.0, aftershocks=0.4,
        answer_probability=0.3, answers_planned=True,
    ),
    "few releases": replace(HARMFUL, deploys_per_week=1.0, incidents_per_week=0.6),
    "errors follow the load, and wander": replace(HARMFUL, load_errors=1.5, drift=0.4),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One fleet: truth and answer under either reading, None where nothing was held."""

    many: dict[str, int]
    inside: dict[str, bool]
    errors: dict[str, float]
    width: float
    beyond: bool


def bad(world: Fleet) -> float:
    """Bad events as recorded."""
    counts = world.counts("api")
    return float((counts["total"] - counts["good"]).sum())


def replayed(world: Fleet) -> PolicyReplay:
    """The policy on what the exports of a world hold."""
    counts = world.counts("api")
    return policies.replay(
        counts["good"], counts["total"], world.deployments, window="28d", policy=POLICY,
        target=world.worlds[0].spec.target, incidents=world.incidents,
    )  # fmt: skip


def delays_of(outcome: Outcome) -> dict[str, pd.Timedelta | None]:
    """What was held, by how much; None where it still waits, or is never made."""
    rows = outcome.held
    never = (rows["fate"] == "waiting") | (outcome.reading == "avoided")
    return {
        name: None if gone else delay
        for name, gone, delay in zip(rows["deployment_id"], never, rows["delay"], strict=True)
    }


def truth(world: Fleet, make: partial[Fleet], delays: Delays, reading: str) -> float:
    """Bad events that these delays avoid; harm of what still waits is yet to come."""
    if reading == "postponed":
        delays = {name: by for name, by in delays.items() if by is not None}
    return bad(world) - bad(make(delays=delays)) if delays else 0.0


def followed(world: Fleet, make: partial[Fleet], reading: str) -> dict[str, pd.Timedelta | None]:
    """Delays when the policy is followed inside the world: each sees what those before changed."""
    service = prepared(world)
    delays: dict[str, pd.Timedelta | None] = {}
    for _ in range(60):
        seen = history_of(make(delays=delays)) if delays else None
        after = held_by(service, seen, reading)
        if after == delays:
            break
        delays = after
    return delays


def prepared(world: Fleet) -> PreparedService:
    """The service of a world with its deployments; incidents do not matter to decisions."""
    return policies.prepare(
        {key_of(world): history_of(world)}, world.deployments,
        harms={key_of(world): pd.Series(dtype="float64")},
    )  # fmt: skip


def key_of(world: Fleet) -> Indicator:
    """The objective of a world."""
    return Indicator("api", "api", target=world.worlds[0].spec.target)


def history_of(world: Fleet) -> History:
    """Its counts."""
    counts = world.counts("api")
    return history(counts["good"], counts["total"])


def held_by(
    service: PreparedService, seen: History | None, reading: str
) -> dict[str, pd.Timedelta | None]:
    """What the recorded budget of a world would hold of the releases of the first one."""
    (part,) = service.objectives.values()
    part = replace(part, past=seen or part.past)
    times = _decision_times(part.past.index[0], part.past.end, hour=9, timezone="UTC")
    track = _budget_track(part, times, POLICY)
    found = _follow_policy([track], times, service.deployments, policy=POLICY, postponed=False)
    due = service.deployments["due_at"].astype("int64").to_numpy()
    return {
        service.deployments["deployment_id"].iloc[i]: None
        if found.released[i] == NEVER or reading == "avoided"
        else pd.Timedelta(int(found.released[i] - due[i]), "us")
        for i in found.held
    }


def one(seed: int, *, spec: ServiceSpec) -> Found:
    """Truth and answer of one fleet."""
    make = partial(fleet, seed, services=[spec], weeks=WEEKS, step=STEP)
    world = make()
    found = replayed(world)
    budget = found.allowance / WEEKS * 4
    inside, many, gaps = {}, {}, {}
    for outcome in found.outcomes:
        name, said = outcome.reading, outcome.saved
        own = truth(world, make, delays_of(outcome), name)
        lived = truth(world, make, followed(world, make, name), name)
        many[name] = len(outcome.held)
        gaps[name] = (said.value - own) / budget
        inside[f"{name}, schedule"] = found.low - 0.5 <= own <= found.high + 0.5
        inside[f"{name}, followed"] = found.low - 0.5 <= lived <= found.high + 0.5
        inside[f"{name}, own interval"] = said.low - 0.5 <= own <= said.high + 0.5
    beyond = found.avoided.saved.low > 0.5
    return Found(many, inside, gaps, (found.high - found.low) / budget, beyond)


MEASURES = {
    "avoided, schedule": "range holds what never making the held releases avoids",
    "postponed, schedule": "range holds what making them later avoids",
    "avoided, own interval": "interval of the upper bound alone holds it",
    "postponed, own interval": "interval of the lower bound alone holds it",
    "avoided, followed": "range holds what following the policy avoids, releases never made",
    "postponed, followed": "the same, releases made later",
}
ERRORS = {"avoided": "mean error of the upper bound", "postponed": "mean error of the lower bound"}


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Every case; fleets in which nothing was held are left out and counted."""
    cells = []
    for case, spec in CASES.items():
        every = over(partial(one, spec=spec), range(seeds), workers=workers)
        fleets = [f for f in every if f.many["postponed"]]
        cells.append(Cell(case, "fleets in which something was held", len(fleets) / seeds,
                          n=seeds))  # fmt: skip
        if not fleets:
            continue
        n = len(fleets)
        for key, text in MEASURES.items():
            share = float(np.mean([f.inside[key] for f in fleets]))
            cells.append(Cell(case, text, share, low=0.95, n=n))
        if not spec.break_probability:
            share = float(np.mean([f.beyond for f in fleets]))
            text = "said to be beyond chance, though releases do nothing"
            cells.append(Cell(case, text, share, high=0.05, n=n))
        for name, text in ERRORS.items():
            errors = np.array([f.errors[name] for f in fleets])
            cells.append(Cell(case, text, float(errors.mean()), n=n, unit="four-week budgets",
                              error=float(errors.std() / n**0.5)))  # fmt: skip
        cells.append(
            Cell(case, "median width of the range", float(np.median([f.width for f in fleets])),
                 n=n, unit="four-week budgets")
        )  # fmt: skip
    return cells
