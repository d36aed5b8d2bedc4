"""Releases: tags of git, as ``git for-each-ref`` lists them, and releases of GitHub."""

from __future__ import annotations

import re

from srelib.readers import declaration as say
from srelib.readers.engine import FileContext, Format
from srelib.readers.words import PRERELEASE, is_prerelease, prereleases_note

_TAG_LINE = re.compile(
    r"(?:refs/tags/)?(?P<tag>\S.*?)[,\t ]"
    r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))[,\t ]"
    r"(?P<object>[0-9a-f]{7,64})(?:[,\t ](?P<peeled>[0-9a-f]{7,64})?)?\s*"
)  # the tag's name comes first and may itself hold a comma


def _early_release(flagged: say.When) -> say.Rule:
    """A rule: the mark of a pre-release, by its name or flagged, unless `sources.toml` keeps it."""

    def rule(record: say.Record, row: say.Row, source: say.Source) -> say.Row | None:
        name = row.get("deployment_id")
        if source.prereleases or not (is_prerelease(name) or say.meets(record, flagged)):
            return None
        if source.environment:
            return {"environment": "prerelease"}
        return say.left_out(PRERELEASE, value=name, column="deployment_id")

    return rule


def _early_releases(context: FileContext) -> list[str]:
    """How many pre-releases were left out."""
    count = sum(row.get("left_out") == PRERELEASE for row in context.rows)
    return [prereleases_note(count, len(context.rows))] * bool(count)


GITTAGS = Format(
    "gittags", "deployments", "a line of tag,time,object,commit",
    line=_TAG_LINE,
    columns={
        "deployment_id": "tag", "finished_at": "time", "commit_sha": ("peeled", "object"),
    },
    fixed={"environment": "production", "status": "succeeded"},
    rules=(_early_release(lambda tag: False),),
    asks="a list of tags does not say which service they release",
    ignores={"environment": ()},
    remarks=_early_releases,
    keys=("prereleases",),
    notes=(
        say.Note("{n} of {of} tags are lightweight: their time is that of the commit, often "
                 "earlier than the release.", {"peeled": ""}),
    ),
)  # fmt: skip

GITHUB_RELEASES = Format(
    "github_releases", "deployments", "a release",
    signs=(say.has("tagname", "publishedat"),),
    sign="tagname",
    columns={
        "deployment_id": "tagname",
        "service": say.in_text(r"(?:/repos|//[^/]+)/[^/]+/([^/]+)/releases/", "htmlurl", "url"),
        "finished_at": "publishedat",  # it was created days before, with its commit
        "commit_sha": say.in_text(r"^([0-9a-f]{40,64})\Z", "targetcommitish"),
        "url": ("htmlurl", "url"),
    },
    fixed={"environment": "production", "status": "succeeded"},
    rules=(
        say.Drop("a draft: it was not published, so it reached nobody",
                 {("draft", "isdraft"): "true"}, "tagname", refuses=True),
        _early_release({("prerelease", "isprerelease"): "true"}),
    ),
    asks="a list of releases does not say which service they release",
    paging=say.Paging((30, 100), "export with `gh release list --limit 1000`, or with --paginate"),
    remarks=_early_releases,
    keys=("prereleases",),
)  # fmt: skip
