"""What deployments cost: hand-worked histories, laws, planted truth."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from srelib import simulate, tradeoff
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.tradeoff import after_deployments, excess, placebo

ROOT = Path(__file__).parents[2]
WEEKS = 8
HOURS = pd.date_range("2026-01-05", periods=WEEKS * 168, freq="h", tz="UTC", unit="us")
QUIET = 2.0


def counts(extra: dict[int, float] | None = None) -> tuple[pd.Series, pd.Series]:
    """Good and total of 1,000 requests an hour, two of them bad, and more in some hours."""
    bad = pd.Series(QUIET, HOURS)
    for hour, more in (extra or {}).items():
        bad.iloc[hour] += more
    total = pd.Series(1000.0, HOURS)
    return total - bad, total


def shipped(*hours: float, **columns: object) -> pd.DataFrame:
    """Deployments that reached their users so many hours after the start."""
    at = [HOURS[0] + pd.Timedelta(hours=hour) for hour in hours]
    ids = [f"d{number}" for number in range(len(hours))]
    times = pd.Series(at, dtype="datetime64[us, UTC]")
    return pd.DataFrame({"deployment_id": ids, "finished_at": times, **columns})


def incident(start: float, end: float | None, caused_by: str | None = None) -> pd.DataFrame:
    """One incident, in hours after the start; open without an end."""
    at = [None if h is None else HOURS[0] + pd.Timedelta(hours=h) for h in (start, end)]
    times = pd.Series(at, dtype="datetime64[us, UTC]")
    return pd.DataFrame(
        {
            "incident_id": ["i"],
            "started_at": times[:1],
            "resolved_at": times[1:].reset_index(drop=True),
            "severity": ["SEV1"],
            "deployment_id": pd.Series([caused_by], dtype="str"),
        }
    )


MIDWEEK = [58 + 168 * week for week in range(WEEKS)]


# The excess


def test_the_excess_is_what_the_hours_after_hold_beyond_the_rest():
    """Two hours with 50 bad events more than usual, of six that usually hold two each."""
    found = tradeoff.deployment_effect(*counts({59: 50, 60: 50}), shipped(58))
    assert found.excess.value == pytest.approx(100)
    assert (found.deployments, found.windows, found.excess.n) == (1, 1, 1)


def test_the_share_of_the_budget_is_of_the_allowance_of_the_whole_history():
    """1,344 hours of 1,000 requests at 99 % allow 13,440; 100 of them are 0.744 %."""
    found = tradeoff.deployment_effect(*counts({59: 100}), shipped(58), target=0.99)
    assert found.budget_share.value == pytest.approx(100 / 13_440)
    assert found.bad_share.value == pytest.approx(100 / (2 * 1344 + 100))
    assert found.budget_share.high == pytest.approx(found.excess.high / 13_440)


def test_without_a_target_there_is_no_share_of_a_budget():
    """What is not promised cannot be spent."""
    found = tradeoff.deployment_effect(*counts({59: 100}), shipped(58))
    assert np.isnan([found.budget_share.value, found.budget_share.low]).all()


def test_windows_that_overlap_count_once():
    """Two deployments within an hour share their bad events; the later one is put down for them."""
    found = tradeoff.deployment_effect(*counts({62: 80}), shipped(58, 59, 300))
    assert found.windows == 2
    assert found.excess.value == pytest.approx(80)
    assert found.per_deployment["excess"].to_numpy() == pytest.approx([0, 80, 0])


def test_what_comes_later_than_the_window_is_not_in_it():
    """Seven hours after a deployment its window has ended; a longer one still holds it."""
    given = (*counts({65: 90}), shipped(58, 400))
    assert tradeoff.deployment_effect(*given).excess.value == pytest.approx(0, abs=1)
    found = tradeoff.deployment_effect(*given, after="8h")
    assert found.excess.value == pytest.approx(90)


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
    """The same history, rows turned round and moved by four weeks, gives the same answer."""
    good, total = counts({59: 100, 700: 30})
    table = shipped(58, 300, 702)
    found = tradeoff.deployment_effect(good, total, table)
    later = pd.Timedelta(weeks=4)
    moved = [s.set_axis(s.index + later) for s in (good, total)]
    turned = table.iloc[::-1].assign(finished_at=table["finished_at"].iloc[::-1] + later)
    again = tradeoff.deployment_effect(*moved, turned)
    assert (again.excess, again.p_value) == (found.excess, found.p_value)


# Who takes part


@pytest.mark.parametrize(
    ("table", "more", "reason"),
    [
        (shipped(58, 300, status=["failed", "succeeded"]), {}, tradeoff.NOT_SHIPPED),
        (shipped(58, 300, status=["cancelled", "succeeded"]), {}, tradeoff.NOT_SHIPPED),
        (shipped(-20, 300), {}, tradeoff.NO_DATA),
        (shipped(WEEKS * 168 + 1, 300), {}, tradeoff.NO_DATA),
        (shipped(58, 300), {"incidents": incident(57, 59)}, tradeoff.INSIDE_INCIDENT),
        (shipped(58, 300, planned=[False, True]), {}, tradeoff.ANSWER),
    ],
)
def test_a_deployment_is_left_out_for_a_reason(table, more, reason):
    """Each one left out is listed with its reason, the other one is used."""
    found = tradeoff.deployment_effect(*counts(), table, **more)
    assert found.left_out["reason"].tolist() == [reason]
    assert found.left_out["finished_at"].tolist() == [table["finished_at"].iloc[0]]
    assert (found.deployments, len(found.per_deployment)) == (1, 1)


def test_a_deployment_during_planned_maintenance_is_left_out():
    """The table of exclusions says why."""
    off = pd.DataFrame({"starts_at": HOURS[[57]], "ends_at": HOURS[[60]]})
    found = tradeoff.deployment_effect(*counts(), shipped(58, 300), exclusions=off)
    assert found.left_out["reason"].tolist() == [tradeoff.EXCLUDED]


def test_a_deployment_is_not_left_out_for_the_incident_it_caused():
    """An incident that the source puts down to the deployment itself is no reason."""
    own = incident(57.9, 60, caused_by="d0")
    found = tradeoff.deployment_effect(*counts({59: 50}), shipped(58, 300), incidents=own)
    assert found.left_out.empty
    other = incident(57.9, 60, caused_by="d1")
    found = tradeoff.deployment_effect(*counts({59: 50}), shipped(58, 300), incidents=other)
    assert found.left_out["reason"].tolist() == [tradeoff.INSIDE_INCIDENT]


def test_an_incident_without_an_end_is_open_until_the_data_ends():
    """Everything deployed after it began may have been an answer to it."""
    found = tradeoff.deployment_effect(
        *counts(), shipped(58, 900, 1000), incidents=incident(800, None)
    )
    assert found.left_out["reason"].tolist() == [tradeoff.INSIDE_INCIDENT] * 2


def test_planned_maintenance_is_no_incident():
    """Incidents of severity maintenance leave nothing out."""
    off = incident(57, 59).assign(severity="maintenance")
    found = tradeoff.deployment_effect(*counts(), shipped(58, 300), incidents=off)
    assert found.left_out.empty


def test_hours_never_clear_of_deployments_have_no_match():
    """A deployment every working day at ten leaves no such day to be compared with."""
    daily = [24 * day + 10 for day in range(7 * WEEKS) if day % 7 < 5]
    found = tradeoff.deployment_effect(*counts(), shipped(*daily, 24 * 5 + 2))
    assert found.left_out["reason"].tolist() == [tradeoff.NO_CONTROL] * len(daily)
    assert found.per_deployment["deployment_id"].tolist() == [f"d{len(daily)}"]


def test_a_release_every_week_at_the_same_hour_is_compared_with_other_days():
    """Weeks cannot change places where all ship at the same hours; days can."""
    harm = {hour + 1: 200.0 for hour in MIDWEEK[::2]}
    found = tradeoff.deployment_effect(*counts({**harm, 400: 30, 920: 20}), shipped(*MIDWEEK))
    assert found.left_out.empty
    assert found.excess.value == pytest.approx(800, rel=0.02)
    assert found.p_value < 0.01
    assert found.notes[0].startswith("Most weeks ship at the same hours")
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
    with pytest.raises(ParameterError, match="confidence must lie between 0 and 1; got 95"):
        tradeoff.deployment_effect(*given, confidence=95)
    with pytest.raises(ParameterError, match="deployments must belong to the one service"):
        tradeoff.deployment_effect(*given[:2], shipped(58, 60, service=["a", "b"]))
    with pytest.raises(ColumnError, match="deployments lack finished_at"):
        tradeoff.deployment_effect(*given[:2], given[2].drop(columns="finished_at"))


# Coarse data


def test_daily_counts_are_answered_by_the_day_and_say_so():
    """The window becomes the day of the deployment."""
    days = pd.date_range("2026-01-05", periods=70, freq="D", tz="UTC")
    total = pd.Series(1440.0, days)
    good = total.where(~total.index.isin(days[[16, 40]]), 1380.0)
    at = shipped(16 * 24 + 20, 40 * 24 + 2, 50 * 24)
    found = tradeoff.deployment_effect(good, total, at)
    assert found.excess.value == pytest.approx(120)
    assert found.notes[0] == "Counts are daily, so the effect is that of the day of a deployment."
    assert found.curve["offset"].tolist() == [pd.Timedelta(-1, "D"), pd.Timedelta(0)]


def test_minutes_are_rolled_up_without_loss():
    """Minutes and ten-minute sums of them give the same excess."""
    index = pd.date_range("2026-01-05", periods=28 * 1440, freq="min", tz="UTC", unit="us")
    rng = np.random.default_rng(1)
    total = pd.Series(rng.poisson(50, len(index)).astype(float), index)
    good = total - rng.binomial(total.astype(int), 0.01)
    fine = tradeoff.deployment_effect(good, total, shipped(58, 200, 500), placebos=200)
    coarse = [s.resample("10min").sum() for s in (good, total)]
    rolled = tradeoff.deployment_effect(*coarse, shipped(58, 200, 500), placebos=200)
    assert (fine.excess, fine.p_value) == (rolled.excess, rolled.p_value)


# Chance


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


@pytest.mark.parametrize("seed", range(12))
def test_nothing_lies_outside_the_interval_exactly_when_the_test_rejects(seed):
    """Interval and p-value never say different things about an effect of zero."""
    found = effect_of(fleet(seed, break_probability=0.1))
    outside = found.excess.low > 0 or found.excess.high < 0
    assert outside == (found.p_value <= 0.05)
    assert found.excess.low <= found.excess.value <= found.excess.high


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
    assert all((each.left_out["reason"] == tradeoff.INSIDE_INCIDENT).sum() > 3 for each in found)


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


# The sample


def test_on_the_sample_the_planted_cost_lies_within_the_interval():
    """Checkout's releases burn its budget, search's hardly, warehouse fails for other reasons."""
    import srelib

    data = srelib.load(ROOT / "data" / "sample")
    truth = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    planted = {
        row["service"]: row["counted"] for row in truth["causes"] if row["cause"] == "deployment"
    }
    services = ("checkout", "search", "warehouse", "catalog")
    found = {}
    for slo in data.slos:
        if slo.service in services and slo.sli == "availability":
            seen = data.slo_counts(slo)
            mine = data.deployments[data.deployments["service"] == slo.service]
            down = data.incidents[data.incidents["service"] == slo.service]
            found[slo.service] = tradeoff.deployment_effect(
                seen["good"], seen["total"], mine, incidents=down, target=slo.target, placebos=400
            )
    for service, effect in found.items():
        assert effect.excess.low <= planted[service] <= effect.excess.high, service
    assert found["checkout"].p_value < 0.01 < 0.05 < found["warehouse"].p_value
    assert found["checkout"].budget_share.low > 0.5
    assert abs(found["search"].budget_share.value) < 0.05
    assert found["warehouse"].bad_share.high < 0.05


# Parts of the answer


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


def test_few_weeks_and_unknown_incidents_are_noted():
    """What limits the answer is part of it."""
    good, total = counts()
    found = tradeoff.deployment_effect(good[: 4 * 168], total[: 4 * 168], shipped(58, 300))
    assert found.notes == (
        "4 weeks can be ordered in few ways only; a small p-value is out of reach.",
        "Without incidents, deployments made because of one cannot be told from the others; "
        "if there are any, the excess is too large.",
    )


# Several services


def test_several_services_are_corrected_for_how_many_were_asked():
    """Benjamini-Hochberg: the k-th smallest of m times m / k, never above a larger one's."""
    worlds = {name: fleet(seed, break_probability=p) for name, seed, p in
              (("a", 1, 0.4), ("b", 2, 0.1), ("c", 3, 0.0))}  # fmt: skip
    tables = {
        name: pd.concat([getattr(world, name).assign(service=key) for key, world in worlds.items()])
        for name in ("deployments", "incidents")
    }
    found = tradeoff.effects(
        {key: world.counts("api") for key, world in worlds.items()}, tables["deployments"],
        incidents=tables["incidents"], targets={"a": 0.999}, placebos=300,
    )  # fmt: skip
    raw = {key: effect.p_value for key, effect in found.items()}
    ranked = sorted(raw, key=raw.__getitem__)
    for place, key in enumerate(ranked):
        wanted = min(raw[k] * 3 / (n + 1) for n, k in enumerate(ranked) if n >= place)
        assert found[key].adjusted_p_value == pytest.approx(min(1.0, wanted))
    assert found["a"].budget_share.value > 0
    assert np.isnan(found["b"].budget_share.value)
    assert found["a"].service == "a"


def test_a_service_without_an_answer_keeps_its_error_and_does_not_silence_the_others():
    """The error stands in place of the effect."""
    good, total = counts({59: 100})
    frame = pd.DataFrame({"good": good, "total": total})
    table = shipped(58, 300, service=["a", "a"])
    found = tradeoff.effects({"a": frame, "b": frame}, table)
    assert isinstance(found["b"], InsufficientDataError)
    assert found["a"].adjusted_p_value == found["a"].p_value


# Placebo schedules


def placed(
    hours: list[float], **more: object
) -> tuple[after_deployments.History, placebo.Placements]:
    """A history and the placements of these deployments in it."""
    past = after_deployments.history(*counts(), **more)
    return past, placebo.placements(past, np.array(hours), after=6.0, placebos=200, seed=0)


def test_placebo_schedules_keep_the_hours_of_the_week():
    """Wherever the deployments of a week move, they cover the same hours."""
    _, found = placed([58.0, 100.5, 300.0])
    assert found.masks.shape == (WEEKS, WEEKS, 169)
    assert np.flatnonzero(found.masks[0, 5]).tolist() == [*range(58, 64), *range(100, 107)]
    assert (found.masks[1].sum(axis=1) == 6).all()
    assert not found.masks[3].any()
    assert (np.sort(found.orders, axis=1) == np.arange(WEEKS)).all()


def test_placebo_schedules_ship_nothing_while_an_incident_is_open():
    """The placement that would fall into one is not made; the others are."""
    _, found = placed([58.0], incidents=incident(168 * 2 + 50, 168 * 2 + 60))
    assert found.masks[0].any(axis=1).tolist() == [week != 2 for week in range(WEEKS)]


def test_hours_deep_inside_an_incident_hardly_count_as_controls():
    """No deployment that is used can have them in its window."""
    _, found = placed([58.0], incidents=incident(910, 950))
    assert found.weights[930] == 0
    assert 0 < found.weights[912] < found.weights[800] == pytest.approx(1)


def test_weeks_are_cut_where_no_window_is():
    """A deployment on Sunday night keeps its window whole."""
    _, found = placed([166.0, 400.0])
    assert found.starts[0] == 4 - 168
    assert found.masks.any(axis=(0, 1))[168 - 6 : 168].any()


def test_a_p_value_counts_the_real_schedule_among_the_placebos():
    """Phipson and Smyth 2010: (1 + b) / (1 + m), doubled for two sides."""
    assert excess.two_sided(9.0, np.arange(9.0)) == pytest.approx(0.2)
    assert excess.two_sided(4.0, np.arange(9.0)) == 1.0


def test_an_interval_never_exceeds_all_bad_events_after_deployments():
    """Deployments cannot have cost more than there was."""
    found = excess.Comparison(10.0, np.linspace(-50, 50, 99), np.zeros(1), 1.0, np.zeros(99), None)
    low, high = excess.interval(found, np.linspace(-50, 50, 99), most=14.0, confidence=0.95)
    assert low < 0 < high == 14.0


def test_an_effect_can_be_taken_apart_and_changed():
    """A frozen dataclass: what is derived from it is a copy."""
    found = tradeoff.deployment_effect(*counts({59: 50}), shipped(58))
    assert replace(found, adjusted_p_value=1.0).excess == found.excess
