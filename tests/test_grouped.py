"""Quantiles, shares and means of what comes in groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ParameterError
from srelib.stats.comparisons import (
    group_sizes,
    grouped_mean,
    grouped_share,
    quantile,
    scattered_rate,
)

SERIES = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


@given(SERIES)
@settings(max_examples=40, deadline=None)
def test_the_value_lies_within_its_interval(values):
    """Whatever the values, and it is NumPy's median."""
    found = quantile(values)
    assert found.value == pytest.approx(np.median(values))
    if found.low == found.low and found.high == found.high:
        assert found.low <= found.value <= found.high


@given(SERIES, st.floats(0.1, 100))
@settings(max_examples=30, deadline=None)
def test_another_unit_gives_the_same_interval_in_it(values, factor):
    """Hours or seconds."""
    one, other = quantile(values), quantile(np.array(values) * factor)
    assert other.low == pytest.approx(one.low * factor, nan_ok=True, rel=1e-6, abs=1e-6)


@given(st.lists(st.integers(-50, 50) | st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_groups_are_those_of_equal_numbers(groups):
    """However far apart the numbers lie, and in words as well."""
    for array in (np.array(groups, dtype="int64"), np.array([str(g) for g in groups], "object")):
        place, sizes = group_sizes(array)
        assert len(sizes) == len(set(groups))
        assert [sizes[p] for p in place] == [groups.count(g) for g in groups]
        assert len({*zip(groups, place.tolist(), strict=True)}) == len(sizes)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0.01, 0.99))
def test_the_value_is_numpys(values, q):
    """Between neighbours in proportion."""
    assert quantile(values, q).value == pytest.approx(np.quantile(values, q), rel=1e-9, abs=1e-9)


def test_six_values_are_needed_for_a_median():
    """With five, smallest and largest hold it in 93.75 of 100 samples only: 1 - 2 / 2**5."""
    assert np.isnan(quantile(range(5)).low)
    assert quantile(range(6)).low == quantile(range(6)).low


@pytest.mark.parametrize("n", [6, 10, 25])
def test_the_interval_of_a_median_holds_it_as_often_as_it_says(n):
    """Exponential values: 95 of 100, within three errors of 2,000 samples."""
    rng = np.random.default_rng(n)
    hits = [f.low <= np.log(2) <= f.high
            for f in (quantile(rng.exponential(size=n)) for _ in range(2000))]  # fmt: skip
    assert 0.93 <= np.mean(hits) <= 0.98


@pytest.mark.parametrize("alike", [0.0, 1.0])
def test_the_interval_knows_what_belongs_together(alike):
    """25 groups of 8, whose members share nothing or much: 95 of 100 either way."""
    rng, hits, naive = np.random.default_rng(5), [], []
    groups = np.repeat(np.arange(25), 8)
    for _ in range(800):
        values = rng.standard_normal(200) + alike * rng.standard_normal(25)[groups]
        found, plain = quantile(values, groups=groups), quantile(values)
        hits.append(found.low <= 0 <= found.high)
        naive.append(plain.low <= 0 <= plain.high)
    assert 0.925 <= np.mean(hits) <= 0.98
    assert (np.mean(naive) < 0.8) == (alike > 0)


def test_a_share_of_single_events_is_wilsons():
    """0 of 10: 0 to 27.8 %; 1 of 10: 1.8 % to 40.4 % (Brown, Cai, DasGupta 2001)."""
    none = grouped_share(np.zeros(10), np.ones(10))
    assert [none.low, none.high] == pytest.approx([0, 0.2775], abs=1e-4)
    one = grouped_share(np.eye(10)[0], np.ones(10))
    assert [one.low, one.high] == pytest.approx([0.0179, 0.4042], abs=1e-4)


def test_failures_that_come_in_clumps_make_a_share_less_certain():
    """The same 10 of 100, alone or in two groups of five."""
    alone = grouped_share([1] * 10 + [0] * 90, [1] * 100)
    clumps = grouped_share([5] * 2 + [0] * 18, [5] * 20)
    assert clumps.value == alone.value
    assert clumps.high - clumps.low > 1.5 * (alone.high - alone.low)


def test_a_repair_with_every_failure_makes_a_share_more_certain():
    """Groups of one and, where it failed, its repair."""
    failed = np.array([1] * 20 + [0] * 60)
    repaired = grouped_share(failed, 1 + failed)
    plain = grouped_share([1] * 20 + [0] * 80, [1] * 100)
    assert repaired.value == plain.value == 0.2
    assert repaired.high - repaired.low < plain.high - plain.low


def test_nothing_is_nan():
    """Not zero, and with n 0."""
    for found in (quantile([]), grouped_share([], []), grouped_mean([], []),
                  scattered_rate([], [])):  # fmt: skip
        assert np.isnan([found.value, found.low, found.high]).all()
        assert found.n == 0


def test_few_events_are_a_poisson_count():
    """3 events in 13 weeks: Garwood's 0.619 and 8.767, over 13."""
    found = scattered_rate([3] + [0] * 12, np.ones(13))
    assert [found.low, found.high] == pytest.approx([0.6187 / 13, 8.7673 / 13], abs=1e-4)


def test_a_mean_of_groups_is_students():
    """Groups of one: 1 to 5 have mean 3 and t = 2.776 times 0.7071."""
    found = grouped_mean([1, 2, 3, 4, 5], range(5))
    assert [found.value, found.low, found.high] == pytest.approx([3, 1.0368, 4.9632], abs=1e-4)


def test_a_quantile_that_cannot_be_is_refused():
    """The error says what to write."""
    with pytest.raises(ParameterError, match="q must lie strictly between 0 and 1; got 90"):
        quantile([1.0], 90)
