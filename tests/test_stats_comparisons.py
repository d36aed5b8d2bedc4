"""Two counts, two sets of durations: against scipy, against published and hand-worked cases."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2, lognorm, mannwhitneyu, spearmanr

from srelib import stats
from srelib.errors import ParameterError

RNG = np.random.default_rng(3)
BEFORE, AFTER = RNG.lognormal(4, 1.2, 31), RNG.lognormal(3.5, 1.2, 24)


def over(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Durations that have all ended."""
    return values, np.ones(len(values), dtype=bool)


# Counts


def test_two_equal_counts_are_one_rate():
    """The interval of the ratio lies evenly around 1 on the log scale."""
    found = stats.rate_ratio((20, 10.0), (20, 10.0))
    assert found.value == 1.0
    assert math.log(found.high) == pytest.approx(-math.log(found.low))
    assert stats.rate_ratio_p_value((20, 10.0), (20, 10.0)) == pytest.approx(1.0)


def test_the_p_value_is_the_exact_one_less_half_the_chance_of_what_was_seen():
    """Binomial by scipy: 15 of 45 after, with two thirds of the time before."""
    one_sided = binomtest(15, 45, 1 / 3, alternative="less").pvalue
    here = (
        binomtest(15, 45, 1 / 3, alternative="less").pvalue
        - binomtest(14, 45, 1 / 3, alternative="less").pvalue
    )
    low = one_sided - here / 2
    expected = 2 * min(low, 1 - low)
    assert stats.rate_ratio_p_value((30, 20.0), (15, 10.0)) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(a=st.integers(0, 60), b=st.integers(0, 60), long=st.floats(0.2, 5), index=st.floats(1, 4))
def test_interval_and_p_value_agree(a, b, long, index):
    """1 lies outside the 95 % interval exactly where p is below 5 %."""
    if a + b == 0:
        return
    found = stats.rate_ratio((a, 1.0), (b, long), index=index)
    p = stats.rate_ratio_p_value((a, 1.0), (b, long), index=index)
    if abs(p - 0.05) > 1e-6:
        assert (p < 0.05) == (found.low > 1 or found.high < 1)


def test_bursts_widen_as_if_there_were_fewer():
    """Thirty events at index 3 say as much as ten."""
    assert stats.rate_ratio((30, 1.0), (60, 1.0), index=3.0).low == pytest.approx(
        stats.rate_ratio((10, 1.0), (20, 1.0)).low
    )
    wide = stats.widened_rate(30, 10.0, index=3.0)
    assert (wide.low, wide.high) == pytest.approx(
        (chi2.ppf(0.025, 20) / 2 * 3 / 10, chi2.ppf(0.975, 22) / 2 * 3 / 10)
    )


def test_no_events_say_nothing_and_none_before_have_no_upper_end():
    """NaN, and infinity."""
    assert math.isnan(stats.rate_ratio((0, 1.0), (0, 1.0)).value)
    found = stats.rate_ratio((0, 1.0), (5, 1.0))
    assert (found.value, found.high) == (math.inf, math.inf)
    assert found.low > 1
    assert stats.rate_ratio((5, 1.0), (0, 1.0)).low == 0.0


def test_dispersion_takes_each_group_around_its_own_rate():
    """Hand-worked: 2 2 | 8 0 gives (0 + 0 + 4 + 4) / (4 bins - 2 groups) = 4."""
    assert stats.rate_dispersion([2, 2, 8, 0], [1, 1, 1, 1], groups=[0, 0, 1, 1]) == (4.0, 2)
    assert stats.rate_dispersion([2, 4], [1, 2]) == (0.0, 1)
    assert math.isnan(stats.rate_dispersion([3], [1])[0])


def test_a_rate_needs_time():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="at least 0 in a positive time; got 3 in 0"):
        stats.rate_ratio((3, 0.0), (3, 1.0))


# Durations


def test_without_open_ones_the_test_is_mann_whitneys():
    """Against scipy, without the correction for continuity."""
    expected = mannwhitneyu(BEFORE, AFTER, method="asymptotic", use_continuity=False).pvalue
    assert stats.duration_p_value(over(BEFORE), over(AFTER)) == pytest.approx(expected)


def test_ties_and_zeros_are_scipys_too():
    """Durations of no length tie with each other."""
    before, after = np.repeat([0.0, 5, 9], [3, 4, 6]), np.repeat([0.0, 5, 30], [2, 4, 9])
    expected = mannwhitneyu(before, after, method="asymptotic", use_continuity=False).pvalue
    assert stats.duration_p_value(over(before), over(after)) == pytest.approx(expected)


def test_the_factor_is_the_median_of_all_ratios():
    """Hodges and Lehmann's estimator on the scale of logarithms."""
    expected = np.median(AFTER[:, None] / BEFORE[None, :])
    assert stats.duration_ratio(over(BEFORE), over(AFTER)).value == pytest.approx(expected, 1e-4)


def test_the_interval_holds_what_the_test_does_not_reject():
    """At either end the p value passes 5 %."""
    found = stats.duration_ratio(over(BEFORE), over(AFTER))
    for end, inside in ((found.low, 1.02), (found.high, 1 / 1.02)):
        assert stats.duration_p_value(over(BEFORE * end * inside), over(AFTER)) > 0.05
        assert stats.duration_p_value(over(BEFORE * end / inside), over(AFTER)) < 0.05


def test_an_open_one_counts_as_longer_than_what_is_surely_shorter():
    """Gehan's scores, hand-worked: 1, 2 and more, 5."""
    assert stats.gehan_scores([1.0, 2.0, 5.0], [True, False, True]).tolist() == [-2.0, 1.0, 1.0]


def test_open_ones_do_not_pass_for_short():
    """Ten that have just begun: left as they stand they would halve the later durations."""
    quick = np.concatenate([AFTER * 0 + 1.0, AFTER * 4])
    ended = np.repeat([False, True], len(AFTER))
    found = stats.duration_ratio(over(BEFORE), (quick, ended))
    naive = stats.duration_ratio(over(BEFORE), over(quick))
    known = stats.duration_ratio(over(BEFORE), over(AFTER * 4))
    assert found.value == pytest.approx(known.value, rel=0.05)
    assert naive.value < 0.4 * known.value


def test_too_few_that_ended_give_no_factor():
    """Fewer than four in either."""
    found = stats.duration_ratio(over(BEFORE[:3]), over(AFTER))
    assert math.isnan(found.value)
    assert math.isnan(stats.duration_p_value(over(BEFORE[:3]), over(AFTER)))


def test_many_durations_are_sorted_and_never_paired():
    """Eight thousand in either: sixty-four million pairs."""
    rng = np.random.default_rng(0)
    found = stats.duration_ratio(over(rng.lognormal(4, 1, 8_000)), over(rng.lognormal(4, 1, 8_000)))
    assert found.value == pytest.approx(1.0, abs=0.08)


def test_without_open_ones_the_correlation_is_spearmans():
    """Against scipy."""
    values = np.concatenate([BEFORE, AFTER])
    found = stats.rank_correlation(np.arange(55), *over(values))
    assert found.value == pytest.approx(spearmanr(np.arange(55), values).statistic)
    assert found.low < found.value < found.high


def test_the_ninth_of_ten_is_the_ninth_value():
    """Without open ones: as many are over by then as are asked for, and the middle of the step."""
    found = stats.survival_quantile(range(1, 12), [True] * 11, share=0.9)
    assert found.value == 10.0
    history = lognorm.ppf((np.arange(2000) + 0.5) / 2000, 1.25)
    assert stats.survival_quantile(history, [True] * 2000, share=0.9).value == pytest.approx(
        lognorm.ppf(0.9, 1.25), rel=0.01
    )
