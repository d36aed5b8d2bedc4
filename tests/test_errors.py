"""Errors of input: where, what is wrong and what to do, in one line."""

from __future__ import annotations

import pytest

from srelib import errors
from srelib.errors import InputError, SrelibError


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
