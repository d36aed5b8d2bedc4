"""Deployments and changes of a git repository; no hook, no configured program, no network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd

from srelib import marks, tables
from srelib.errors import InputError, ParameterError
from srelib.readers.words import is_prerelease

__all__ = ["Collected", "git", "write"]
__dir__ = __all__.copy

_OUTSIDE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_TRACE",
)  # fmt: skip
_SAFE = (
    "-c", "log.showSignature=false", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never",
    "-c", "core.hooksPath=/dev/null", "-c", "i18n.logOutputEncoding=UTF-8",
    "--no-pager", "--no-replace-objects",
)  # fmt: skip


def _git_answer(folder: Path, *words: str, given: Iterable[str] | None = None) -> str:
    done = _git_run(folder, *words, given=given)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise InputError(f"git cannot read {str(folder)!r}: {said[0]}", fix=_fix(done.stderr))
    return done.stdout


def _git_run(
    folder: Path, *words: str, given: Iterable[str] | None = None
) -> subprocess.CompletedProcess[str]:
    lines = None if given is None else "".join(f"{line}\n" for line in given)
    kept = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
    environment = kept | {
        "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_PAGER": "cat",
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
    }  # fmt: skip
    try:
        return subprocess.run(
            ["git", *_SAFE, *words], cwd=folder, env=environment, input=lines, check=False,
            capture_output=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise InputError("git is not installed", fix="install git, and run this again") from error


def _fix(said: str) -> str:
    if "dubious ownership" in said:
        return "run this as the owner, or trust it: git config --global --add safe.directory PATH"
    if "missing" in said or "promisor" in said or "not allowed" in said:
        return "objects are missing (a partial clone?): run git fetch --refetch, or clone it again"
    return "check the repository with git fsck"


def _repository_top(folder: Path) -> Path:
    """The repository at this very folder; one further up is not meant."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {str(folder)!r}", fix="check the path")
    done = _git_run(folder, "rev-parse", "--git-dir")
    if done.returncode == 0:
        return folder
    if "not a git repository" not in done.stderr:
        _git_answer(folder, "rev-parse", "--git-dir")
    above = next((p for p in folder.resolve().parents if (p / ".git").exists()), None)
    fix = "name the folder that holds .git, or a bare repository"
    fix = f"name its top, {str(above)!r}" if above else fix
    raise InputError(f"{str(folder)!r} is no git repository", fix=fix)


def _repository_name(folder: Path) -> str:
    place = folder.resolve()
    name = place.parent.name if place.name == ".git" else place.name
    name = os.fsencode(name).decode("utf-8", errors="replace")
    return name.removesuffix(".git") or "repository"


_FARTHEST = 4_102_444_800  # 2100-01-01

UNRELEASED = -1
"""In place of a release: none has shipped it yet."""


@dataclass(frozen=True)
class _Tag:
    name: str
    annotated: bool
    time: int
    commit: str


@dataclass(frozen=True)
class _Commits:
    """Commits by number, children before parents."""

    names: list[str]
    committed: list[int]
    authored: list[int]
    parents: list[tuple[int, ...]]
    place: dict[str, int]


def _release_tags(
    top: Path, globs: Sequence[str], exclude: Sequence[str]
) -> tuple[list[_Tag], int]:
    """Tags that fit, peeled to their commits; and how many lead to none."""
    fields = "%(objectname) %(objecttype) %(creatordate:unix) %(refname)"
    listed = _git_answer(top, "for-each-ref", f"--format={fields}", "refs/tags")
    lines = listed.rstrip("\n").split("\n")  # names may hold other ends of lines
    named = [line.replace("refs/tags/", "", 1).split(" ", 3) for line in lines if line]
    wanted = [tag for tag in named if _fits(tag[3], globs) and not _fits(tag[3], exclude)]
    if not wanted:
        seen, fix = "there are no tags", "run git fetch --tags first, or tag the releases"
        if named:
            last = ", ".join(repr(tag[3]) for tag in named[-5:])
            seen = f"of {len(named):,} tags the last are {last}"
            fix = "name the release tags with --tags"
        but = f" without {' or '.join(map(repr, exclude))}" if exclude else ""
        raise InputError(f"no tag fits {' or '.join(map(repr, globs))}{but}; {seen}", fix=fix)
    asked = [f"{name}^{{commit}}" for name, _, _, _ in wanted]
    check = "--batch-check=%(objectname) %(objecttype)"
    said = _git_answer(top, "cat-file", check, given=asked)
    peeled = [line.split(" ") for line in said.splitlines()]
    dated = {}
    if commits := [name for name, *kind in peeled if kind == ["commit"]]:
        said = _git_answer(top, "rev-list", "--no-walk", "--stdin", "--timestamp", given=commits)
        dated = {name: _moment(time) for time, name in map(str.split, said.splitlines())}
    found = [
        _Tag(ref, kind == "tag", (kind == "tag" and _moment(time)) or dated[commit], commit)
        for (_, kind, time, ref), (commit, *what) in zip(wanted, peeled, strict=True)
        if what == ["commit"]
    ]
    if not (found := [tag for tag in found if tag.time]):
        problem = f"none of the {len(wanted):,} tags leads to a commit that is here"
        raise InputError(problem, fix="fetch the whole history: git fetch --unshallow --tags")
    return found, len(wanted) - len(found)


def _fits(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _releases(found: list[_Tag], *, prereleases: bool) -> list[_Tag]:
    kept = [tag for tag in found if prereleases or not is_prerelease(tag.name)]
    if not kept:
        problem = f"all {len(found):,} tags that fit are pre-releases, such as {found[0].name!r}"
        fix = "keep them with --prereleases, or name other tags with --tags"
        raise InputError(problem, fix=fix)
    return kept


def _touching(top: Path, commits: _Commits, paths: Sequence[str]) -> set[str]:
    """The commits, no merges, that touch one of the paths."""
    said = _git_answer(
        top, "--literal-pathspecs", "rev-list", "--full-history", "--no-merges", "--stdin", "--",
        *paths, given=commits.names,
    )  # fmt: skip
    if not said:
        fix = "write --path as seen from the top of the repository, with capitals as they are"
        raise InputError(f"no commit touches {' or '.join(map(repr, paths))}", fix=fix)
    return set(said.split())


def _moment(text: str) -> int:
    """Seconds since 1970; 0 where a clock was broken: before 1970, or from 2100 on."""
    return int(text) if text.isdecimal() and len(text) < 11 and int(text) < _FARTHEST else 0


def _released_commits(top: Path, releases: Iterable[str]) -> _Commits:
    """Every commit that a release or the branch checked out contains, in one call."""
    head = _git_run(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").stdout.strip()
    given = [*releases, head] if head else releases
    form = "--format=%H %ct %at %P"
    said = _git_answer(top, "rev-list", "--topo-order", form, "--stdin", given=given)
    rows = [line.split(" ") for line in said.splitlines() if not line.startswith("commit ")]
    place = {row[0]: number for number, row in enumerate(rows)}
    return _Commits(
        names=[row[0] for row in rows],
        committed=[_moment(row[1]) for row in rows],
        authored=[_moment(row[2]) for row in rows],
        parents=[tuple(place[name] for name in row[3:] if name in place) for row in rows],
        place=place,
    )


_MARKED = (
    "revert", "reapply", "co-authored-by", "co-developed-by", "assisted-by", "generated-by",
    "generated with", "generated by",
)  # fmt: skip
"""Words without which no message below its title carries a mark; git keeps the others."""


def _texts(top: Path, commits: _Commits) -> pd.DataFrame:
    """Author and title of every commit, and the messages of those that may carry a mark."""
    found = pd.DataFrame({"change_id": commits.names})
    for names, fields, words in (
        (("author", "title"), "%an <%ae>%x00%s", ()),
        (("message",), "%B", [f"--grep={word}" for word in _MARKED]),
    ):
        form = f"--format=%x00%H%x00{fields}%x00"  # no text of a commit holds this byte
        said = _git_answer(
            top, "rev-list", "--no-walk=unsorted", "-F", "-i", *words, form, "--stdin",
            given=commits.names,
        ).split("\0")  # fmt: skip
        parts = {name: said[place :: len(names) + 2] for place, name in enumerate(names, 2)}
        own = pd.DataFrame({"change_id": said[1 :: len(names) + 2], **parts})
        found = found.merge(own, on="change_id", how="left")
    return found


def _brought_in(commits: _Commits, names: str) -> str:
    """Names of commits, those of merges replaced by the last commit that each brought in."""
    found = []
    for name in names.split(", "):
        at = commits.place.get(name, UNRELEASED)
        while at != UNRELEASED and len(commits.parents[at]) > 1:
            at = commits.parents[at][-1]
        found.append(name if at == UNRELEASED else commits.names[at])
    return ", ".join(found)


def _first_releases(commits: _Commits, releases: list[int]) -> tuple[list[int], list[int]]:
    """Of each commit the first release that contains it, and the commit that brought it in."""
    everything = range(len(commits.names))
    first, merged_in = [UNRELEASED] * len(everything), [UNRELEASED] * len(everything)
    # children come first: after the releases the tip of the branch, then the rest
    for number, at in [*enumerate(releases), *((UNRELEASED, tip) for tip in everything)]:
        line = []
        while merged_in[at] == UNRELEASED:
            line.append(at)
            first[at], merged_in[at] = number, at
            at = commits.parents[at][0] if commits.parents[at] else at
        for merge in reversed(line):
            waiting = list(commits.parents[merge])
            while waiting:
                new = waiting.pop()
                if merged_in[new] == UNRELEASED:
                    first[new], merged_in[new] = number, merge
                    waiting.extend(commits.parents[new])
    return first, merged_in


@dataclass(frozen=True, eq=False)
class Collected:
    """What a repository says about its delivery."""

    deployments: pd.DataFrame  # by time, with a column tag_kind: annotated, or lightweight
    changes: pd.DataFrame  # what waits for a release has no deployment_id
    notes: tuple[str, ...]  # what was assumed or left out, each a sentence


def write(collected: Collected, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
    """Write ``deployments.csv`` and ``changes.csv``.

    Parameters
    ----------
    collected : Collected, result of `git`
    folder : str or Path, made where it does not exist
    overwrite : bool, replace files of these names

    Raises
    ------
    InputError
        A file is there already, or cannot be written.
    """
    folder = Path(folder)
    tables_ = {"deployments": collected.deployments, "changes": collected.changes}
    files = {folder / f"{name}.csv": frame for name, frame in tables_.items()}
    there = next((path.name for path in files if path.exists()), None)
    if there and not overwrite:
        fix = "name another folder with --out, or say --overwrite"
        raise InputError(f"{there} is there already in {str(folder)!r}", fix=fix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, frame in files.items():
            frame.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ")
    except OSError as error:
        problem = f"{str(folder)!r} cannot be written ({error.strerror or error})"
        raise InputError(problem, fix="name another folder with --out") from error
    return list(files)


def _deployment_rows(releases: list[_Tag], *, service: str) -> pd.DataFrame:
    """One successful production deployment per release."""
    rows = pd.DataFrame(
        {
            "deployment_id": [tag.name for tag in releases],
            "service": service,
            "environment": "production",
            "finished_at": _times([tag.time for tag in releases]),
            "status": "succeeded",
            "commit_sha": [tag.commit for tag in releases],
        }
    )
    kinds = ["annotated" if tag.annotated else "lightweight" for tag in releases]
    return tables.conform(rows, "deployments").assign(tag_kind=kinds)


def _change_rows(
    commits: _Commits, releases: list[_Tag], first: list[int], merged_in: list[int],
    texts: pd.DataFrame, *, service: str, clock: str,
) -> pd.DataFrame:  # fmt: skip
    """Commits with one parent or none, but for those of the first release."""
    backwards = reversed(range(len(commits.names)))
    kept = [n for n in backwards if first[n] != 0 and len(commits.parents[n]) < 2]
    shipped = [None if first[n] == UNRELEASED else releases[first[n]].name for n in kept]
    moments = commits.committed if clock == "committer" else commits.authored
    rows = pd.DataFrame(
        {
            "change_id": [commits.names[number] for number in kept],
            "service": service,
            "committed_at": _times([moments[number] for number in kept]),
            "merged_at": _times([commits.committed[merged_in[number]] for number in kept]),
            "deployment_id": pd.Series(shipped, dtype="str"),
        }
    )
    rows = marks.with_marks(rows.merge(texts, on="change_id", how="left"))
    found = tables.conform(rows.drop(columns=list(marks.TEXTS), errors="ignore"), "changes")
    named = [_brought_in(commits, names) for names in found["reverts"].dropna()]
    found.loc[found["reverts"].notna(), "reverts"] = named
    return found


def _times(seconds: list[int]) -> pd.Series:
    known = pd.Series(seconds, dtype="int64").where(lambda s: s > 0)
    return pd.to_datetime(known, unit="s", utc=True).dt.as_unit("us")


def _notes(
    commits: _Commits, first: list[int], lost: int, changes: pd.DataFrame, deployments: pd.DataFrame
) -> list[str]:
    finished = deployments.set_index("deployment_id")["finished_at"]
    light = int((deployments["tag_kind"] == "lightweight").sum())
    empty = len(set(range(len(finished))) - set(first))
    start = sum(number == 0 for number in first)
    merges = sum(len(parents) > 1 and first[n] != 0 for n, parents in enumerate(commits.parents))
    waiting = int(changes["deployment_id"].isna().sum())
    timeless = int(changes["committed_at"].isna().sum())
    late = int((changes["committed_at"] > changes["deployment_id"].map(finished)).sum())
    found = {
        f"{light:,} of {len(finished):,} tags are lightweight: their time is that of the commit, "
        "often earlier than the release.": light,
        f"{lost:,} tags lead to no commit that is here, or to none with a time between 1970 and "
        "2099: left out.": lost,
        f"{empty:,} releases ship nothing that an earlier one did not (several tags on one "
        "commit, or a tag set after the fact).": empty,
        f"The first release, {finished.index[0]!r}, has no known predecessor: the {start:,} "
        "commits in it are not written, since nothing says when they first shipped.": True,
        f"{merges:,} merge commits are no changes of their own and are not written.": merges,
        f"{waiting:,} commits of the branch checked out are in no release yet: they are written "
        "without deployment_id, as waiting.": waiting,
        f"{timeless:,} commits carry a time before 1970 or after 2099: written without one, and "
        "left out by the readers.": timeless,
        f"{late:,} commits carry a time after the release that contains them: a clock was wrong, "
        "or history was written anew.": late,
    }
    return [text for text, said in found.items() if said]


Clock = Literal["committer", "author"]

_SHALLOW = (
    "This is a shallow clone: the history before its border is missing, and so are releases and "
    "commits; run git fetch --unshallow --tags and collect again."
)


def git(
    repository: str | Path,
    *,
    tags: Sequence[str] = ("v*",),
    exclude_tags: Sequence[str] = (),
    prereleases: bool = False,
    paths: Sequence[str] = (),
    service: str | None = None,
    clock: Clock = "committer",
) -> Collected:
    """Releases and the commits they shipped.

    Parameters
    ----------
    repository : str or Path, top of a repository, with or without a working tree
    tags : sequence of str, globs on the names of tags; a star also spans slashes
    exclude_tags : sequence of str, globs of tags that are none
    prereleases : bool, whether v1.1.0-rc.1, 2.0b1, 1.4-SNAPSHOT and the like are releases
    paths : sequence of str, from the top of the repository: only commits that touch one of them
    service : str, the one released; default: the name of the one path, else of the folder
    clock : {'committer', 'author'}, whether ``committed_at`` is when a commit was last written (by
        a rebase or squash, say), or when its author first wrote it

    Returns
    -------
    Collected

    Raises
    ------
    InputError
        There is no git, no repository, or no tag that fits.
    ParameterError
        The clock is unknown, or no glob is given.
    """
    folder = Path(repository)
    if clock not in ("committer", "author"):
        raise ParameterError(f"clock must be 'committer' or 'author'; got {clock!r}.")
    if isinstance(tags, str) or not tags:
        raise ParameterError(f"tags must be a list of globs such as ['v*']; got {tags!r}.")
    if any(isinstance(several, str) for several in (exclude_tags, paths)):
        raise ParameterError("exclude_tags and paths are lists of text, such as ['v0.*'].")
    root = _repository_top(folder)
    name = PurePosixPath(paths[0]).name if len(paths) == 1 else ""
    service = service or name or _repository_name(folder)
    found, lost = _release_tags(root, tags, exclude_tags)
    kept = _releases(found, prereleases=prereleases)
    commits = _released_commits(root, [tag.commit for tag in kept])
    releases = sorted(kept, key=lambda tag: (tag.time, -commits.place[tag.commit], tag.name))
    first, merged = _first_releases(commits, [commits.place[tag.commit] for tag in releases])
    texts = _texts(root, commits)
    changes = _change_rows(commits, releases, first, merged, texts, service=service, clock=clock)
    deployments = _deployment_rows(releases, service=service)
    notes = []
    if early := len(found) - len(kept):
        notes.append(f"{early:,} tags are pre-releases and left out; --prereleases keeps them.")
    if paths:
        inside = changes["change_id"].isin(_touching(root, commits, paths))
        notes.append(f"{int(inside.sum()):,} of {len(inside):,} changes touch "
                     f"{' or '.join(map(repr, paths))}; the others are not written.")  # fmt: skip
        changes = changes[inside].reset_index(drop=True)
    notes += _notes(commits, first, lost, changes, deployments)
    if _git_answer(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        notes.insert(0, _SHALLOW)
    return Collected(deployments, changes, tuple(notes))
