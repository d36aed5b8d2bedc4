"""GitHub issues with the label of an incident, and merged pull requests as changes."""

from srelib.readers import declaration as say
from srelib.readers.engine import Format

INCIDENT = (
    r"(?i)(?!.*\b(post|follow|reviews?|retro\w*|actions?|tasks?)\b)"
    r"(.*\W)?(incidente?|outage|vorfall|störung|störfall|ausfall)s?(\W.*)?"
)
"""Names that make a record an incident when nothing is said; matched against the whole name."""

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
        default=(INCIDENT,),
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

UNMERGED = say.Drop("not merged: no change", {"mergedat": ""}, "state", "state")
"""A request that changed nothing."""

NO_COMMIT_TIME = say.Note(
    "Requests say when they were merged, not when their commits were written: lead time counts "
    "from the merge; `srelib collect git` also knows the commits."
)
"""A request is opened after its commits were written: that is no time of a commit."""

_COMMIT = ("mergecommit.oid", "mergecommitsha")

GITHUB_PULLS = Format(
    "github_pulls", "changes", "a pull request",
    signs=(say.has("number", "mergedat"),),
    sign="mergedat",
    columns={
        "change_id": (*_COMMIT, "number"),
        "url": ("htmlurl", "url"),
        "service": ("base.repo.name", say.in_text(
            r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/pulls?/", "htmlurl", "url")),
        "merged_at": "mergedat",
    },
    rules=(UNMERGED,),
    asks="these pull requests do not say which repository they belong to",
    paging=say.Paging((30, 100), "export with `gh pr list --state merged --limit 1000 --json "
                      "number,title,createdAt,mergedAt,state,mergeCommit,url`, or with --paginate"),
    notes=(
        NO_COMMIT_TIME,
        say.Note("{n} of {of} pull requests bring no merge commit, so their deployment cannot be "
                 "found by commit; export mergeCommit as well.", {"mergedat": ".+", _COMMIT: ""}),
    ),
)  # fmt: skip
