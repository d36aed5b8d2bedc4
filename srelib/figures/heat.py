"""A table of counts as cells: the more, the darker, with the numbers where they fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from srelib.figures import canvas

DARK = np.array([0.0, 0.30, 0.52])
"""The blue of the fullest cells."""

LEAST = 0.12
"""Share of it in the palest."""


def cells(
    ax: Axes, counts: np.ndarray, names: Callable[[int, int], str], *, numbers: bool = True
) -> None:
    """A cell for each count that is not zero; `names` says what row and column stand for."""
    most = max(float(np.nanmax(counts)), 1.0)
    places = [(int(row), int(column)) for row, column in np.argwhere(np.nan_to_num(counts) > 0)]
    for row, column in places:
        share = counts[row, column] / most
        shade = 1 - (LEAST + (1 - LEAST) * share) * (1 - DARK)
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fc=tuple(shade), ec="none"))
        if numbers:
            ax.text(column, row, f"{int(counts[row, column])}", ha="center", va="center",
                    fontsize=8.5, color="white" if share > 0.55 else canvas.INK)  # fmt: skip
    ax.set(xlim=(-0.5, counts.shape[1] - 0.5), ylim=(counts.shape[0] - 0.5, -0.5))
    texts = [f"{names(*place)}: {int(counts[place])}" for place in places]
    canvas.hover(ax, [column for _, column in places], [row for row, _ in places], texts)
