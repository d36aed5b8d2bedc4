"""The exact words about notes."""

from srelib.findings.annotations import note_sentences
from tests.test_annotations import MADE, notes


def test_notes_in_words():
    """Number, day, services, and the text as it is; nothing without notes."""
    said = [text.replace("\u00a0", " ") for text in note_sentences(MADE)]
    assert said == [
        "Note 1: 1 June 2026, every service: sale",
        "Note 2: 3 June 2026, **a**: broke",
        "Note 3: 3 June 2026, **a** and **b**: moved",
    ]
    dated = note_sentences(MADE, numbers=False)[0].replace("\u00a0", " ")
    assert dated == "1 June 2026, every service: sale"
    assert note_sentences(None) == []


def test_text_of_a_note_is_no_markup():
    """Neither HTML nor Markdown of a CSV is one."""
    (said,) = note_sentences(notes((None, "2026-06-01", "<script>x</script> **b** [l](http://x)")))
    assert "<" not in said
    assert "\\*\\*b\\*\\*" in said
    assert "\\[l\\]" in said


def test_of_many_notes_the_rest_is_counted():
    """A list stays readable."""
    many = notes(*((None, f"2026-06-{day:02}", "x") for day in range(1, 8)))
    said = note_sentences(many, most=5)
    assert len(said) == 6
    assert said[-1] == "2 more notes are not listed."
