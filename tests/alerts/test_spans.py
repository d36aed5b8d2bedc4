"""Spans of buckets, and lengths as texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.alerts.firing import delayed, joined, paint, spans_of
from srelib.alerts.policies import length_of
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
