"""The exports that are known: each by its kind, loaded when a file of that kind comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from srelib.readers import formats

FOLDER = Path(formats.__file__).parent


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_every_export_of_a_kind_has_its_own_name(kind: str) -> None:
    """A name that `sources.toml` can say means one export."""
    names = [one.name for one in formats.of_kind(kind)]
    assert len(set(names)) == len(names) > 5


def test_every_module_of_the_folder_is_asked() -> None:
    """A declaration that nobody names reads no file."""
    named = {place.split(".")[0] for places in formats._DECLARED.values() for place in places}
    assert named == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}


def test_a_table_loads_no_declaration_of_json() -> None:
    """What cannot be the format of a file costs it nothing."""
    code = (
        "import sys; from srelib.readers.recognition import families; families('csv');"
        "print([name for name in sys.modules if name.endswith(('.jenkins', '.jira', '.mapping'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['srelib.readers.formats.jira']"
