"""``srelib report`` of all notebooks against sequential nbconvert of the same notebooks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import ROOT, Row, alternate, elapsed, program, table

LIMIT = 0.7
REPEATS = 3
DATA = ROOT / "data" / "sample"


def ours(folder: Path) -> float:
    """Seconds ``srelib report`` takes for every notebook and the index.

    Parameters
    ----------
    folder : Path
        Scratch folder.

    Returns
    -------
    float
        [s]
    """
    return elapsed([program("srelib"), "report", DATA, "--no-cache", "--out", folder / "reports"])


def nbconvert(folder: Path) -> float:
    """Seconds nbconvert takes to execute the same notebooks one after the other.

    One command for all of them, so that its own start counts once only.

    Parameters
    ----------
    folder : Path
        Scratch folder.

    Returns
    -------
    float
        [s]
    """
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    options: list[str | Path] = ["nbconvert", "--execute", "--to", "html"]
    return elapsed([program("jupyter"), *options, "--output-dir", folder / "html", *notebooks])


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
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        mine, theirs = alternate(lambda: ours(folder), lambda: nbconvert(folder), repeats=repeats)
    return [Row("srelib report", mine, theirs, "nbconvert, sequential", LIMIT, repeats)]


if __name__ == "__main__":
    print(table(run()))
