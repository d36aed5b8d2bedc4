"""Notebooks run side by side in kernels that are all alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

from srelib.report import execute
from srelib.report.parameters import Notebook
from tests.report.tiny import book, code


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
    work = [(Notebook("n", book(code("1"), code("2")), {}), {"w": 1})]
    with execute.executing(work, folder=folder, jobs=1, progress=lambda *a: seen.append(a)) as runs:
        list(runs)
    assert seen == [("n", 0, 3), ("n", 1, 3), ("n", 2, 3), ("n", 3, 3)]
