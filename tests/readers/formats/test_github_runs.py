"""Runs of GitHub Actions."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, gh_run, run

DEPLOY = {"workflow": "Deploy"}


@pytest.mark.parametrize("made", [run, gh_run])
def test_a_run_of_the_deploying_workflow_is_a_deployment(tmp_path, made):
    """Start of the attempt, last update as the end, commit and repository, either spelling."""
    row = read(tmp_path, "github_runs", [made(7)], **DEPLOY).tables["deployments"].iloc[0]
    assert row["deployment_id"] == "9007"
    assert (row["service"], row["status"], row["commit_sha"]) == ("shop", "succeeded", SHA)
    assert row["started_at"] == at("06-01T10:00:30")
    assert row["finished_at"] == at("06-01T10:07")


def test_without_a_workflow_named_the_workflows_seen_are_listed(tmp_path):
    """A run of tests is no deployment: the error names the workflows and the line to write."""
    runs = [run(1), run(2, name="CI"), run(3, name="CI")]
    with pytest.raises(ReadError, match=r"'CI' 2, 'Deploy' 1. Fix: add workflow = \"NAME\""):
        read(tmp_path, "github_runs", {"total_count": 3, "workflow_runs": runs})


def test_runs_that_name_no_workflow_say_how_to_export_them(tmp_path):
    """`gh run list --json` without workflowName cannot be used, and the command is given."""
    bare = {k: v for k, v in gh_run().items() if k not in ("workflowName", "name")}
    with pytest.raises(ReadError, match="--json databaseId,workflowName"):
        read(tmp_path, "github_runs", [bare], **DEPLOY)


@pytest.mark.parametrize("pattern", ["Deploy", "Dep.*", "deploy.yml", ["CI", "Deploy"]])
def test_a_workflow_is_named_by_name_file_or_pattern(tmp_path, pattern):
    """Other workflows are left out by rule, each run with the name of its workflow."""
    runs = [run(1), run(2, name="Tests", path=".github/workflows/tests.yml@main")]
    result = read(tmp_path, "github_runs", runs, workflow=pattern)
    assert result.tables["deployments"]["deployment_id"].tolist() == ["9001"]
    assert result.rejects["value"].tolist() == ["Tests"]
    assert result.rejects["by_rule"].tolist() == [True]


def test_a_name_that_is_no_pattern_is_a_name(tmp_path):
    """Brackets in the name of a workflow mean themselves."""
    result = read(tmp_path, "github_runs", [run(name="Deploy (EU")], workflow="Deploy (EU")
    assert result.rows_kept == 1


def test_a_workflow_that_no_run_has_is_noted(tmp_path):
    """A misspelt name keeps nothing, and the report names what there is."""
    result = read(tmp_path, "github_runs", [run()], workflow=["Depoly", "Deploy"])
    assert noted(result, "No run of the workflow 'Depoly'", "'Deploy' 1")


@pytest.mark.parametrize(
    ("conclusion", "status"),
    [
        ("success", "succeeded"), ("failure", "failed"), ("timed_out", "failed"),
        ("startup_failure", "failed"), ("cancelled", "cancelled"),
    ],
)  # fmt: skip
def test_conclusions_are_outcomes(tmp_path, conclusion, status):
    """Somebody's cancelling is no failure."""
    result = read(tmp_path, "github_runs", [run(conclusion=conclusion)], **DEPLOY)
    assert result.tables["deployments"]["status"].tolist() == [status]


@pytest.mark.parametrize(
    ("more", "reason", "by_rule"),
    [
        ({"conclusion": None, "status": "in_progress"}, "not finished", False),
        ({"conclusion": "", "status": "queued"}, "not finished", False),
        ({"conclusion": "action_required"}, "not finished", False),
        ({"conclusion": "skipped"}, "nothing was deployed", True),
        ({"conclusion": "neutral"}, "neutral", True),
        ({"conclusion": "mystery"}, "unknown status", False),
        ({"updated_at": None}, "finished_at is empty", False),
        ({"updated_at": "2026-05-31T00:00:00Z"}, "lies before started_at", False),
    ],
)
def test_what_is_no_deployment_is_not_kept(tmp_path, more, reason, by_rule):
    """Unfinished, skipped, unknown and impossible runs, each with its reason."""
    result = read(tmp_path, "github_runs", [run(**more)], **DEPLOY)
    assert result.rows_kept == 0
    assert reason in result.rejects["reason"][0]
    assert bool(result.rejects["by_rule"].fillna(False)[0]) is by_rule


def test_a_run_that_was_run_again_is_noted(tmp_path):
    """Earlier attempts are overwritten: the fail rate is too low, and the report says so."""
    result = read(tmp_path, "github_runs", [run(1, run_attempt=3), run(2)], **DEPLOY)
    assert noted(result, "1 of 2 runs were run again", "fail rate is too low")
    assert not noted(read(tmp_path, "github_runs", [run()], **DEPLOY), "run again")


def test_the_missing_time_of_completion_is_said(tmp_path):
    """The last update stands in for it."""
    assert noted(read(tmp_path, "github_runs", [run()], **DEPLOY), "no time of completion")


def test_runs_for_pull_requests_are_doubted(tmp_path):
    """They are kept, and the report asks whether they reach production."""
    runs = [run(1, event="pull_request"), run(2)]
    assert noted(
        read(tmp_path, "github_runs", runs, **DEPLOY), "1 of 2 runs were started by a pull"
    )


def test_exactly_twenty_runs_of_gh_raise_a_suspicion(tmp_path):
    """`gh run list` prints twenty unless told otherwise; the REST interface has other pages."""
    runs = [gh_run(n) for n in range(20)]
    assert noted(read(tmp_path, "github_runs", runs, **DEPLOY), "Exactly 20 runs", "truncated?")
    assert not noted(read(tmp_path, "github_runs", runs[1:], **DEPLOY), "truncated?")


@pytest.mark.parametrize("count", [30, 100])
def test_a_full_page_of_members_raises_a_suspicion(tmp_path, count):
    """Members alone do not say how many there are."""
    runs = [run(n) for n in range(count)]
    assert noted(read(tmp_path, "github_runs", runs, **DEPLOY), f"Exactly {count} runs")


def test_a_page_that_counts_more_than_it_holds_is_truncated(tmp_path):
    """`total_count` tells exactly what is missing; all pages together are not truncated."""
    page = {"total_count": 412, "workflow_runs": [run(n) for n in range(30)]}
    assert noted(read(tmp_path, "github_runs", page, **DEPLOY), "counts 412 runs", "holds 30")
    whole = {"total_count": 30, "workflow_runs": [run(n) for n in range(30)]}
    assert not noted(read(tmp_path, "github_runs", whole, **DEPLOY), "truncated?")


def test_a_file_without_runs_says_how_to_export_them(tmp_path):
    """An empty page is no deployment history."""
    with pytest.raises(ReadError, match=r"no workflow run in this file.*gh api repos"):
        read(tmp_path, "github_runs", {"total_count": 0, "workflow_runs": []}, **DEPLOY)


def test_the_service_said_replaces_the_repository(tmp_path):
    """And a dotted key goes before it."""
    result = read(
        tmp_path, "github_runs", [run()], **DEPLOY, service="x",
        columns={"service": "head_commit.message"},
    )  # fmt: skip
    assert result.tables["deployments"]["service"].tolist() == ["faster"]
