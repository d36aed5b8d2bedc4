"""A git repository to deployments and changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from srelib.collect import asking, history, result
from srelib.collect.result import Collected
from srelib.errors import ParameterError

Clock = Literal["committer", "author"]

_SHALLOW = (
    "This is a shallow clone: the history before its border is missing, and so are releases and "
    "commits; run git fetch --unshallow --tags and collect again."
)


def git(
    repository: str | Path,
    *,
    tags: Sequence[str] = ("v*",),
    service: str | None = None,
    clock: Clock = "committer",
) -> Collected:
    """Releases and the commits they shipped.

    Parameters
    ----------
    repository : str or Path
        Top of a repository, with or without a working tree.
    tags : sequence of str
        Globs on the names of tags; a star also spans slashes.
    service : str, optional
        Service released; default: the name of the folder.
    clock : {'committer', 'author'}
        What ``committed_at`` is: when the commit was last written (a rebase or a squash writes it
        anew), or when its author first wrote it.

    Returns
    -------
    Collected

    Raises
    ------
    InputError
        There is no git, no repository, or no tag that fits.
    ParameterError
        The clock is unknown, or no glob is given.

    Notes
    -----
    An annotated tag has a time of its own; a lightweight one that of its commit.
    A commit belongs to the first release, in order of time, that contains it, by ancestry and
    not by date, so a commit of a maintenance branch belongs to the release of that branch.
    The first release has no known predecessor: its commits are not written.
    Merge commits are no changes; ``merged_at`` is the time of the commit on the first-parent line
    of the release that brought a change in.

    References
    ----------
    .. [1] git documentation, git-for-each-ref ("Field names"), git-rev-list.
    """
    folder = Path(repository)
    if clock not in ("committer", "author"):
        raise ParameterError(f"clock must be 'committer' or 'author'; got {clock!r}.")
    if isinstance(tags, str) or not tags:
        raise ParameterError(f"tags must be a list of globs such as ['v*']; got {tags!r}.")
    top = asking.top(folder)
    service = service or asking.name_of(folder)
    found, lost = history.tags(top, tags)
    commits = history.all_commits(top, [tag.commit for tag in found])
    releases = sorted(found, key=lambda tag: (tag.time, -commits.place[tag.commit], tag.name))
    shipped, merged = history.shipped(commits, [commits.place[tag.commit] for tag in releases])
    changes = result.changes_of(commits, releases, shipped, merged, service=service, clock=clock)
    deployments = result.deployments_of(releases, service=service)
    notes = [*result.tag_notes(releases, shipped, lost),
             *result.change_notes(commits, shipped, changes, deployments)]  # fmt: skip
    if asking.ask(top, "rev-parse", "--is-shallow-repository").strip() == "true":
        notes.insert(0, _SHALLOW)
    return Collected(deployments, changes, tuple(notes))
