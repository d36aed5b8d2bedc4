"""Notebooks and their parameters: which there are, and how values are set from outside."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from srelib.errors import InputError, ParameterError

Literal = bool | int | float | str | list | None


def typed(name: str, value: Any, *, default: Literal) -> Literal:
    """A value as the type of its default."""
    if default is None:
        return _free(value)
    if isinstance(default, list):
        return _listed(name, value, default)
    try:
        return _CONVERT[type(default)](value)
    except (ValueError, TypeError):
        kind = _WORDS[type(default)]
        raise ParameterError(f"{name} must be {kind} such as {default!r}; got {value!r}.") from None


def _free(value: Any) -> Literal:
    if not isinstance(value, str):
        return value
    if value.strip().lower() in {"none", "null", ""}:
        return None
    for convert in (_whole, _number):
        try:
            return convert(value)
        except (ValueError, TypeError):
            continue
    return value


def _listed(name: str, value: Any, default: list) -> list:
    if isinstance(value, str):
        text = value.strip()
        try:
            value = ast.literal_eval(text) if text.startswith("[") else _split(text)
        except (ValueError, SyntaxError):
            value = None
    if not isinstance(value, list | tuple):
        raise ParameterError(f"{name} must be a list such as a,b or [1, 2]; got {value!r}.")
    first = default[0] if default else None
    return [typed(f"each of {name}", item, default=first) for item in value]


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "false": False, "no": False}[_text(value).strip().lower()]


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _truth_or_error(value: Any) -> bool:
    try:
        return _truth(value)
    except KeyError:
        raise ValueError from None


_CONVERT: dict[type, Any] = {bool: _truth_or_error, int: _whole, float: _number, str: _text}
_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
}


@dataclass(frozen=True)
class Notebook:
    """A notebook to run."""

    name: str
    node: NotebookNode = field(repr=False)
    parameters: dict[str, Literal]

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
    at = tagged(node, TAG)
    known = {} if at is None else defaults(node.cells[at].source, notebook=path.name)
    return Notebook(path.stem, node, known)


TAG = "parameters"
INJECTED = "injected-parameters"


def tagged(node: NotebookNode, tag: str) -> int | None:
    """Position of the first cell with a tag."""
    for position, cell in enumerate(node.cells):
        if tag in cell.metadata.get("tags", []):
            return position
    return None


def defaults(source: str, *, notebook: str = "notebook") -> dict[str, Literal]:
    """Names and default values of a parameters cell."""
    return {name: ast.literal_eval(value) for name, value in _assignments(source, notebook)}


def _assignments(source: str, notebook: str) -> Iterable[tuple[str, ast.expr]]:
    for statement in ast.parse(source).body:
        target, value = _target(statement)
        if target is None or value is None or not _is_literal(value):
            raise ParameterError(
                f"{notebook}: the cell tagged {TAG!r} may only hold lines such as `weeks = 13`; "
                f"line {statement.lineno} is `{ast.unparse(statement)}`. "
                "Move everything derived to the next cell."
            )
        yield target, value


def _target(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, statement.value
    return None, None


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
            raise ParameterError(
                f"no notebook has a parameter {name!r}{_guess(name, names)} "
                f"Known: {', '.join(names) or 'none'}."
            )
    given = {"data": data, **values}
    return {
        notebook: {
            name: typed(name, value, default=of[name])
            for name, value in given.items()
            if name in of
        }
        for notebook, of in known.items()
    }


def _guess(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def injected(node: NotebookNode, values: Mapping[str, Literal]) -> NotebookNode:
    """A copy of the notebook with a cell that puts values in force."""
    copy = nbformat.from_dict(node)
    copy.cells = [cell for cell in copy.cells if INJECTED not in cell.metadata.get("tags", [])]
    cell = nbformat.v4.new_code_cell(
        "\n".join(f"{name} = {value!r}" for name, value in values.items())
    )
    cell.id = "injected"
    cell.metadata["tags"] = [INJECTED]
    after = tagged(copy, TAG)
    copy.cells.insert(0 if after is None else after + 1, cell)
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
