"""Placebo schedules: the deployments of each week moved to another week, at the same hours.

Everything a placebo schedule is asked for is a sum over the buckets it covers, so each pair of
weeks is added up once, and a thousand schedules are a thousand picks from that table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srelib.tradeoff.matching import WEEK, History, covered, ends


@dataclass(frozen=True)
class Placements:
    """Where the windows of each week would lie in every other week.

    Parameters
    ----------
    treated : ndarray of bool
        Buckets in a window after a deployment, as it was.
    starts : ndarray of int
        First bucket of each week; the first week may begin before the data.
    masks : ndarray of bool, shape (weeks, weeks, buckets)
        Buckets, counted from the start of a week, that the windows of one week (first axis)
        would cover in another (second axis); a deployment that would fall into an open incident
        is not made.
    ungated : ndarray of bool, shape (weeks, buckets)
        The same without regard to incidents.
    weights : ndarray
        Weight of each bucket as a control.
    orders : ndarray of int, shape (placebos, weeks)
        For each placebo schedule the week that the deployments of each week move to.
    """

    treated: np.ndarray
    starts: np.ndarray
    masks: np.ndarray
    ungated: np.ndarray
    weights: np.ndarray
    orders: np.ndarray

    @property
    def weeks(self) -> int:
        """How many weeks, the first and the last perhaps in part."""
        return len(self.starts)

    def rows(self, values: np.ndarray) -> np.ndarray:
        """A series as one row per week, each running on into the next as far as windows do."""
        width = self.masks.shape[2]
        front = max(0, -int(self.starts[0]))
        back = max(0, int(self.starts[-1]) + width - len(values))
        padded = np.concatenate([np.zeros(front), values, np.zeros(back)])
        return padded[(self.starts + front)[:, None] + np.arange(width)]

    def pairs(self, *series: np.ndarray) -> np.ndarray:
        """Sum of each series over the windows of one week placed in another.

        Parameters
        ----------
        *series : ndarray
            One value per bucket.

        Returns
        -------
        ndarray, shape (series, weeks, weeks)
        """
        rows = np.stack([self.rows(values) for values in series])
        found = np.empty((len(series), self.weeks, self.weeks))
        for week in range(self.weeks):
            mask = self.masks[:, week].astype("float64")
            found[:, :, week] = (mask @ rows[:, week].T).T
        return found

    def pairs_by(self, group: np.ndarray, many: int, *series: np.ndarray) -> np.ndarray:
        """The same sums, apart by a property of the bucket such as its time of the week.

        Parameters
        ----------
        group : ndarray of int
            For each bucket its group, from 0 to `many` - 1.
        many : int
            Number of groups.
        *series : ndarray
            One value per bucket.

        Returns
        -------
        ndarray, shape (series, groups, weeks, weeks)
        """
        rows = np.stack([self.rows(values) for values in series])
        groups = self.rows(group.astype("float64")).astype("int64")
        found = np.empty((len(series), many, self.weeks, self.weeks))
        for week in range(self.weeks):
            new = np.flatnonzero(np.diff(groups[week], prepend=-1))
            marks = (groups[week][new][:, None] == np.arange(many)).astype("float64")
            for number in range(len(series)):
                runs = np.add.reduceat(self.masks[:, week] * rows[number, week], new, axis=1)
                found[number, :, :, week] = (runs @ marks).T
        return found

    def sums(self, pairs: np.ndarray, *, first: int | None = None) -> np.ndarray:
        """Sums over each placebo schedule.

        Parameters
        ----------
        pairs : ndarray, shape (series, weeks, weeks)
            As from `pairs`.
        first : int, optional
            Take only so many schedules, the first ones.

        Returns
        -------
        ndarray, shape (series, placebos)
        """
        orders = self.orders[:first]
        found = np.zeros((len(pairs), len(orders)))
        for week in range(self.weeks):
            found += pairs[:, week][:, orders[:, week]]
        return found


def placements(
    past: History, place: np.ndarray, *, after: float, placebos: int, seed: int
) -> Placements:
    """Where the deployments of each week would lie in every other week.

    Parameters
    ----------
    past : History
    place : ndarray
        When deployments reached their users [buckets].
    after : float
        Length of the window after each [buckets].
    placebos : int
        How many schedules to draw.
    seed : int
        Of the draws.

    Returns
    -------
    Placements
    """
    size = len(past.total)
    treated = covered(place, after, size)
    starts = _week_starts(past, place, after)
    masks, ungated = _masks(past, place, starts, after)
    weights = _weights(past, masks, ungated, starts, after)
    rng = np.random.default_rng(seed)
    orders = np.argsort(rng.random((placebos, len(starts))), axis=1)
    return Placements(treated, starts, masks, ungated, weights, orders)


def _week_starts(past: History, place: np.ndarray, after: float) -> np.ndarray:
    """First buckets of the weeks, cut where the fewest windows would be cut."""
    period = WEEK / past.step
    week = round(period)
    begin, end = ends(place, after)
    cut = np.zeros(week + 1, dtype="int64")
    for first, last in zip(begin % week + 1, begin % week + end - begin, strict=True):
        cut[min(first, week) : min(last, week)] += 1
        cut[: max(0, min(last - week, week))] += 1
    offset = int(np.argmin(cut[:week]))
    count = int(np.ceil((len(past.total) - offset) / period))
    starts = offset + np.round(np.arange(-(offset > 0), count) * period).astype("int64")
    return np.asarray(starts[starts < len(past.total)])


def _masks(
    past: History, place: np.ndarray, starts: np.ndarray, after: float
) -> tuple[np.ndarray, np.ndarray]:
    own = np.searchsorted(starts, np.floor(place), side="right") - 1
    within = place - starts[own]
    begin, end = ends(within, after)
    weeks, width = len(starts), int(max(round(WEEK / past.step) + 1, end.max(initial=0)))
    made = ~past.inside(within[:, None] + starts)
    made[np.arange(len(place)), own] = True
    change = np.zeros((weeks, weeks, width + 1), dtype="int16")
    which, to = np.nonzero(made)
    np.add.at(change, (own[which], to, begin[which]), 1)
    np.add.at(change, (own[which], to, end[which]), -1)
    masks = np.cumsum(change[:, :, :-1], axis=2, dtype="int16") > 0
    plain = np.zeros((weeks, width + 1), dtype="int64")
    np.add.at(plain, (own, begin), 1)
    np.add.at(plain, (own, end), -1)
    return masks, np.cumsum(plain[:, :-1], axis=1) > 0


def _weights(
    past: History, masks: np.ndarray, ungated: np.ndarray, starts: np.ndarray, after: float
) -> np.ndarray:
    """How much a bucket counts as a control.

    A bucket deep inside an incident can hardly lie after a deployment that is used, since no
    such deployment was made while the incident was open; for the same reason it is more often
    clear of windows.
    Both are corrected, as in a survey with unequal chances of being drawn.
    """
    size, weeks = len(past.total), len(starts)
    reached = _spread(masks.mean(axis=0), starts, size)
    plain = _spread(np.broadcast_to(ungated.mean(axis=0), masks.shape[1:]), starts, size)
    width = max(1, round(after))
    made = ~past.inside(np.arange(1 - width, size) + 0.5)
    sums = np.concatenate([[0], np.cumsum(made)])
    gate = (sums[width:] - sums[:-width])[:size] / width
    gate = np.where(plain > 0, reached / np.where(plain > 0, plain, 1.0), gate)
    return np.asarray(gate * (1 - plain + 1 / weeks) / (1 - reached + 1 / weeks))


def _spread(rows: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """One row per week laid out along time; where two overlap, the larger."""
    out = np.zeros(size)
    for row, start in zip(rows, starts, strict=True):
        low, high = max(0, int(start)), min(size, int(start) + len(row))
        part = row[low - int(start) : high - int(start)]
        out[low:high] = np.maximum(out[low:high], part)
    return out
