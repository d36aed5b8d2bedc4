"""What every study shares: cells with their limits, fleets on every core, the table in the docs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One figure of a study and what it must lie between.

    Parameters
    ----------
    case : str
        What was simulated.
    measure : str
        What was measured, for example "95 % interval of the fail rate holds the truth".
    value : float
        Measured; a fraction unless `unit` says otherwise.
    low, high : float
        Limits asked for, before the Monte Carlo error is allowed for; NaN: only shown.
    n : int
        Fleets.
    unit : str
        '%' for fractions, otherwise shown behind the number.
    error : float
        Standard error of the value; for fractions it is worked out from n.
    """

    case: str
    measure: str
    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    unit: str = "%"
    error: float = math.nan

    @property
    def allowance(self) -> float:
        """Two standard errors of the value, at the limit it is held against."""
        if self.error == self.error:
            return 2 * self.error
        if self.unit != "%" or not self.n:
            return 0.0
        ends = [p for p in (self.low, self.high) if 0 < p < 1]
        return max((2 * math.sqrt(p * (1 - p) / self.n) for p in ends), default=0.0)

    @property
    def holds(self) -> bool:
        """Whether the value keeps its limits, within the Monte Carlo error."""
        low = -math.inf if self.low != self.low else self.low
        high = math.inf if self.high != self.high else self.high
        return low - self.allowance <= self.value <= high + self.allowance


def over(function: Callable[..., Any], items: Iterable[Any], *, workers: int) -> list[Any]:
    """A function of the seed (or of anything that can be pickled) on every core, in order."""
    items = list(items)
    if workers <= 1:
        return [function(item) for item in items]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(function, items, chunksize=max(1, len(items) // (8 * workers))))


def markdown(cells: Sequence[Cell]) -> str:
    """The cells as a Markdown table."""
    rows = ["| case | measure | found | asked | fleets |", "|---|---|---|---|---|"]
    rows += [
        f"| {c.case} | {c.measure} | {_shown(c.value, c.unit)}{'' if c.holds else ' **no**'} | "
        f"{_limits(c)} | {c.n:,} |"
        for c in cells
    ]
    return "\n".join(rows)


def write(path: Path, name: str, cells: Sequence[Cell]) -> None:
    """Put the table of a study between its markers."""
    text = path.read_text(encoding="utf-8")
    first, last = f"<!-- validity:{name} -->", f"<!-- /validity:{name} -->"
    if first not in text or last not in text:
        raise SystemExit(f"{path.name} has no {first} ... {last}")
    before, rest = text.split(first, 1)
    path.write_text(f"{before}{first}\n\n{markdown(cells)}\n\n{last}{rest.split(last, 1)[1]}")


def _shown(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "%" else f"{value:.3g} {unit}".strip()


def _limits(cell: Cell) -> str:
    known = [x == x for x in (cell.low, cell.high)]
    if all(known):
        return f"{_shown(cell.low, cell.unit)} to {_shown(cell.high, cell.unit)}"
    if known[1]:
        return f"at most {_shown(cell.high, cell.unit)}"
    return f"at least {_shown(cell.low, cell.unit)}" if known[0] else "shown only"
