"""The folder of a report: whole at every moment, of one run at a time, never anybody else's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from srelib.errors import InputError
from srelib.report import destination

NAMES = ("index.html", "00.html", "01.html")
WRITER = f"""
import os, signal, sys
from pathlib import Path
from srelib.report import destination
if sys.argv[2] == "moved":
    destination._exchange = lambda one, other: False
out = Path(sys.argv[1])

def stop(event, arguments):
    global left
    left -= event.startswith(("os.", "open", "shutil.", "ctypes."))
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

for line in sys.stdin:
    if pid := os.fork():
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)
        continue
    left = int(line)
    if left:
        sys.addaudithook(stop)
    for number in range(1 if left else 100_000):
        with destination.reserved(out), destination.replaced(out) as new:
            for name in {NAMES!r}:
                (new / name).write_text(f"{{os.getpid()}} {{number}}\\n" * 100)
    os._exit(0)
"""
"""For every number it reads, starts a process that writes prepared pages, and says how it ended.

With 0 it writes again and again, with n once, until just before the n-th call of the system.
"""


def write(out: Path, **files: str) -> None:
    """Write a report of these files (dots as underscores)."""
    with destination.reserved(out), destination.replaced(out) as new:
        for name, content in files.items():
            (new / name.replace("_", ".")).write_text(content)


def beside(out: Path) -> list[str]:
    """What lies in the folder of a report's folder."""
    return sorted(path.name for path in out.parent.iterdir())


@pytest.fixture(params=["exchanged", "moved"])
def out(request, tmp_path, monkeypatch):
    """The folder of a report, where folders can be exchanged and where they cannot."""
    if request.param == "moved":
        monkeypatch.setattr(destination, "_exchange", lambda one, other: False)
    return tmp_path / "reports"


def test_a_new_report_takes_the_place_of_the_old_one(out):
    """Pages that no longer exist are gone, nothing is left in or beside the folder."""
    write(out, a_html="old", b_html="old", index_html="old")
    write(out, a_html="new", index_html="new")
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "a.html": "new", "index.html": "new", ".srelib-report": "a.html\nindex.html\n",
    }  # fmt: skip
    assert beside(out) == ["reports"]


def test_an_error_on_the_way_leaves_the_old_report(out):
    """Half a report is never seen."""
    write(out, a_html="old")

    def stop_halfway() -> None:
        with destination.reserved(out), destination.replaced(out) as new:
            (new / "a.html").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_halfway()
    assert (out / "a.html").read_text() == "old"
    assert beside(out) == ["reports"]


@contextmanager
def writers(out: Path, way: str) -> Iterator[Callable[[int | None], int]]:
    """Start a process that writes; returns its number."""
    write(out, **{name.replace(".", "_"): "0 0\n" * 100 for name in NAMES})
    with subprocess.Popen([sys.executable, "-c", WRITER, out, way], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:  # fmt: skip
        assert parent.stdin
        assert parent.stdout

        def ask(number: int | None) -> int:
            if number is not None:
                print(number, file=parent.stdin, flush=True)
            return int(parent.stdout.readline())

        yield ask
        parent.stdin.close()


def assert_whole(out: Path, way: str) -> None:
    """One report where folders can be exchanged, else whole pages of two."""
    assert len(runs(out)) == 1 if way == "exchanged" else runs_by_page(out)


forked = pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")


@forked
@pytest.mark.parametrize("way", ["exchanged", "moved"])
def test_a_kill_at_any_moment_leaves_whole_pages(way, tmp_path):
    """All of one run where folders can be exchanged, else after what the next run does first."""
    out, chance, interrupted = tmp_path / "reports", random.Random(1), 0
    with writers(out, way) as ask:
        for _ in range(100):
            pid = ask(0)
            time.sleep(chance.uniform(0, 0.01))
            os.kill(pid, signal.SIGKILL)
            assert ask(None) == signal.SIGKILL
            interrupted += beside(out) != ["reports"]
            assert_whole(out, way)
    assert interrupted > 30
    with destination.reserved(out):
        assert len(runs(out)) == 1
    assert beside(out) == ["reports"]


@forked
@pytest.mark.parametrize("way", ["exchanged", "moved"])
def test_an_end_before_any_call_of_the_system_leaves_whole_pages(way, tmp_path):
    """Each of them in turn, those that clear up after the end before included."""
    out, ended, number = tmp_path / "reports", signal.SIGKILL, 0
    with writers(out, way) as ask:
        while ended:
            number += 1
            ask(number)
            ended = ask(None)
            assert_whole(out, way)
    assert number > 20
    assert len(runs(out)) == 1
    assert beside(out) == ["reports"]


def runs_by_page(out: Path) -> list[set[str]]:
    """Which runs each page is of; every page is there, and has all of its lines."""
    pages = [(out / name).read_text().splitlines() for name in NAMES]
    assert {len(lines) for lines in pages} == {100}
    return [set(lines) for lines in pages]


def runs(out: Path) -> set[str]:
    """Which runs a report is of."""
    return set().union(*runs_by_page(out))


def test_a_report_half_moved_is_finished_by_the_next_run(tmp_path, monkeypatch):
    """Before it does anything else; a file it no longer has goes."""
    out = tmp_path / "reports"
    monkeypatch.setattr(destination, "_exchange", lambda one, other: False)
    write(out, a_html="old", b_html="old", index_html="old")
    replace = Path.replace

    def stop(self: Path, target: Path) -> Path:
        if self.name == "index.html":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write(out, a_html="new", index_html="new")
    assert [(out / name).read_text() for name in ("a.html", "index.html")] == ["new", "old"]
    monkeypatch.setattr(Path, "replace", replace)
    with destination.reserved(out):
        found = {path.name: path.read_text() for path in out.iterdir()}
    assert found == {
        "a.html": "new", "index.html": "new", ".srelib-report": "a.html\nindex.html\n",
    }  # fmt: skip


def test_a_second_run_is_told_of_the_first(out):
    """And disturbs nothing of it; afterwards the folder is free."""
    with destination.reserved(out), destination.replaced(out) as new:
        (new / "a.html").write_text("first")
        with pytest.raises(InputError, match="another run is writing the report 'reports'"):
            write(out, a_html="second")
    assert (out / "a.html").read_text() == "first"
    write(out, a_html="third")
    assert (out / "a.html").read_text() == "third"


def test_what_a_killed_run_left_goes_and_nothing_else(out):
    """A folder of another report stays, and what only looks similar."""
    ours, others = [".reports.new-12"], [".report.new-12", ".reports.new-x", "reports.new-12"]
    for name in (*ours, *others):
        (out.parent / name).mkdir()
    (out.parent / ".reports.lock").touch()
    write(out, a_html="x")
    assert beside(out) == sorted([*others, "reports"])


def test_a_folder_that_is_the_only_place_is_written_in_place(tmp_path, monkeypatch):
    """A mounted folder cannot be renamed; its lock lies in it."""
    out = tmp_path / "reports"
    out.mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == out)
    for text in ("old", "new"):
        with destination.reserved(out), destination.replaced(out) as new:
            assert (new.parent, (out / ".reports.lock").exists()) == (out, True)
            (new / "a.html").write_text(text)
        assert sorted(path.name for path in out.iterdir()) == [".srelib-report", "a.html"]
        assert (out / "a.html").read_text() == text


def test_a_place_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    """Below a file, or with a name that no file may have; folders made for it are gone."""
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "reports", tmp_path / "a" / "b" / ("x" * 300)):
        with pytest.raises(InputError, match="cannot be written"), destination.reserved(out):
            pytest.fail("it was taken")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_with_other_files_is_refused_by_name(tmp_path):
    """`--out .` in a home directory must not delete it."""
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(InputError, match=r"holds 'thesis.doc', which no report wrote"):
        destination.refuse_foreign(tmp_path)


def test_a_report_somebody_added_notes_to_is_refused(out):
    """Their file would be lost, also one that was added while the report was written."""
    write(out, a_html="x")

    def add_meanwhile() -> None:
        with destination.reserved(out), destination.replaced(out):
            (out / "notes.txt").write_text("mine")

    for add in (add_meanwhile, lambda: write(out, a_html="y")):
        with pytest.raises(InputError, match=r"notes.txt"):
            add()
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "a.html").read_text() == "x"


def test_an_empty_folder_may_be_used(out):
    """Somebody made it for the report."""
    out.mkdir()
    write(out, a_html="x")
    assert (out / "a.html").exists()


def test_a_file_of_that_name_is_refused(tmp_path):
    """It is not deleted to make room."""
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        destination.refuse_foreign(tmp_path / "reports")


def test_temporary_folders_of_killed_runs_go_and_those_of_others_stay(tmp_path, monkeypatch):
    """Of a live run, of one that is just starting, and of another program."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("srelib-killed", "srelib-starting", "srelib-foreign"):
        (tmp_path / name).mkdir()
    long_ago = time.time() - 60
    for name in ("srelib-killed", "srelib-starting"):
        (tmp_path / name / ".lock").touch()
    os.utime(tmp_path / "srelib-killed" / ".lock", (long_ago, long_ago))
    with destination.work_folder() as live:
        os.utime(live / ".lock", (long_ago, long_ago))
        with destination.work_folder():
            left = {path.name for path in tmp_path.iterdir()}
            assert {"srelib-starting", "srelib-foreign", live.name} < left
            assert "srelib-killed" not in left
