"""Merged requests of GitHub, GitLab, Azure DevOps and Bitbucket as changes."""

from __future__ import annotations

import json

import pytest

from srelib.readers import recognition
from tests.readers.reading import at, noted, read
from tests.readers.shapes import (
    azure_pull,
    bitbucket_pull,
    gh_pull,
    merge_request,
    pull,
)


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


def test_without_a_merge_commit_the_number_names_the_change(tmp_path):
    """And the report says what is lost by it."""
    result = read(tmp_path, "github_pulls", [gh_pull(7, mergeCommit=None)])
    assert result.tables["changes"]["change_id"].tolist() == ["7"]
    assert noted(result, "1 of 1 pull requests bring no merge commit")


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


def test_open_and_closed_merge_requests_are_no_changes(tmp_path):
    """Open and closed ones are left out by rule."""
    result = read(tmp_path, "gitlab_merge_requests", [merge_request(merged_at=None, state="open")])
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["open", True]]


FORMATS = {
    "github_pulls": (gh_pull, "headRefName", "body", "2026-06-02T12:00:00Z", "mergedAt"),
    "gitlab_merge_requests": (
        merge_request, "source_branch", "description", "2026-06-02T12:00:00Z", "merged_at",
    ),
    "azure_devops_pulls": (
        azure_pull, "sourceRefName", "description", "2026-06-02T12:00:00Z", "closedDate",
    ),
    "bitbucket_pulls": (
        bitbucket_pull, "source", "description", "2026-06-02T12:00:00Z", "updated_on",
    ),
}  # fmt: skip
"""The record of each format, and its keys for branch, message and merge."""


@pytest.mark.parametrize("form", FORMATS)
def test_requests_say_what_they_revert_and_of_what_kind_they_are(tmp_path, form):
    """By number, by label or branch; a tool by the last lines of the message."""
    made, branch, message, later, merged = FORMATS[form]
    hotfix = "refs/heads/hotfix/1" if form.startswith("azure") else "hotfix/1"
    hotfix = {"branch": {"name": hotfix}} if form.startswith("bitbucket") else hotfix
    sign = "#" if form == "github_pulls" else "!"
    records = [
        made(1, title="Add a cache"),
        made(2, **{"title": 'Revert "Add a cache"', message: f"Reverts {sign}1", merged: later}),
        made(3, **{branch: hotfix}),
        made(4, **{message: "x\n\nAssisted-by: Claude:claude-1"}),
    ]
    rows = read(tmp_path, form, records).tables["changes"]
    assert rows["kind"].tolist() == ["regular", "revert", "hotfix", "regular"]
    assert rows["reverts"].fillna("").tolist() == ["", rows["change_id"][0], "", ""]
    assert rows["assisted"].tolist() == [False, False, False, True]


@pytest.mark.parametrize("form", FORMATS)
def test_without_title_labels_and_branch_the_kind_is_not_known(tmp_path, form):
    """Missing, and not regular; so is what no record of the file marks as assisted."""
    made, branch, *_ = FORMATS[form]
    bare = {key: value for key, value in made(1).items() if key not in ("title", "labels", branch)}
    if form == "bitbucket_pulls":
        bare["source"] = {"commit": {"hash": "c" * 12}}
    if form == "azure_devops_pulls":
        bare["sourceRefName"] = None
    row = read(tmp_path, form, [bare]).tables["changes"].iloc[0]
    assert row.isna()[["kind", "reverts", "assisted"]].all()


def test_a_request_of_azure_devops_is_a_change_when_it_is_completed(tmp_path):
    """At its closing, under its merge commit, of its repository."""
    records = {"count": 2, "value": [azure_pull(7), azure_pull(8, status="abandoned")]}
    result = read(tmp_path, "azure_devops_pulls", records)
    row = result.tables["changes"].iloc[0]
    assert (row["change_id"], row["service"]) == (f"{7:040x}", "shop")
    assert row["merged_at"] == at("06-01T12:00")
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["abandoned", True]]


def test_a_request_of_bitbucket_is_a_change_when_it_is_merged(tmp_path):
    """Its last update is its merge; further pages are asked for."""
    records = {"values": [bitbucket_pull(7), bitbucket_pull(8, state="DECLINED")], "next": "x"}
    result = read(tmp_path, "bitbucket_pulls", records)
    row = result.tables["changes"].iloc[0]
    assert (row["change_id"], row["service"]) == (f"{7:012x}", "shop")
    assert row["merged_at"] == at("06-01T12:00")
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["DECLINED", True]]
    assert noted(result, "not all; export all pages")
