"""Parameters of notebooks: found as literals, checked against their defaults, put in force.

A parameter is a name assigned a literal in the cell tagged ``parameters``.
Nothing there may be derived from another value, because a derived value would
go stale when the first one changes.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from srelib.errors import ParameterError
from srelib.report.values import Literal, typed

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
    known: Mapping[str, Mapping[str, Literal]], values: Mapping[str, Any]
) -> dict[str, dict[str, Literal]]:
    """Which notebook gets which values."""
    names = sorted({name for of in known.values() for name in of} - {"data"})
    for name in values:
        if name == "data":
            raise ParameterError("data is the folder handed over; it cannot be set as a parameter.")
        if name not in names:
            raise ParameterError(
                f"no notebook has a parameter {name!r}{_guess(name, names)} "
                f"Known: {', '.join(names) or 'none'}."
            )
    return {
        notebook: {
            name: typed(name, value, default=of[name])
            for name, value in values.items()
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
