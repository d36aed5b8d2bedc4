"""Running notebooks at the same time, in kernels that are all alike."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from srelib.report import parameters as params
from srelib.report.parameters import Literal, Notebook


def _manager(connection_file: Path) -> Any:
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


def _environment(folder: Path, *, startup: str) -> dict[str, str]:
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


CELL_TIMEOUT = 1800
"""Longest a single cell may run [s]; beyond it the notebook is reported as failed."""

STARTS = 3
"""How often a kernel is started: of several at once two can pick the same port, and one dies."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not finish."""

    cell: int
    kind: str
    text: str

    def __str__(self) -> str:
        where = f"cell {self.cell}: " if self.cell else ""
        return f"{where}{self.kind}: {self.text}"


@dataclass(frozen=True)
class Run:
    """A notebook after its run."""

    notebook: Notebook
    node: NotebookNode = field(repr=False)
    values: dict[str, Literal]
    failure: Failure | None = None


@contextmanager
def executing(
    work: Sequence[tuple[Notebook, Mapping[str, Literal]]],
    *,
    folder: Path,
    jobs: int,
    startup: str = "",
    progress: Progress = lambda name, done, total: None,
) -> Iterator[Iterator[Run]]:
    """Notebooks being run in a background thread, at most `jobs` at a time; as they finish."""
    loop = asyncio.new_event_loop()
    finished: queue.Queue[Run | BaseException] = queue.Queue()
    gate = asyncio.Semaphore(jobs)
    variables = _environment(folder, startup=startup)

    async def one(notebook: Notebook, values: Mapping[str, Literal]) -> None:
        async with gate:
            node = params.injected(notebook.node, values)
            cwd = folder / notebook.name
            cwd.mkdir()
            failure = await _run(notebook.name, node, cwd, variables, progress)
            finished.put(Run(notebook, node, dict(values), failure))

    task = asyncio.gather(*(loop.create_task(one(*job)) for job in work))
    thread = threading.Thread(
        target=_until_done, args=(loop, task, finished), name="srelib-kernels", daemon=True
    )
    thread.start()
    try:
        yield _results(finished, len(work))
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def _until_done(
    loop: asyncio.AbstractEventLoop, task: asyncio.Future, finished: queue.Queue[Any]
) -> None:
    """Run the kernels; what goes wrong is handed to whoever waits for results."""
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        pass
    except BaseException as error:
        finished.put(error)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())


def _results(finished: queue.Queue[Run | BaseException], number: int) -> Iterator[Run]:
    for _ in range(number):
        run = finished.get()
        if isinstance(run, BaseException):
            raise run
        yield run


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

    def client() -> NotebookClient:
        return NotebookClient(
            node,
            km=_manager(cwd.parent / f"{name}.json"),
            timeout=CELL_TIMEOUT,
            startup_timeout=120,
            record_timing=False,
            store_widget_state=False,
            shutdown_kernel="immediate",
            on_cell_start=started,
            on_cell_executed=completed,
        )

    try:
        for attempt in range(1, STARTS + 1):
            try:
                await client().async_execute(
                    cwd=str(cwd),
                    env=environment,
                    cleanup_kc=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                break
            except RuntimeError as error:
                if attempt == STARTS or "before replying" not in str(error):
                    raise
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
