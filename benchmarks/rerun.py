"""What a run costs that has run before: the report with nothing new, a year with one month more.

And the first report, against one of the version whose kernels each imported everything and which
kept nothing; where the history of the repository is there.
Reports are measured in processor time, which other programs hardly lengthen; loading by the clock.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import ROOT, Row, alternate, seconds, table
from srelib import cache, load

LIMIT_NOTHING_NEW, LIMIT_ONE_MONTH, LIMIT_FIRST = 0.15, 0.4, 0.75
BEFORE = "6c3d5b8"
"""Commit of that version."""
REPEATS = 3
MONTHS = 13
SERVICES = ("api", "web", "cart", "pay", "auth")
SEED = 20261129


def report(out: Path, kept: Path | None, tree: Path = ROOT) -> float:
    """Processor time of a report of the sample.

    Parameters
    ----------
    out : Path
        Where the report goes.
    kept : Path or None
        Folder of the cache; None: without one.
    tree : Path
        Sources of the version that writes it.

    Returns
    -------
    float
        [s], of the command and its kernels.
    """
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "srelib", "report", str(tree / "data" / "sample"),
         "--out", str(out)],
        check=True, capture_output=True, cwd=tree,
        env={**os.environ, "SRELIB_CACHE": str(kept or ""), "PYTHONPATH": str(tree)},
    )  # fmt: skip
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def monthly(folder: Path) -> Path:
    """Exports of single minutes, a file a month, each from the last day of the month before.

    Parameters
    ----------
    folder : Path
        Where to.

    Returns
    -------
    Path
        The folder.
    """
    folder.mkdir()
    random = np.random.default_rng(SEED)
    firsts = pd.date_range("2025-01-01", periods=MONTHS + 1, freq="MS", tz="UTC")
    times = pd.date_range(firsts[0], firsts[-1], freq="min", inclusive="left")
    total = random.poisson(500, (len(times), len(SERVICES)))
    good = total - random.binomial(total, 0.002)
    for number in range(MONTHS):
        mine = (times >= firsts[number] - pd.Timedelta("1D")) & (times < firsts[number + 1])
        rows = pd.DataFrame(
            {
                "time": np.repeat(times[mine].strftime("%Y-%m-%dT%H:%M:%SZ"), len(SERVICES)),
                "service": np.tile(SERVICES, int(mine.sum())),
                "good": good[mine].ravel(),
                "total": total[mine].ravel(),
            }
        )
        rows.to_csv(folder / f"requests-{number:02}.csv", index=False)
    return folder


def one_month_more(folder: Path, scratch: Path) -> float:
    """Seconds to load all months where those before the last are kept.

    Parameters
    ----------
    folder : Path
        The exports.
    scratch : Path
        For the cache, and for the months before the last.

    Returns
    -------
    float
        [s]
    """
    kept, before = scratch / "kept", scratch / "before"
    for old in (kept, before):
        shutil.rmtree(old, ignore_errors=True)
    before.mkdir()
    for path in sorted(folder.iterdir())[:-1]:
        shutil.copy(path, before)
    with cache.using(kept):
        load(before)
        return seconds(lambda: load(folder))


def run(repeats: int = REPEATS) -> list[Row]:
    """Measure.

    Parameters
    ----------
    repeats : int
        Runs of each side.

    Returns
    -------
    list of Row
    """
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        folder = monthly(scratch / "exports")
        second, first = alternate(
            lambda: one_month_more(folder, scratch), lambda: seconds(lambda: load(folder)),
            repeats=repeats,
        )  # fmt: skip
        kept = scratch / "report"
        fresh = report(scratch / "out", kept)
        again = report(scratch / "out", kept)
        rows = [
            Row("report, nothing new", again, fresh, "the first run", LIMIT_NOTHING_NEW, 1),
            Row("load, one month more", second, first, "all anew", LIMIT_ONE_MONTH, repeats),
        ]
        tree = scratch / "version"
        if subprocess.call(["git", "worktree", "add", "--detach", tree, BEFORE], cwd=ROOT) == 0:
            try:
                old = report(scratch / "old", None, tree)
            finally:
                subprocess.call(["git", "worktree", "remove", "--force", tree], cwd=ROOT)
            rows.append(Row("report, first run", fresh, old, f"commit {BEFORE}", LIMIT_FIRST, 1))
        return rows


if __name__ == "__main__":
    print(table(run()))
