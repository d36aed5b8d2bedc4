"""Merge requests of GitLab."""

from __future__ import annotations

from tests.readers.reading import at, read
from tests.readers.shapes import merge_request


def test_a_merged_request_is_a_change_of_its_project(tmp_path):
    """At its merge, under its merge commit."""
    row = read(tmp_path, "gitlab_merge_requests", [merge_request(7)]).tables["changes"].iloc[0]
    assert (row["change_id"], row["service"]) == (f"{7:040x}", "shop")
    assert row["merged_at"] == at("06-01T12:00")
    assert row.isna()["committed_at"]


def test_squashed_and_fast_forward_merges_have_other_commits(tmp_path):
    """The squash commit, or the head of the branch."""
    records = [
        merge_request(1, merge_commit_sha=None, squash_commit_sha="d" * 40),
        merge_request(2, merge_commit_sha=None),
    ]
    table = read(tmp_path, "gitlab_merge_requests", records).tables["changes"]
    assert table["change_id"].tolist() == ["d" * 40, "c" * 40]


def test_what_was_not_merged_is_no_change(tmp_path):
    """Open and closed ones are left out by rule."""
    result = read(tmp_path, "gitlab_merge_requests", [merge_request(merged_at=None, state="open")])
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["open", True]]
