"""Kernels that are copies of one process."""

import os
import signal
import sys
import time

import pytest

from srelib.report import forking
from tests.report.test_execute import run, text

linux = pytest.mark.skipif(not forking.AVAILABLE, reason="kernels are copied on Linux only")

SOURCE = """import os, sys
before = {"pandas", "matplotlib.pyplot", "scipy.stats"} <= {*sys.modules}
print(os.getppid(), os.getpid(), before, "srelib.figures" in sys.modules)"""


@linux
def test_copies_share_what_is_imported_and_nothing_they_do(tmp_path):
    """One parent, a process each; figures look for a shell, and are not there before it."""
    shown = [text(one).split() for one in run(tmp_path, a=SOURCE, b=SOURCE).values()]
    assert shown[0][0] == shown[1][0]
    assert shown[0][1] != shown[1][1]
    assert [one[2:] for one in shown] == [["True", "False"]] * 2


@pytest.mark.parametrize("copied", [pytest.param(True, marks=linux), False])
def test_a_figure_looks_the_same_in_every_kernel(tmp_path, monkeypatch, copied):
    """Copied or started anew, a kernel draws once for its page, and the same bytes."""
    monkeypatch.setattr(forking, "AVAILABLE", copied)
    source = "from srelib.figures import canvas\nax = canvas.axes(None)\nax.plot([1, 2]);"
    outputs = run(tmp_path, a=source)["a"].node.cells[-1].outputs
    [shown] = [one.data["image/png"] for one in outputs if "image/png" in one.get("data", {})]
    assert shown.strip() == drawn_here()


def drawn_here() -> str:
    """The same figure as PNG, drawn here."""
    from srelib.figures import canvas, show

    ax = canvas.axes(None)
    ax.plot([1, 2])
    return show.png(ax.figure)[0]


@linux
def test_copies_end_with_their_parent(tmp_path):
    """However the report ends, no kernel stays behind."""
    with forking.copying({**os.environ}) as copier:
        process = copier.copy(["-f", str(tmp_path / "connection.json")], str(tmp_path))
        assert process.poll() is None
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert process.poll() == 0


@linux
def test_a_copy_takes_signals_like_a_child(tmp_path):
    """It can be ended, and waited for."""
    with forking.copying({**os.environ}) as copier:
        process = copier.copy(["-f", str(tmp_path / "connection.json")], str(tmp_path))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == 0


@linux
def test_a_parent_that_ends_is_a_failure_not_a_hang(tmp_path, monkeypatch):
    """Pages say that no kernel started."""
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert run(tmp_path, a="print(1)")["a"].failure.kind == "Kernel did not start"
