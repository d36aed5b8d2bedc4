"""Do the intervals of fail rate, lead time and recovery time, and of AI tools, hold the truth?

The truth comes from the parameters of the simulated service, not from the code under test: the
share of releases that break and are noticed or mended, over releases and their repairs; the
median of the lognormal lead times, quick repairs mixed in; the median of the time from the start
of a harm to its ticket being closed, drawn afresh from its definition.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from srelib import delivery
from srelib.simulate import ServiceSpec
from srelib.simulate.counts import BucketGrid
from srelib.simulate.plan import NOTED_AFTER, draw_plan
from srelib.simulate.world import Fleet, World
from srelib.stats.comparisons import difference_within
from tests.validity.cells import Cell, over

NAN = float("nan")
SEEDS = 2000
START = "2026-03-30"


class Case(NamedTuple):
    """One kind of service, watched for some weeks."""

    name: str
    spec: ServiceSpec
    weeks: int
    alike: float = 0.0
    """Log standard deviation of lead times that the changes of a deployment share."""


def _spec(**changes: object) -> ServiceSpec:
    calm = {"name": "api", "incidents_per_week": 0.0, "break_probability": 0.15}
    return ServiceSpec(**{**calm, **changes})


CASES = (
    Case("1 deployment a week, half a year", _spec(deploys_per_week=1.0), 26),
    Case("5 a week, a quarter", _spec(deploys_per_week=5.0), 13),
    Case("25 a week, a quarter", _spec(deploys_per_week=25.0), 13),
    Case("5 a week, 1 in 4 breaks, always mended",
         _spec(break_probability=0.25, rollback_probability=0.5, hotfix_probability=0.5), 13),
    Case("5 a week, nothing mended or planned apart",
         _spec(rollback_probability=0.0, hotfix_probability=0.0, page_probability=1.0), 13),
    Case("1 a week in batches of 24, lead time 11 days",
         _spec(deploys_per_week=1.0, changes_per_deploy=24.0, lead_hours=260.0,
               lead_sigma=0.7), 26),
    Case("1 a week in batches of 24, those of a deployment alike",
         _spec(deploys_per_week=1.0, changes_per_deploy=24.0, break_probability=0.0), 26, 0.8),
    Case("5 a week in batches of 8, those of a deployment alike",
         _spec(changes_per_deploy=8.0, break_probability=0.0), 13, 0.8),
    Case("4 a week, harm lasts 2 days, some still open",
         _spec(deploys_per_week=4.0, break_probability=0.3, harm_minutes=2880.0,
               rollback_probability=0.0, hotfix_probability=0.0, page_probability=1.0), 8),
)  # fmt: skip


def true_fail_rate(spec: ServiceSpec) -> float:
    """Deployments that fail and are seen to / deployments, repairs below the line."""
    mended = spec.rollback_probability + spec.hotfix_probability
    seen = 1 - (1 - spec.page_probability) * (1 - mended)
    return spec.break_probability * seen / (1 + spec.break_probability * mended)


@cache
def true_lead_time(spec: ServiceSpec) -> float:
    """Median lead time [s]: lognormal, with the quick changes of hotfixes mixed in."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    quick = spec.break_probability * spec.hotfix_probability
    share = quick / (spec.changes_per_deploy + quick)

    def below(hours: float) -> float:
        z = (np.log(hours) - np.log(spec.lead_hours)) / spec.lead_sigma
        short = np.clip((60 * hours - 10) / 35, 0, 1)
        return float(share * short + (1 - share) * norm.cdf(z)) - 0.5

    return 3600 * float(brentq(below, 1e-3, 1e5))


@cache
def true_recovery(spec: ServiceSpec) -> float:
    """Median time from the start of a harm to its ticket being closed [s]."""
    rng = np.random.default_rng(20_260_330)
    size = 4_000_000
    harm = spec.harm_minutes * np.exp(spec.harm_minutes_sigma * rng.standard_normal(size))
    delays = np.exp(0.8 * rng.standard_normal((3, size)))
    detect, acknowledge, close = NOTED_AFTER
    noted = np.minimum(detect * delays[0], 0.9 * harm) + acknowledge * delays[1]
    return 60 * float(np.median(np.maximum(harm, noted) + close * delays[2]))


BATCH = 50


def batch(job: tuple[int, int, int]) -> list[list[tuple[float, float, float]]]:
    """Low, high and n of the three numbers of each of some fleets of one service."""
    case, first, size = CASES[job[0]], job[1], job[2]
    fleet = _fleet(case, first, size)
    between = (fleet.grid.start, fleet.grid.at(fleet.grid.span))
    changes = _alike(fleet, case.alike) if case.alike else fleet.changes
    found = delivery.metrics(fleet.deployments, changes, fleet.incidents, between=between)
    parts = [(each.fail_rate, each.lead_time, each.recovery) for each in found.values()]
    return [[(e.low, e.high, e.n) for e in part] for part in parts]


def _fleet(case: Case, first: int, size: int) -> Fleet:
    """Services alike, each with a seed of its own, without the traffic none of this needs."""
    grid = BucketGrid.over(START, weeks=case.weeks, step="1D")
    worlds = []
    for seed in range(first, first + size):
        spec = replace(case.spec, name=f"s{seed:05d}")
        worlds.append(World(spec, draw_plan(seed, spec, grid), None))  # type: ignore[arg-type]
    return Fleet(first, grid, tuple(worlds))


def _alike(fleet: Fleet, sigma: float) -> pd.DataFrame:
    """Lead times of each deployment stretched by a lognormal factor of its own, of median 1."""
    rng, changes = np.random.default_rng([17, fleet.seed]), fleet.changes
    shipped = changes["deployment_id"].map(
        fleet.deployments.set_index("deployment_id")["finished_at"]
    )
    codes, names = pd.factorize(changes["deployment_id"])
    factors = np.exp(sigma * rng.standard_normal(len(names) + 1))[codes]
    moved = shipped - (shipped - changes["committed_at"]) * factors
    return changes.assign(committed_at=moved.where(shipped.notna(), changes["committed_at"]))


MEASURES = ("fail rate", "median lead time", "median recovery time")


class Adoption(NamedTuple):
    """Services in which AI tools come into use while, for other reasons, all gets better.

    Large deployments fail more often, and are more likely to hold an assisted change.
    """

    name: str
    services: int
    months: int
    per_month: float
    fail_rate: tuple[float, float] = (0.20, 0.05)
    """In the first and the last month, of the average service."""


ADOPTIONS = (
    Adoption("AI tools without effect, in a year used for 5 % to 70 % of changes, while the fail "
             "rate falls from 20 % to 5 %; 6 services", 6, 12, 25),
    Adoption("the same, half a year, 2 services with 15 deployments a month", 2, 6, 15),
)  # fmt: skip


def adopted(job: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """Low and high of the two contrasts of one history, within strata and of all as one."""
    place, seed = job
    case, rng = ADOPTIONS[place], np.random.default_rng([31, place, seed])
    days = 30 * case.months
    shipped, made = [], []
    for number in range(case.services):
        many = rng.poisson(case.per_month * case.months)
        at = np.sort(rng.uniform(0, days, many))
        share = at / days
        level, pace = np.exp(rng.normal(0, 0.5, 2))
        used = rng.uniform(0.5, 1.5) * (0.05 + 0.65 * share)
        first, last = case.fail_rate
        sizes = rng.geometric(0.5, many)
        rate = level * (first + (last - first) * share) * sizes**0.5 / 1.33  # of the average size
        fails = rng.random(many) < np.clip(rate, 0, 0.9)
        hours = 24 * pace * np.exp(rng.normal(0, 1, many)) * 3.0**-share
        names = [f"s{number}-{one}" for one in range(many)]
        time = pd.Timestamp("2025-07-01", tz="UTC") + pd.to_timedelta(at, unit="D").round("s")
        shipped.append(
            pd.DataFrame(
                {
                    "deployment_id": names,
                    "service": f"s{number}",
                    "finished_at": time,
                    "status": np.where(fails, "rolled_back", "succeeded"),
                }
            )
        )
        made.append(pd.DataFrame({
            "change_id": [f"{name}-{one}" for name, size in zip(names, sizes, strict=True)
                          for one in range(size)],
            "service": f"s{number}", "deployment_id": np.repeat(names, sizes),
            "committed_at": np.repeat(time - pd.to_timedelta(hours, unit="h").round("s"), sizes),
            "assisted": rng.random(sizes.sum()) < np.repeat(used, sizes),
        }))  # fmt: skip
    tables = pd.concat(shipped, ignore_index=True), pd.concat(made, ignore_index=True), None
    as_of = pd.Timestamp("2025-07-01", tz="UTC") + pd.Timedelta(days=days)
    found = []
    for one in delivery.assisted_changes(*tables, as_of=as_of).contrasts:
        plain = (NAN, NAN)
        if one.measure == "failed":
            marked = tables[1].groupby("deployment_id")["assisted"].any()
            flags = tables[0]["status"] == "rolled_back"
            marks = tables[0]["deployment_id"].map(marked)
            other = difference_within(flags, marks, np.zeros(len(flags)), np.arange(len(flags)))
            plain = (other.low, other.high)
        found.append((one.difference.low, one.difference.high, *plain))
    return found


def adoption_cells(*, seeds: int, workers: int) -> list[Cell]:
    """How often the intervals about AI tools hold that there is no effect."""
    cells = []
    for place, case in enumerate(ADOPTIONS):
        found = np.array(over(adopted, [(place, seed) for seed in range(seeds)], workers=workers))
        for number, (measure, truth) in enumerate((("difference of fail rates", 0.0),
                                                   ("factor on lead times", 1.0))):  # fmt: skip
            ends = found[:, number]
            given = np.isfinite(ends[:, 0])
            hit = (ends[given, 0] <= truth) & (truth <= ends[given, 1])
            cells.append(Cell(case.name, f"95 % interval of the {measure} holds no effect",
                              float(hit.mean()), 0.93, 0.97, int(given.sum())))  # fmt: skip
        plain = found[:, 0, 2:]
        hit = (plain[:, 0] <= 0) & (plain[:, 1] >= 0)
        cells.append(Cell(case.name, "the same of fail rates without strata", float(hit.mean()),
                          n=len(hit)))  # fmt: skip
    return cells


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Coverage of the three intervals in each case, among those that have both ends.

    A fail rate that is 0 lies in every interval and is not shown.
    """
    cells = []
    for place, case in enumerate(CASES):
        truths = (true_fail_rate(case.spec), true_lead_time(case.spec), true_recovery(case.spec))
        jobs = [(place, first, min(BATCH, seeds - first)) for first in range(0, seeds, BATCH)]
        found = [each for part in over(batch, jobs, workers=workers) for each in part]
        for number, (measure, truth) in enumerate(zip(MEASURES, truths, strict=True)):
            ends = np.array([each[number] for each in found])
            given = np.isfinite(ends[:, :2]).all(axis=1)
            if given.mean() < 0.5 or not truth:
                continue
            hit = (ends[given, 0] <= truth) & (truth <= ends[given, 1])
            typical = f"{measure}, n about {np.median(ends[given, 2]):.0f}"
            cells.append(Cell(case.name, f"95 % interval of the {typical}, holds the truth",
                              float(hit.mean()), 0.93, 0.97, int(given.sum())))  # fmt: skip
    return cells + adoption_cells(seeds=-(-seeds // 2), workers=workers)
