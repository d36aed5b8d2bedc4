"""Whether one week carries the whole effect: the comparison without each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.tradeoff.compare import Comparison, two_sided
from srelib.tradeoff.matching import History
from srelib.tradeoff.placebo import Placements


def by_week(
    past: History, placed: Placements, found: Comparison, place: np.ndarray
) -> pd.DataFrame:
    """The effect of each week, and that of all the others without it.

    Parameters
    ----------
    past : History
    placed : Placements
    found : Comparison
    place : ndarray
        When deployments reached their users [buckets].

    Returns
    -------
    DataFrame
        week (Timestamp, its start), deployments, excess [events] (of the week; they add up to
        that of the history), without [events] (of the others, compared with their own controls),
        p_value (of the others); one row per week with deployments.
    """
    weights, beyond, total = placed.weights, past.beyond, past.total
    series = (beyond, weights * beyond, total, weights * total)
    week = np.searchsorted(placed.starts, np.arange(len(total)), side="right") - 1
    whole = np.stack([np.bincount(week, values, minlength=placed.weeks) for values in series])
    own = np.stack(
        [np.bincount(week, np.where(placed.treated, v, 0.0), minlength=placed.weeks)
         for v in series]
    )  # fmt: skip
    pairs = placed.pairs(*series)
    made = np.bincount(
        np.searchsorted(placed.starts, np.floor(place), side="right") - 1, minlength=placed.weeks
    )
    picked = placed.sums(pairs)
    rows = [
        (
            past.first + int(placed.starts[number]) * past.step,
            int(made[number]),
            float(own[0, number] - found.expected_ratio * own[2, number]),
            *_without(int(number), placed, pairs, picked, whole, own),
        )
        for number in np.flatnonzero(made)
    ]
    return pd.DataFrame(rows, columns=["week", "deployments", "excess", "without", "p_value"])


def _without(
    number: int,
    placed: Placements,
    pairs: np.ndarray,
    picked: np.ndarray,
    whole: np.ndarray,
    own: np.ndarray,
) -> tuple[float, float]:
    """Excess of all weeks but one, and the p-value of it.

    In each placebo schedule the week that would move to the one left out takes the place that
    the deployments of that one would have had.
    """
    to = placed.orders[:, number]
    come = np.argmax(placed.orders == number, axis=1)
    inside = picked - pairs[:, number, to] - pairs[:, come, number]
    inside = inside + np.where(to == number, pairs[:, number, number][:, None], pairs[:, come, to])
    sums, real = whole.sum(axis=1) - whole[:, number], own.sum(axis=1) - own[:, number]
    drawn = _excess(inside, sums[:, None], real[2])
    value = float(_excess(real, sums, real[2]))
    return value, two_sided(value, drawn)


def _excess(inside: np.ndarray, whole: np.ndarray, traffic: float) -> np.ndarray:
    here = inside[0] / np.where(inside[2] > 0, inside[2], 1.0)
    rest = whole[3] - inside[3]
    there = (whole[1] - inside[1]) / np.where(rest > 0, rest, 1.0)
    return np.asarray(traffic * (here - there))
