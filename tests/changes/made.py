"""Two months of the sample: one service better, one worse, one new, one with another target.

The fleet is drawn by `srelib.simulate` and written by the generator of the sample; what changes is
planted here, in the parameters of its services.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from data import make_sample
from srelib.changes import Record
from srelib.simulate import ServiceSpec, fleet

BETTER, WORSE, SAME, NEW, TARGET = "checkout", "search", "warehouse", "partner-api", "catalog"
JUNE, JULY = ("june", "2026-06-01"), ("july", "2026-06-29")


def services(*, later: bool) -> list[ServiceSpec]:
    """The services of a month."""
    known = {
        spec.name: replace(spec, fixed_gaps=(), gaps_per_week=0.0, maintenance_every_days=0.0)
        for spec in make_sample.SERVICES
    }
    better, worse = known[BETTER], known[WORSE]
    if later:
        better = replace(better, error_ratio=better.error_ratio / 4)
        worse = replace(worse, error_ratio=worse.error_ratio * 4, deploys_per_week=5.5)
    found = [better, worse, known[SAME], known[TARGET]]
    return [*found, known[NEW]] if later else found


def month(folder: Path, *, later: bool, seed: int = 7) -> Path:
    """The exports of a month of four weeks, as they are downloaded."""
    name, start = JULY if later else JUNE
    world = fleet(seed + later, services=services(later=later), weeks=4, step="5min", start=start)
    target = folder / name
    target.mkdir()
    lines = {
        "alerts.csv": make_sample.plain_csv(world.alerts),
        "changes.csv": make_sample.plain_csv(make_sample._numbered(world)),
        "requests-joined.csv": make_sample.grafana_lines(world),
    }
    texts = {name: "\n".join([*rows, ""]) for name, rows in lines.items()}
    texts["github-deployments.json"] = make_sample.github_deployments(world)
    texts["pagerduty-incidents.csv"] = make_sample.pagerduty_report(world, timezone="UTC")
    texts["sources.toml"] = make_sample.sources_toml(world).replace("csv.gz", "csv").replace(
        'step = "1m"', 'step = "5m"')  # fmt: skip
    texts["slos.yaml"] = slos(world.services, later=later)
    for file, text in texts.items():
        (target / file).write_text(text, encoding="utf-8")
    return target


def slos(names: Collection[str], *, later: bool) -> str:
    """The objectives of a month; that of one service is stricter in the later one."""
    promises = [promise for promise in make_sample.SLOS if promise[0] in names]
    return "---\n".join(
        make_sample._slo(*promise[:2], 0.999 if later and promise[0] == TARGET else promise[2],
                         *promise[3:])
        for promise in promises
    )  # fmt: skip


def daily(quantity: str, values: list[float], *, start: str, subject: str = "",
          service: str = "shop", n: float = 1.0) -> pd.DataFrame:  # fmt: skip
    """Days of one quantity: sums, each over the same n."""
    days = pd.date_range(start, periods=len(values), freq="D", tz="UTC")
    return pd.DataFrame({"service": service, "quantity": quantity, "subject": subject,
                         "day": days, "sum": values, "n": n})  # fmt: skip


def record(*parts: pd.DataFrame, **more: object) -> Record:
    """A record of these days."""
    days = pd.concat(parts, ignore_index=True)
    given = {"folder": "shop", "version": "1", "as_of": days["day"].max() + pd.Timedelta("1D")}
    return Record(**{**given, "days": days, **more})  # type: ignore[arg-type]


def noisy(mean: float, days: int, *, seed: int) -> list[float]:
    """Poisson counts."""
    return np.random.default_rng(seed).poisson(mean, days).astype(float).tolist()
