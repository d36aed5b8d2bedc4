"""Parameters are literals, typed by their defaults, and never silently ignored."""

from __future__ import annotations

import nbformat
import pytest

from srelib.errors import InputError, ParameterError
from srelib.report import parameters
from tests.report.tiny import book, code


def test_defaults_are_read_without_running_the_cell():
    """Names and values come from the source text, negative numbers and lists included."""
    source = 'data = "x"\nweeks: int = 13\nshift = -1.5\nonly = ["a"]\nnothing = None\nfast = True'
    assert parameters.defaults(source) == {
        "data": "x", "weeks": 13, "shift": -1.5, "only": ["a"], "nothing": None, "fast": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "line", ["days = weeks * 7", "import os", "a = b = 1", "path = f'{data}/x'", "x = {'a': 1}"]
)
def test_a_derived_value_in_the_parameters_cell_is_refused(line):
    """A derived value would keep the old number when the parameter it comes from is set."""
    with pytest.raises(ParameterError, match="line 2"):
        parameters.defaults(f"weeks = 13\n{line}")


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        ("26", 13, 26),
        ("0.99", 0.999, 0.99),
        ("1", 0.5, 1.0),
        (2, 0.5, 2.0),
        ("true", False, True),
        ("No", True, False),
        ("26", "13", "26"),
        ("2026-06-01", "", "2026-06-01"),
        ("a, b", ["x"], ["a", "b"]),
        ("[1, 2]", [0], [1, 2]),
        ("1,2", [0], [1, 2]),
        ("null", None, None),
        ("0.5", None, 0.5),
        ("2026-06-01", None, "2026-06-01"),
    ],
)
def test_a_value_takes_the_type_of_its_default(value, default, expected):
    """The default decides the type, so that a text never stands where a number is meant."""
    found = parameters.typed("p", value, default=default)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "default", "match"),
    [
        ("many", 13, "whole number such as 13; got 'many'"),
        ("1.5", 13, "whole number"),
        (True, 13, "whole number"),
        ("nan", 0.5, "finite number"),
        ("inf", 0.5, "finite number"),
        ("maybe", True, "true or false"),
        (7, "text", "a text"),
        ("[1, 'a']", [0], "each of p"),
        ("[1, ", [0], "must be a list"),
    ],
)
def test_a_value_of_another_type_is_refused(value, default, match):
    """The message names the parameter, what it takes and what was seen."""
    with pytest.raises(ParameterError, match=match):
        parameters.typed("p", value, default=default)


def test_an_unknown_name_lists_the_known_ones_and_the_nearest():
    """A typing error is caught instead of giving a report on the default."""
    known = {"00": {"data": "", "weeks": 13}, "01": {"data": "", "target": 0.999}}
    with pytest.raises(ParameterError, match=r"did you mean 'weeks'\? Known: target, weeks"):
        parameters.assign(known, {"week": "26"}, data="/x")


def test_a_name_only_some_notebooks_know_is_applied_there():
    """The others keep running on what they have."""
    known = {"00": {"data": "", "weeks": 13}, "01": {"target": 0.999}}
    found = parameters.assign(known, {"target": "0.9"}, data="/x")
    assert found == {"00": {"data": "/x"}, "01": {"target": 0.9}}


def test_the_folder_of_data_is_no_parameter():
    """There is one way to name it."""
    with pytest.raises(ParameterError, match="data is the folder handed over"):
        parameters.assign({"00": {"data": ""}}, {"data": "/y"}, data="/x")


def test_the_injected_cell_follows_the_parameters_cell():
    """Papermill puts it there under the same tag."""
    node = parameters.injected(book(code("a"), code("w = 1", "parameters"), code("b")), {"w": 2})
    assert [cell.source for cell in node.cells] == ["a", "w = 1", "w = 2", "b"]
    assert node.cells[2].metadata["tags"] == ["injected-parameters"]


def test_an_earlier_injected_cell_is_replaced():
    """A notebook that papermill wrote does not keep the old values."""
    cells = code("w = 1", "parameters"), code("w = 5", "injected-parameters")
    node = parameters.injected(book(*cells), {"w": 2})
    assert [cell.source for cell in node.cells] == ["w = 1", "w = 2"]


def test_the_notebook_given_is_not_changed():
    """Injection works on a copy."""
    node = book(code("w = 1", "parameters"))
    parameters.injected(node, {"w": 2})
    assert len(node.cells) == 1


def test_values_in_force_replace_defaults_and_keep_comments():
    """What the reader of a page sees is what ran."""
    source = 'data = "ä/x"  # folder\nonly = [\n    "a",\n]  # services\nweeks = 13'
    shown = parameters.in_force(source, {"data": "/y", "only": ["b"]})
    assert shown == "data = '/y'  # folder\nonly = ['b']  # services\nweeks = 13"


def test_only_takes_numbers_and_names(books):
    """The beginning of a name is enough."""
    assert [one.name for one in parameters.find(books, only=["01"])] == ["01_where"]
    assert [one.name for one in parameters.find(books, only=["00_how_many"])] == ["00_how_many"]


def test_only_refuses_a_name_that_matches_nothing(books):
    """The known names are listed."""
    with pytest.raises(ParameterError, match=r"'07'\. Known: 00_how_many, 01_where"):
        parameters.find(books, only=["07"])


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    """An empty report is not a report."""
    with pytest.raises(InputError, match="no notebooks"):
        parameters.find(tmp_path)


def test_a_broken_notebook_file_is_an_error(tmp_path):
    """Named, before any kernel starts."""
    (tmp_path / "00_x.ipynb").write_text("{")
    with pytest.raises(InputError, match=r"00_x\.ipynb: not a notebook"):
        parameters.find(tmp_path)


def test_the_title_is_the_question(books):
    """From the metadata, else the first heading, else the name."""
    assert [one.title for one in parameters.find(books)] == ["How many?", "Where?"]
    untitled = book(nbformat.v4.new_markdown_cell("Text\n\n# Really?"))
    del untitled.metadata["title"]
    assert parameters.Notebook("n", untitled, {}).title == "Really?"
