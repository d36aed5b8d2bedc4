"""Questions to the user: what stands in the message, and what can be filled in."""

from srelib.errors import ReadError
from srelib.questions import Unconfirmed, question


def test_a_question_names_the_lines_to_add() -> None:
    """With a proposal and what it means, or open; a list is for whoever fills the lines in."""
    found = question(
        "the unit is not known", file="a.csv", unit=Unconfirmed("count", "events"), service=None,
        series=["a", "b"], more=", or export counts",
    )  # fmt: skip
    assert isinstance(found, ReadError)
    assert str(found) == (
        "a.csv: the unit is not known. Fix: "
        'add unit = "count" (events), service = "..." to a [[file]] with match = \'a.csv\' in '
        "sources.toml, or export counts."
    )
    assert found.asks["series"] == ["a", "b"]


def test_a_proposal_is_written_as_toml_writes_it() -> None:
    """Lists and letters beyond ASCII too."""
    found = question("?", file="a.csv", where=Unconfirmed(["Störung"], "a list"))
    assert 'where = ["Störung"] (a list)' in str(found)
