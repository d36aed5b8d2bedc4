"""Intervals of a service level, on counts with a known error rate: outages and background.

The counts are drawn here, apart from the last cases, which `simulate` draws; their true rate is
that of all their histories together.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from srelib import sli
from srelib.simulate import ServiceSpec, fleet
from tests.validity.cells import Cell, over

SEEDS = 400
FIRST_SEED = 700_000
WEEK, DAY = 10_080, 1_440
LEAD = 3 * DAY
"""Outages may begin so many minutes before the history does."""
DEPTHS = (0.05, 0.2, 0.6)
HEAVY = ("wide", "pareto", "default")
CASES: dict[str, dict[str, Any]] = {
    "1 outage a week, 8 weeks": {},
    "1 a week, 13 weeks": {"days": 91},
    "2 a week, 4 weeks": {"rate": 2, "days": 28},
    "4 a week, 4 weeks": {"rate": 4, "days": 28},
    "4 a week, 13 weeks": {"rate": 4, "days": 91},
    "1 a week, minutes": {"step": 1},
    "1 a week, hours": {"step": 60},
    "1 a week, days, 13 weeks": {"step": DAY, "days": 91},
    "1 a week, background 1 in 100,000": {"background": 1e-5},
    "1 a week, background 1 in 1,000": {"background": 1e-3},
    "1 a week, ten times the traffic": {"traffic": 200.0},
    "2 a week, a hundredth of the traffic": {"traffic": 0.2, "rate": 2},
    "1 a week, a hundredth, 13 weeks": {"traffic": 0.2, "days": 91, "background": 1e-3},
    "1 a week, background wanders": {"wanders": 0.4},
    "1 a week, background wanders far, 13 weeks": {"wanders": 0.8, "days": 91},
    "2 a week, in clusters": {"rate": 2, "cluster": 1.0},
    "1 a week, in clusters, 13 weeks": {"cluster": 1.0, "days": 91},
    "1 a week, lognormal sizes that differ widely": {"sizes": "wide"},
    "the same, 13 weeks": {"sizes": "wide", "days": 91},
    "1 a week, Pareto sizes": {"sizes": "pareto"},
    "4 a week, Pareto sizes, 13 weeks": {"rate": 4, "sizes": "pareto", "days": 91},
    "seconds of downtime, 1 a week": {"down": True},
    "seconds, 1 a week, Pareto, 13 weeks": {"down": True, "sizes": "pareto", "days": 91},
    "seconds, 4 a week, minutes": {"down": True, "rate": 4, "step": 1, "days": 28},
    "no outages": {"rate": 0},
    "no outages, 4 weeks": {"rate": 0, "days": 28},
    "no outages, a hundredth of the traffic": {"rate": 0, "traffic": 0.2, "background": 1e-3},
    "no outages, background wanders": {"rate": 0, "wanders": 0.4},
    "no outages, wanders far, 4 weeks": {"rate": 0, "wanders": 0.8, "days": 28},
    "1 in 5 weeks, 4 weeks": {"rate": 0.2, "days": 28},
    "1 in 5 weeks, 4 weeks, background 1 in 100,000": {
        "rate": 0.2, "days": 28, "background": 1e-5,
    },
    "1 in 5 weeks, 4 weeks, Pareto, 1 in 100,000": {
        "rate": 0.2, "days": 28, "background": 1e-5, "sizes": "pareto",
    },
    "1 in 5 weeks, 13 weeks": {"rate": 0.2, "days": 91},
    "1 a week, 4 weeks": {"days": 28},
    "seconds, 1 in 5 weeks, 13 weeks": {"down": True, "rate": 0.2, "days": 91},
    "1 a week, 2 weeks": {"days": 14},
}  # fmt: skip
SIMULATED: dict[str, dict[str, Any]] = {
    "simulate, 2 incidents a week": {"incidents_per_week": 2.0, "break_probability": 0.0},
    "simulate, 1 a week and releases that break": {"incidents_per_week": 1.0},
    "simulate, 2 a week, drift, aftershocks": {
        "incidents_per_week": 1.3, "aftershocks": 0.5, "drift": 0.4,
    },
    "simulate, no incidents, drift": {
        "incidents_per_week": 0.0, "break_probability": 0.0, "drift": 0.4,
    },
}  # fmt: skip

WEEKLY = (
    "1 a week, 13 weeks",
    "4 a week, 13 weeks",
    "1 a week, background wanders far, 13 weeks",
    "1 a week, in clusters, 13 weeks",
    "4 a week, Pareto sizes, 13 weeks",
    "seconds, 1 a week, Pareto, 13 weeks",
    "no outages",
    "no outages, a hundredth of the traffic",
    "no outages, wanders far, 4 weeks",
    "1 in 5 weeks, 13 weeks",
)
"""Cases whose single weeks are held against the truth too."""


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Coverage where outages enough are expected, and how many lower ends are worth nothing."""
    cells: list[Cell] = []
    chosen = range(FIRST_SEED, FIRST_SEED + seeds)
    for case, knobs in CASES.items():
        found = over(partial(drawn, case=case), chosen, workers=workers)
        rate, days = knobs.get("rate", 1), knobs.get("days", 56)
        cells += _cells(case, np.array(found), true_rate(**knobs), rate * days / 7,
                        heavy=knobs.get("sizes") in HEAVY)  # fmt: skip
    for case, knobs in SIMULATED.items():
        found = np.array(over(partial(simulated, case=case), chosen, workers=workers))
        truth = found[:, -2].sum() / found[:, -1].sum()
        cells += _cells(case, found, truth, 8 * knobs["incidents_per_week"], heavy=True)
    for case in WEEKLY:
        truth = true_rate(**CASES[case])
        cells += _weekly(
            case, np.array(over(partial(weeks, case=case, truth=truth), chosen, workers=workers))
        )
    return cells


def _weekly(case: str, found: np.ndarray) -> list[Cell]:
    """How often weeks hold the truth, and how often one on the line is said to be off it."""
    knobs = CASES[case]
    least = 0.9 if knobs.get("sizes") in HEAVY else 0.93
    if 0 < knobs.get("rate", 1) * knobs.get("days", 56) / 7 < 8:
        least = np.nan
    held, missed = found.mean(axis=0)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    return [
        Cell(case, "95 % interval of a week holds the truth", float(held), least, n=len(found),
             error=float(error[0])),
        Cell(case, "a target at the truth is missed in a week, beyond chance", float(missed),
             high=0.05, n=len(found), error=float(error[1])),
    ]  # fmt: skip


def _cells(
    case: str, found: np.ndarray, truth: float, expected: float, *, heavy: bool
) -> list[Cell]:
    """Ends of the error rate, and the share of weeks that hold `truth`, as rows of the table."""
    low, high = found[:, :2].T
    held, n = float(((low <= truth) & (truth <= high)).mean()), len(found)
    asked = (0.9, np.nan) if heavy and expected else (0.93, 0.97)
    if 0 < expected < 8:
        asked = (np.nan, np.nan)
    wide = float((high > 30 * truth).mean())
    holds = f"95 % interval holds the truth, {expected:.3g} outages expected"
    return [Cell(case, holds, held, *asked, n),
            Cell(case, "lower end below 1 - 30 times the true error rate", wide, high=0.02,
                 n=n)]  # fmt: skip


def drawn(seed: int, *, case: str) -> tuple[float, float]:
    """Ends of the error rate of one history."""
    good, total, weighting = history(seed, case)
    found = sli.interval(good, total, weighting=weighting)
    return 1 - found.high, 1 - found.low


def weeks(seed: int, *, case: str, truth: float) -> tuple[float, float]:
    """Of the weeks of one history, how many hold the true service level, and how many lie below
    it; one without an interval does neither wrong.
    """
    good, total, weighting = history(seed, case)
    found = sli.by_period(good, total, weighting=weighting)
    off = (found["high"] < 1 - truth, found["low"] > 1 - truth)
    return 1 - float((off[0] | off[1]).mean()), float(off[0].mean())


def history(seed: int, case: str) -> tuple[pd.Series, pd.Series, str]:
    """Good and all events of one history, and what they are weighted by."""
    knobs = CASES[case]
    bad, total = counts(np.random.default_rng([seed, zlib.crc32(case.encode())]), **knobs)
    step = f"{knobs.get('step', 5)}min"
    index = pd.date_range("2026-01-05", periods=len(bad), freq=step, tz="UTC", unit="us")
    weighting = "time" if knobs.get("down") else "events"
    return pd.Series(total - bad, index), pd.Series(total, index), weighting


def simulated(seed: int, *, case: str) -> tuple[float, float, float, float]:
    """Ends of the error rate of one simulated service, its bad events and all its events."""
    spec = ServiceSpec(name="api", **SIMULATED[case])
    seen = fleet(seed, services=[spec], weeks=8, step="5min").counts("api")
    found = sli.interval(seen["good"], seen["total"])
    good, total = seen.sum()[["good", "total"]]
    return 1 - found.high, 1 - found.low, total - good, total


def minutes(rng: np.random.Generator, sizes: str, n: int) -> np.ndarray:
    """Lengths of outages, at most a day."""
    if sizes == "pareto":
        return np.minimum(12.6 * (rng.pareto(1.5, n) + 1), DAY)
    spread = 1.5 if sizes == "wide" else 1.0
    return np.minimum(20 * rng.lognormal(0, spread, n), DAY)


def true_rate(*, rate: float = 1, sizes: str = "lognormal", background: float = 3e-4,
              down: bool = False, **_: Any) -> float:  # fmt: skip
    """Error rate in the long run; overlaps are so rare that they do not count."""
    mean = minutes(np.random.default_rng(0), sizes, 4_000_000).mean()
    lost = rate * float(mean) / WEEK
    return lost if down else background + lost * float(np.mean(DEPTHS)) * (1 - background)


def counts(
    rng: np.random.Generator,
    *,
    days: int = 56,
    step: int = 5,
    traffic: float = 20.0,
    background: float = 3e-4,
    rate: float = 1.0,
    sizes: str = "lognormal",
    cluster: float = 0.0,
    wanders: float = 0.0,
    down: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Bad and all events per bucket; down: seconds.

    `traffic` is a minute, `rate` outages a week, `cluster` how many each sets off within about a
    day, `wanders` the log standard deviation of the background from day to day.
    """
    span, n = days * DAY, days * DAY // step
    begins = rng.uniform(-LEAD, span, rng.poisson(rate / (1 + cluster) * (span + LEAD) / WEEK))
    after = np.repeat(begins, rng.poisson(cluster, len(begins)))
    begins = np.concatenate([begins, after + rng.exponential(DAY, len(after))])
    depths = np.ones(len(begins)) if down else rng.choice(DEPTHS, len(begins))
    kept = np.ones(n)
    edges = np.arange(n + 1) * step
    for begin, length, depth in zip(begins, minutes(rng, sizes, len(begins)), depths, strict=True):
        end = begin + length
        first, last = max(int(begin // step), 0), min(int(end // step) + 1, n)
        if first < last:
            inside = np.minimum(end, edges[first + 1 : last + 1])
            inside = np.clip(inside - np.maximum(begin, edges[first:last]), 0, None)
            kept[first:last] *= 1 - depth * inside / step
    if down:
        return np.rint((1 - kept) * step * 60.0), np.full(n, step * 60.0)
    wave = 1 + 0.6 * np.sin(2 * np.pi * (edges[:-1] % DAY - 480) / DAY)
    total = rng.poisson(traffic * step * wave)
    level = rng.standard_normal(days)
    for day in range(1, days):
        level[day] = 0.5 * level[day - 1] + np.sqrt(0.75) * level[day]
    usual = background * np.repeat(np.exp(wanders * level - wanders**2 / 2), n // days)
    bad = rng.binomial(total, np.minimum(1 - kept * (1 - usual), 1.0))
    return bad.astype("float64"), total.astype("float64")
