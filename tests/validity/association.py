"""Does a link between weeks that does not exist stay unseen, and a planted one get its interval?

Weeks resemble their neighbours, services share bad weeks, both may drift, and a few incidents
carry most bad events; none of that may pass for a link. Which deployments fail is asked of
services that differ in their batches, their working days and in how often they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from srelib import tradeoff
from tests.validity.cells import Cell, over

MONDAYS = pd.date_range("2026-01-05", periods=52, freq="7D", tz="UTC")
SIZES = ((1, 26), (6, 13), (6, 52), (20, 26))
LINK = 0.5
CASES = {
    "independent weeks": {"phi": 0.0},
    "weeks like their neighbours (0.5)": {"phi": 0.5},
    "weeks much like their neighbours (0.8)": {"phi": 0.8},
    "good and bad weeks shared by all services": {"phi": 0.5, "shared": 1.0},
    "both drift over the history": {"phi": 0.5, "drift": 1.5},
    "few deployments, rare large incidents": {"phi": 0.3, "counts": True},
}


def series(rng: np.random.Generator, services: int, weeks: int, phi: float) -> np.ndarray:
    """AR(1) weeks of variance 1."""
    shocks = rng.standard_normal((services, weeks))
    found = np.empty_like(shocks)
    found[:, 0] = shocks[:, 0]
    for week in range(1, weeks):
        found[:, week] = phi * found[:, week - 1] + np.sqrt(1 - phi**2) * shocks[:, week]
    return found


def panel(
    seed: int,
    *,
    services: int,
    weeks: int,
    phi: float,
    shared: float = 0.0,
    drift: float = 0.0,
    counts: bool = False,
    link: float = 0.0,
) -> pd.DataFrame:
    """Weeks by services whose x and y have a correlation of `link` and nothing else in common."""
    rng = np.random.default_rng([seed, services, weeks])
    time = np.linspace(-1, 1, weeks) * drift
    x, own = (
        series(rng, services, weeks, phi) + shared * series(rng, 1, weeks, phi) for _ in range(2)
    )
    y = link * x + np.sqrt(1 - link**2) * own
    x, y = x + time, y + time
    if counts:
        x = rng.poisson(1.5 * np.exp(0.5 * x)).astype(float)
        y = np.where(rng.random(y.shape) < 0.3, np.exp(1.5 * y), 0.001 * rng.random(y.shape))
    level = np.arange(services)[:, None]
    return pd.DataFrame({
        "service": np.repeat([f"s{k}" for k in range(services)], weeks),
        "starts_at": np.tile(MONDAYS[:weeks], services),
        "deployments": (x + 10 * level).ravel(), "bad_share": (y + 3 * level).ravel(),
    })  # fmt: skip


def moved(seed: int, *, options: dict, truth: float) -> tuple[bool, bool, bool]:
    """Whether a link is claimed within, between; and whether the interval holds the truth."""
    found = tradeoff.association(panel(seed, **options), resamples=399)
    inside = found.within.low <= truth <= found.within.high
    return found.within_p <= 0.05, found.between_p <= 0.05, inside


def rank_truth(link: float) -> float:
    """Rank correlation of two normal variables with this correlation (Pearson 1907)."""
    return float(6 / np.pi * np.arcsin(link / 2))


def deployments(seed: int, *, slope: float, friday: float) -> pd.DataFrame:
    """Eight services that differ in size, working days and fail rate; slope of log odds."""
    rng = np.random.default_rng([seed, 7])
    parts = []
    for k in range(8):
        n = int(rng.integers(5, 80))
        size = np.maximum(1, rng.poisson(1 + k, n)).astype(float)
        day = rng.choice(5, n, p=np.array([1, 1, 1, 1, 1 + k]) / (5 + k))
        odds = np.exp(-2.5 + 0.35 * k + slope * np.log2(size) + friday * (day == 4))
        at = MONDAYS[0] + pd.to_timedelta(day * 24 + rng.integers(8, 20, n), "h")
        parts.append(pd.DataFrame({"service": f"s{k}", "size": size, "finished_at": at,
                                   "failed": rng.random(n) < odds / (1 + odds)}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def failing(seed: int, *, slope: float) -> tuple[bool, bool, bool, bool]:
    """Claims about size, weekday and hour; and whether the interval of the odds holds the truth."""
    rows = deployments(seed, slope=slope, friday=0.0)
    batch = tradeoff.by_batch(rows)
    day, hour = (tradeoff.by_time(rows, p, resamples=399) for p in ("weekday", "hour"))
    inside = batch.odds.low <= np.exp(slope) <= batch.odds.high
    return batch.p_value <= 0.05, day.p_value <= 0.05, hour.p_value <= 0.05, inside


def run(*, seeds: int, workers: int) -> list[Cell]:
    """False alarms, coverage and power of what may have moved together."""
    cells = []
    for case, given in CASES.items():
        for services, weeks in SIZES:
            options = {**given, "services": services, "weeks": weeks}
            cells += _false(f"{case}, {_size(services, weeks)}", options, seeds, workers)
    for services, weeks in SIZES:
        options = {"phi": 0.3, "services": services, "weeks": weeks, "link": LINK}
        cells += _planted(_size(services, weeks), options, seeds, workers)
    return cells + _failing(seeds, workers)


def _size(services: int, weeks: int) -> str:
    return f"{services} service{'s' * (services > 1)}, {weeks} weeks"


def _false(case: str, options: dict, seeds: int, workers: int) -> list[Cell]:
    found = _each(partial(moved, options=options, truth=0.0), seeds, workers)
    return [Cell(case, "moved together within services, wrongly", found[:, 0].mean(), high=0.05,
                 n=seeds)]  # fmt: skip


def _planted(case: str, options: dict, seeds: int, workers: int) -> list[Cell]:
    found = _each(partial(moved, options=options, truth=rank_truth(LINK)), seeds, workers)
    planted = f"planted correlation {LINK}, {case}"
    return [
        Cell(planted, "found within services", found[:, 0].mean(), n=seeds),
        Cell(planted, "95 % interval holds the truth", found[:, 2].mean(), low=0.93, n=seeds),
    ]


def _failing(seeds: int, workers: int) -> list[Cell]:
    plain = _each(partial(failing, slope=0.0), seeds, workers)
    slope = float(np.log(1.3))
    planted = _each(partial(failing, slope=slope), seeds, workers)
    case = "eight unlike services, failing has to do with nothing else"
    kinds = zip(("batch size", "weekday", "hour"), plain.T, strict=False)
    return [
        *(Cell(case, f"{kind} made a difference, wrongly", hits.mean(), high=0.05, n=seeds)
          for kind, hits in kinds),
        Cell(case, "95 % interval of the odds holds the truth", plain[:, 3].mean(), 0.93, 0.97,
             n=seeds),
        Cell("odds of failing times 1.3 for twice the changes", "95 % interval holds the truth",
             planted[:, 3].mean(), 0.93, 0.97, n=seeds),
        Cell("odds of failing times 1.3 for twice the changes", "found", planted[:, 0].mean(),
             n=seeds),
    ]  # fmt: skip


def _each(ask: Callable[[int], tuple], seeds: int, workers: int) -> np.ndarray:
    return np.array(over(ask, range(seeds), workers=workers), dtype=float)
