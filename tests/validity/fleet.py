"""What deployments cost a fleet, on fleets whose deployments cost a known number of bad events.

The services of a fleet differ only in what their case says; the planted harm is that of
`tests.validity.effect`.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd

from srelib import tradeoff
from srelib.fleet import Indicator, answers, each
from srelib.simulate import Fleet, ServiceSpec
from srelib.simulate.counts import BucketGrid, _draw_counts
from srelib.simulate.plan import draw_plan
from srelib.simulate.world import World
from tests.validity.cells import Cell, over
from tests.validity.effect import ANSWERS, CLUSTERS, LEVEL, PLACEBOS, SWING, windows

SEEDS, SERVICES, FIRST = 1000, 20, 20_000
HARMED = 400
"""Fleets of a case with harm at most, whose cells are no sizes of a test."""
HOURS = {"working_hours": (10.0, 15.0), **SWING}
TRAIN = {"working_days": (2,), "working_hours": (10.0, 10.1), "deploys_per_week": 1.0}
FEW = {"services": 3}
WIDE = {"wide": True}
SHARED = {"outages_per_week": 0.7}
TROUBLE = {"trouble": {"incidents_per_week": 8.0}, "incidents_per_week": 0.1}

HARMLESS = {
    "harmless": {},
    "harmless, bursty": {"incidents_per_week": 1.5, **CLUSTERS},
    "harmless, office hours only": HOURS,
    "harmless, answers to incidents": ANSWERS,
    "harmless, one service with all the trouble": TROUBLE,
    "harmless, release trains, shared outages": {**TRAIN, **SHARED},
    "harmless, shared outages": SHARED,
    "harmless, traffic 1:1000": WIDE,
    "harmless, 3 services": FEW,
}
HARMFUL = {
    "1 in 20 breaks": {"break_probability": 0.05},
    "1 in 20 breaks, traffic 1:1000": {"break_probability": 0.05, **WIDE},
    "1 in 20 breaks, shared outages": {"break_probability": 0.05, **SHARED},
    "1 in 4 breaks in one service of five": {"fragile": {"break_probability": 0.25}},
    "1 in 20 breaks, 3 services": {"break_probability": 0.05, **FEW},
}

STRONG = ("1 in 20 breaks", "1 in 20 breaks, traffic 1:1000")
"""Cases in which nearly every fleet must be found out."""


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Size, power and coverage, each over so many fleets."""
    cells: list[Cell] = []
    for case, knobs in HARMLESS.items():
        found = table(knobs, seeds=seeds, workers=workers)
        cells += [_size(case, found), _covers(case, found, "total"), _covers(case, found, "mean")]
    for case, knobs in HARMFUL.items():
        found = table(knobs, seeds=min(seeds, HARMED), workers=workers)
        asked = 0.9 if case in STRONG else np.nan
        cells += [_power(case, found, asked), _alone(case, found)]
        cells += [_covers(case, found, "total"), _covers(case, found, "mean")]
    return cells


def table(knobs: dict, *, seeds: int, workers: int) -> pd.DataFrame:
    """One row per fleet."""
    seeds_of = range(FIRST, FIRST + seeds)
    return pd.DataFrame(over(functools.partial(_one, knobs), seeds_of, workers=workers))


def made(knobs: dict, seed: int) -> Fleet:
    """A fleet in hourly buckets; shared outages strike all services alike and are noted by all."""
    knobs = {"break_probability": 0.0, **knobs}
    many, wide = knobs.pop("services", SERVICES), knobs.pop("wide", False)
    trouble, fragile = knobs.pop("trouble", {}), knobs.pop("fragile", {})
    rate = knobs.pop("outages_per_week", 0.0)
    grid = BucketGrid.over("2026-03-30", weeks=13, step="1h")
    platform = ServiceSpec(name="platform", incidents_per_week=rate, incident_sigma=0.8)
    shared = [i for i in draw_plan(seed, platform, grid).incidents if i.deployment_id is None]
    worlds = []
    for number in range(many):
        own = {**knobs, **(trouble if number == 0 else {}), **(fragile if number % 5 == 0 else {})}
        if wide:
            own["requests_per_minute"] = 60 * 10 ** (3 * number / (many - 1) - 1.5)
        spec = ServiceSpec(name=f"s{number:02d}", **own)
        plan = draw_plan(seed, spec, grid)
        incidents = sorted([*plan.incidents, *shared], key=lambda each: each.started)
        plan = replace(plan, incidents=tuple(incidents))
        worlds.append(World(spec, plan, _draw_counts(seed, spec, grid, plan)))
    return Fleet(seed, grid, tuple(worlds))


def _one(knobs: dict, seed: int) -> dict[str, float]:
    """One fleet, measured and known."""
    world = made(knobs, seed)
    effects = asked(world, seed)
    return measured(effects, [planted(world, one) for one in effects.values()])


def asked(world: Fleet, seed: int) -> dict[Indicator, tradeoff.Effect]:
    """The effect of every service that can be asked."""
    none = {name: getattr(world, name).iloc[:0] for name in ("deployments", "incidents")}
    tables = {name: dict(list(getattr(world, name).groupby("service"))) for name in none}

    def ask(key: Indicator, service: str) -> tradeoff.Effect:
        counts = world.counts(service)
        mine = {name: tables[name].get(service, none[name]) for name in none}
        return tradeoff.deployment_effect(
            counts["good"], counts["total"], mine["deployments"], incidents=mine["incidents"],
            target=key.target, placebos=PLACEBOS, seed=seed, details=False,
        )  # fmt: skip

    keys = {Indicator(s, s, "availability", target=0.999): s for s in world.services}
    return answers(each(keys, ask))


def measured(
    effects: dict[Indicator, tradeoff.Effect], known: list[tuple[float, float]]
) -> dict[str, float]:
    """What is said of the fleet, beside its planted harm."""
    whole = tradeoff.fleet_effect(effects)
    alone = np.mean([one.p_value < LEVEL for one in effects.values()])
    row = {"p": whole.p_value, "alone": float(alone)}
    harm, mean = sum(own[0] for own in known), float(np.mean([own[1] for own in known]))
    for name, truth, found in (
        ("total", harm, whole.total), ("mean", mean, whole.per_deployment),
    ):  # fmt: skip
        dust = 1e-9 + 1e-9 * abs(truth)
        row[name] = bool(found.low - dust <= truth <= found.high + dust)
    return row


def planted(world: Fleet, one: tradeoff.Effect) -> tuple[float, float]:
    """Planted harm of a service [events], and of each deployment [min of complete outage]."""
    counts = world.world(one.service).counts
    inside = windows(world, one.per_deployment["finished_at"]) & counts.observed
    harm = float(counts.bad_by_cause["deployment"][inside].sum())
    traffic = counts.total[inside].sum() / (inside.sum() * world.grid.minutes)
    return harm, harm / traffic / one.deployments


def _size(case: str, found: pd.DataFrame) -> Cell:
    wrong = float((found["p"] < LEVEL).mean())
    return Cell(case, "test calls the fleet harmed or helped", wrong, np.nan, 0.07, len(found))


def _power(case: str, found: pd.DataFrame, asked: float) -> Cell:
    share = float((found["p"] < LEVEL).mean())
    return Cell(case, "test finds the effect on the fleet", share, asked, np.nan, len(found))


def _alone(case: str, found: pd.DataFrame) -> Cell:
    share = float(found["alone"].mean())
    return Cell(case, "test of one of its services does, for contrast", share, n=len(found))


def _covers(case: str, found: pd.DataFrame, name: str) -> Cell:
    what = {"total": "total", "mean": "mean harm"}[name]
    measure = f"95 % interval of the {what} holds the truth"
    return Cell(case, measure, float(found[name].mean()), 0.92, 0.98, len(found))
