"""Whether one week carries the whole effect: the comparison without each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.tradeoff.compare import Comparison, two_sided
from srelib.tradeoff.controls import Table
from srelib.tradeoff.history import TIMES, WEEK, History
from srelib.tradeoff.placebo import Placements

ENOUGH = 200
"""Placebo schedules for each comparison without a week."""


def by_week(
    past: History, placed: Placements, found: Comparison, place: np.ndarray
) -> pd.DataFrame:
    """The effect of each week, and that of all the others without it."""
    table = found.table
    picked = placed.sums(table.pairs, first=ENOUGH)
    bucket = np.arange(len(past.total))
    unit = np.searchsorted(placed.starts, bucket, side="right") - 1
    many = round(WEEK / placed.period)
    excess = np.bincount(unit // many, np.where(placed.treated, past.bad - found.expected, 0.0))
    made = np.bincount(unit[np.floor(place).astype("int64")] // many, minlength=len(excess))
    rows = []
    for week in np.flatnonzero(made).tolist():
        units = np.arange(week * many, min((week + 1) * many, placed.units))
        start = past.first + int(placed.starts[units[0]]) * past.step
        without = _without(units, placed, table, picked)
        rows.append((start, int(made[week]), float(excess[week]), *without))
    return pd.DataFrame(rows, columns=["week", "deployments", "excess", "without", "p_value"])


def _without(
    units: np.ndarray, placed: Placements, table: Table, picked: np.ndarray
) -> tuple[float, float]:
    """Excess of all weeks but one, and the p-value of it; NaN where days move."""
    whole, own = (
        (sums.sum(axis=1) - sums[:, units].sum(axis=1))[:, None]
        for sums in (table.series, table.own)
    )
    traffic = float(own[TIMES : 2 * TIMES].sum())
    value = float(table.excess(own, whole, traffic)[0])
    if len(units) > 1:
        return value, float("nan")
    number, pairs, orders = int(units[0]), table.pairs, placed.orders[:ENOUGH]
    to, come = orders[:, number], np.argmax(orders == number, axis=1)
    both = np.where(to == number, pairs[:, number, number][:, None], pairs[:, come, to])
    inside = picked - pairs[:, number, to] - pairs[:, come, number] + both
    return value, two_sided(value, table.excess(inside, whole, traffic))
