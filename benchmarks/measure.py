"""What every benchmark shares: alternating runs, medians, one row of the table."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    name : str
        What is compared.
    ours, other : float
        Medians, in `unit`.
    against : str
        What stands on the other side.
    limit : float
        Largest ratio that is still good.
    repeats : int
        Runs of each side.
    unit : str
        Unit of both medians.
    """

    name: str
    ours: float
    other: float
    against: str
    limit: float
    repeats: int
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.other

    @property
    def passed(self) -> bool:
        """Whether the ratio keeps to its limit."""
        return self.ratio <= self.limit


def seconds(call: Callable[[], object]) -> float:
    """Seconds one call takes.

    Parameters
    ----------
    call : callable
        What to time.

    Returns
    -------
    float
        [s]
    """
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(
    ours: Callable[[], float], other: Callable[[], float], *, repeats: int, warm: bool = True
) -> tuple[float, float]:
    """Medians of two measurements taken in turns, so that a busy machine slows both.

    Parameters
    ----------
    ours, other : callables
        Each returns what it measured.
    repeats : int
        Runs of each that count.
    warm : bool
        Run both once before counting.

    Returns
    -------
    tuple of float
        Medians of ours and of the other.
    """
    if warm:
        ours(), other()
    seen: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats):
        sides = ((ours, seen[0]), (other, seen[1]))
        for measure, taken in sides if turn % 2 == 0 else sides[::-1]:
            taken.append(measure())
    return statistics.median(seen[0]), statistics.median(seen[1])


def elapsed(command: Sequence[str | Path], *, cwd: Path = ROOT) -> float:
    """Seconds one command takes.

    Parameters
    ----------
    command : sequence of str or Path
        Program and arguments.
    cwd : Path
        Where it runs.

    Returns
    -------
    float
        [s]

    Raises
    ------
    RuntimeError
        It failed; the text holds the end of what it said.
    """
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    took = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {said}")
    return took


def program(name: str) -> Path:
    """A program of the environment this runs in.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Path
    """
    return Path(sys.executable).parent / name


def table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table.

    Parameters
    ----------
    rows : sequence of Row
        Comparisons.

    Returns
    -------
    str
    """
    head = ["benchmark", "srelib", "instead", "against", "ratio", "limit", "runs", ""]
    cells = [head, ["---"] * len(head)]
    for row in rows:
        cells.append(
            [
                row.name,
                f"{row.ours:.3g} {row.unit}",
                f"{row.other:.3g} {row.unit}",
                row.against,
                f"{row.ratio:.2f}",
                f"{row.limit:.2f}",
                str(row.repeats),
                "pass" if row.passed else "FAIL",
            ]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)
