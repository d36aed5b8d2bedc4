"""What the parts of a declaration make of one record."""

from __future__ import annotations

import pytest

from srelib.readers import declaration
from srelib.readers.declaration import Outcomes

WORDS = Outcomes({"done": "succeeded"}, unfinished=("open",), nothing={"skipped": "no deploy"})


@pytest.mark.parametrize(
    ("word", "made"),
    [
        ("DONE ", {"status": "succeeded"}),
        ("open", {"fault_column": "status", "fault_value": "open"}),
        ("skipped", {"left_out": "no deploy", "left_out_value": "skipped"}),
        (None, {"fault": "no word says how it ended: export its status too"}),
    ],
)
def test_a_word_for_the_outcome_is_kept_refused_or_left_out(word, made):
    """As the declaration lists it; case and blanks do not matter."""
    assert made.items() <= WORDS.row(word).items()


def test_an_unknown_word_says_which_are_known_and_what_to_write():
    """The fix is the line of sources.toml."""
    row = WORDS.row("fine")
    assert "known are done, skipped, open" in row["fault"]
    assert "values.status = { WORD" in row["fault"]


def test_the_first_key_that_holds_text_counts():
    """Keys in order, dotted or computed; objects and blanks are passed over."""
    record = {"a": {"b": ""}, "c": {"d": [{"e": "x"}, {"e": "y"}]}}
    assert declaration.first(record, ("a", "a.b", "c.d.e")) == "x"
    assert declaration.first(record, ("a.b", lambda one: "made")) == "made"
    assert declaration.first(record, "z") is None


def test_patterns_are_names_or_expressions_on_the_whole():
    """A name with brackets is a name, though no expression."""
    assert declaration.fits_any("Deploy (EU", ["Deploy (EU"])
    assert declaration.fits_any("Deploy", ["Dep.*"])
    assert not declaration.fits_any("Deploy it", ["Deploy"])
    assert not declaration.fits_any(None, [".*"])
