"""Errors in a notebook somebody sits at, and files that saving leaves as they were."""

import json
import sys
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from srelib import notebook
from srelib.errors import InputError, ParameterError, SrelibError
from srelib.notebook import _keep_metadata, _load_jupyter_server_extension


class Events:
    """The events of a shell, as far as they are used."""

    def __init__(self) -> None:
        self.waiting: list = []

    def register(self, name, call):
        """Remember what is called when a cell is over."""
        assert name == "post_run_cell"
        self.waiting.append(call)

    def unregister(self, name, call):
        """Forget it."""
        self.waiting.remove(call)


@pytest.fixture
def shell(monkeypatch):
    """A shell whose cell is this file."""
    compiler = SimpleNamespace(
        format_code_name=lambda name: ("Cell", "In[1]") if name == __file__ else None
    )
    found = SimpleNamespace(events=Events(), compile=compiler)
    monkeypatch.setattr(notebook, "attended", lambda: found)
    return found


def rendered(error: SrelibError) -> list[str]:
    """What a cell that raises an error shows."""
    try:
        raise error
    except SrelibError as raised:
        return raised._render_traceback_()


def test_a_wrong_parameter_is_said_in_three_lines(shell):
    """What is wrong, the line of the cell, and the fix that the text itself names."""
    problem, where, fix = rendered(ParameterError("after must be long; got 1. Try '6h'."))
    assert problem == "\x1b[31mParameterError\x1b[39m: after must be long; got 1"
    assert where.startswith("Where: line ")
    assert where.endswith(", raise error")
    assert fix == "Fix: Try '6h'"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("no service 'shp'; did you mean 'shop'? Known: shop.", "did you mean 'shop'? Known: shop"),
        ("since is no time: 'x'; write 2026-06-29T00:00Z.", "write 2026-06-29T00:00Z"),
        ("got 99.9. For 99.9 % write 0.999.", "For 99.9 % write 0.999"),
        ("year must be one of 2019, 2021; got 7.", "correct the value, and run the cell again"),
    ],
)
def test_the_fix_is_where_the_text_begins_to_say_one(shell, text, fix):
    """Numbers with decimals and lists are not divided."""
    assert rendered(ParameterError(text))[2] == f"Fix: {fix}"


def test_a_file_that_cannot_be_used_is_named_with_its_line(shell):
    """The place is the file, not the cell that read it."""
    error = InputError("target is 99.9", file="slos.yaml", line=7, fix="write 0.999")
    assert rendered(error)[1:] == ["Where: slos.yaml, line 7", "Fix: write 0.999"]


def test_the_traceback_is_folded_once_below_the_lines(shell, capsys, monkeypatch):
    """When the cell is over, escaped; however often the lines are asked for."""
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    error = ParameterError("no <b>")
    rendered(error), rendered(error)
    (call,) = shell.events.waiting
    call(None)
    assert shell.events.waiting == []
    assert shown[0].data.startswith("<details><summary>Traceback</summary><pre>")
    assert "ParameterError: no &lt;b&gt;" in shown[0].data


def test_a_run_that_nobody_attends_has_the_usual_traceback(monkeypatch):
    """As IPython writes it, for logs and the report's failure."""
    usual = InteractiveShell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: usual))
    assert notebook.attended() is None
    text = "".join(rendered(ParameterError("got 1. Try 2.")))
    assert "Traceback" in text
    assert "got 1. Try 2." in text


def test_a_notebook_is_attended_where_a_cell_may_ask_its_user(monkeypatch):
    """As in JupyterLab."""
    asked = SimpleNamespace(kernel=SimpleNamespace(_allow_stdin=True))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: asked))
    assert notebook.attended() is asked


OLD = {"kernelspec": {"name": "python3", "display_name": "Python 3"},
       "language_info": {"name": "python"}}  # fmt: skip
NEW = {"kernelspec": {"name": "python3", "display_name": "Mine"},
       "language_info": {"name": "python", "version": "3.14.1"}}  # fmt: skip


def saved(folder, name: str, metadata: dict) -> dict:
    """Metadata of a notebook as they are written."""
    model = {"type": "notebook", "content": {"metadata": dict(metadata)}}
    manager = SimpleNamespace(root_dir=str(folder))
    app = SimpleNamespace(contents_manager=SimpleNamespace(register_pre_save_hook=None))
    hooks = []
    app.contents_manager.register_pre_save_hook = hooks.append
    _load_jupyter_server_extension(app)
    assert hooks == [_keep_metadata]
    _keep_metadata(model=model, path=f"/{name}", contents_manager=manager)
    return model["content"]["metadata"]


def test_saving_keeps_what_the_file_says_of_its_kernel(tmp_path):
    """Whichever Python runs it; other metadata are the user's."""
    (tmp_path / "a.ipynb").write_text(json.dumps({"metadata": OLD}))
    assert saved(tmp_path, "a.ipynb", {**NEW, "title": "T"}) == {**OLD, "title": "T"}


def test_another_kernel_is_saved(tmp_path):
    """Chosen by the user; and a new file has nothing to keep."""
    other = {"kernelspec": {"name": "ir"}, "language_info": {"name": "R"}}
    (tmp_path / "a.ipynb").write_text(json.dumps({"metadata": OLD}))
    assert saved(tmp_path, "a.ipynb", other) == other
    assert saved(tmp_path, "new.ipynb", NEW) == NEW
