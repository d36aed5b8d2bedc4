"""From a folder of exports to a folder of pages: notebooks run, pages rendered, the index, values.

Reading is most of what a notebook waits for, and every notebook reads the same folder.
So it is read once, for the index, and the dataset is left for the kernels: asked for that folder,
`srelib.load` there waits for it instead of reading again.
Kernels import this module, so what only the report needs loads on first use.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srelib import cache, dataset, partitioned, shipped
from srelib.errors import InputError, ParameterError
from srelib.folder.files import fingerprint
from srelib.report import destination
from srelib.report import pdf as printing

if TYPE_CHECKING:
    from srelib.changes import Record
    from srelib.report.execute import Notebook, Progress, Run

PART = ("service", "team", "since", "until")
"""Parameters of every notebook that say which part of the data it is about."""


@dataclass(frozen=True)
class Report:
    """What a run wrote.

    Parameters
    ----------
    out : Path, folder of the report; open ``index.html`` in it
    pages : tuple of str, names of the pages, in order
    failed : dict of str to str, pages whose notebook did not finish, and why
    markdown : str, the first page as Markdown
    """

    out: Path
    pages: tuple[str, ...]
    failed: dict[str, str]
    markdown: str = field(default="", repr=False)


def run(
    data: Path | str,
    *,
    out: Path | str,
    notebooks: Path | str | None = None,
    only: Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    previous: Path | str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    keep: bool = True,
    pdf: bool = False,
) -> Report:
    """Run notebooks on a folder of exports and write the report.

    Parameters
    ----------
    data : path, folder of exports
    out : path, folder of the report; replaced only when the new one is complete
    notebooks : path, folder of notebooks; the suite's own by default
    only : sequence of str, names or beginnings of names ("02"); all by default. Other pages of
        the report in `out` are kept, where they are about the same data
    parameters : mapping of str to value, for every notebook that knows the name
    previous : path, an earlier report or folder of exports that this one is compared with
    jobs : int, notebooks running at the same time; by default one more than processors
    progress : callable, ``progress(name, cells done, cells in all)``, from another thread
    keep : bool, take exports and notebooks that were read and run before from the cache, and keep
        those of this run there
    pdf : bool, print each page as PDF, too, with the Chromium or Chrome of this machine

    Returns
    -------
    Report

    Raises
    ------
    InputError
        The folder or the previous one cannot be used; `out` holds files of others, cannot be
        written, is being written by another run, or its pages are of other data and would be kept;
        there is no browser that prints. Nothing is written.
    ParameterError
        A parameter or notebook name is unknown, or a value of the wrong type.
    """
    from srelib.changes import read
    from srelib.report.execute import assign, find, typed

    source, target = Path(data).resolve(), Path(out).resolve()
    if not source.is_dir():
        raise InputError(f"no folder {str(data)!r}", fix="name the folder that holds the exports")
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs must be 1 or more; got {jobs}.")
    if target == source:
        problem = "the report would take the place of the exports"
        raise InputError(problem, fix="name another folder with --out")
    found = find(notebooks or shipped.notebooks(), only=only)
    known = {book.name: book.parameters for book in found}
    values = assign(known, parameters or {}, data=str(source))
    printer = printing.browser() if pdf else ""
    part = {name: typed(name, (parameters or {}).get(name), default=None) for name in PART}
    with destination.reserved(target):
        before = None if previous is None else read(previous)
        with (
            cache.using(cache.usual_folder() if keep else None),
            destination.work_folder() as temporary,
            _runs(
                [(book, values[book.name]) for book in found],
                source,
                temporary,
                jobs=jobs or _processors() + 1,
                progress=progress or (lambda name, done, total: None),
            ) as runs,
        ):
            whole = only is None
            return _write(runs, found, source, target, temporary, part, before,
                          whole=whole, printer=printer)  # fmt: skip


@contextmanager
def _runs(
    work: Sequence[tuple[Notebook, Mapping[str, Any]]],
    source: Path,
    temporary: Path,
    *,
    jobs: int,
    progress: Progress,
) -> Iterator[Iterable[Run]]:
    """Runs as they finish, those first that are kept from before."""
    from srelib.report import kept_runs
    from srelib.report.execute import executing

    exports = fingerprint(source) if cache.in_use() else ""
    names, ready, left = {}, [], []
    for book, values in work:
        names[book.name] = kept_runs.entry(book, values, exports)
        if run := kept_runs.kept(names[book.name], book, values, temporary):
            progress(book.name, 1, 1)
            ready.append(run)
        else:
            left.append((book, values))
    if not left:
        yield ready
        return
    # what a kernel runs before the notebook, so that it takes what is offered
    startup = (
        f"import srelib.report.build as b; b._take({str(source)!r}, {str(temporary)!r}); del b\n"
    )
    with executing(left, folder=temporary, jobs=jobs, startup=startup, progress=progress) as runs:
        fresh, shown = tee(runs)
        yield chain(ready, shown)
    if cache.in_use() and fingerprint(source) == exports:
        for run in fresh:
            kept_runs.keep(names[run.notebook.name], run, temporary)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _write(
    runs: Iterable[Run],
    books: Sequence[Notebook],
    source: Path,
    target: Path,
    temporary: Path,
    part: Mapping[str, Any],
    previous: Record | None,
    *,
    whole: bool,
    printer: str,
) -> Report:
    """Read the data for the index while the kernels work, render pages as they come."""
    from srelib.report import sources

    read = partitioned.load(source, service=part["service"], team=part["team"])
    sources._refuse_empty(read)
    _offer(read, temporary)
    exports = read.of(part["service"], team=part["team"]).between(part["since"], part["until"])
    chosen = bool(part["service"] or part["team"])
    from srelib.changes.record import FILE, record
    from srelib.report import (
        actions,
        difference,
        first_page,
        glossary,
        index,
        render,
        services,
        values,
    )

    kept = record(exports)
    names = [book.name for book in books]
    others = [] if whole else values.earlier(target, kept, renewed=names)
    context = render.Context(
        books=sorted([*books, *others], key=lambda one: one.name),
        provenance=sources._provenance(exports, only=exports.services if chosen else ()),
        places={str(source): sources._folder_name(source), **_places(temporary)},
    )
    if previous is not None and chosen:
        previous = previous.of(exports.services)
    compared = difference.compared(kept, previous)
    board = difference.on_board(index.scoreboard(exports), kept, compared)
    board = services.linked(board, exports.services if part["service"] else ())
    pages = {page.name: page for page in others}
    pages |= {run.notebook.name: render.page(run, context) for run in runs}
    ordered = [pages[name] for name in context.names]
    changed = [(one.title, difference.short(one, context)) for one in compared]
    todo = actions.actions(ordered, board, context)
    html = {
        **{f"{page.name}.html": page.html for page in ordered},
        "index.html": index.render(board, ordered, context, changed, todo),
        f"{difference.PAGE}.html": difference.page(compared, context),
        **dict(services.rendered(board, ordered, exports, kept, compared, context)),
    }
    files = {name: glossary.linked(text) for name, text in html.items()}
    files |= {f"{glossary.PAGE}.html": glossary.page(context), FILE: values.text(kept, ordered)}
    with destination.replaced(target) as new:
        for name, text in files.items():
            (new / name).write_text(text, "utf-8")
        if printer:
            printing.printed(new, by=printer)
    failed = {name: pages[name].failure for name in names if pages[name].failure}
    markdown = first_page.text(board, ordered, compared, context.provenance)
    return Report(target, tuple(page.name for page in ordered), failed, markdown)


def _places(temporary: Path) -> dict[str, str]:
    """Paths of this machine that may turn up in outputs, and what is shown instead."""
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


PATIENCE = 900
"""Longest a kernel waits for the report to have read [s]; then it reads for itself."""

_FILE = "dataset.pickle"


def _offer(exports: Any, folder: Path) -> None:
    unfinished = folder / f"{_FILE}.part"
    unfinished.write_bytes(pickle.dumps(exports, protocol=pickle.HIGHEST_PROTOCOL))
    unfinished.rename(folder / _FILE)


def _take(source: str, folder: str) -> None:
    """Make `srelib.load` of one folder return the dataset offered."""
    read, offered = dataset.load, Path(folder, _FILE)

    def load(path: str | Path, *, as_of: Any = None) -> Any:
        if as_of is None and Path(path).resolve() == Path(source):
            last = time.monotonic() + PATIENCE
            while not offered.exists() and time.monotonic() < last:
                time.sleep(0.01)
            if offered.exists():
                return pickle.loads(offered.read_bytes())
        return read(path, as_of=as_of)

    load.__doc__ = read.__doc__
    dataset.load = load
