"""What is read of every export of records: one declaration each, the most special first."""

from __future__ import annotations

from srelib.readers.formats import (
    alertmanager,
    argocd,
    bitbucket,
    github,
    github_issues,
    github_releases,
    github_runs,
    gitlab,
    gittags,
    jenkins,
    jira,
    opsgenie,
    pagerduty,
    prometheus_alerts,
    statuspage,
)

FORMATS = (
    prometheus_alerts.PROMETHEUS_ALERTS, github.GITHUB, github_runs.GITHUB_RUNS,
    github_releases.GITHUB_RELEASES, github_issues.GITHUB_ISSUES, gitlab.GITLAB,
    bitbucket.BITBUCKET, argocd.ARGOCD, jenkins.JENKINS, statuspage.STATUSPAGE, opsgenie.OPSGENIE,
    pagerduty.PAGERDUTY_API, alertmanager.ALERTMANAGER, jira.JIRA, pagerduty.PAGERDUTY,
    gittags.GITTAGS,
)  # fmt: skip
"""In the order in which they are asked."""
