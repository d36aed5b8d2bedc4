"""Tags peeled to commits, every commit, and which release shipped which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from srelib.collect.asking import ask, run
from srelib.errors import InputError

_TAG_FIELDS = "%(objectname) %(objecttype) %(creatordate:unix) %(refname)"
_COMMIT_FIELDS = "%H %ct %at %P"

NOBODY = -1
"""In place of a release: none has shipped it yet."""


@dataclass(frozen=True)
class Tag:
    """One release tag."""

    name: str
    annotated: bool
    time: int
    commit: str


@dataclass(frozen=True)
class Commits:
    """Commits by number, children before parents."""

    names: list[str]
    committed: list[int]
    authored: list[int]
    parents: list[tuple[int, ...]]
    place: dict[str, int]


def tags(top: Path, globs: Sequence[str]) -> tuple[list[Tag], int]:
    """Tags that fit, peeled to their commits; and how many lead to none."""
    listed = ask(top, "for-each-ref", f"--format={_TAG_FIELDS}", "refs/tags").splitlines()
    named = [line.replace("refs/tags/", "", 1).split(" ", 3) for line in listed]
    wanted = [tag for tag in named if any(fnmatchcase(tag[3], glob) for glob in globs)]
    if not wanted:
        seen = ", ".join(repr(tag[3]) for tag in named[-5:])
        raise InputError(
            f"no tag fits {' or '.join(map(repr, globs))}; "
            + (f"of {len(named):,} tags the last are {seen}" if named else "there are no tags"),
            fix="name the release tags with --tags"
            if named
            else "run git fetch --tags first, or tag the releases",
        )
    asked = "".join(f"{name}^{{commit}}\n" for name, _, _, _ in wanted)
    check = "--batch-check=%(objectname) %(objecttype)"
    peeled = [line.split(" ") for line in ask(top, "cat-file", check, given=asked).splitlines()]
    dated = _commit_times(top, [name for name, *kind in peeled if kind == ["commit"]])
    found = [
        Tag(ref, kind == "tag", int(time) if kind == "tag" and time else dated[commit], commit)
        for (_, kind, time, ref), (commit, *what) in zip(wanted, peeled, strict=True)
        if what == ["commit"]
    ]
    if not found:
        raise InputError(
            f"none of the {len(wanted):,} tags leads to a commit that is here",
            fix="fetch the whole history: git fetch --unshallow --tags",
        )
    return found, len(wanted) - len(found)


def _commit_times(top: Path, names: Iterable[str]) -> dict[str, int]:
    given = "".join(f"{name}\n" for name in dict.fromkeys(names))
    if not given:
        return {}
    said = ask(top, "rev-list", "--no-walk", "--stdin", "--timestamp", given=given)
    return {name: int(time) for time, name in map(str.split, said.splitlines())}


def all_commits(top: Path, releases: Iterable[str]) -> Commits:
    """Every commit that a release or the branch checked out contains, in one call."""
    head = run(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").stdout.strip()
    given = "".join(f"{name}\n" for name in dict.fromkeys([*releases, *([head] if head else [])]))
    form = f"--format={_COMMIT_FIELDS}"
    said = ask(top, "rev-list", "--topo-order", form, "--stdin", given=given).splitlines()
    rows = [line.split(" ") for line in said if not line.startswith("commit ")]
    place = {row[0]: number for number, row in enumerate(rows)}
    return Commits(
        names=[row[0] for row in rows],
        committed=[int(row[1]) for row in rows],
        authored=[int(row[2]) for row in rows],
        parents=[tuple(place[name] for name in row[3:] if name in place) for row in rows],
        place=place,
    )


def shipped(commits: Commits, releases: list[int]) -> tuple[list[int], list[int]]:
    """Of each commit the first release that contains it, and the commit that brought it in."""
    first, brought = [NOBODY] * len(commits.names), [NOBODY] * len(commits.names)
    seen = [False] * len(commits.names)
    for number, release in enumerate(releases):
        _walk(commits, release, number, seen, first, brought)
    for start in range(len(commits.names)):  # children come first: the tip of the branch, then rest
        if not seen[start]:
            _walk(commits, start, NOBODY, seen, first, brought)
    return first, brought


def _walk(
    commits: Commits, tip: int, number: int, seen: list[bool], first: list[int], brought: list[int]
) -> None:
    line = []
    at = tip
    while not seen[at]:
        line.append(at)
        seen[at] = True
        if not commits.parents[at]:
            break
        at = commits.parents[at][0]
    for bringer in reversed(line):
        first[bringer], brought[bringer] = number, bringer
        waiting = [parent for parent in commits.parents[bringer] if not seen[parent]]
        while waiting:
            new = waiting.pop()
            if seen[new]:
                continue
            seen[new] = True
            first[new], brought[new] = number, bringer
            waiting.extend(parent for parent in commits.parents[new] if not seen[parent])
