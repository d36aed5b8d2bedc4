"""Intervals and resampling: published numbers, independent oracles, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from srelib import stats
from srelib.errors import InsufficientDataError, ParameterError

FEW = settings(max_examples=50, deadline=None)


# --- intervals of independent events --------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "part", "whole", "low", "high"),
    [
        (stats.wilson, 1, 7200, 2.45177e-05, 0.000786363),
        (stats.wilson, 3, 10_000, 0.000102032, 0.000881736),
        (stats.clopper_pearson, 1, 7200, 3.51636e-06, 0.000773594),
        (stats.clopper_pearson, 3, 10_000, 6.18715e-05, 0.000876475),
    ],
)
def test_intervals_equal_the_published_ones(
    made: object, part: int, whole: int, low: float, high: float
) -> None:
    """Six digits of 1 failure in 7,200 and 3 in 10,000."""
    assert made(part, whole) == pytest.approx((low, high), rel=3e-6)


def test_no_failure_in_7200_leaves_four_in_ten_thousand() -> None:
    """One-sided 95 % bound 1 - 0.05 ** (1 / 7200) = 0.000415987, and 0 as the other end."""
    low, high = stats.clopper_pearson(0, 7200, confidence=0.90)
    assert low == 0.0
    assert high == pytest.approx(0.000415987, rel=1e-6)


@FEW
@given(
    whole=st.integers(1, 3000), share=st.floats(0, 1), confidence=st.sampled_from([0.5, 0.9, 0.99])
)
def test_intervals_equal_those_of_scipy(whole: int, share: float, confidence: float) -> None:
    """Wilson and Clopper-Pearson against `binomtest`."""
    part = round(whole * share)
    test = binomtest(part, whole)
    for made, method in ((stats.wilson, "wilson"), (stats.clopper_pearson, "exact")):
        expected = test.proportion_ci(confidence, method=method)
        assert made(part, whole, confidence=confidence) == pytest.approx(
            (expected.low, expected.high), abs=1e-12
        )


def test_intervals_of_arrays_are_arrays_and_nothing_gives_nan() -> None:
    """0 of 0 says nothing; all of them has 1 as its upper end."""
    for made in (stats.wilson, stats.clopper_pearson):
        low, high = made(np.array([0, 0, 5]), np.array([0, 5, 5]))
        assert np.isnan(low[0])
        assert np.isnan(high[0])
        assert low[1] == 0.0
        assert high[2] == 1.0
        assert math.isnan(made(0, 0)[0])


def test_a_part_above_the_whole_is_refused() -> None:
    """So is a confidence in percent; the errors show the values."""
    with pytest.raises(ParameterError, match="between 0 and whole; got 3 of 2"):
        stats.wilson(3, 2)
    with pytest.raises(ParameterError, match=r"got 95\. For 95 % write 0\.95"):
        stats.wilson(1, 2, confidence=95)


def test_clustered_events_count_as_fewer() -> None:
    """Ten times the scatter: 30 of 100,000 says as much as 3 of 10,000 independent ones."""
    expected = pytest.approx((0.000102032, 0.000881736), rel=3e-6)
    assert stats.widened_wilson(30, 100_000, index=10) == expected
    assert stats.widened_wilson(3, 10_000, index=0.2) == expected


# --- dispersion -----------------------------------------------------------------------------


@FEW
@given(st.lists(st.tuples(st.integers(10, 60), st.integers(200, 400)), min_size=2, max_size=30))
def test_dispersion_is_the_chi_square_of_homogeneity(groups: list[tuple[int, int]]) -> None:
    """Index and p equal those of the two-row contingency table."""
    part, whole = np.array(groups, dtype="float64").T
    expected = chi2_contingency(np.stack([part, whole - part]), correction=False)
    found = stats.dispersion(part, whole)
    assert found.index == pytest.approx(expected.statistic / expected.dof, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)


@pytest.mark.parametrize("rate", [0.0005, 0.05])
def test_dispersion_is_wrong_one_time_in_twenty_when_events_are_independent(rate: float) -> None:
    """With half an event a group expected, and with fifty."""
    rng = np.random.default_rng(5)
    whole = rng.integers(800, 1200, 30)
    wrong = [
        stats.dispersion(rng.binomial(whole, rate), whole, resamples=199).p_value < 0.05
        for _ in range(300)
    ]
    assert 0.02 <= np.mean(wrong) <= 0.09


def test_dispersion_sees_a_bad_day() -> None:
    """All 20 failures on one of 30 days are not chance."""
    part = np.zeros(30)
    part[7] = 20
    found = stats.dispersion(part, np.full(30, 1000))
    assert found.p_value == 0.001
    assert found.index == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(
    ("part", "whole", "groups"),
    [([0, 0], [5, 5], 2), ([5, 5], [5, 5], 2), ([1], [5], 1), ([1, 0], [5, 0], 1), ([], [], 0)],
)
def test_dispersion_of_nothing_that_varies_is_unknown(part: list, whole: list, groups: int) -> None:
    """No part, nothing but part, or fewer than two groups."""
    found = stats.dispersion(np.array(part), np.array(whole))
    assert math.isnan(found.index)
    assert math.isnan(found.p_value)
    assert found.groups == groups


# --- resampling -----------------------------------------------------------------------------


@FEW
@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.data())
def test_circular_sums_equal_addition_by_hand(values: list[int], data: st.DataObject) -> None:
    """Blocks that run past the end go on at the start."""
    block = data.draw(st.integers(1, len(values)))
    by_hand = [sum(values[(i + k) % len(values)] for k in range(block)) for i in range(len(values))]
    assert stats.circular_sums(np.array(values), block).tolist() == by_hand


def test_resamples_keep_pairs_and_length() -> None:
    """Rows share their draws; a resample of ones adds up to its length, odd rest included."""
    part = np.arange(10.0)
    sums = stats.resample_sums(np.stack([part, 3 * part, np.ones(10)]), block=3, resamples=50)
    np.testing.assert_array_equal(sums[1], 3 * sums[0])
    assert (sums[2] == 10).all()
    longer = stats.resample_sums(np.ones(10), block=3, resamples=5, length=32)
    assert (longer == 32).all()


def test_resamples_are_centred_on_the_sum() -> None:
    """Every value is equally likely, those at the ends too."""
    values = np.array([100.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    sums = stats.resample_sums(values, block=4, resamples=20_000, seed=1)
    assert sums.mean() == pytest.approx(100, abs=2)


def test_the_seed_alone_decides() -> None:
    """Same seed, same interval; another seed, another one; the input stays as it was."""
    part = np.random.default_rng(0).gamma(1, 10, 60)
    whole, before = np.full(60, 1000.0), part.copy()
    found = [stats.block_bootstrap(part, whole, block=7, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0].low != found[2].low
    np.testing.assert_array_equal(part, before)


def test_a_block_must_fit() -> None:
    """Too long a block, and too few of them."""
    with pytest.raises(ParameterError, match="between 1 and the 3 values; got 4"):
        stats.resample_sums(np.ones(3), block=4)
    with pytest.raises(InsufficientDataError, match="at least 3 blocks of 7 values"):
        stats.block_bootstrap(np.ones(20), np.ones(20), block=7)
    with pytest.raises(InsufficientDataError, match="whole of 0"):
        stats.block_bootstrap(np.zeros(20), np.zeros(20))


def covered(draw: object, truth: float, *, days: int, block: int, times: int = 300) -> float:
    """Share of bootstrap intervals that hold the truth."""
    rng, hits = np.random.default_rng(11), 0
    for seed in range(times):
        whole = rng.poisson(50_000, days)
        part = rng.binomial(whole, np.minimum(draw(rng, days), 1.0))
        found = stats.block_bootstrap(part, whole, block=block, resamples=500, seed=seed)
        hits += found.low <= truth <= found.high
    return hits / times


def clustered(rng: np.random.Generator, days: int) -> np.ndarray:
    """Error rates of days that scatter like an exponential with mean 0.001."""
    return rng.exponential(0.001, days)


def drifting(rng: np.random.Generator, days: int) -> np.ndarray:
    """Lognormal error rates with mean 0.001 that remember half of yesterday."""
    level = np.empty(days)
    level[0] = rng.normal()
    for day in range(1, days):
        level[day] = 0.5 * level[day - 1] + math.sqrt(0.75) * rng.normal()
    return 0.001 * np.exp(0.8 * level - 0.32)


@pytest.mark.parametrize(("draw", "days", "block"), [(clustered, 28, 7), (drifting, 91, 7)])
def test_bootstrap_intervals_hold_the_truth_as_often_as_they_say(
    draw: object, days: int, block: int
) -> None:
    """95 % intervals, planted rate 0.001: 92 to 98.5 % of 300 series."""
    assert 0.92 <= covered(draw, 0.001, days=days, block=block) <= 0.985


def test_percentages_of_few_bad_days_are_widened_instead_of_resampled() -> None:
    """Two bad days of 60: one resample in seven would hold none, and promise 100 %."""
    part = np.zeros(60)
    part[[5, 40]] = [300, 500]
    found = stats.block_bootstrap(part, np.full(60, 1000.0), block=1)
    assert found.method == stats.WIDENED
    assert 0 < found.low < 800 / 60_000 < found.high < 0.1


def test_a_bootstrap_of_no_failures_is_wilson() -> None:
    """Nothing to resample: the interval of independent events is the least one can say."""
    found = stats.block_bootstrap(np.zeros(30), np.full(30, 10.0))
    assert (found.low, found.high) == pytest.approx(
        tuple(binomtest(0, 300).proportion_ci(method="wilson")), abs=1e-12
    )


# --- shares, medians and rates of what was counted ---


def test_a_median_lies_between_order_statistics() -> None:
    """Of ten values the 95 % interval is from the 2nd to the 9th (Conover, table A3: 97.85 %)."""
    found = stats.median(pd.Series(np.arange(1.0, 11)), 0.95)
    assert (found.value, found.low, found.high, found.n) == (5.5, 2.0, 9.0, 10)


def test_five_values_carry_no_interval() -> None:
    """Even from the smallest to the largest of five misses the median in 6.25 % of cases."""
    found = stats.median(pd.Series([1.0, 2, 3, 4, 5, np.nan]), 0.95)
    assert (found.value, found.n) == (3.0, 5)
    assert np.isnan([found.low, found.high]).all()


def test_median_intervals_hold_the_median() -> None:
    """In 2,000 samples of 15 from a skewed distribution at least 95 % do, within noise."""
    random = np.random.default_rng(11)
    samples = random.lognormal(0, 1, (2000, 15))
    found = [stats.median(pd.Series(sample), 0.95) for sample in samples]
    covered = np.mean([one.low <= 1 <= one.high for one in found])
    assert 0.945 <= covered <= 0.985


def test_nothing_has_no_share_and_no_median() -> None:
    """No data is NaN."""
    assert np.isnan(stats.share(pd.Series([], dtype=bool), 0.95).value)
    assert np.isnan(stats.median(pd.Series([], dtype=float), 0.95).value)


def test_a_rate_is_per_unit_of_time() -> None:
    """Garwood: 10 events give 4.795 to 18.390; per two weeks half of it each."""
    found = stats.rate(10, 2.0, 0.95)
    assert found.value == 5
    assert (found.low, found.high) == (
        pytest.approx(2.3977, abs=1e-3),
        pytest.approx(9.1951, abs=1e-3),
    )


# --- durations of which some go on ---

MP6 = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP6_ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_a_survival_curve_is_the_published_one() -> None:
    """6-MP arm of Freireich et al. 1963 as in Kleinbaum & Klein, Survival Analysis, table 2.3."""
    curve = stats.kaplan_meier(MP6, MP6_ENDED).set_index("time")["going_on"]
    published = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert curve.round(4).to_dict() == published


def test_the_median_survival_is_the_published_one() -> None:
    """R, survfit(conf.type = "log-log"): median 23, from 13, no upper end."""
    found = stats.survival_median(MP6, MP6_ENDED)
    assert (found.value, found.low, found.n) == (23, 13, 21)
    assert np.isnan(found.high)


def test_without_open_ones_the_survival_median_is_the_median() -> None:
    """The middle of an odd number of values."""
    assert stats.survival_median([5, 1, 4, 2, 3], [True] * 5).value == 3


def test_nothing_that_ended_has_no_median() -> None:
    """All open, or nothing at all: unknown, with the number seen."""
    for durations, ended in (([3.0, 4.0], [False, False]), ([], [])):
        found = stats.survival_median(durations, ended)
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == len(durations)


def test_durations_that_cannot_be_are_refused() -> None:
    """Negative or unknown lengths, or one flag too few."""
    with pytest.raises(ParameterError, match="durations must not be negative"):
        stats.kaplan_meier([-1.0], [True])
    with pytest.raises(ParameterError, match="2 durations but 1 flag"):
        stats.kaplan_meier([1.0, 2.0], [True])


def test_censored_median_intervals_hold_the_median() -> None:
    """In 1,000 samples of 40, a third still open, 93 to 98 % hold the true median."""
    random = np.random.default_rng(5)
    held = []
    for _ in range(1000):
        lengths, limits = random.exponential(1, 40), random.exponential(2, 40)
        found = stats.survival_median(np.minimum(lengths, limits), lengths <= limits)
        held.append(found.low <= np.log(2) and not found.high < np.log(2))
    assert 0.93 <= np.mean(held) <= 0.98
