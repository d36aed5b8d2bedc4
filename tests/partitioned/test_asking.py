"""A run that ended goes on where it was; what changed is asked again."""

import os
import subprocess
import sys
import time

import pytest

from srelib import partitioned
from srelib.partitioned.engines import Processes
from srelib.report import fleet_pages
from tests.partitioned import fleets


class Counting(Processes):
    """Counts the services that are asked."""

    together = 1

    def __init__(self):
        super().__init__(1)
        self.asked = []

    def ask(self, parts, tasks):
        """As they are, noted."""
        self.asked += [name for names, _ in tasks for name in names]
        yield from super().ask(parts, tasks)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder for what is kept."""
    monkeypatch.setenv("SRELIB_CACHE", str(tmp_path / "cache"))


def test_what_was_answered_is_not_asked_again(exports, kept):
    """Of the same exports and settings."""
    first, second, other = Counting(), Counting(), Counting()
    one = partitioned.summarize(exports, on=first)
    again = partitioned.summarize(exports, on=second)
    assert (len(first.asked), second.asked) == (2 * len(one.services), [])
    assert again.decided.keys() == one.decided.keys()
    partitioned.summarize(exports, on=other, settings=partitioned.Settings(after="3h"))
    assert len(other.asked) == len(first.asked)


def test_a_service_whose_counts_changed_is_asked_again(tmp_path, kept):
    """And the others only where the fleet's answer about them is another."""
    world = fleets.fleet()
    partitioned.summarize(fleets.write(world, tmp_path / "one"), on=Counting())
    rows = world.dataset.sli.copy()
    mine = rows.index[rows["service"] == "web"]
    rows.loc[mine[100], "good"] = rows.loc[mine[100], "total"] - 1
    on = Counting()
    partitioned.summarize(fleets.write(world, tmp_path / "two", counts=rows), on=on)
    assert "web" in on.asked
    assert len(on.asked) < 2 * len(world.services)


def test_progress_counts_the_services(exports):
    """Of both rounds, from none to all."""
    told = []
    partitioned.summarize(exports, on=Counting(), keep=False,
                          progress=lambda *said: told.append(said))  # fmt: skip
    many = len(fleets.fleet().services)
    for what in ("effects", "services"):
        assert [done for said, done, _ in told if said == what] == [*range(many + 1)]


def test_runs_killed_at_any_moment_leave_whole_pages_or_none(exports, tmp_path):
    """And the run after them ends."""
    out = tmp_path / "pages"
    command = [sys.executable, "-m", "srelib", "fleet", str(exports), "--out", str(out)]
    environment = os.environ | {"SRELIB_CACHE": str(tmp_path / "cache")}
    for wait in (0.8, 2.0, 3.5, 5.0):
        run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        time.sleep(wait)
        run.kill()
        run.wait()
        assert not out.exists() or (out / "index.html").exists()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out / "index.html")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".pages")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of this kind")
def test_a_full_disk_is_an_error_that_leaves_the_pages_there(exports, found, tmp_path):
    """No file of the process may grow beyond 20 kB, as on a disk without room."""
    import resource

    out = tmp_path / "pages"
    fleet_pages.write(found, out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    done = subprocess.run(
        [sys.executable, "-m", "srelib", "fleet", str(exports), "--out", str(out)],
        preexec_fn=limit, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "srelib: the report cannot be written to" in done.stderr
    assert "(File too large). Fix: " in done.stderr
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"pages"}
