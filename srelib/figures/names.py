"""Names and numbers of notes in a figure, where they cover little of what is drawn."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num, num2date

from srelib.figures import canvas

Taken = list[tuple[float, float, float]]
"""From, to, and height of the points and names drawn already [share of the axes]."""


def name_point(
    ax: Axes,
    text: str,
    point: tuple[float, float],
    at: tuple[float, float],
    taken: Taken,
    *,
    color: str,
    steps: tuple[float, ...],
    pad: float,
    height: float,
    sides: tuple[bool, ...] = (False,),
    **look: Any,
) -> None:
    """Name a point (`at`: as shares of the axes) where the name covers the least of `taken`.

    It moves up or down by a step; `sides` says whether it may stand on the left.
    """
    wide = canvas.text_width(text, 8.5) / (0.86 * 72 * canvas.width())

    def start(left: bool) -> float:
        return at[0] - 0.018 - wide if left else at[0] + 0.018

    def cost(place: tuple[bool, float]) -> float:
        low, y = start(place[0]), at[1] + place[1]
        hit = [b - a for a, b, c in taken if low < b and low + wide > a and abs(y - c) < 0.045]
        outside = low < 0 or low + wide > 1.02
        return 9 * outside + sum(3 if w > 0.03 else 1 for w in hit) + 15 * abs(place[1])

    left, shift = min(product(sides, (0.0, *(s * k for k in steps for s in (1, -1)))), key=cost)
    taken.append((start(left), start(left) + wide, at[1] + shift))
    line = {"arrowstyle": "-", "lw": 0.6, "color": color, "shrinkA": 1, "shrinkB": 2}
    ax.annotate(text, point, xytext=(-pad if left else pad, shift * height), va="center",
                textcoords="offset points", ha="right" if left else "left", fontsize=8.5,
                color=color, zorder=5, arrowprops=line if shift else None, **look)  # fmt: skip


def numbered(ax: Axes, notes: pd.DataFrame, service: str) -> None:
    """The notes of a service as small numbered marks over the days they speak of, as far as these
    are shown (`annotations.numbered`); marks too close to tell apart share one place.
    """
    own = notes[notes["service"].isna() | (notes["service"] == service)]
    first, last = (pd.Timestamp(end) for end in num2date(ax.get_xlim()))
    own = own[own["date"].between(first, last)].drop_duplicates("number")
    width = max(last - first, pd.Timedelta("1s"))
    places: list[tuple[pd.Timestamp, list[str]]] = []
    for date, number in own[["date", "number"]].itertuples(index=False):
        if places and (date - places[-1][0]) / width < CLOSE:
            places[-1][1].append(str(number))
        else:
            places.append((date, [str(number)]))
        ax.axvline(float(date2num(date)), color=canvas.INK, lw=0.7, ls=(0, (1, 2)), zorder=1)
    box = {"boxstyle": "round,pad=0.25", "fc": "white", "ec": canvas.INK, "lw": 0.6}
    for date, numbers in places:
        ax.text(float(date2num(date)), 0.98, ",".join(numbers), fontsize=7.6, ha="center",
                va="top", transform=ax.get_xaxis_transform(), zorder=5, bbox=box,
                color=canvas.INK)  # fmt: skip


CLOSE = 0.05
"""Shares of a panel's width below which marks of notes would cover each other."""
