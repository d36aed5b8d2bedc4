"""Merged requests of GitHub, GitLab, Azure DevOps and Bitbucket as changes."""

import tomllib
from pathlib import Path
from typing import Any

from srelib import marks
from srelib.readers import declaration as say
from srelib.readers.engine import Format

_SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_NO_COMMIT_TIME = say.Note(
    "Requests say when they were merged, not when their commits were written: lead time counts "
    "from the merge; `srelib collect git` also knows the commits."
)  # a request is opened after its commits were written: that is no time of a commit


def _requests(name: str, said: dict[str, Any]) -> Format:
    """The export of one tool, as the table of data says it."""
    keys = {name: tuple(own) if isinstance(own, list) else own for name, own in said.items()}
    (column, merged), *_ = said["merged"].items()
    nothing = rf"(?!(?:{merged})\Z).*"
    noun = said["noun"].split(" ", 1)[1]
    return Format(
        name, "changes", said["noun"],
        signs=tuple(say.has(*sign) for sign in said["signs"]),
        wrappers=tuple(said.get("wrappers", ())),
        sign=said["sign"],
        columns={
            "change_id": keys["change_id"],
            "url": keys["url"],
            "service": (*keys.get("service", ()), say.in_text(said["url_name"], *keys["url"])),
            "merged_at": keys["merged_at"],
            **{text: say.joined(keys[text]) for text in marks.TEXTS},
        },
        rules=(say.Drop("not merged: no change", {column: nothing}, ("state", column), "state"),),
        asks=f"these {noun}s do not say which {said['place']} they belong to",
        paging=say.Paging(tuple(said.get("sizes", ())), said["export"], said.get("more")),
        notes=(
            _NO_COMMIT_TIME,
            say.Note(f"{{n}} of {{of}} {noun}s bring no merge commit, so their deployment cannot "
                     "be found by commit; export mergeCommit as well.",
                     {column: merged, keys["commit"]: ""}),
        ),
    )  # fmt: skip


GITHUB_PULLS, GITLAB_MERGE_REQUESTS, AZURE_DEVOPS_PULLS, BITBUCKET_PULLS = (
    _requests(name, said) for name, said in _SAID.items()
)
