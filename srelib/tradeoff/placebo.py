"""Placebo schedules: the deployments of each week moved to another week, at the same hours.

Everything a placebo schedule is needed for is a sum over the buckets it covers, so each pair of
weeks is added up once, and a thousand schedules are a thousand picks from that table.
Where most weeks ship at the same hours there is little to move; then days move instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from srelib.tradeoff.after_deployments import (
    DAY,
    TIMES,
    WEEK,
    ServiceHistory,
    covered,
    ratio,
    usual_ratios,
    window_edges,
)

MONDAY = pd.Timestamp("2001-01-01", tz="UTC")
MANY_UNITS = np.array([64, 512, 1024, 4096])
"""Weeks or days put into one order; the fewest that hold a history."""
MORE = 9
CROWDED = 0.75
"""Share of the windows that other weeks would cover as well from which on days are tried."""
MOST_DAYS = 800
"""More days than these do not move by themselves; their table would be too large."""
_DUST = 1e-9
HOT = 5 * 1.4826
"""A bucket is hot from so many times the median deviation from the baseline on."""
JOIN = 6
"""Hot buckets with fewer buckets than this between them are one burst."""


@dataclass(frozen=True)
class Placements:
    """Where the windows of each week (or day) of a history would lie in every other."""

    past: ServiceHistory
    place: np.ndarray
    period: pd.Timedelta
    treated: np.ndarray
    starts: np.ndarray
    masks: np.ndarray
    weights: np.ndarray
    kind: np.ndarray
    orders: np.ndarray
    overlap: float

    @property
    def units(self) -> int:
        """How many weeks or days, the first and the last perhaps in part."""
        return len(self.starts)

    @property
    def unit_of(self) -> np.ndarray:
        """The week or day of each bucket."""
        return np.searchsorted(self.starts, np.arange(len(self.treated)), side="right") - 1

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

    def pairs_by_time(self, hour: np.ndarray, *series: np.ndarray) -> np.ndarray:
        """The same sums, apart by the time of the week."""
        rows = np.stack([self.rows(values) for values in series])
        hours = self.rows(hour.astype("float64")).astype("int64")
        found = np.empty((len(series), TIMES, self.units, self.units))
        for week in range(self.units):
            new = np.flatnonzero(np.diff(hours[week], prepend=-1))
            marks = (hours[week][new][:, None] == np.arange(TIMES)).astype("float64")
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
    past: ServiceHistory, place: np.ndarray, *, after: float, placebos: int, seed: int
) -> Placements:
    """Where the deployments of each week would lie in every other week."""
    weeks = _placements(past, place, WEEK, after=after, placebos=placebos, seed=seed)
    days = len(past.total) * past.step / DAY
    if weeks.overlap <= CROWDED or days > MOST_DAYS or past.step > DAY / 4:
        return weeks
    apart = _placements(past, place, DAY, after=after, placebos=placebos, seed=seed)
    return apart if apart.overlap < weeks.overlap else weeks


def _placements(
    past: ServiceHistory,
    place: np.ndarray,
    period: pd.Timedelta,
    *,
    after: float,
    placebos: int,
    seed: int,
) -> Placements:
    size = len(past.total)
    treated = covered(*window_edges(place, after), size)
    starts = _starts(past, place, period, after)
    masks, ungated = _masks(past, place, starts, period, after)
    reached = _spread(masks.mean(axis=0), starts, size)
    weights = _weights(past, reached, ungated, starts, after)
    inside = float((past.total * treated).sum())
    overlap = float((past.total * treated * reached).sum()) / max(inside, 1e-300)
    middle = np.clip(starts + round(period / past.step) // 2, 0, size - 1)
    kind = past.hour[middle] // 24 if period != WEEK else np.zeros(len(starts), dtype="int64")
    since = (past.first - MONDAY) / period + starts * (past.step / period)
    number = np.floor(since + 0.5).astype("int64")  # of the calendar week or day
    orders = _orders(tuple(number.tolist()), tuple(kind.tolist()), placebos=placebos, seed=seed)
    return Placements(past, place, period, treated, starts, masks, weights, kind, orders, overlap)


@lru_cache(maxsize=8)
def _orders(
    number: tuple[int, ...], kind: tuple[int, ...], *, placebos: int, seed: int
) -> np.ndarray:
    """Where each unit goes; units of one number go to the same place in every service.

    A random order of many units, in which those that a service lacks are skipped, is a random
    order of those it has.
    """
    many = int(MANY_UNITS[np.searchsorted(MANY_UNITS[:-1], 1 + np.ptp(number))])
    place = np.array(number) % many
    orders = np.empty((placebos, len(kind)), dtype="int64")
    for one in set(kind):
        mine = np.flatnonzero(np.array(kind) == one)
        order = _order_of_all(many, placebos, seed, one)
        unit = np.full(many, -1)
        unit[place[mine]] = mine
        to = order[:, place[mine]]
        while (lacking := unit[to] < 0).any():
            to[lacking] = order[np.nonzero(lacking)[0], to[lacking]]
        orders[:, mine] = unit[to]
    return orders


@lru_cache(maxsize=4)
def _order_of_all(many: int, placebos: int, seed: int, kind: int) -> np.ndarray:
    rng = np.random.default_rng([seed, many, kind])
    return np.argsort(rng.random((placebos, many)), axis=1).astype("int16")


def _starts(
    past: ServiceHistory, place: np.ndarray, period: pd.Timedelta, after: float
) -> np.ndarray:
    """First buckets of the units, cut where the fewest windows would be cut."""
    exact = period / past.step
    length = round(exact)
    begin, end = window_edges(place, after)
    cut = np.zeros(length + 1, dtype="int64")
    for first, last in zip(begin % length + 1, begin % length + end - begin, strict=True):
        cut[min(first, length) : min(last, length)] += 1
        cut[: max(0, min(last - length, length))] += 1
    offset = int(np.argmin(cut[:length]))
    count = int(np.ceil((len(past.total) - offset) / exact))
    starts = offset + np.round(np.arange(-(offset > 0), count) * exact).astype("int64")
    return np.asarray(starts[starts < len(past.total)])


def _masks(
    past: ServiceHistory, place: np.ndarray, starts: np.ndarray, period: pd.Timedelta, after: float
) -> tuple[np.ndarray, np.ndarray]:
    """The masks of `Placements`; and without regard to incidents, shape (units, buckets)."""
    own = np.searchsorted(starts, np.floor(place), side="right") - 1
    within = place - starts[own]
    begin, end = window_edges(within, after)
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
    past: ServiceHistory, reached: np.ndarray, ungated: np.ndarray, starts: np.ndarray, after: float
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


@dataclass(frozen=True)
class PlacementSums:
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
        seen = inside[TIMES : 2 * TIMES].sum(axis=0)
        rest = whole[2 * TIMES + 2] - inside[2 * TIMES + 2]
        found = ratio(inside[burst], seen) - ratio(whole[burst + 1] - inside[burst + 1], rest)
        if not marked:
            rates = self.rates(inside, whole)
            calm = inside[:TIMES] - rates * inside[TIMES : 2 * TIMES]
            found = found + ratio(calm.sum(axis=0), seen)
        return np.asarray(traffic * found)

    def rates(self, inside: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Calm ratio of the controls at each time of the week [fraction]."""
        calm, traffic = (
            whole[rows] - inside[rows] for rows in (slice(TIMES), slice(TIMES, 2 * TIMES))
        )
        return usual_ratios(calm, traffic, self.bucket)


@dataclass(frozen=True)
class Comparison:
    """The windows after deployments beside the controls, and the placebos beside theirs."""

    excess: float
    placebos: np.ndarray
    expected: np.ndarray
    odds: float
    treated_share: np.ndarray
    table: PlacementSums
    traffic: float
    centre: float = 0.0


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


def compare(placed: Placements, *, confidence: float) -> Comparison:
    """The windows beside the controls, for the real schedule and for each placebo."""
    return centred(placed.past, _compared(placed, _table(placed)), confidence=confidence)


def more_placebos(placed: Placements, found: Comparison, *, seed: int) -> np.ndarray:
    """Excess of nine times as many further placebo schedules."""
    rng = np.random.default_rng([seed, 2])
    orders = np.empty((MORE * len(placed.orders), placed.units), dtype="int64")
    for one in np.unique(placed.kind):
        mine = np.flatnonzero(placed.kind == one)
        orders[:, mine] = mine[np.argsort(rng.random((len(orders), len(mine))), axis=1)]
    picked = replace(placed, orders=orders).sums(found.table.pairs)
    whole = found.table.series.sum(axis=1)[:, None]
    return found.table.excess(picked, whole, found.traffic) - found.centre


def centred(past: ServiceHistory, found: Comparison, *, confidence: float) -> Comparison:
    """The same against the placebos, where test and controls disagree on the side."""
    tail = (1 - confidence) / 2
    above, below = tails(found.excess, found.placebos)
    low, high = np.quantile(found.placebos, [tail, 1 - tail])
    if not ((above < tail and high < 0) or (below < tail and low > 0)):
        return found
    centre = float(np.median(found.placebos))
    return replace(
        found,
        excess=found.excess - centre,
        placebos=found.placebos - centre,
        expected=found.expected + centre * ratio(past.total, np.array(found.traffic)),
        centre=centre,
    )


def without_bursts(placed: Placements, found: Comparison, share: np.ndarray) -> Comparison:
    """The same comparison without a share of the bursts."""
    left = placed.past.burst * (1 - share)
    rows = slice(2 * TIMES, 2 * TIMES + 2)
    pairs, series, own = (
        each.copy() for each in (found.table.pairs, found.table.series, found.table.own)
    )
    bursts = (left, placed.weights * left)
    pairs[rows] = placed.pairs(*bursts)
    series[rows], own[rows] = (_by_unit(placed, bursts, treated=only) for only in (False, True))
    table = replace(found.table, pairs=pairs, series=series, own=own)
    return _compared(placed, table, centre=found.centre)


def _compared(placed: Placements, table: PlacementSums, *, centre: float = 0.0) -> Comparison:
    whole = table.series.sum(axis=1)[:, None]
    own = table.own.sum(axis=1)[:, None]
    picked = placed.sums(table.pairs)
    traffic = float(own[TIMES : 2 * TIMES].sum())
    rest = whole - own
    expected = ratio(rest[2 * TIMES + 1], rest[2 * TIMES + 2]) + table.rates(own, whole)[:, 0]
    return Comparison(
        excess=float(table.excess(own, whole, traffic)[0]) - centre,
        placebos=table.excess(picked, whole, traffic) - centre,
        expected=expected[placed.past.hour] * placed.past.total,
        traffic=traffic,
        centre=centre,
        odds=float(ratio(np.array(traffic), rest[2 * TIMES + 2])[0]),
        treated_share=table.excess(picked, whole, 1.0, marked=True),
        table=table,
    )


def _table(placed: Placements) -> PlacementSums:
    past, weights, total = placed.past, placed.weights, placed.past.total
    marked = np.where(placed.treated, total, 0.0)
    plain = (past.burst, weights * past.burst, weights * total, marked, weights * marked)
    grouped = placed.pairs_by_time(past.hour, past.calm, total)
    pairs = np.concatenate([grouped.reshape(2 * TIMES, *grouped.shape[2:]), placed.pairs(*plain)])
    series, own = (
        np.concatenate(
            [_by_time(placed, values, treated=only) for values in (past.calm, total)]
            + [_by_unit(placed, plain, treated=only)]
        )
        for only in (False, True)
    )
    buckets = np.maximum(1, np.bincount(past.hour, minlength=TIMES))
    mean = np.bincount(past.hour, total, minlength=TIMES) / buckets
    return PlacementSums(pairs, series, own, mean)


def _by_unit(placed: Placements, values: Sequence[np.ndarray], *, treated: bool) -> np.ndarray:
    """Sums of each series by unit, of the windows only if `treated`."""
    week, kept = placed.unit_of, placed.treated | (not treated)
    return np.stack([np.bincount(week, kept * each, minlength=placed.units) for each in values])


def _by_time(placed: Placements, values: np.ndarray, *, treated: bool) -> np.ndarray:
    """Sums by time of the week (rows) and unit (columns)."""
    place = placed.past.hour * placed.units + placed.unit_of
    kept = placed.treated | (not treated)
    sums = np.bincount(place, kept * values, minlength=TIMES * placed.units)
    return sums.reshape(TIMES, placed.units)


def detectable(found: Comparison, noise: np.ndarray, *, level: float) -> float:
    """Smallest excess the test would have found in 80 of 100 such histories."""
    weak = float(np.quantile(noise, 1 - 0.8))

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


@dataclass(frozen=True)
class Bursts:
    """Bursts of bad events, and how likely those after deployments came by chance."""

    number: np.ndarray
    sizes: np.ndarray
    by_chance: np.ndarray


def bursts(placed: Placements, found: Comparison) -> Bursts:
    """Bursts in the windows, each with the probability that it came by chance."""
    beyond, number = placed.past.beyond, _numbered(placed.past)
    many = int(number.max(initial=0)) + 1
    inside, outside = (number > 0) & placed.treated, (number > 0) & ~placed.treated
    sizes = np.bincount(number[inside], beyond[inside], minlength=many)
    weighted = (placed.weights * beyond)[outside]
    clear = np.sort(np.bincount(number[outside], weighted, minlength=many))
    ours = np.sort(sizes[sizes > 0])
    larger = len(clear) - np.searchsorted(clear, sizes, side="left")
    rank = np.maximum(1, len(ours) - np.searchsorted(ours, sizes, side="left"))
    chance = np.minimum(1.0, found.odds * (larger + 0.5) / rank)
    return Bursts(number, sizes, np.where(sizes > 0, chance, 1.0))


def _numbered(past: ServiceHistory) -> np.ndarray:
    used = past.total > 0
    ratio = np.where(used, past.beyond / np.where(used, past.total, 1.0), 0.0)
    limit = HOT * float(np.median(np.abs(ratio[used])))
    hot = np.flatnonzero(used & (ratio > limit))
    number = np.zeros(len(ratio), dtype="int64")
    join = max(1, round(JOIN / max(1.0, past.step.total_seconds() / 600)))
    number[hot] = np.cumsum(np.diff(hot, prepend=-(10**9)) > join)
    return number


def chance(placed: Placements, found: Comparison, seen: Bursts, *, seed: int) -> np.ndarray:
    """Draws of what chance adds to the excess."""
    rng, past = np.random.default_rng([seed, 1]), placed.past
    many, odds = len(found.placebos), found.odds
    day = np.arange(len(past.total)) // max(1, round(DAY / past.step))
    outside = np.where(placed.treated, 0.0, placed.weights * past.beyond)
    days = np.bincount(day, outside)
    days = days[days != 0]
    copies = rng.poisson(odds, (many, len(days))) - odds * rng.poisson(1.0, (many, len(days)))
    kept = seen.sizes > 0
    by_chance = rng.random((many, int(kept.sum()))) < seen.by_chance[kept]
    fell = np.where(rng.random(by_chance.shape) < odds / (1 + odds), 1.0, -odds)
    return np.asarray(copies @ days + (by_chance * fell) @ seen.sizes[kept])


def interval(
    found: Comparison, noise: np.ndarray, *, most: float, confidence: float
) -> tuple[float, float]:
    """Ends of the interval of the excess; 0 lies outside exactly where the test rejects."""
    tail = (1 - confidence) / 2
    above, below = tails(found.excess, found.placebos)
    low, high = found.excess - np.quantile(noise, [1 - tail, tail])
    test_low, test_high = found.excess - np.quantile(found.placebos, [1 - tail, tail])
    low = max(low, test_low) if above < tail else min(low, 0.0)
    high = min(high, test_high) if below < tail else max(high, 0.0)
    high = max(min(high, most), found.excess)
    return float(min(low, found.excess)), float(high)
