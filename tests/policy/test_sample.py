"""On the sample data the replay agrees with what is planted there, within its bounds.

The truth is the sample's own history made again with the releases that the replay holds put off,
or never made, everything else being equal.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import srelib
from data import make_sample as sample
from srelib import events, objectives, tradeoff
from srelib import policy as policies
from srelib.policy import Outcome, fleet
from srelib.simulate import fleet as simulated

DATA = Path(__file__).parents[2] / "data" / "sample"
HELD = ("checkout availability", "search availability", "warehouse availability")


@cache
def found():
    """The Workbook's policy on every objective of the sample."""
    dataset = srelib.load(DATA)
    counts = objectives.with_target(dataset)
    ready = fleet.prepared(
        counts, dataset.deployments, incidents=dataset.incidents, timezone="Europe/Berlin"
    )
    policy = policies.named("workbook", timezone="Europe/Berlin")
    replays = fleet.replay(counts, ready, policy=policy)
    return {key.name: (key, one) for key, one in replays.items()}


@cache
def world():
    """The history behind the sample, and its names of the deployments by those of the exports."""
    made = sample.sample()
    return made, {number: name for name, number in sample.github_numbers(made).items()}


def truth(service: str, outcome: Outcome) -> float:
    """Bad events that the holds of an outcome avoid in the history made again."""
    made, names = world()
    rows = outcome.held
    if outcome.reading == "postponed":
        rows = rows[rows["fate"] == "delayed"]  # harm of what still waits is yet to come
    delays = {
        names[str(row.deployment_id)]: None if outcome.reading == "avoided" else row.delay
        for row in rows.itertuples()
    }
    spec = made.world(service).spec
    again = simulated(sample.SEED, services=[spec], weeks=sample.WEEKS, start=sample.START,
                      delays=delays)  # fmt: skip
    bad = [_bad(one, service) for one in (made, again)]
    return bad[0] - bad[1]


def _bad(made, service: str) -> float:
    counts = made.counts(service)
    return float((counts["total"] - counts["good"]).sum())


@pytest.mark.parametrize("name", HELD)
def test_the_range_holds_the_planted_truth(name):
    """Held releases never made, or made when the policy lets them go."""
    key, one = found()[name]
    for outcome in one.outcomes:
        assert one.low - 0.5 <= truth(key.service, outcome) <= one.high + 0.5


def test_the_upper_bound_alone_holds_it_where_harm_is_planted():
    """Checkout: thousands of bad events after releases, and the interval is above nothing."""
    key, one = found()["checkout availability"]
    planted = truth(key.service, one.avoided)
    assert one.avoided.saved.low <= planted <= one.avoided.saved.high
    assert one.avoided.saved.low > 0
    assert planted > 1000


def test_services_that_kept_their_budgets_are_left_alone():
    """Billing, the partners' API and the catalog are never frozen."""
    for name in ("billing availability", "partner-api availability", "catalog availability"):
        one = found()[name][1]
        assert [len(outcome.held) for outcome in one.outcomes] == [0, 0]
        assert (one.low, one.high) == (0.0, 0.0)


def test_every_deployment_of_the_sample_is_accounted_for():
    """Shipped, delayed, waiting and let through add up to those in the exports."""
    pooled = fleet.pooled(dict(found().values()))
    dataset = srelib.load(DATA)
    made = dataset.deployments[dataset.deployments["status"].astype(str) != "cancelled"]
    for total in pooled.totals:
        assert sum(total.fates.values()) == len(made)
    fixes = dataset.deployments["planned"].eq(False)
    exempt = found()["checkout availability"][1].postponed.schedule.query("fate == 'exempt'")
    assert set(exempt["deployment_id"]) <= set(dataset.deployments.loc[fixes, "deployment_id"])


def test_harm_from_the_event_study_tells_the_same():
    """What `tradeoff` finds per deployment fits in as it is, and lies in the own interval."""
    dataset = srelib.load(DATA)
    key, estimated = found()["checkout availability"]
    counts = objectives.with_target(dataset)[key]
    own, broken = (events.of_service(table, key.service)
                   for table in (dataset.deployments, dataset.incidents))  # fmt: skip
    own = events.in_environment(own)
    effect = tradeoff.deployment_effect(counts.good, counts.total, own, incidents=broken)
    harms = effect.per_deployment.set_index("deployment_id")["excess"]
    given = policies.replay(
        counts.good, counts.total, own, target=key.target, incidents=broken, harms=harms,
        policy=estimated.policy, window="28d",
    )  # fmt: skip
    assert given.avoided.saved.n == estimated.avoided.saved.n
    assert estimated.avoided.saved.low <= given.avoided.saved.value
    assert given.avoided.saved.value <= estimated.avoided.saved.high
    assert np.isnan([given.avoided.saved.low, given.high]).all()  # no error is known
