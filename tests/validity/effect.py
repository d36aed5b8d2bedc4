"""What deployments cost, on fleets whose deployments cost a known number of bad events.

Each fleet is one service; its planted harm is counted bucket by bucket in the windows of the
deployments used, by arithmetic of its own.
"""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from srelib import tradeoff
from srelib.errors import InsufficientDataError
from srelib.simulate import Fleet, ServiceSpec, fleet
from tests.validity.cells import Cell, over

LEVEL = 0.05
PLACEBOS = 499
COVERAGES = 400
"""Fleets of a case that measures coverage and power; a size takes as many as are asked for."""
AFTER = pd.Timedelta(hours=6)
ANSWERS = {"answer_probability": 0.4, "answers_planned": True, "incidents_per_week": 3.0}
CLUSTERS = {"aftershocks": 0.5, "drift": 0.4}
SWING = {"daily_swing": 0.9, "weekend": 0.3, "load_errors": 1.0}
OFFICE = {"working_hours": (10.0, 15.0), "deploys_per_week": 4.0}
TRAIN = {"working_days": (2,), "working_hours": (10.0, 10.1), "deploys_per_week": 1.0}

HARMLESS = {
    "harmless": {},
    "harmless, 26 weeks": {"weeks": 26},
    "harmless, clusters and drift": {"incidents_per_week": 1.5, **CLUSTERS},
    "harmless, errors follow traffic": SWING,
    "harmless, office hours only": OFFICE,
    "harmless, answers to incidents": ANSWERS,
    "harmless, all of these": {**ANSWERS, **CLUSTERS, **SWING, **OFFICE},
    "harmless, half-hour buckets": {"step": "30min"},
    "harmless, Wednesdays at ten": {**TRAIN, **CLUSTERS},
}
HARMFUL = {
    "1 in 20 breaks": {"break_probability": 0.05},
    "1 in 10 breaks": {"break_probability": 0.1},
    "1 in 10 breaks, 26 weeks": {"break_probability": 0.1, "weeks": 26},
    "1 in 4 breaks": {"break_probability": 0.25},
    "1 in 4 breaks, 2 deployments a week": {"break_probability": 0.25, "deploys_per_week": 2.0},
    "half break, 1 deployment a week": {"break_probability": 0.5, "deploys_per_week": 1.0},
    "half break, Wednesdays at ten": {"break_probability": 0.5, **TRAIN},
    "1 in 4 breaks, all of these": {
        "break_probability": 0.25, **ANSWERS, **CLUSTERS, **SWING, **OFFICE,
    },
}  # fmt: skip


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Size, coverage and power, each over so many fleets."""
    cells: list[Cell] = []
    for case, knobs in HARMLESS.items():
        found = table({"break_probability": 0.0, **knobs}, seeds=seeds, workers=workers)
        cells += [_size(case, found), _naive(case, found), _covers(case, found, "excess")]
        cells += [_shown(case, found)]
    for case, knobs in HARMFUL.items():
        found = table(knobs, seeds=min(seeds, COVERAGES), workers=workers)
        cells += [_covers(case, found, "excess"), _covers(case, found, "share")]
        cells += [_bias(case, found), _power(case, found)]
    return cells


def table(knobs: dict, *, seeds: int, workers: int) -> pd.DataFrame:
    """One row per fleet."""
    rows = over(functools.partial(_one, knobs), range(seeds), workers=workers)
    return pd.DataFrame([row for row in rows if row])


def _one(knobs: dict, seed: int) -> dict[str, float] | None:
    """One fleet, measured and known."""
    knobs = dict(knobs)
    weeks, step = knobs.pop("weeks", 13), knobs.pop("step", "1h")
    spec = ServiceSpec(name="api", **knobs)
    world = fleet(seed, services=[spec], weeks=weeks, step=step)
    counts = world.counts("api")
    given = (counts["good"], counts["total"], world.deployments)
    try:
        found = tradeoff.deployment_effect(
            *given, incidents=world.incidents, target=spec.target, placebos=PLACEBOS, seed=seed,
            details=False,
        )  # fmt: skip
    except InsufficientDataError:
        return None
    truth = planted(world, found.per_deployment["finished_at"])
    allowance = (1 - spec.target) * counts["total"].sum()
    row = {"p": found.p_value, "truth": truth, "detectable": found.detectable}
    for name, scale in (("excess", 1.0), ("share", allowance)):
        estimate = getattr(found, name)
        row[name] = estimate.value - truth / scale
        dust = 1e-9 + 1e-9 * abs(truth / scale)
        row[f"{name}_covers"] = estimate.low - dust <= truth / scale <= estimate.high + dust
    if not spec.break_probability:
        return {**row, "naive": naive(world), "shown": shown(world, found, seed)}
    return row


def windows(world: Fleet, finished_at: pd.Series) -> np.ndarray:
    """Buckets in the windows after these deployments.

    The bucket of the deployment counts, and every further one of which at least half lies in the
    six hours after it.
    """
    minutes = world.grid.minutes
    begins = np.arange(world.grid.size)[:, None] * minutes
    at = ((finished_at - world.grid.start) / pd.Timedelta(minutes=1)).to_numpy()
    own = (begins <= at) & (at < begins + minutes)
    later = (begins > at) & (begins + minutes / 2 <= at + AFTER / pd.Timedelta(minutes=1))
    return np.asarray((own | later).any(axis=1))


def planted(world: Fleet, finished_at: pd.Series) -> float:
    """Planted harm in the windows after these deployments [events]."""
    counts = world.world("api").counts
    inside = windows(world, finished_at) & counts.observed
    return float(counts.bad_by_cause["deployment"][inside].sum())


def shown(world: Fleet, found: tradeoff.Effect, seed: int) -> bool:
    """Whether the test finds what it called detectable, spread evenly over the windows."""
    counts = world.counts("api")
    total = counts["total"].to_numpy()
    inside = windows(world, found.per_deployment["finished_at"]) & ~np.isnan(total)
    more = np.where(inside, total * found.detectable / total[inside].sum(), 0.0)
    worse = (counts["good"] - more).clip(lower=0)
    again = tradeoff.deployment_effect(
        worse, counts["total"], world.deployments, incidents=world.incidents,
        placebos=PLACEBOS, seed=seed, details=False,
    )  # fmt: skip
    return again.p_value < LEVEL


def naive(world: Fleet) -> float:
    """The p-value of six hours after every deployment against the six hours before it."""
    from scipy.stats import wilcoxon

    counts = world.counts("api")
    bad, total = (counts["total"] - counts["good"]).to_numpy(), counts["total"].to_numpy()
    width = int(AFTER / pd.Timedelta(minutes=world.grid.minutes))
    at = world.grid.index.searchsorted(world.deployments["finished_at"], side="right") - 1
    at = at[(at >= width) & (at + width <= len(bad))]
    ratios = [
        (bad[p : p + width].sum() / total[p : p + width].sum())
        - (bad[p - width : p].sum() / total[p - width : p].sum())
        for p in at
    ]
    return float(wilcoxon(ratios).pvalue) if len(ratios) else 1.0


def _size(case: str, found: pd.DataFrame) -> Cell:
    wrong = float((found["p"] < LEVEL).mean())
    return Cell(case, "test calls them guilty or helpful", wrong, np.nan, LEVEL, len(found))


def _naive(case: str, found: pd.DataFrame) -> Cell:
    wrong = float((found["naive"] < LEVEL).mean())
    return Cell(case, "a plain before/after test does, for contrast", wrong, n=len(found))


def _covers(case: str, found: pd.DataFrame, name: str) -> Cell:
    what = {"excess": "excess", "share": "budget share"}[name]
    measure = f"95 % interval of the {what} holds the truth"
    return Cell(case, measure, float(found[f"{name}_covers"].mean()), 0.93, 0.97, len(found))


def _bias(case: str, found: pd.DataFrame) -> Cell:
    """Mean error of the excess, in parts of the mean truth."""
    error = found["excess"] / found["truth"].mean()
    wrong = float(error.std() / np.sqrt(len(found)))
    return Cell(case, "bias of the excess", float(error.mean()), np.nan, np.nan, len(found),
                "of the truth", wrong)  # fmt: skip


def _power(case: str, found: pd.DataFrame) -> Cell:
    return Cell(case, "test finds the effect", float((found["p"] < LEVEL).mean()), n=len(found))


def _shown(case: str, found: pd.DataFrame) -> Cell:
    share = float(found["shown"].mean())
    return Cell(case, "test finds what was called detectable", share, 0.8, np.nan, len(found))
