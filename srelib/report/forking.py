"""Kernels as copies of one process that has imported what every notebook needs.

Importing pandas, matplotlib and scipy costs a kernel as much time as many a notebook's figures.
``python -m srelib.report.forking`` imports them once, and forks a kernel for every line it reads.
Only on Linux: elsewhere a forked process may not use what its parent has loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner


def _available() -> bool:
    """Whether this is Linux, of a kind that gives handles of processes."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


AVAILABLE = _available()

_IMPORTS = (
    "duckdb", "pandas", "pyarrow", "scipy.optimize", "scipy.signal", "scipy.special",
    "scipy.stats", "PIL.Image", "matplotlib.pyplot", "matplotlib.dates", "matplotlib.textpath",
    "matplotlib.layout_engine", "ipykernel.kernelapp",
    "srelib.dataset", "srelib.decisions", "srelib.policy", "srelib.targets", "srelib.tradeoff",
)  # fmt: skip
"""What kernels share; not figures, which look for the shell they are shown in when imported."""

_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class Copier:
    """The process that kernels are copies of."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name], env=dict(environment), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.lock = threading.Lock()

    def copy(self, arguments: list[str], cwd: str) -> _Process:
        """A new kernel."""
        reading, writing = self.process.stdout, self.process.stdin
        assert reading is not None
        assert writing is not None
        with self.lock:
            writing.write(json.dumps([arguments, cwd]).encode() + b"\n")
            writing.flush()
            answer = reading.readline()
        if not answer:
            raise RuntimeError("the process that starts kernels has ended")
        return _Process(int(answer))


@contextlib.contextmanager
def copying(environment: Mapping[str, str]) -> Iterator[Copier | None]:
    """A process to copy kernels from, where this system can; its copies end with it."""
    if not AVAILABLE:
        yield None
        return
    copier = Copier(environment)
    try:
        yield copier
    finally:
        copier.process.kill()
        copier.process.communicate()


class _Process:
    """A process that is nobody's child here, as if it were one."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self) -> int | None:
        ended = self._ended(None)
        os.close(self.handle)
        return ended

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _ended(self, seconds: float | None) -> int | None:
        return 0 if select.select([self.handle], [], [], seconds)[0] else None


class Copies(LocalProvisioner):
    """Starts kernels as copies instead of as new processes."""

    copier: Copier

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel whose arguments follow the name of its module."""
        process: Any = self.copier.copy(cmd[cmd.index("-f") :], kwargs["cwd"])
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        return self.connection_info


def _serve() -> None:
    for name in _IMPORTS:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    parent = os.getpid()
    for line in sys.stdin.buffer:
        if pid := os.fork():
            os.write(1, f"{pid}\n".encode())
        else:
            _become_kernel(parent, *json.loads(line))


def _reap(*_: Any) -> None:
    """Let copies that ended go."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_kernel(parent: int, arguments: list[str], cwd: str) -> None:
    from ipykernel.kernelapp import IPKernelApp

    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before that
        os._exit(0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(cwd)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    try:
        IPKernelApp.launch_instance(argv=arguments)
    finally:
        os._exit(0)


if __name__ == "__main__":
    _serve()
