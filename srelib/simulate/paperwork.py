"""What people and tools note down around a plan: changes and alerts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from srelib.simulate.counts import Grid, stream
from srelib.simulate.spec import Plan, ServiceSpec


def changes(seed: int, grid: Grid, spec: ServiceSpec, plan: Plan) -> pd.DataFrame:
    """Changes shipped by each deployment, and those still waiting."""
    rng = stream(seed, spec.name, "changes")
    shipped = [d for d in plan.deployments if d.status in ("succeeded", "rolled_back")]
    sizes = [d.changes for d in shipped]
    owners = np.repeat(np.array([d.deployment_id for d in shipped], dtype=object), sizes)
    finished = np.repeat([d.finished for d in shipped], sizes)
    quick = np.repeat([d.reason != "release" for d in shipped], sizes)
    lead = 60 * spec.lead_hours * np.exp(spec.lead_sigma * rng.standard_normal(len(owners)))
    lead = np.where(quick, rng.uniform(10, 45, len(owners)), lead)
    waiting = int(rng.poisson(spec.changes_per_deploy / 2))
    ages = rng.uniform(0, 60 * spec.lead_hours, waiting)
    committed = np.concatenate([finished - lead, grid.span - ages])
    merged = np.concatenate(
        [
            finished - lead * rng.uniform(0.1, 0.6, len(lead)),
            grid.span - ages * rng.uniform(0, 0.9, waiting),
        ]
    )
    return pd.DataFrame(
        {
            "change_id": [f"{spec.name}-c{number + 1:05d}" for number in range(len(committed))],
            "service": [spec.name] * len(committed),
            "committed_at": grid.times(committed),
            "merged_at": grid.times(merged),
            "deployment_id": pd.Series([*owners, *[None] * waiting], dtype="str"),
        }
    )


def alerts(seed: int, grid: Grid, spec: ServiceSpec, plan: Plan) -> pd.DataFrame:
    """Alert episodes: those incidents fired, and false ones."""
    rng = stream(seed, spec.name, "alerts")
    spans = []
    for incident in plan.incidents:
        fires, early, late = rng.random(3)
        if fires < spec.alert_probability and not np.isnan(incident.detected):
            fired = incident.started + (0.4 + 0.6 * early) * (incident.detected - incident.started)
            spans.append((fired, incident.ended + 1 + 4 * late, incident.error_ratio >= 0.1))
    for begin in rng.uniform(0, grid.span, rng.poisson(spec.false_alerts_per_week * grid.weeks)):
        spans.append((begin, begin + rng.uniform(3, 20), bool(rng.random() < 0.5)))
    ends = np.array([end for _, end, _ in spans])
    pages = [page for _, _, page in spans]
    return pd.DataFrame(
        {
            "service": [spec.name] * len(spans),
            "rule": ["ErrorBudgetBurnFast" if page else "ErrorBudgetBurnSlow" for page in pages],
            "severity": ["page" if page else "ticket" for page in pages],
            "fired_at": grid.times([begin for begin, _, _ in spans]),
            "resolved_at": grid.times(np.where(ends < grid.span, ends, np.nan)),
        }
    )
