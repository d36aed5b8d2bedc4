"""The notebooks of a report: found, read, and asked for their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from srelib.errors import InputError, ParameterError
from srelib.report import parameters as params
from srelib.report.values import Literal


@dataclass(frozen=True)
class Notebook:
    """A notebook to run."""

    name: str
    node: NotebookNode = field(repr=False)
    parameters: dict[str, Literal]

    @property
    def title(self) -> str:
        """Title from the metadata, else the first heading, else the name."""
        given = self.node.metadata.get("title")
        if given:
            return str(given)
        lines = "\n".join(c.source for c in self.node.cells if c.cell_type == "markdown").split(
            "\n"
        )
        return next((line[2:].strip() for line in lines if line.startswith("# ")), self.name)


def find(folder: Path | str, *, only: Sequence[str] | None = None) -> list[Notebook]:
    """The notebooks of a folder, in order of their names."""
    paths = sorted(path for path in Path(folder).glob("*.ipynb") if not path.name.startswith("."))
    if not paths:
        raise InputError(f"no notebooks in {str(folder)!r}", fix="name the folder that holds them")
    chosen: set[str] = set()
    for name in only or [path.stem for path in paths]:
        stem = name.removesuffix(".ipynb")
        matches = [p.stem for p in paths if p.stem == stem] or [
            p.stem for p in paths if stem and p.stem.startswith(stem)
        ]
        if not matches:
            known = ", ".join(path.stem for path in paths)
            raise ParameterError(f"no notebook is called {name!r}. Known: {known}.")
        chosen.update(matches)
    return [read(path) for path in paths if path.stem in chosen]


def read(path: Path) -> Notebook:
    """A notebook file with the parameters it declares."""
    try:
        node = nbformat.read(path, as_version=4)
    except Exception as error:
        raise InputError(f"not a notebook ({error})", file=path.name) from error
    at = params.tagged(node, params.TAG)
    known = {} if at is None else params.defaults(node.cells[at].source, notebook=path.name)
    return Notebook(path.stem, node, known)
