"""What is read of every export of a tool: one declaration each, the most special first."""

from __future__ import annotations

from srelib.readers.base import Family
from srelib.readers.engine import Format
from srelib.readers.formats import (
    alertmanager,
    argocd,
    azure_devops,
    bitbucket,
    cloudwatch,
    datadog,
    github,
    github_issues,
    github_pulls,
    github_releases,
    github_runs,
    gitlab,
    gitlab_merge_requests,
    gitlab_pipelines,
    gittags,
    google_status,
    incident_io,
    influx,
    jenkins,
    jira,
    opsgenie,
    pagerduty,
    prometheus_alerts,
    request_logs,
    servicenow,
    statuspage,
    uptimerobot,
)

FORMATS: tuple[Family | Format, ...] = (
    prometheus_alerts.PROMETHEUS_ALERTS, cloudwatch.CLOUDWATCH, cloudwatch.CLOUDWATCH_STATISTICS,
    datadog.DATADOG_SLO, datadog.DATADOG, uptimerobot.UPTIMEROBOT, github.GITHUB,
    github_runs.GITHUB_RUNS, github_releases.GITHUB_RELEASES, github_pulls.GITHUB_PULLS,
    github_issues.GITHUB_ISSUES, gitlab.GITLAB, gitlab_merge_requests.GITLAB_MERGE_REQUESTS,
    gitlab_pipelines.GITLAB_PIPELINES, bitbucket.BITBUCKET, azure_devops.AZURE_DEVOPS,
    argocd.ARGOCD, jenkins.JENKINS, statuspage.STATUSPAGE, google_status.GOOGLE_STATUS,
    opsgenie.OPSGENIE, pagerduty.PAGERDUTY_API, incident_io.INCIDENT_IO,
    servicenow.SERVICENOW_API, alertmanager.ALERTMANAGER, jira.JIRA, pagerduty.PAGERDUTY,
    servicenow.SERVICENOW, gittags.GITTAGS, influx.INFLUX, *request_logs.LOGS,
)  # fmt: skip
"""In the order in which they are asked."""
