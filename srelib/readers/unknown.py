"""JSON that no reader knows: what was seen in it, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from srelib.errors import ReadError
from srelib.readers import jsonkeys
from srelib.readers.base import Head

_HINTS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"date", "value"}),
        "it looks like the daily values of a GitLab DORA metric, whose name is not in the file "
        "and whose medians cannot be put together again",
        "export the deployments themselves: `glab api projects/ID/deployments --paginate`",
    ),
    (
        frozenset({"tinyid", "alias"}),
        "it looks like Opsgenie alerts",
        "export incidents (/v1/incidents), or the alerts as CSV with service, rule, fired_at and "
        "resolved_at",
    ),
    (
        frozenset({"class", "jobs"}),
        "it looks like a Jenkins folder, without the builds of its jobs",
        "ask for JOB/api/json?tree=allBuilds[number,result,timestamp,duration,url]",
    ),
    (
        frozenset({"page", "components"}),
        "it looks like the components of a status page, without its incidents",
        "save /api/v2/incidents.json of the page",
    ),
    (
        frozenset({"metricdataresults"}),
        "it looks like the answer of CloudWatch get-metric-data",
        "write it as CSV with time, service, good and total",
    ),
    (
        frozenset({"datapoints", "label"}),
        "it looks like the answer of CloudWatch get-metric-statistics",
        "write it as CSV with time, service, good and total",
    ),
    (
        frozenset({"key", "fields", "self"}),
        "it looks like Jira issues from the REST interface",
        "export the issues as CSV (all fields)",
    ),
)
"""Keys of an object, what they look like, and what to do."""


def error(head: Head) -> ReadError:
    """The error about a JSON file of no known format."""
    problem, fix = _said(head)
    return ReadError(f"the format of this JSON is not known: {problem}", file=head.name, fix=fix)


def _said(head: Head) -> tuple[str, str]:
    found = {path: keys for path, keys in jsonkeys.objects(head.text).items() if keys}
    top = found.get("", frozenset())
    if not found:
        what = "it holds no object" if re.search(r"[^\s\[\],{}]", head.text) else "it is empty"
        return what, "check the filter of the export, or take the file away"
    if "message" in top and len(top) <= 5 and not top & {"id", "number", "createdat"}:
        said = re.search(r'"message"\s*:\s*("(?:[^"\\]|\\.){0,200}")', head.text)
        text = json.loads(said.group(1), strict=False) if said else ""
        return (
            f"it is the error message of an interface ({text!r})",
            "check the address and the access token, and export again",
        )
    for keys, what, fix in _HINTS:
        if any(keys <= seen for seen in found.values()):
            return what, fix
    seen = ", ".join(_as_written(head.text, sorted(top or next(iter(found.values())))[:12]))
    return (
        f"keys seen: {seen}",
        "hand over the export as the tool writes it (README lists what is known), write it as CSV "
        f"with named columns, or leave it out with [[file]] match = {head.name!r}, "
        'table = "ignore" in sources.toml',
    )


def _as_written(text: str, keys: Sequence[str]) -> list[str]:
    """Keys in the spelling of the file."""
    spelt = {jsonkeys.plain(word): word for word in re.findall(r'"((?:[^"\\]|\\.)*)"\s*:', text)}
    return [repr(spelt.get(key, key)) for key in keys]
