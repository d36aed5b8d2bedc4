"""The sample data: six services, each a story, written as the exports look when downloaded."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from srelib.simulate import documents, exports, github, pagerduty
from srelib.simulate.spec import ServiceSpec
from srelib.simulate.world import Fleet, fleet

SEED = 11_969
START = "2026-03-30"
WEEKS = 13
METRICS = "requests-data-as-joinbyfield-2026-06-29 00_05_00.csv.gz"
MONITOR_DOWN = (("2026-05-20T01:10Z", "2026-05-20T02:05Z"),)
"""Prometheus itself was away: no service has data, the rows are not there."""

HOSTILE = 'Checkout <b>slow</b> & "stuck"'
"""A title somebody might really write; it must reach a page as text."""

SERVICES = (
    ServiceSpec(
        name="checkout", target=0.995, requests_per_minute=60, error_ratio=0.0006,
        error_dispersion=0.003, slow_ratio=0.006, deploys_per_week=6, changes_per_deploy=4,
        lead_hours=14, break_probability=0.25, harm_ratio=0.085, harm_minutes=150,
        harm_minutes_sigma=0.5, page_probability=0.2, incidents_per_week=0.15,
        titles=("Payment provider times out", "Cart database failover"),
        release_titles=(
            "Elevated 5xx on /pay, all regions",
            HOSTILE,
            "Checkout errors\nburn rate 14 on the 1 h window, started with the release",
            "Orders rejected after release",
        ),
        fixed_gaps=MONITOR_DOWN,
    ),
    ServiceSpec(
        name="search", target=0.995, requests_per_minute=45, error_ratio=0.0008,
        slow_ratio=0.008, deploys_per_week=5.5, changes_per_deploy=3, lead_hours=9,
        break_probability=0.04, harm_ratio=0.03, harm_minutes=45, incidents_per_week=0.1,
        incident_mu=3.5, incident_sigma=0.8, titles=("Index replica lagging",),
        release_titles=("Search, autocomplete: errors after release",),
        fixed_gaps=MONITOR_DOWN,
    ),
    ServiceSpec(
        name="billing", target=0.995, requests_per_minute=12, error_ratio=0.0007,
        weekend=0.3, deploys_per_week=0.3, changes_per_deploy=24, lead_hours=260,
        lead_sigma=0.7, break_probability=0.2, harm_ratio=0.05, harm_minutes=60,
        page_probability=1.0, incidents_per_week=0.08, incident_mu=3.5, incident_sigma=0.6,
        titles=("Invoice queue backed up",), release_titles=("Billing: wrong tax table",),
        fixed_gaps=MONITOR_DOWN,
    ),
    ServiceSpec(
        name="warehouse", target=0.995, requests_per_minute=20, error_ratio=0.001,
        daily_swing=0.4, weekend=0.8, deploys_per_week=0.4, changes_per_deploy=14,
        lead_hours=200, lead_sigma=0.8, break_probability=0.1, harm_ratio=0.03,
        incidents_per_week=1.7, aftershocks=0.3, answer_probability=0.15,
        titles=(
            "Scanner gateway unreachable", "Storage latency, rack 4", "Node pool out of memory",
            "VPN to Leipzig down", "Disk full on wh-db-2",
        ),
        release_titles=("Warehouse: label printing fails since release",),
        fixed_gaps=MONITOR_DOWN,
    ),
    ServiceSpec(
        name="partner-api", target=0.99, requests_per_minute=5 / 60, daily_swing=0.8,
        weekend=0.15, error_ratio=0.004, error_dispersion=0.0, deploys_per_week=0.5,
        changes_per_deploy=5, lead_hours=60, break_probability=0.1, incidents_per_week=0.15,
        incident_mu=5.0, incident_sigma=0.5, severities=(("SEV2", 1.0, 0.4),),
        titles=("Partner certificate expired", "Partner API rejects all tokens"),
        release_titles=("Partner API: schema mismatch",),
        fixed_gaps=MONITOR_DOWN,
    ),
    ServiceSpec(
        name="catalog", target=0.997, requests_per_minute=30, error_ratio=0.0009,
        error_dispersion=0.004, drift=0.3, deploys_per_week=1.5, changes_per_deploy=6,
        lead_hours=40, break_probability=0.12, harm_ratio=0.04, harm_minutes=60,
        incidents_per_week=0.3, incident_sigma=0.9, gaps_per_week=1.2, gap_minutes=110,
        maintenance_every_days=14, maintenance_minutes=120, maintenance_hour=2,
        maintenance_errors=0.6, titles=("Cache stampede", "Image store 503s"),
        release_titles=("Catalog: prices missing after release",),
        fixed_gaps=MONITOR_DOWN,
    ),
)  # fmt: skip
"""The six services and their stories; `data/README.md` tells them."""

REASONS = ("Index rebuild, announced", "Storage move *phase 2* [plan](catalog-move)")

SLOS = (
    ("checkout", "availability", 0.995, "28d", "Checkout answers without a server error"),
    ("checkout", "latency", 0.98, "28d", "Checkout answers within 800 ms"),
    ("search", "availability", 0.995, "28d", "Search answers without a server error"),
    ("search", "latency", 0.99, "28d", "Search is quick in 99 % of the five-minute slices"),
    ("billing", "availability", 0.995, "28d", "Invoices are made without an error"),
    ("warehouse", "availability", 0.995, "28d", "Warehouse calls succeed"),
    ("partner-api", "availability", 0.99, "28d", "Partners get an answer"),
    ("catalog", "availability", 0.997, "1M", "The catalog can be read"),
)
"""Service, indicator, target, window, what it promises."""


def sample() -> Fleet:
    """The fleet behind the sample data."""
    return fleet(SEED, services=SERVICES, weeks=WEEKS, step="1min", start=START)


def files(world: Fleet) -> dict[str, bytes]:
    """The exports of the sample, by file name."""
    texts = {
        "github-deployments.json": github.pages(
            world, staging=("checkout",), previews=("checkout",), unfinished="search"
        ),
        "pagerduty-incidents.csv": pagerduty.report(world, timezone="Europe/Berlin"),
        "changes.csv": _lines(_spoiled_changes(exports.plain(_numbered(world)))),
        "alerts.csv": _lines(exports.plain(world.alerts)),
        "maintenance.csv": _lines(exports.plain(_explained(world))),
        "slos.yaml": documents.slos(SLOS),
        "sources.toml": documents.sources(world),
    }
    metrics = "\r\n".join(_spoiled_metrics(exports.grafana_lines(world)))
    return {METRICS: _gzip(metrics), **{name: text.encode() for name, text in texts.items()}}


def _lines(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _numbered(world: Fleet) -> pd.DataFrame:
    """Changes with GitHub's numbers of the deployments."""
    shipped = world.changes["deployment_id"].map(github.numbers(world))
    return world.changes.assign(deployment_id=shipped)


def _explained(world: Fleet) -> pd.DataFrame:
    """Maintenance windows, each with its reason."""
    reasons = [REASONS[place % len(REASONS)] for place in range(len(world.exclusions))]
    return world.exclusions.assign(reason=reasons)


def write(folder: str | Path, *, truth: str | Path | None = None) -> list[Path]:
    """Write the sample exports, and the truth where asked."""
    world, target = sample(), Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files(world).items():
        (target / name).write_bytes(content)
        written.append(target / name)
    if truth is not None:
        Path(truth).parent.mkdir(parents=True, exist_ok=True)
        Path(truth).write_text(json.dumps(truth_of(world), indent=1) + "\n", encoding="utf-8")
        written.append(Path(truth))
    return written


SPOILED = {
    "impossible": pd.Timestamp("2026-05-13T10:41Z"),
    "duplicated": pd.Timestamp("2026-06-03T15:00Z"),
}
"""Rows of the metrics that are wrong on purpose: billing has good > total; a line comes twice."""

SPOILED_CHANGE = 101
"""Line of changes.csv whose committed_at is no time."""


def _spoiled_metrics(lines: list[str]) -> list[str]:
    places = {line.partition(",")[0]: place for place, line in enumerate(lines)}
    impossible = places[str(SPOILED["impossible"].value // 10**6)]
    duplicated = places[str(SPOILED["duplicated"].value // 10**6)]
    names = [name.strip('"') for name in lines[0].split(",")]
    cells = lines[impossible].split(",")
    cells[names.index("billing good")] = str(int(cells[names.index("billing total")]) + 3)
    return [
        *lines[:impossible], ",".join(cells), *lines[impossible + 1 : duplicated + 1],
        lines[duplicated], *lines[duplicated + 1 :],
    ]  # fmt: skip


def _spoiled_changes(lines: list[str]) -> list[str]:
    cells = lines[SPOILED_CHANGE - 1].split(",")
    cells[2] = "before the move"
    return [*lines[: SPOILED_CHANGE - 1], ",".join(cells), *lines[SPOILED_CHANGE:]]


def _gzip(text: str) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        packed.write(text.encode())
    return buffer.getvalue()


def truth_of(world: Fleet) -> dict:
    """The truth of the sample with the identifiers of the exports."""
    numbers, truth = github.numbers(world), world.truth
    deployments = truth.deployments.assign(
        deployment_id=truth.deployments["deployment_id"].map(numbers)
    )
    incidents = truth.incidents.assign(
        incident_id=truth.incidents["incident_id"].map(pagerduty.number_of),
        deployment_id=truth.incidents["deployment_id"].map(numbers),
        started_at=truth.incidents["started_at"].map(exports.stamp),
        ended_at=truth.incidents["ended_at"].map(exports.stamp),
    )
    return {
        "note": "Read by tests only. Events; 'counted' leaves out planned maintenance.",
        "seed": world.seed,
        "start": exports.stamp(world.grid.start),
        "end": exports.stamp(world.grid.at(world.grid.span)),
        "slis": _records(truth.slis),
        "causes": _records(truth.causes),
        "deployments": _records(deployments.drop(columns="answers")),
        "incidents": _records(incidents),
        "spoiled": {
            "metrics": {name: exports.stamp(at) for name, at in SPOILED.items()},
            "impossible": {"service": "billing", **_bucket(world, SPOILED["impossible"])},
            "changes_line": SPOILED_CHANGE,
            "unfinished_deployments": 1,
        },
    }


def _bucket(world: Fleet, at: pd.Timestamp) -> dict[str, int]:
    """What billing really had in a bucket."""
    row = world.counts("billing").loc[[at]]
    return {name: int(row[name].sum()) for name in ("good", "total")}


def _records(frame: pd.DataFrame) -> list[dict]:
    rounded = frame.assign(
        **{c: frame[c].round(6) for c in frame.columns if frame[c].dtype == np.float64}
    ).astype(object)
    return rounded.where(rounded.notna(), None).to_dict("records")
