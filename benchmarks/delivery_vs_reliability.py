"""Everything notebooks 06 and 09 compute, on fleets of 1 to 100 services.

A year of minutes each, 200 deployments and some 25 incidents a service.
The limit is what somebody waits for: a minute for 06, half as much more for 09, and 6 GiB.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

from benchmarks.measure import Row
from srelib import decisions, events, tables, tradeoff
from srelib.fleet import Indicator, each

MINUTES = 525_600
DEPLOYMENTS, INCIDENTS = 200, 25
SIZES = (1, 10, 100)
SEED = 20260629
LIMIT_SECONDS, LIMIT_BOTH, LIMIT_GIB, LIMIT_GROWTH = 60.0, 90.0, 6.0, 1.25
START = pd.Timestamp("2025-01-06", tz="UTC")


def fleet(services: int) -> tuple[dict, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Services with a year of minutes, deployments in working hours, incidents and alerts.

    Parameters
    ----------
    services : int

    Returns
    -------
    counts : dict of Indicator to DataFrame
    deployments, incidents, alerts : DataFrame
        Canonical tables.
    """
    random = np.random.default_rng(SEED)
    index = pd.date_range(START, periods=MINUTES, freq="1min", unit="us")
    counts, shipped, broken = {}, [], []
    for number in range(services):
        name = f"service-{number:03d}"
        total = random.poisson(100, MINUTES).astype("float64")
        ratio = np.full(MINUTES, 0.001)
        begins = np.sort(random.integers(0, MINUTES - 600, INCIDENTS))
        lasts = random.integers(5, 300, INCIDENTS)
        for begin, length in zip(begins, lasts, strict=True):
            ratio[begin : begin + length] = 0.1
        bad = random.binomial(total.astype("int64"), ratio)
        key = Indicator(name, name, "availability", target=0.995)
        counts[key] = pd.DataFrame({"good": total - bad, "total": total}, index=index)
        day = random.integers(0, 364, DEPLOYMENTS)
        minute = (day - day % 7 + day % 7 % 5) * 1440 + random.integers(540, 1020, DEPLOYMENTS)
        shipped.append(pd.DataFrame({"service": name, "finished_at": index[np.sort(minute)]}))
        broken.append(pd.DataFrame({"service": name, "started_at": index[begins],
                                    "resolved_at": index[begins + lasts]}))  # fmt: skip
    return counts, *_tables(shipped, broken)


def _tables(
    shipped: list[pd.DataFrame], broken: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    made = pd.concat(shipped, ignore_index=True)
    made = made.assign(deployment_id=[f"d{n}" for n in range(len(made))], status="succeeded",
                       planned=True)  # fmt: skip
    down = pd.concat(broken, ignore_index=True)
    down = down.assign(incident_id=[f"i{n}" for n in range(len(down))])
    pages = down.rename(columns={"started_at": "fired_at"}).assign(rule="burn", severity="page")
    return (tables.conform(made, "deployments"), tables.conform(down, "incidents"),
            tables.conform(pages[["service", "rule", "severity", "fired_at", "resolved_at"]],
                           "alerts"))  # fmt: skip


def answer(
    counts: dict, deployments: pd.DataFrame, incidents: pd.DataFrame, alerts: pd.DataFrame
) -> dict[str, float]:
    """Everything the notebook computes, in its order.

    Parameters
    ----------
    counts : dict of Indicator to DataFrame
    deployments, incidents, alerts : DataFrame
        Canonical tables.

    Returns
    -------
    dict of str to float
        Seconds by step [s].
    """
    spent, begun = {}, time.perf_counter()

    def step(name: str) -> None:
        nonlocal begun
        spent[name], begun = time.perf_counter() - begun, time.perf_counter()

    span = tradeoff.shared_span(counts, deployments)
    board = tradeoff.scoreboard(counts, deployments, between=span, incidents=incidents,
                                alerts=alerts)  # fmt: skip
    step("scoreboard")
    effects = _effects(counts, deployments, incidents)
    step("effects")
    tradeoff.fleet_effect(effects)
    step("fleet")
    outcomes = tradeoff.deployment_outcomes(deployments, None, incidents, between=span)
    tradeoff.association(tradeoff.weekly(counts, outcomes, between=span))
    step("association")
    tradeoff.by_batch(outcomes)
    for part in ("weekday", "hour"):
        tradeoff.by_time(outcomes, part)
    step("failures")
    tradeoff.quadrants({n: b.frequency for n, b in board.items()},
                       {n: b.left for n, b in board.items()})  # fmt: skip
    step("quadrants")
    return spent


def decide(
    counts: dict, deployments: pd.DataFrame, incidents: pd.DataFrame, alerts: pd.DataFrame
) -> float:
    """Everything notebook 09 computes, effects of deployments included.

    Parameters
    ----------
    counts : dict of Indicator to DataFrame
    deployments, incidents, alerts : DataFrame
        Canonical tables.

    Returns
    -------
    float
        Seconds [s].
    """
    begun = time.perf_counter()
    effects = _effects(counts, deployments, incidents)
    tradeoff.fleet_effect(effects)
    decisions.decide_each(
        counts, effects, between=tradeoff.shared_span(counts, deployments),
        deployments=deployments, incidents=incidents, alerts=alerts, threads=4,
    )  # fmt: skip
    return time.perf_counter() - begun


def _effects(counts: dict, deployments: pd.DataFrame, incidents: pd.DataFrame) -> dict:
    return tradeoff.adjusted(each(counts, lambda key, c: tradeoff.deployment_effect(
        c.good, c.total, events.of_service(deployments, key.service), target=key.target,
        incidents=events.of_service(incidents, key.service),
    ), threads=4))  # fmt: skip


def run() -> list[Row]:
    """The whole against waiting time and 6 GiB, and its growth from ten services to a hundred.

    Returns
    -------
    list of Row
    """
    took, both = {}, {}
    for services in SIZES:
        made = fleet(services)
        spent = answer(*made)
        took[services] = sum(spent.values())
        both[services] = took[services] + decide(*made)
        spent["notebook 09"] = both[services] - took[services]
        steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())
        sys.stderr.write(f"{services} services, {both[services]:.1f} s: {steps}\n")
    most = max(SIZES)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    name = f"all of notebook 06: {most} services, a year of minutes, {most * DEPLOYMENTS:,} ships"
    return [
        Row(name, took[most], LIMIT_SECONDS, "a minute of waiting", 1.0, 1),
        Row("notebooks 06 and 09 of the same", both[most], LIMIT_BOTH, "a minute and a half",
            1.0, 1),
        Row("06 and 09 for 100 services against 10 times 10", both[100], 10 * both[10],
            "growth in proportion", LIMIT_GROWTH, 1),
        Row(f"{name}, memory", peak, LIMIT_GIB, "6 GiB", 1.0, 1, "GiB"),
        Row("the same for 100 services against 10 times 10", took[100], 10 * took[10],
            "growth in proportion", LIMIT_GROWTH, 1),
    ]  # fmt: skip
