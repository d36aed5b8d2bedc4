"""JSON as tools write it."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from srelib.readers import base, json_text

PAGES = '[{"id": 1},\n {"id": 2}][{"id": 3}]'


@pytest.mark.parametrize(
    "written",
    [
        PAGES,
        '[[{"id": 1}, {"id": 2}], [{"id": 3}]]',
        '{"id": 1}\n{"id": 2}\n\n{"id": 3}\n',
        '{"id": 1}{"id": 2} {"id": 3}',
        '\ufeff[{"id": 1}, {"id": 2}, {"id": 3}]',
    ],
    ids=["gh pages", "gh --slurp", "lines", "in a row", "byte-order mark"],
)
def test_every_way_of_writing_records_gives_the_same_records(written):
    """Pages, slurped pages, lines and single documents hold the same three records."""
    assert json_text.json_records(written, file="d.json") == [{"id": 1}, {"id": 2}, {"id": 3}]


@pytest.mark.parametrize(
    ("written", "line"),
    [('[{"id": 1},\n {"id": 2}', 2), ('{"id": 1}\n{"id": 2,}\n', 2), ("[1]\n\nnot json", 3)],
    ids=["cut short", "comma too many", "other text"],
)
def test_broken_json_is_named_with_its_line(written, line):
    """The error says in which line the JSON breaks off, and what to do."""
    with pytest.raises(ReadError, match=f"d.json, line {line}: .* Fix: export the file again"):
        json_text.json_records(written, file="d.json")


def test_half_a_surrogate_pair_is_a_question_mark():
    """No text can hold one; whole pairs, and the letters of an escape, are left alone."""
    (found,) = json_text.json_records(
        r'{"a\ud800": ["\udc00x", "\ud83d\ude00", "\\ud800"]}', file="d.json"
    )
    assert found == {"a?": ["?x", "\U0001f600", r"\ud800"]}


def test_nesting_without_end_is_an_error_not_a_crash():
    """A file of a hundred thousand brackets is refused."""
    with pytest.raises(ReadError, match="nested too deeply"):
        json_text.json_records("[" * 100_000, file="d.json")


def test_deep_but_legal_nesting_is_read():
    """Four hundred arrays around one record still hold one record."""
    assert json_text.json_records("[" * 400 + "1" + "]" * 400, file="d.json") == [1]


@pytest.mark.parametrize(
    ("written", "said"),
    [(r'{"a": "\q"}', "Invalid .*escape"), ("[" * 9999, "too deeply"), ("9" * 5000, "many digits")],
)
def test_what_python_cannot_read_is_named(written, said):
    """Escapes, depth and digits beyond what a parser takes are errors with their line."""
    with pytest.raises(ReadError, match=f"d.json, line 1: .*{said}"):
        json_text.json_records(written, file="d.json")


def test_an_error_message_with_a_broken_escape_is_shown(tmp_path):
    """The answer of an interface is quoted as it stands."""
    path = tmp_path / "d.json"
    path.write_text(r'{"message": "bad \q"}')
    problem, _ = json_text.unknown_json(base.head(path))
    assert "error message of an interface" in problem
    assert "bad" in problem


def test_a_tag_is_found_by_its_name():
    """Lists of pairs, however their two keys are called; other objects are no pairs."""
    tags = [{"tag": "scope", "value": "all"}, {"Key": "service", "Value": "web"}]
    assert json_text.value_at({"tags": tags}, "tags.service") == "web"
    assert json_text.value_at({"tags": tags}, "tags.team") is None
    assert json_text.name_and_value({"name": "a", "value": 1, "unit": "s"}) is None
