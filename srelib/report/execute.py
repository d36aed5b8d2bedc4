"""Notebooks run side by side, each in a fresh kernel of this very Python.

Kernels start and import at the same time, because that is where a short
notebook spends its time; what a run depends on (hash seed, threads, time zone,
user profiles of IPython and matplotlib) is fixed, so that equal input gives
equal bytes.
"""

from __future__ import annotations

import asyncio
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from srelib.errors import InputError, ParameterError
from srelib.report import parameters as params

CELL_TIMEOUT = 1800
"""Longest a single cell may run [s]; beyond it the notebook is reported as failed."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Notebook:
    """A notebook to run.

    Parameters
    ----------
    name : str
        File name without ``.ipynb``; the page is called the same.
    node : NotebookNode
        Its content.
    parameters : dict of str to literal
        Names and defaults of its parameters cell.
    """

    name: str
    node: NotebookNode = field(repr=False)
    parameters: dict[str, params.Literal]

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


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not finish.

    Parameters
    ----------
    cell : int
        1-based number of the cell in the notebook file; 0 when no cell had begun.
    kind, text : str
        Name and text of the exception.
    """

    cell: int
    kind: str
    text: str

    def __str__(self) -> str:
        where = f"cell {self.cell}: " if self.cell else ""
        return f"{where}{self.kind}: {self.text}"


@dataclass(frozen=True)
class Run:
    """A notebook after its run.

    Parameters
    ----------
    notebook : Notebook
        What was run.
    node : NotebookNode
        The notebook with its outputs; after a failure, as far as it got.
    values : dict of str to literal
        Parameters put in force.
    failure : Failure or None
        None when every cell ran.
    """

    notebook: Notebook
    node: NotebookNode = field(repr=False)
    values: dict[str, params.Literal]
    failure: Failure | None = None


def find(folder: Path | str, *, only: Sequence[str] | None = None) -> list[Notebook]:
    """The notebooks of a folder, in order of their names.

    Parameters
    ----------
    folder : path
        Folder with ``*.ipynb``.
    only : sequence of str, optional
        Names or beginnings of names ("02", "02_error_budget").

    Returns
    -------
    list of Notebook

    Raises
    ------
    InputError
        The folder holds no notebook, or one cannot be read.
    ParameterError
        A name in `only` matches none.
    """
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
    """A notebook file with the parameters it declares.

    Parameters
    ----------
    path : Path
        The ``.ipynb`` file.

    Returns
    -------
    Notebook

    Raises
    ------
    InputError
        The file is no notebook.
    ParameterError
        Its parameters cell holds more than literals.
    """
    try:
        node = nbformat.read(path, as_version=4)
    except Exception as error:
        raise InputError(f"not a notebook ({error})", file=path.name) from error
    at = params.tagged(node, params.TAG)
    known = {} if at is None else params.defaults(node.cells[at].source, notebook=path.name)
    return Notebook(path.stem, node, known)


def execute(
    work: Sequence[tuple[Notebook, Mapping[str, params.Literal]]],
    *,
    folder: Path,
    jobs: int,
    startup: str = "",
    progress: Progress | None = None,
) -> Executing:
    """Start running notebooks, at most `jobs` at a time; returns at once.

    Parameters
    ----------
    work : sequence of (Notebook, values)
        What to run with which parameters.
    folder : Path
        Empty folder for kernels to live in; each gets one below it as working directory.
    jobs : int
        Kernels alive at the same time.
    startup : str
        Python each kernel runs before its notebook.
    progress : callable, optional
        Called as ``progress(name, cells done, cells in all)``, from another thread.

    Returns
    -------
    Executing
        Iterate over it for runs as they finish; a context manager that ends every kernel.
    """
    return Executing(work, folder=folder, jobs=jobs, startup=startup, progress=progress)


class Executing:
    """Notebooks being run in a background thread; see `execute`."""

    def __init__(
        self,
        work: Sequence[tuple[Notebook, Mapping[str, params.Literal]]],
        *,
        folder: Path,
        jobs: int,
        startup: str,
        progress: Progress | None,
    ) -> None:
        self._work, self._folder, self._jobs = work, folder, jobs
        self._startup = startup
        self._progress = progress or (lambda name, done, total: None)
        self._finished: queue.Queue[Run | BaseException] = queue.Queue()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._main, name="srelib-kernels", daemon=True)

    def __enter__(self) -> Executing:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()
        self._loop.close()

    def __iter__(self) -> Iterator[Run]:
        for _ in self._work:
            run = self._finished.get()
            if isinstance(run, BaseException):
                raise run
            yield run

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _main(self) -> None:
        try:
            self._task = self._loop.create_task(self._all())
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self._finished.put(error)
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    async def _all(self) -> None:
        gate = asyncio.Semaphore(max(1, self._jobs))
        environment = _environment(self._folder, self._startup)
        await asyncio.gather(
            *(self._one(notebook, values, gate, environment) for notebook, values in self._work)
        )

    async def _one(
        self,
        notebook: Notebook,
        values: Mapping[str, params.Literal],
        gate: asyncio.Semaphore,
        environment: dict[str, str],
    ) -> None:
        async with gate:
            node = params.injected(notebook.node, values)
            cwd = self._folder / notebook.name
            cwd.mkdir()
            failure = await _run(notebook.name, node, cwd, environment, self._progress)
            self._finished.put(Run(notebook, node, dict(values), failure))


async def _run(
    name: str, node: NotebookNode, cwd: Path, environment: dict[str, str], progress: Progress
) -> Failure | None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    at = 0
    total = sum(cell.cell_type == "code" for cell in node.cells)
    done = 0

    def started(cell: NotebookNode, cell_index: int, **_: Any) -> None:
        nonlocal at
        at = cell_index

    def completed(**_: Any) -> None:
        nonlocal done
        done += 1
        progress(name, done, total)

    progress(name, 0, total)
    client = NotebookClient(
        node,
        km=_kernel_manager(cwd.parent / f"{name}.json"),
        timeout=CELL_TIMEOUT,
        startup_timeout=120,
        record_timing=False,
        store_widget_state=False,
        shutdown_kernel="immediate",
        on_cell_start=started,
        on_cell_executed=completed,
    )
    try:
        await client.async_execute(
            cwd=str(cwd),
            env=environment,
            cleanup_kc=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except CellExecutionError as error:
        return Failure(_number(node, at), error.ename, _plain(error.evalue))
    except CellTimeoutError:
        return Failure(_number(node, at), "Timeout", f"ran longer than {CELL_TIMEOUT} s")
    except DeadKernelError:
        return Failure(_number(node, at), "Kernel died", "perhaps out of memory")
    except (RuntimeError, OSError) as error:
        return Failure(0, "Kernel did not start", str(error))
    return None


def _number(node: NotebookNode, at: int) -> int:
    """1-based number in the file, which has no injected cell."""
    cell = params.tagged(node, params.INJECTED)
    return at + 1 if cell is None or cell >= at else at


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _kernel_manager(connection_file: Path) -> Any:
    """A manager whose kernel is this Python, whatever kernels are registered on the machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=ThisPython(),
        connection_file=str(connection_file),
    )


def _environment(folder: Path, startup: str) -> dict[str, str]:
    """Environment of the kernels: the caller's, with what could change a result fixed."""
    settings = folder / "settings"
    profile = settings / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "00-report.py").write_text(startup, "utf-8")
    (settings / "matplotlibrc").touch()
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    fixed = {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(paths),
        "IPYTHONDIR": str(settings / "ipython"),
        "MATPLOTLIBRC": str(settings / "matplotlibrc"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {**os.environ, **fixed}
