"""The sample exports: six services of an invented shop, each a story, and what is wrong on purpose.

    python data/make_sample.py data/sample --truth tests/truth/sample.json

`srelib.simulate` draws the fleet; here it is written as its exports look when downloaded.
The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from srelib.simulate import Fleet, ServiceSpec, fleet
from srelib.simulate.spec import _commit_sha
from srelib.simulate.world import World

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

SPOILED = {
    "impossible": pd.Timestamp("2026-05-13T10:41Z"),
    "duplicated": pd.Timestamp("2026-06-03T15:00Z"),
}
"""Rows of the metrics that are wrong on purpose: billing has good > total; a line comes twice."""

REVERTS = 16
"""Changes drawn to be reverted, where another deployment of their service follows soon."""

SPOILED_CHANGE = 101
"""Line of changes.csv whose committed_at is no time."""


def sample() -> Fleet:
    """The fleet behind the sample data."""
    return fleet(SEED, services=SERVICES, weeks=WEEKS, step="1min", start=START)


def files(world: Fleet) -> dict[str, bytes]:
    """The exports of the sample, by file name."""
    texts = {
        "github-deployments.json": github_deployments(
            world, staging=("checkout",), previews=("checkout",), unfinished="search"
        ),
        "pagerduty-incidents.csv": pagerduty_report(world, timezone="Europe/Berlin"),
        "changes.csv": _lines(_spoiled_changes(plain_csv(_numbered(world)))),
        "alerts.csv": _lines(plain_csv(world.alerts)),
        "maintenance.csv": _lines(plain_csv(_explained(world))),
        "slos.yaml": slos_yaml(),
        "sources.toml": sources_toml(world),
    }
    metrics = "\r\n".join(_spoiled_metrics(grafana_lines(world)))
    return {METRICS: _gzip(metrics), **{name: text.encode() for name, text in texts.items()}}


def _lines(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _numbered(world: Fleet) -> pd.DataFrame:
    """Changes with their marks and GitHub's numbers of the deployments."""
    shipped = world.changes["deployment_id"].map(github_numbers(world))
    return _marked(world).assign(deployment_id=shipped).drop(columns="url")


def _marked(world: Fleet) -> pd.DataFrame:
    """Changes with what their titles, labels and trailers would say, from draws of their own.

    What answers an incident is a hotfix; a few changes revert one that was deployed in the days
    before; AI tools come into use over the weeks and change nothing.
    """
    rng = np.random.default_rng([SEED, 13])
    changes = world.changes
    deployments = world.deployments.set_index("deployment_id")
    unplanned = changes["deployment_id"].map(deployments["planned"]).eq(False).fillna(False)
    shipped = changes["deployment_id"].map(deployments["finished_at"])
    day = (changes["committed_at"] - pd.Timestamp(START, tz="UTC")) / pd.Timedelta("1D")
    assisted = rng.random(len(changes)) < 0.05 + 0.4 * (day / (7 * WEEKS)).clip(0, 1)
    found = changes.assign(
        kind=np.where(unplanned, "hotfix", "regular"), reverts=None, assisted=assisted
    )
    candidates = found.index[shipped.notna() & ~unplanned]
    for place in sorted(rng.choice(candidates, min(REVERTS, len(candidates)), replace=False)):
        wait = shipped - shipped[place]
        near = (wait > pd.Timedelta(0)) & (wait < pd.Timedelta("5D"))
        later = found.index[near & (found["service"] == found["service"][place])]
        if len(later) and found["kind"][place] == "regular":
            one = rng.choice(later)
            found.loc[one, ["kind", "reverts"]] = ["revert", found["change_id"][place]]
    return found


def _explained(world: Fleet) -> pd.DataFrame:
    """Maintenance windows, each with its reason."""
    reasons = [REASONS[place % len(REASONS)] for place in range(len(world.exclusions))]
    return world.exclusions.assign(reason=reasons).drop(columns=["rrule", "timezone"])


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
    """The truth of the sample with the identifiers of the"""
    numbers, truth = github_numbers(world), world.truth
    deployments = truth.deployments.assign(
        deployment_id=truth.deployments["deployment_id"].map(numbers)
    )
    incidents = truth.incidents.assign(
        incident_id=truth.incidents["incident_id"].map(pagerduty_id),
        deployment_id=truth.incidents["deployment_id"].map(numbers),
        started_at=truth.incidents["started_at"].map(stamp),
        ended_at=truth.incidents["ended_at"].map(stamp),
    )
    return {
        "note": "Read by tests only. Events; 'counted' leaves out planned maintenance.",
        "seed": world.seed,
        "start": stamp(world.grid.start),
        "end": stamp(world.grid.at(world.grid.span)),
        "slis": _records(truth.slis),
        "causes": _records(truth.causes),
        "deployments": _records(deployments.drop(columns="answers")),
        "incidents": _records(incidents),
        "spoiled": {
            "metrics": {name: stamp(at) for name, at in SPOILED.items()},
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


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, end: str = "\n") -> str:
    """Rows as CSV, quoted only where needed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def stamp(time: pd.Timestamp) -> str:
    """A time as most APIs write it; empty when it is missing."""
    return "" if pd.isna(time) else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str, text: str, length: int = 13) -> str:
    """A made-up identifier that is always the same for the same text."""
    return prefix + _commit_sha(text)[:length].upper()


def grafana_lines(fleet: Fleet) -> list[str]:
    """A Grafana panel, "Series joined by time", raw: header and lines, without line ends."""
    names, columns, seen = ["Time"], [], np.zeros(fleet.grid.size, dtype=bool)
    for world in fleet.worlds:
        counts = world.counts
        seen |= counts.observed
        for name, values in _grafana_series(world):
            names.append(f"{world.spec.name} {name}")
            text = values.astype(str).astype(object)
            text[~counts.observed] = "undefined"
            columns.append(text)
    milliseconds = fleet.grid.index.as_unit("ms").asi8.astype(str)
    rows = zip(milliseconds[seen], *(column[seen] for column in columns), strict=True)
    return [",".join(f'"{name}"' for name in names), *(",".join(row) for row in rows)]


def _grafana_series(world: World) -> list[tuple[str, np.ndarray]]:
    counts = world.counts
    series = [("good", counts.good), ("total", counts.total)]
    return series if counts.fast is None else [*series, ("fast", counts.fast)]


def plain_csv(table: pd.DataFrame) -> list[str]:
    """A canonical table as plain CSV: times as ISO 8601, missing values empty."""
    columns = [
        table[name].map(stamp)
        if isinstance(table[name].dtype, pd.DatetimeTZDtype)
        else table[name].astype(object).where(table[name].notna(), "")
        for name in table
    ]
    return csv_text([str(name) for name in table], zip(*columns, strict=True)).splitlines()


OWNER = "https://api.github.com/repos/example-shop"
PER_PAGE = 100
Row = dict[str, Any]


def github_numbers(fleet: Fleet) -> dict[str, str]:
    """The number GitHub would have given each production deployment."""
    ids = fleet.deployments["deployment_id"]
    return {name: str(2_310_004_117 + 1_009 * place) for place, name in enumerate(ids)}


def github_deployments(
    fleet: Fleet,
    *,
    staging: Collection[str] = (),
    previews: Collection[str] = (),
    unfinished: str | None = None,
) -> str:
    """GitHub deployments with their statuses, as ``gh api --paginate`` prints them."""
    given, made = github_numbers(fleet), []
    for world in fleet.worlds:
        service = world.spec.name
        rows = _production(fleet, world, given)
        rows += _staging(rows) if service in staging else []
        rows += _previews(fleet, service) if service in previews else []
        rows += [_unfinished(fleet, service)] if service == unfinished else []
        records = [_deployment(row) for row in sorted(_superseded(rows), key=_newest)]
        for start in range(0, len(records), PER_PAGE):
            page = records[start : start + PER_PAGE]
            made.append(json.dumps(page, separators=(",", ":")))
    return "".join(made)


def _newest(row: Row) -> tuple:
    return (-row["created"].value, row["number"])


def _production(fleet: Fleet, world: World, given: dict[str, str]) -> list[Row]:
    return [
        {
            "service": world.spec.name,
            "environment": "production",
            "number": int(given[d.deployment_id]),
            "created": fleet.grid.at(d.started),
            "ended": fleet.grid.at(d.finished),
            "state": {"failed": "failure", "cancelled": "error"}.get(d.status, "success"),
            "sha": d.commit_sha,
            "reason": d.reason,
            "planned": d.planned,
        }
        for d in world.plan.deployments
    ]


def _staging(rows: list[Row]) -> list[Row]:
    earlier = pd.Timedelta(minutes=95)
    return [
        {
            **row,
            "environment": "staging",
            "number": row["number"] - 501,
            "created": row["created"] - earlier,
            "ended": row["ended"] - earlier,
            "state": "success",
        }
        for row in rows
        if row["reason"] == "release"
    ]


def _previews(fleet: Fleet, service: str) -> list[Row]:
    changes = fleet.changes
    merged = changes[(changes["service"] == service) & changes["merged_at"].notna()]
    return [
        {
            "service": service,
            "environment": f"preview-{number + 1}",
            "number": 2_309_000_000 + 37 * number,
            "created": committed,
            "ended": committed + pd.Timedelta(minutes=3),
            "state": "success",
            "sha": _commit_sha(change),
            "reason": "preview",
            "planned": True,
        }
        for number, (change, committed) in enumerate(
            zip(merged["change_id"][::10], merged["committed_at"][::10], strict=True)
        )
    ]


def _unfinished(fleet: Fleet, service: str) -> Row:
    created = fleet.grid.at(fleet.grid.span - 12)
    return {
        "service": service, "environment": "production", "number": 2_310_990_001,
        "created": created, "ended": pd.NaT, "state": "in_progress",
        "sha": _commit_sha(f"{service} open"),
        "reason": "release", "planned": True,
    }  # fmt: skip


def _superseded(rows: list[Row]) -> list[Row]:
    """Rows with the time at which the next success in the environment replaced them."""
    after: dict[str, pd.Timestamp] = {}
    marked = []
    for row in sorted(rows, key=_newest):
        success = row["state"] == "success"
        marked.append({**row, "inactive": after.get(row["environment"]) if success else None})
        if success:
            after[row["environment"]] = row["ended"]
    return marked


def _deployment(row: Row) -> Row:
    url = f"{OWNER}/{row['service']}/deployments/{row['number']}"
    states = [("in_progress", row["created"] + pd.Timedelta(seconds=4))]
    if row["state"] != "in_progress":
        states.append((row["state"], row["ended"]))
    if row["inactive"] is not None:
        states.append(("inactive", row["inactive"]))
    production = row["environment"] == "production"
    return {
        "url": url,
        "id": row["number"],
        "node_id": identifier("DE_kw", url, 12),
        "task": "deploy",
        "original_environment": row["environment"],
        "environment": row["environment"],
        "description": None,
        "created_at": stamp(row["created"]),
        "updated_at": stamp(states[-1][1]),
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{OWNER}/{row['service']}",
        "creator": {"login": "shop-deploy[bot]", "id": 41_898_282, "type": "Bot"},
        "sha": row["sha"],
        "ref": "main" if row["reason"] != "hotfix" else f"hotfix/{row['sha'][:7]}",
        "payload": {"reason": row["reason"], "planned": row["planned"]},
        "transient_environment": not production and row["environment"] != "staging",
        "production_environment": production,
        "performed_via_github_app": None,
        "statuses": [_status(row, url, place, *pair) for place, pair in enumerate(states)][::-1],
    }


def _status(row: Row, url: str, place: int, state: str, at: pd.Timestamp) -> Row:
    number = 3 * row["number"] + place
    return {
        "url": f"{url}/statuses/{number}",
        "id": number,
        "state": state,
        "description": "The run was cancelled" if state == "error" else "",
        "environment": row["environment"],
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "deployment_url": url,
    }


PAGERDUTY_HEADER = (
    "id", "incident_number", "description", "service_id", "service_name",
    "escalation_policy_id", "escalation_policy_name", "created_on", "resolved_on",
    "seconds_to_first_ack", "seconds_to_resolve", "auto_resolved", "escalation_count",
    "auto_escalation_count", "acknowledge_count", "assignment_count",
    "acknowledged_by_user_ids", "acknowledged_by_user_names", "assigned_to_user_ids",
    "assigned_to_user_names", "resolved_by_user_id", "resolved_by_user_name", "urgency",
)  # fmt: skip
"""Header of a PagerDuty incidents report."""

FIRST_INCIDENT = 18_204
"""Number of the first incident in the report."""


def pagerduty_report(fleet: Fleet, *, timezone: str) -> str:
    """A PagerDuty incidents report; it knows neither the true start nor the deployment."""
    noted = fleet.incidents.dropna(subset="detected_at").sort_values("detected_at")
    rows = [
        _incident(number, incident, timezone)
        for number, incident in enumerate(noted.to_dict("records"), FIRST_INCIDENT)
    ]
    return csv_text(PAGERDUTY_HEADER, rows)


def _incident(number: int, incident: Mapping[Hashable, Any], timezone: str) -> list[object]:
    created, resolved = incident["detected_at"], incident["resolved_at"]
    acknowledged = incident["acknowledged_at"]
    service, urgent = incident["service"], incident["severity"] != "SEV3"
    person = ("PXR2T8K", "Ada Okafor") if number % 2 else ("PQ71M0D", "Jonas Weber")
    taken, closed = not pd.isna(acknowledged), not pd.isna(resolved)
    return [
        pagerduty_id(incident["incident_id"]),
        number,
        incident["title"],
        identifier("P", service, 6),
        service,
        "PE5CAL8",
        "Shop, on call",
        _offset(created, timezone),
        _offset(resolved, timezone),
        _seconds(acknowledged, created),
        _seconds(resolved, created),
        0,
        int(urgent and number % 5 == 0),
        0,
        int(taken),
        1 + int(urgent and number % 5 == 0),
        person[0] if taken else "",
        person[1] if taken else "",
        person[0],
        person[1],
        person[0] if closed else "",
        person[1] if closed else "",
        "high" if urgent else "low",
    ]


def pagerduty_id(incident_id: str) -> str:
    """The identifier PagerDuty would have for an incident of a fleet."""
    return identifier("Q", incident_id)


def _offset(time: pd.Timestamp, timezone: str) -> str:
    return "" if pd.isna(time) else time.tz_convert(timezone).isoformat(timespec="seconds")


def _seconds(time: pd.Timestamp, since: pd.Timestamp) -> str:
    return "" if pd.isna(time) else str(int((time - since).total_seconds()))


SOURCES = """\
# What srelib cannot know from the exports themselves.
# Every other file here is recognised from its content.

[[file]]
match = "requests-*.csv.gz"   # Grafana: Inspect > Data > Series joined by time > Download CSV
table = "sli"
unit = "count"                # each cell is sum(increase(...[1m])): events, not a rate
step = "1m"

{series}
[[file]]
match = "github-deployments.json"   # gh api .../deployments --paginate, statuses merged in
environment = "production"          # staging and previews are left out
columns = {{ planned = "payload.planned" }}   # our pipeline notes what a deployment is for
"""

SERIES = """\
  [[file.series]]
  service = "{service}"
  sli = "{sli}"
  good = "{service} {good}"
  total = "{service} total"
"""


def sources_toml(world: Fleet) -> str:
    """`sources.toml` for the sample."""
    made = []
    for each in world.worlds:
        name = each.spec.name
        made.append(SERIES.format(service=name, sli="availability", good="good"))
        if each.counts.fast is not None:
            made.append(SERIES.format(service=name, sli="latency", good="fast"))
    return SOURCES.format(series="\n".join(made))


def slos_yaml() -> str:
    """OpenSLO documents, one a promise."""
    return "---\n".join(_slo(*promise) for promise in SLOS)


def _slo(service: str, sli: str, target: float, window: str, promise: str) -> str:
    good, total = _metrics(service, sli)
    return f"""\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {service}-{sli}
  displayName: {service} {sli}
spec:
  description: {promise}
  service: {service}
  indicator:
    metadata:
      name: {sli}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: '{good}'
        total:
          metricSource:
            type: Prometheus
            spec:
              query: '{total}'
{_window(window)}
{_objective(service, sli, target)}
"""


def _metrics(service: str, sli: str) -> tuple[str, str]:
    total = f'http_requests_total{{service="{service}"}}'
    if sli == "availability":
        return f'http_requests_total{{service="{service}",code!~"5.."}}', total
    return f'http_request_duration_seconds_bucket{{service="{service}",le="0.8"}}', total


def _window(window: str) -> str:
    rolling = f"  timeWindow:\n    - duration: {window}\n      isRolling: "
    if window != "1M":
        return rolling + "true"
    calendar = "\n      calendar:\n        startTime: 2026-01-01 00:00:00\n        timeZone: "
    return rolling + "false" + calendar + "Europe/Berlin"


def _objective(service: str, sli: str, target: float) -> str:
    lines = f"  objectives:\n    - displayName: promised\n      target: {target}"
    if (service, sli) != ("search", "latency"):
        return "  budgetingMethod: Occurrences\n" + lines
    slices = "\n      timeSliceTarget: 0.97\n      timeSliceWindow: 5m"
    return "  budgetingMethod: Timeslices\n" + lines + slices


def main() -> None:
    """Write the sample exports into a folder, and their truth into a file."""
    parser = argparse.ArgumentParser(description="Write the sample exports.")
    parser.add_argument("folder", help="where the exports go")
    parser.add_argument("--truth", metavar="FILE", help="also write what only tests may know")
    given = parser.parse_args()
    for path in write(given.folder, truth=given.truth):
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
