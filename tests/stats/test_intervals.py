"""Intervals of one quantity: published numbers, independent oracles, coverage."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, lognorm

from srelib.errors import ParameterError
from srelib.stats.intervals import (
    _group_sizes,
    _grouped_mean,
    _grouped_share,
    _kaplan_meier,
    _median,
    _quantile,
    _rate,
    _scattered_rate,
    _share,
    _survival_quantile,
    _widened_wilson,
    _wilson,
)

FEW = settings(max_examples=50, deadline=None)
SERIES = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(1, 7200, 2.45177e-05, 0.000786363), (3, 10_000, 0.000102032, 0.000881736)],
)
def test_intervals_equal_the_published_ones(part: int, whole: int, low: float, high: float) -> None:
    """Six digits of 1 failure in 7,200 and 3 in 10,000."""
    assert _wilson(part, whole) == pytest.approx((low, high), rel=3e-6)


@FEW
@given(
    whole=st.integers(1, 3000), share=st.floats(0, 1), confidence=st.sampled_from([0.5, 0.9, 0.99])
)
def test_intervals_equal_those_of_scipy(whole: int, share: float, confidence: float) -> None:
    """Wilson's against `binomtest`."""
    part = round(whole * share)
    expected = binomtest(part, whole).proportion_ci(confidence, method="wilson")
    assert _wilson(part, whole, confidence=confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-12
    )


def test_intervals_of_arrays_are_arrays_and_nothing_gives_nan() -> None:
    """0 of 0 says nothing; all of them has 1 as its upper end."""
    low, high = _wilson(np.array([0, 0, 5]), np.array([0, 5, 5]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert low[1] == 0.0
    assert high[2] == 1.0
    assert math.isnan(_wilson(0, 0)[0])


def test_a_part_above_the_whole_is_refused() -> None:
    """So is a confidence in percent; the errors show the values."""
    with pytest.raises(ParameterError, match="between 0 and whole; got 3 of 2"):
        _wilson(3, 2)
    with pytest.raises(ParameterError, match=r"got 95\. For 95 % write 0\.95"):
        _wilson(1, 2, confidence=95)


def test_clustered_events_count_as_fewer() -> None:
    """Ten times the scatter: 30 of 100,000 says as much as 3 of 10,000 independent ones."""
    expected = pytest.approx((0.000102032, 0.000881736), rel=3e-6)
    assert _widened_wilson(30, 100_000, index=10) == expected
    assert _widened_wilson(3, 10_000, index=0.2) == expected


def test_a_median_lies_between_order_statistics() -> None:
    """Of ten values the 95 % interval is from the 2nd to the 9th (Conover, table A3: 97.85 %)."""
    found = _median(pd.Series(np.arange(1.0, 11)), 0.95)
    assert (found.value, found.low, found.high, found.n) == (5.5, 2.0, 9.0, 10)


def test_five_values_carry_no_interval() -> None:
    """Even from the smallest to the largest of five misses the median in 6.25 % of cases."""
    found = _median(pd.Series([1.0, 2, 3, 4, 5, np.nan]), 0.95)
    assert (found.value, found.n) == (3.0, 5)
    assert np.isnan([found.low, found.high]).all()


def test_median_intervals_hold_the_median() -> None:
    """In 2,000 samples of 15 from a skewed distribution at least 95 % do, within noise."""
    random = np.random.default_rng(11)
    samples = random.lognormal(0, 1, (2000, 15))
    found = [_median(pd.Series(sample), 0.95) for sample in samples]
    covered = np.mean([one.low <= 1 <= one.high for one in found])
    assert 0.945 <= covered <= 0.985


def test_nothing_has_no_share_and_no_median() -> None:
    """No data is NaN."""
    assert np.isnan(_share(pd.Series([], dtype=bool), 0.95).value)
    assert np.isnan(_median(pd.Series([], dtype=float), 0.95).value)


def test_a_rate_is_per_unit_of_time() -> None:
    """Garwood: 10 events give 4.795 to 18.390; per two weeks half of it each."""
    found = _rate(10, 2.0, 0.95)
    assert found.value == 5
    assert (found.low, found.high) == (
        pytest.approx(2.3977, abs=1e-3),
        pytest.approx(9.1951, abs=1e-3),
    )


MP6 = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP6_ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_a_survival_curve_is_the_published_one() -> None:
    """6-MP arm of Freireich et al. 1963 as in Kleinbaum & Klein, Survival Analysis, table 2.3."""
    curve = _kaplan_meier(MP6, MP6_ENDED).set_index("time")["going_on"]
    published = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert curve.round(4).to_dict() == published


def test_the_median_survival_is_the_published_one() -> None:
    """R, survfit(conf.type = "log-log"): median 23, from 13, no upper end."""
    found = _survival_quantile(MP6, MP6_ENDED)
    assert (found.value, found.low, found.n) == (23, 13, 21)
    assert np.isnan(found.high)


def test_without_open_ones_the_survival_median_is_the_median() -> None:
    """The middle of an odd number of values."""
    assert _survival_quantile([5, 1, 4, 2, 3], [True] * 5).value == 3


def test_nothing_that_ended_has_no_median() -> None:
    """All open, or nothing at all: unknown, with the number seen."""
    for durations, ended in (([3.0, 4.0], [False, False]), ([], [])):
        found = _survival_quantile(durations, ended)
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == len(durations)


def test_durations_that_cannot_be_are_refused() -> None:
    """Negative or unknown lengths, or one flag too few."""
    with pytest.raises(ParameterError, match="durations must not be negative"):
        _kaplan_meier([-1.0], [True])
    with pytest.raises(ParameterError, match="2 durations but 1 flag"):
        _kaplan_meier([1.0, 2.0], [True])


def test_censored_median_intervals_hold_the_median() -> None:
    """In 400 samples of 40, a third still open, 92 to 98.5 % hold the true median."""
    random = np.random.default_rng(5)
    held = []
    for _ in range(400):
        lengths, limits = random.exponential(1, 40), random.exponential(2, 40)
        found = _survival_quantile(np.minimum(lengths, limits), lengths <= limits)
        held.append(found.low <= np.log(2) and not found.high < np.log(2))
    assert 0.92 <= np.mean(held) <= 0.985


def test_the_ninth_of_ten_is_the_ninth_value():
    """Without open ones: as many are over by then as are asked for, and the middle of the step."""
    found = _survival_quantile(range(1, 12), [True] * 11, share=0.9)
    assert found.value == 10.0
    history = lognorm.ppf((np.arange(2000) + 0.5) / 2000, 1.25)
    assert _survival_quantile(history, [True] * 2000, share=0.9).value == pytest.approx(
        lognorm.ppf(0.9, 1.25), rel=0.01
    )


@given(SERIES)
@settings(max_examples=40, deadline=None)
def test_the_value_lies_within_its_interval(values):
    """Whatever the values, and it is NumPy's median."""
    found = _quantile(values)
    assert found.value == pytest.approx(np.median(values))
    if found.low == found.low and found.high == found.high:
        assert found.low <= found.value <= found.high


@given(SERIES, st.floats(0.1, 100))
@settings(max_examples=30, deadline=None)
def test_another_unit_gives_the_same_interval_in_it(values, factor):
    """Hours or seconds."""
    one, other = _quantile(values), _quantile(np.array(values) * factor)
    assert other.low == pytest.approx(one.low * factor, nan_ok=True, rel=1e-6, abs=1e-6)


@given(st.lists(st.integers(-50, 50) | st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_groups_are_those_of_equal_numbers(groups):
    """However far apart the numbers lie, and in words as well."""
    for array in (np.array(groups, dtype="int64"), np.array([str(g) for g in groups], "object")):
        place, sizes = _group_sizes(array)
        assert len(sizes) == len(set(groups))
        assert [sizes[p] for p in place] == [groups.count(g) for g in groups]
        assert len({*zip(groups, place.tolist(), strict=True)}) == len(sizes)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0.01, 0.99))
def test_the_value_is_numpys(values, q):
    """Between neighbours in proportion."""
    assert _quantile(values, q).value == pytest.approx(np.quantile(values, q), rel=1e-9, abs=1e-9)


def test_six_values_are_needed_for_a_median():
    """With five, smallest and largest hold it in 93.75 of 100 samples only: 1 - 2 / 2**5."""
    assert np.isnan(_quantile(range(5)).low)
    assert _quantile(range(6)).low == _quantile(range(6)).low


@pytest.mark.parametrize("n", [6, 10, 25])
def test_the_interval_of_a_median_holds_it_as_often_as_it_says(n):
    """Exponential values: 95 of 100, within three errors of 2,000 samples."""
    rng = np.random.default_rng(n)
    hits = [f.low <= np.log(2) <= f.high
            for f in (_quantile(rng.exponential(size=n)) for _ in range(2000))]  # fmt: skip
    assert 0.93 <= np.mean(hits) <= 0.98


@pytest.mark.parametrize("alike", [0.0, 1.0])
def test_the_interval_knows_what_belongs_together(alike):
    """25 groups of 8, whose members share nothing or much: 95 of 100 either way."""
    rng, hits, naive = np.random.default_rng(5), [], []
    groups = np.repeat(np.arange(25), 8)
    for _ in range(800):
        values = rng.standard_normal(200) + alike * rng.standard_normal(25)[groups]
        found, plain = _quantile(values, groups=groups), _quantile(values)
        hits.append(found.low <= 0 <= found.high)
        naive.append(plain.low <= 0 <= plain.high)
    assert 0.925 <= np.mean(hits) <= 0.98
    assert (np.mean(naive) < 0.8) == (alike > 0)


def test_a_share_of_single_events_is_wilsons():
    """0 of 10: 0 to 27.8 %; 1 of 10: 1.8 % to 40.4 % (Brown, Cai, DasGupta 2001)."""
    none = _grouped_share(np.zeros(10), np.ones(10))
    assert [none.low, none.high] == pytest.approx([0, 0.2775], abs=1e-4)
    one = _grouped_share(np.eye(10)[0], np.ones(10))
    assert [one.low, one.high] == pytest.approx([0.0179, 0.4042], abs=1e-4)


def test_failures_that_come_in_clumps_make_a_share_less_certain():
    """The same 10 of 100, alone or in two groups of five."""
    alone = _grouped_share([1] * 10 + [0] * 90, [1] * 100)
    clumps = _grouped_share([5] * 2 + [0] * 18, [5] * 20)
    assert clumps.value == alone.value
    assert clumps.high - clumps.low > 1.5 * (alone.high - alone.low)


def test_a_repair_with_every_failure_makes_a_share_more_certain():
    """Groups of one and, where it failed, its repair."""
    failed = np.array([1] * 20 + [0] * 60)
    repaired = _grouped_share(failed, 1 + failed)
    plain = _grouped_share([1] * 20 + [0] * 80, [1] * 100)
    assert repaired.value == plain.value == 0.2
    assert repaired.high - repaired.low < plain.high - plain.low


def test_nothing_is_nan():
    """Not zero, and with n 0."""
    for found in (_quantile([]), _grouped_share([], []), _grouped_mean([], []),
                  _scattered_rate([], [])):  # fmt: skip
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == 0


def test_few_events_are_a_poisson_count():
    """3 events in 13 weeks: Garwood's 0.619 and 8.767, over 13."""
    found = _scattered_rate([3] + [0] * 12, np.ones(13))
    assert [found.low, found.high] == pytest.approx([0.6187 / 13, 8.7673 / 13], abs=1e-4)


def test_a_mean_of_groups_is_students():
    """Groups of one: 1 to 5 have mean 3 and t = 2.776 times 0.7071."""
    found = _grouped_mean([1, 2, 3, 4, 5], range(5))
    assert [found.value, found.low, found.high] == pytest.approx([3, 1.0368, 4.9632], abs=1e-4)


def test_a_quantile_that_cannot_be_is_refused():
    """The error says what to write."""
    with pytest.raises(ParameterError, match="q must lie strictly between 0 and 1; got 90"):
        _quantile([1.0], 90)
