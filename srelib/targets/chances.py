"""How likely each target is to be met in the next window: weeks redrawn, with room for unseen ones.

Weeks are drawn from the past, traffic and all, in a way that knows how short the past is: every
redrawn history gives the past weeks other weights, and each holds a worse week than any seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.budget import budget_fraction
from srelib.errors import InsufficientDataError
from srelib.stats.intervals import level
from srelib.targets.past import DAY, Weeks, next_window
from srelib.windows import Window

METHOD = "weeks redrawn, with room for worse ones than were seen"
WORLDS, DRAWS = 500, 120
UNSEEN = 0.6
"""Weight of all weeks worse than the worst one seen, where each week seen has 1."""
TOP, SHAPE, DECAY = 4, 2.0, 0.5
"""Worst weeks that tell how heavy the tail is; shape and mean of what is taken for granted."""
WILD = 0.1
"""Share of redrawn histories whose unseen weeks are of any size up to a total outage."""


@dataclass(frozen=True)
class _Cells:
    """The weeks in order of their bad share; a draw falls on one of them, or beyond the last."""

    ratio: np.ndarray
    total: np.ndarray
    part_bad: np.ndarray
    part_total: np.ndarray


def chances(
    weeks: Weeks,
    *,
    targets: Sequence[float],
    window: Window,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Probability that the next window meets each target."""
    tail = (1 - level(confidence)) / 2
    budgets = np.array([budget_fraction(target) for target in targets])
    if not weeks.total.sum() > 0:
        raise InsufficientDataError(
            "no whole week with traffic was observed; export a longer span."
        )
    bad, total = _futures(weeks, window, np.random.default_rng(seed))
    asked = total > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(asked, bad / total, np.inf) / (1 + 1e-9)
    shares.sort(axis=1)
    met = np.stack([np.searchsorted(row, budgets, side="right") for row in shares])
    worlds = met / np.maximum(asked.sum(axis=1), 1)[:, None]
    worlds = worlds[asked.any(axis=1)]
    mean = worlds.mean(axis=0)
    low, high = np.quantile(worlds, [tail, 1 - tail], axis=0)
    return pd.DataFrame(
        {
            "target": np.asarray(targets, dtype="float64"),
            "probability": mean,
            "low": np.minimum(low, mean),  # a few worlds can carry the mean beyond nearly all
            "high": np.maximum(high, mean),
        }
    )


def _futures(
    weeks: Weeks, window: Window, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Bad and total events of simulated windows, one row per redrawn history."""
    start, end = next_window(window, weeks.end)
    count = max(round((end - start) / DAY), 1)
    first = round((start - weeks.end) / DAY) % 7
    whole, rest = divmod(count, 7)
    cells = _cells(weeks, (first + np.arange(rest)) % 7)
    number = rng.dirichlet([*np.ones(len(weeks)), UNSEEN], size=WORLDS)
    exponent = _exponents(cells.ratio, rng)
    wild = rng.random((WORLDS, 1)) < WILD
    bad, total = np.zeros((WORLDS, DRAWS)), np.zeros((WORLDS, DRAWS))
    for turn in range(whole + (rest > 0)):
        place, share = _drawn(cells, number, exponent, wild, rng)
        asked, failed = cells.total[place], share * cells.total[place]
        if turn == whole:
            asked, failed = asked * cells.part_total[place], failed * cells.part_bad[place]
        total += asked
        bad += np.minimum(np.floor(failed + rng.random(failed.shape)), asked) if weeks.whole else (
            np.minimum(failed, asked))  # fmt: skip
    return bad, total


def _cells(weeks: Weeks, part: np.ndarray) -> _Cells:
    """Weeks sorted by bad share, and what falls on some of their days."""
    bad, total = weeks.bad.sum(axis=1), weeks.total.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(total > 0, bad / total, 0.0)
        part_total = np.where(total > 0, weeks.total[:, part].sum(axis=1) / total, 0.0)
        part_bad = np.where(bad > 0, weeks.bad[:, part].sum(axis=1) / bad, part_total)
    order = np.argsort(ratio, kind="stable")
    return _Cells(ratio[order], total[order], part_bad[order], part_total[order])


def _drawn(
    cells: _Cells, weights: np.ndarray, exponent: np.ndarray, wild: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """One week of every simulated window: the past week it is like, and its bad share."""
    n, worlds = len(cells.ratio), len(weights)
    edges = np.cumsum(weights, axis=1) + np.arange(worlds)[:, None]
    where = rng.random((worlds, DRAWS)) + np.arange(worlds)[:, None]
    cell = np.searchsorted(edges.ravel(), where.ravel()).reshape(where.shape)
    cell = np.clip(cell - np.arange(worlds)[:, None] * (n + 1), 0, n)
    place = np.minimum(cell, n - 1)
    least = 1 / max(cells.total.sum(), 1.0)
    high = cells.ratio[place]
    low = np.maximum(cells.ratio[np.maximum(place - 1, 0)], np.minimum(least, high))
    even = 1 - rng.random(where.shape)
    worst = max(cells.ratio[-1], least)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.where(high > 0, high * (low / high) ** even, 0.0)
        beyond = worst * np.exp(np.minimum(-np.log(even) * exponent, -np.log(worst)))
    beyond = np.where(wild, worst ** (1 - even), beyond)
    return place, np.where(cell == n, beyond, between)


def _exponents(ratio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How heavy the tail beyond the worst week is, one draw per redrawn history."""
    top = min(TOP, len(ratio) - 1)
    logs = 0.0
    if top and ratio[-1] > 0:
        base = max(ratio[-1 - top], 1e-3 * ratio[-1])
        logs = float(np.log(np.maximum(ratio[len(ratio) - top :], base) / base).sum())
    return (SHAPE * DECAY + logs) / rng.gamma(SHAPE + top, size=(WORLDS, 1))
