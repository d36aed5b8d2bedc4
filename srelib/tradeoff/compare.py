"""Excess of a schedule and of its placebos, the test, and what the data could have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from srelib.tradeoff.controls import Table, ratio
from srelib.tradeoff.history import TIMES, History
from srelib.tradeoff.placebo import Placements

_DUST = 1e-9


@dataclass(frozen=True)
class Comparison:
    """The windows after deployments beside the controls, and the placebos beside theirs."""

    excess: float
    placebos: np.ndarray
    expected: np.ndarray
    odds: float
    treated_share: np.ndarray
    table: Table

    def p_value(self) -> float:
        """Twice the smaller share of placebos at least as far out, the real one among them."""
        return two_sided(self.excess, self.placebos)


def two_sided(value: float, placebos: np.ndarray) -> float:
    """Twice the smaller tail of a value among placebos, itself included."""
    above, below = tails(value, placebos)
    return float(min(1.0, 2 * min(above, below)))


def tails(value: float, placebos: np.ndarray) -> tuple[float, float]:
    """Share of placebos at least as large, and at least as small, the value among them."""
    dust = _DUST * max(1.0, abs(value))
    many = 1 + len(placebos)
    above = (1 + np.count_nonzero(placebos >= value - dust)) / many
    return float(above), float((1 + np.count_nonzero(placebos <= value + dust)) / many)


def compare(past: History, placed: Placements) -> Comparison:
    """The windows beside the controls, for the real schedule and for each placebo."""
    return _compared(past, placed, _table(past, placed))


def spared(past: History, placed: Placements, found: Comparison, share: np.ndarray) -> Comparison:
    """The same comparison without a share of the bursts."""
    left = past.burst * (1 - share)
    rows = slice(2 * TIMES, 2 * TIMES + 2)
    pairs, series, own = (
        each.copy() for each in (found.table.pairs, found.table.series, found.table.own)
    )
    bursts = (left, placed.weights * left)
    pairs[rows] = placed.pairs(*bursts)
    series[rows], own[rows] = (_by_unit(placed, bursts, treated=only) for only in (False, True))
    return _compared(past, placed, replace(found.table, pairs=pairs, series=series, own=own))


def _compared(past: History, placed: Placements, table: Table) -> Comparison:
    whole = table.series.sum(axis=1)[:, None]
    own = table.own.sum(axis=1)[:, None]
    picked = placed.sums(table.pairs)
    traffic = float(own[TIMES : 2 * TIMES].sum())
    rest = whole - own
    expected = ratio(rest[2 * TIMES + 1], rest[2 * TIMES + 2]) + table.rates(own, whole)[:, 0]
    return Comparison(
        excess=float(table.excess(own, whole, traffic)[0]),
        placebos=table.excess(picked, whole, traffic),
        expected=expected[past.hour] * past.total,
        odds=float(ratio(np.array(traffic), rest[2 * TIMES + 2])[0]),
        treated_share=table.excess(picked, whole, 1.0, marked=True),
        table=table,
    )


def _table(past: History, placed: Placements) -> Table:
    weights, total = placed.weights, past.total
    marked = np.where(placed.treated, total, 0.0)
    plain = (past.burst, weights * past.burst, weights * total, marked, weights * marked)
    grouped = placed.pairs_by(past.hour, TIMES, past.calm, total)
    pairs = np.concatenate([grouped.reshape(2 * TIMES, *grouped.shape[2:]), placed.pairs(*plain)])
    series, own = (
        np.concatenate(
            [_by_time(past, placed, values, treated=only) for values in (past.calm, total)]
            + [_by_unit(placed, plain, treated=only)]
        )
        for only in (False, True)
    )
    buckets = np.maximum(1, np.bincount(past.hour, minlength=TIMES))
    return Table(pairs, series, own, np.bincount(past.hour, total, minlength=TIMES) / buckets)


def _unit_of(placed: Placements) -> np.ndarray:
    return np.searchsorted(placed.starts, np.arange(len(placed.treated)), side="right") - 1


def _by_unit(placed: Placements, values: Sequence[np.ndarray], *, treated: bool) -> np.ndarray:
    """Sums of each series by unit, of the windows only where asked."""
    week, kept = _unit_of(placed), placed.treated | (not treated)
    return np.stack([np.bincount(week, kept * each, minlength=placed.units) for each in values])


def _by_time(past: History, placed: Placements, values: np.ndarray, *, treated: bool) -> np.ndarray:
    """Sums by time of the week (rows) and unit (columns)."""
    place = past.hour * placed.units + _unit_of(placed)
    kept = placed.treated | (not treated)
    sums = np.bincount(place, kept * values, minlength=TIMES * placed.units)
    return sums.reshape(TIMES, placed.units)


def detectable(found: Comparison, noise: np.ndarray, *, level: float, power: float = 0.8) -> float:
    """Smallest excess the test would have found in so many of such histories."""
    weak = float(np.quantile(noise, 1 - power))

    def shown(size: float) -> bool:
        seen = found.placebos + size * found.treated_share
        return bool(size + weak > np.quantile(seen, 1 - level / 2))

    high = max(1.0, float(np.abs(found.placebos).max()), abs(weak))
    for _ in range(20):
        if shown(high):
            break
        high *= 2
    else:
        return float("inf")
    low = 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high
