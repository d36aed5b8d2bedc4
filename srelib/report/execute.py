"""The notebooks there are, their parameters, and running them in kernels that are all alike."""

from __future__ import annotations

import ast
import asyncio
import difflib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from pydantic import ConfigDict, TypeAdapter, ValidationError

from srelib.errors import InputError, ParameterError
from srelib.report.forking import Copier, Copies, copying

Literal = bool | int | float | str | list | None


KINDS = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a text"}


def typed(name: str, value: Any, *, default: Literal) -> Literal:
    """A value as the type of its default: a text is read as such, any other must be one."""
    if default is None:
        return _free(value)
    if isinstance(default, list):
        return _listed(name, value, default)
    kind = type(default)
    reader = TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))
    try:
        return reader.validate_python(value, strict=not isinstance(value, str))
    except ValidationError:
        wanted = f"{KINDS[kind]} such as {default!r}"
        raise ParameterError(f"{name} must be {wanted}; got {value!r}.") from None


def _free(value: Any) -> Literal:
    """A text as the number or the nothing that it reads as."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in {"none", "null", ""}:
        return None
    for default in (0, 0.0):
        with suppress(ParameterError):
            return typed("", value, default=default)
    return value


def _listed(name: str, value: Any, default: list) -> list:
    if isinstance(value, str):
        parts = [part.strip() for part in value.split(",") if part.strip()]
        try:
            value = ast.literal_eval(value.strip()) if value.strip().startswith("[") else parts
        except (ValueError, SyntaxError):
            value = None
    if not isinstance(value, list | tuple):
        raise ParameterError(f"{name} must be a list such as a,b or [1, 2]; got {value!r}.")
    first = default[0] if default else None
    return [typed(f"each of {name}", item, default=first) for item in value]


@dataclass(frozen=True)
class Notebook:
    """A notebook to run."""

    name: str
    node: NotebookNode = field(repr=False)
    parameters: dict[str, Literal]

    @property
    def title(self) -> str:
        """Title from the metadata, else the first heading, else the name."""
        markdown = [cell.source for cell in self.node.cells if cell.cell_type == "markdown"]
        lines = "\n".join(markdown).split("\n")
        heading = next((line[2:].strip() for line in lines if line.startswith("# ")), self.name)
        return str(self.node.metadata.get("title") or heading)


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
    cell = parameters_cell(node)
    known = {} if cell is None else defaults(cell.source, notebook=path.name)
    return Notebook(path.stem, node, known)


TAG = "parameters"
INJECTED = "injected-parameters"


def parameters_cell(node: NotebookNode) -> NotebookNode | None:
    """The first cell tagged as such."""
    return next((cell for cell in node.cells if TAG in cell.metadata.get("tags", [])), None)


def defaults(source: str, *, notebook: str = "notebook") -> dict[str, Literal]:
    """Names and default values of a parameters cell."""
    return {name: ast.literal_eval(value) for name, value in _assignments(source, notebook)}


def _assignments(source: str, notebook: str) -> Iterable[tuple[str, ast.expr]]:
    for statement in ast.parse(source).body:
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if len(targets) != 1 or not names or value is None or not _is_literal(value):
            raise ParameterError(
                f"{notebook}: the cell tagged {TAG!r} may only hold lines such as `weeks = 13`; "
                f"line {statement.lineno} is `{ast.unparse(statement)}`. "
                "Move everything derived to the next cell."
            )
        yield names[0], value


def _is_literal(value: ast.expr) -> bool:
    try:
        return isinstance(ast.literal_eval(value), bool | int | float | str | list | None)
    except (ValueError, TypeError):
        return False


def assign(
    known: Mapping[str, Mapping[str, Literal]], values: Mapping[str, Any], *, data: str
) -> dict[str, dict[str, Literal]]:
    """Which notebook gets which values, and those that read data their folder."""
    names = sorted({name for of in known.values() for name in of} - {"data"})
    for name in values:
        if name == "data":
            raise ParameterError("data is the folder handed over; it cannot be set as a parameter.")
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else "."
            problem = f"no notebook has a parameter {name!r}{guess}"
            raise ParameterError(f"{problem} Known: {', '.join(names) or 'none'}.")
    given = {"data": data, **values}
    return {
        notebook: {n: typed(n, value, default=of[n]) for n, value in given.items() if n in of}
        for notebook, of in known.items()
    }


def with_values(node: NotebookNode, values: Mapping[str, Literal]) -> NotebookNode:
    """A copy of the notebook with values in force, without those that papermill put there."""
    copy = nbformat.from_dict(node)
    copy.cells = [cell for cell in copy.cells if INJECTED not in cell.metadata.get("tags", [])]
    if cell := parameters_cell(copy):
        cell.source = in_force(cell.source, values)
    return copy


def in_force(source: str, values: Mapping[str, Literal]) -> str:
    """The parameters cell as if the values had been written there, comments kept."""
    lines = [line.encode() for line in source.split("\n")]
    for name, value in reversed(list(_assignments(source, "notebook"))):
        if name not in values or value.end_lineno is None or value.end_col_offset is None:
            continue
        first, last = value.lineno - 1, value.end_lineno - 1
        tail = lines[last][value.end_col_offset :]
        lines[first : last + 1] = [
            lines[first][: value.col_offset] + repr(values[name]).encode() + tail
        ]
    return b"\n".join(lines).decode()


def _manager(connection_file: Path, copier: Copier | None) -> Any:
    """A manager whose kernel is this Python, whatever kernels are registered on the machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=ThisPython(),
        connection_file=str(connection_file),
    )
    if copier is not None:
        manager.provisioner = Copies(kernel_spec=manager.kernel_spec, parent=manager)
        manager.provisioner.copier = copier
    return manager


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
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "0",
        "SRELIB_FIGURES": "page",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {**os.environ, **fixed}


CELL_TIMEOUT = 1800
"""Longest a single cell may run [s]; beyond it the notebook is reported as failed."""

COLORS = re.compile(r"\x1b\[[0-9;]*m")
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
    gate = asyncio.Semaphore(jobs)
    variables = _environment(folder, startup=startup)
    runs: list[Future[Run]] = [Future() for _ in work]

    async def one(run: Future[Run], notebook: Notebook, values: Mapping[str, Literal]) -> None:
        async with gate:
            try:
                node = with_values(notebook.node, values)
                cwd = folder / notebook.name
                cwd.mkdir()
                failure = await _run(notebook.name, node, cwd, variables, progress, copier)
                run.set_result(Run(notebook, node, dict(values), failure))
            except Exception as error:  # is raised where the result is asked for
                run.set_exception(error)

    def until_done() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())

    with copying(variables) as copier:
        coroutines = [one(run, *job) for run, job in zip(runs, work, strict=True)]
        task = asyncio.gather(*map(loop.create_task, coroutines))
        thread = threading.Thread(target=until_done, name="srelib-kernels", daemon=True)
        thread.start()
        try:
            yield (run.result() for run in as_completed(runs))
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join()
            loop.close()


async def _run(
    name: str,
    node: NotebookNode,
    cwd: Path,
    environment: dict[str, str],
    progress: Progress,
    copier: Copier | None,
) -> Failure | None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    at = done = 0
    total = sum(cell.cell_type == "code" for cell in node.cells)

    def started(cell: NotebookNode, cell_index: int, **_: Any) -> None:
        nonlocal at
        at = cell_index

    def completed(**_: Any) -> None:
        nonlocal done
        done += 1
        progress(name, done, total)

    progress(name, 0, total)
    for left in reversed(range(STARTS)):
        manager = _manager(cwd.parent / f"{name}.json", copier)
        client = NotebookClient(
            node,
            km=manager,
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
            break
        except CellExecutionError as error:
            return Failure(at + 1, error.ename, COLORS.sub("", error.evalue).strip())
        except CellTimeoutError:
            return Failure(at + 1, "Timeout", f"ran longer than {CELL_TIMEOUT} s")
        except DeadKernelError:
            return Failure(at + 1, "Kernel died", "perhaps out of memory")
        except (RuntimeError, OSError) as error:
            if not left or "before replying" not in str(error):
                return Failure(0, "Kernel did not start", str(error))
        finally:  # cancelled while it starts, a kernel belongs to nobody yet
            if manager.has_kernel:
                await manager.shutdown_kernel(now=True)
    return None
