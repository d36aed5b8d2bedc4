"""Replay of a policy: laws, refusals, several objectives, and what is planted in the sample.

No decision learns from what came later.
The truth of the sample is its own history made again with the releases that the replay holds put
off, or never made, everything else being equal.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import srelib
from data import make_sample
from srelib import budget, events, fleet, objectives, tradeoff
from srelib import policy as policies
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.fleet import Indicator
from srelib.policy import Outcome, Policy
from srelib.simulate import fleet as simulated
from srelib.windows import Window
from tests.policy.shapes import (
    OUTAGE,
    TARGET,
    failing,
    hours,
    made,
    replayed,
    replayed_fleet,
)

WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99, window=WINDOW)
SITE = Indicator("site", "site", "availability", target=0.99, window=WINDOW)
ROWS = pd.concat([
    made(("a", "2026-06-25T12:00"), ("fix", "2026-06-26T12:00", False)),
    made(("z", "2026-06-25T12:00")).assign(service="site"),
], ignore_index=True)  # fmt: skip


def on_fleet(counts, rows=ROWS, name: str = "workbook"):
    """A policy on these objectives."""
    return replayed_fleet(counts, rows, policy=policies.named(name))


def test_objectives_of_a_service_share_their_schedule():
    """Latency is fine and waits with availability; the other service ships."""
    found = on_fleet({SLOW: hours(), SHOP: failing(hours(), OUTAGE), SITE: hours()})
    assert list(found) == [SLOW, SHOP, SITE]
    fates = {key.name: one.postponed.schedule["fate"].tolist() for key, one in found.items()}
    assert fates == {
        "shop latency": ["delayed", "exempt"], "shop availability": ["delayed", "exempt"],
        "site": ["shipped"],
    }  # fmt: skip


def test_a_service_that_cannot_be_replayed_leaves_the_others():
    """Buckets of six hours on one of two; the error says what to do."""
    found = on_fleet({SHOP: hours().resample("6h").sum(), SITE: failing(hours(), OUTAGE)})
    assert isinstance(found[SHOP], InsufficientDataError)
    assert fleet.pooled(found, policies.pooled).services == 1
    assert fleet.pooled({SHOP: found[SHOP]}, policies.pooled) is None


@st.composite
def histories(draw):
    """Two months of hours with outages, and releases, fixes among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = hours(days=60, total=500.0)
    index = counts.index
    counts["total"] = rng.poisson(500, len(index)).astype(float)
    bad = rng.binomial(counts["total"].astype(int), 0.004).astype(float)
    for start in rng.integers(0, len(index), draw(st.integers(0, 6))):
        bad[start : start + 5] = np.minimum(bad[start : start + 5] + 400, counts["total"].iloc[
            start : start + 5])  # fmt: skip
    counts["good"] = counts["total"] - bad
    counts.loc[rng.random(len(index)) < 0.02] = np.nan
    times = index[0] + pd.to_timedelta(np.sort(rng.uniform(0, 60 * 24, 30)), unit="h")
    rows = made(*((f"d{n}", f"{t:%Y-%m-%dT%H:%M}", bool(rng.random() > 0.2))
                  for n, t in enumerate(times)))  # fmt: skip
    return counts, rows


POLICIES = st.sampled_from([
    policies.named("workbook"), policies.named("early", timezone="Asia/Kolkata"),
    policies.named("cautious"), policies.named("week"), policies.named("slow down"),
    Policy(name="month", window=Window(unit="month", timezone="Europe/Berlin"), freeze_below=0.3),
])  # fmt: skip


LAWS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAWS
@given(histories(), POLICIES, st.integers(20, 59), st.integers(0, 2**32 - 1))
def test_what_comes_later_never_changes_a_decision(history, policy, day, seed):
    """Other counts, other releases and other incidents after a moment: all before it stays."""
    counts, rows = history
    cut = counts.index[0] + pd.Timedelta(days=day, hours=5)
    rng = np.random.default_rng(seed)
    other = counts.copy()
    later = other.index >= cut.floor("h")
    other.loc[later, "total"] = 700.0
    other.loc[later, "good"] = rng.integers(0, 700, later.sum()).astype(float)
    extra = made(*((f"x{n}", f"{cut + pd.Timedelta(hours=7 * n + 1):%Y-%m-%dT%H:%M}")
                   for n in range(20)))  # fmt: skip
    others = pd.concat([rows[rows["finished_at"] < cut], extra], ignore_index=True)
    log = pd.DataFrame({"incident_id": ["i"], "started_at": [cut], "resolved_at": [pd.NaT]})
    log["resolved_at"] = pd.to_datetime(log["resolved_at"], utc=True)
    one = replayed(counts, rows, policy=policy, draws=0)
    two = replayed(other, others, policy=policy, incidents=log, draws=0)
    for was, now in zip(one.outcomes, two.outcomes, strict=True):
        before = [o.days[o.days["decided_at"] <= cut.floor("h")] for o in (was, now)]
        columns = ["decided_at", "left_share", "judged", "frozen", "state"]
        pd.testing.assert_frame_equal(before[0][columns], before[1][columns])
        parts = []
        for o in (was, now):
            rows_before = o.schedule[o.schedule["due_at"] < cut]
            held = rows_before["fate"].isin(["delayed", "waiting"])
            released = rows_before["released_at"].where(rows_before["released_at"] <= cut)
            parts.append(pd.DataFrame({"id": rows_before["deployment_id"], "held": held,
                                       "released": released}))  # fmt: skip
        pd.testing.assert_frame_equal(parts[0], parts[1])


@LAWS
@given(histories(), st.sampled_from([0.0, 0.2, 0.5]))
def test_without_harm_the_states_are_those_of_the_recorded_budget(history, threshold):
    """The budget module, asked afresh for each morning's window, freezes on the same days."""
    counts, rows = history
    chosen = Policy(name="x", window="28d", freeze_below=threshold)
    found = replayed(counts, rows, policy=chosen, harms=pd.Series(dtype="float64"))
    state = []
    for at in found.recorded["decided_at"]:
        seen = counts[(counts.index >= at - pd.Timedelta("28D")) & (counts.index < at)]
        if seen["total"].notna().sum() < 14 * 24:
            state.append(state[-1] if state else "open")
            continue
        left = budget.status(seen["good"], seen["total"], target=TARGET).left_share
        state.append("frozen" if left < threshold else "open")
    for outcome in found.outcomes:
        assert outcome.days["state"].tolist() == state


@LAWS
@given(histories(), POLICIES)
def test_the_account_stays_within_what_there_is(history, policy):
    """Nothing is released early; avoided harm lies between none and all that came after."""
    counts, rows = history
    copies = counts.copy(), rows.copy()
    found = replayed(counts, rows, policy=policy, draws=0)
    shuffled = replayed(counts, rows.sample(frac=1, random_state=1), policy=policy, draws=0)
    pd.testing.assert_frame_equal(counts, copies[0])
    pd.testing.assert_frame_equal(rows, copies[1])
    assert found.avoided.saved == shuffled.avoided.saved
    after = found.harm.set_index("deployment_id")["bad"]
    most = after[found.avoided.held["deployment_id"]].sum()
    saved = found.avoided.saved
    assert 0 <= saved.low <= saved.value <= saved.high <= most + 1e-6
    assert found.low <= found.high
    for outcome in found.outcomes:
        assert (outcome.schedule["delay"] >= pd.Timedelta(0)).all()
        assert len(outcome.schedule) == len(rows)
        shipped = outcome.schedule["fate"].isin(["shipped", "exempt"])
        assert (outcome.schedule.loc[shipped, "delay"] == pd.Timedelta(0)).all()


def test_what_cannot_be_replayed_is_refused():
    """Columns, lengths and names that are not there."""
    counts, rows = hours(), made(("one", "2026-06-25T12:00"))
    with pytest.raises(ColumnError, match="deployments lack finished_at"):
        replayed(counts, rows.drop(columns="finished_at"))
    with pytest.raises(ParameterError, match="after must be whole hours"):
        replayed(counts, rows, after="90min")
    with pytest.raises(ParameterError, match="deployments must belong to the one service"):
        replayed(counts, pd.concat([rows, rows.assign(service="b")]))
    with pytest.raises(ColumnError, match="harms lack the column harm"):
        replayed(counts, rows, harms=pd.DataFrame({"cost": [1.0]}))
    with pytest.raises(InsufficientDataError, match="buckets longer than an hour"):
        replayed(counts.resample("6h").sum(), rows)
    with pytest.raises(InsufficientDataError, match="no decision falls into"):
        replayed(counts.iloc[:5], rows)


# The sample


DATA = Path(__file__).parents[2] / "data" / "sample"


HELD = ("checkout availability", "search availability", "warehouse availability")


@cache
def found():
    """The Workbook's policy on every objective of the make_sample."""
    dataset = srelib.load(DATA)
    counts = objectives.with_target(dataset)
    policy = policies.named("workbook", timezone="Europe/Berlin")
    services = fleet.each(fleet.by_service(counts), lambda service, own: policies.prepare(
        own, events.of_service(dataset.deployments, service), timezone="Europe/Berlin",
        incidents=events.of_service(dataset.incidents, service),
    ))  # fmt: skip
    replays = fleet.by_objective(fleet.each(
        services, lambda _, own: policies.replay_service(own, policy=policy)
    ), counts)  # fmt: skip
    return {key.name: (key, one) for key, one in replays.items()}


@cache
def history():
    """The history behind the sample, and its names of the deployments by those of the exports."""
    original = make_sample.sample()
    return original, {number: name for name, number in make_sample.github_numbers(original).items()}


def truth(service: str, outcome: Outcome) -> float:
    """Bad events that the holds of an outcome avoid in the history made again."""
    original, names = history()
    rows = outcome.held
    if outcome.reading == "postponed":
        rows = rows[rows["fate"] == "delayed"]  # harm of what still waits is yet to come
    delays = {
        names[str(row.deployment_id)]: None if outcome.reading == "avoided" else row.delay
        for row in rows.itertuples()
    }
    spec = original.world(service).spec
    again = simulated(make_sample.SEED, services=[spec], weeks=make_sample.WEEKS,
                      start=make_sample.START, delays=delays)  # fmt: skip
    bad = [_bad(one, service) for one in (original, again)]
    return bad[0] - bad[1]


def _bad(world, service: str) -> float:
    counts = world.counts(service)
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
    pooled = fleet.pooled(dict(found().values()), policies.pooled)
    dataset = srelib.load(DATA)
    exported = events.eligible_deployments(dataset.deployments)
    for total in pooled.totals:
        assert sum(total.fates.values()) == len(exported) == 192
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
