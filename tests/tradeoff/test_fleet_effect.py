"""The fleet together: sums worked out by hand, published data, exact tests, planted truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from srelib import simulate, tradeoff
from srelib.errors import InsufficientDataError, ParameterError
from srelib.fleet import Indicator, each
from srelib.tradeoff.fleet_effect import _paule_mandel, _weighted
from tests.tradeoff.made import NAN, effect

TURN = np.linspace(0, 2 * np.pi, 400, endpoint=False)
SINE, COSINE = np.sqrt(2) * np.sin(TURN), np.sqrt(2) * np.cos(TURN)


def service(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    placebos: np.ndarray = SINE,
    shifted: np.ndarray = SINE,
    noise: float = 1.0,
    unit: str = "events",
    **more: float,
) -> tuple[Indicator, tradeoff.Effect]:
    """One service of a fleet, with its placebos and so much noise."""
    more |= {"noise": noise * np.resize(SINE, len(placebos)), "shifted": shifted}
    made = effect(value, low, high, service=name, placebos=placebos, **more)
    return Indicator(name, name, "availability", target=0.99, unit=unit), made


def test_independent_intervals_add_up_in_squares():
    """100 (80 to 130) and 50 (20 to 60): 36.1 below and 31.6 above 150, and a tenth more."""
    pair = service("a", 100, 80, 130), service("b", 50, 20, 60, shifted=COSINE)
    found = tradeoff.fleet_effect(dict(pair))
    assert (found.total.value, found.summed, found.deployments) == (150, 2, 40)
    assert found.total.low == pytest.approx(150 - 1.1 * np.sqrt(20**2 + 30**2))
    assert found.total.high == pytest.approx(150 + 1.1 * np.sqrt(30**2 + 10**2))
    assert found.share.value == pytest.approx(150 / 4000)
    assert found.share.high == pytest.approx(found.total.high / 4000)
    assert found.correlation == pytest.approx(1)


def test_services_with_the_same_outages_may_all_have_been_unlucky_at_once():
    """Moved together, the windows of both hold the same outages: twice the chance, not sqrt(2)."""
    found = tradeoff.fleet_effect(dict([service("a", 100, 80, 130), service("b", 50, 20, 60)]))
    assert found.total.low == pytest.approx(150 - 1.1 * np.sqrt(2) * np.hypot(20, 30))
    assert found.total.high == pytest.approx(150 + 1.1 * np.sqrt(2) * np.hypot(30, 10))
    assert found.correlation == pytest.approx(np.sqrt(2))


def test_the_total_holds_0_where_the_test_does_not_reject():
    """Placebos of both are as bad as their deployments, though their own intervals are not."""
    pair = [service(name, 1, 0.5, 2, placebos=5 * SINE, shifted=moved, noise=0.1)
            for name, moved in (("a", SINE), ("b", COSINE))]  # fmt: skip
    found = tradeoff.fleet_effect(dict(pair))
    assert not found.is_significant
    assert found.total.low == found.share.low == 0 < found.total.high
    assert (
        tradeoff.fleet_effect(dict([service("a", 9, 5, 12), service("b", 9, 5, 12)])).total.low > 0
    )


def test_no_end_is_nearer_than_the_chance_of_all_services_together():
    """Eight services that can only have cost less: 1.96 * 10 * sqrt(8) of chance, a tenth more."""
    rng = np.random.default_rng(5)
    many = []
    for number in range(8):
        moved = np.sin((number + 1) * TURN)
        key, one = service(str(number), 50, 20, 50, placebos=np.zeros(4000), shifted=moved)
        loud = replace(one.draws, noise=10 * rng.normal(size=4000))
        many.append((key, replace(one, draws=loud)))
    found = tradeoff.fleet_effect(dict(many))
    assert found.total.high == pytest.approx(400 + 1.1 * 1.96 * 10 * np.sqrt(8), rel=0.01)
    assert found.total.low == pytest.approx(400 - 1.1 * 30 * np.sqrt(8), rel=0.01)


def test_services_that_count_something_else_are_tested_but_not_added_up():
    """Seconds and events have no sum; a service without a target has no budget."""
    three = [service("a", 100, 80, 130), service("b", 50, 20, 60, allowance=NAN)]
    found = tradeoff.fleet_effect(dict([*three, service("c", 7, 1, 9, unit="seconds")]))
    assert (found.services, found.summed, found.unit, found.total.value) == (3, 2, "events", 150)
    assert (found.has_target, found.share.value) == (True, 100 / 2000)
    none = [service(name, 100, 80, 130, allowance=NAN, bad=500.0) for name in "ab"]
    bare = tradeoff.fleet_effect(dict(none))
    assert (bare.has_target, bare.share.value) == (False, 200 / 1000)


def test_traffic_does_not_decide_who_counts():
    """A thousand times the traffic, and the same evidence."""
    draws = np.random.default_rng(1).normal(size=(2, 500))
    small = service("a", 2.0, 1, 3, placebos=draws[0]), service("b", 2, 1, 3, placebos=draws[1])
    large = small[0], service("b", 2000, 1000, 3000, placebos=1000 * draws[1], traffic=1000.0)
    found, other = (tradeoff.fleet_effect(dict(pair)) for pair in (small, large))
    assert (found.p_value, found.score) == (other.p_value, other.score)
    assert (
        found.p_value
        < 0.05
        < min(tradeoff.fleet_effect(dict([one])).p_value + 0.04 for one in small)
    )


def test_what_is_bad_for_all_at_once_is_not_counted_as_evidence_of_each():
    """Real schedules drawn like the placebos: 5 of 100 fleets are called harmed or helped."""
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(400):
        shared = rng.normal(size=101)
        values = [0.8 * shared + 0.6 * rng.normal(size=101) for _ in range(4)]
        fleet = [service(str(n), v[0], v[0] - 1, v[0] + 1, placebos=v[1:])
                 for n, v in enumerate(values)]  # fmt: skip
        wrong += tradeoff.fleet_effect(dict(fleet)).p_value < 0.05
    assert 400 * 0.05 - 3 * 4.4 < wrong < 400 * 0.05 + 3 * 4.4


BCG = np.array([
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
    [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
    [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
    [27, 16886, 29, 17825],
])  # fmt: skip
"""Thirteen trials of the BCG vaccine (Colditz et al. 1994): ill and well, vaccinated and not."""


def test_the_spread_between_studies_is_that_of_published_software():
    """Viechtbauer's metafor gives tau2 = 0.318 for log risk ratios by Paule and Mandel."""
    ill, well, ill_0, well_0 = BCG.T
    ratio = np.log(ill / (ill + well)) - np.log(ill_0 / (ill_0 + well_0))
    variance = 1 / ill - 1 / (ill + well) + 1 / ill_0 - 1 / (ill_0 + well_0)
    between = _paule_mandel(ratio, variance)
    assert between == pytest.approx(0.318, abs=0.001)
    mean, spread = _weighted(ratio, variance + between)
    assert spread == pytest.approx(len(BCG) - 1)
    assert mean == pytest.approx(-0.7150, abs=0.001)


def test_the_mean_harm_is_in_minutes_of_complete_outage():
    """40 bad events after 20 deployments of a service with 4 requests a minute are half a one."""
    found = tradeoff.fleet_effect(dict([
        service("a", 40, 20, 60, traffic=4.0), service("b", 20, 10, 30, traffic=2.0, noise=5.0)
    ]))  # fmt: skip
    assert found.per_deployment.value == pytest.approx(0.5)
    assert found.tau == 0
    assert found.by_service["shrunken"].tolist() == pytest.approx([0.5, 0.5])


def test_a_service_is_drawn_to_the_mean_as_far_as_its_own_data_are_poor():
    """One that is known well keeps its harm, one that is not goes to that of the others."""
    fleet = [service("sure", 400, 0, 900, noise=4.0), service("vague", 400, 0, 900, noise=300.0)]
    fleet += [service(name, 20, 0, 40, noise=4.0) for name in "abc"]
    found = tradeoff.fleet_effect(dict(fleet))
    shrunken = found.by_service.set_index("service")["shrunken"]
    assert shrunken["sure"] == pytest.approx(20, rel=0.01)
    assert found.per_deployment.value < shrunken["vague"] < 12
    assert found.by_service["service"].tolist()[:2] == ["sure", "vague"]


def test_who_stands_out_is_corrected_for_the_size_of_the_fleet():
    """p = 0.002 of one of twenty stands out; of one of forty it does not."""
    for many, out in ((20, ["s0"]), (40, [])):
        fleet = [service(f"s{n}", 5, 0, 9, p=0.9 if n else 0.002) for n in range(many)]
        rows = tradeoff.fleet_effect(dict(fleet)).by_service
        assert rows.loc[rows["stands_out"], "service"].tolist() == out


def test_one_service_is_a_fleet_without_a_spread():
    """Its total is its excess, and how much services differ is unknown."""
    found = tradeoff.fleet_effect(dict([service("a", 100, 80, 130)]))
    assert (found.total.low, found.total.high) == pytest.approx((80, 130))
    assert np.isnan(found.per_deployment.low)
    assert found.tau == 0


def test_effects_that_were_asked_differently_are_not_pooled():
    """Windows of six hours and of two have no sum."""
    key, one = service("a", 100, 80, 130)
    other = replace(one, after=pd.Timedelta("2h"))
    with pytest.raises(ParameterError, match="same after, confidence and placebos"):
        tradeoff.fleet_effect({key: one, Indicator("b"): other})


def test_without_any_answer_there_is_no_fleet():
    """Refusals of single services are left out; of all, they leave nothing."""
    key, one = service("a", 100, 80, 130)
    no = InsufficientDataError("no")
    assert tradeoff.fleet_effect({key: one, Indicator("b"): no}).services == 1
    with pytest.raises(InsufficientDataError, match="no effect of any service"):
        tradeoff.fleet_effect({Indicator("b"): no})


def effects(seed: int, **knobs: object) -> dict:
    """The effects of eight simulated services, and the harm planted in all of them."""
    specs = [simulate.ServiceSpec(name=f"s{n}", **knobs) for n in range(8)]
    world = simulate.fleet(seed, services=specs, weeks=13, step="1h")
    keys = {Indicator(s, s, "availability", target=0.999): s for s in world.services}
    rows = {name: getattr(world, name) for name in ("deployments", "incidents")}

    def ask(key: Indicator, service: str) -> tradeoff.Effect:
        seen = world.counts(service)
        own = {name: table[table["service"] == service] for name, table in rows.items()}
        return tradeoff.deployment_effect(
            seen["good"], seen["total"], own["deployments"], incidents=own["incidents"],
            target=0.999, placebos=300,
        )  # fmt: skip

    return each(keys, ask)


def test_what_no_service_shows_alone_all_of_them_show_together():
    """One deployment in twenty breaks, in each of eight services."""
    found = effects(11, break_probability=0.06, incidents_per_week=0.3)
    alone = tradeoff.adjusted(found)
    whole = tradeoff.fleet_effect(found)
    assert sum(one.is_significant for one in alone.values()) <= 2
    assert whole.is_significant
    assert whole.score > 0
    assert whole.per_deployment.low > 0


def test_a_harmless_fleet_is_not_called_harmed_and_says_what_it_could_have_shown():
    """Twice the harm that would have been found, planted evenly, is found."""
    found = effects(12, break_probability=0.0, incidents_per_week=0.3)
    whole = tradeoff.fleet_effect(found)
    assert not whole.is_significant
    assert 0 < whole.detectable < np.inf
    harmed = {}
    for key, one in found.items():
        more = 2 * whole.detectable * one.deployments * one.draws.traffic
        harmed[key] = replace(one, excess=replace(one.excess, value=one.excess.value + more))
    assert tradeoff.fleet_effect(harmed).is_significant


def test_every_service_moves_to_the_same_weeks():
    """Placebos of two services with the same outages and deployments agree draw by draw."""
    index = pd.date_range("2026-01-05", periods=70 * 24, freq="h", tz="UTC")
    total = pd.Series(1000.0, index)
    bad = pd.Series(2.0, index)
    bad[index[[400, 900, 1300]]] = 300.0
    at = index[[24 * 7 * week + 24 * (week % 5) + 10 for week in range(10)]]
    shipped = pd.DataFrame({"deployment_id": [str(n) for n in range(10)], "finished_at": at})
    whole = tradeoff.deployment_effect(total - bad, total, shipped)
    late = index[24 * 7 :]
    part = tradeoff.deployment_effect((total - bad)[late], total[late], shipped[1:])
    agree = np.corrcoef(whole.draws.placebos, part.draws.placebos)[0, 1]
    assert agree > 0.7
