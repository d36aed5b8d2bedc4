"""DevOps and SRE as two fields that overlap, every measure with the services on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from srelib import wording
from srelib.figures import canvas
from srelib.tradeoff.scoreboard import DEVOPS, SHARED

HEADS = (
    ("DevOps", "deliver software faster", "small, frequent, automated releases",
     "CI/CD, infrastructure as code"),
    ("Both", "change without hurting users", "where a release meets reliability",
     "rollbacks, alerts on what users feel"),
    ("SRE", "keep services reliable and scalable", "what users feel, error budgets",
     "SLIs, SLOs, monitoring, on call"),
)  # fmt: skip
"""Of each field: its name, its main goal, its focus, its tools."""
COLUMN, GUTTER, TOP, PITCH = 0.333, 0.018, 0.785, 0.187
READING = "Each dot is one service,\nbetter is to the right;\nthe ends of a line are named."
DOT = 6.5


@dataclass(frozen=True)
class Measure:
    """How one number of the scoreboard is drawn."""

    field: str
    title: str
    more_is_better: bool
    log: bool


MEASURES = {
    "frequency": Measure("frequency", "deployments a week", True, True),
    "lead_time": Measure("lead_time", "change lead time", False, True),
    "rework_rate": Measure("rework_rate", "unplanned rework", False, False),
    "fail_rate": Measure("fail_rate", "change fail rate", False, False),
    "recovery": Measure("recovery", "recovery", False, True),
    "felt": Measure("felt", "pages users felt", True, False),
    "left": Measure("left", "error budget left", True, False),
    "pages": Measure("pages", "pages a week", False, False),
    "incidents": Measure("incidents", "incidents a week", False, False),
    "restore": Measure("restore", "time to restore", False, True),
}
RIGHT = ("left", "pages", "incidents", "restore")


def shown(field: str, value: float) -> str:
    """A number of the scoreboard as text."""
    if value != value:
        return wording.UNKNOWN
    if field in ("lead_time", "recovery", "restore"):
        return wording.roughly(value)
    if field in ("frequency", "pages", "incidents"):
        return wording.count(round(value, 2 if value < 1 else 1))
    return f"{value * 100:.0f}".replace("-", wording.MINUS) + f"{wording.NBSP}%"


def plot_disciplines(board: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """What DevOps looks at, what SRE looks at, and what both do, on the services at hand.

    Parameters
    ----------
    board : mapping of str to Standing
        As from `srelib.tradeoff.scoreboard`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Two overlapping fields; in each measure one dot per service, better to the right, the
        ends named.
    """
    if not board:
        return canvas.note("There is no service in these exports, so there is nothing to "
                           "compare.", ax=ax)  # fmt: skip
    ax = canvas.axes(ax, height=5.1)
    title = _title(board)
    with canvas.style():
        ax.set_axis_off()
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        _fields(ax)
        columns = (DEVOPS, SHARED, RIGHT)
        for column, fields in enumerate(columns):
            for row, field in enumerate(fields):
                x, y = GUTTER + column * COLUMN, TOP - row * PITCH
                _strip(ax, MEASURES[field], board, (x, y), COLUMN - 2 * GUTTER)
        canvas.headline(ax, title, labels=["i"])
    parts = "; ".join(_spoken(MEASURES[f], board) for f in (*DEVOPS, *SHARED, *RIGHT))
    return canvas.describe(ax, f"Two overlapping fields, DevOps and SRE, with every measure as a "
                               f"line of {len(board)} services. {title}. {parts}.")  # fmt: skip


def _fields(ax: Axes) -> None:
    """The two fields and their overlap, with what each is for."""
    for x, color in ((0.0, canvas.BLUE), (COLUMN, canvas.VERMILLION)):
        looks: tuple[dict[str, Any], ...] = (
            {"fc": color, "alpha": 0.09, "ec": "none"},
            {"fc": "none", "alpha": 0.7, "ec": color, "lw": 1.2},
        )
        for look in looks:
            ax.add_patch(FancyBboxPatch((x + 0.004, 0.004), 2 * COLUMN - 0.006, 0.992, zorder=0,
                                        boxstyle="round,pad=0,rounding_size=0.03", **look)
                         )  # fmt: skip
    for column, (name, *lines) in enumerate(HEADS):
        x = GUTTER + column * COLUMN
        color = (canvas.BLUE, canvas.INK, canvas.VERMILLION)[column]
        ax.text(x, 0.955, name, fontsize=12, fontweight="bold", color=color, va="center")
        for row, text in enumerate(lines):
            ax.text(x, 0.913 - 0.034 * row, text, fontsize=7.6 if row else 8.8, va="center",
                    color=canvas.GREY if row else canvas.INK)  # fmt: skip
    ax.text(GUTTER, TOP - 3 * PITCH, READING, fontsize=8, color=canvas.GREY, va="top",
            linespacing=1.5)  # fmt: skip


def _values(measure: Measure, board: Mapping[str, Any]) -> dict[str, float]:
    found = {name: getattr(one, measure.field).value for name, one in board.items()}
    return {name: value for name, value in found.items() if value == value}


def _strip(
    ax: Axes, measure: Measure, board: Mapping[str, Any], at: tuple[float, float], wide: float
) -> None:
    """One measure: its name and a line of services, the worst at the left."""
    (x, y), values = at, _values(measure, board)
    ax.text(x, y, measure.title, fontsize=8.8, fontweight="bold", color=canvas.INK, va="center")
    line = y - 0.058
    if not values:
        ax.text(x, line, "not in these exports", fontsize=8, color=canvas.GREY, va="center",
                fontstyle="italic")  # fmt: skip
        return
    middle = float(np.median(list(values.values())))
    ax.text(x + wide, y, f"median {shown(measure.field, middle)}" if len(values) > 2 else "",
            fontsize=7.6, color=canvas.GREY, va="center", ha="right")  # fmt: skip
    ax.plot([x, x + wide], [line, line], color="#9A9A9A", lw=1, zorder=2, solid_capstyle="round")
    places = _places(measure, values)
    order = sorted(values, key=lambda name: places[name])
    for name in order:
        edge = name in (order[0], order[-1])
        ax.plot(x + wide * (0.02 + 0.96 * places[name]), line, "o", ms=DOT, zorder=3,
                color=canvas.INK if edge else "#8C8C8C", mec="white", mew=0.8,
                alpha=1 if len(values) < 30 else 0.6)  # fmt: skip
    _ends(ax, measure, values, order, (x, line - 0.048), wide)


def _ends(
    ax: Axes, measure: Measure, values: Mapping[str, float], order: list[str],
    at: tuple[float, float], wide: float,
) -> None:  # fmt: skip
    """The worst and the best by name; all of them where they are the same."""
    x, y = at
    worst, best = order[0], order[-1]
    if values[worst] == values[best]:
        who = worst if len(order) == 1 else f"all {len(order)}"
        ax.text(x, y, _end(who, measure, values[worst], 24), fontsize=7.6, color=canvas.INK,
                va="center")  # fmt: skip
        return
    for name, place, side in ((worst, x, "left"), (best, x + wide, "right")):
        ax.text(place, y, _end(name, measure, values[name], 13), fontsize=7.6, ha=side,
                color=canvas.INK, va="center")  # fmt: skip


def _end(name: str, measure: Measure, value: float, limit: int) -> str:
    return f"{wording.label(name, limit=limit)} {shown(measure.field, value)}"


def _places(measure: Measure, values: Mapping[str, float]) -> dict[str, float]:
    """Where each service lies, 0 the worst and 1 the best."""
    numbers = np.array(list(values.values()))
    if measure.log:
        floor = numbers[numbers > 0].min() if (numbers > 0).any() else 1.0
        numbers = np.log(np.maximum(numbers, floor / 2))
    if measure.field == "left":
        numbers = np.maximum(numbers, -1.0)
    span = float(np.ptp(numbers))
    share = (numbers - numbers.min()) / span if span else np.full(len(numbers), 0.5)
    share = share if measure.more_is_better or not span else 1 - share
    return dict(zip(values, share.tolist(), strict=True))


def _spoken(measure: Measure, board: Mapping[str, Any]) -> str:
    values = _values(measure, board)
    if not values:
        return f"{measure.title}: unknown"
    low, high = (f(values, key=lambda n: values[n]) for f in (min, max))
    if values[low] == values[high]:
        return f"{measure.title}: {shown(measure.field, values[low])}"
    return (f"{measure.title}: from {shown(measure.field, values[low])} ({wording.label(low)}) to "
            f"{shown(measure.field, values[high])} ({wording.label(high)})")  # fmt: skip


def _title(board: Mapping[str, Any]) -> str:
    """Whether the quickest is also the most reliable, and the other way round."""
    speed, left = (_values(MEASURES[f], board) for f in ("frequency", "left"))
    both = [name for name in speed if name in left]
    if len(both) < 2:
        many = wording.plural(len(board), "service")
        return f"What DevOps and SRE look at, and what they share: {many}"
    quick = max(both, key=lambda name: speed[name])
    place = sorted(both, key=lambda name: -left[name]).index(quick) + 1
    who = wording.label(quick, limit=30)
    if place == 1:
        return f"{who} ships most often and has the most budget left"
    if place == len(both):
        return f"{who} ships most often and has the least budget left"
    return f"{who} ships most often and is number {place} of {len(both)} by budget left"
