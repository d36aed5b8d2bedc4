"""Spans of buckets, and the estimates made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.alerts.estimates import median, rate, share
from srelib.alerts.policies import length_of
from srelib.alerts.spans import delayed, joined, paint, spans_of
from srelib.errors import ParameterError

FEW = settings(max_examples=60, deadline=None)
MASKS = st.lists(st.booleans(), max_size=60).map(lambda flags: np.array(flags, dtype=bool))


@FEW
@given(MASKS)
def test_painting_spans_gives_the_mask_back(mask: np.ndarray) -> None:
    """Spans hold all there is to know of a mask."""
    assert paint(spans_of(mask), len(mask)).tolist() == mask.tolist()


@FEW
@given(st.lists(st.lists(st.booleans(), min_size=40, max_size=40), min_size=1, max_size=4))
def test_joining_is_or(flags: list[list[bool]]) -> None:
    """The union of spans is the mask in which any is true."""
    masks = np.array(flags, dtype=bool)
    union = joined([spans_of(mask) for mask in masks])
    assert paint(union, 40).tolist() == masks.any(axis=0).tolist()


@FEW
@given(MASKS, st.integers(0, 9))
def test_gaps_up_to_the_limit_are_closed(mask: np.ndarray, gap: int) -> None:
    """Between joined spans more than `gap` buckets remain, and no end moves."""
    starts, stops = spans_of(mask)
    first, last = joined([(starts, stops)], gap=gap)
    assert (first[1:] - last[:-1] > gap).all()
    assert set(first) <= set(starts)
    assert set(last) <= set(stops)


@FEW
@given(MASKS, st.integers(0, 9))
def test_waiting_needs_an_unbroken_run(mask: np.ndarray, wait: int) -> None:
    """A bucket is left when it and the `wait` buckets before it are all true."""
    wanted = [t >= wait and bool(mask[t - wait : t + 1].all()) for t in range(len(mask))]
    assert paint(delayed(spans_of(mask), wait), len(mask)).tolist() == wanted


def test_a_median_lies_between_order_statistics() -> None:
    """Of ten values the 95 % interval is from the 2nd to the 9th (Conover, table A3: 97.85 %)."""
    found = median(pd.Series(np.arange(1.0, 11)), 0.95)
    assert (found.value, found.low, found.high, found.n) == (5.5, 2.0, 9.0, 10)


def test_five_values_carry_no_interval() -> None:
    """Even from the smallest to the largest of five misses the median in 6.25 % of cases."""
    found = median(pd.Series([1.0, 2, 3, 4, 5, np.nan]), 0.95)
    assert (found.value, found.n) == (3.0, 5)
    assert np.isnan([found.low, found.high]).all()


def test_median_intervals_hold_the_median() -> None:
    """In 2,000 samples of 15 from a skewed distribution at least 95 % do, within noise."""
    random = np.random.default_rng(11)
    samples = random.lognormal(0, 1, (2000, 15))
    found = [median(pd.Series(sample), 0.95) for sample in samples]
    covered = np.mean([one.low <= 1 <= one.high for one in found])
    assert 0.945 <= covered <= 0.985


def test_nothing_has_no_share_and_no_median() -> None:
    """No data is NaN."""
    assert np.isnan(share(pd.Series([], dtype=bool), 0.95).value)
    assert np.isnan(median(pd.Series([], dtype=float), 0.95).value)


def test_a_rate_is_per_unit_of_time() -> None:
    """Garwood: 10 events give 4.795 to 18.390; per two weeks half of it each."""
    found = rate(10, 2.0, 0.95)
    assert found.value == 5
    assert (found.low, found.high) == (
        pytest.approx(2.3977, abs=1e-3),
        pytest.approx(9.1951, abs=1e-3),
    )


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", "0s"), ("0m", "0s"), ("15m", "15min"), ("15min", "15min"), ("1d", "24h"), ("2w", "14D")],
)
def test_lengths_are_read_as_windows_are(text: str, length: str) -> None:
    """Texts as in OpenSLO, or as pandas writes them; zero is fine."""
    assert length_of(text, "merge") == pd.Timedelta(length)


@pytest.mark.parametrize(
    ("text", "match"),
    [("soon", "must be a length"), ("", "must not|must be"), ("-5min", "negative")],
)
def test_what_is_no_length_is_refused(text: str, match: str) -> None:
    """The error names the argument."""
    with pytest.raises(ParameterError, match=f"merge .*{match}"):
        length_of(text, "merge")
