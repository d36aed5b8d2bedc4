"""Bursts and background: found, sized, and intervals that hold as often as they say."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, gamma

from srelib.stats import bursts
from srelib.stats.intervals import _wilson


def cells(n: int = 600, *, mean: float = 2.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Cells of 10,000 events with Poisson counts of bad ones."""
    return np.random.default_rng(seed).poisson(mean, n).astype(float), np.full(n, 10_000.0)


def split(part: np.ndarray, whole: np.ndarray, **options) -> bursts.Split:
    """Groups of 24 cells, bursts six cells apart."""
    return bursts.split(part, whole, np.arange(len(part)) // 24, gap=6, block=3, **options)


def test_no_bursts_in_independent_counts():
    """A thousand series of 600 cells: almost never."""
    found = [bursts.in_bursts(*cells(mean=mean, seed=s)).any()
             for s in range(100) for mean in (0.01, 0.3, 2.0, 40.0)]  # fmt: skip
    assert sum(found) <= 4


def test_bursts_are_found_one_behind_another():
    """A small one that the background hides only while a large one counts as background."""
    part, whole = cells()
    part[100], part[400] = 9000, 40
    assert np.flatnonzero(bursts.in_bursts(part, whole)).tolist() == [100, 400]


def test_nothing_and_everything_bad_are_no_bursts():
    """There is no background that could be far exceeded."""
    whole = np.full(5, 10.0)
    assert not bursts.in_bursts(np.zeros(5), whole).any()
    assert not bursts.in_bursts(whole, whole).any()
    assert not bursts.in_bursts(np.zeros(5), np.zeros(5)).any()


def test_sizes_are_what_bursts_have_beyond_the_background():
    """Cells less than six apart are one burst; sizes and background add up to all bad events."""
    part, whole = np.full(480, 1.0), np.full(480, 10_000.0)
    part[[100, 105, 200]] = [101, 51, 31]
    found = split(part, whole)
    assert found.sizes.tolist() == pytest.approx([150, 30])
    assert (found.part, found.whole, found.total) == (477, 4_770_000, 4_800_000)
    assert found.sizes.sum() + found.part / found.whole * found.total == pytest.approx(part.sum())


def test_a_background_of_independent_errors_is_wilsons():
    """No burst: the published formula, as it is."""
    found = split(*cells())
    assert (found.index, found.worst, len(found.sizes)) == (1.0, 0.0, 0)
    expected = _wilson(found.part, found.whole)
    assert bursts.share_interval(found, confidence=0.95) == pytest.approx(expected)


def test_time_is_never_independent():
    """Whatever the test says."""
    assert split(*cells(), independent=False).worst > 0


def test_neighbours_that_are_alike_count_as_fewer():
    """Groups of three equal counts scatter in their sum three times as much as single ones."""
    rng = np.random.default_rng(4)
    whole = np.full(3000, 1e6)
    part = np.repeat(rng.normal(1000.0, 100.0, 1000), 3)
    one, three = (bursts.overdispersion(part, whole, block=size, confidence=0.95)
                  for size in (1, 12))  # fmt: skip
    assert one == pytest.approx(100**2 / 1000, rel=0.1)
    assert three / one == pytest.approx(3, rel=0.25)


def test_equal_bursts_hold_between_the_exact_poisson_ends():
    """Forty bursts of one size: from Garwood's lower end to a little above the upper one."""
    low, high = bursts.bursts_interval(np.full(40, 2.0), confidence=0.95)
    exact = chi2.ppf(0.025, 80) / 2, chi2.ppf(0.975, 82) / 2
    assert low / 2 == pytest.approx(exact[0])
    assert exact[1] <= high / 2 < exact[1] * 1.3


def test_one_burst_is_taken_as_exponential():
    """From a 40th of what was seen to 3.69 times as much."""
    assert bursts.bursts_interval(np.array([5.0]), confidence=0.95) == pytest.approx(
        (-5 * math.log(0.975), -5 * math.log(0.025))
    )
    assert bursts.bursts_interval(np.zeros(0), confidence=0.95) == (0.0, 0.0)


def test_what_may_still_come_grows_to_the_largest_seen_and_beyond():
    """Nothing for one, in part for a few, at least the largest for five or more."""
    sizes = np.array([1.0, 2, 4, 8, 16])
    assert bursts.unseen(sizes[:1]) == 0
    assert 0 < bursts.unseen(sizes[:2]) < bursts.unseen(sizes[:3]) < bursts.unseen(sizes[:4])
    assert bursts.unseen(sizes) >= 16


def test_ends_are_those_of_the_gamma_distribution():
    """Shape and scale from mean and variance."""
    assert bursts.gamma_end(6.0, 18.0, 0.975) == pytest.approx(gamma.ppf(0.975, 2, scale=3))
    assert bursts.gamma_end(0.0, 0.0, 0.975) == 0


@pytest.mark.parametrize("expected", [8, 30])
def test_intervals_of_bursts_hold_the_truth_as_often_as_they_say(expected):
    """Lognormal sizes, 600 histories, an interval each: 91 to 99 %."""
    rng = np.random.default_rng(8)
    truth, held = expected * math.exp(0.5), []
    for _ in range(600):
        sizes = rng.lognormal(0, 1, rng.poisson(expected))
        low, high = bursts.bursts_interval(sizes, confidence=0.95)
        held.append(low <= truth <= high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_square_and_add_meets_either_part_where_the_other_is_certain():
    """Without background errors among endless events, the interval is that of the bursts."""
    sizes = np.array([100.0, 300, 200])
    found = bursts.Split(sizes, 0.0, 1e15, 1.0, 0.0, 1e6)
    low, high = bursts.bursts_interval(sizes, confidence=0.95)
    ends = bursts.share_interval(found, confidence=0.95)
    assert ends == pytest.approx((low / 1e6, high / 1e6), rel=1e-4)


def test_the_overall_index_is_variance_over_mean():
    """Independent background: 1. Bursts of 100 alone: 100."""
    plain = bursts.Split(np.zeros(0), 500.0, 1e6, 1.0, 0.0, 1e6)
    assert bursts.index_of(plain) == 1
    equal = bursts.Split(np.full(200, 100.0), 0.0, 1e6, 1.0, 0.0, 1e6)
    assert bursts.index_of(equal) == pytest.approx(100)
