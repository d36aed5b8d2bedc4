"""Comparisons: against scipy, against published and hand-worked cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2, chi2_contingency, mannwhitneyu, spearmanr

from srelib.errors import ParameterError
from srelib.stats.comparisons import (
    difference_within,
    dispersion,
    duration_ratio,
    rank_correlation,
    rate_dispersion,
    rate_ratio,
    unbeaten,
)
from srelib.stats.intervals import _rate

FEW = settings(max_examples=50, deadline=None)
RNG = np.random.default_rng(3)
BEFORE, AFTER = RNG.lognormal(4, 1.2, 31), RNG.lognormal(3.5, 1.2, 24)


def over(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Durations that have all ended."""
    return values, np.ones(len(values), dtype=bool)


@FEW
@given(st.lists(st.tuples(st.integers(10, 60), st.integers(200, 400)), min_size=2, max_size=30))
def test_dispersion_is_the_chi_square_of_homogeneity(groups: list[tuple[int, int]]) -> None:
    """Index and p equal those of the two-row contingency table."""
    part, whole = np.array(groups, dtype="float64").T
    expected = chi2_contingency(np.stack([part, whole - part]), correction=False)
    index, p_value = dispersion(part, whole)
    assert index == pytest.approx(expected.statistic / expected.dof, abs=1e-9)
    assert p_value == pytest.approx(expected.pvalue, abs=1e-9)


@pytest.mark.parametrize("rate", [0.0005, 0.05])
def test_dispersion_is_wrong_one_time_in_twenty_when_events_are_independent(rate: float) -> None:
    """With half an event a group expected, and with fifty."""
    rng = np.random.default_rng(5)
    whole = rng.integers(800, 1200, 30)
    wrong = [
        dispersion(rng.binomial(whole, rate), whole, resamples=199)[1] < 0.05 for _ in range(300)
    ]
    assert 0.02 <= np.mean(wrong) <= 0.09


def test_dispersion_sees_a_bad_day() -> None:
    """All 20 failures on one of 30 days are not chance."""
    part = np.zeros(30)
    part[7] = 20
    index, p_value = dispersion(part, np.full(30, 1000))
    assert p_value == 0.001
    assert index == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize(
    ("part", "whole"),
    [([0, 0], [5, 5]), ([5, 5], [5, 5]), ([1], [5]), ([1, 0], [5, 0]), ([], [])],
)
def test_dispersion_of_nothing_that_varies_is_unknown(part: list, whole: list) -> None:
    """No part, nothing but part, or fewer than two groups."""
    assert all(map(math.isnan, dispersion(np.array(part), np.array(whole))))


def test_two_equal_counts_are_one_rate():
    """The interval of the ratio lies evenly around 1 on the log scale."""
    found = rate_ratio((20, 10.0), (20, 10.0))[0]
    assert found.value == 1.0
    assert math.log(found.high) == pytest.approx(-math.log(found.low))
    assert rate_ratio((20, 10.0), (20, 10.0))[1] == pytest.approx(1.0)


def test_the_p_value_is_the_exact_one_less_half_the_chance_of_what_was_seen():
    """Binomial by scipy: 15 of 45 after, with two thirds of the time before."""
    one_sided = binomtest(15, 45, 1 / 3, alternative="less").pvalue
    here = (
        binomtest(15, 45, 1 / 3, alternative="less").pvalue
        - binomtest(14, 45, 1 / 3, alternative="less").pvalue
    )
    low = one_sided - here / 2
    expected = 2 * min(low, 1 - low)
    assert rate_ratio((30, 20.0), (15, 10.0))[1] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(a=st.integers(0, 60), b=st.integers(0, 60), long=st.floats(0.2, 5), index=st.floats(1, 4))
def test_interval_and_p_value_agree(a, b, long, index):
    """1 lies outside the 95 % interval exactly where p is below 5 %."""
    if a + b == 0:
        return
    found = rate_ratio((a, 1.0), (b, long), index=index)[0]
    p = rate_ratio((a, 1.0), (b, long), index=index)[1]
    if abs(p - 0.05) > 1e-6:
        assert (p < 0.05) == (found.low > 1 or found.high < 1)


def test_bursts_widen_as_if_there_were_fewer():
    """Thirty events at index 3 say as much as ten."""
    assert rate_ratio((30, 1.0), (60, 1.0), index=3.0)[0].low == pytest.approx(
        rate_ratio((10, 1.0), (20, 1.0))[0].low
    )
    wide = _rate(30, 10.0, index=3.0)
    assert (wide.low, wide.high) == pytest.approx(
        (chi2.ppf(0.025, 20) / 2 * 3 / 10, chi2.ppf(0.975, 22) / 2 * 3 / 10)
    )


def test_no_events_say_nothing_and_none_before_have_no_upper_end():
    """NaN, and infinity."""
    assert math.isnan(rate_ratio((0, 1.0), (0, 1.0))[0].value)
    found = rate_ratio((0, 1.0), (5, 1.0))[0]
    assert (found.value, found.high) == (math.inf, math.inf)
    assert found.low > 1
    assert rate_ratio((5, 1.0), (0, 1.0))[0].low == 0.0


def test_dispersion_takes_each_group_around_its_own_rate():
    """Hand-worked: 2 2 | 8 0 gives (0 + 0 + 4 + 4) / (4 bins - 2 groups) = 4."""
    assert rate_dispersion([2, 2, 8, 0], [1, 1, 1, 1], groups=[0, 0, 1, 1]) == (4.0, 2)
    assert rate_dispersion([2, 4], [1, 2]) == (0.0, 1)
    assert math.isnan(rate_dispersion([3], [1])[0])


def test_a_rate_needs_time():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="at least 0 in a positive time; got 3 in 0"):
        rate_ratio((3, 0.0), (3, 1.0))[0]


def test_without_open_ones_the_test_is_mann_whitneys():
    """Against scipy, without the correction for continuity."""
    expected = mannwhitneyu(BEFORE, AFTER, method="asymptotic", use_continuity=False).pvalue
    assert duration_ratio(over(BEFORE), over(AFTER))[1] == pytest.approx(expected)


def test_ties_and_zeros_are_scipys_too():
    """Durations of no length tie with each other."""
    before, after = np.repeat([0.0, 5, 9], [3, 4, 6]), np.repeat([0.0, 5, 30], [2, 4, 9])
    expected = mannwhitneyu(before, after, method="asymptotic", use_continuity=False).pvalue
    assert duration_ratio(over(before), over(after))[1] == pytest.approx(expected)


def test_the_factor_is_the_median_of_all_ratios():
    """Hodges and Lehmann's estimator on the scale of logarithms."""
    expected = np.median(AFTER[:, None] / BEFORE[None, :])
    assert duration_ratio(over(BEFORE), over(AFTER))[0].value == pytest.approx(expected, 1e-4)


def test_the_interval_holds_what_the_test_does_not_reject():
    """At either end the p value passes 5 %."""
    found = duration_ratio(over(BEFORE), over(AFTER))[0]
    for end, inside in ((found.low, 1.02), (found.high, 1 / 1.02)):
        assert duration_ratio(over(BEFORE * end * inside), over(AFTER))[1] > 0.05
        assert duration_ratio(over(BEFORE * end / inside), over(AFTER))[1] < 0.05


def test_an_open_one_counts_as_longer_than_what_is_surely_shorter():
    """Gehan's scores of 1, 2 and more, 5 are -2, 1, 1: along 1, 2, 3 worth 3 / sqrt(12)."""
    durations, ended = np.tile([1.0, 2.0, 5.0], 4), np.tile([True, False, True], 4)
    found = rank_correlation(np.tile([1, 2, 3], 4), durations, ended)
    assert found.value == pytest.approx(3 / math.sqrt(2 * 6))


def test_open_ones_do_not_pass_for_short():
    """Ten that have just begun: left as they stand they would halve the later durations."""
    quick = np.concatenate([AFTER * 0 + 1.0, AFTER * 4])
    ended = np.repeat([False, True], len(AFTER))
    found = duration_ratio(over(BEFORE), (quick, ended))[0]
    naive = duration_ratio(over(BEFORE), over(quick))[0]
    known = duration_ratio(over(BEFORE), over(AFTER * 4))[0]
    assert found.value == pytest.approx(known.value, rel=0.05)
    assert naive.value < 0.4 * known.value


def test_too_few_that_ended_give_no_factor():
    """Fewer than four in either."""
    found = duration_ratio(over(BEFORE[:3]), over(AFTER))[0]
    assert math.isnan(found.value)
    assert math.isnan(duration_ratio(over(BEFORE[:3]), over(AFTER))[1])


def test_many_durations_are_sorted_and_never_paired():
    """Eight thousand in either: sixty-four million pairs."""
    rng = np.random.default_rng(0)
    found = duration_ratio(over(rng.lognormal(4, 1, 8_000)), over(rng.lognormal(4, 1, 8_000)))[0]
    assert found.value == pytest.approx(1.0, abs=0.08)


def test_without_open_ones_the_correlation_is_spearmans():
    """Against scipy."""
    values = np.concatenate([BEFORE, AFTER])
    found = rank_correlation(np.arange(55), *over(values))
    assert found.value == pytest.approx(spearmanr(np.arange(55), values).statistic)
    assert found.low < found.value < found.high


def test_what_nothing_beats_is_as_low_in_both_and_lower_in_one():
    """Of (1, 3), (2, 2), (2, 3) only the last is beaten; equal ones do not beat each other."""
    one, other = pd.Series([1, 2, 2, 1]), pd.Series([3, 2, 3, 3])
    assert unbeaten(one, other).tolist() == [True, True, False, True]


def trial(*arms: tuple[int, int]) -> pd.DataFrame:
    """A row per patient, from deaths and patients of the treated and the others of each stratum."""
    rows = []
    for stratum, (first, second) in enumerate(zip(arms[::2], arms[1::2], strict=True)):
        for treated, (deaths, number) in ((1, first), (0, second)):
            rows += [(stratum, treated, int(place < deaths)) for place in range(number)]
    return pd.DataFrame(rows, columns=["stratum", "treated", "died"])


UGDP = trial((8, 106), (5, 120), (22, 98), (16, 85))
"""Deaths under tolbutamide and placebo, below and above 55 years, of the University Group Diabetes
Program, 1970, as in Rothman, Greenland and Lash, Modern Epidemiology, chapter 15."""


def test_the_difference_within_strata_is_that_of_mantel_and_haenszel():
    """The published 0.035; between its ends, which are near those of Sato (1989)."""
    found = difference_within(UGDP["died"], UGDP["treated"], UGDP["stratum"], UGDP.index)
    assert found.value == pytest.approx(0.035, abs=0.0005)
    assert found.n == 409
    assert (found.low, found.high) == pytest.approx(sato(UGDP), abs=0.002)


def sato(rows: pd.DataFrame) -> tuple[float, float]:
    """The interval of Sato, Biometrics 45 (1989) 1323, term by term."""
    weight = difference = first = second = 0.0
    for _, own in rows.groupby("stratum"):
        one, other = own[own["treated"] == 1]["died"], own[own["treated"] == 0]["died"]
        a, b, n1, n0 = one.sum(), other.sum(), len(one), len(other)
        n = n1 + n0
        weight += n1 * n0 / n
        difference += (a * n0 - b * n1) / n
        first += (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2
        second += (a * (n0 - b) + b * (n1 - a)) / (2 * n)
    value = difference / weight
    half = 1.96 * math.sqrt((value * first + second) / weight**2)
    return value - half, value + half


def test_strata_with_one_kind_alone_say_nothing():
    """Neither do they change the number, nor count in n."""
    alone = pd.DataFrame({"stratum": 9, "treated": 1, "died": [1] * 50})
    rows = pd.concat([UGDP, alone], ignore_index=True)
    both = [difference_within(one["died"], one["treated"], one["stratum"], one.index)
            for one in (UGDP, rows)]  # fmt: skip
    assert both[0] == both[1]
    nothing = difference_within(alone["died"], alone["treated"], alone["stratum"], alone.index)
    assert (nothing.n, math.isnan(nothing.value)) == (0, True)


def test_what_comes_in_groups_counts_once():
    """Every patient four times, kept together, is no more evidence than once."""
    four = pd.concat([UGDP] * 4)
    given = four["died"], four["treated"], four["stratum"]
    once = difference_within(UGDP["died"], UGDP["treated"], UGDP["stratum"], UGDP.index)
    together = difference_within(*given, four.index)
    apart = difference_within(*given, range(len(four)))
    width = once.high - once.low
    assert together.value == apart.value == pytest.approx(once.value)
    assert together.high - together.low == pytest.approx(width, rel=0.02)
    assert apart.high - apart.low == pytest.approx(width / 2, rel=0.02)


def test_a_trend_that_strata_share_is_no_difference():
    """What grows with the stratum grows for both kinds alike."""
    stratum = np.repeat([0, 1, 2], 40)
    treated = np.r_[np.arange(40) < 4, np.arange(40) < 20, np.arange(40) < 36]
    values = 10.0 * stratum + np.tile([0.0, 1.0], 60)
    within = difference_within(values, treated, stratum, range(120))
    plain = difference_within(values, treated, np.zeros(120), range(120))
    assert within.low < 0 < within.high
    assert plain.low > 5
