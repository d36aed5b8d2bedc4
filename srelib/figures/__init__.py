"""Results as pictures: one module per subject, `plot_<noun>(result, *, ax=None) -> Axes`.

It is drawn on `ax`, without it on a new figure, and returns where it was drawn.
A figure computes nothing, its title states the finding, its axes name their unit.
Every figure carries an alternative text: `describe` sets it, `alt` reads it, and a notebook
stores it with the picture.
"""

from srelib.figures import (
    alerts,
    budget,
    decisions,
    delivery,
    incidents,
    policy,
    quality,
    scoreboard,
    sli,
    targets,
    tradeoff,
)
from srelib.figures.show import register

__all__ = [
    "alerts", "budget", "decisions", "delivery", "incidents", "policy", "quality", "scoreboard",
    "sli", "targets", "tradeoff",
]  # fmt: skip
__dir__ = __all__.copy

register()
