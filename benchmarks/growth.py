"""Time and memory of the replay, 1 to 100 services: ``python -m benchmarks.growth`` draws them."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.alerts import replay, year
from benchmarks.measure import ROOT, Row, alternate

COUNTS = (1, 2, 5, 10, 20, 50, 100)
ONE, FEW, MANY = 1, 10, 100
LIMIT = 1.25
FIGURE = ROOT / "docs" / "alerts-growth.png"

Pairs = list[tuple[pd.Series, pd.Series]]


def fleet(services: int) -> Pairs:
    """Counts of so many services, each with memory of its own.

    Parameters
    ----------
    services : int
        How many, a year of minutes each.

    Returns
    -------
    list of (Series, Series)
        good and total [events]
    """
    some = [year(seed) for seed in range(min(services, 5))]
    return [(some[n % 5][0].copy(), some[n % 5][1].copy()) for n in range(services)]


def processor_seconds(pairs: Pairs) -> float:
    """Time of the processor that replaying and scoring all of them takes.

    Parameters
    ----------
    pairs : list of (Series, Series)

    Returns
    -------
    float
        [s]; not that of the clock, which counts what else the machine does.
    """
    start = time.process_time()
    for good, total in pairs:
        replay(good, total)
    return time.process_time() - start


def megabytes(services: int) -> float:
    """Memory at the peak: counts and scores of all services, and what a replay needs meanwhile.

    Parameters
    ----------
    services : int
        How many, a year of minutes each.

    Returns
    -------
    float
        [MB]
    """
    some = fleet(min(services, 5))
    tracemalloc.start()
    pairs = [(some[n % 5][0].copy(), some[n % 5][1].copy()) for n in range(services)]
    scores = [replay(*pair) for pair in pairs]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(scores) == services
    return peak / 1e6


def rows(repeats: int) -> list[Row]:
    """A service more costs among a hundred what it costs among ten.

    Parameters
    ----------
    repeats : int
        Runs of each side.

    Returns
    -------
    list of Row
    """
    few, many = fleet(FEW), fleet(MANY)
    ours, other = alternate(
        lambda: processor_seconds(many) / MANY, lambda: processor_seconds(few) / FEW,
        repeats=repeats,
    )  # fmt: skip
    peaks = {n: megabytes(n) for n in (ONE, FEW, MANY)}
    more = (peaks[MANY] - peaks[FEW]) / (MANY - FEW), (peaks[FEW] - peaks[ONE]) / (FEW - ONE)
    name = "replay and score"
    return [
        Row(f"{name} per service, {MANY} services", 1e3 * ours, 1e3 * other, f"{FEW} services",
            LIMIT, repeats, "ms"),
        Row(f"{name}, memory of each service more up to {MANY}", *more, f"up to {FEW}", LIMIT, 1,
            "MB"),
    ]  # fmt: skip


def draw(path: Path = FIGURE) -> None:
    """Measure every number of services and draw time and memory against it.

    Parameters
    ----------
    path : Path
        Where the PNG goes.
    """
    import matplotlib.pyplot as plt

    from srelib.figures import canvas

    processor_seconds(fleet(ONE))
    taken = [processor_seconds(fleet(n)) for n in COUNTS]
    held = [megabytes(n) for n in COUNTS]
    with canvas.style():
        figure = plt.figure(figsize=(canvas.WIDTH, 2.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        _panel(left, taken, "time of one processor [s]", "s")
        _panel(right, held, "memory at the peak [MB]", "MB")
        text = (f"{MANY} services take {taken[-1]:.2g} s and {held[-1] / 1e3:.2g} GB, "
                "in proportion to their number")  # fmt: skip
        figure.suptitle(text, x=0.012, ha="left", fontweight="bold")
        figure.savefig(path, dpi=110)
    plt.close(figure)


def _panel(ax: Any, values: list[float], title: str, unit: str) -> None:
    """One quantity against the services, and the line through the first and the last."""
    from srelib.figures import canvas

    each = (values[-1] - values[0]) / (COUNTS[-1] - COUNTS[0])
    start = values[0] - each * COUNTS[0]
    ax.plot([0, MANY], [start, start + each * MANY], color=canvas.GREY, lw=1, ls=(0, (4, 2)))
    ax.plot(COUNTS, values, "o", ms=5, color=canvas.BLUE, clip_on=False)
    ax.annotate(f"{each:.2g} {unit} a service", (62, start + each * 62), xytext=(6, -12),
                textcoords="offset points", color=canvas.GREY, fontsize=9)  # fmt: skip
    ax.set_ylim(0, max(values) * 1.06)
    ax.set_xlim(0, MANY * 1.04)
    ax.set_xlabel("services, a year of minutes each")
    ax.set_title(title, loc="left", fontsize=9.5, fontweight="normal")


if __name__ == "__main__":
    draw()
    print(FIGURE)
