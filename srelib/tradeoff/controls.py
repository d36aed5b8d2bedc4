"""What controls let expect: calm ratios by time of the week, bursts over all hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srelib.tradeoff.history import TIMES

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
