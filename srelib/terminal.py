"""What every command needs: where its data lie, what it prints, and files that an option names.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from srelib.errors import InputError, ParameterError


def _write_text(file: Path, text: str, *, option: str) -> None:
    try:
        file.expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"{str(file.expanduser())!r} cannot be written ({error.strerror})"
        raise InputError(problem, fix=f"name another file with {option}") from error


def _refuse_place(markdown: Path, out: Path) -> None:
    """Refuse a file that could not be written, or that the next report would not replace."""
    file = markdown.expanduser().resolve()
    there = file if file.exists() else file.parent
    if file.is_dir() or not file.parent.is_dir() or not os.access(there, os.W_OK):
        why = "cannot be written"
    elif out.resolve() in file.parents:
        why = "lies in the folder of the report, which holds nothing else"
    else:
        return
    raise InputError(f"{str(markdown)!r} {why}", fix="name another file with --markdown")


def _echo_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _folder(data: Path | None) -> Path:
    if data is not None:
        return data.expanduser()  # make passes DATA=~/exports on as it stands
    sample = Path("data", "sample")
    chosen = sample if sample.is_dir() and Path("notebooks").is_dir() else Path(".")
    _say(f"No DATA given: using {chosen if chosen == sample else 'the current folder'}.")
    return chosen


def _settings(texts: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ParameterError(f"--set takes name=value; got {text!r}.")
        values[name] = value
    return values


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar per notebook on standard error; plain lines where that is no terminal."""
    if not sys.stderr.isatty():
        yield _say_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def advance(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name.replace("[", "("), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield advance


def _say_progress(name: str, done: int, total: int) -> None:
    if done in (0, total):
        _say(f"{name}: {'done' if done else 'started'}")


def _say(text: str) -> None:
    typer.echo(text, err=True)
