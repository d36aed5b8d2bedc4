"""Excess of a schedule and of its placebos, the test, and what the data could have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from srelib.tradeoff.after_deployments import DAY, TIMES, WEEK, History, ends
from srelib.tradeoff.placebo import Placements, Table, ratio

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


HOT = 5 * 1.4826
"""A bucket is hot from so many times the median deviation from the baseline on."""
JOIN = 6
"""Hot buckets with fewer buckets than this between them are one burst."""


@dataclass(frozen=True)
class Bursts:
    """Bursts of bad events, and how likely those after deployments came by chance."""

    number: np.ndarray
    sizes: np.ndarray
    by_chance: np.ndarray


def bursts(past: History, placed: Placements, found: Comparison) -> Bursts:
    """Bursts in the windows, each with the probability that it came by chance."""
    beyond, number = past.beyond, _numbered(past)
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


def _numbered(past: History) -> np.ndarray:
    asked = past.total > 0
    ratio = np.where(asked, past.beyond / np.where(asked, past.total, 1.0), 0.0)
    limit = HOT * float(np.median(np.abs(ratio[asked])))
    hot = np.flatnonzero(asked & (ratio > limit))
    number = np.zeros(len(ratio), dtype="int64")
    join = max(1, round(JOIN / max(1.0, past.step.total_seconds() / 600)))
    number[hot] = np.cumsum(np.diff(hot, prepend=-(10**9)) > join)
    return number


def chance(
    past: History, placed: Placements, found: Comparison, seen: Bursts, *, seed: int
) -> np.ndarray:
    """Draws of what chance adds to the excess."""
    rng = np.random.default_rng([seed, 1])
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
    """Ends of the interval of the excess."""
    tail = (1 - confidence) / 2
    above, below = tails(found.excess, found.placebos)
    low, high = found.excess - np.quantile(noise, [1 - tail, tail])
    if above > tail:
        low = min(low, 0.0)
    if below > tail:
        high = max(high, 0.0)
    if above <= tail:
        low = max(low, found.excess - float(np.quantile(found.placebos, 1 - tail)))
    if below <= tail:
        high = min(high, found.excess - float(np.quantile(found.placebos, tail)))
    high = max(min(high, most), found.excess)
    return float(min(low, found.excess)), float(high)


BIN = pd.Timedelta(minutes=30)
ENOUGH = 400
"""Placebo schedules for the band of the curve."""


def nearest(
    place: np.ndarray, size: int, *, before: float, after: float
) -> tuple[np.ndarray, np.ndarray]:
    """The deployment each bucket is measured from, and how far from it it lies."""
    begin, end = ends(place, after)
    buckets = np.arange(size)
    last = np.searchsorted(begin, buckets, side="right") - 1
    reach = np.maximum.accumulate(end) if len(end) else end
    known = np.append(reach, 0)
    owner = np.where((last >= 0) & (buckets < known[last]), last, -1)
    coming = np.append(begin, size + before + 1)[last + 1]
    earlier = (owner < 0) & (coming - buckets <= before)
    owner = np.where(earlier, last + 1, owner)
    offset = np.where(owner >= 0, buckets - np.append(begin, 0)[owner], 0)
    return owner, offset


def curve(
    past: History,
    placed: Placements,
    found: Comparison,
    place: np.ndarray,
    *,
    before: float,
    after: float,
    confidence: float,
) -> pd.DataFrame:
    """Excess ratio by time since the deployment, with what chance alone would spread it over."""
    width = max(1, round(BIN / past.step))
    lead = max(1, int(np.ceil(round(before) / width)))
    owner, offset = nearest(place, len(past.total), before=lead * width, after=after)
    last = int(np.ceil(max(1, round(after)) / width))
    bins = np.where(owner >= 0, np.clip(offset // width, -lead, last - 1) + lead, -1)
    many = lead + last
    beyond = past.bad - found.expected
    asked = _by_bin(bins, past.total, many)
    ratio = np.divide(
        _by_bin(bins, beyond, many), asked, out=np.full(many, np.nan), where=asked > 0
    )
    low, high = _band(past, placed, beyond, bins, many, confidence=confidence)
    return pd.DataFrame(
        {
            "offset": (np.arange(many) - lead) * width * past.step,
            "excess_ratio": ratio,
            "low": ratio + np.minimum(low, 0),
            "high": ratio + np.maximum(high, 0),
        }
    )


def _by_bin(bins: np.ndarray, values: np.ndarray, many: int) -> np.ndarray:
    inside = bins >= 0
    return np.bincount(bins[inside], values[inside], minlength=many)


def _band(
    past: History,
    placed: Placements,
    beyond: np.ndarray,
    bins: np.ndarray,
    many: int,
    *,
    confidence: float,
) -> tuple[np.ndarray, np.ndarray]:
    """How far below and above the ratio of each bin the truth may lie."""
    weeks = placed.units
    own = placed.rows(bins.astype("float64") + 1).astype("int64")
    own[:, round(placed.period / past.step) :] = 0
    where, at = np.nonzero(own)
    pairs = np.empty((2, many, weeks, weeks))
    for number, values in enumerate((beyond, past.total)):
        rows = placed.rows(values)[:, at]
        for week in range(weeks):
            key = where * many + own[where, at] - 1
            pairs[number, :, :, week] = (
                np.bincount(key, rows[week], minlength=weeks * many).reshape(weeks, many).T
            )
    tail = (1 - confidence) / 2
    low, high = np.zeros(many), np.zeros(many)
    for number in range(many):
        part, whole = placed.sums(pairs[:, number], first=ENOUGH)
        drawn = (part / np.where(whole > 0, whole, 1.0))[whole > 0]
        if len(drawn):
            ends_ = drawn.mean() - np.quantile(drawn, [1 - tail, tail])
            low[number], high[number] = ends_
    return low, high


ENOUGH_PLACEBOS = 200
"""Placebo schedules for each comparison without a week."""


def by_week(
    past: History, placed: Placements, found: Comparison, place: np.ndarray
) -> pd.DataFrame:
    """The effect of each week, and that of all the others without it."""
    table = found.table
    picked = placed.sums(table.pairs, first=ENOUGH_PLACEBOS)
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
    number, pairs, orders = int(units[0]), table.pairs, placed.orders[:ENOUGH_PLACEBOS]
    to, come = orders[:, number], np.argmax(orders == number, axis=1)
    both = np.where(to == number, pairs[:, number, number][:, None], pairs[:, come, to])
    inside = picked - pairs[:, number, to] - pairs[:, come, number] + both
    return value, two_sided(value, table.excess(inside, whole, traffic))
