"""Placebo schedules: the deployments of each week moved to another week, at the same hours.

Everything a placebo schedule is asked for is a sum over the buckets it covers, so each pair of
weeks is added up once, and a thousand schedules are a thousand picks from that table.
Where most weeks ship at the same hours there is little to move; then days move instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.tradeoff.after_deployments import DAY, TIMES, WEEK, History, covered, ends

CROWDED = 0.75
"""Share of the windows that other weeks would cover as well from which on days are tried."""
MOST_DAYS = 800
"""More days than these do not move by themselves; their table would be too large."""


@dataclass(frozen=True)
class Placements:
    """Where the windows of each week (or day) would lie in every other."""

    period: pd.Timedelta
    treated: np.ndarray
    starts: np.ndarray
    masks: np.ndarray
    weights: np.ndarray
    orders: np.ndarray
    overlap: float

    @property
    def units(self) -> int:
        """How many weeks or days, the first and the last perhaps in part."""
        return len(self.starts)

    def rows(self, values: np.ndarray) -> np.ndarray:
        """A series as one row per unit, each running on into the next as far as windows do."""
        width = self.masks.shape[2]
        front = max(0, -int(self.starts[0]))
        back = max(0, int(self.starts[-1]) + width - len(values))
        padded = np.concatenate([np.zeros(front), values, np.zeros(back)])
        return padded[(self.starts + front)[:, None] + np.arange(width)]

    def pairs(self, *series: np.ndarray) -> np.ndarray:
        """Sum of each series over the windows of one unit placed in another."""
        rows = np.stack([self.rows(values) for values in series])
        found = np.empty((len(series), self.units, self.units))
        for week in range(self.units):
            mask = self.masks[:, week].astype("float64")
            found[:, :, week] = (mask @ rows[:, week].T).T
        return found

    def pairs_by(self, group: np.ndarray, many: int, *series: np.ndarray) -> np.ndarray:
        """The same sums, apart by a property of the bucket such as its time of the week."""
        rows = np.stack([self.rows(values) for values in series])
        groups = self.rows(group.astype("float64")).astype("int64")
        found = np.empty((len(series), many, self.units, self.units))
        for week in range(self.units):
            new = np.flatnonzero(np.diff(groups[week], prepend=-1))
            marks = (groups[week][new][:, None] == np.arange(many)).astype("float64")
            for number in range(len(series)):
                runs = np.add.reduceat(self.masks[:, week] * rows[number, week], new, axis=1)
                found[number, :, :, week] = (runs @ marks).T
        return found

    def sums(self, pairs: np.ndarray, *, first: int | None = None) -> np.ndarray:
        """Sums over each placebo schedule."""
        orders = self.orders[:first]
        found = np.zeros((len(pairs), len(orders)))
        for week in range(self.units):
            found += pairs[:, week][:, orders[:, week]]
        return found


def placements(
    past: History, place: np.ndarray, *, after: float, placebos: int, seed: int
) -> Placements:
    """Where the deployments of each week would lie in every other week."""
    weeks = _placements(past, place, WEEK, after=after, placebos=placebos, seed=seed)
    days = len(past.total) * past.step / DAY
    if weeks.overlap <= CROWDED or days > MOST_DAYS or past.step > DAY / 4:
        return weeks
    apart = _placements(past, place, DAY, after=after, placebos=placebos, seed=seed)
    return apart if apart.overlap < weeks.overlap else weeks


def _placements(
    past: History,
    place: np.ndarray,
    period: pd.Timedelta,
    *,
    after: float,
    placebos: int,
    seed: int,
) -> Placements:
    size = len(past.total)
    treated = covered(place, after, size)
    starts = _starts(past, place, period, after)
    masks, ungated = _masks(past, place, starts, period, after)
    reached = _spread(masks.mean(axis=0), starts, size)
    weights = _weights(past, reached, ungated, starts, after)
    inside = float((past.total * treated).sum())
    overlap = float((past.total * treated * reached).sum()) / max(inside, 1e-300)
    kind = _kinds(past, starts, period)
    orders = _orders(kind, placebos=placebos, seed=seed)
    return Placements(period, treated, starts, masks, weights, orders, overlap)


def _kinds(past: History, starts: np.ndarray, period: pd.Timedelta) -> np.ndarray:
    """Which units may change places: weeks all, days only with days of their kind."""
    if period == WEEK:
        return np.zeros(len(starts), dtype="int64")
    middle = np.clip(starts + round(period / past.step) // 2, 0, len(past.hour) - 1)
    return past.hour[middle] // 24


def _orders(kind: np.ndarray, *, placebos: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    orders = np.empty((placebos, len(kind)), dtype="int64")
    for one in np.unique(kind):
        mine = np.flatnonzero(kind == one)
        orders[:, mine] = mine[np.argsort(rng.random((placebos, len(mine))), axis=1)]
    return orders


def _starts(past: History, place: np.ndarray, period: pd.Timedelta, after: float) -> np.ndarray:
    """First buckets of the units, cut where the fewest windows would be cut."""
    exact = period / past.step
    length = round(exact)
    begin, end = ends(place, after)
    cut = np.zeros(length + 1, dtype="int64")
    for first, last in zip(begin % length + 1, begin % length + end - begin, strict=True):
        cut[min(first, length) : min(last, length)] += 1
        cut[: max(0, min(last - length, length))] += 1
    offset = int(np.argmin(cut[:length]))
    count = int(np.ceil((len(past.total) - offset) / exact))
    starts = offset + np.round(np.arange(-(offset > 0), count) * exact).astype("int64")
    return np.asarray(starts[starts < len(past.total)])


def _masks(
    past: History, place: np.ndarray, starts: np.ndarray, period: pd.Timedelta, after: float
) -> tuple[np.ndarray, np.ndarray]:
    """The masks of `Placements`; and without regard to incidents, shape (units, buckets)."""
    own = np.searchsorted(starts, np.floor(place), side="right") - 1
    within = place - starts[own]
    begin, end = ends(within, after)
    units, width = len(starts), int(max(round(period / past.step) + 1, end.max(initial=0)))
    made = ~past.inside(within[:, None] + starts)
    made[np.arange(len(place)), own] = True
    change = np.zeros((units, units, width + 1), dtype="int16")
    which, to = np.nonzero(made)
    np.add.at(change, (own[which], to, begin[which]), 1)
    np.add.at(change, (own[which], to, end[which]), -1)
    masks = np.cumsum(change[:, :, :-1], axis=2, dtype="int16") > 0
    plain = np.zeros((units, width + 1), dtype="int64")
    np.add.at(plain, (own, begin), 1)
    np.add.at(plain, (own, end), -1)
    return masks, np.cumsum(plain[:, :-1], axis=1) > 0


def _weights(
    past: History, reached: np.ndarray, ungated: np.ndarray, starts: np.ndarray, after: float
) -> np.ndarray:
    """How much a bucket counts as a control."""
    size, units = len(past.total), len(starts)
    shape = (units, ungated.shape[1])
    plain = _spread(np.broadcast_to(ungated.mean(axis=0), shape), starts, size)
    width = max(1, round(after))
    made = ~past.inside(np.arange(1 - width, size) + 0.5)
    sums = np.concatenate([[0], np.cumsum(made)])
    gate = (sums[width:] - sums[:-width])[:size] / width
    gate = np.where(plain > 0, reached / np.where(plain > 0, plain, 1.0), gate)
    return np.asarray(gate * (1 - plain + 1 / units) / (1 - reached + 1 / units))


def _spread(rows: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """One row per unit laid out along time; where two overlap, the larger."""
    out = np.zeros(size)
    for row, start in zip(rows, starts, strict=True):
        low, high = max(0, int(start)), min(size, int(start) + len(row))
        part = row[low - int(start) : high - int(start)]
        out[low:high] = np.maximum(out[low:high], part)
    return out


REACH = 3
"""How many hours to either side help an hour of the week with few controls [h]."""


@dataclass(frozen=True)
class Table:
    """Sums of counts that make an excess, one row per series."""

    pairs: np.ndarray
    series: np.ndarray
    own: np.ndarray
    bucket: np.ndarray

    def excess(
        self, inside: np.ndarray, whole: np.ndarray, traffic: float, *, marked: bool = False
    ) -> np.ndarray:
        """Excess of schedules, scaled to `traffic` in the windows."""
        burst = 2 * TIMES + (3 if marked else 0)
        asked = inside[TIMES : 2 * TIMES].sum(axis=0)
        rest = whole[2 * TIMES + 2] - inside[2 * TIMES + 2]
        found = ratio(inside[burst], asked) - ratio(whole[burst + 1] - inside[burst + 1], rest)
        if not marked:
            rates = self.rates(inside, whole)
            calm = inside[:TIMES] - rates * inside[TIMES : 2 * TIMES]
            found = found + ratio(calm.sum(axis=0), asked)
        return np.asarray(traffic * found)

    def rates(self, inside: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Calm ratio of the controls at each time of the week [fraction]."""
        calm, asked = (
            whole[rows] - inside[rows] for rows in (slice(TIMES), slice(TIMES, 2 * TIMES))
        )
        return usual_ratios(calm, asked, self.bucket)


def usual_ratios(calm: np.ndarray, asked: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    """Calm ratio at each time of the week, with a little help from the hours next to it."""
    near = _near(asked)
    pooled = ratio(calm.sum(axis=0), asked.sum(axis=0))
    usual = np.where(near > 0, ratio(_near(calm), near), pooled)
    weight = bucket[:, None] / 10
    return ratio(calm + weight * usual, asked + weight)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole; 0 where there is no whole."""
    positive = np.asarray(whole) > 0
    return np.asarray(np.where(positive, part, 0.0) / np.where(positive, whole, 1.0))


def _near(values: np.ndarray) -> np.ndarray:
    """Sum over the hours at most three away, on the same kind of day."""
    days = values.reshape(2, TIMES // 2, -1)
    closed = np.concatenate([days[:, -REACH:], days, days[:, :REACH]], axis=1)
    sums = sum(closed[:, first : first + TIMES // 2] for first in range(2 * REACH + 1))
    return np.asarray(sums).reshape(values.shape)
