"""Notebooks are found by number or name, and say what they ask."""

from __future__ import annotations

import nbformat
import pytest

from srelib.errors import InputError, ParameterError
from srelib.report import parameters
from tests.report.tiny import book


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
