"""A fleet as its exports look when downloaded: Grafana, GitHub, PagerDuty, plain CSV.

Text in, text out: nothing here touches a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from srelib.simulate.world import Fleet, World

PAGERDUTY = (
    "id", "incident_number", "description", "service_id", "service_name",
    "escalation_policy_id", "escalation_policy_name", "created_on", "resolved_on",
    "seconds_to_first_ack", "seconds_to_resolve", "auto_resolved", "escalation_count",
    "auto_escalation_count", "acknowledge_count", "assignment_count",
    "acknowledged_by_user_ids", "acknowledged_by_user_names", "assigned_to_user_ids",
    "assigned_to_user_names", "resolved_by_user_id", "resolved_by_user_name", "urgency",
)  # fmt: skip
"""Header of a PagerDuty incidents report."""

OWNER = "https://api.github.com/repos/example-shop"
PER_PAGE = 100


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, end: str = "\n") -> str:
    """Rows as CSV, quoted only where needed.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequences
        Values.
    end : str
        End of a line.

    Returns
    -------
    str

    Examples
    --------
    >>> csv_text(["a", "b"], [(1, "x, y")])
    'a,b\\n1,"x, y"\\n'
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def stamp(time: pd.Timestamp) -> str:
    """A time as most APIs write it; empty when it is missing.

    Parameters
    ----------
    time : Timestamp
        UTC.

    Returns
    -------
    str

    Examples
    --------
    >>> stamp(pd.Timestamp("2026-04-01 09:30", tz="UTC"))
    '2026-04-01T09:30:00Z'
    """
    return "" if pd.isna(time) else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str, text: str, length: int = 13) -> str:
    """A made-up identifier that is always the same for the same text.

    Parameters
    ----------
    prefix : str
        First characters.
    text : str
        What it stands for.
    length : int
        Characters after the prefix.

    Returns
    -------
    str
    """
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return prefix + digest[:length].upper()


def grafana_lines(fleet: Fleet) -> list[str]:
    """A Grafana panel, "Series joined by time", raw: header and lines, without line ends.

    Columns per service: ``<service> good``, ``<service> total`` and, with a latency
    indicator, ``<service> fast``.
    A bucket nobody recorded is ``undefined``; a row nobody recorded is not there.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    list of str
    """
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


def pagerduty(fleet: Fleet, *, timezone: str) -> str:
    """A PagerDuty incidents report; it knows neither the true start nor the deployment.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    timezone : str
        Zone of the account, in which the report writes its times.

    Returns
    -------
    str
    """
    noted = fleet.incidents.dropna(subset="detected_at").sort_values("detected_at")
    rows = [_page(number, row, timezone) for number, row in enumerate(noted.itertuples(), 18_204)]
    return csv_text(PAGERDUTY, rows)


def _page(number: int, row: object, timezone: str) -> list[object]:
    get = row.__getattribute__
    created, resolved, acknowledged = get("detected_at"), get("resolved_at"), get("acknowledged_at")
    service, urgent = get("service"), get("severity") != "SEV3"
    person = ("PXR2T8K", "Ada Okafor") if number % 2 else ("PQ71M0D", "Jonas Weber")
    taken, closed = not pd.isna(acknowledged), not pd.isna(resolved)
    return [
        pagerduty_id(get("incident_id")),
        number,
        get("title"),
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
    """The identifier PagerDuty would have for an incident of a fleet.

    Parameters
    ----------
    incident_id : str
        Its identifier in the fleet.

    Returns
    -------
    str
    """
    return identifier("Q", incident_id)


def _offset(time: pd.Timestamp, timezone: str) -> str:
    return "" if pd.isna(time) else time.tz_convert(timezone).isoformat(timespec="seconds")


def _seconds(time: pd.Timestamp, since: pd.Timestamp) -> str:
    return "" if pd.isna(time) else str(int((time - since).total_seconds()))


def github_numbers(fleet: Fleet) -> dict[str, str]:
    """The number GitHub would have given each production deployment.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    dict of str to str
        Identifier in the fleet: number.
    """
    ids = fleet.deployments["deployment_id"]
    return {name: str(2_310_004_117 + 1_009 * place) for place, name in enumerate(ids)}


def github(fleet: Fleet, *, previews: Sequence[str], open_release: str | None = None) -> str:
    """GitHub deployments with their statuses, as ``gh api --paginate`` prints them.

    One array a page, repository after repository, newest first.
    Each release goes to staging before production; superseded deployments are inactive.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    previews : sequence of str
        Services whose merge requests are deployed to a preview environment as well.
    open_release : str, optional
        Service with one more release that has not ended when the export is made.

    Returns
    -------
    str
    """
    numbers, pages = github_numbers(fleet), []
    for world in fleet.worlds:
        rows = _production(fleet, world, numbers)
        rows += _staging(rows)
        if world.spec.name in previews:
            rows += _previews(fleet, world)
        if world.spec.name == open_release:
            rows.append(_unfinished(fleet, world.spec.name))
        records = [_deployment(row) for row in sorted(_superseded(rows), key=_newest)]
        for start in range(0, len(records), PER_PAGE):
            page = records[start : start + PER_PAGE]
            pages.append(json.dumps(page, separators=(",", ":")))
    return "".join(pages)


def _newest(row: dict) -> tuple:
    return (-row["created"].value, row["number"])


def _production(fleet: Fleet, world: World, numbers: dict[str, str]) -> list[dict]:
    return [
        {
            "service": world.spec.name,
            "environment": "production",
            "number": int(numbers[d.deployment_id]),
            "created": fleet.grid.at(d.started),
            "ended": fleet.grid.at(d.finished),
            "state": {"failed": "failure", "cancelled": "error"}.get(d.status, "success"),
            "sha": d.commit_sha,
            "reason": d.reason,
            "planned": d.planned,
        }
        for d in world.plan.deployments
    ]


def _staging(rows: list[dict]) -> list[dict]:
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


def _previews(fleet: Fleet, world: World) -> list[dict]:
    changes = fleet.changes.query("service == @world.spec.name and merged_at.notna()")
    return [
        {
            "service": world.spec.name,
            "environment": f"preview-{number + 1}",
            "number": 2_309_000_000 + 37 * number,
            "created": row.committed_at.floor("s"),
            "ended": row.committed_at.floor("s") + pd.Timedelta(minutes=3),
            "state": "success",
            "sha": hashlib.sha1(row.change_id.encode(), usedforsecurity=False).hexdigest(),
            "reason": "preview",
            "planned": True,
        }
        for number, row in enumerate(changes.iloc[::5].itertuples())
    ]


def _unfinished(fleet: Fleet, service: str) -> dict:
    created = fleet.grid.at(fleet.grid.span - 12)
    sha = hashlib.sha1(f"{service} open".encode(), usedforsecurity=False).hexdigest()
    return {
        "service": service, "environment": "production", "number": 2_310_990_001,
        "created": created, "ended": pd.NaT, "state": "in_progress", "sha": sha,
        "reason": "release", "planned": True,
    }  # fmt: skip


def _superseded(rows: list[dict]) -> list[dict]:
    """Rows with the time at which the next success in the environment replaced them."""
    after: dict[str, pd.Timestamp] = {}
    marked = []
    for row in sorted(rows, key=_newest):
        success = row["state"] == "success"
        marked.append({**row, "inactive": after.get(row["environment"]) if success else None})
        if success:
            after[row["environment"]] = row["ended"]
    return marked


def _deployment(row: dict) -> dict:
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


def _status(row: dict, url: str, place: int, state: str, at: pd.Timestamp) -> dict:
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


def changes_lines(fleet: Fleet) -> list[str]:
    """Changes as a plain CSV, with the numbers of GitHub's deployments.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    list of str
        Header and lines, without line ends.
    """
    numbers = github_numbers(fleet)
    rows = [
        (r.change_id, r.service, stamp(r.committed_at), stamp(r.merged_at),
         numbers.get(r.deployment_id, ""))
        for r in fleet.changes.itertuples()
    ]  # fmt: skip
    header = ["change_id", "service", "committed_at", "merged_at", "deployment_id"]
    return csv_text(header, rows).splitlines()


def alerts(fleet: Fleet) -> str:
    """Alert episodes as a plain CSV.

    Parameters
    ----------
    fleet : Fleet
        The fleet.

    Returns
    -------
    str
    """
    rows = [
        (r.service, r.rule, r.severity, stamp(r.fired_at), stamp(r.resolved_at))
        for r in fleet.alerts.itertuples()
    ]
    return csv_text(["service", "rule", "severity", "fired_at", "resolved_at"], rows)


def maintenance(fleet: Fleet, *, reasons: Sequence[str]) -> str:
    """Planned maintenance as a plain CSV.

    Parameters
    ----------
    fleet : Fleet
        The fleet.
    reasons : sequence of str
        Why, in rotation.

    Returns
    -------
    str
    """
    rows = [
        (r.service, "", stamp(r.starts_at), stamp(r.ends_at), reasons[place % len(reasons)])
        for place, r in enumerate(fleet.exclusions.itertuples())
    ]
    return csv_text(["service", "sli", "starts_at", "ends_at", "reason"], rows)
