"""What the parts of a declaration make of one record."""

from __future__ import annotations

import pytest

from srelib.readers import declaration
from srelib.readers.declaration import Note, Outcomes
from srelib.sources import Source

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


PAGE = {
    "status": "Resolved",
    "parts": [{"Name": "a", "group": False}, "b", {"name": "c", "group": True}, {"id": 4}, None],
    "updates": [{"at": "2026-06-01T12:00:00+02:00"}, {"at": "2026-06-01T10:30:00Z"}, {"at": "x"}],
    "start": "2026-06-01T10:00:00",
    "seconds": "90.5",
    "ticks": 1780308000000,
}


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (None, True), ({"status": "resolved|closed"}, True), ({"status": "solved"}, False),
        ({"end": ""}, True), ({"start": ""}, False), ({("end", "status"): ".+"}, True),
        ({"status": "resolved", "end": ".+"}, False), (lambda one: one["parts"], True),
    ],
)  # fmt: skip
def test_a_condition_is_on_the_whole_text_at_each_key(when, fits):
    """Whatever its case; nothing there is the empty text."""
    assert declaration.meets(PAGE, when) is fits


def test_of_members_of_a_list_those_of_which_something_is_true_count():
    """Objects by the first key that holds text, texts by themselves; what has no name is none."""
    named = declaration.each("parts", "name", when={"group": "(?!true$).*"})
    assert named(PAGE) == ["a", "b", None]


def test_a_name_stands_in_the_first_text_of_its_form():
    """In the order of the keys."""
    assert declaration.in_text(r"^(\d+)-", "status", "start")(PAGE) == "2026"
    assert declaration.in_text(r"(z)", "status")(PAGE) is None


def test_a_text_may_count_only_for_some_records():
    """The others have none."""
    assert declaration.only("start", {"status": "resolved"})(PAGE) == "2026-06-01T10:00:00"
    assert declaration.only("start", {"status": "open"})(PAGE) is None


def test_the_earliest_time_is_the_earliest_instant():
    """Not the least text: offsets count, and what is no time does not."""
    assert declaration.earliest("updates.at")(PAGE) == "2026-06-01T12:00:00+02:00"
    assert declaration.earliest("updates.at", latest=True)(PAGE) == "2026-06-01T10:30:00Z"
    assert declaration.earliest("status")(PAGE) is None


@pytest.mark.parametrize(
    ("start", "length", "unit", "end"),
    [
        ("start", "seconds", 1, "2026-06-01T10:01:30.500000"),
        ("ticks", "seconds", 1e-3, "1780308000090"), ("ticks", "status", 1, None),
        ("status", "seconds", 1, None), ("start", "ticks", 1, None), ("start", "end", 1, None),
    ],
)  # fmt: skip
def test_a_time_after_another_keeps_its_zone_or_ticks(start, length, unit, end):
    """Without a zone it gets none; what is no length, or longer than thirty years, gives none."""
    assert declaration.after(start, length, unit=unit)(PAGE) == end


def test_a_dropped_record_says_why_with_its_own_word():
    """Left out by rule or refused; not where the row has what would be lacking."""
    drop = declaration.Drop("its status is {said}", {"status": "resolved"}, "status", "status")
    assert drop(PAGE, {}, None)["left_out"] == "its status is Resolved"
    refusal = declaration.Drop("no end", None, "end", "end", refuses=True, lacking="resolved_at")
    assert refusal(PAGE, {"resolved_at": None}, None)["fault"] == "no end"
    assert refusal(PAGE, {"resolved_at": "x"}, None) is None


def test_a_note_counts_and_is_silent_on_what_sources_toml_says():
    """Of the records looked at; `wholly` needs every one of them."""
    records = [{"end": "x", "page": "Acme"}, {"page": "Acme"}, {}]
    said = Source(match="*", columns={"resolved_at": "until"})
    note = Note("{n} of {of} of {one[page]} are open", {"end": ""}, among={"page": ".+"})
    assert note.said(records, said) == ["1 of 2 of Acme are open"]
    assert Note("open", {"end": ""}, about="resolved_at").said(records, said) == []
    assert Note("open", {"end": ""}, wholly=True).said(records, said) == []
    assert Note("open", {"end": ""}, wholly=True).said(records[1:], said) == ["open"]
