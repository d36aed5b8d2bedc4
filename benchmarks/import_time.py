"""``import srelib`` against ``import pandas``, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import ROOT, Row, alternate, table

LIMIT = 1.15
REPEATS = 21
CODE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds(module: str) -> float:
    """Seconds a fresh interpreter takes to import a module.

    Parameters
    ----------
    module : str
        Its name.

    Returns
    -------
    float
        [s], without the start of the interpreter itself
    """
    command = [sys.executable, "-c", CODE.format(module)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


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
    ours, other = alternate(lambda: seconds("srelib"), lambda: seconds("pandas"), repeats=repeats)
    return [Row("import srelib", ours, other, "import pandas", LIMIT, repeats)]


if __name__ == "__main__":
    print(table(run()))
