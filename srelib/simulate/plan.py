"""What happens to a service: releases, incidents, gaps, maintenance, and what is noted of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from srelib.events import REACHED
from srelib.simulate.counts import WEEK, BucketGrid, _stream
from srelib.simulate.spec import Deployment, Incident, Plan, ServiceSpec

NAN = float("nan")
Delays = Mapping[str, pd.Timedelta | None]
HARM_SIGMA = 0.5
"""Log standard deviation of the excess error ratio of a broken release."""

NOTED_AFTER = (6.0, 4.0, 8.0)
"""Median delays from start to detection, to acknowledgement, from the end to the closing [min]."""


def draw_plan(
    seed: int, spec: ServiceSpec, grid: BucketGrid, *, delays: Delays | None = None
) -> Plan:
    """Draw what happens to a service."""
    releases = _delayed(_releases(seed, spec, grid), delays or {})
    infrastructure = _infrastructure(seed, spec, grid)
    after = [_after_release(seed, spec, grid, release) for release in releases if release.broke]
    answers = _answers(seed, spec, infrastructure)
    fixes = [fix for _, _, fix in after if fix]
    broken = {release.deployment_id: release for release, _, _ in after}
    deployments = [broken.get(r.deployment_id, r) for r in releases] + fixes + answers
    incidents = infrastructure + [incident for _, incident, _ in after if incident]
    incidents = sorted((i for i in incidents if i.started < grid.span), key=lambda i: i.started)
    titles = {True: cycle(spec.titles), False: cycle(spec.release_titles)}
    return Plan(
        tuple(sorted((d for d in deployments if d.finished < grid.span), key=lambda d: d.finished)),
        tuple(replace(i, title=next(titles[i.deployment_id is None])) for i in incidents),
        _gaps(seed, spec, grid),
        _maintenance(spec, grid),
    )


def _lognormal(rng: np.random.Generator, median: float, sigma: float, size: int) -> np.ndarray:
    return median * np.exp(sigma * rng.standard_normal(size))


def _release_times(spec: ServiceSpec, grid: BucketGrid, rng: np.random.Generator) -> np.ndarray:
    days = np.arange(int(np.ceil(grid.span / 1440)))
    days = days[np.isin((days + grid.start.weekday()) % 7, spec.working_days)]
    rate = spec.deploys_per_week / len(spec.working_days)
    counts = int(rate) + (rng.random(len(days)) < rate % 1)
    hours = rng.uniform(*spec.working_hours, size=counts.sum())
    return np.sort(np.repeat(days, counts) * 1440.0 + hours * 60)


def _releases(seed: int, spec: ServiceSpec, grid: BucketGrid) -> list[Deployment]:
    rng = _stream(seed, spec.name, "deployments")
    times = _release_times(spec, grid, rng)
    size = len(times)
    changes = 1 + rng.poisson(spec.changes_per_deploy - 1, size)
    hazard = (changes / spec.changes_per_deploy) ** spec.batch_effect
    unlucky = rng.random(size) < 1 - (1 - spec.break_probability) ** hazard
    failing = rng.random(size) < spec.pipeline_failures
    ratio = np.clip(_lognormal(rng, spec.harm_ratio, HARM_SIGMA, size), 0, 0.95)
    minutes = _lognormal(rng, spec.harm_minutes, spec.harm_minutes_sigma, size)
    took = rng.uniform(3, 15, size)
    cancelled = rng.random(size) < 0.3
    status = np.where(failing, np.where(cancelled, "cancelled", "failed"), "succeeded")
    broke = unlucky & ~failing
    ids = [f"{spec.name}-{number + 1:04d}" for number in range(size)]
    harm = {"harm_ratio": ratio * broke, "harm_minutes": minutes * broke}
    known = {"deployment_id": ids, "status": status, "changes": changes}
    columns = known | harm | {"started": times - took, "finished": times}
    rows = zip(*(pd.Series(column).tolist() for column in columns.values()), strict=True)
    return [Deployment(**dict(zip(columns, row, strict=True))) for row in rows]


def _delayed(releases: list[Deployment], delays: Delays) -> list[Deployment]:
    late = {r: delays.get(r.deployment_id, pd.Timedelta(0)) for r in releases}
    minutes = {r: by / pd.Timedelta(minutes=1) for r, by in late.items() if by is not None}
    return [
        replace(r, started=r.started + by, finished=r.finished + by) for r, by in minutes.items()
    ]


def _noted(
    rng: np.random.Generator, grid: BucketGrid, started: float, ended: float
) -> tuple[float, float, float]:
    """When an incident was detected, acknowledged, closed, as far as it was before the end."""
    detection, acknowledgement, closing = np.exp(0.8 * rng.standard_normal(3)) * NOTED_AFTER
    detected = started + min(detection, 0.9 * (ended - started))
    acknowledged = detected + acknowledgement
    resolved = max(ended, acknowledged) + closing
    times = np.array([detected, acknowledged, resolved])
    seen, taken, closed = np.where(times < grid.span, times, NAN).tolist()
    return seen, taken, closed


def _after_release(
    seed: int, spec: ServiceSpec, grid: BucketGrid, release: Deployment
) -> tuple[Deployment, Incident | None, Deployment | None]:
    """A broken release with its final status, its incident and its repair, if any."""
    rng = _stream(seed, spec.name, "after", release.deployment_id)
    page, repair = rng.random(2)
    ended = release.finished + release.harm_minutes
    incident = None
    if page < spec.page_probability:
        name, ratio = f"{release.deployment_id}-incident", release.harm_ratio
        distances = [abs(np.log(ratio / usual)) for _, _, usual in spec.severities]
        severity = spec.severities[int(np.argmin(distances))][0]
        began, noted = release.finished, _noted(rng, grid, release.finished, ended)
        incident = Incident(name, severity, "", began, ended, *noted, ratio, release.deployment_id)
    if repair >= spec.rollback_probability + spec.hotfix_probability or ended >= grid.span:
        return release, incident, None
    reason = "rollback" if repair < spec.rollback_probability else "hotfix"
    name, began = release.deployment_id, ended - float(rng.uniform(2, 8))
    changes = int(reason == "hotfix")
    about: dict[str, Any] = {"reason": reason, "planned": False, "changes": changes}
    fix = Deployment(f"{name}-{reason}", began, ended, answers=name, **about)
    status = "rolled_back" if reason == "rollback" else "succeeded"
    return replace(release, status=status), incident, fix


def _infrastructure(seed: int, spec: ServiceSpec, grid: BucketGrid) -> list[Incident]:
    rng = _stream(seed, spec.name, "incidents")
    starts = rng.uniform(0, grid.span, rng.poisson(spec.incidents_per_week * grid.weeks))
    if spec.aftershocks:
        parents = np.repeat(starts, rng.poisson(spec.aftershocks, len(starts)))
        starts = np.concatenate([starts, parents + rng.exponential(1440, len(parents))])
    starts = np.sort(starts[starts < grid.span])
    size = len(starts)
    minutes = _lognormal(rng, np.exp(spec.incident_mu), spec.incident_sigma, size)
    edges = np.cumsum([share for _, share, _ in spec.severities])
    kinds = np.minimum(np.searchsorted(edges, rng.random(size)), len(edges) - 1)
    medians = np.array([median for _, _, median in spec.severities])[kinds]
    ratios = np.clip(medians * np.exp(spec.ratio_sigma * rng.standard_normal(size)), 0, 0.95)
    columns = (kinds, starts, starts + minutes, ratios)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found = []
    for number, (kind, begin, end, ratio) in enumerate(rows, 1):
        name, severity = f"{spec.name}-i{number:03d}", spec.severities[kind][0]
        noted = _noted(rng, grid, begin, end)
        found.append(Incident(name, severity, "", begin, end, *noted, ratio))
    return found


def _answers(seed: int, spec: ServiceSpec, incidents: list[Incident]) -> list[Deployment]:
    rng = _stream(seed, spec.name, "answers")
    found = []
    for one, (answer, when) in zip(incidents, rng.random((len(incidents), 2)), strict=True):
        if answer < spec.answer_probability:
            at, name = one.started + (0.2 + 0.7 * when) * (one.ended - one.started), one.incident_id
            about: dict[str, Any] = {"reason": "answer", "planned": spec.answers_planned}
            found.append(Deployment(f"{name}-answer", at - 5, at, answers=name, **about))
    return found


def _gaps(seed: int, spec: ServiceSpec, grid: BucketGrid) -> tuple[tuple[float, float], ...]:
    rng = _stream(seed, spec.name, "gaps")
    starts = np.sort(rng.uniform(0, grid.span, rng.poisson(spec.gaps_per_week * grid.weeks)))
    minutes = _lognormal(rng, spec.gap_minutes, 0.8, len(starts))
    drawn = list(zip(starts.tolist(), (starts + minutes).tolist(), strict=True))
    fixed = [(grid.minutes_to(begin), grid.minutes_to(end)) for begin, end in spec.fixed_gaps]
    return tuple(sorted(drawn + fixed))


def _maintenance(spec: ServiceSpec, grid: BucketGrid) -> tuple[tuple[float, float], ...]:
    if not spec.maintenance_every_days:
        return ()
    every = spec.maintenance_every_days * 1440
    first = min(every, WEEK) - 1440 + spec.maintenance_hour * 60
    begins = np.arange(first, grid.span, every)
    return tuple((float(begin), float(begin + spec.maintenance_minutes)) for begin in begins)


def draw_changes(seed: int, grid: BucketGrid, spec: ServiceSpec, plan: Plan) -> pd.DataFrame:
    """Changes shipped by each deployment, and those still waiting."""
    rng = _stream(seed, spec.name, "changes")
    shipped = [d for d in plan.deployments if d.status in REACHED]
    sizes = [d.changes for d in shipped]
    owners = np.repeat(np.array([d.deployment_id for d in shipped], dtype=object), sizes)
    finished = np.repeat([d.finished for d in shipped], sizes)
    quick = np.repeat([d.reason != "release" for d in shipped], sizes)
    lead = 60 * spec.lead_hours * np.exp(spec.lead_sigma * rng.standard_normal(len(owners)))
    lead = np.where(quick, rng.uniform(10, 45, len(owners)), lead)
    waiting = int(rng.poisson(spec.changes_per_deploy / 2))
    ages = rng.uniform(0, 60 * spec.lead_hours, waiting)
    committed = np.concatenate([finished - lead, grid.span - ages])
    early = finished - lead * rng.uniform(0.1, 0.6, len(lead))
    merged = np.concatenate([early, grid.span - ages * rng.uniform(0, 0.9, waiting)])
    return pd.DataFrame(
        {
            "change_id": [f"{spec.name}-c{number + 1:05d}" for number in range(len(committed))],
            "service": [spec.name] * len(committed),
            "committed_at": grid.times(committed),
            "merged_at": grid.times(merged),
            "deployment_id": pd.Series([*owners, *[None] * waiting], dtype="str"),
        }
    )


def draw_alerts(seed: int, grid: BucketGrid, spec: ServiceSpec, plan: Plan) -> pd.DataFrame:
    """Alert episodes: those incidents fired, and false ones."""
    rng = _stream(seed, spec.name, "alerts")
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
