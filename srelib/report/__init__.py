"""Runs the notebooks on a folder of exports and writes one HTML page each, and an index.

Kernels import a part of this package, so what only the report needs loads on first use.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srelib.errors import InputError, ParameterError

if TYPE_CHECKING:
    from srelib.report import execute
    from srelib.report.parameters import Notebook

__all__ = ["Report", "notebooks_folder", "run"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Report:
    """What a run wrote.

    Parameters
    ----------
    out : Path
        Folder of the report; open ``index.html`` in it.
    pages : tuple of str
        Names of the pages, in order.
    failed : dict of str to str
        Pages whose notebook did not finish, and why; empty when all did.
    """

    out: Path
    pages: tuple[str, ...]
    failed: dict[str, str]

    @property
    def index(self) -> Path:
        """The first page."""
        return self.out / "index.html"


def notebooks_folder() -> Path:
    """Folder of the notebooks: the project's when working in it, else the installed ones."""
    given = os.environ.get("SRELIB_NOTEBOOKS")
    package = Path(__file__).resolve().parents[1]
    candidates = [Path(given)] if given else [package.parent / "notebooks", package / "notebooks"]
    for candidate in candidates:
        if any(candidate.glob("*.ipynb")):
            return candidate
    raise InputError("the notebooks of the suite were not found", fix="name their folder")


def run(
    data: Path | str,
    *,
    out: Path | str,
    notebooks: Path | str | None = None,
    only: Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run notebooks on a folder of exports and write the report.

    Parameters
    ----------
    data : path
        Folder of exports.
    out : path
        Folder of the report; replaced only when the new one is complete.
    notebooks : path, optional
        Folder of notebooks; the suite's own by default.
    only : sequence of str, optional
        Names or beginnings of names ("02"); all by default.
    parameters : mapping of str to value, optional
        Parameters of the notebooks; a name applies to every notebook that knows it.
    jobs : int, optional
        Notebooks running at the same time; by default one more than there are processors,
        because a kernel that starts waits more than it works.
    progress : callable, optional
        Called as ``progress(name, cells done, cells in all)``, from another thread.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        The folder cannot be used, or `out` holds files of others; nothing is written.
    ParameterError
        A parameter or notebook name is unknown, or a value of the wrong type.
    """
    from srelib.report import execute, folder, shared
    from srelib.report.parameters import find

    source, target = Path(data).resolve(), Path(out).resolve()
    if not source.is_dir():
        raise InputError(f"no folder {str(data)!r}", fix="name the folder that holds the exports")
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs must be 1 or more; got {jobs}.")
    folder.check(target)
    found = find(notebooks or notebooks_folder(), only=only)
    work = _work(found, source, parameters or {})
    with (
        tempfile.TemporaryDirectory(prefix="srelib-", ignore_cleanup_errors=True) as temporary,
        execute.execute(
            work,
            folder=Path(temporary),
            jobs=jobs or _processors() + 1,
            startup=shared.startup(source, Path(temporary)),
            progress=progress,
        ) as runs,
    ):
        return _write(runs, [book for book, _ in work], source, target, Path(temporary))


def _work(
    found: Sequence[Notebook], source: Path, values: Mapping[str, Any]
) -> list[tuple[Notebook, dict[str, Any]]]:
    from srelib.report.parameters import assign

    assigned = assign({book.name: book.parameters for book in found}, values)
    return [
        (
            book,
            {**({"data": str(source)} if "data" in book.parameters else {}), **assigned[book.name]},
        )
        for book in found
    ]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _write(
    runs: execute.Executing,
    books: Sequence[Notebook],
    source: Path,
    target: Path,
    temporary: Path,
) -> Report:
    """Read the data for the index while the kernels work, render pages as they come."""
    from srelib.dataset import load
    from srelib.report import folder, shared
    from srelib.report.understood import usable

    dataset = usable(load(source))
    shared.offer(dataset, temporary)
    from srelib.report import index, render
    from srelib.report.index import folder_name, provenance

    context = render.Context(
        links=[render.Link(book.name, book.title) for book in books],
        provenance=provenance(dataset),
        places={str(source): folder_name(source), **_places(temporary)},
    )
    board = index.scoreboard(dataset)
    pages = {run.notebook.name: render.page(run, context) for run in runs}
    ordered = [pages[book.name] for book in books]
    with folder.replaced(target) as new:
        for page in ordered:
            (new / f"{page.name}.html").write_text(page.html, "utf-8")
        (new / "index.html").write_text(index.render(board, ordered, dataset, context), "utf-8")
    failed = {page.name: page.failure for page in ordered if page.failure}
    return Report(target, tuple(page.name for page in ordered), failed)


def _places(temporary: Path) -> dict[str, str]:
    """Paths of this machine that may turn up in outputs, and what is shown instead."""
    import sys

    package = Path(__file__).resolve().parents[2]
    known = {
        str(temporary.resolve()): "work",
        str(temporary): "work",
        str(package): "srelib",
        sys.prefix: "python",
        sys.base_prefix: "python",
        str(Path.home()): "~",
    }
    return {path: label for path, label in known.items() if path.count(os.sep) > 1}
