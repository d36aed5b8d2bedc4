"""What is read of every export of a tool: one declaration each, the most special first."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from srelib.readers.base import Family
from srelib.readers.engine import Format

_DECLARED = {
    "csv": (
        "jira.JIRA", "pagerduty.PAGERDUTY", "servicenow.SERVICENOW", "releases.GITTAGS",
        "influx.INFLUX", "request_logs.JMETER", "request_logs.K6", "request_logs.ACCESS_LOG",
        "request_logs.ALB",
    ),
    "json": (
        "prometheus_alerts.PROMETHEUS_ALERTS", "cloudwatch.CLOUDWATCH",
        "cloudwatch.CLOUDWATCH_STATISTICS", "datadog.DATADOG_SLO", "datadog.DATADOG",
        "uptimerobot.UPTIMEROBOT", "github.GITHUB", "github.GITHUB_RUNS",
        "releases.GITHUB_RELEASES", "pull_requests.GITHUB_PULLS", "github_issues.GITHUB_ISSUES",
        "gitlab.GITLAB", "pull_requests.GITLAB_MERGE_REQUESTS", "gitlab.GITLAB_PIPELINES",
        "bitbucket.BITBUCKET", "pull_requests.BITBUCKET_PULLS", "azure_devops.AZURE_DEVOPS",
        "pull_requests.AZURE_DEVOPS_PULLS", "argocd.ARGOCD", "jenkins.JENKINS",
        "statuspage.STATUSPAGE", "google_status.GOOGLE_STATUS", "opsgenie.OPSGENIE",
        "pagerduty.PAGERDUTY_API", "incident_io.INCIDENT_IO", "servicenow.SERVICENOW_API",
        "alertmanager.ALERTMANAGER",
    ),
}  # fmt: skip
"""Module and name of each, by the kind of file, in the order in which they are asked."""


@cache
def of_kind(kind: str) -> tuple[Family | Format, ...]:
    """The exports that are of a kind (csv, json); the modules of the other stay unloaded."""
    places = (place.split(".") for place in _DECLARED[kind])
    return tuple(getattr(import_module(f"{__name__}.{module}"), name) for module, name in places)
