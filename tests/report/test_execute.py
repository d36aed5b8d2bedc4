"""Parameters are typed and never ignored; notebooks run side by side in kernels all alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import nbformat
import pytest

from srelib.errors import InputError, ParameterError
from srelib.report import execute
from srelib.report.execute import Notebook
from tests.report.tiny import book, code


def test_defaults_are_read_without_running_the_cell():
    """Names and values come from the source text, negative numbers and lists included."""
    source = 'data = "x"\nweeks: int = 13\nshift = -1.5\nonly = ["a"]\nnothing = None\nfast = True'
    assert execute.defaults(source) == {
        "data": "x", "weeks": 13, "shift": -1.5, "only": ["a"], "nothing": None, "fast": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "line", ["days = weeks * 7", "import os", "a = b = 1", "path = f'{data}/x'", "x = {'a': 1}"]
)
def test_a_derived_value_in_the_parameters_cell_is_refused(line):
    """A derived value would keep the old number when the parameter it comes from is set."""
    with pytest.raises(ParameterError, match="line 2"):
        execute.defaults(f"weeks = 13\n{line}")


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
    found = execute.typed("p", value, default=default)
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
        execute.typed("p", value, default=default)


def test_an_unknown_name_lists_the_known_ones_and_the_nearest():
    """A typing error is caught instead of giving a report on the default."""
    known = {"00": {"data": "", "weeks": 13}, "01": {"data": "", "target": 0.999}}
    with pytest.raises(ParameterError, match=r"did you mean 'weeks'\? Known: target, weeks"):
        execute.assign(known, {"week": "26"}, data="/x")


def test_a_name_only_some_notebooks_know_is_applied_there():
    """The others keep running on what they have."""
    known = {"00": {"data": "", "weeks": 13}, "01": {"target": 0.999}}
    found = execute.assign(known, {"target": "0.9"}, data="/x")
    assert found == {"00": {"data": "/x"}, "01": {"target": 0.9}}


def test_the_folder_of_data_is_no_parameter():
    """There is one way to name it."""
    with pytest.raises(ParameterError, match="data is the folder handed over"):
        execute.assign({"00": {"data": ""}}, {"data": "/y"}, data="/x")


def test_values_stand_in_the_parameters_cell():
    """What the reader of a page sees is what ran; other cells stay."""
    node = execute.with_values(book(code("a"), code("w = 1", "parameters"), code("b")), {"w": 2})
    assert [cell.source for cell in node.cells] == ["a", "w = 2", "b"]


def test_an_earlier_injected_cell_is_left_out():
    """A notebook that papermill wrote does not keep the old values."""
    cells = code("w = 1", "parameters"), code("w = 5", "injected-parameters")
    node = execute.with_values(book(*cells), {"w": 2})
    assert [cell.source for cell in node.cells] == ["w = 2"]


def test_the_notebook_given_is_not_changed():
    """The values are put into a copy."""
    node = book(code("w = 1", "parameters"))
    execute.with_values(node, {"w": 2})
    assert node.cells[0].source == "w = 1"


def test_values_in_force_replace_defaults_and_keep_comments():
    """What the reader of a page sees is what ran."""
    source = 'data = "ä/x"  # folder\nonly = [\n    "a",\n]  # services\nweeks = 13'
    shown = execute.in_force(source, {"data": "/y", "only": ["b"]})
    assert shown == "data = '/y'  # folder\nonly = ['b']  # services\nweeks = 13"


def test_only_takes_numbers_and_names(books):
    """The beginning of a name is enough."""
    assert [one.name for one in execute.find(books, only=["01"])] == ["01_where"]
    assert [one.name for one in execute.find(books, only=["00_how_many"])] == ["00_how_many"]


def test_only_refuses_a_name_that_matches_nothing(books):
    """The known names are listed."""
    with pytest.raises(ParameterError, match=r"'07'\. Known: 00_how_many, 01_where"):
        execute.find(books, only=["07"])


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    """An empty report is not a report."""
    with pytest.raises(InputError, match="no notebooks"):
        execute.find(tmp_path)


def test_a_broken_notebook_file_is_an_error(tmp_path):
    """Named, before any kernel starts."""
    (tmp_path / "00_x.ipynb").write_text("{")
    with pytest.raises(InputError, match=r"00_x\.ipynb: not a notebook"):
        execute.find(tmp_path)


def test_the_title_is_the_question(books):
    """From the metadata, else the first heading, else the name."""
    assert [one.title for one in execute.find(books)] == ["How many?", "Where?"]
    untitled = book(nbformat.v4.new_markdown_cell("Text\n\n# Really?"))
    del untitled.metadata["title"]
    assert execute.Notebook("n", untitled, {}).title == "Really?"


def run(tmp_path, **sources: str) -> dict[str, execute.Run]:
    """Run one-cell notebooks by name."""
    work = [(Notebook(name, book(code(source)), {}), {}) for name, source in sources.items()]
    folder = tmp_path / "kernels"
    folder.mkdir()
    with execute.executing(work, folder=folder, jobs=2) as runs:
        return {one.notebook.name: one for one in runs}


def text(one: execute.Run) -> str:
    """What the only cell printed."""
    return one.node.cells[-1].outputs[0].text.strip()


def test_kernels_are_alike_whatever_the_machine(tmp_path, monkeypatch):
    """Hash seed, time zone, threads, Python and profile do not depend on who runs it."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    source = (
        "import os, sys, time, IPython.paths as p, matplotlib as m, srelib\n"
        "print(hash('a'), time.tzname[0], os.environ['OMP_NUM_THREADS'], sys.executable,\n"
        "p.get_ipython_dir() == os.environ['IPYTHONDIR'], 'settings' in m.matplotlib_fname())"
    )
    shown = text(run(tmp_path, a=source)["a"]).split()
    seed, zone, threads, python, own_profile, own_style = shown
    assert (zone, threads, own_profile, own_style) == ("UTC", "1", "True", "True")
    assert python == sys.executable
    command = [sys.executable, "-c", "print(hash('a'))"]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    assert seed == subprocess.check_output(command, env=environment, text=True).strip()


def test_a_failure_names_cell_and_exception_and_leaves_the_others_alone(tmp_path):
    """One broken notebook costs one page."""
    runs = run(tmp_path, good="print('fine')", broken="x = 1\nx / 0")
    assert text(runs["good"]) == "fine"
    assert runs["good"].failure is None
    assert runs["broken"].failure == execute.Failure(1, "ZeroDivisionError", "division by zero")


def test_a_kernel_that_dies_is_a_failure_not_a_hang(tmp_path):
    """Running out of memory ends the page, not the report."""
    runs = run(tmp_path, dead="import os\nos._exit(9)", good="print(1)")
    assert runs["dead"].failure.kind == "Kernel died"
    assert text(runs["good"]) == "1"


def test_a_kernel_that_dies_at_its_start_is_started_again(tmp_path, monkeypatch):
    """Two kernels that pick the same port cost a moment, not a page; one that never starts does."""
    from nbclient import NotebookClient

    honest, tries = NotebookClient.async_execute, {"once": 1, "never": 9}

    async def unlucky(self, *args, **kwargs):
        name = "never" if "print(2)" in self.nb.cells[-1].source else "once"
        tries[name] -= 1
        if tries[name] >= 0:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return await honest(self, *args, **kwargs)

    monkeypatch.setattr(NotebookClient, "async_execute", unlucky)
    runs = run(tmp_path, once="print(1)", never="print(2)")
    assert text(runs["once"]) == "1"
    assert runs["never"].failure.kind == "Kernel did not start"
    assert tries["never"] == 9 - execute.STARTS


def test_leaving_early_ends_the_kernels(tmp_path):
    """When the data turn out unusable, nothing keeps running."""
    folder = tmp_path / "kernels"
    folder.mkdir()
    marker = tmp_path / "late"
    source = f"import time; time.sleep(30); open({str(marker)!r}, 'w')"
    work = [(Notebook("slow", book(code(source)), {}), {})]
    began = time.monotonic()
    with execute.executing(work, folder=folder, jobs=1):
        time.sleep(0.5)
    assert time.monotonic() - began < 15
    assert not marker.exists()
    assert not any(thread.name == "srelib-kernels" for thread in threading.enumerate())


def test_progress_counts_cells(tmp_path):
    """The bar begins at nothing and ends full."""
    seen = []
    folder = tmp_path / "kernels"
    folder.mkdir()
    work = [(Notebook("n", book(code("1"), code("2")), {}), {})]
    with execute.executing(work, folder=folder, jobs=1, progress=lambda *a: seen.append(a)) as runs:
        list(runs)
    assert seen == [("n", 0, 2), ("n", 1, 2), ("n", 2, 2)]
