"""One made-up export of every format, in the shape the tool writes it.

No name, number or time in here comes from a real export.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

SHA = "5e0f" * 10


def run(number: int = 1, **more: Any) -> dict[str, Any]:
    """A workflow run as the REST interface writes it."""
    api = "https://api.github.com/repos/acme/shop"
    return {
        "id": 9000 + number, "name": "Deploy", "head_branch": "main", "head_sha": SHA,
        "path": ".github/workflows/deploy.yml", "display_title": "Ship it", "run_number": number,
        "event": "push", "status": "completed", "conclusion": "success", "workflow_id": 31,
        "url": f"{api}/actions/runs/{9000 + number}",
        "html_url": f"https://github.com/acme/shop/actions/runs/{9000 + number}",
        "created_at": "2026-06-01T10:00:00Z", "run_started_at": "2026-06-01T10:00:30Z",
        "updated_at": "2026-06-01T10:07:00Z", "run_attempt": 1,
        "repository": {"id": 5, "name": "shop", "full_name": "acme/shop",
                       "statuses_url": f"{api}/statuses/{{sha}}",
                       "deployments_url": f"{api}/deployments"},
        "head_commit": {"id": SHA, "message": "faster", "timestamp": "2026-06-01T09:00:00Z"},
    } | more  # fmt: skip


def gh_run(number: int = 1, **more: Any) -> dict[str, Any]:
    """A workflow run as `gh run list --json` writes it."""
    return {
        "attempt": 1, "conclusion": "success", "createdAt": "2026-06-01T10:00:00Z",
        "databaseId": 9000 + number, "displayTitle": "Ship it", "event": "push",
        "headBranch": "main", "headSha": SHA, "name": "Deploy", "number": number,
        "startedAt": "2026-06-01T10:00:30Z", "status": "completed",
        "updatedAt": "2026-06-01T10:07:00Z", "workflowDatabaseId": 31, "workflowName": "Deploy",
        "url": f"https://github.com/acme/shop/actions/runs/{9000 + number}",
    } | more  # fmt: skip


def gh_release(number: int = 1, **more: Any) -> dict[str, Any]:
    """A release as `gh release list --json` writes it."""
    return {
        "name": f"Version {number}", "tagName": f"v1.{number}", "isDraft": False,
        "isLatest": False, "isPrerelease": False, "createdAt": "2026-06-01T08:00:00Z",
        "publishedAt": "2026-06-03T10:00:00Z",
    } | more  # fmt: skip


def release(number: int = 1, **more: Any) -> dict[str, Any]:
    """A release as the REST interface writes it."""
    return {
        "url": f"https://api.github.com/repos/acme/shop/releases/{number}",
        "html_url": f"https://github.com/acme/shop/releases/tag/v1.{number}", "id": number,
        "tag_name": f"v1.{number}", "target_commitish": "main", "name": f"Version {number}",
        "draft": False, "prerelease": False, "created_at": "2026-06-01T08:00:00Z",
        "published_at": "2026-06-03T10:00:00Z", "author": {"login": "a", "id": 1}, "assets": [],
        "body": "Notes",
    } | more  # fmt: skip


def issue(number: int = 1, **more: Any) -> dict[str, Any]:
    """An issue as `gh issue list --json` writes it."""
    return {
        "number": number, "title": "Checkout is down", "state": "CLOSED",
        "stateReason": "COMPLETED", "createdAt": "2026-06-01T10:00:00Z",
        "closedAt": "2026-06-01T11:00:00Z", "url": f"https://github.com/acme/shop/issues/{number}",
        "labels": [{"id": "L1", "name": "incident"}, {"id": "L2", "name": "sev-2"}],
    } | more  # fmt: skip


def gitlab_deployment(number: int = 1, **more: Any) -> dict[str, Any]:
    """A GitLab deployment, its times in two zones."""
    web = "https://gitlab.example.org/acme/group/shop"
    return {
        "id": 700 + number, "iid": number, "ref": "main", "sha": SHA, "status": "success",
        "created_at": "2026-06-01T10:00:00.000Z", "updated_at": "2026-06-09T09:00:00.000Z",
        "user": {"id": 1, "name": "a"},
        "environment": {"id": 3, "name": "production", "tier": "production"},
        "deployable": {
            "id": 88, "status": "success", "stage": "deploy", "web_url": f"{web}/-/jobs/88",
            "started_at": "2026-06-01T12:01:00.000+02:00",
            "finished_at": "2026-06-01T18:05:00.000+08:00", "duration": 240.0,
            "commit": {"id": SHA, "created_at": "2026-06-01T17:00:00.000+08:00"},
        },
    } | more  # fmt: skip


def bitbucket_deployment(number: int = 1, **more: Any) -> dict[str, Any]:
    """A Bitbucket deployment."""
    link = f"https://api.bitbucket.org/2.0/repositories/acme/shop/commit/{SHA}"
    return {
        "type": "deployment", "uuid": f"{{d{number}}}",
        "environment": {"uuid": "{e1}", "name": "Production"},
        "release": {"uuid": "{r1}", "commit": {"hash": SHA, "links": {"self": {"href": link}}}},
        "state": {"name": "COMPLETED", "status": {"name": "SUCCESSFUL"},
                  "started_on": "2026-06-01T10:00:00.000Z",
                  "completed_on": "2026-06-01T10:05:00.000Z"},
        "last_update_time": "2026-06-01T10:06:00.000Z",
    } | more  # fmt: skip


def application(name: str = "shop", **status: Any) -> dict[str, Any]:
    """An Argo CD application with two syncs, the last of which is its current operation."""
    history = [
        {"id": n, "revision": f"{n}" * 40, "deployedAt": f"2026-06-0{n}T10:05:00Z",
         "deployStartedAt": f"2026-06-0{n}T10:04:00Z", "initiatedBy": {"automated": True}}
        for n in (1, 2)
    ]  # fmt: skip
    operation = {
        "phase": "Succeeded", "startedAt": "2026-06-02T10:04:00Z",
        "finishedAt": "2026-06-02T10:05:00Z", "syncResult": {"revision": "2" * 40},
    }  # fmt: skip
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"destination": {"server": "https://k8s.example.org", "namespace": "shop-prod"}},
        "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"},
                   "history": history, "operationState": operation} | status,
    }  # fmt: skip


def build(number: int = 1, **more: Any) -> dict[str, Any]:
    """A Jenkins build: started 2026-06-01T10:00:00Z, five minutes long."""
    return {
        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": number,
        "result": "SUCCESS", "timestamp": 1780308000000, "duration": 300000,
        "fullDisplayName": f"acme » deploy-shop #{number}",
        "url": f"https://ci.example.org/job/acme/job/deploy-shop/{number}/",
        "actions": [{}, {"_class": "hudson.plugins.git.util.BuildData",
                         "lastBuiltRevision": {"SHA1": SHA}}],
    } | more  # fmt: skip


def page_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident of a status page that speaks the time of Chicago."""
    return {
        "id": f"inc{number}", "name": "Checkout fails", "status": "resolved", "impact": "major",
        "created_at": "2026-06-01T05:05:00.000-05:00",
        "updated_at": "2026-06-01T06:30:00.000-05:00",
        "monitoring_at": "2026-06-01T05:45:00.000-05:00",
        "resolved_at": "2026-06-01T06:15:00.000-05:00", "shortlink": "https://stspg.example.org/1",
        "started_at": "2026-06-01T05:00:00.000-05:00",
        "components": [{"id": "c1", "name": "API (EU)", "status": "operational"}],
        "incident_updates": [
            {"id": "u2", "status": "resolved", "body": "Done.",
             "created_at": "2026-06-01T06:15:00.000-05:00",
             "display_at": "2026-06-01T06:15:00.000-05:00"},
            {"id": "u1", "status": "investigating", "body": "We look.",
             "created_at": "2026-06-01T05:05:00.000-05:00",
             "display_at": "2026-06-01T05:05:00.000-05:00"},
        ],
    } | more  # fmt: skip


def status_page(*incidents: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The document a status page serves."""
    page = {"id": "k1", "name": "Acme", "url": "https://status.example.org",
            "time_zone": "America/Chicago"}  # fmt: skip
    return {"page": page, "incidents": list(incidents)} | more


def opsgenie_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An Opsgenie incident."""
    return {
        "id": f"70000000-0000-4000-8000-00000000000{number % 10}", "tinyId": f"{number}",
        "message": "Checkout fails", "status": "resolved", "tags": [], "priority": "P2",
        "createdAt": "2026-06-01T10:05:00Z", "updatedAt": "2026-06-09T09:00:00.5Z",
        "impactedServices": ["0a1b2c3d-0000-4000-8000-000000000001"],
        "impactStartDate": "2026-06-01T10:00:00Z", "impactEndDate": "2026-06-01T11:00:00.49Z",
    } | more  # fmt: skip


def pagerduty_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident as the REST interface of PagerDuty writes it."""
    return {
        "id": f"Q{number}", "type": "incident", "incident_number": number,
        "title": "Checkout fails", "created_at": "2026-06-01T10:00:00.000000Z",
        "status": "resolved", "urgency": "high", "priority": {"summary": "P1"},
        "service": {"id": "PSVC", "type": "service_reference", "summary": "shop"},
        "acknowledgements": [], "last_status_change_at": "2026-06-01T11:00:00Z",
        "resolved_at": "2026-06-01T10:50:00Z",
    } | more  # fmt: skip


def raw_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident as the Analytics interface of PagerDuty writes it."""
    return {
        "id": f"Q{number}", "incident_number": number, "description": "Checkout fails",
        "created_at": "2026-06-01T10:00:00Z", "resolved_at": "2026-06-01T10:50:00Z",
        "service_id": "PSVC", "service_name": "shop", "priority_name": "P1", "urgency": "high",
        "status": "resolved", "seconds_to_first_ack": 90, "seconds_to_resolve": 3000,
        "auto_resolved": False,
    } | more  # fmt: skip


def alert(name: str = "HighErrorRate", **more: Any) -> dict[str, Any]:
    """An alert inside a webhook notification of Alertmanager."""
    return {
        "status": "resolved",
        "labels": {"alertname": name, "service": "shop", "severity": "page"},
        "annotations": {"summary": "Errors"}, "startsAt": "2026-06-01T10:00:00.5Z",
        "endsAt": "2026-06-01T10:20:00Z", "generatorURL": "https://prometheus.example.org/graph",
        "fingerprint": "f1",
    } | more  # fmt: skip


def notification(*alerts: dict[str, Any]) -> dict[str, Any]:
    """A webhook notification."""
    return {"version": "4", "groupKey": "{}", "receiver": "log", "status": "firing",
            "alerts": list(alerts), "groupLabels": {}, "commonLabels": {}}  # fmt: skip


def alerts_query(*series: tuple[dict[str, str], list[float]]) -> dict[str, Any]:
    """The answer of a range query for ALERTS."""
    result = [
        {"metric": {"__name__": "ALERTS"} | labels, "values": [[at, "1"] for at in times]}
        for labels, times in series
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


FIRING = {"alertname": "HighErrorRate", "alertstate": "firing", "service": "shop"}


def azure_build(number: int = 1, **more: Any) -> dict[str, Any]:
    """A build as `az pipelines build list` writes it."""
    return {
        "id": number, "buildNumber": f"20260601.{number}", "status": "completed",
        "result": "succeeded", "queueTime": "2026-06-01T10:00:00Z",
        "startTime": "2026-06-01T10:01:00Z", "finishTime": "2026-06-01T10:21:00Z",
        "definition": {"id": 7, "name": "Deploy"}, "project": {"name": "acme"},
        "repository": {"id": "r1", "name": "shop", "type": "TfsGit"}, "reason": "individualCI",
        "sourceBranch": "refs/heads/main", "sourceVersion": SHA,
    } | more  # fmt: skip


def gh_pull(number: int = 1, **more: Any) -> dict[str, Any]:
    """A pull request as `gh pr list --json` writes it."""
    return {
        "number": number, "title": "Faster", "createdAt": "2026-06-01T08:00:00Z",
        "mergedAt": "2026-06-01T12:00:00Z", "closedAt": "2026-06-01T12:00:00Z", "state": "MERGED",
        "mergeCommit": {"oid": f"{number:040x}"}, "headRefName": "faster",
        "labels": [{"name": "incident"}], "url": f"https://github.com/acme/shop/pull/{number}",
    } | more  # fmt: skip


def pull(number: int = 1, **more: Any) -> dict[str, Any]:
    """A pull request as the REST interface writes it."""
    api = f"https://api.github.com/repos/acme/shop/pulls/{number}"
    return {
        "id": 5000 + number, "number": number, "state": "closed", "title": "Faster",
        "created_at": "2026-06-01T08:00:00Z", "closed_at": "2026-06-01T12:00:00Z",
        "merged_at": "2026-06-01T12:00:00Z", "merge_commit_sha": f"{number:040x}", "url": api,
        "html_url": f"https://github.com/acme/shop/pull/{number}", "labels": [],
        "base": {"ref": "main", "repo": {"name": "shop"}},
    } | more  # fmt: skip


def merge_request(number: int = 1, **more: Any) -> dict[str, Any]:
    """A merge request of GitLab."""
    return {
        "id": number, "iid": number, "project_id": 3, "title": "Faster", "state": "merged",
        "created_at": "2026-06-01T08:00:00.000Z", "merged_at": "2026-06-01T12:00:00.000Z",
        "updated_at": "2026-06-01T12:00:00.000Z", "target_branch": "main", "source_branch": "f",
        "sha": "c" * 40, "merge_commit_sha": f"{number:040x}", "squash_commit_sha": None,
        "web_url": f"https://gitlab.example.org/acme/shop/-/merge_requests/{number}",
    } | more  # fmt: skip


def azure_pull(number: int = 1, **more: Any) -> dict[str, Any]:
    """A pull request as `az repos pr list` writes it."""
    return {
        "pullRequestId": number, "title": "Faster", "description": "Now", "status": "completed",
        "creationDate": "2026-06-01T08:00:00Z", "closedDate": "2026-06-01T12:00:00Z",
        "sourceRefName": "refs/heads/faster", "targetRefName": "refs/heads/main", "labels": None,
        "lastMergeCommit": {"commitId": f"{number:040x}", "url": "x"},
        "repository": {"id": "r", "name": "shop"}, "createdBy": {"displayName": "A"},
    } | more  # fmt: skip


def bitbucket_pull(number: int = 1, **more: Any) -> dict[str, Any]:
    """A pull request of Bitbucket."""
    return {
        "id": number, "type": "pullrequest", "title": "Faster", "description": "Now",
        "state": "MERGED", "created_on": "2026-06-01T08:00:00+00:00",
        "updated_on": "2026-06-01T12:00:00+00:00", "source": {"branch": {"name": "faster"}},
        "destination": {"branch": {"name": "main"}, "repository": {"name": "shop"}},
        "merge_commit": {"hash": f"{number:012x}"}, "author": {"display_name": "A"},
        "links": {"html": {"href": f"https://bitbucket.org/acme/shop/pull-requests/{number}"}},
    } | more  # fmt: skip


def pipeline(number: int = 1, **more: Any) -> dict[str, Any]:
    """A pipeline of GitLab."""
    return {
        "id": number, "iid": number, "project_id": 3, "sha": SHA, "ref": "main",
        "status": "success", "source": "push", "created_at": "2026-06-01T10:00:00.000Z",
        "updated_at": "2026-06-01T10:09:00.000Z", "started_at": "2026-06-01T10:00:10.000Z",
        "finished_at": "2026-06-01T10:08:00.000Z", "duration": 470,
        "web_url": f"https://gitlab.example.org/acme/shop/-/pipelines/{number}",
    } | more  # fmt: skip


def snow_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident as the table API of ServiceNow writes it."""
    link = "https://acme.example.org/api/now/table/cmdb_ci_service/0a1b"
    return {
        "number": f"INC{number:07d}", "state": "7", "opened_at": "2026-06-01 10:00:00",
        "resolved_at": "2026-06-01 11:30:00", "closed_at": "2026-06-03 10:00:00",
        "priority": "1 - Critical", "severity": "3", "sys_id": f"{number:032x}",
        "short_description": "Orders fail", "reopen_count": "0",
        "business_service": {"link": link, "value": "checkout"},
    } | more  # fmt: skip


def io_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident of incident.io."""
    times = {
        "Reported at": "2026-06-01T10:00:00Z",
        "Accepted at": "2026-06-01T10:02:00Z",
        "Fixed at": "2026-06-01T10:40:00Z",
        "Resolved at": "2026-06-01T11:00:00Z",
    }
    return {
        "id": f"01{number}", "reference": f"INC-{number}", "name": "Checkout fails",
        "mode": "standard", "severity": {"name": "Major", "rank": 2},
        "incident_status": {"name": "Closed", "category": "closed"},
        "created_at": "2026-06-01T10:05:00Z",
        "incident_timestamp_values": [
            {"incident_timestamp": {"name": name}, "value": {"value": at}}
            for name, at in times.items()
        ],
    } | more  # fmt: skip


def cloud_incident(number: int = 1, **more: Any) -> dict[str, Any]:
    """An incident of the status page of Google Cloud."""
    return {
        "id": f"g{number}", "number": f"{number}", "begin": "2026-06-01T10:00:00+00:00",
        "created": "2026-06-01T10:10:00+00:00", "end": "2026-06-01T11:00:00+00:00",
        "external_desc": "Errors", "severity": "medium", "status_impact": "SERVICE_DISRUPTION",
        "affected_products": [{"title": "Cloud Run", "id": "a"}, {"title": "Pub/Sub", "id": "b"}],
    } | more  # fmt: skip


def cloudwatch(**series: dict[str, float]) -> dict[str, Any]:
    """The answer of get-metric-data, newest first: for each label, values by time."""
    return {
        "MetricDataResults": [
            {"Id": f"m{n}", "Label": label, "Timestamps": sorted(values, reverse=True),
             "Values": [values[at] for at in sorted(values, reverse=True)],
             "StatusCode": "Complete"}
            for n, (label, values) in enumerate(series.items(), 1)
        ],
        "Messages": [],
    }  # fmt: skip


def slo_history(*good: float, total: float = 10.0, **data: Any) -> dict[str, Any]:
    """The history of an SLO of Datadog, in buckets of five minutes."""
    inside = {
        "thresholds": {"30d": {"timeframe": "30d", "target": 99.5}}, "from_ts": 1780308000,
        "to_ts": 1780309200, "type": "metric",
        "slo": {"name": "Checkout availability", "tags": ["team:pay", "service:checkout"]},
        "series": {
            "times": [1780308000000.0 + 300_000 * n for n in range(len(good))], "interval": 300,
            "numerator": {"count": len(good), "values": list(good)},
            "denominator": {"count": len(good), "values": [total] * len(good)},
        },
    }  # fmt: skip
    return {"data": inside | data, "errors": None}


def datadog_query(**points: list[float | None]) -> dict[str, Any]:
    """The answer of a timeseries query of Datadog: values by metric, a minute apart."""
    return {
        "status": "ok", "res_type": "time_series",
        "series": [
            {"metric": name, "scope": "service:shop", "tag_set": ["service:shop"], "interval": 60,
             "expression": f"sum:{name}{{service:shop}}.as_count()",
             "pointlist": [[1780308000000.0 + 60_000 * n, value]
                           for n, value in enumerate(values)]}
            for name, values in points.items()
        ],
    }  # fmt: skip


def uptime_monitor(*logs: tuple[int, int, int], name: str = "shop") -> dict[str, Any]:
    """A monitor of UptimeRobot: type, start and length [s] of each entry of its log."""
    return {
        "id": 7, "friendly_name": name, "url": "https://shop.example.org", "type": 1,
        "interval": 300, "status": 2, "create_datetime": 1780300000,
        "logs": [{"type": kind, "datetime": start, "duration": length,
                  "reason": {"code": "200", "detail": "OK"}} for kind, start, length in logs],
    }  # fmt: skip


JIRA = (
    "Summary", "Issue key", "Issue id", "Issue Type", "Status", "Priority", "Resolution",
    "Created", "Updated", "Resolved", "Component/s", "Component/s", "Labels", "Labels",
    "Custom field (Severity)",
)  # fmt: skip


def jira_row(number: int = 1, **more: str) -> list[str]:
    """A row of a Jira export; keywords with underscores for blanks."""
    cells = {
        "Summary": "Checkout fails", "Issue key": f"INC-{number}", "Issue id": f"{10000 + number}",
        "Issue Type": "Incident", "Status": "Done", "Priority": "High", "Resolution": "Fixed",
        "Created": "01/Jun/26 12:00 PM", "Updated": "09/Jun/26 9:30 AM",
        "Resolved": "01/Jun/26 1:15 PM",
    } | {name.replace("_", " "): value for name, value in more.items()}  # fmt: skip
    row = [cells.get(name, "") for name in JIRA]
    for place, name in enumerate(("first", "second")):
        row[JIRA.index("Component/s") + place] = more.get(
            f"{name}_component", "shop" if not place else ""
        )
    return row


def table(*rows: list[str] | tuple[str, ...]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


GITHUB_DEPLOYMENT = {
    "id": 1, "sha": SHA, "environment": "production", "created_at": "2026-06-01T10:00:00Z",
    "statuses_url": "https://api.github.com/repos/acme/shop/deployments/1/statuses",
    "statuses": [{"state": "success", "created_at": "2026-06-01T10:05:00Z"}],
}  # fmt: skip
COUNTS = {
    "status": "success",
    "data": {"resultType": "matrix", "result": [
        {"metric": {"__name__": "requests", "code": "200"}, "values": [[1780308000, "5"]]}]},
}  # fmt: skip

EXPORTS: dict[str, tuple[str, str, Any]] = {
    "GitHub deployments": ("github", "d.json", [GITHUB_DEPLOYMENT]),
    "GitHub runs, REST": ("github_runs", "r.json", {"total_count": 1, "workflow_runs": [run()]}),
    "GitHub runs, members": ("github_runs", "r.json", [run()]),
    "GitHub runs, gh": ("github_runs", "r.json", [gh_run()]),
    "GitHub releases, REST": ("github_releases", "r.json", [release()]),
    "GitHub releases, gh": ("github_releases", "r.json", [gh_release()]),
    "GitHub issues": ("github_issues", "i.json", [issue()]),
    "GitLab deployments": ("gitlab", "d.json", [gitlab_deployment()]),
    "GitLab, through the API": ("gitlab", "d.json", [gitlab_deployment(deployable=None)]),
    "Bitbucket deployments": ("bitbucket", "d.json", {"values": [bitbucket_deployment()]}),
    "Argo CD, kubectl": ("argocd", "a.json", {"kind": "List", "items": [application()]}),
    "Argo CD, argocd": ("argocd", "a.json", application()),
    "Jenkins job": ("jenkins", "b.json", {"name": "deploy-shop", "builds": [build()]}),
    "Jenkins builds": ("jenkins", "b.json", [build()]),
    "Statuspage": ("statuspage", "i.json", status_page(page_incident())),
    "Statuspage, no incident": ("statuspage", "i.json", status_page()),
    "Opsgenie": ("opsgenie", "i.json", {"data": [opsgenie_incident()]}),
    "PagerDuty REST": ("pagerduty_api", "i.json", {"incidents": [pagerduty_incident()]}),
    "PagerDuty Analytics": ("pagerduty_api", "i.json", {"data": [raw_incident()]}),
    "Alertmanager webhook": ("alertmanager", "a.json", notification(alert())),
    "Alertmanager API": ("alertmanager", "a.json", [alert(status={"state": "active"})]),
    "Prometheus": ("prometheus", "p.json", COUNTS),
    "Prometheus ALERTS": ("prometheus_alerts", "p.json", alerts_query((FIRING, [1780308000]))),
    "Azure DevOps, az": ("azure_devops", "b.json", [azure_build()]),
    "Azure DevOps, REST": ("azure_devops", "b.json", {"count": 1, "value": [azure_build()]}),
    "GitHub pull requests, gh": ("github_pulls", "p.json", [gh_pull()]),
    "GitHub pull requests, REST": ("github_pulls", "p.json", [pull()]),
    "GitLab merge requests": ("gitlab_merge_requests", "m.json", [merge_request()]),
    "Azure DevOps pull requests": ("azure_devops_pulls", "r.json", {"value": [azure_pull()]}),
    "Bitbucket pull requests": ("bitbucket_pulls", "q.json", {"values": [bitbucket_pull()]}),
    "GitLab pipelines": ("gitlab_pipelines", "p.json", [pipeline()]),
    "ServiceNow table API": ("servicenow_api", "i.json", {"result": [snow_incident()]}),
    "ServiceNow list": ("servicenow", "i.csv", table(
        ("Number", "State", "Opened", "Resolved", "Priority", "Severity", "Business service",
         "Short description"),
        ("INC1", "Closed", "2026-06-01 10:00:00", "2026-06-01 11:30:00", "1 - Critical", "3 - Low",
         "checkout", "Orders fail"))),
    "incident.io": ("incident_io", "i.json", {"incidents": [io_incident()]}),
    "Google Cloud status": ("google_status", "i.json", [cloud_incident()]),
    "CloudWatch get-metric-data": ("cloudwatch", "c.json", cloudwatch(
        total={"2026-06-01T10:00:00Z": 5.0}, errors={"2026-06-01T10:00:00Z": 1.0})),
    "CloudWatch get-metric-statistics": ("cloudwatch_statistics", "c.json", {
        "Label": "RequestCount", "Datapoints": [
            {"Timestamp": "2026-06-01T10:00:00Z", "Sum": 5.0, "Unit": "Count"}]}),
    "Datadog SLO history": ("datadog_slo", "d.json", slo_history(9, 10)),
    "Datadog query": ("datadog", "d.json", datadog_query(total=[5, 6], errors=[1, None])),
    "UptimeRobot": ("uptimerobot", "u.json", {
        "stat": "ok", "monitors": [uptime_monitor((2, 1780308000, 600))]}),
    "Jira": ("jira", "j.csv", table(JIRA, jira_row())),
    "PagerDuty CSV": ("pagerduty", "i.csv", table(
        ("id", "incident_number", "service_name", "created_on", "resolved_on", "urgency"),
        ("Q1", "1", "shop", "2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z", "high"))),
    "Grafana": ("grafana", "g.csv", '"Time","good","total"\r\n1780308000000,5,6\r\n'),
    "Influx": ("influx", "i.csv", "#datatype,string,dateTime:RFC3339,long,long\n"
               ",result,_time,good,total\n,,2026-06-01T10:00:00Z,5,6\n"),
    "JMeter": ("jmeter", "r.jtl", "timeStamp,elapsed,success\n1780272000179,8,true\n"),
    "k6": ("k6", "k.csv", "metric_name,timestamp,metric_value\nhttp_req_failed,1780272000,0\n"),
    "access log": ("access_log", "a.log",
                   '203.0.113.7 - - [01/Jun/2026:02:00:01 +0200] "GET / HTTP/1.1" 200 23\n'),
    "ALB": ("alb", "b.log", "h2 2026-06-01T00:00:02.3Z app/a 10.0.0.9:1 - -1 -1 -1 503 - 30 4\n"),
    "git tags": ("gittags", "t.csv", f"v1.0,2026-06-01T10:00:00+00:00,{SHA},\n"),
    "state log": ("statelog", "s.csv", "time,service,state\n2026-06-01T10:00:00Z,shop,up\n"
                  "2026-06-01T10:01:00Z,shop,up\n"),
    "records": ("records", "d.csv", "deployment_id,service,finished_at,status\n"
                                      "1,shop,2026-06-01T10:00:00Z,success\n"),
    "generic": ("generic", "c.csv", "time,service,good,total\n2026-06-01T10:00:00Z,shop,5,6\n"),
}  # fmt: skip
"""By what it is: the format, a name for the file, and its content."""


SAID: dict[str, dict[str, Any]] = {
    "CloudWatch get-metric-data": {
        "unit": "count", "series": [{"bad": "errors", "total": "total"}]},
    "CloudWatch get-metric-statistics": {"columns": {"total": "RequestCount Sum"}},
    "Datadog query": {
        "series": [{"bad": "errors{service:shop}", "total": "total{service:shop}"}]},
}  # fmt: skip
"""What must be said of an export whose numbers do not explain themselves."""


def written(content: Any) -> str:
    """Content of a file as text."""
    return content if isinstance(content, str) else json.dumps(content)
