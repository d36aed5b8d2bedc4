"""A notebook that somebody sits at: is there one, its errors in three lines, its file as it was."""

from __future__ import annotations

import html
import json
import re
import sys
import traceback
from pathlib import Path
from typing import Any

_FIX = re.compile(r"(?:\.\s+(?=\S)|;\s+(?=(?:write|use|give|try|did you)\b))", re.IGNORECASE)
_CORRECT = "correct the value, and run the cell again"
_BARE = ("kernelspec", "language_info")

KEEPING = "--ServerApp.jpserver_extensions={'srelib.notebook': True}"
"""The option of JupyterLab with which saving changes nothing that its user did not change."""


def attended() -> Any:
    """The IPython shell of a notebook whose user can answer; None in a run of its own or outside.

    JupyterLab lets a cell ask its user for input; nbclient, papermill and nbval do not.
    """
    shell = _shell()
    return shell if getattr(getattr(shell, "kernel", None), "_allow_stdin", False) else None


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def error_lines(error: BaseException, *, problem: str, where: str = "", fix: str = "") -> list[str]:
    """An error as three lines: what is wrong, where, what to do; its traceback is folded below.

    Without a fix the problem is divided where its text begins to say one.
    Where nobody sits at the notebook, IPython's own traceback.
    """
    shell = attended()
    if shell is None:
        usual = _shell().InteractiveTB.structured_traceback
        return list(usual(type(error), error, error.__traceback__, tb_offset=1))
    if not fix:
        problem, *rest = _FIX.split(problem, maxsplit=1)
        fix = rest[0] if rest else _CORRECT
    _fold_below(shell, error)
    return [
        f"\x1b[31m{type(error).__name__}\x1b[39m: {problem.rstrip('.')}",
        f"Where: {where or _cell_line(shell, error)}",
        f"Fix: {fix.rstrip('.')}",
    ]


def _cell_line(shell: Any, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    cells = [frame for frame in frames if shell.compile.format_code_name(frame.filename)]
    return f"line {cells[-1].lineno} of the cell, {cells[-1].line}" if cells else "in this cell"


def _fold_below(shell: Any, error: BaseException) -> None:
    """Show the traceback, folded, when the cell is over: below the lines about it, and once."""
    if error.__dict__.get("_folded"):
        return
    error.__dict__["_folded"] = True
    own = getattr(error.__traceback__, "tb_next", None) or error.__traceback__
    text = html.escape("".join(traceback.format_exception(type(error), error, own)))

    def shown(result: Any) -> None:
        from IPython.display import HTML, display

        shell.events.unregister("post_run_cell", shown)
        display(HTML(f"<details><summary>Traceback</summary><pre>{text}</pre></details>"))

    shell.events.register("post_run_cell", shown)


def _load_jupyter_server_extension(app: Any) -> None:
    """What Jupyter calls where this module is among its server's extensions."""
    app.contents_manager.register_pre_save_hook(_keep_metadata)


def _keep_metadata(
    *, model: dict[str, Any], path: str, contents_manager: Any, **kwargs: Any
) -> None:
    """Before a notebook is saved: what the kernel says of itself stays as the file has it.

    So opening and saving changes nothing, whichever Python there is.
    """
    file = Path(contents_manager.root_dir, path.strip("/"))
    if model["type"] != "notebook" or not file.is_file():
        return
    new = model["content"]["metadata"]
    old = json.loads(file.read_text(encoding="utf-8")).get("metadata", {})
    for key in _BARE:  # where they speak of the same kernel or language
        if key in old and key in new and old[key].get("name") == new[key].get("name"):
            new[key] = old[key]
