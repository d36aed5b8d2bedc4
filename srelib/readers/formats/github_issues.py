"""GitHub issues with the label of an incident."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format
from srelib.readers.words import name_clues

PULL_REQUEST_KEYS = ("mergedat", "mergecommit", "mergecommitsha", "headrefname", "pullrequestid")
"""Keys of which an issue has none."""

_LABELS = ("labels.name", "labels")
_SEVERITY = r"(?i)^((?:sev(?:erity)?|prio(?:rity)?|impact)\W*\w+|p[0-5]|s[0-5])\Z"
_PULL = say.in_text(r"(/pulls?/)\d+$", "htmlurl", "url")
_EXPORT = (
    "export them with `gh issue list --state all --limit 1000 --json number,title,labels,state,"
    "stateReason,createdAt,closedAt,url`"
)

GITHUB_ISSUES = Format(
    "github_issues", "incidents", "an issue",
    signs=(say.has("number", "createdat", "closedat", under=("", "items"),
                   without=PULL_REQUEST_KEYS),),
    wrappers=("items",),
    sign="createdat",
    columns={
        "incident_id": "number",
        "service": say.in_text(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)(?:/issues/|/pull/|$)",
                               "htmlurl", "url", "repositoryurl"),
        "severity": say.in_text(_SEVERITY, *_LABELS),
        "started_at": "createdat",
        "detected_at": "createdat",
        "resolved_at": "closedat",
        "title": "title",
        "url": ("htmlurl", "url"),
    },
    choice=say.Choice(
        "label", "label", _LABELS, "no label of an incident; to keep it, set label = ... in "
        "sources.toml", ("labels",), "carries the label",
        default=(name_clues()["incident"].pattern,),
        lacking=("these issues bring no labels, so nothing says which of them are incidents",
                 _EXPORT),
    ),
    rules=(
        say.Drop("closed as {said}: no incident of its own",
                 {"statereason": "not_planned|duplicate"}, "statereason", "state_reason"),
        say.Drop("a pull request, no issue", lambda one: one.get("pullrequest") or
                 one.get("ispullrequest") is True or _PULL(one) or
                 str(one.get("state")).lower() == "merged", "number"),
    ),
    paging=say.Paging((30, 100), _EXPORT),
)  # fmt: skip
