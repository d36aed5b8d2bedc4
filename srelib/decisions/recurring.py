"""What the kind of incident that came back and cost most will cost, which it did by chance too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from srelib.decisions.causes import CONFIDENCE, Causes
from srelib.stats import Estimate
from srelib.stats.bursts import bursts_interval

BURSTS = "sum of a Poisson number of bursts"
POOLED = f"{BURSTS}, pooled over the kinds of incident"
ALONE = 4
"""Kinds of incident that are taken out one by one; the others, which cost less, together."""


@dataclass(frozen=True)
class Recurring:
    """The costliest kind of incident that came more than once.

    Beyond the usual errors it `spent` so much [events], and will `cost`, pooled with the other
    kinds,
    so much in as much time: a share of each of the `parts` by bucket, its own first.
    """

    title: str
    spent: Estimate
    cost: Estimate
    parts: list[np.ndarray]
    shares: list[float]


def costliest_recurring(found: Causes) -> Recurring | None:
    """Which kind, what it spent and, pooled, what it will; none where no kind came twice."""
    again = np.flatnonzero(found.named["incidents"].to_numpy(dtype="int64") > 1)
    if not len(again):
        return None
    own, burst, opened = int(again[0]), found.burst, found.incident >= 0
    sizes = np.bincount(found.incident[opened], burst[opened], minlength=len(found.kind))
    kinds = np.array([sizes[found.kind == row].sum() for row in range(len(found.named))])
    costly = sizes[(found.kind == own) & (sizes > 0)]
    low, high = bursts_interval(costly, confidence=CONFIDENCE)
    title, n = (found.named[column].iloc[own] for column in ("title", "incidents"))
    spent = Estimate(float(kinds[own]), low, high, int(n), CONFIDENCE, POOLED)

    many = max(int((kinds > 0).sum()), 1)
    mean = float(kinds.sum()) / many
    alike = 1 - _distinct(kinds, sizes) if spent.value > mean else 0.0
    groups = [[own], *_others(kinds, own)] if alike else [[own]]
    shares = [1 - alike + alike / many, *[alike / many] * (len(groups) - 1)]
    kind = np.append(found.kind, -1)[found.incident]
    parts = [np.where(np.isin(kind, group), burst, 0.0) for group in groups]
    value = (1 - alike) * spent.value + alike * mean
    cost = replace(spent, value=value, low=low * value / spent.value if alike else low)
    return Recurring(str(title), spent, cost, parts, shares)


def _distinct(kinds: np.ndarray, sizes: np.ndarray) -> float:
    """Share of the scatter between kinds that is more than the sizes of incidents explain; the
    largest counts twice, since one as large may yet come to any kind.
    """
    costly = kinds[kinds > 0]
    if len(costly) < 2:
        return 1.0
    chance = ((sizes**2).sum() + sizes.max() ** 2) / len(costly)
    return float(max(1 - chance / max(costly.var(ddof=1), chance), 0.0))


def _others(spent: np.ndarray, own: int) -> list[list[int]]:
    """The other kinds that spent anything, costliest first: some alone, the rest together."""
    rows = [row for row in np.argsort(-spent, kind="stable").tolist()
            if row != own and spent[row] > 0]  # fmt: skip
    alone, rest = rows[: ALONE - 1], rows[ALONE - 1 :]
    return [*([row] for row in alone), *([rest] if rest else [])]
