"""A fleet: services, their tables, and the truth behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from srelib import tables
from srelib.dataset import Dataset
from srelib.errors import ParameterError
from srelib.simulate.counts import CAUSES, BucketGrid, Counts, _draw_counts
from srelib.simulate.plan import Delays, draw_alerts, draw_changes, draw_plan
from srelib.simulate.spec import Deployment, Incident, Plan, ServiceSpec
from srelib.slos import Slo
from srelib.windows import Window

DEFAULT = (
    ServiceSpec(name="api", slow_ratio=0.02),
    ServiceSpec(name="web", deploys_per_week=2.0, requests_per_minute=90.0),
    ServiceSpec(name="worker", deploys_per_week=0.5, requests_per_minute=10.0),
)
"""The services of a fleet when none are given."""


@dataclass(frozen=True)
class World:
    """One service of a fleet: its parameters, what happened to it, its counts."""

    spec: ServiceSpec
    plan: Plan
    counts: Counts


@dataclass(frozen=True)
class Fleet:
    """Services with a known truth, and the tables their exports would give, made on first use."""

    seed: int
    grid: BucketGrid
    worlds: tuple[World, ...]

    @property
    def services(self) -> list[str]:
        """Names of the services, in order."""
        return [world.spec.name for world in self.worlds]

    def world(self, service: str) -> World:
        """One service."""
        found = next((world for world in self.worlds if world.spec.name == service), None)
        if found is None:
            raise ParameterError(f"service must be one of {self.services}; got {service!r}.")
        return found

    def counts(self, service: str, sli: str = "availability") -> pd.DataFrame:
        """Good and total [events] on the full grid, as a monitor would have them; NaN in gaps.

        `sli` is 'availability' or 'latency'.
        """
        world = self.world(service)
        good = world.counts.good if sli == "availability" else world.counts.fast
        if good is None or sli not in ("availability", "latency"):
            raise ParameterError(f"service {service!r} has no indicator {sli!r}.")
        seen = world.counts.observed
        columns = {"good": good, "total": world.counts.total}
        known = {name: np.where(seen, values, np.nan) for name, values in columns.items()}
        return pd.DataFrame(known, index=self.grid.index)

    @cached_property
    def sli(self) -> pd.DataFrame:
        """Table ``sli``; unknown buckets have no row."""
        frames = []
        for world in self.worlds:
            for sli in ("availability", "latency")[: 1 + (world.counts.fast is not None)]:
                rows = self.counts(world.spec.name, sli).dropna().reset_index()
                frames.append(rows.assign(service=world.spec.name, sli=sli))
        return tables.stacked(frames, "sli")

    @cached_property
    def deployments(self) -> pd.DataFrame:
        """Table ``deployments``, by time."""
        rows = [(w.spec.name, d) for w in self.worlds for d in w.plan.deployments]
        columns = ("deployment_id", "started_at", "finished_at", "status", "commit_sha", "planned")
        frame = _records(self.grid, rows, columns).assign(environment="production")
        return _table(frame, "deployments")

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """Table ``incidents``, by time; an open incident has no ``resolved_at``."""
        columns = ("incident_id", "severity", "started_at", "detected_at", "acknowledged_at",
                   "resolved_at", "deployment_id", "title")  # fmt: skip
        return _table(_records(self.grid, self.episodes, columns), "incidents")

    @property
    def episodes(self) -> list[tuple[str, Incident]]:
        """Every incident with the name of its service."""
        return [(w.spec.name, i) for w in self.worlds for i in w.plan.incidents]

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Table ``changes``; those still waiting have no ``deployment_id``."""
        frames = [draw_changes(self.seed, self.grid, w.spec, w.plan) for w in self.worlds]
        return _table(tables.stacked(frames, "changes"), "changes")

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """Table ``alerts``: episodes that incidents fired, and false ones."""
        frames = [draw_alerts(self.seed, self.grid, w.spec, w.plan) for w in self.worlds]
        return _table(tables.stacked(frames, "alerts"), "alerts")

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """Table ``exclusions``: the planned maintenance."""
        rows = [(w.spec.name, *span) for w in self.worlds for span in w.plan.maintenance]
        frame = pd.DataFrame(rows, columns=["service", "starts_at", "ends_at"])
        times = {
            name: self.grid.times(frame[name].to_numpy(float)) for name in ("starts_at", "ends_at")
        }
        return _table(frame.assign(**times, reason="planned maintenance"), "exclusions")

    @cached_property
    def truth(self) -> Truth:
        """What only tests may know."""
        return Truth(self)

    @cached_property
    def dataset(self) -> Dataset:
        """The fleet as `srelib.load` would return its exports, without files in between."""
        sli = self.sli.sort_values(["service", "sli", "time"], kind="stable", ignore_index=True)
        records = {table: getattr(self, table) for table in tables.EXPORTS[1:-1]}
        return Dataset(
            path=Path(f"fleet-{self.seed}"),
            as_of=self.grid.at(self.grid.span),
            sli=sli,
            **records,
            slos=[_slo(world.spec) for world in self.worlds],
            series=_series(sli, self.grid.minutes * 60),
            sources=tables.empty("sources"),
            rejects=tables.empty("rejects"),
            notes=(f"simulated with seed {self.seed}",),
        )


def fleet(
    seed: int,
    *,
    services: Sequence[ServiceSpec] = DEFAULT,
    weeks: float = 13,
    step: str | pd.Timedelta = "1min",
    start: str | pd.Timestamp = "2026-03-30",
    delays: Delays | None = None,
) -> Fleet:
    """Draw a fleet of services with a known truth.

    Parameters
    ----------
    seed : int, the same seed and parameters give the same fleet
    services : sequence of ServiceSpec
    weeks : float, length of the history [weeks]
    step : str or Timedelta, length of a bucket; ``"1h"`` is quick enough for thousands of seeds
    start : str or Timestamp, a midnight in UTC
    delays : mapping of deployment_id to Timedelta or None, optional
        Releases to put off, or (None) never to make, everything else being equal.

    Raises
    ------
    ParameterError
        The seed is negative, two services share a name, or the grid is impossible.

    Examples
    --------
    >>> world = fleet(1, weeks=1, step="1h")
    >>> world.services
    ['api', 'web', 'worker']
    >>> bool(world.truth.causes["observed"].sum() == (
    ...     world.truth.slis.query("sli == 'availability'").eval("total - good").sum()))
    True
    """
    if seed < 0:
        raise ParameterError(f"seed must be 0 or more; got {seed}.")
    names = [spec.name for spec in services]
    if len(set(names)) < len(names):
        raise ParameterError(f"services must have different names; got {names}.")
    grid = BucketGrid.over(start, weeks=weeks, step=step)
    plans = [(spec, draw_plan(seed, spec, grid, delays=delays)) for spec in services]
    worlds = (World(spec, plan, _draw_counts(seed, spec, grid, plan)) for spec, plan in plans)
    return Fleet(seed, grid, tuple(worlds))


def _records(
    grid: BucketGrid, rows: Sequence[tuple[str, Deployment | Incident]], columns: Sequence[str]
) -> pd.DataFrame:
    """Deployments or incidents of services as columns; those that end in ``_at`` are times."""
    frame = {"service": pd.Series([service for service, _ in rows], dtype="str")}
    for column in columns:
        values = [getattr(one, column.removesuffix("_at")) for _, one in rows]
        dtype = "str" if column == "deployment_id" else None
        timed = column.endswith("_at")
        frame[column] = grid.times(values) if timed else pd.Series(values, dtype=dtype)
    return pd.DataFrame(frame)


def _table(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    return tables.conform(frame.sort_values(tables.MAIN_TIME[table], kind="stable"), table)


@dataclass(frozen=True)
class Truth:
    """The truth behind a fleet, in sums of bad events."""

    fleet: Fleet

    def bad_by_cause(self, service: str) -> pd.DataFrame:
        """Bad events of every bucket by cause, whether recorded or not."""
        counts = self.fleet.world(service).counts
        masks = {"observed": counts.observed, "excluded": counts.excluded}
        return pd.DataFrame({**counts.bad_by_cause, **masks}, index=self.fleet.grid.index)

    @cached_property
    def slis(self) -> pd.DataFrame:
        """One row per indicator: sums over observed, counted and all buckets [events]."""
        return pd.DataFrame(
            _sums(world.spec.name, sli, good, world.counts)
            for world in self.fleet.worlds
            for sli, good in (("availability", world.counts.good), ("latency", world.counts.fast))
            if good is not None
        )

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Bad events of each service by cause: columns observed, counted [events]."""
        rows = []
        for world in self.fleet.worlds:
            seen, keep = world.counts.observed, world.counts.observed & ~world.counts.excluded
            for cause in CAUSES:
                bad = world.counts.bad_by_cause[cause]
                rows.append((world.spec.name, cause, int(bad[seen].sum()), int(bad[keep].sum())))
        return pd.DataFrame(rows, columns=["service", "cause", "observed", "counted"])

    @cached_property
    def deployments(self) -> pd.DataFrame:
        """Each deployment: why it was made, whether it broke, what it cost [events]."""
        costs = self._costs("deployment")
        own = ("reason", "answers", "status", "broke", "harm_ratio", "harm_minutes")
        rows = [
            (d.deployment_id, w.spec.name, *(getattr(d, name) for name in own),
             *costs.get(d.deployment_id, (0, 0)))
            for w in self.fleet.worlds for d in w.plan.deployments
        ]  # fmt: skip
        columns = ["deployment_id", "service", *own, "observed", "counted"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """Each incident: its true span, its cause, what it cost [events].

        The cost of an incident that a deployment caused is the cost of that deployment.
        """
        costs = {**self._costs("incident"), **self._costs("deployment")}
        rows = self.fleet.episodes
        columns = ("incident_id", "deployment_id", "severity", "started_at", "ended_at",
                   "error_ratio")  # fmt: skip
        frame = _records(self.fleet.grid, rows, columns)
        frame["cause"] = np.where(frame["deployment_id"].isna(), "infrastructure", "deployment")
        pairs = [costs.get(i.deployment_id or i.incident_id, (0, 0)) for _, i in rows]
        frame[["observed", "counted"]] = np.array(pairs, dtype="int64").reshape(-1, 2)
        return frame

    def _costs(self, cause: str) -> dict[str, tuple[int, int]]:
        return {
            harm.key: (seen, counted)
            for world in self.fleet.worlds
            for harm, seen, counted in world.counts.by_key
            if harm.cause == cause
        }


def _sums(service: str, sli: str, good: np.ndarray, counts: Counts) -> dict[str, object]:
    keep = counts.observed & ~counts.excluded
    sums = {
        f"{kind}{name}": int(values[mask].sum())
        for kind, mask in (("", counts.observed), ("counted_", keep), ("all_", slice(None)))
        for name, values in (("good", good), ("total", counts.total))
    }
    missing = int((~counts.observed).sum())
    return {"service": service, "sli": sli, **sums, "buckets": len(good), "missing": missing}


def _slo(spec: ServiceSpec) -> Slo:
    name, sli, window = f"{spec.name}-availability", "availability", Window.parse("28d")
    return Slo(name=name, service=spec.name, sli=sli, target=spec.target, window=window)


def _series(sli: pd.DataFrame, step: float) -> pd.DataFrame:
    spans = sli.groupby(["service", "sli"], observed=True)["time"].agg(["min", "max", "size"])
    frame = spans.reset_index().rename(columns={"min": "first", "max": "last", "size": "buckets"})
    expected = (frame["last"] - frame["first"]).dt.total_seconds() / step + 1
    frame = frame.assign(
        step_seconds=step, weighting="events", unit="events", coverage=frame["buckets"] / expected
    )
    return tables.conform(frame, "series")
