"""Cells of counts: darker where more, nothing where none."""

import matplotlib.pyplot as plt
import numpy as np

from srelib.figures import canvas, heat


def test_only_counts_above_zero_are_drawn_and_the_fullest_is_darkest():
    """With their numbers, white where the cell is dark; rows run downwards."""
    ax = plt.figure().add_subplot()
    heat.cells(ax, np.array([[0, 1], [4, 0]]), lambda row, column: f"{row} {column}")
    cells = {tuple(patch.get_xy()): patch.get_facecolor() for patch in ax.patches}
    assert set(cells) == {(0.5, -0.5), (-0.5, 0.5)}
    assert sum(cells[-0.5, 0.5][:3]) < sum(cells[0.5, -0.5][:3])
    assert {text.get_text(): text.get_color() for text in ax.texts} == {
        "1": canvas.INK, "4": "white",
    }  # fmt: skip
    assert ax.get_ylim() == (1.5, -0.5)


def test_a_cell_says_what_it_counts_to_a_pointer():
    """Row, column and number."""
    with canvas.on_page(canvas.WIDTH):
        ax = canvas.axes(None)
        heat.cells(ax, np.array([[0, 3]]), lambda row, column: f"Mon, from {column}:00")
    assert list(ax.figure.names.values()) == [["Mon, from 1:00: 3"]]
