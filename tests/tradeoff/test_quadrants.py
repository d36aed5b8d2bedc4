"""Where a service stands between fast and slow, safe and fragile, and how sure that is."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from srelib import tradeoff
from srelib.errors import ParameterError
from srelib.stats import Estimate

NAN = float("nan")


def estimate(value: float, low: float, high: float) -> Estimate:
    """A 95 % interval."""
    return Estimate(value, low, high, 10, 0.95, "given")


def one(speed: Estimate, left: Estimate, **options):
    """The row of a single service."""
    return tradeoff.quadrants({"a": speed}, {"a": left}, **options).services.iloc[0]


@pytest.mark.parametrize(
    ("speed", "left", "expected"),
    [
        (5.0, 0.4, tradeoff.FAST_SAFE),
        (5.0, -0.4, tradeoff.FAST_FRAGILE),
        (0.5, 0.4, tradeoff.SLOW_SAFE),
        (0.5, -0.4, tradeoff.SLOW_FRAGILE),
        (1.0, 0.0, tradeoff.FAST_SAFE),
    ],
)
def test_lines_are_once_a_week_and_nothing_left(speed, left, expected):
    """On a line counts as beyond it."""
    assert one(estimate(speed, NAN, NAN), estimate(left, NAN, NAN))["quadrant"] == expected


def test_without_an_interval_the_place_is_certain():
    """Nothing is drawn where nothing is known of the spread."""
    row = one(estimate(5.0, NAN, NAN), estimate(0.4, NAN, NAN))
    assert row[tradeoff.FAST_SAFE] == 1.0
    assert row["sure"]


def test_probability_is_that_of_a_lognormal_speed():
    """Interval 1.5 / 1.96 s.d. steps either way: P(speed >= 1) by hand from the normal."""
    sigma = 0.4
    speed = estimate(1.5, 1.5 * math.exp(-1.96 * sigma), 1.5 * math.exp(1.96 * sigma))
    row = one(speed, estimate(0.5, NAN, NAN), draws=40_000)
    assert row[tradeoff.FAST_SAFE] == pytest.approx(norm.cdf(math.log(1.5) / sigma), abs=0.01)
    assert row[tradeoff.SLOW_SAFE] == pytest.approx(norm.sf(math.log(1.5) / sigma), abs=0.01)


def test_probability_follows_the_skew_side_of_the_budget():
    """80 % spent, up to 160 % at the end of the interval: ln 2 is 1.96 s.d. on that side."""
    left = estimate(0.2, 1 - 1.6, 1 - 0.7)
    row = one(estimate(5.0, NAN, NAN), left, draws=40_000)
    fragile = norm.sf(math.log(1 / 0.8) / (math.log(2) / 1.959964))
    assert row[tradeoff.FAST_FRAGILE] == pytest.approx(fragile, abs=0.01)


def test_probabilities_add_up_to_one():
    """Every draw lies in one quadrant."""
    row = one(estimate(1.2, 0.7, 2.0), estimate(0.1, -0.5, 0.5))
    assert sum(row[q] for q in tradeoff.QUADRANTS) == pytest.approx(1.0)


def test_interval_reaches_across_the_line_where_the_end_does():
    """An interval that ends on the line leaves 2.5 % beyond it."""
    row = one(estimate(2.0, 1.0, 4.0), estimate(0.5, NAN, NAN), draws=40_000)
    assert row[tradeoff.SLOW_SAFE] == pytest.approx(0.025, abs=0.004)


def test_fleet_line_is_the_median_and_moves_with_the_draws():
    """Three services: the middle one is on the line, so it is fast or slow with the draws."""
    speed = {"a": estimate(1, 0.9, 1.1), "b": estimate(2, 1.8, 2.2), "c": estimate(9, 8, 10)}
    left = dict.fromkeys(speed, estimate(0.5, 0.4, 0.6))
    found = tradeoff.quadrants(speed, left, speed_line="fleet")
    assert (found.speed_line, found.line_is) == (2.0, "median of the fleet")
    rows = found.services.set_index("service")
    assert rows.loc["b", tradeoff.FAST_SAFE] == 1.0
    assert rows.loc["a", tradeoff.SLOW_SAFE] == 1.0


def test_unknown_speed_or_budget_is_named_and_not_placed():
    """A service that was never deployed has no speed."""
    found = tradeoff.quadrants({"a": estimate(1, 1, 1)}, {"b": estimate(0.5, 0.4, 0.6)})
    assert len(found.services) == 0
    assert found.unknown == ("a", "b")


def test_no_deployment_at_all_is_slow():
    """A rate of 0 with its upper end: drawn from 0 up to it."""
    row = one(estimate(0.0, 0.0, 0.3), estimate(0.5, 0.4, 0.6))
    assert row["quadrant"] == tradeoff.SLOW_SAFE
    assert row[tradeoff.SLOW_SAFE] > 0.99


def test_nothing_spent_is_safe():
    """Left is all of it; spent is 0 with an upper end."""
    row = one(estimate(5.0, 4.0, 6.0), estimate(1.0, 0.8, 1.0))
    assert row[tradeoff.FAST_SAFE] == pytest.approx(1.0)


def test_same_seed_same_numbers():
    """Nothing depends on anything but the input."""
    given = {"a": estimate(1.2, 0.7, 2.0)}, {"a": estimate(0.1, -0.5, 0.5)}
    first, second = (tradeoff.quadrants(*given).services for _ in range(2))
    assert np.array_equal(first.to_numpy(dtype=object), second.to_numpy(dtype=object))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"speed_line": 0}, "speed_line must be above 0, or 'fleet'; got 0"),
        ({"speed_line": "median"}, "got 'median'"),
        ({"left_line": 1.0}, r"left_line must lie below 1; got 1\.0"),
    ],
)
def test_lines_that_are_none_are_refused(options, text):
    """With the value seen."""
    with pytest.raises(ParameterError, match=text):
        tradeoff.quadrants({}, {}, **options)
