"""Errors of input: where, what is wrong and what to do, in one line."""

from __future__ import annotations

import re

import numpy as np
import pytest

from srelib import errors
from srelib.errors import InputError, InvalidTargetError, SrelibError


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "bad"),
        ({"file": "a.csv"}, "a.csv: bad"),
        ({"file": "a.csv", "line": 7}, "a.csv, line 7: bad"),
        ({"fix": "write 0.999"}, "bad. Fix: write 0.999."),
        ({"fix": "did you mean 'b'?"}, "bad. Fix: did you mean 'b'?"),
        ({"file": "a.csv", "fix": "write it."}, "a.csv: bad. Fix: write it."),
    ],
)
def test_an_error_of_input_says_where_and_what_to_do(given, text):
    """Each part once, with one full stop, whatever was given."""
    assert str(InputError("bad", **given)) == text


def test_everything_raised_on_purpose_can_be_caught_as_one():
    """As `SrelibError`, and as the ValueError it is."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert all(issubclass(kind, SrelibError) for kind in kinds)
    assert issubclass(SrelibError, ValueError)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (99.9, "target must lie strictly between 0 and 1; got 99.9. For 99.9 % write 0.999."),
        (np.float64(95), "got 95. For 95 % write 0.95."),
        (100, "got 100. A target of 100 % leaves no budget at all"),
        (0, "got 0. For 99.9 % write 0.999."),
        (float("nan"), "got nan."),
        (True, "target must be a number between 0 and 1; got True."),
        ("99.9", "got '99.9'. Write a fraction strictly between 0 and 1, such as 0.999."),
    ],
    ids=str,
)
def test_what_is_no_target_is_refused_with_what_to_write(target, text):
    """Percent, all or nothing, NaN, flags and text."""
    with pytest.raises(InvalidTargetError, match=re.escape(text)):
        InvalidTargetError.check(target)


@pytest.mark.parametrize("target", [0.999, np.float64(0.5), 1e-9])
def test_a_fraction_is_a_target(target):
    """Nothing is said of it."""
    InvalidTargetError.check(target)
