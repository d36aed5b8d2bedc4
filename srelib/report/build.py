"""From a folder of exports to a folder of pages: notebooks run, pages rendered, the index, values.

Reading is most of what a notebook waits for, and every notebook reads the same folder.
So it is read once, for the index, and the dataset is left for the kernels: asked for that folder,
`srelib.load` there waits for it instead of reading again.
Kernels import this module, so what only the report needs loads on first use.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srelib import cache, dataset
from srelib.errors import InputError, ParameterError
from srelib.folder.files import fingerprint

if TYPE_CHECKING:
    from srelib.changes import Record
    from srelib.report.execute import Notebook, Run

Progress = Callable[[str, int, int], None]


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


def _notebooks_folder() -> Path:
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
    previous: Path | str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    keep: bool = True,
) -> Report:
    """Run notebooks on a folder of exports and write the report.

    Parameters
    ----------
    data : path, folder of exports
    out : path, folder of the report; replaced only when the new one is complete
    notebooks : path, folder of notebooks; the suite's own by default
    only : sequence of str, names or beginnings of names ("02"); all by default
    parameters : mapping of str to value, for every notebook that knows the name
    previous : path, an earlier report or folder of exports that this one is compared with
    jobs : int, notebooks running at the same time; by default one more than processors
    progress : callable, ``progress(name, cells done, cells in all)``, from another thread
    keep : bool, take exports and notebooks that were read and run before from the cache, and keep
        those of this run there

    Returns
    -------
    Report

    Raises
    ------
    InputError
        The folder or the previous one cannot be used, or `out` holds files of others; nothing is
        written.
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
    _refuse_foreign(target)
    found = find(notebooks or _notebooks_folder(), only=only)
    known = {book.name: book.parameters for book in found}
    values = assign(known, parameters or {}, data=str(source))
    before = None if previous is None else read(previous)
    part = {name: typed(name, (parameters or {}).get(name), default=None) for name in PART}
    with (
        cache.using(cache.usual_folder() if keep else None),
        tempfile.TemporaryDirectory(prefix="srelib-", ignore_cleanup_errors=True) as temporary,
        _runs(
            [(book, values[book.name]) for book in found],
            source,
            Path(temporary),
            jobs=jobs or _processors() + 1,
            progress=progress or (lambda name, done, total: None),
        ) as runs,
    ):
        return _write(runs, found, source, target, Path(temporary), part, before)


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
    names = {book.name: kept_runs.entry(book, values, exports) for book, values in work}
    ready = [run for book, values in work
             if (run := kept_runs.kept(names[book.name], book, values, temporary))]  # fmt: skip
    done = {run.notebook.name for run in ready}
    left = [(book, values) for book, values in work if book.name not in done]
    for name in done:
        progress(name, 1, 1)
    if not left:
        yield ready
        return

    def finished(runs: Iterable[Run]) -> Iterator[Run]:
        yield from ready
        fresh = []
        for run in runs:
            fresh.append(run)
            yield run
        if cache.in_use() and fingerprint(source) == exports:
            for run in fresh:
                kept_runs.keep(names[run.notebook.name], run, temporary)

    startup = _startup(source, temporary)
    with executing(left, folder=temporary, jobs=jobs, startup=startup, progress=progress) as runs:
        yield finished(runs)


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
) -> Report:
    """Read the data for the index while the kernels work, render pages as they come."""
    from srelib.report import sources

    whole = dataset.load(source)
    sources._refuse_empty(whole)
    _offer(whole, temporary)
    exports = whole.of(part["service"], team=part["team"]).between(part["since"], part["until"])
    chosen = bool(part["service"] or part["team"])
    from srelib.changes.record import FILE, record
    from srelib.report import actions, difference, first_page, index, render, services, values

    context = render.Context(
        books=books,
        provenance=sources._provenance(exports, only=exports.services if chosen else ()),
        places={str(source): sources._folder_name(source), **_places(temporary)},
    )
    kept = record(exports)
    if previous is not None and chosen:
        previous = previous.of(exports.services)
    compared = difference.compared(kept, previous)
    board = difference.on_board(index.scoreboard(exports), kept, compared)
    board = services.linked(board, exports.services if part["service"] else ())
    pages = {run.notebook.name: render.page(run, context) for run in runs}
    ordered = [pages[book.name] for book in books]
    with _replaced(target) as new:
        for page in ordered:
            (new / f"{page.name}.html").write_text(page.html, "utf-8")
        changed = [(one.title, difference.short(one, context)) for one in compared]
        todo = actions.actions(ordered, board, context)
        first = index.render(board, ordered, exports.rejects, context, changed, todo)
        (new / "index.html").write_text(first, "utf-8")
        (new / f"{difference.PAGE}.html").write_text(difference.page(compared, context), "utf-8")
        for name, html in services.rendered(board, ordered, exports, kept, compared, context):
            (new / name).write_text(html, "utf-8")
        (new / FILE).write_text(values.text(kept, ordered), "utf-8")
    failed = {page.name: page.failure for page in ordered if page.failure}
    text = first_page.text(board, ordered, compared, context.provenance)
    return Report(target, tuple(page.name for page in ordered), failed, text)


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


_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def _refuse_foreign(out: Path) -> None:
    """Refuse a folder that holds files no report wrote; the marker names those of a report."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name!r} is a file", fix="name a folder with --out")
    present = {path.name for path in out.iterdir()} if out.exists() else set()
    manifest = out / dataset.REPORT_MARKER
    ours = set(manifest.read_text("utf-8").split("\n")) if manifest.is_file() else set()
    foreign = sorted(present - ours - _LITTER - {dataset.REPORT_MARKER})
    if foreign:
        named = ", ".join(repr(name) for name in foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise InputError(
            f"folder {out.name!r} holds {named}{more}, which no report wrote; nothing was replaced",
            fix="name another folder with --out, or move these files away",
        )


@contextmanager
def _replaced(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends without an error."""
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    new, old = (out.parent / f".{out.name}.{word}-{os.getpid()}" for word in ("new", "old"))
    new.mkdir()
    try:
        yield new
        names = sorted(path.name for path in new.iterdir())
        (new / dataset.REPORT_MARKER).write_text("\n".join([*names, ""]), "utf-8")
        _refuse_foreign(out)
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


PATIENCE = 900
"""Longest a kernel waits for the report to have read [s]; then it reads for itself."""

_FILE = "dataset.pickle"


def _offer(exports: Any, folder: Path) -> None:
    """Leave a dataset for the kernels."""
    unfinished = folder / f"{_FILE}.part"
    unfinished.write_bytes(pickle.dumps(exports, protocol=pickle.HIGHEST_PROTOCOL))
    unfinished.rename(folder / _FILE)


def _startup(source: Path, folder: Path) -> str:
    """Python a kernel runs before the notebook, so that it takes what is offered."""
    return f"import srelib.report.build as b; b._take({str(source)!r}, {str(folder)!r}); del b\n"


def _take(source: str, folder: str) -> None:
    """Make `srelib.load` of one folder return the dataset offered."""
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
