"""What-ifs on histories whose answer is known by construction."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from srelib import tradeoff
from srelib.decisions.causes import causes
from srelib.decisions.detection import detection
from srelib.decisions.levers import (
    DETECTED,
    REPEATED,
    SAFER,
    TWICE,
    frozen,
    half_harm,
    levers,
    retargeted,
    what_if,
)
from srelib.policy import named, prepare, replay_service
from srelib.targets import candidates, recommend
from srelib.targets.probability import _whole_weeks
from srelib.windows import history
from tests.decisions.by_hand import SHOP, STARTS, hours, incidents, outages_of_kinds, with_outages


def prepared(counts: pd.DataFrame, rows: pd.DataFrame | None = None, effect=None):
    """A service ready for what-ifs."""
    found = causes(counts.good, counts.total, effect=effect, incidents=rows)
    weeks = _whole_weeks(history(counts.good, counts.total))
    return what_if(counts.good, counts.total, found, weeks, key=SHOP)


def harmed(every: int = 2) -> tuple[pd.DataFrame, pd.DataFrame, tradeoff.Effect]:
    """26 deployments, two a week; every so many breaks for four hours at 700 bad events an hour."""
    index = hours().index
    place = [
        24 * 7 * week + 10 + 24 * day for week in range(13) for day in (week % 5, (week + 2) % 5)
    ]
    made = pd.DataFrame({
        "deployment_id": [f"d{n}" for n in range(len(place))], "service": "shop",
        "finished_at": index[place], "status": "succeeded", "planned": True,
    })  # fmt: skip
    counts = with_outages(place[::every], bad=700, length=4, usual=1.0)
    effect = tradeoff.deployment_effect(counts.good, counts.total, made, target=SHOP.target)
    return counts, made, effect


def detected(service, alerts=None, incidents=None):
    """Outages of a service, and when they were detected."""
    return detection(service.fine, target=SHOP.target, window=SHOP.window, policy=service.policy,
                     alerts=alerts, incidents=incidents)  # fmt: skip


def by_name(service, effect=None, seen=None):
    """The levers by name."""
    seen = detected(service) if seen is None else seen
    return {one.name: one for one in levers(service, effect=effect, seen=seen)}


def test_the_recurring_incident_is_taken_out_with_what_it_spent():
    """13 outages of 2,000 bad events; without them nothing is bad, and the target is kept."""
    counts = with_outages(STARTS, bad=1000)
    service = prepared(counts, incidents(STARTS))
    one = by_name(service)[REPEATED]
    assert one.detail == "Disk full"
    assert one.saved.value == pytest.approx(13 * 2000 / (0.01 * 13 * 168 * 1000))
    assert service.probability.value < 0.5
    assert one.probability.value > 0.95
    assert one.gain.value == pytest.approx(one.probability.value - service.probability.value)
    assert one.frozen < 0


def test_the_gain_of_a_kind_is_pooled_like_its_cost():
    """Of kinds that are alike: the mean of what taking out each of them brings."""
    service = prepared(*outages_of_kinds({"A": [1800] * 5, "B": [1800] * 4, "C": [1800] * 4}))
    causes, now = service.causes, service.met.mean()
    kind = np.append(causes.kind, -1)[causes.incident]
    each = [service.met_without(np.where(kind == row, causes.outages, 0.0)).mean() - now
            for row in range(3)]  # fmt: skip
    one = by_name(service)[REPEATED]
    assert one.gain.value == pytest.approx(np.mean(each))
    assert one.gain.value < each[0] - 0.01
    assert one.gain.low <= one.gain.value <= one.gain.high


def test_many_kinds_are_pooled_as_one_would_add_them_up():
    """Nine kinds that came once each, of which some are taken out together."""
    once = {f"Kind {letter}": [1000] for letter in "BCDEFGHIJ"}
    one = by_name(prepared(*outages_of_kinds({"Kind A": [1000] * 2, **once})))[REPEATED]
    assert one.saved.value == pytest.approx(11_000 / 10 / (0.01 * 13 * 168 * 1000))
    assert 0 <= one.gain.low <= one.gain.value <= one.gain.high <= 1


def test_what_releases_broke_is_gone_with_the_incidents_they_caused():
    """13 of 26 deployments broke, each an incident of four hours at 700 bad events: no outages,
    and yet without such incidents all of it is gone.
    """
    counts, _, effect = harmed()
    begun = np.flatnonzero(np.diff((counts.total - counts.good).to_numpy() > 1, prepend=False))[::2]
    assert len(begun) == 13
    service = prepared(counts, incidents(begun, title="Bad release", length=4), effect)
    one, planted = by_name(service, effect)[REPEATED], 13 * 4 * 700
    assert service.causes.named["bad"].sum() < 0.1 * planted
    assert one.saved.value * service.allowed == pytest.approx(planted, rel=0.1)
    assert one.probability.value > service.probability.value + 0.3


def test_incidents_that_cost_nothing_are_gone_for_nothing():
    """On record twice, when nothing failed."""
    counts = with_outages(STARTS[5:6], bad=900)
    one = by_name(prepared(counts, incidents(STARTS[:2])))[REPEATED]
    assert (one.saved.value, one.gain.value) == (0, 0)


def test_incidents_that_came_once_are_no_recurring_ones():
    """Two titles, once each."""
    counts = with_outages(STARTS[:2], bad=1000)
    rows = incidents(STARTS[:2], title=["Disk full", "Network loss"])
    assert REPEATED not in by_name(prepared(counts, rows))


def test_half_the_harm_is_half_of_what_deployments_cost():
    """The excess of `srelib.tradeoff`, and no other estimate of it."""
    counts, _, effect = harmed()
    service = prepared(counts, effect=effect)
    one = by_name(service, effect)[SAFER]
    assert one.saved.value == pytest.approx(effect.share.value / 2)
    assert (one.saved.low, one.saved.high) == pytest.approx(
        (effect.share.low / 2, effect.share.high / 2)
    )
    assert one.gain.value > 0.1
    assert one.gain.low >= 0


def test_twice_as_many_deployments_bring_their_harm_again():
    """It costs what they cost already, and never helps."""
    counts, _, effect = harmed(every=6)
    one = by_name(prepared(counts, effect=effect), effect)[TWICE]
    assert one.saved.value == pytest.approx(-effect.share.value)
    assert one.gain.value < 0
    assert one.gain.high <= 0


def test_harmless_deployments_change_nothing():
    """No excess: neither half of it nor twice of it matters."""
    counts, made, _ = harmed()
    calm = hours(1.0)
    effect = tradeoff.deployment_effect(calm.good, calm.total, made, target=SHOP.target)
    found = by_name(prepared(calm, effect=effect), effect)
    assert found[SAFER].gain.value == found[TWICE].gain.value == 0
    assert len(counts) == len(calm)


def test_what_is_taken_away_is_taken_from_its_day():
    """One bucket of the second week: no other day of the whole weeks changes."""
    service = prepared(with_outages([200], bad=500, length=1))
    removed = np.zeros(len(service.causes.past.bad))
    removed[200] = 500.0
    days = service.by_week(removed)
    assert days.shape == service.weeks.bad.shape
    assert days[1, 1] == 500
    assert days.sum() == 500
    assert service.weeks.bad[1, 1] == 500


def test_detection_by_the_policy_ends_an_outage_sooner():
    """Ten hours at 50 %, reported after eight: the policy pages at once, seven hours are saved."""
    index = pd.date_range("2026-03-30", periods=12 * 24 * 7 * 13, freq="5min", tz="UTC")
    counts = pd.DataFrame({"good": 100.0, "total": 100.0}, index)
    counts.iloc[5000 : 5000 + 120, 0] = 50.0
    service = prepared(counts)
    late = pd.DataFrame({"fired_at": [index[5000 + 96]], "resolved_at": [index[5000 + 120]],
                         "severity": ["page"]})  # fmt: skip
    seen = detected(service, late)
    assert seen.missed(costly=0.2) == (0, 0.0)
    one = by_name(service, seen=seen)[DETECTED]
    whole = 120 * 50 / service.allowed
    assert 0.6 * whole < one.saved.value < 0.85 * whole


def test_a_freeze_is_a_range_without_an_estimate():
    """From nothing to all that the held deployments did; its days as the replay has them."""
    counts, made, effect = harmed()
    service = prepared(counts, effect=effect)
    replayed = replay_service(prepare({SHOP: counts}, made), policy=named("workbook"))[SHOP]
    one = frozen(service, replayed)
    assert np.isnan(one.probability.value)
    assert np.isnan(one.gain.value)
    assert one.saved.low <= one.saved.high
    assert one.frozen == pytest.approx(replayed.avoided.frozen_days * 90 / len(replayed.recorded))
    assert frozen(prepared(counts), replayed) is None


def test_another_target_is_what_the_targets_recommend():
    """Same target, same probability; nothing where none is recommended."""
    counts = with_outages(STARTS, bad=1000, length=6)
    table = candidates(counts.good, counts.total, window="28d", current=SHOP.target)
    advice = recommend(table)
    one = retargeted(table, advice)
    assert advice.verdict == "loosen"
    assert float(one.detail) == advice.target < SHOP.target
    assert one.probability == advice.probability
    assert retargeted(table, replace(advice, target=advice.current)) is None
    assert retargeted(table, replace(advice, target=float("nan"))) is None


def test_today_is_what_the_targets_say():
    """One probability to meet the next window, on every page."""
    counts = with_outages(STARTS[::3], bad=800, length=4)
    table = candidates(counts.good, counts.total, window="28d", targets=[SHOP.target])
    row, today = table.iloc[0], prepared(counts).probability
    assert (today.value, today.low, today.high) == (row["probability"], row["low"], row["high"])


def test_half_the_harm_of_one_objective_is_the_same_lever():
    """As the notebook about targets asks for it."""
    counts, made, effect = harmed()
    one = half_harm(counts, key=SHOP, deployments=made)
    same = by_name(prepared(counts, effect=effect), effect)[SAFER]
    assert (one.probability, one.gain, one.saved) == (same.probability, same.gain, same.saved)
