"""Placebo schedules, and the interval and p-value that stand on them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.tradeoff import after_deployments, placebo
from tests.tradeoff.made import WEEKS, counts, incident


def placed(
    hours: list[float], **more: object
) -> tuple[after_deployments.ServiceHistory, placebo.Placements]:
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


def test_units_of_one_calendar_week_go_to_the_same_week_in_every_service():
    """What is skipped for the weeks a service lacks changes nothing for the others."""
    whole = placebo._orders(tuple(range(2000, 2013)), (0,) * 13, placebos=500, seed=3)
    part = placebo._orders(tuple(range(2001, 2013)), (0,) * 12, placebos=500, seed=3)
    stays = whole[:, 1:] != 0
    assert (whole[:, 1:] == part + 1)[stays].all()
    assert (np.sort(part, axis=1) == np.arange(12)).all()


def test_every_order_of_the_weeks_is_equally_likely():
    """Of 6,000 draws each of the six orders of three weeks comes 1,000 times, give or take 100."""
    found = placebo._orders((40, 41, 42), (0, 0, 0), placebos=6000, seed=1)
    _, times = np.unique(found, axis=0, return_counts=True)
    assert len(times) == 6
    assert (np.abs(times - 1000) < 100).all()


def test_days_change_places_with_days_of_their_kind_only():
    """Weekends stay weekends."""
    kind = tuple(int(day % 7 >= 5) for day in range(21))
    found = placebo._orders(tuple(range(21)), kind, placebos=50, seed=0)
    assert (np.array(kind)[found] == np.array(kind)).all()


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
    assert placebo.two_sided(9.0, np.arange(9.0)) == pytest.approx(0.2)
    assert placebo.two_sided(4.0, np.arange(9.0)) == 1.0


def compared(excess: float, placebos: np.ndarray) -> placebo.Comparison:
    """A comparison of which only the excess and its placebos matter."""
    return placebo.Comparison(
        excess, placebos, np.zeros(1), 1.0, np.zeros(len(placebos)), None, traffic=1.0
    )


def test_an_interval_never_exceeds_all_bad_events_after_deployments():
    """Deployments cannot have cost more than there was."""
    found = compared(10.0, np.linspace(-50, 50, 99))
    low, high = placebo.interval(found, np.linspace(-50, 50, 99), most=14.0, confidence=0.95)
    assert low < 0 < high == 14.0


def test_an_excess_is_measured_against_placebos_that_lie_to_one_side_of_the_controls():
    """40 fewer than the controls hold, but more than any placebo: that is more, not fewer."""
    past = after_deployments.history(*counts())
    found = placebo.centred(past, compared(-40.0, np.linspace(-120, -80, 999)), confidence=0.95)
    assert found.excess == pytest.approx(60)
    assert found.placebos == pytest.approx(np.linspace(-20, 20, 999))
    low, high = placebo.interval(found, np.linspace(-80, 80, 999), most=500, confidence=0.95)
    assert 0 < low < found.excess < high
    assert found.expected == pytest.approx(-100 * past.total)


@pytest.mark.parametrize("value", [40.0, -100.0])
def test_an_excess_that_the_test_does_not_contradict_stays_that_of_the_controls(value):
    """Above all placebos and above the controls; or among the placebos."""
    past = after_deployments.history(*counts())
    given = compared(value, np.linspace(-120, 10, 999))
    assert placebo.centred(past, given, confidence=0.95) is given


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(-3, 3),
    st.floats(-4, 4),
    st.floats(0.1, 3),
    st.integers(100, 600),
    st.sampled_from([0.5, 0.8, 0.95, 0.99]),
)
def test_interval_and_p_value_always_agree(seed, shift, value, spread, many, confidence):
    """Zero lies outside exactly where the test rejects, and on the side it rejects on."""
    rng = np.random.default_rng(seed)
    placebos = np.round(rng.normal(shift, 1, many), 2)
    past = after_deployments.history(*counts())
    found = placebo.centred(past, compared(value, placebos), confidence=confidence)
    noise = spread * rng.standard_normal(many)
    low, high = placebo.interval(found, noise, most=9.0, confidence=confidence)
    rejects = placebo.two_sided(value, placebos) < 1 - confidence
    assert low <= found.excess <= high
    assert rejects == (low > 0 or high < 0)
    if rejects:
        above, below = placebo.tails(value, placebos)
        assert (found.excess > 0) == (above < below)
