"""One fleet for all tests of this folder."""

from pathlib import Path

import pytest

import srelib
from srelib import partitioned
from srelib.dataset import Dataset
from srelib.partitioned import FleetSummary
from tests.partitioned import fleets


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a fleet whose counts lie by service."""
    return fleets.write(fleets.fleet(), tmp_path_factory.mktemp("fleet") / "exports")


@pytest.fixture(scope="session")
def whole(exports: Path) -> Dataset:
    """The same, read as a whole."""
    return srelib.load(exports)


@pytest.fixture(scope="session")
def found(exports: Path) -> FleetSummary:
    """The same, asked service by service."""
    return partitioned.summarize(exports, on=partitioned.engine(jobs=1), keep=False)
