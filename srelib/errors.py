"""Everything srelib raises on purpose.

Each message names the argument or place, the value seen, what is allowed and
the likely fix, so that the text alone is enough to mend the input.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

from srelib.notebook import error_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

__all__ = [
    "ColumnError", "CountError", "InputError", "InsufficientDataError", "InvalidTargetError",
    "ParameterError", "ReadError", "SloError", "SourceError", "SrelibError", "TimeIndexError",
]  # fmt: skip
__dir__ = __all__.copy


class SrelibError(ValueError):
    """Base of every error srelib raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows."""
        return error_lines(self, problem=str(self))


class InvalidTargetError(SrelibError):
    """A target is not a fraction strictly between 0 and 1."""

    @classmethod
    def check(cls, target: object) -> None:
        """Refuse what is no target."""
        if isinstance(target, bool) or not isinstance(target, numbers.Real):
            raise cls(
                f"target must be a number between 0 and 1; got {target!r}. Write a fraction "
                "strictly between 0 and 1, such as 0.999."
            )
        share = float(target)
        if not 0 < share < 1:
            problem = f"target must lie strictly between 0 and 1; got {share:.12g}"
            raise cls(f"{problem}. {cls.fix(share)}")

    @staticmethod
    def fix(target: object) -> str:
        """What to write instead of a number that is no target."""
        if isinstance(target, int | float) and 1 < target < 100:
            return f"For {target:.12g} % write {float(f'{target / 100:.12g}')!r}."
        if target in (1, 100) and not isinstance(target, bool):
            return "A target of 100 % leaves no budget at all; choose one below, such as 0.999."
        return "For 99.9 % write 0.999."


class CountError(SrelibError):
    """Counts of events that cannot be: negative, infinite, or good > total."""


class TimeIndexError(SrelibError):
    """An index of times that is not tz-aware, sorted, unique or regular."""


class InsufficientDataError(SrelibError):
    """Too little was observed to answer; the text names the share seen."""


class ColumnError(SrelibError):
    """A table lacks a column, or a column holds another type."""


class ParameterError(SrelibError):
    """A parameter is unknown, or its value is outside what is allowed."""

    @classmethod
    def check_fraction(cls, value: float, name: str) -> None:
        """Refuse what is no fraction strictly between 0 and 1."""
        if not 0 < value < 1:
            percent = value if 1 < value < 100 else 90
            raise cls(
                f"{name} must lie strictly between 0 and 1; got {value:g}. "
                f"For {percent:g} % write {percent / 100:g}."
            )

    @classmethod
    def check_one_of(cls, value: object, name: str, allowed: Iterable[object]) -> None:
        """Refuse what is none of the values allowed."""
        if value not in (known := list(allowed)):
            raise cls(f"{name} must be one of {', '.join(map(str, known))}; got {value!r}.")


class InputError(SrelibError):
    """A file handed over cannot be used.

    Parameters
    ----------
    problem, fix : str, what is wrong, with the value seen; and what to do about it
    file, line : str and int, the file below the folder handed over, and its line from 1 on
    asks : mapping, optional
        Keys of `sources.toml` that would answer it, with the values proposed; those that only the
        user can know are `Unconfirmed`.

    Examples
    --------
    >>> print(InputError("target is 99.9", file="slos.yaml", line=7, fix="write 0.999"))
    slos.yaml, line 7: target is 99.9. Fix: write 0.999.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        fix: str | None = None,
        asks: Mapping[str, Any] | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.fix = problem, file, line, fix
        self.asks = dict(asks or {})
        self.where = ", line ".join(str(part) for part in (file, line) if part is not None)
        text = f"{self.where}: {problem}" if self.where else problem
        if fix:
            text = f"{text.rstrip('.')}. Fix: {fix.rstrip('.')}{'' if fix.endswith('?') else '.'}"
        super().__init__(text)

    def _render_traceback_(self) -> list[str]:
        return error_lines(self, problem=self.problem, where=self.where, fix=self.fix or "")


class SloError(InputError):
    """An SLO document cannot be used; names file, document, key, value and fix."""


class SourceError(InputError):
    """`sources.toml` is wrong; names the entry, key, value and fix."""


class ReadError(InputError):
    """An export cannot be read at all (single bad rows are rejects instead)."""
