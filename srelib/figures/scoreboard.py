"""DevOps and SRE on the same services: two fields that overlap, and a map of quadrants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from srelib import wording
from srelib.figures import canvas
from srelib.tradeoff.scoreboard import (
    DEVOPS,
    FAST_FRAGILE,
    FAST_SAFE,
    SHARED,
    SLOW_FRAGILE,
    SLOW_SAFE,
    SRE,
    Quadrants,
    Scorecard,
)

FIELD_TITLES = (
    ("DevOps", "deliver software faster", "small, frequent, automated releases",
     "CI/CD, infrastructure as code"),
    ("Both", "change without hurting users", "where a release meets reliability",
     "rollbacks, alerts on what users feel"),
    ("SRE", "keep services reliable and scalable", "what users feel, error budgets",
     "SLIs, SLOs, monitoring, on call"),
)  # fmt: skip
"""Of each field: its name, its main goal, its focus, its tools."""
COLUMN, GUTTER, TOP, PITCH = 0.333, 0.018, 0.785, 0.187
READING = "each dot is one service, better is to the right; the ends of a line are named"
DOT, MOST_NAMES, REACH = 6.5, 16, 1.12
NO_PLACE = "No service can be placed: that takes deployments and an objective of the same service."
TINTS = {FAST_SAFE: canvas.GREEN, FAST_FRAGILE: canvas.VERMILLION,
         SLOW_SAFE: canvas.BLUE, SLOW_FRAGILE: canvas.PURPLE}  # fmt: skip
CORNERS = ((0.0, 0.4, 0.97), (0.0, 0.4, 0.925), (0.8, 1.0, 0.97), (0.0, 0.25, 0.03),
           (0.8, 1.0, 0.03))  # fmt: skip
"""Where the names of the fields stand [share of the axes: from, to, height]."""


@dataclass(frozen=True)
class _Layout:
    """Left and top of the three columns, how wide each is, and a height in a wide figure here."""

    corners: tuple[tuple[float, float], ...]
    wide: float
    step: float

    def at(self, column: int, y: float) -> tuple[float, float]:
        """Where something at a height of a wide figure stands in a column."""
        left, top = self.corners[column]
        return left + GUTTER, top - (1 - y) * self.step


ABREAST = _Layout(tuple((column * COLUMN, 1.0) for column in range(3)), COLUMN, 1.0)
STACKED = _Layout(((0.0, 1.0), (0.0, 0.69), (0.0, 0.38)), 1.0, 0.31 / 0.79)
"""On a phone one column stands above the other."""


@dataclass(frozen=True)
class _Measure:
    """How one number of the scoreboard is drawn."""

    field: str
    title: str
    more_is_better: bool
    log: bool

    def values(self, board: Mapping[str, Scorecard]) -> dict[str, float]:
        """What is known of it, by service; a fail rate only where it is clear."""
        found = {name: getattr(one, self.field).value for name, one in board.items()
                 if one.fail_clear or self.field != "fail_rate"}  # fmt: skip
        return {name: value for name, value in found.items() if value == value}

    def shown(self, value: float) -> str:
        """A number of it as text."""
        return wording.estimates(self.field, [value])[0]

    def of_service(self, name: str, value: float, *, limit: int) -> str:
        """That with the name of a service before it."""
        return f"{wording.label(name, limit=limit)} {self.shown(value)}"


MEASURES = {measure.field: measure for measure in (
    _Measure("frequency", "deployments a week", True, True),
    _Measure("lead_time", "change lead time", False, True),
    _Measure("rework_rate", "unplanned rework", False, False),
    _Measure("fail_rate", "change fail rate", False, False),
    _Measure("recovery", "recovery", False, True),
    _Measure("felt", "pages users felt", True, False),
    _Measure("left", "error budget left", True, False),
    _Measure("pages", "pages a week", False, False),
    _Measure("incidents", "incidents a week", False, False),
    _Measure("restore", "time to restore", False, True),
)}  # fmt: skip
COLUMNS = (DEVOPS, SHARED, SRE[1:])
"""Fields drawn for DevOps, for both and for SRE; service levels do not compare."""


@canvas.redrawn
def plot_devops_and_sre(board: Mapping[str, Scorecard], *, ax: Axes | None = None) -> Axes:
    """What DevOps looks at, what SRE looks at, and what both do, on the services at hand.

    Two overlapping fields; one dot per service, better to the right, the ends named.
    """
    canvas.some(board, "There is no service in these exports to compare.")
    parts = "; ".join(_spoken(MEASURES[field], board) for fields in COLUMNS for field in fields)
    about = "Two overlapping fields, DevOps and SRE, with every measure as a line of " \
            f"{len(board)} services"  # fmt: skip
    layout, height = (STACKED, 10.5) if canvas.is_narrow() else (ABREAST, 5.1)
    with canvas.drawing(ax, _title(board), about=about, details=f"{parts}.", height=height,
                        labels=["i"]) as ax:  # fmt: skip
        ax.set_axis_off()
        ax.set(xlim=(0, 1), ylim=(0, 1))
        _fields(ax, layout)
        for column, fields in enumerate(COLUMNS):
            for row, field in enumerate(fields):
                values = MEASURES[field].values(board)
                _strip(ax, MEASURES[field], values, layout, column, TOP - row * PITCH)
        canvas.subtitle(ax, READING)
    return ax


def _fields(ax: Axes, layout: _Layout) -> None:
    """The two fields and their overlap, with what each is for."""
    stacked = layout is STACKED
    bounds = ((0.0, 0.38, 1.0, 0.62), (0.0, 0.0, 1.0, 0.69)) if stacked else (
        (0.0, 0.0, 2 * COLUMN, 1.0), (COLUMN, 0.0, 2 * COLUMN, 1.0))  # fmt: skip
    for (x, y, wide, tall), color in zip(bounds, (canvas.BLUE, canvas.VERMILLION), strict=True):
        looks: tuple[dict[str, Any], ...] = (
            {"fc": color, "alpha": 0.09, "ec": "none"},
            {"fc": "none", "alpha": 0.7, "ec": color, "lw": 1.2},
        )
        for look in looks:
            ax.add_patch(FancyBboxPatch((x + 0.004, y + 0.004), wide - 0.006, tall - 0.008,
                                        zorder=0, boxstyle="round,pad=0,rounding_size=0.03", **look)
                         )  # fmt: skip
    for column, (name, *lines) in enumerate(FIELD_TITLES):
        color = (canvas.BLUE, canvas.INK, canvas.VERMILLION)[column]
        ax.text(*layout.at(column, 0.955), name, fontsize=12, fontweight="bold", color=color,
                va="center")  # fmt: skip
        for row, text in enumerate(lines):
            ax.text(*layout.at(column, 0.913 - 0.034 * row), text, fontsize=7.6 if row else 8.8,
                    va="center", color=canvas.GREY if row else canvas.INK)  # fmt: skip


def _strip(
    ax: Axes,
    measure: _Measure,
    values: Mapping[str, float],
    layout: _Layout,
    column: int,
    height: float,
) -> None:
    """One measure: its name and a line of services, the worst at the left."""
    (x, y), wide = layout.at(column, height), layout.wide - 2 * GUTTER
    ax.text(x, y, measure.title, fontsize=8.8, fontweight="bold", color=canvas.INK, va="center")
    line = y - 0.058 * layout.step
    if not values:
        ax.text(x, line, "not in these exports", fontsize=8, color=canvas.GREY, va="center",
                fontstyle="italic")  # fmt: skip
        return
    middle = float(np.median(list(values.values())))
    ax.text(x + wide, y, f"median {measure.shown(middle)}" if len(values) > 2 else "",
            fontsize=7.6, color=canvas.GREY, va="center", ha="right")  # fmt: skip
    ax.plot([x, x + wide], [line, line], color="#9A9A9A", lw=1, zorder=2, solid_capstyle="round")
    places = _places(measure, values)
    order = sorted(values, key=lambda name: places[name])
    dots = {name: x + wide * (0.02 + 0.96 * places[name]) for name in order}
    for name, dot in dots.items():
        edge = name in (order[0], order[-1])
        ax.plot(dot, line, "o", ms=DOT, zorder=3,
                color=canvas.INK if edge else "#8C8C8C", mec="white", mew=0.8,
                alpha=1 if len(values) < 30 else 0.6)  # fmt: skip
    canvas.hover(ax, [*dots.values()], [line] * len(order), [
        measure.of_service(name, values[name], limit=60) for name in order
    ])  # fmt: skip
    # below it the worst and the best by name; all of them where they are the same
    small = partial(ax.text, y=line - 0.048 * layout.step, fontsize=7.6, color=canvas.INK,
                    va="center")  # fmt: skip
    worst, best = order[0], order[-1]
    if values[worst] == values[best]:
        who = worst if len(order) == 1 else f"all {len(order)}"
        small(x, s=measure.of_service(who, values[worst], limit=24))
        return
    for name, place, side in ((worst, x, "left"), (best, x + wide, "right")):
        small(place, s=measure.of_service(name, values[name], limit=13), ha=side)


def _places(measure: _Measure, values: Mapping[str, float]) -> dict[str, float]:
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


def _spoken(measure: _Measure, board: Mapping[str, Scorecard]) -> str:
    values = measure.values(board)
    if not values:
        return f"{measure.title}: unknown"
    low, high = (f(values, key=lambda n: values[n]) for f in (min, max))
    if values[low] == values[high]:
        return f"{measure.title}: {measure.shown(values[low])}"
    ends = [f"{measure.shown(values[name])} ({wording.label(name)})" for name in (low, high)]
    return f"{measure.title}: from {' to '.join(ends)}"


def _title(board: Mapping[str, Scorecard]) -> str:
    """Whether the quickest is also the most reliable, and the other way round."""
    speed, left = (MEASURES[f].values(board) for f in ("frequency", "left"))
    both = [name for name in speed if name in left]
    if len(both) < 2:
        many = wording.plural(len(board), "service")
        return f"What DevOps and SRE look at, and what they share: {many}"
    quick = max(both, key=lambda name: speed[name])
    place = sorted(both, key=lambda name: -left[name]).index(quick) + 1
    who = wording.label(quick, limit=30)
    if place == 1:
        return f"{who} deploys most often and has the most budget left"
    if place == len(both):
        return f"{who} deploys most often and has the least budget left"
    return f"{who} deploys most often and is number {place} of {len(both)} by budget left"


@canvas.redrawn
def plot_quadrants(quadrants: Quadrants, *, ax: Axes | None = None) -> Axes:
    """How often each service deploys against what is left of its budget, with intervals.

    Crosses are named with the probability of their quadrant, the surest first.
    """
    rows = canvas.some(quadrants.services, NO_PLACE)
    parts = "; ".join(f"{wording.label(r['service'])}: {r['quadrant']}, {_chance(r)}"
                      for _, r in rows.head(20).iterrows())  # fmt: skip
    line, some = quadrants.speed_line, rows["speed"][rows["speed"] > 0]
    floor = min(float(some.min()), line) / 2.2 if len(some) else line / 10
    top = max(float(rows["speed_high"].max()), float(rows["speed"].max()), line * 2) * 1.9
    rows = rows.assign(x=rows["speed"].clip(floor * 1.05, top), y=rows["left"].clip(-1, 1))
    with canvas.drawing(ax, _quadrants_title(quadrants), height=4.6, details=f"{parts}.",
                        about="Map of services by deployments a week and budget left",
                        labels=["\u2264 -100 %"]) as ax:  # fmt: skip
        ax.set(xscale="log", xlim=(floor, top), ylim=(-REACH, REACH))
        _quadrant_fields(ax, quadrants, floor, top)
        for _, row in rows.iterrows():
            _cross(ax, row, floor, top)
        canvas.hover(ax, rows["x"], rows["y"], [
            f"{wording.label(row['service'])}: {wording.per_week(row['speed'])} deployments "
            f"a week, {wording.percent(row['left'])} of the budget left; "
            f"{row['quadrant']}, {_chance(row)}"
            for _, row in rows.iterrows()
        ])  # fmt: skip
        _name_quadrants(ax, rows, floor, top)
        ticks = [t for t in (0.01, 0.03, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
                 if floor < t < top]  # fmt: skip
        canvas.ticks(ax.xaxis, ticks, "{:g}".format)
        worst = f"\u2264 {wording.MINUS}100 %"
        ax.set_yticks([-1, -0.5, 0, 0.5, 1], [worst, f"{wording.MINUS}50 %", "0", "50 %", "100 %"])
        is_fleet = f"; line: {quadrants.line_is}" if quadrants.line_is != "stated" else ""
        ax.set(xlabel=f"deployments a week (logarithmic{is_fleet})", ylabel="error budget left")
    return ax


def _quadrant_fields(ax: Axes, quadrants: Quadrants, floor: float, top: float) -> None:
    """The four fields, each with its name in its outer corner."""
    line, zero = quadrants.speed_line, quadrants.left_line
    corners = {SLOW_SAFE: (floor, line, zero, REACH), FAST_SAFE: (line, top, zero, REACH),
               SLOW_FRAGILE: (floor, line, -REACH, zero), FAST_FRAGILE: (line, top, -REACH, zero)
               }  # fmt: skip
    for name, (left, right, bottom, up) in corners.items():
        ax.fill_between([left, right], bottom, up, color=TINTS[name], alpha=0.07, lw=0, zorder=0)
        fast, safe = name in (FAST_SAFE, FAST_FRAGILE), name in (FAST_SAFE, SLOW_SAFE)
        more = name == SLOW_SAFE and not canvas.is_narrow()
        text = f"{name}:\nroom for more deployments" if more else name
        by = -6 if fast else 6, -6 if safe else 6
        canvas.label(ax, text, (1 if fast else 0, 1 if safe else 0), by, xycoords="axes fraction",
                     ha="right" if fast else "left", va="top" if safe else "bottom", fontsize=9,
                     fontweight="bold", alpha=0.85)  # fmt: skip
    ax.axvline(line, zorder=1, **canvas.LIMIT)
    ax.axhline(zero, zorder=1, **canvas.LIMIT)


def _cross(ax: Axes, row: pd.Series, floor: float, top: float) -> None:
    color = TINTS[row["quadrant"]] if row["quadrant"] != SLOW_FRAGILE else "#A8508A"
    line: dict[str, Any] = {"color": color, "lw": 1.3, "alpha": 0.75, "zorder": 2}
    if row["speed_high"] == row["speed_high"]:
        ends = np.clip([row["speed_low"], row["speed_high"]], floor, top)
        ax.plot(ends, [row["y"]] * 2, **line)
    if row["left_high"] == row["left_high"]:
        ax.plot([row["x"]] * 2, np.clip([row["left_low"], row["left_high"]], -REACH, 1), **line)
    ax.plot(row["x"], row["y"], "o", ms=8, color=color if row["sure"] else "white", mec=color,
            mew=1.8, zorder=4)  # fmt: skip


def _chance(row: pd.Series) -> str:
    p = float(row[row["quadrant"]])
    return f"> 99{wording.NBSP}%" if p > 0.995 else f"{p * 100:.0f}{wording.NBSP}%"


def _name_quadrants(ax: Axes, rows: pd.DataFrame, floor: float, top: float) -> None:
    """Names beside the dots, moved where they would cover each other."""
    span = np.log(top / floor)
    own = np.array([r[r["quadrant"]] for _, r in rows.iterrows()])
    taken = list(CORNERS)
    for i in np.argsort(-own, kind="stable")[:MOST_NAMES]:
        row = rows.iloc[i]
        text = f"{wording.label(row['service'], limit=24)} {_chance(row)}"
        at, height = np.log(row["x"] / floor) / span, (row["y"] + REACH) / (2 * REACH)
        wide = canvas.text_width(text, 8.5) / (0.84 * 72 * canvas.width())
        flip, lift = _place(at, height, wide, taken)
        start = at - 0.02 - wide if flip else at + 0.02
        taken.append((start, start + wide, height + lift))
        canvas.label(ax, text, (row["x"], row["y"]), (-9 if flip else 9, lift * 270), va="center",
                     ha="right" if flip else "left", color=canvas.INK, path_effects=canvas.halo(),
                     zorder=5)  # fmt: skip


def _place(
    at: float, height: float, wide: float, taken: list[tuple[float, float, float]]
) -> tuple[bool, float]:
    costs = {}
    for flip in (False, True):
        for lift in (0.04, -0.04, 0.08, -0.08, 0.12, -0.12):
            start = at - 0.02 - wide if flip else at + 0.02
            hits = sum(start < b and start + wide > a and abs(height + lift - c) < 0.042
                       for a, b, c in taken)  # fmt: skip
            outside = start < 0 or start + wide > 1 or not 0.03 < height + lift < 0.97
            costs[flip, lift] = 9 * outside + 3 * hits + abs(lift) + 0.01 * flip
    return min(costs, key=lambda place: costs[place])


def _quadrants_title(quadrants: Quadrants) -> str:
    verbs = {
        FAST_FRAGILE: ("deploys often and overspends", "deploy often and overspend"),
        SLOW_FRAGILE: ("deploys rarely and overspends", "deploy rarely and overspend"),
        SLOW_SAFE: ("has room for more deployments", "have room for more deployments"),
        FAST_SAFE: ("deploys often within its budget", "deploy often within their budgets"),
    }
    rows, said = quadrants.services, []
    for quadrant, (one, many) in verbs.items():
        own = rows.loc[rows["quadrant"] == quadrant, "service"]
        if who := [wording.label(name, limit=26) for name in own]:
            said.append(f"{wording.listing(who, limit=2)} {one if len(who) == 1 else many}")
    return "; ".join(said[:2])
