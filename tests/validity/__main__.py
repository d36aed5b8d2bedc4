"""``python -m tests.validity [NAME ...]``: measure on simulated fleets whether intervals hold.

Each study is a module here with ``run(seeds, workers)``, which returns its cells, each with the
limit it must keep.
The table of a study stands in ``docs/methods.md`` between ``<!-- validity:NAME -->`` and
``<!-- /validity:NAME -->``; ``--write`` puts the new one there.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from tests.validity.cells import Cell, markdown, write

HERE = Path(__file__).parent
METHODS = HERE.parents[1] / "docs" / "methods.md"
SEEDS = 1000
"""Fleets of a cell, unless a study has a number of its own."""
SHARED = ("__init__", "__main__", "cells")


def names() -> list[str]:
    """The studies: every module here that has a ``run``."""
    return sorted(
        p.stem for p in HERE.glob("*.py") if p.stem not in SHARED and "test" not in p.stem
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the studies asked for; 0 when every cell keeps its limit, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.validity", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which: {', '.join(names())} (default: all)")
    parser.add_argument(
        "--seeds", type=int, help="fleets a cell (default: as many as the study asks)"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/methods.md")
    options = parser.parse_args(arguments)
    asked = options.name or names()
    unknown = sorted(set(asked) - set(names()))
    if unknown:
        parser.error(f"no study {unknown[0]!r}; there are {', '.join(names())}")
    cells: list[Cell] = []
    for name in asked:
        begun = time.monotonic()
        study = importlib.import_module(f"tests.validity.{name}")
        seeds = options.seeds or getattr(study, "SEEDS", SEEDS)
        found = study.run(seeds=seeds, workers=options.workers)
        print(f"## {name}, {time.monotonic() - begun:.0f} s\n\n{markdown(found)}\n", flush=True)
        if options.write:
            write(METHODS, name, found)
        cells += found
    return 0 if all(cell.holds for cell in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
