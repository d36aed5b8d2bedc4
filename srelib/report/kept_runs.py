"""Notebooks that ran before on the same exports, with the same parameters, code and versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import nbformat

from srelib import cache
from srelib.report.execute import Literal, Notebook, Run, with_values

_FOLDER = "{folder of the run}"
"""Stands for the temporary folder of a run, whose name differs from run to run."""


def entry(book: Notebook, values: Mapping[str, Literal], exports: str) -> str:
    """Name under which a run is kept; `exports` is the hash of all files it can read."""
    node = with_values(book.node, values)
    cells = [(cell.cell_type, cell.source, cell.metadata) for cell in node.cells]
    return cache.key("notebook", book.name, node.metadata, cells, exports)


def kept(name: str, book: Notebook, values: Mapping[str, Literal], folder: Path) -> Run | None:
    """The run that is kept, as if it had just ended."""
    content = cache.get(name)
    if content is None:
        return None
    text = content.decode().replace(_FOLDER, str(folder))
    return Run(book, nbformat.from_dict(json.loads(text)), dict(values))


def keep(name: str, run: Run, folder: Path) -> None:
    """Keep a run that finished."""
    if run.failure is None:
        text = json.dumps(run.node)  # keys in their order, which findings are written in
        cache.put(name, text.replace(str(folder), _FOLDER).encode())
