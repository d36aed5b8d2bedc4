"""GitHub releases."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, gh_release, release


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
