"""Two tiny notebooks and a tiny folder of exports."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell

from tests.report.tiny import PARAMETERS, SAYS, SLO, book, code


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Two notebooks that read the data and succeed; only the second knows `target`."""
    folder = tmp_path / "books"
    folder.mkdir()
    first = book(
        new_markdown_cell("# How many?\nWhy it is asked. See [the other](01_where.ipynb)."),
        code(PARAMETERS, "parameters"),
        new_markdown_cell("## What this says"),
        code(SAYS, "remove-input"),
        new_markdown_cell("## Where it was read"),
        code("print(data)\nimport os, sys\nprint(os.getcwd())\nprint('noise', file=sys.stderr)"),
        title="How many?",
    )
    second = book(
        new_markdown_cell("# Where?"),
        code(PARAMETERS + "\ntarget = 0.999", "parameters"),
        code("print(weeks, target)"),
        title="Where?",
    )
    nbformat.write(first, folder / "00_how_many.ipynb")
    nbformat.write(second, folder / "01_where.ipynb")
    return folder


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """One service, 48 hourly buckets of 100 requests, one of them with 10 failures."""
    folder = tmp_path / "my exports"
    folder.mkdir()
    times = pd.date_range("2026-06-01", periods=48, freq="h", tz="UTC")
    good = [100] * 47 + [90]
    rows = [f"{t:%Y-%m-%dT%H:%M:%SZ},shop,{g},100" for t, g in zip(times, good, strict=True)]
    (folder / "requests.csv").write_text("\n".join(["time,service,good,total", *rows, ""]))
    (folder / "slos.yaml").write_text(SLO)
    return folder
