"""Pull requests of GitHub: changes, never incidents."""

from __future__ import annotations

import json

import pytest

from srelib.readers import recognition
from tests.readers.reading import at, noted, read
from tests.readers.shapes import gh_pull, issue, pull


@pytest.mark.parametrize("made", [pull, gh_pull])
def test_a_merged_request_is_a_change(tmp_path, made):
    """Known by its merge commit, at its merge; when it was opened says nothing of its commits."""
    result = read(tmp_path, "github_pulls", [made(7)])
    row = result.tables["changes"].iloc[0]
    assert (row["change_id"], row["service"]) == (f"{7:040x}", "shop")
    assert row["merged_at"] == at("06-01T12:00")
    assert row.isna()["committed_at"]
    assert noted(result, "lead time counts from the merge")


@pytest.mark.parametrize("made", [pull, gh_pull])
def test_what_was_not_merged_is_no_change(tmp_path, made):
    """Left out by rule."""
    key = "merged_at" if made is pull else "mergedAt"
    result = read(tmp_path, "github_pulls", [made(1), made(2, **{key: None})])
    assert len(result.tables["changes"]) == 1
    assert result.rejects["by_rule"].tolist() == [True]


def test_a_label_of_an_incident_makes_no_incident(tmp_path):
    """The request may fix one."""
    path = tmp_path / "prs.json"
    path.write_text(json.dumps([gh_pull(1)]))
    _, result = recognition.read(path, root=tmp_path)
    assert set(result.tables) == {"changes"}


def test_a_request_exported_as_an_issue_is_left_out(tmp_path):
    """Its address tells, where `mergedAt` was not exported."""
    records = [issue(1), issue(2, url="https://github.com/acme/shop/pull/2")]
    result = read(tmp_path, "github_issues", records)
    assert result.tables["incidents"]["incident_id"].tolist() == ["1"]
    assert "a pull request" in result.rejects["reason"][0]


def test_without_a_merge_commit_the_number_names_the_change(tmp_path):
    """And the report says what is lost by it."""
    result = read(tmp_path, "github_pulls", [gh_pull(7, mergeCommit=None)])
    assert result.tables["changes"]["change_id"].tolist() == ["7"]
    assert noted(result, "1 of 1 pull requests bring no merge commit")
