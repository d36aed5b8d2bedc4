"""Deployments and changes of a git repository: by ancestry, whatever the tags are called."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import srelib
from srelib import cli, collect, hosting, prometheus, tables
from srelib.errors import InputError, ParameterError

DAY = "2026-06-{:02d}T10:00:00+0000"


class Repository:
    """A repository made by the test; times are days of June 2026, ten o'clock UTC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, day: int = 1, author_day: int | None = None, **more: str) -> str:
        """What git prints."""
        person = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                  for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))}  # fmt: skip
        times = {"GIT_COMMITTER_DATE": DAY.format(day),
                 "GIT_AUTHOR_DATE": DAY.format(author_day or day)}  # fmt: skip
        alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return subprocess.run(
            ["git", *words], cwd=self.folder, env=environment | person | times | alone | more,
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, day: int, author_day: int | None = None, *, file: str = "") -> str:
        """Name of a new commit on the branch checked out, of a file or of nothing."""
        if file:
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{day}\n")
            self.git("add", file)
        self.git("commit", "-q", "--allow-empty", "-m", "x", day=day, author_day=author_day)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, day: int, *at: str) -> None:
        """An annotated tag."""
        self.git("tag", "-a", "-m", "x", name, *at, day=day)

    def merge(self, branch: str, day: int) -> str:
        """Name of a merge commit."""
        self.git("merge", "-q", "--no-ff", "-m", "m", branch, day=day)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path) -> Repository:
    """A repository without commits, in a folder called shop."""
    return Repository(tmp_path / "shop")


def shipped(found: collect.Collected) -> dict[str, str | None]:
    """Release of every change; None: waiting."""
    ids = found.changes.set_index("change_id")["deployment_id"]
    return {change: None if pd.isna(release) else release for change, release in ids.items()}


def noted(found: collect.Collected, words: str) -> bool:
    """Whether a note has the words."""
    return any(words in note for note in found.notes)


def day(number: int) -> pd.Timestamp:
    """Ten o'clock on a day of June 2026."""
    return pd.Timestamp(DAY.format(number))


def test_a_release_ships_what_the_one_before_it_did_not_contain(repo):
    """The commits of the first release are not written, those after the last one wait."""
    repo.commit(1)
    repo.tag("v1.0", 2)
    second, third = repo.commit(3), repo.commit(4)
    repo.tag("v1.1", 6)
    waiting = repo.commit(8)
    found = collect.git(repo.folder)
    assert shipped(found) == {second: "v1.1", third: "v1.1", waiting: None}
    assert found.deployments["deployment_id"].tolist() == ["v1.0", "v1.1"]
    assert found.deployments["finished_at"].tolist() == [day(2), day(6)]
    assert found.deployments["commit_sha"].tolist()[1] == third
    assert found.deployments["service"].unique().tolist() == ["shop"]
    assert noted(found, "'v1.0', has no known predecessor: the 1 commits")
    assert noted(found, "1 commits of the branch checked out are in no release yet")


def test_a_lightweight_tag_has_the_time_of_its_commit_and_that_is_said(repo):
    """The kind of each tag stands beside it."""
    repo.commit(1)
    repo.git("tag", "v1.0", day=5)
    repo.commit(2)
    repo.tag("v1.1", 5)
    found = collect.git(repo.folder)
    assert found.deployments["finished_at"].tolist() == [day(1), day(5)]
    assert found.deployments["tag_kind"].tolist() == ["lightweight", "annotated"]
    assert noted(found, "1 of 2 tags are lightweight")


def test_ancestry_decides_and_not_dates(repo):
    """A commit written before a release and merged after it ships with the next one."""
    repo.commit(1)
    repo.git("checkout", "-q", "-b", "side")
    old = repo.commit(2)
    repo.git("checkout", "-q", "main")
    main = repo.commit(3)
    repo.tag("v1.0", 4)
    repo.commit(5)
    merge = repo.merge("side", 6)
    repo.tag("v1.1", 7)
    found = collect.git(repo.folder)
    assert shipped(found)[old] == "v1.1"
    assert main not in shipped(found)
    assert merge not in shipped(found)
    assert noted(found, "1 merge commits are no changes")


def test_a_change_is_merged_with_the_commit_that_brought_it_in(repo):
    """Two commits of a branch carry the time of the merge, one on the main line its own."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    repo.git("checkout", "-q", "-b", "side")
    sides = [repo.commit(2), repo.commit(3)]
    repo.git("checkout", "-q", "main")
    own = repo.commit(4)
    repo.merge("side", 6)
    repo.tag("v1.1", 7)
    merged = collect.git(repo.folder).changes.set_index("change_id")["merged_at"]
    assert merged[sides].tolist() == [day(6), day(6)]
    assert merged[own] == day(4)


def test_a_fix_on_a_maintenance_branch_ships_with_its_own_release(repo):
    """v1.0.1 comes after v2.0 and ships only what is on its branch."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    new = repo.commit(2)
    repo.tag("v2.0", 3)
    repo.git("checkout", "-q", "-b", "old", "v1.0")
    fix = repo.commit(4)
    repo.tag("v1.0.1", 5)
    repo.git("checkout", "-q", "main")
    assert shipped(collect.git(repo.folder)) == {new: "v2.0", fix: "v1.0.1"}


def test_several_tags_on_one_commit_are_several_releases(repo):
    """The first of them ships the commit, the others nothing, and that is said."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    change = repo.commit(2)
    repo.tag("v1.1", 3)
    repo.tag("v1.1-final", 4)
    found = collect.git(repo.folder)
    assert shipped(found) == {change: "v1.1"}
    assert len(found.deployments) == 3
    assert noted(found, "1 releases ship nothing that an earlier one did not")


def test_lightweight_tags_of_one_second_keep_the_order_of_their_commits(repo):
    """Equal times: the ancestor comes first, whatever the names."""
    repo.commit(1)
    repo.git("tag", "v0")
    first = repo.commit(2)
    repo.git("tag", "v-z")
    second = repo.commit(2)
    repo.git("tag", "v-a")
    assert shipped(collect.git(repo.folder)) == {first: "v-z", second: "v-a"}


def test_a_tag_of_a_tag_is_peeled_and_one_of_no_commit_left_out(repo):
    """However deep, it ends at a commit; a tag on a file releases nothing."""
    commit = repo.commit(1)
    repo.tag("inner", 1)
    repo.git("-c", "advice.nestedTag=false", "tag", "-a", "-m", "x", "v1.0", "inner", day=2)
    blob = repo.git("hash-object", "-w", "--stdin")
    repo.git("tag", "v-key", blob)
    found = collect.git(repo.folder)
    assert found.deployments["commit_sha"].tolist() == [commit]
    assert noted(found, "1 tags lead to no commit")


ODD_NAMES = [
    "v1,0", "v'1", 'v"2', "v--exec=x", "v;touch-x", "v$(touch-x)", "v|x", "v&x", "vé/ü",
    "v%n", "v`x`", "v=1+1", "v@x", "v!x", "v<x>", "v#x",
]  # fmt: skip


def test_names_of_tags_are_only_names(repo, tmp_path):
    """Whatever git allows in one comes back to the letter from the files written."""
    for number, name in enumerate(["v0", *ODD_NAMES], start=1):
        repo.commit(number)
        repo.git("update-ref", f"refs/tags/{name}", "HEAD")
    collect.write(collect.git(repo.folder), tmp_path / "out")
    data = srelib.load(tmp_path / "out")
    assert sorted(data.deployments["deployment_id"]) == sorted(["v0", *ODD_NAMES])
    assert sorted(data.changes["deployment_id"]) == sorted(ODD_NAMES)
    assert data.rejects.empty


def test_globs_choose_the_releases(repo):
    """Tags that fit none are no releases; a star spans slashes."""
    repo.commit(1)
    for name in ("v1", "shop/v1", "shop/v2", "weekly"):
        repo.tag(name, 1)
    found = collect.git(repo.folder, tags=["shop/*", "week?y"])
    assert sorted(found.deployments["deployment_id"]) == ["shop/v1", "shop/v2", "weekly"]


def test_excluded_tags_are_no_releases(repo):
    """Their commits belong to the release that follows; without any other tag it is an error."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    between = repo.commit(2)
    repo.tag("v1.1-docs", 3)
    repo.commit(4)
    repo.tag("v1.1", 5)
    found = collect.git(repo.folder, exclude_tags=["*-docs"])
    assert found.deployments["deployment_id"].tolist() == ["v1.0", "v1.1"]
    assert shipped(found)[between] == "v1.1"
    with pytest.raises(InputError, match=r"no tag fits 'v\*' without 'v1\*'"):
        collect.git(repo.folder, exclude_tags=["v1*"])
    with pytest.raises(ParameterError, match="lists of text"):
        collect.git(repo.folder, exclude_tags="v1*")


def test_prereleases_are_left_out_unless_wanted(repo):
    """By the rule of the readers; their commits belong to the release they prepare."""
    repo.commit(1)
    repo.tag("v1.0.0-beta", 1)
    with pytest.raises(InputError, match="all 1 tags that fit are pre-releases") as raised:
        collect.git(repo.folder)
    assert "--prereleases" in raised.value.fix
    repo.tag("v1.0.0", 2)
    early = repo.commit(3)
    repo.tag("v1.1.0-rc.1", 4)
    repo.tag("v1.1.0", 6)
    found = collect.git(repo.folder)
    assert found.deployments["deployment_id"].tolist() == ["v1.0.0", "v1.1.0"]
    assert shipped(found) == {early: "v1.1.0"}
    assert noted(found, "2 tags are pre-releases and left out; --prereleases keeps them")
    kept = collect.git(repo.folder, prereleases=True)
    assert len(kept.deployments) == 4
    assert shipped(kept) == {early: "v1.1.0-rc.1"}


def test_a_path_keeps_the_commits_that_touch_it(repo):
    """Also those of a branch; the path is a path, not a pattern, and names the service."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    repo.git("checkout", "-q", "-b", "side")
    inside = repo.commit(2, file="services/shop/a")
    repo.commit(3, file="services/web/a")
    repo.git("checkout", "-q", "main")
    repo.commit(4, file="services/web/b")
    repo.merge("side", 5)
    repo.tag("v1.1", 6)
    waiting = repo.commit(7, file="services/shop/a")
    found = collect.git(repo.folder, paths=["services/shop"])
    assert shipped(found) == {inside: "v1.1", waiting: None}
    assert found.deployments["deployment_id"].tolist() == ["v1.0", "v1.1"]
    assert set(found.changes["service"]) == set(found.deployments["service"]) == {"shop"}
    assert noted(found, "2 of 4 changes touch 'services/shop'; the others are not written")
    both = collect.git(repo.folder, paths=["services/shop", "services/web"])
    assert len(both.changes) == 4
    for absent in ("services/*", "services/mail"):
        with pytest.raises(InputError, match="no commit touches"):
            collect.git(repo.folder, paths=[absent])


def test_the_clock_is_that_of_the_committer_or_of_the_author(repo):
    """A rebase writes a commit anew; its author wrote it days before."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    repo.commit(5, author_day=2)
    repo.tag("v1.1", 6)
    times = [
        collect.git(repo.folder, clock=clock).changes["committed_at"].tolist()
        for clock in ("committer", "author")
    ]
    assert times == [[day(5)], [day(2)]]
    with pytest.raises(ParameterError, match=r"clock must be 'committer' or 'author'; got 'wall'"):
        collect.git(repo.folder, clock="wall")


def test_commits_later_than_their_release_are_noted(repo):
    """A clock was wrong; nothing is moved."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    repo.commit(9)
    repo.tag("v1.1", 6)
    found = collect.git(repo.folder)
    assert found.changes["committed_at"].tolist() == [day(9)]
    assert noted(found, "1 commits carry a time after the release")


def random_history(repo: Repository, seed: int, *, skewed: bool) -> dict[str, set[str]]:
    """Sixty commits with merges at random and tags on some of them, through fast-import.

    Skewed: the commits have times at random. Returns every commit with its parents.
    """
    rng = random.Random(seed)
    lines, parents = [], {}
    for number in range(1, 61):
        late = rng.randrange(10**6) if skewed else 60 * number
        several = min(number - 1, rng.choice([1, 1, 2]))
        parents[number] = rng.sample(range(max(1, number - 9), number), several)
        lines += [
            f"commit refs/heads/{'main' if number > 50 else f'b{number % 4}'}",
            f"mark :{number}",
            f"committer a <a@example.org> {1780300000 + late} +0000",
            "data 1",
            "x",
            *(f"{'merge' if n else 'from'} :{one}" for n, one in enumerate(parents[number])),
            "",
        ]
    for number in rng.sample(range(5, 60), 12):
        late = 1780300000 + rng.randrange(10**6)
        tagger = f"tagger a <a@example.org> {late} +0000"
        lines += [f"tag v{number}", f"from :{number}", tagger, "data 1", "x"]
    marks = repo.folder / "marks"
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force", f"--export-marks={marks}"],
        cwd=repo.folder, check=True, input="\n".join(lines) + "\n", text=True, capture_output=True,
    )  # fmt: skip
    pairs = (line[1:].split() for line in marks.read_text().splitlines())
    names = {int(mark): name for mark, name in pairs}
    return {names[n]: {names[parent] for parent in given} for n, given in parents.items()}


@pytest.mark.parametrize("seed", range(3))
def test_changes_are_those_git_itself_lists_between_releases(repo, seed):
    """On histories at random: `git rev-list --no-merges RELEASE --not EARLIER ...`."""
    random_history(repo, seed, skewed=False)
    found = collect.git(repo.folder)
    mine = shipped(found)
    order = found.deployments["deployment_id"].tolist()
    assert found.deployments["finished_at"].is_monotonic_increasing
    for number, release in enumerate(order[1:], start=1):
        listed = repo.git("rev-list", "--no-merges", release, "--not", *order[:number]).split()
        assert sorted(c for c, r in mine.items() if r == release) == sorted(listed)
    waiting = repo.git("rev-list", "--no-merges", "HEAD", "--not", *order).split()
    assert sorted(c for c, r in mine.items() if r is None) == sorted(waiting)


@pytest.mark.parametrize("seed", range(3))
def test_wrong_clocks_move_no_change_to_another_release(repo, seed):
    """Commit times at random, where `git rev-list --not` itself is not exact: ancestors decide."""
    parents = random_history(repo, seed, skewed=True)
    found = collect.git(repo.folder)
    mine = shipped(found)
    before: set[str] = set()
    pairs = zip(found.deployments["deployment_id"], found.deployments["commit_sha"], strict=True)
    for number, (release, commit) in enumerate(pairs):
        new = ancestors(parents, commit) - before
        before |= new
        wanted = {name for name in new if len(parents[name]) < 2} if number else set()
        assert {change for change, r in mine.items() if r == release} == wanted
    head = ancestors(parents, repo.git("rev-parse", "HEAD")) - before
    wanted = {name for name in head if len(parents[name]) < 2}
    assert {change for change, r in mine.items() if r is None} == wanted


def ancestors(parents: dict[str, set[str]], commit: str) -> set[str]:
    """The commit and everything before it."""
    found, waiting = set(), [commit]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += parents[name]
    return found


def test_git_is_asked_a_few_times_however_many_tags_there_are(repo, monkeypatch):
    """Not once per tag: large repositories have thousands."""
    asked = []
    run = collect._git_run
    monkeypatch.setattr(collect, "_git_run", lambda *a, **k: asked.append(a) or run(*a, **k))
    repo.commit(1)
    repo.tag("v0", 1)
    collect.git(repo.folder)
    few = len(asked)
    for number in range(1, 20):
        repo.git("tag", f"v{number}")
    collect.git(repo.folder)
    assert few == len(asked) - few <= 10


def said(repo: Repository, day: int, message: str, **more: str) -> str:
    """Name of a new commit with a message."""
    repo.git("commit", "-q", "--allow-empty", "-m", message, day=day, **more)
    return repo.git("rev-parse", "HEAD")


def marks_of(found: collect.Collected, name: str) -> list[object]:
    """Kind, what it reverts and whether it was assisted, of a commit; None: not known."""
    row = found.changes.set_index("change_id").loc[name, ["kind", "reverts", "assisted"]]
    return [None if pd.isna(value) else value for value in row]


def test_messages_say_what_was_reverted_and_by_what_tool(repo):
    """Bodies and trailers, whatever bytes and ends of lines they hold."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    odd = said(repo, 2, "Odd \x0b\x1c\u2028\u0085 title\r\n\nbody\x1dcommit 1234\n\x1e\n")
    (repo.folder / "cache").write_text("x")
    repo.git("add", "cache")
    plain = said(repo, 3, "Add a cache\n\nGenerated with love, by people.")
    helped = said(repo, 4, "More\n\nText.\n\nCo-Authored-By: Claude <noreply@anthropic.com>")
    repo.git("revert", "--no-edit", plain, day=5)
    revert = repo.git("rev-parse", "HEAD")
    back = said(repo, 6, f'Reapply "Add a cache"\n\nThis reverts commit {revert}.')
    agent = said(repo, 7, "hotfix: login", GIT_AUTHOR_NAME="copilot-swe-agent[bot]")
    repo.tag("v1.1", 8)
    found = collect.git(repo.folder)
    assert marks_of(found, odd) == marks_of(found, plain) == ["regular", None, False]
    assert marks_of(found, helped) == ["regular", None, True]
    assert marks_of(found, revert) == ["revert", plain, False]
    assert marks_of(found, back) == ["regular", None, False]
    assert marks_of(found, agent) == ["hotfix", None, True]


def test_a_reverted_merge_is_the_change_it_brought_in(repo):
    """Merge commits are no changes of their own."""
    repo.commit(1)
    repo.tag("v1.0", 1)
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(2)
    last = repo.commit(3)
    repo.git("checkout", "-q", "main")
    repo.commit(3)
    merge = repo.merge("side", 4)
    repo.tag("v1.1", 5)
    revert = said(repo, 6, f'Revert "m"\n\nThis reverts commit {merge}, reversing\nchanges.')
    unknown = said(repo, 7, 'Revert "x"\n\nThis reverts commit 0123456789.')
    found = collect.git(repo.folder)
    assert marks_of(found, revert) == ["revert", last, None]
    assert marks_of(found, unknown) == ["revert", "0123456789", None]


def test_a_shallow_clone_is_read_with_a_warning(repo, tmp_path):
    """What lies before its border is missing, and the command that fetches it is given."""
    for number in range(1, 5):
        repo.commit(number)
        repo.tag(f"v{number}", number)
    clone = tmp_path / "clone"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.folder}", str(clone))
    found = collect.git(clone)
    assert found.notes[0].startswith("This is a shallow clone")
    assert "--unshallow" in found.notes[0]
    assert found.deployments["deployment_id"].tolist()[-1] == "v4"
    assert not noted(collect.git(repo.folder), "shallow")


def test_a_bare_repository_and_a_worktree_are_repositories(repo, tmp_path):
    """Both have tags and commits; the name of a bare one loses its ending."""
    repo.commit(1)
    repo.tag("v1", 1)
    repo.git("clone", "-q", "--bare", str(repo.folder), str(tmp_path / "till.git"))
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    services = [
        collect.git(tmp_path / name).deployments["service"].tolist()
        for name in ("till.git", "tree", "shop/.git")
    ]
    assert services == [["till"], ["tree"], ["shop"]]


def test_a_folder_that_is_no_repository_is_refused(tmp_path):
    """Nothing is looked for further up."""
    with pytest.raises(InputError, match=r"is no git repository. Fix: name the folder that holds"):
        collect.git(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        collect.git(tmp_path / "absent")


def test_a_folder_inside_a_repository_names_its_top(repo):
    """A project inside a larger repository is not the repository."""
    repo.commit(1)
    (repo.folder / "docs").mkdir()
    with pytest.raises(InputError, match=r"is no git repository. Fix: name its top, '.*shop'"):
        collect.git(repo.folder / "docs")


def test_tags_that_are_not_there_are_answered_with_those_that_are(repo):
    """The error shows what releases could be called here."""
    repo.commit(1)
    with pytest.raises(InputError, match=r"there are no tags. Fix: run git fetch --tags"):
        collect.git(repo.folder)
    repo.tag("release-1", 1)
    with pytest.raises(InputError, match=r"no tag fits 'v\*'; of 1 tags the last are 'release-1'"):
        collect.git(repo.folder)
    with pytest.raises(ParameterError, match="tags must be a list of globs"):
        collect.git(repo.folder, tags="v*")


def test_a_repository_without_commits_has_no_releases(repo):
    """It is an answer, not a breakdown."""
    with pytest.raises(InputError, match="there are no tags"):
        collect.git(repo.folder)


def test_one_release_alone_ships_nothing_known(repo):
    """One deployment, no change, and the files can still be read."""
    repo.commit(1)
    repo.tag("v1", 1)
    found = collect.git(repo.folder)
    assert (len(found.deployments), len(found.changes)) == (1, 0)


def test_without_git_the_error_says_so(repo, monkeypatch, tmp_path):
    """An empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git is not installed"):
        collect.git(repo.folder)


def test_nothing_of_the_repository_is_run(repo, tmp_path):
    """Hooks and every program its configuration names stay untouched."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\nexec cat\n")
    trap.chmod(0o755)
    repo.commit(1)
    repo.tag("v1", 1)
    repo.commit(2)
    hooks = repo.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change",
                 "fsmonitor-watchman"):  # fmt: skip
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "pager.rev-list", "pager.for-each-ref",
                "gpg.program", "core.sshCommand", "core.editor", "core.askPass",
                "diff.external", "uploadpack.packObjectsHook", "core.alternateRefsCommand",
                "credential.helper", "alias.rev-list", "alias.cat-file"):  # fmt: skip
        repo.git("config", key, str(trap))
    for key, value in (("log.showSignature", "true"), ("remote.origin.promisor", "true"),
                       ("remote.origin.url", f"ext::{trap}"),
                       ("core.repositoryFormatVersion", "1"),
                       ("extensions.partialClone", "origin")):  # fmt: skip
        repo.git("config", key, value)
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert len(collect.git(repo.folder).deployments) == 1
    assert not (tmp_path / "sprung").exists()


def test_objects_that_are_missing_are_not_fetched(repo, tmp_path):
    """A partial clone whose commits are gone is an error with a fix, and no network is used."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    gone = repo.commit(1)
    repo.commit(2)
    repo.tag("v1", 2)
    (repo.folder / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    for key, value in (("remote.origin.promisor", "true"), ("extensions.partialClone", "origin"),
                       ("remote.origin.url", f"ext::{trap}"), ("protocol.ext.allow", "always"),
                       ("core.repositoryFormatVersion", "1")):  # fmt: skip
        repo.git("config", key, value)
    with pytest.raises(InputError, match=r"git cannot read .*Fix: "):
        collect.git(repo.folder)
    assert not (tmp_path / "sprung").exists()


def test_variables_of_the_caller_do_not_lead_elsewhere(repo, tmp_path, monkeypatch):
    """Inside a hook GIT_DIR names another repository."""
    other = Repository(tmp_path / "other")
    other.commit(1)
    other.tag("v9", 1)
    repo.commit(1)
    repo.tag("v1", 1)
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    assert collect.git(repo.folder).deployments["deployment_id"].tolist() == ["v1"]


def three_releases(repo: Repository) -> None:
    """Three releases, a waiting commit."""
    for number in (1, 2, 3):
        repo.commit(2 * number)
        repo.tag(f"v{number}", 2 * number + 1)
    repo.commit(9)


def test_what_is_written_is_read_as_it_was(repo, tmp_path):
    """Both files through `srelib.load`: the same tables, no reject."""
    three_releases(repo)
    found = collect.git(repo.folder, service="till")
    paths = collect.write(found, tmp_path / "out")
    assert [path.name for path in paths] == ["deployments.csv", "changes.csv"]
    data = srelib.load(tmp_path / "out")
    assert data.rejects.empty
    wanted = tables.conform(found.deployments.drop(columns="tag_kind"), "deployments")
    pd.testing.assert_frame_equal(data.deployments, wanted)
    pd.testing.assert_frame_equal(data.changes, found.changes)


def test_no_file_is_replaced_unasked(repo, tmp_path):
    """The first file there stops both; `overwrite` replaces them."""
    three_releases(repo)
    found = collect.git(repo.folder)
    (tmp_path / "changes.csv").write_text("mine")
    with pytest.raises(InputError, match=r"changes\.csv is there already.*--overwrite"):
        collect.write(found, tmp_path)
    assert not (tmp_path / "deployments.csv").exists()
    collect.write(found, tmp_path, overwrite=True)
    assert (tmp_path / "changes.csv").read_text().startswith("change_id,")


def test_a_folder_that_cannot_be_made_is_an_error(repo, tmp_path):
    """A file stands in its way."""
    three_releases(repo)
    (tmp_path / "out").write_text("x")
    with pytest.raises(InputError, match=r"cannot be written .* Fix: name another folder"):
        collect.write(collect.git(repo.folder), tmp_path / "out")


def command(*words: object, capsys) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `srelib collect git`."""
    with pytest.raises(SystemExit) as end:
        cli.main(["collect", "git", *map(str, words)])
    shown = capsys.readouterr()
    return int(end.value.code or 0), shown.out, shown.err


def test_the_command_prints_the_files_and_says_what_was_assumed(repo, tmp_path, capsys):
    """Exit 0; files on standard output, counts and notes on standard error."""
    three_releases(repo)
    out = tmp_path / "out"
    words = (repo.folder, "--tags", "v1", "--tags", "v[23]", "--service", "till", "--out", out)
    code, shown, noise = command(*words, capsys=capsys)
    assert (code, shown) == (0, f"{out / 'deployments.csv'}\n{out / 'changes.csv'}\n")
    assert noise.startswith("3 deployments, 3 changes.\n- ")
    assert "till" in (out / "changes.csv").read_text()
    repo.tag("v4-rc.1", 10)
    code, _, noise = command(repo.folder, "--prereleases", "--out", tmp_path / "b", capsys=capsys)
    assert noise.startswith("4 deployments, 3 changes.\n- ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tags", "r*"], "no tag fits 'r*'"),
        (["--exclude-tags", "v*"], "no tag fits 'v*' without 'v*'"),
        (["--path", "nowhere"], "no commit touches 'nowhere'"),
        (["--clock", "wall"], "clock must be 'committer' or 'author'"),
    ],
)
def test_the_command_refuses_with_exit_2_and_writes_nothing(repo, tmp_path, capsys, words, message):
    """A sentence with the fix, no traceback."""
    three_releases(repo)
    out = tmp_path / "out"
    code, shown, noise = command(repo.folder, "--out", out, *words, capsys=capsys)
    assert (code, shown) == (2, "")
    assert noise.startswith("srelib: ")
    assert message in noise
    assert not out.exists()


def test_broken_clocks_are_said(repo):
    """Commits before 1970, in the year 10^12 or without a number, whatever encoding git writes."""
    repo.git("config", "i18n.logOutputEncoding", "UTF-16")
    repo.commit(1)
    repo.tag("v1", 1)
    tree, parent = repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD")
    for number, moment in enumerate(("-5", "1" + "0" * 20, "abc", "1780308000"), start=2):
        text = f"tree {tree}\nparent {parent}\nauthor a <a> {moment} +0000\n" \
               f"committer a <a> {moment} +0000\n\nm\n"  # fmt: skip
        (repo.folder / "commit").write_text(text)
        parent = repo.git("hash-object", "-t", "commit", "-w", "--literally", "commit")
        repo.git("update-ref", f"refs/tags/v{number}\u2028x", parent)
    found = collect.git(repo.folder)
    assert found.deployments["deployment_id"].tolist() == ["v1", "v5\u2028x"]
    assert found.changes["committed_at"].isna().tolist() == [True, True, True, False]
    assert noted(found, "3 tags lead to no commit that is here, or to none with a time")
    assert noted(found, "3 commits carry a time before 1970 or after 2099")


@pytest.mark.parametrize("method", ["write_bytes", "write_text"])
def test_a_full_disk_leaves_what_was_collected(tmp_path, monkeypatch, method):
    """And says that the next run goes on; of Prometheus, of GitHub and GitLab."""
    file = tmp_path / "shop.2026-06-01.json"
    file.write_text("what was there")

    def full(path, *args):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, method, full)
    write = {"write_bytes": lambda: prometheus._write(SimpleNamespace(file=file), b"new"),
             "write_text": lambda: hosting._save(file, [{"new": 1}])}[method]  # fmt: skip
    with pytest.raises(InputError, match=r"cannot be written \(No space left.* it goes on here"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.read_text() == "what was there"
