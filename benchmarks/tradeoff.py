"""The effect of deployments on a fleet: a hundred services, a year of minutes, 20,000 deployments.

Against a minute and 6 GiB, against itself on one service, and against the loop one would write in
a notebook.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.measure import Row, alternate, seconds, table
from srelib import tradeoff
from srelib.fleet import each

MINUTES = 525_600
SERVICES = 100
DIFFERENT = 5
"""Histories that differ; the fleet holds each of them several times over."""
DEPLOYMENTS = 200
INCIDENTS = 40
TARGET = 0.999
LOOPED = 5
"""Placebo schedules of the loop; its time is scaled to the number srelib draws."""
PLACEBOS = 1000
FEW = 5
"""Runs of the small fleets, of which the fastest counts."""
SEED = 20260629
LIMIT_SECONDS, LIMIT_GIB, LIMIT_GROWTH, LIMIT_LOOP = 60.0, 6.0, 1.25, 0.05


@dataclass(frozen=True)
class Service:
    """A year of one service.

    Parameters
    ----------
    counts : DataFrame
        good, total [events] per minute.
    deployments, incidents : DataFrame
    """

    counts: pd.DataFrame
    deployments: pd.DataFrame
    incidents: pd.DataFrame


def year(seed: int) -> Service:
    """A year of minutes with deployments in office hours and incidents at any time.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Service
    """
    random = np.random.default_rng(seed)
    index = pd.date_range("2025-01-06", periods=MINUTES, freq="1min", tz="UTC", unit="us")
    wave = 1 + 0.6 * np.sin(2 * np.pi * np.arange(MINUTES) / 1440)
    total = random.poisson(200 * wave)
    error = np.full(MINUTES, 0.0004)
    begins = np.sort(random.integers(0, MINUTES - 600, INCIDENTS))
    lengths = random.integers(20, 300, INCIDENTS)
    for begin, length in zip(begins, lengths, strict=True):
        error[begin : begin + length] = 0.05
    days = np.flatnonzero(np.arange(MINUTES // 1440) % 7 < 5)
    shipped = np.sort(
        random.choice(days, DEPLOYMENTS) * 1440 + random.integers(540, 1020, DEPLOYMENTS)
    )
    for begin in shipped[random.random(DEPLOYMENTS) < 0.1]:
        error[begin : begin + 60] = 0.03
    counts = pd.DataFrame({"good": total - random.binomial(total, error), "total": total}, index)
    ids = [f"{seed}-{number}" for number in range(max(DEPLOYMENTS, INCIDENTS))]
    deployments = pd.DataFrame(
        {"deployment_id": ids[:DEPLOYMENTS], "finished_at": index[np.minimum(shipped, MINUTES - 1)]}
    )
    incidents = pd.DataFrame(
        {
            "incident_id": ids[:INCIDENTS],
            "started_at": index[begins],
            "resolved_at": index[begins + lengths],
            "deployment_id": pd.Series([None] * INCIDENTS, dtype="str"),
        }
    )
    return Service(counts.astype("float64"), deployments, incidents)


def fleet(services: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Counts by service, and the deployments and incidents of all of them.

    Parameters
    ----------
    services : int

    Returns
    -------
    tuple of dict, DataFrame, DataFrame
    """
    made = [year(SEED + number) for number in range(min(services, DIFFERENT))]
    names = {f"s{number:03d}": made[number % len(made)] for number in range(services)}
    deployments, incidents = (
        pd.concat(
            [getattr(one, kind).assign(service=name) for name, one in names.items()],
            ignore_index=True,
        )
        for kind in ("deployments", "incidents")
    )
    return {name: one.counts for name, one in names.items()}, deployments, incidents


def whole(
    counts: dict[str, pd.DataFrame], deployments: pd.DataFrame, incidents: pd.DataFrame
) -> None:
    """What the notebook asks of a fleet: the effect on each service.

    Parameters
    ----------
    counts : dict of str to DataFrame
    deployments, incidents : DataFrame
    """
    shipped, down = (dict(list(t.groupby("service"))) for t in (deployments, incidents))
    each(counts, lambda name, c: tradeoff.deployment_effect(
        c.good, c.total, shipped[name], incidents=down[name], target=TARGET, placebos=PLACEBOS
    ), threads=4)  # fmt: skip


def loop(one: Service, placebos: int) -> None:
    """The event study as one would write it with pandas: slices by time, one after the other.

    Parameters
    ----------
    one : Service
    placebos : int
    """
    random = np.random.default_rng(SEED)
    bad = one.counts["total"] - one.counts["good"]
    six, week = pd.Timedelta(hours=6), pd.Timedelta(weeks=1)

    def excess(times: pd.Series) -> float:
        found = 0.0
        for at in times:
            here = slice(at, at + six)
            others = [slice(at + k * week, at + k * week + six) for k in (-2, -1, 1, 2)]
            ratio = sum(bad.loc[o].sum() for o in others) / max(
                1.0, sum(one.counts["total"].loc[o].sum() for o in others)
            )
            found += bad.loc[here].sum() - ratio * one.counts["total"].loc[here].sum()
        return found

    times = one.deployments["finished_at"]
    excess(times)
    for _ in range(placebos):
        excess(times + week * int(random.integers(-20, 20)))


def run(repeats: int = 1) -> list[Row]:
    """Measure.

    Parameters
    ----------
    repeats : int
        Runs of the whole fleet.

    Returns
    -------
    list of Row
    """
    sizes = {services: fleet(services) for services in (1, 10, SERVICES)}
    whole(*sizes[1])  # what is imported on first use is not what grows
    took = {
        n: min(seconds(lambda m=made: whole(*m)) for _ in range(repeats if n == SERVICES else FEW))
        for n, made in sizes.items()
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows = [
        Row(f"effect, {SERVICES} services, {SERVICES * DEPLOYMENTS:,} deployments",
            took[SERVICES], LIMIT_SECONDS, "a minute", 1.0, repeats),
        Row(f"memory of that, with {DIFFERENT} different histories",
            peak, LIMIT_GIB, "6 GiB", 1.0, repeats, "GiB"),
    ]  # fmt: skip
    rows += [
        Row(
            f"per service, {n} services", took[n] / n, took[1], "one service", LIMIT_GROWTH, repeats
        )
        for n in (10, SERVICES)
    ]
    one = year(SEED)
    ours, other = alternate(
        lambda: seconds(
            lambda: tradeoff.deployment_effect(
                one.counts["good"], one.counts["total"], one.deployments,
                incidents=one.incidents, placebos=PLACEBOS,
            )
        ),
        lambda: seconds(lambda: loop(one, LOOPED)) / (LOOPED + 1) * (PLACEBOS + 1),
        repeats=3,
    )  # fmt: skip
    name = f"event study of one service-year, {PLACEBOS:,} placebo schedules"
    return [*rows, Row(name, ours, other, "pandas slices in a loop", LIMIT_LOOP, 3)]


if __name__ == "__main__":
    print(table(run()))
