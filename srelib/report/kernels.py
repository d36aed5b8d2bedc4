"""Kernels that are all alike: this Python, a fixed hash seed, no profile of the user's."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def manager(connection_file: Path) -> Any:
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


def environment(folder: Path, *, startup: str) -> dict[str, str]:
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
