"""What is read of every export of a tool: one declaration each, the most special first."""

from __future__ import annotations

from srelib.readers.base import Family
from srelib.readers.engine import Format
from srelib.readers.formats.alertmanager import ALERTMANAGER
from srelib.readers.formats.argocd import ARGOCD
from srelib.readers.formats.azure_devops import AZURE_DEVOPS
from srelib.readers.formats.bitbucket import BITBUCKET
from srelib.readers.formats.cloudwatch import CLOUDWATCH, CLOUDWATCH_STATISTICS
from srelib.readers.formats.datadog import DATADOG, DATADOG_SLO
from srelib.readers.formats.github import GITHUB, GITHUB_RUNS
from srelib.readers.formats.github_issues import GITHUB_ISSUES, GITHUB_PULLS
from srelib.readers.formats.gitlab import GITLAB, GITLAB_MERGE_REQUESTS, GITLAB_PIPELINES
from srelib.readers.formats.google_status import GOOGLE_STATUS
from srelib.readers.formats.incident_io import INCIDENT_IO
from srelib.readers.formats.influx import INFLUX
from srelib.readers.formats.jenkins import JENKINS
from srelib.readers.formats.jira import JIRA
from srelib.readers.formats.opsgenie import OPSGENIE
from srelib.readers.formats.pagerduty import PAGERDUTY, PAGERDUTY_API
from srelib.readers.formats.prometheus_alerts import PROMETHEUS_ALERTS
from srelib.readers.formats.releases import GITHUB_RELEASES, GITTAGS
from srelib.readers.formats.request_logs import LOGS
from srelib.readers.formats.servicenow import SERVICENOW, SERVICENOW_API
from srelib.readers.formats.statuspage import STATUSPAGE
from srelib.readers.formats.uptimerobot import UPTIMEROBOT

FORMATS: tuple[Family | Format, ...] = (
    PROMETHEUS_ALERTS, CLOUDWATCH, CLOUDWATCH_STATISTICS, DATADOG_SLO, DATADOG, UPTIMEROBOT,
    GITHUB, GITHUB_RUNS, GITHUB_RELEASES, GITHUB_PULLS, GITHUB_ISSUES, GITLAB,
    GITLAB_MERGE_REQUESTS, GITLAB_PIPELINES, BITBUCKET, AZURE_DEVOPS, ARGOCD, JENKINS, STATUSPAGE,
    GOOGLE_STATUS, OPSGENIE, PAGERDUTY_API, INCIDENT_IO, SERVICENOW_API, ALERTMANAGER, JIRA,
    PAGERDUTY, SERVICENOW, GITTAGS, INFLUX, *LOGS,
)  # fmt: skip
"""In the order in which they are asked."""
