"""One reading of the exports for all notebooks of a report.

Reading is most of what a notebook waits for, and every notebook reads the same folder.
The report reads it once, for its first page, and leaves the dataset for the kernels: asked
for that folder, `srelib.load` there waits for it instead of reading again.
Any other folder, or another `as_of`, is read as usual.
"""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

PATIENCE = 900
"""Longest a kernel waits for the report to have read [s]; then it reads for itself."""

_FILE = "dataset.pickle"


def offer(dataset: Any, folder: Path) -> None:
    """Leave a dataset for the kernels."""
    unfinished = folder / f"{_FILE}.part"
    unfinished.write_bytes(pickle.dumps(dataset, protocol=pickle.HIGHEST_PROTOCOL))
    unfinished.rename(folder / _FILE)


def startup(source: Path, folder: Path) -> str:
    """Python a kernel runs before the notebook, so that it takes what is offered."""
    return f"import srelib.report.shared as s; s.take({str(source)!r}, {str(folder)!r}); del s\n"


def take(source: str, folder: str) -> None:
    """Make `srelib.load` of one folder return the dataset offered."""
    from srelib import dataset

    read = dataset.load

    def load(path: str | Path, *, as_of: Any = None) -> Any:
        if as_of is None and Path(path).resolve() == Path(source) and _wait(Path(folder, _FILE)):
            return pickle.loads(Path(folder, _FILE).read_bytes())
        return read(path, as_of=as_of)

    load.__doc__ = read.__doc__
    dataset.load = load


def _wait(offered: Path) -> bool:
    last = time.monotonic() + PATIENCE
    while not offered.exists() and time.monotonic() < last:
        time.sleep(0.01)
    return offered.exists()
