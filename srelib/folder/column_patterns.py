"""Words in names that show what a column is, and which table a file; for proposals only."""

from __future__ import annotations

SERVICE = r"service|svc|dienst|app|component|system|product|facet|site|host|monitor|target|project"
SLI: dict[str, str] = {
    "service": SERVICE + r"|check|(^|[^a-z])name",
    "bad": r"bad|err|fail|fehl|5xx|lost|drop|reject|not.?ok",
    "good": r"good|success|(^|[^a-z])ok|2xx|pass",
    "total": r"total|all|count|req|hits|calls|volume|checks|events|invocations|n$",
    "value": r"laten|durat|respon|elapsed|(^|[^a-z])p\d\d|_ms|seconds|value|time",
}  # fmt: skip
RECORDS: dict[str, dict[str, str]] = {
    "incidents": {
        "started_at": r"start|beg|open|öff|creat|from|von|occur|raised|report|dat[eu]|time|clock",
        "resolved_at": r"solv|resol|gelöst|end|clos|finish|restor|fixed|until|bis"
                       r"|(^|[^a-z])(to|r_clock)$",
        "detected_at": r"detect|notic", "acknowledged_at": r"ack",
        "mitigated_at": r"mitig",
        "incident_id": r"(^|[^a-z])(id|key|num[mb]er|nr|no|ref|case|ticket|incident)([^a-z]|$)|id$",
        "severity": r"sev|prio|impact|urgen|level",
        "service": SERVICE + r"|team|affected",
        "title": r"title|summary|subject|desc|besch|headline|name|what|message|text|ursache|grund",
    },
    "deployments": {
        "finished_at": r"finish|complet|end|deploy|releas|ship|publish|live|dat[eu]|time|when"
                       r"|(^|_)at$",
        "started_at": r"start|begin|queue|creat",
        "deployment_id": r"(^|[^a-z])(id|version|release|rollout|tag|build|number|deployment|nr)"
                         r"([^a-z]|$)|id$",
        "service": r"service|app|component|system|product|job.*name|project|repo|what",
        "environment": r"env|stage|target|cluster",
        "status": r"result|outcome|conclusion|status|state|success",
        "commit_sha": r"sha|commit|revision|hash",
    },
    "changes": {
        "merged_at": r"merg|clos|complet", "committed_at": r"commit.*(at|time|date)|author.*date",
        "change_id": r"sha|commit|(^|[^a-z])(id|number|pr|change)([^a-z]|$)|hash",
        "service": r"service|app|component|project|repo",
        "deployment_id": r"deploy|release",
    },
    "alerts": {
        "fired_at": r"fir|start|trigger|begin|open|activ|creat|date|time",
        "resolved_at": r"resol|end|clos|clear|recover",
        "rule": r"rule|alert|name|policy|check|title", "severity": r"sev|prio|level",
        "service": r"service|app|component|system|job|host",
    },
    "exclusions": {
        "starts_at": r"start|begin|from", "ends_at": r"end|until|(^|[^a-z])to$|finish",
        "service": r"service|app|component|system", "reason": r"reason|title|descr|what|summary",
    },
}  # fmt: skip
"""Of each table the columns in the order in which they are sought, by words in their names."""
NOTES_AND_TEAMS: dict[str, dict[str, str]] = {
    "annotations": {
        "date": r"date|day|time|when", "service": r"service|app|component|system",
        "note": r"note|remark|comment|text|descr|what",
    },
    "teams": {"service": SERVICE, "team": r"team|owner|squad|group"},
}  # fmt: skip
"""The same of tables that no file is proposed to be, and that only `sources.toml` names."""

TABLE_SIGNS = (
    ("exclusions", r"maint|exclu|planned|wartung"),
    ("alerts", r"alert|(^|[^a-z])rule|fired"),
    (
        "incidents",
        r"incid|outage|sever|ticket|postmortem|resolved|problem|st(ö|oe)rung|ausf(a|ä)ll",
    ),
    ("changes", r"merge|pull.?req|commits?([^a-z]|$)"),
    (
        "deployments",
        r"deploy|releas|version|rollout|(^|[^a-z])(env|tags?([^a-z]|$))|build|pipeline|execution"
        r"|went live",
    ),
)
