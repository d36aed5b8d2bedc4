"""Whether one week carries the whole effect: the comparison without each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.tradeoff.compare import Comparison, Table, two_sided
from srelib.tradeoff.matching import TIMES, History
from srelib.tradeoff.placebo import Placements

ENOUGH = 200
"""Placebo schedules for each comparison without a week."""


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
    table = found.table
    picked = placed.sums(table.pairs, first=ENOUGH)
    week = np.searchsorted(placed.starts, np.arange(len(past.total)), side="right") - 1
    own = np.where(placed.treated, past.bad - found.expected, 0.0)
    excess = np.bincount(week, own, minlength=placed.weeks)
    made = np.bincount(
        np.searchsorted(placed.starts, np.floor(place), side="right") - 1, minlength=placed.weeks
    )
    rows = [
        (
            past.first + int(placed.starts[number]) * past.step,
            int(made[number]),
            float(excess[number]),
            *_without(int(number), placed, table, picked),
        )
        for number in np.flatnonzero(made)
    ]
    return pd.DataFrame(rows, columns=["week", "deployments", "excess", "without", "p_value"])


def _without(
    number: int, placed: Placements, table: Table, picked: np.ndarray
) -> tuple[float, float]:
    """Excess of all weeks but one, and the p-value of it.

    In each placebo schedule the week that would move to the one left out takes the place that
    the deployments of that one would have had.
    """
    pairs, orders = table.pairs, placed.orders[:ENOUGH]
    to, come = orders[:, number], np.argmax(orders == number, axis=1)
    both = np.where(to == number, pairs[:, number, number][:, None], pairs[:, come, to])
    inside = picked - pairs[:, number, to] - pairs[:, come, number] + both
    whole = (table.series.sum(axis=1) - table.series[:, number])[:, None]
    own = (table.own.sum(axis=1) - table.own[:, number])[:, None]
    traffic = float(own[TIMES : 2 * TIMES].sum())
    value = float(table.excess(own, whole, traffic)[0])
    return value, two_sided(value, table.excess(inside, whole, traffic))
