"""The truth behind a simulated fleet, in sums of bad events by cause."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from srelib.simulate.counts import CAUSES, Counts

if TYPE_CHECKING:
    from srelib.simulate.world import Fleet


@dataclass(frozen=True)
class Truth:
    """The truth behind a fleet, in sums of bad events.

    "Observed" means buckets the monitor recorded; "counted" means observed and
    outside planned maintenance.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    """

    fleet: Fleet

    def parts(self, service: str) -> pd.DataFrame:
        """Bad events of every bucket by cause, whether recorded or not.

        Parameters
        ----------
        service : str
            The service.

        Returns
        -------
        DataFrame
            Columns background, maintenance, deployment, incident [events] and the masks
            observed, excluded.
        """
        counts = self.fleet.world(service).counts
        masks = {"observed": counts.observed, "excluded": counts.excluded}
        return pd.DataFrame({**counts.parts, **masks}, index=self.fleet.grid.index)

    @cached_property
    def slis(self) -> pd.DataFrame:
        """One row per indicator: sums over observed, counted and all buckets [events]."""
        rows = []
        for world in self.fleet.worlds:
            counts = world.counts
            for sli, good in (("availability", counts.good), ("latency", counts.fast)):
                if good is not None:
                    rows.append(_sums(world.spec.name, sli, good, counts))
        return pd.DataFrame(rows)

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Bad events of each service by cause: columns observed, counted [events]."""
        rows = []
        for world in self.fleet.worlds:
            seen, keep = world.counts.observed, world.counts.observed & ~world.counts.excluded
            for cause in CAUSES:
                bad = world.counts.parts[cause]
                rows.append((world.spec.name, cause, int(bad[seen].sum()), int(bad[keep].sum())))
        return pd.DataFrame(rows, columns=["service", "cause", "observed", "counted"])

    @cached_property
    def deployments(self) -> pd.DataFrame:
        """Each deployment: why it was made, whether it broke, what it cost [events]."""
        costs = self._costs("deployment")
        rows = [
            (
                d.deployment_id, w.spec.name, d.reason, d.answers, d.status, d.broke,
                d.harm_ratio, d.harm_minutes, *costs.get(d.deployment_id, (0, 0)),
            )
            for w in self.fleet.worlds
            for d in w.plan.deployments
        ]  # fmt: skip
        columns = ["deployment_id", "service", "reason", "answers", "status", "broke",
                   "harm_ratio", "harm_minutes", "observed", "counted"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def incidents(self) -> pd.DataFrame:
        """Each incident: its true span, its cause, what it cost [events].

        The cost of an incident that a deployment caused is the cost of that deployment.
        """
        costs = {**self._costs("incident"), **self._costs("deployment")}
        rows = self.fleet.episodes
        frame = pd.DataFrame(
            {
                "incident_id": [i.incident_id for _, i in rows],
                "service": [service for service, _ in rows],
                "cause": ["deployment" if i.deployment_id else "infrastructure" for _, i in rows],
                "deployment_id": pd.Series([i.deployment_id for _, i in rows], dtype="str"),
                "severity": [i.severity for _, i in rows],
                "started_at": self.fleet.grid.times([i.started for _, i in rows]),
                "ended_at": self.fleet.grid.times([i.ended for _, i in rows]),
                "error_ratio": [i.error_ratio for _, i in rows],
            }
        )
        pairs = [costs.get(i.deployment_id or i.incident_id, (0, 0)) for _, i in rows]
        frame["observed"] = np.array([pair[0] for pair in pairs], dtype="int64")
        frame["counted"] = np.array([pair[1] for pair in pairs], dtype="int64")
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
    return {
        "service": service,
        "sli": sli,
        "good": int(good[counts.observed].sum()),
        "total": int(counts.total[counts.observed].sum()),
        "counted_good": int(good[keep].sum()),
        "counted_total": int(counts.total[keep].sum()),
        "all_good": int(good.sum()),
        "all_total": int(counts.total.sum()),
        "buckets": len(good),
        "missing": int((~counts.observed).sum()),
    }
