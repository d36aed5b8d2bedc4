"""``python -m benchmarks [NAME ...]``: run the benchmarks, print one table, fail on a FAIL."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from pathlib import Path

from benchmarks.measure import Row, table

SHARED = ("__init__", "__main__", "growth", "measure", "sizes")


def names() -> list[str]:
    """The benchmarks: every module here that has a ``run``.

    Returns
    -------
    list of str
    """
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if path.stem not in SHARED)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks asked for.

    Parameters
    ----------
    arguments : list of str, optional
        Command line; default: that of the process.

    Returns
    -------
    int
        0 when every ratio keeps to its limit, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(names())} (default: all)")
    asked = parser.parse_args(arguments).name or names()
    unknown = sorted(set(asked) - set(names()))
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(names())}")
    rows: list[Row] = []
    for name in asked:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians\n")
    print(table(rows))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
