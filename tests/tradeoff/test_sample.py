"""On the sample data cost and place of every service agree with what was planted."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srelib
from data import make_sample as sample
from srelib import objectives, tradeoff
from srelib.simulate import fleet

DATA = Path(__file__).parents[2] / "data" / "sample"
SERVICES = ("checkout", "search", "billing", "warehouse", "partner-api", "catalog")
YEARS = 10


@cache
def exports():
    """The tables as notebook 06 takes them."""
    dataset = srelib.load(DATA)
    counts = tradeoff.per_service(objectives.measured(dataset), sli="availability")
    deployed = tradeoff.production(dataset.deployments, environment="prod")
    return dataset, counts, deployed


@cache
def effects():
    """What deployments cost, by service."""
    dataset, counts, deployed = exports()
    found = tradeoff.effects(
        counts, deployed, incidents=dataset.incidents, exclusions=dataset.exclusions
    )
    return {effect.service: effect for effect in found.values()}


@cache
def places():
    """The quadrants, by service."""
    dataset, counts, deployed = exports()
    span = tradeoff.shared_span(counts, deployed, incidents=dataset.incidents, as_of=dataset.as_of)
    board = tradeoff.scoreboard(counts, deployed, between=span, incidents=dataset.incidents)
    speed = {name: one.frequency for name, one in board.items()}
    left = {name: one.left for name, one in board.items()}
    return tradeoff.quadrants(speed, left, speed_line=1.0).services.set_index("service")


@cache
def made():
    """The history behind the sample."""
    return sample.sample()


@pytest.mark.parametrize("service", SERVICES)
def test_the_cost_of_deployments_is_the_harm_planted_in_the_hours_after(service):
    """Bad events that deployments brought, minute by minute in the windows of those used."""
    effect, world = effects()[service], made().world(service).counts
    grid = made().grid
    inside = np.zeros(grid.size, dtype=bool)
    for at in (effect.per_deployment["finished_at"] - grid.start) / pd.Timedelta(minutes=1):
        inside[int(at // grid.minutes) : int((at + 6 * 60) // grid.minutes) + 1] = True
    planted = world.parts["deployment"][inside & world.observed].sum()
    assert effect.excess.low <= planted <= effect.excess.high


def test_what_is_called_costly_was_made_to_break():
    """Beyond chance, corrected for six services: only those with harm of some size planted."""
    costly = {s for s, effect in effects().items() if effect.adjusted_p_value < 0.05}
    assert "checkout" in costly  # a quarter of its releases break
    assert costly <= {"checkout", "search", "catalog"}  # those that ship more than once a week


@pytest.mark.parametrize("service", SERVICES)
def test_the_place_where_a_service_was_made_to_stand_is_not_ruled_out(service):
    """Over ten years of the same service; and where the sample leaves no doubt it is that one."""
    spec = made().world(service).spec
    long = fleet(4711, services=[spec], weeks=52 * YEARS, step="1h")
    counts, shipped = long.counts(service).sum(), long.deployments["status"]
    often = shipped.isin(["succeeded", "rolled_back"]).sum() / (52 * YEARS)
    spent = (counts["total"] - counts["good"]) / ((1 - spec.target) * counts["total"])
    slow, fragile = often < 1, bool(spent > 1)
    planted = {
        (False, False): "fast and safe", (False, True): "fast and fragile",
        (True, False): "slow with budget to spare", (True, True): "slow and fragile",
    }[slow, fragile]  # fmt: skip
    row = places().loc[service]
    assert row[planted] >= 0.05
    if row[row["quadrant"]] >= 0.95:
        assert row["quadrant"] == planted
