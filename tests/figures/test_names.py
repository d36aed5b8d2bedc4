"""Names and numbers of notes make room for what is drawn."""

import matplotlib.pyplot as plt
import pandas as pd

from srelib.figures import canvas, names


def test_the_name_of_a_point_makes_room_for_what_is_drawn():
    """It stands beside its point, and moves up with a leader where another name is."""
    ax, taken = canvas.axes(None), []
    for _ in range(2):
        names.name_point(
            ax, "pyrra", (1, 1), (0.5, 0.5), taken, color="k", steps=(0.1,), pad=8, height=200
        )
    assert [text.xyann for text in ax.texts] == [(8, 0), (8, 20)]
    assert [text.arrow_patch is not None for text in ax.texts] == [False, True]


def test_marks_that_would_cover_each_other_share_a_place():
    """Their numbers are listed; those further apart have a place of their own."""
    ax = plt.figure().add_subplot()
    first = pd.Timestamp("2026-06-01", tz="UTC")
    ax.set_xlim(first, first + pd.Timedelta("100D"))
    days = [first + pd.Timedelta(days=n) for n in (10, 12, 40)]
    notes = pd.DataFrame({"service": None, "date": days, "number": [1, 2, 3]})
    names.numbered(ax, notes, "shop")
    assert [text.get_text() for text in ax.texts] == ["1,2", "3"]
    assert len(ax.lines) == 3
