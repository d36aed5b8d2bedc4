"""A simulated fleet as the dataset that `srelib.load` would make of its exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from srelib import tables
from srelib.dataset import Dataset
from srelib.slos import Slo
from srelib.windows import Window

if TYPE_CHECKING:
    from srelib.simulate.world import Fleet

WINDOW = "28d"
"""Window of every objective of a fleet."""


def dataset(fleet: Fleet) -> Dataset:
    """The fleet as a dataset, without files in between."""
    keys = ["service", "sli", "time"]
    sli = fleet.sli.sort_values(keys, kind="stable", ignore_index=True)
    return Dataset(
        path=Path(f"fleet-{fleet.seed}"),
        as_of=fleet.grid.at(fleet.grid.span).as_unit("us"),
        sli=sli,
        deployments=fleet.deployments,
        changes=fleet.changes,
        incidents=fleet.incidents,
        alerts=fleet.alerts,
        exclusions=fleet.exclusions,
        slos=[_slo(world.spec.name, world.spec.target) for world in fleet.worlds],
        series=_series(sli, fleet.grid.minutes * 60),
        sources=tables.empty("sources"),
        rejects=tables.empty("rejects"),
        notes=(f"simulated with seed {fleet.seed}",),
    )


def _slo(service: str, target: float) -> Slo:
    return Slo(
        name=f"{service}-availability",
        service=service,
        sli="availability",
        target=target,
        window=Window.parse(WINDOW),
    )


def _series(sli: pd.DataFrame, step: float) -> pd.DataFrame:
    spans = sli.groupby(["service", "sli"], observed=True)["time"].agg(["min", "max", "size"])
    frame = spans.reset_index().rename(columns={"min": "first", "max": "last", "size": "buckets"})
    expected = (frame["last"] - frame["first"]).dt.total_seconds() / step + 1
    frame = frame.assign(
        step_seconds=step, weighting="events", unit="events", coverage=frame["buckets"] / expected
    )
    return tables.conform(frame, "series")
