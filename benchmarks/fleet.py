"""``srelib fleet``: the time of a service in a fleet against that of one alone, here and on Spark.

Service-months of minutes, as many as ``SRELIB_FLEET`` says (1,000); the small exports beside them
as plain CSV. Spark is a local cluster of two workers, where pyspark is installed, which read the
files themselves or get the rows of a table; its answers must be the same as those of the processes
of this machine.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import ROOT, Row

SERVICES = int(os.environ.get("SRELIB_FLEET", "1000"))
FOLDER = ROOT / "benchmarks" / ".data"
LIMIT = 1.25
GROUPED = 1.5
"""Where the rows travel to the workers."""
DIFFERENT, MINUTES, START = 100, 30 * 24 * 60, pd.Timestamp("2026-06-01")
SLO = """\
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}-availability}}
spec:
  service: {name}
  indicator:
    metadata: {{name: availability}}
    spec: {{ratioMetric: {{good: {query}, total: {query}}}}}
  timeWindow: [{{duration: 1w, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.995}}]
"""
QUERY = "{metricSource: {type: Prometheus, spec: {query: requests_total}}}"


def generate(services: int, folder: Path | None = None) -> Path:
    """Write a fleet of so many service-months, with deployments, incidents and objectives.

    Parameters
    ----------
    services : int
        How many; a hundred differ, the others are like these under other names.
    folder : Path, optional
        Where to.

    Returns
    -------
    Path
        The folder of exports.
    """
    folder = folder or FOLDER / f"fleet-{services}"
    if (folder / "slos.yaml").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [_drawn(number) for number in range(min(services, DIFFERENT))]
    deployments, incidents, slos = [], [], []
    for number in range(services):
        name = f"service-{number:05d}"
        counts, deployed, broken = drawn[number % len(drawn)]
        _write(counts, name, folder)
        deployments += [(f"{name}-d{i}", name, f"{time:%FT%TZ}", "succeeded")
                        for i, time in enumerate(deployed)]  # fmt: skip
        incidents += [(f"{name}-i{i}", name, f"{begun:%FT%TZ}", f"{ended:%FT%TZ}", title)
                      for i, (begun, ended, title) in enumerate(broken)]  # fmt: skip
        slos.append(SLO.format(name=name, query=QUERY))
    columns = ["deployment_id", "service", "finished_at", "status"]
    pd.DataFrame(deployments, columns=columns).to_csv(folder / "deployments.csv", index=False)
    columns = ["incident_id", "service", "started_at", "resolved_at", "title"]
    pd.DataFrame(incidents, columns=columns).to_csv(folder / "incidents.csv", index=False)
    teams = [f'"team-{n:03d}" = ["service-{n:03d}*"]' for n in range(-(-services // 100))]
    (folder / "sources.toml").write_text("\n".join(["[teams]", *teams, ""]), "utf-8")
    (folder / "slos.yaml").write_text("".join(slos), "utf-8")
    return folder


def _drawn(seed: int) -> tuple[pd.DataFrame, list[pd.Timestamp], list[Any]]:
    """Counts of a month, deployments of which some do harm, and incidents."""
    rng = np.random.default_rng(seed)
    times = pd.date_range(START, periods=MINUTES, freq="min")
    swing = 1 + 0.5 * np.sin(np.arange(MINUTES) * 2 * np.pi / 1440)
    total = rng.poisson(rng.uniform(5, 60) * swing)
    error = np.full(MINUTES, rng.uniform(0.0003, 0.002))
    deployed = np.sort(rng.choice(MINUTES - 2000, rng.integers(3, 40), replace=False))
    for minute in deployed[rng.random(len(deployed)) < rng.uniform(0, 0.3)]:
        error[minute : minute + rng.integers(10, 120)] = rng.uniform(0.02, 0.3)
    broken = []
    for begun in np.sort(rng.integers(0, MINUTES - 500, rng.integers(0, 6))):
        lasted = int(rng.integers(5, 200))
        error[begun : begun + lasted] = rng.uniform(0.05, 0.6)
        titles = ("Database failover", "Certificate expired", "Provider down")
        broken.append((times[begun], times[begun + lasted], titles[int(rng.integers(3))]))
    good = total - rng.binomial(total, error)
    counts = pd.DataFrame({"time": times, "sli": "availability", "good": good.astype(float),
                           "total": total.astype(float)})  # fmt: skip
    return counts, list(times[deployed]), broken


def _write(counts: pd.DataFrame, name: str, folder: Path) -> None:
    """Counts as `srelib rollup` leaves them."""
    import pyarrow as pa
    from pyarrow import parquet

    own = folder / "sli" / f"service={name}"
    own.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(counts.assign(service=name), preserve_index=False)
    table = table.replace_schema_metadata({"step": "60"})
    parquet.write_table(table, own / "data_0.parquet", compression="zstd", use_dictionary=False,
                        column_encoding={"time": "DELTA_BINARY_PACKED"})  # fmt: skip


def run() -> list[Row]:
    """The time of a service in the fleet, on each engine, against one asked alone.

    Returns
    -------
    list of Row
    """
    from srelib import partitioned
    from srelib.errors import InputError

    folder = generate(SERVICES)
    alone = _alone(folder)
    started, worked = time.perf_counter(), _worked()
    here = partitioned.engine("processes")
    found = partitioned.summarize(folder, on=here, keep=False)
    took = (time.perf_counter() - started) * (os.cpu_count() or 1) / SERVICES
    worked = (_worked() - worked) / SERVICES
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(
        f"largest process {peak:.2f} GB, this one "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB",
        file=sys.stderr,
    )
    name = f"a service-month in a fleet of {SERVICES:,}"
    rows = [
        Row(f"{name}, processor time", 1e3 * worked, 1e3 * alone, "one alone", LIMIT, 1, "ms"),
        Row(f"{name}, time of all processors", 1e3 * took, 1e3 * alone, "one alone", LIMIT, 1,
            "ms"),
    ]  # fmt: skip
    tables = {"Spark": None, "a table of Spark": str(folder / "sli")}
    for where, table in tables.items():
        try:
            spark = partitioned.engine("local-cluster[2,1,4096]", table=table)
        except InputError as error:
            print(error, file=sys.stderr)
            return rows
        started = time.perf_counter()
        theirs = partitioned.summarize(folder, on=spark, keep=False)
        took = (time.perf_counter() - started) * 2 / SERVICES
        spark.close()
        different = [name for name in found.services if not _same(found, theirs, name)]
        assert not different, f"{where} answers otherwise of {different[:5]}"
        print(f"{where} answers alike of {len(found.services):,} services", file=sys.stderr)
        limit = LIMIT if table is None else GROUPED
        rows.append(Row(f"{name}, {where}", 1e3 * took, 1e3 * alone, "one alone", limit, 1, "ms"))
    return rows


def _worked() -> float:
    """Processor time of this process and of those that ended [s]."""
    both = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _alone(folder: Path, some: Sequence[int] = tuple(range(0, 40, 2))) -> float:
    """Seconds that one service takes in this process [s], the mean of some."""
    from srelib import partitioned
    from srelib.partitioned import service as asked

    parts, settings = partitioned.read(folder), partitioned.Settings()
    names = [parts.services[number] for number in some]

    def ask(name: str) -> None:
        counts = parts.counts(name)
        asked.summary(parts, name, counts, settings=settings, p_values={name: 1.0})

    ask(names[0])
    started = time.perf_counter()
    for name in names:
        ask(name)
    return (time.perf_counter() - started) / len(names)


def _same(one: Any, other: Any, name: str) -> bool:
    return pickle.dumps(one.services[name]) == pickle.dumps(other.services[name])
