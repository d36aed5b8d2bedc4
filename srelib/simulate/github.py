"""A fleet's deployments as GitHub's API lists them, statuses merged in."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pandas as pd

from srelib.simulate.exports import identifier, stamp
from srelib.simulate.spec import commit_sha
from srelib.simulate.world import Fleet, World

OWNER = "https://api.github.com/repos/example-shop"
PER_PAGE = 100
Row = dict[str, Any]


def numbers(fleet: Fleet) -> dict[str, str]:
    """The number GitHub would have given each production deployment."""
    ids = fleet.deployments["deployment_id"]
    return {name: str(2_310_004_117 + 1_009 * place) for place, name in enumerate(ids)}


def pages(
    fleet: Fleet,
    *,
    staging: Collection[str] = (),
    previews: Collection[str] = (),
    unfinished: str | None = None,
) -> str:
    """GitHub deployments with their statuses, as ``gh api --paginate`` prints them."""
    given, made = numbers(fleet), []
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
            "sha": commit_sha(change),
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
        "sha": commit_sha(f"{service} open"),
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
