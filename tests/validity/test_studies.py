"""Every study still runs, on a handful of fleets: its figures say nothing, its table is whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.validity.__main__ import names

ROOT = Path(__file__).parents[2]
FEW = {"fleet": 2}


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_study_runs(name):
    """Its cells keep their limits or not; either way it gets to its end."""
    command = [sys.executable, "-m", "tests.validity", name, "--workers", "1",
               "--seeds", str(FEW.get(name, 4))]  # fmt: skip
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.stdout.startswith(f"## {name}, "), found.stderr
    rows = found.stdout.split("\n\n", 1)[1].strip().splitlines()
    assert rows[0] == "| case | measure | found | asked | fleets |"
    assert len(rows) > 3


def test_studies_are_those_whose_tables_stand_in_the_methods():
    """None without a table, no table without a study."""
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    assert all(f"<!-- validity:{name} -->" in text for name in names())
    assert text.count("<!-- validity:") == len(names())
