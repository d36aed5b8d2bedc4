"""Where the bad events of a service came from: its deployments, outages, or the usual errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from srelib.incidents.postmortems import _same_title
from srelib.stats.bursts import bursts_interval
from srelib.tradeoff import Effect
from srelib.tradeoff.after_deployments import (
    ServiceHistory,
    history,
    incidents_of_service,
    nearest_deployment,
)
from srelib.windows.sums import _divide

CONFIDENCE = 0.95
NAMED = ["title", "incidents", "bad", "low", "high"]


@dataclass(frozen=True)
class Causes:
    """Bad events of a service by cause, in buckets of ten minutes or longer [events]; they add up.

    `after_deployments` are beyond the usual, as `Effect` finds them, `outages` other bursts. Each
    bucket lies in the window of the `deployment` and in the `incident` with these places in
    `deployment_ids` and `kind` (-1: none), and the kind is a row of `named`: outages by title,
    costliest first, with the interval of what as much time brings.
    """

    past: ServiceHistory
    after_deployments: np.ndarray
    outages: np.ndarray
    deployment: np.ndarray
    deployment_ids: np.ndarray
    incident: np.ndarray
    kind: np.ndarray
    named: pd.DataFrame

    @property
    def usual(self) -> np.ndarray:
        """What is left: errors without a burst [events]."""
        return self.past.bad - self.after_deployments - self.outages

    @property
    def burst(self) -> np.ndarray:
        """What goes beyond the usual errors, after a deployment or not [events]."""
        return np.clip(self.after_deployments, 0.0, None) + self.outages

    @property
    def sums(self) -> np.ndarray:
        """Deployments, outages and usual errors [events]."""
        parts = (self.after_deployments, self.outages, self.usual)
        return np.array([float(part.sum()) for part in parts])


def causes(
    good: pd.Series, total: pd.Series, *, effect: Effect | None, incidents: pd.DataFrame | None
) -> Causes:
    """Bad events of a service by cause; without an effect none are attributed to deployments."""
    past = history(good, total, incidents=incidents)
    owner, harm = _after_deployments(past, effect)
    opened = _open_incident(past, rows := incidents_of_service(incidents, "title"))
    beyond = np.where(opened >= 0, _by_incident(past.beyond, opened), past.burst)
    outages = np.clip(beyond - np.maximum(harm, 0.0), 0.0, None)
    kind, named = _by_kind(rows, opened, outages)
    rows = pd.DataFrame({"deployment_id": []}) if effect is None else effect.per_deployment
    ids = rows["deployment_id"].astype("str").to_numpy(dtype=object)
    return Causes(past, harm, outages, owner, ids, opened, kind, named)


def _after_deployments(
    past: ServiceHistory, effect: Effect | None
) -> tuple[np.ndarray, np.ndarray]:
    """The deployment each bucket follows, and the excess spread like its bad events."""
    size = len(past.total)
    if effect is None:
        return np.full(size, -1), np.zeros(size)
    rows = effect.per_deployment
    owner, _ = nearest_deployment(
        past.place(rows["finished_at"]), size, before=0, after=effect.after / past.step
    )
    inside = owner >= 0
    seen = np.bincount(owner[inside], past.bad[inside], minlength=len(rows))
    excess = np.where(seen > 0, rows["excess"].to_numpy(), 0.0)
    whole = max(effect.excess.value, 0.0)
    share = _divide(excess * (whole / excess.sum() if excess.sum() > 0 else 0.0), seen)
    return owner, np.where(inside, past.bad * np.nan_to_num(share)[owner], 0.0)


def _open_incident(past: ServiceHistory, rows: pd.DataFrame) -> np.ndarray:
    """The incident that was open in each bucket, as a row of these, the first of several."""
    size = len(past.total)
    ends = rows["resolved_at"].fillna(past.first + size * past.step)
    first, last = past.place(rows["started_at"]), np.ceil(past.place(ends))
    edges = np.clip(np.column_stack([np.floor(first), last]), 0, size).astype("int64")
    owner = np.full(size, -1)
    for row in np.argsort(first, kind="stable")[::-1]:
        owner[edges[row, 0] : edges[row, 1]] = row
    return owner


def _by_incident(beyond: np.ndarray, opened: np.ndarray) -> np.ndarray:
    """Bad events beyond the usual ones, where there are more; over each incident they add up."""
    more, of = np.clip(beyond, 0.0, None), opened + 1
    sums = [np.bincount(of, values) for values in (beyond, more)]
    part = np.nan_to_num(_divide(np.clip(sums[0], 0.0, None), sums[1]))
    return np.asarray(more * part[of])


def _by_kind(
    rows: pd.DataFrame, opened: np.ndarray, outages: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    """Of which kind each incident is, and what those of one title spent, costliest first."""
    inside = opened >= 0
    seen = np.bincount(opened[inside], minlength=len(rows)) > 0
    bad = np.bincount(opened[inside], outages[inside], minlength=len(rows))
    titles = rows["title"].fillna(rows["incident_id"]).reset_index(drop=True)
    plain, named = _same_title(titles), []
    for kind, own in titles[seen].groupby(plain[seen], sort=False):
        sizes = bad[own.index]
        low, high = bursts_interval(sizes[sizes > 0], confidence=CONFIDENCE)
        named.append((kind, own.iloc[-1], len(own), float(sizes.sum()), low, high))
    found = pd.DataFrame(named, columns=["kind", *NAMED])
    found = found.sort_values("bad", ascending=False, kind="stable", ignore_index=True)
    place = {kind: number for number, kind in enumerate(found.pop("kind"))}
    return np.array([place.get(one, -1) for one in plain], dtype="int64"), found
