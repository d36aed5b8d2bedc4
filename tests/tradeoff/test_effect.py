"""What deployments cost: hand-worked histories, laws, planted truth."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srelib
from data import make_sample
from srelib import events, objectives, simulate, tradeoff
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.fleet import each
from srelib.tradeoff.after_deployments import INSIDE_INCIDENT
from tests.tradeoff.made import HOURS, MIDWEEK, NAN, WEEKS, counts, shipped

DATA = Path(__file__).parents[2] / "data" / "sample"
SERVICES = ("checkout", "search", "billing", "warehouse", "partner-api", "catalog")


def test_the_excess_is_what_the_hours_after_hold_beyond_the_rest():
    """Two hours with 50 bad events more than usual, of six that usually hold two each."""
    found = tradeoff.deployment_effect(*counts({59: 50, 60: 50}), shipped(58))
    assert found.excess.value == pytest.approx(100)
    assert (found.deployments, found.excess.n) == (1, 1)


def test_the_share_of_the_budget_is_of_the_allowance_of_the_whole_history():
    """1,344 hours of 1,000 requests at 99 % allow 13,440; 100 of them are 0.744 %."""
    found = tradeoff.deployment_effect(*counts({59: 100}), shipped(58), target=0.99)
    assert found.share.value == pytest.approx(100 / 13_440)
    assert found.share.high == pytest.approx(found.excess.high / 13_440)
    assert found.detectable_share == pytest.approx(found.detectable / 13_440)


@pytest.mark.parametrize("target", [None, NAN])
def test_without_a_target_the_share_is_that_of_all_bad_events(target):
    """What is not promised cannot be spent; NaN, as an indicator has it, is no target."""
    found = tradeoff.deployment_effect(*counts({59: 100}), shipped(58), target=target)
    assert not found.has_target
    assert found.share.value == pytest.approx(100 / (2 * 1344 + 100))
    assert found.detectable_share == pytest.approx(found.detectable / (2 * 1344 + 100))


def test_hours_with_more_traffic_are_allowed_more_bad_events():
    """Shipping at the peak, where twice the traffic brings twice the errors, costs nothing."""
    good, total = counts()
    busy = HOURS.hour.isin(range(8, 18))
    factor = np.where(busy, 2.0, 1.0)
    found = tradeoff.deployment_effect(good * factor, total * factor, shipped(*MIDWEEK[::2]))
    assert found.excess.value == pytest.approx(0, abs=1e-6)


def test_hours_that_are_always_worse_are_no_effect():
    """Four times the error ratio at the hours of deployments, in every week, is not their doing."""
    good, total = counts()
    worse = HOURS.hour.isin(range(10, 16))
    found = tradeoff.deployment_effect(good - 6.0 * worse, total, shipped(*MIDWEEK[::2]))
    assert found.excess.value == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("apart", [6, 5])
def test_a_small_lasting_harm_on_every_working_day_is_not_taken_for_usual(apart):
    """Errors double for six hours, never a burst; with 5, one hour of the day is never clear."""
    shipping = [24 * day + 9 + apart * (day % 2) for day in range(7 * WEEKS) if day % 7 < 5]
    good, total = counts()
    worse = np.zeros(len(HOURS))
    for hour in shipping:
        worse[hour : hour + 6] = 20
    found = tradeoff.deployment_effect(good - 18 - worse, total, shipped(*shipping))
    assert found.excess.value == pytest.approx(20 * 6 * len(shipping), rel=0.01)


def test_an_unknown_hour_is_not_a_good_one():
    """Of a window of which two hours were not observed, the others are compared."""
    good, total = counts({59: 50, 60: 50})
    hole = HOURS[[60, 61]]
    good[hole], total[hole] = np.nan, np.nan
    found = tradeoff.deployment_effect(good, total, shipped(58, 300))
    assert found.excess.value == pytest.approx(50)


def test_hours_without_traffic_neither_cost_nor_save_anything():
    """A service that is off at night is compared by its days."""
    good, total = counts({59: 40})
    night = HOURS.hour < 6
    found = tradeoff.deployment_effect(good.mask(night, 0.0), total.mask(night, 0.0), shipped(58))
    assert found.excess.value == pytest.approx(40)


def test_inputs_stay_as_they_were():
    """Nothing handed over is changed."""
    good, total = counts({59: 100})
    table = shipped(58, 300, status=["succeeded", "failed"])
    before = (good.copy(), total.copy(), table.copy())
    tradeoff.deployment_effect(good, total, table)
    pd.testing.assert_series_equal(good, before[0])
    pd.testing.assert_frame_equal(table, before[2])


def test_the_order_of_the_rows_and_a_shift_by_weeks_change_nothing():
    """The same history turned round gives the same answer; moved, the same but for the draws."""
    good, total = counts({59: 100, 700: 30})
    table = shipped(58, 300, 702)
    found = tradeoff.deployment_effect(good, total, table)
    for weeks, error in ((0, 1e-12), (64, 1e-12), (4, 0.1)):
        later = pd.Timedelta(weeks=weeks)
        moved = [s.set_axis(s.index + later) for s in (good, total)]
        turned = table.iloc[::-1].assign(finished_at=table["finished_at"].iloc[::-1] + later)
        again = tradeoff.deployment_effect(*moved, turned)
        assert again.excess.value == found.excess.value
        assert again.excess.low == pytest.approx(found.excess.low, rel=error)
        assert again.p_value == pytest.approx(found.p_value, abs=error)


def test_a_release_every_week_at_the_same_hour_is_compared_with_other_days():
    """Weeks cannot change places where all ship at the same hours; days can."""
    harm = {hour + 1: 200.0 for hour in MIDWEEK[::2]}
    found = tradeoff.deployment_effect(*counts({**harm, 400: 30, 920: 20}), shipped(*MIDWEEK))
    assert found.left_out.empty
    assert found.excess.value == pytest.approx(800, rel=0.02)
    assert found.p_value < 0.01
    assert found.by_week["excess"].tolist()[::2] == pytest.approx([200] * 4, rel=0.02)
    assert found.by_week["p_value"].isna().all()


def test_what_no_answer_can_be_given_to_is_an_error_that_says_why():
    """Nothing to compare, too short, too coarse, nothing asked."""
    good, total = counts()
    with pytest.raises(InsufficientDataError, match="no deployments to compare; export"):
        tradeoff.deployment_effect(good, total, shipped())
    with pytest.raises(InsufficientDataError, match="2 cancelled or failed before users"):
        tradeoff.deployment_effect(good, total, shipped(3, 9, status=["failed", "cancelled"]))
    with pytest.raises(InsufficientDataError, match=r"at least 3 weeks of counts; got 14\.0 days"):
        tradeoff.deployment_effect(good[:336], total[:336], shipped(58))
    with pytest.raises(InsufficientDataError, match="no traffic"):
        tradeoff.deployment_effect(good * 0, total * 0, shipped(58))
    weekly = [s.resample("7D").sum() for s in (good, total)]
    with pytest.raises(InsufficientDataError, match="buckets of 7 days"):
        tradeoff.deployment_effect(*weekly, shipped(58))


def test_wrong_parameters_are_refused_with_what_is_allowed():
    """Lengths, placebos, confidence, tables."""
    given = (*counts(), shipped(58))
    with pytest.raises(ParameterError, match="after must be longer than nothing"):
        tradeoff.deployment_effect(*given, after="0h")
    with pytest.raises(ParameterError, match="before must be longer than nothing and shorter"):
        tradeoff.deployment_effect(*given, before="8D")
    with pytest.raises(ParameterError, match="placebos must be 100 or more; got 10"):
        tradeoff.deployment_effect(*given, placebos=10)
    with pytest.raises(
        ParameterError, match="confidence must lie strictly between 0 and 1; got 95"
    ):
        tradeoff.deployment_effect(*given, confidence=95)
    with pytest.raises(ParameterError, match="deployments must belong to the one service"):
        tradeoff.deployment_effect(*given[:2], shipped(58, 60, service=["a", "b"]))
    with pytest.raises(ColumnError, match="deployments lack finished_at"):
        tradeoff.deployment_effect(*given[:2], given[2].drop(columns="finished_at"))


def test_daily_counts_are_answered_by_the_day():
    """The window becomes the day of the deployment."""
    days = pd.date_range("2026-01-05", periods=70, freq="D", tz="UTC")
    total = pd.Series(1440.0, days)
    good = total.where(~total.index.isin(days[[16, 40]]), 1380.0)
    at = shipped(16 * 24 + 20, 40 * 24 + 2, 50 * 24)
    found = tradeoff.deployment_effect(good, total, at)
    assert found.excess.value == pytest.approx(120)
    assert found.curve["offset"].tolist() == [pd.Timedelta(-1, "D"), pd.Timedelta(0)]


def fleet(seed: int, **knobs: object) -> simulate.Fleet:
    """One simulated service in hours."""
    spec = simulate.ServiceSpec(name="api", **knobs)
    return simulate.fleet(seed, services=[spec], weeks=13, step="1h")


def effect_of(world: simulate.Fleet, **options: object) -> tradeoff.Effect:
    """Its effect."""
    seen = world.counts("api")
    return tradeoff.deployment_effect(
        seen["good"], seen["total"], world.deployments, incidents=world.incidents,
        placebos=300, **options,
    )  # fmt: skip


def test_releases_that_break_are_found_and_what_they_cost_lies_in_the_interval():
    """One release in three breaks; the planted cost of all of them is known."""
    world = fleet(3, break_probability=0.35, incidents_per_week=0.1)
    found = effect_of(world, target=0.999)
    cost = world.truth.deployments["observed"].sum()
    assert found.p_value < 0.01
    assert found.excess.low < 0.98 * cost < found.excess.high
    assert found.excess.value == pytest.approx(cost, rel=0.15)


def test_answers_to_incidents_are_not_called_guilty():
    """Harmless deployments, nearly half of them answers: the test keeps its level."""
    worlds = [
        fleet(seed, break_probability=0.0, incidents_per_week=3.0, answer_probability=0.5,
              answers_planned=True)
        for seed in range(24)
    ]  # fmt: skip
    found = [effect_of(world) for world in worlds]
    assert sum(each.p_value < 0.05 for each in found) <= 4
    assert all((each.left_out["reason"] == INSIDE_INCIDENT).sum() > 3 for each in found)


def test_the_same_seed_gives_the_same_answer():
    """Draws are fixed by the seed, and another one moves the p-value only a little."""
    world = fleet(5, break_probability=0.1)
    first, again, other = effect_of(world), effect_of(world), effect_of(world, seed=9)
    assert first.excess == again.excess
    assert first.p_value == pytest.approx(other.p_value, abs=0.15)


def test_an_effect_twice_what_was_called_detectable_is_found():
    """Spread evenly over the windows of a harmless service, and looked for again."""
    world = fleet(8, break_probability=0.0, incidents_per_week=0.3)
    seen = world.counts("api")
    calm = effect_of(world)
    index = seen.index
    inside = np.zeros(len(index), dtype=bool)
    for at in calm.per_deployment["finished_at"]:
        inside |= (index + pd.Timedelta("1h") > at) & (index < at + pd.Timedelta("6h"))
    more = np.where(inside, 2 * calm.detectable / inside.sum(), 0.0)
    worse = tradeoff.deployment_effect(
        (seen["good"] - more).clip(lower=0), seen["total"], world.deployments,
        incidents=world.incidents, placebos=300,
    )  # fmt: skip
    assert calm.p_value > 0.05 > worse.p_value


def test_more_noise_needs_a_larger_effect():
    """With more incidents of other causes the smallest effect that can be shown grows."""
    calm = effect_of(fleet(8, break_probability=0.0, incidents_per_week=0.2))
    wild = effect_of(fleet(8, break_probability=0.0, incidents_per_week=4.0))
    assert calm.detectable < wild.detectable


def test_the_curve_shows_when_it_hurts():
    """Fifty bad events in the third hour after each of four deployments."""
    hours = [58 + 168 * week + 24 * (week % 2) for week in range(4)]
    found = tradeoff.deployment_effect(*counts({hour + 2: 50 for hour in hours}), shipped(*hours))
    curve = found.curve.set_index("offset")["excess_ratio"]
    assert curve.index.tolist() == [pd.Timedelta(hours=hour) for hour in range(-2, 6)]
    assert curve[pd.Timedelta("2h")] == pytest.approx(0.05)
    assert curve.drop(pd.Timedelta("2h")).abs().max() < 1e-3
    assert (found.curve["low"] <= found.curve["high"]).all()


def test_the_parts_by_deployment_and_by_week_add_up_to_the_excess():
    """Nothing is lost on the way."""
    found = effect_of(fleet(2, break_probability=0.2))
    assert found.per_deployment["excess"].sum() == pytest.approx(found.excess.value)
    assert found.by_week["excess"].sum() == pytest.approx(found.excess.value)
    assert found.by_week["deployments"].sum() == found.deployments


def test_one_bad_week_that_carries_the_effect_is_named():
    """Twelve deployments, harm after those of one week only."""
    hours = [58 + 168 * week + 24 * day for week in range(WEEKS) for day in (0, 2) if week != 6]
    harm = {hour + 1: 400.0 for hour in hours if hour // 168 == 3}
    good, total = counts({**harm, 700: 6.0, 1100: 5.0})
    found = tradeoff.deployment_effect(good, total, shipped(*hours))
    week = found.by_week.set_index("week")["without"]
    assert week[HOURS[3 * 168]] == pytest.approx(0, abs=20)
    assert found.by_week["excess"].max() == pytest.approx(800, rel=0.02)


def test_the_sign_of_the_excess_is_that_of_the_test():
    """A history in which the controls alone would have called harm a help (bad luck elsewhere)."""
    found = effect_of(fleet(84, break_probability=0.1), seed=84)
    assert found.p_value < 0.05
    assert 0 < found.excess.low < found.excess.value < found.excess.high
    assert found.per_deployment["excess"].sum() == pytest.approx(found.excess.value)
    assert found.by_week["excess"].sum() == pytest.approx(found.excess.value)


def test_what_chance_would_have_put_into_the_windows_hours_later():
    """An outage three hours before a window of six: it lies inside when moved by 3 to 8 hours."""
    found = tradeoff.deployment_effect(*counts({55: 50}), shipped(58))
    shifted = found.draws.shifted
    assert len(shifted) == len(HOURS)
    assert np.flatnonzero(shifted > 25).tolist() == [3, 4, 5, 6, 7, 8]
    assert shifted[5] == pytest.approx(50, abs=0.5)
    assert found.draws.traffic == pytest.approx(1000 / 60)


def test_a_p_value_that_placebos_cannot_resolve_is_drawn_from_more_of_them():
    """Ten times 200 placebos resolve below 2 in 201; a fleet of fifty needs that."""
    harm = {hour + 1: 200.0 for hour in (58, 130, 300, 420, 700)}
    given = counts({**harm, 1000: 20.0}), shipped(58, 130, 300, 420, 700)
    found = tradeoff.deployment_effect(*given[0], given[1], placebos=200)
    assert len(found.draws.placebos) == 200
    assert 2 / 2001 <= found.p_value < 2 / 201


def test_several_services_are_corrected_for_how_many_were_asked():
    """Benjamini-Hochberg: the k-th smallest of m times m / k; a refusal stays where it is."""
    raw = {"a": 0.001, "b": 0.2, "c": 0.04}
    one = tradeoff.deployment_effect(*counts({59: 100}), shipped(58, 300), placebos=100)
    effects = {key: replace(one, p_value=p) for key, p in raw.items()}
    found = tradeoff.adjusted({**effects, "d": InsufficientDataError("no")})
    assert [found[key].adjusted_p_value for key in raw] == pytest.approx([0.003, 0.2, 0.06])
    assert isinstance(found["d"], InsufficientDataError)
    assert tradeoff.adjusted({"d": found["d"]}) == {"d": found["d"]}


@cache
def exports():
    """The tables as notebook 06 takes them."""
    dataset = srelib.load(DATA)
    counts = objectives.per_service(objectives.measured(dataset), sli="availability")
    deployed = dataset.deployments
    return dataset, counts, deployed


@cache
def effects():
    """What deployments cost, by service."""
    dataset, counts, deployed = exports()
    found = tradeoff.adjusted(each(counts, lambda key, c: tradeoff.deployment_effect(
        c.good, c.total, events.of_service(deployed, key.service), target=key.target,
        incidents=events.of_service(dataset.incidents, key.service),
        exclusions=events.of_service(dataset.exclusions, key.service),
    )))  # fmt: skip
    return {effect.service: effect for effect in found.values()}


@cache
def made():
    """The history behind the sample."""
    return make_sample.sample()


@pytest.mark.parametrize("service", SERVICES)
def test_the_cost_of_deployments_is_the_harm_planted_in_the_hours_after(service):
    """Bad events that deployments brought, minute by minute in the windows of those used."""
    effect, world = effects()[service], made().world(service).counts
    grid = made().grid
    inside = np.zeros(grid.size, dtype=bool)
    for at in (effect.per_deployment["finished_at"] - grid.start) / pd.Timedelta(minutes=1):
        inside[int(at // grid.minutes) : int((at + 6 * 60) // grid.minutes) + 1] = True
    planted = world.bad_by_cause["deployment"][inside & world.observed].sum()
    assert effect.excess.low <= planted <= effect.excess.high


def test_what_is_called_costly_was_made_to_break():
    """Beyond chance, corrected for six services: only those with harm of some size planted."""
    costly = {s for s, effect in effects().items() if effect.adjusted_p_value < 0.05}
    assert "checkout" in costly  # a quarter of its releases break
    assert costly <= {"checkout", "search", "catalog"}  # those that ship more than once a week
    found = effects()
    assert found["checkout"].p_value < 0.01 < 0.05 < found["warehouse"].p_value
    assert found["checkout"].share.low > 0.5
    assert abs(found["search"].share.value) < 0.05
    assert found["warehouse"].excess.high / found["warehouse"].bad < 0.05


def test_without_details_the_rest_is_the_same() -> None:
    """The curve and the weeks are left out, and no number depends on them."""
    given = (*counts({59: 100, 301: 40}), shipped(58, 300))
    whole = tradeoff.deployment_effect(*given, target=0.99, placebos=200)
    short = tradeoff.deployment_effect(*given, target=0.99, placebos=200, details=False)
    assert [len(short.curve), len(short.by_week)] == [0, 0]
    assert [*short.curve] == [*whole.curve]
    assert [*short.by_week] == [*whole.by_week]
    assert (short.excess, short.p_value, short.detectable) == (
        whole.excess, whole.p_value, whole.detectable,
    )  # fmt: skip
    pd.testing.assert_frame_equal(short.per_deployment, whole.per_deployment)
