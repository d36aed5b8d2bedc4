"""Releases: tags of git and releases of GitHub."""

from __future__ import annotations

import subprocess

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, gh_release, release

FORMAT = "%(refname:short),%(creatordate:iso-strict),%(objectname),%(*objectname)"


SHOP = Source(match="*", service="shop")


A = "a" * 40


B = "b" * 40


C = "c" * 40


def read_tags(folder, text, source=SHOP):
    """Result of reading the text as a file of tags."""
    path = folder / "tags.csv"
    path.write_text(text)
    kind, result = recognition.read(path, root=folder, source=source)
    assert kind == "gittags"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


def test_an_annotated_tag_is_peeled_to_its_commit(tmp_path):
    """The commit deployed is the one the tag points to, not the tag object."""
    table = read_tags(tmp_path, f"v1.0,2026-06-01T12:00:00+02:00,{A},{B}\n").tables["deployments"]
    row = table.iloc[0]
    assert row["commit_sha"] == B
    assert row["finished_at"] == pd.Timestamp("2026-06-01T10:00:00Z")
    assert row["deployment_id"] == "v1.0"
    assert (row["service"], row["environment"], row["status"]) == (
        "shop", "production", "succeeded",
    )  # fmt: skip


def test_a_lightweight_tag_is_its_own_commit_and_its_time_is_doubted(tmp_path):
    """The time of a lightweight tag is that of the commit; the report says how many there are."""
    text = f"v1.0,2026-06-01T10:00:00Z,{A},\nv1.1,2026-06-02T10:00:00Z,{B},{C}\n"
    result = read_tags(tmp_path, text)
    assert result.tables["deployments"]["commit_sha"].tolist() == [A, C]
    assert any(note.startswith("1 of 2 tags are lightweight") for note in result.notes)


def test_three_tags_on_one_commit_are_three_releases(tmp_path):
    """Tags are told apart by name, not by commit."""
    text = "".join(f"v1.{n},2026-06-0{n}T10:00:00Z,{A},\n" for n in (1, 2, 3))
    assert read_tags(tmp_path, text).rows_kept == 3


def test_names_may_hold_commas_and_slashes(tmp_path):
    """git allows both in the name of a tag."""
    result = read_tags(tmp_path, f"release/2026,06,2026-06-01T10:00:00Z,{A},\n")
    assert result.tables["deployments"]["deployment_id"].tolist() == ["release/2026,06"]


def test_a_line_that_is_no_tag_is_refused_with_its_number(tmp_path):
    """What git prints besides tags is counted and shown, blank lines are not."""
    text = f"v1,2026-06-01T10:00:00Z,{A},\n\nfatal: bad object\nv2,2026-06-02T10:00:00Z,{B},\n"
    result = read_tags(tmp_path, text)
    assert result.rejects[["line", "value"]].values.tolist() == [[3, "fatal: bad object"]]
    assert result.rows_kept == 2


def test_the_same_tag_twice_counts_once(tmp_path):
    """A line pasted twice is left out as equal."""
    line = f"v1,2026-06-01T10:00:00Z,{A},\n"
    result = read_tags(tmp_path, line + line)
    assert result.rejects["line"].tolist() == [2]
    assert "repeats another row" in result.rejects["reason"][0]


@pytest.mark.parametrize("source", [None, Source(match="*")], ids=["no entry", "no service"])
def test_the_service_must_be_said(tmp_path, source):
    """Tags do not name a service, and none is guessed."""
    with pytest.raises(ReadError, match=r'Fix: add service = "\.\.\."'):
        read_tags(tmp_path, f"v1,2026-06-01T10:00:00Z,{A},\n", source)


def test_what_git_itself_prints_is_read(tmp_path):
    """The documented command, run by git, gives the tags with the right commits and times."""
    repo = tmp_path / "repo"
    repo.mkdir()

    def git(*words, at="2026-06-01T10:00:00+0200"):
        env = {
            "GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at, "PATH": "/usr/bin:/bin:/usr/local/bin",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": str(repo),
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
        }  # fmt: skip
        done = subprocess.run(
            ["git", *words], cwd=repo, env=env, check=True, capture_output=True, text=True
        )
        return done.stdout

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    commit = git("rev-parse", "HEAD").strip()
    git("tag", "light")
    git("tag", "-a", "heavy", "-m", "later", at="2026-06-05T09:00:00+0000")
    result = read_tags(tmp_path, git("for-each-ref", "refs/tags", f"--format={FORMAT}"))
    table = result.tables["deployments"].set_index("deployment_id")
    assert table["commit_sha"].to_dict() == {"heavy": commit, "light": commit}
    assert table["finished_at"].to_dict() == {
        "heavy": pd.Timestamp("2026-06-05T09:00:00Z"),
        "light": pd.Timestamp("2026-06-01T08:00:00Z"),
    }


def test_prereleases_are_left_out_unless_kept(tmp_path):
    """By rule and counted; `prereleases = true` keeps them."""
    text = f"v1.0.0,2026-06-01T10:00:00Z,{A},\nv1.1.0-rc.1,2026-06-02T10:00:00Z,{B},\n"
    result = read_tags(tmp_path, text)
    assert result.tables["deployments"]["deployment_id"].tolist() == ["v1.0.0"]
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["v1.1.0-rc.1", True]]
    assert any(note.startswith("1 of 2 are pre-releases") for note in result.notes)
    kept = read_tags(tmp_path, text, Source(match="*", service="shop", prereleases=True))
    assert kept.rows_kept == 2


@pytest.mark.parametrize(("made", "said"), [(release, {}), (gh_release, {"service": "shop"})])
def test_a_release_is_deployed_when_it_was_published(tmp_path, made, said):
    """The time of creation is that of the commit, days before: it is not used."""
    row = read(tmp_path, "github_releases", [made(4)], **said).tables["deployments"].iloc[0]
    assert row["finished_at"] == at("06-03T10:00")
    assert (row["deployment_id"], row["service"], row["status"]) == ("v1.4", "shop", "succeeded")
    assert row.isna()[["started_at", "commit_sha"]].all()


def test_a_commit_is_only_taken_where_it_is_one(tmp_path):
    """`target_commitish` is a branch more often than a commit."""
    result = read(tmp_path, "github_releases", [release(1, target_commitish=SHA), release(2)])
    assert result.tables["deployments"]["commit_sha"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("made", "key"), [(release, "draft"), (gh_release, "isDraft")])
def test_a_draft_is_refused(tmp_path, made, key):
    """It was not published, so it reached nobody."""
    records = [made(1, **{key: True}), made(2)]
    result = read(tmp_path, "github_releases", records, service="shop")
    assert result.rejects[["line", "value"]].values.tolist() == [[1, "v1.1"]]
    assert "a draft" in result.rejects["reason"][0]


@pytest.mark.parametrize(("made", "key"), [(release, "prerelease"), (gh_release, "isPrerelease")])
def test_a_prerelease_is_left_out_by_rule_unless_asked_for(tmp_path, made, key):
    """A key keeps it, and so does an environment of that name."""
    records = [made(1, **{key: True}), made(2)]
    result = read(tmp_path, "github_releases", records, service="shop")
    assert result.tables["deployments"]["deployment_id"].tolist() == ["v1.2"]
    assert result.rejects["by_rule"].tolist() == [True]
    assert "set prereleases = true" in result.rejects["reason"][0]
    assert noted(result, "1 of 2 are pre-releases and left out", "prereleases = true")
    for more in ({"prereleases": True}, {"environment": ["production", "prerelease"]}):
        assert read(tmp_path, "github_releases", records, service="shop", **more).rows_kept == 2


def test_the_service_must_be_said_where_the_file_does_not_name_it(tmp_path):
    """`gh release list` names no repository, and none is guessed."""
    with pytest.raises(ReadError, match=r"Fix: add service = \"\.\.\.\" to a \[\[file\]\]"):
        read(tmp_path, "github_releases", [gh_release()])


@pytest.mark.parametrize("count", [30, 100])
def test_exactly_one_page_raises_a_suspicion(tmp_path, count):
    """`gh release list` stops at thirty unless told otherwise."""
    records = [release(n) for n in range(count)]
    result = read(tmp_path, "github_releases", records)
    assert noted(result, f"Exactly {count} releases", "truncated?", "--limit")
    assert not noted(read(tmp_path, "github_releases", records[1:]), "truncated?")


def test_a_release_that_was_never_published_is_refused(tmp_path):
    """Without a time of publication there is no deployment."""
    result = read(tmp_path, "github_releases", [release(published_at=None)])
    assert result.rejects["column"].tolist() == ["finished_at"]
