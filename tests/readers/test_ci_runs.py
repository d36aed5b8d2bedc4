"""Runs of GitHub Actions, Jenkins builds, syncs of Argo CD."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, application, build, gh_run, run

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


def test_a_build_ends_its_duration_after_its_timestamp(tmp_path):
    """The timestamp is the start, in milliseconds."""
    row = read(tmp_path, "jenkins", {"builds": [build(7)]}).tables["deployments"].iloc[0]
    assert (row["started_at"], row["finished_at"]) == (at("06-01T10:00"), at("06-01T10:05"))
    assert (row["deployment_id"], row["service"]) == ("acme/deploy-shop #7", "acme/deploy-shop")
    assert (row["commit_sha"], row["status"]) == (SHA, "succeeded")


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("SUCCESS", "succeeded"), ("UNSTABLE", "succeeded"), ("FAILURE", "failed"),
        ("ABORTED", "cancelled"),
    ],
)  # fmt: skip
def test_results_are_outcomes(tmp_path, result, status):
    """Aborting is a decision and no failure; unstable ran to its end."""
    table = read(tmp_path, "jenkins", [build(result=result)]).tables["deployments"]
    assert table["status"].tolist() == [status]


def test_unstable_and_aborted_builds_are_counted(tmp_path):
    """How they were taken is said, with how many there are."""
    result = read(tmp_path, "jenkins", [build(1, result="UNSTABLE"), build(2, result="ABORTED")])
    assert noted(result, "1 of 2 builds are UNSTABLE", "count as succeeded")
    assert noted(result, "1 of 2 builds were aborted", "not failed")


@pytest.mark.parametrize("word", ["NOT_BUILT", "NOT_BUILD"])
def test_what_was_not_built_deployed_nothing(tmp_path, word):
    """Left out by rule, in the right spelling and in the one old exports have."""
    result = read(tmp_path, "jenkins", [build(result=word)])
    assert result.rejects["by_rule"].tolist() == [True]


@pytest.mark.parametrize("more", [{"result": None, "duration": 0}, {"building": True}])
def test_a_running_build_is_refused(tmp_path, more):
    """Its result is null, and its duration 0 is no length."""
    result = read(tmp_path, "jenkins", [build(**more)])
    assert "not finished" in result.rejects["reason"][0]


@pytest.mark.parametrize("duration", [-5, "long", None, True])
def test_a_duration_that_is_none_costs_its_build(tmp_path, duration):
    """The end cannot be known."""
    result = read(tmp_path, "jenkins", [build(1, duration=duration), build(2)])
    assert result.rejects[["line", "column"]].values.tolist() == [[1, "duration"]]


def test_the_name_of_the_job_comes_from_wherever_it_stands(tmp_path):
    """The address of the build, else its display name, else the job around it."""
    bare = {k: v for k, v in build().items() if k not in ("url", "fullDisplayName")}
    shown = bare | {"fullDisplayName": "acme » deploy cart #3"}
    for content, name in (
        ([shown], "acme/deploy cart"),
        ({"fullName": "acme/deploy-till", "builds": [bare]}, "acme/deploy-till"),
    ):
        table = read(tmp_path, "jenkins", content).tables["deployments"]
        assert table["service"].tolist() == [name]


def test_builds_of_branches_have_readable_names(tmp_path):
    """Addresses are percent-encoded."""
    url = "https://ci.example.org/job/shop/job/release%252F1.2/9/"
    table = read(tmp_path, "jenkins", [build(url=url)]).tables["deployments"]
    assert table["service"].tolist() == ["shop/release%2F1.2"]


def test_exactly_a_hundred_builds_raise_a_suspicion(tmp_path):
    """`builds` stops there, `allBuilds` does not."""
    builds = [build(n) for n in range(100)]
    assert noted(read(tmp_path, "jenkins", {"builds": builds}), "truncated?", "allBuilds")
    assert not noted(read(tmp_path, "jenkins", {"allBuilds": builds}), "truncated?")


def test_builds_without_times_say_what_to_ask_for(tmp_path):
    """The plain answer of a job lists numbers and addresses only."""
    plain = {"name": "shop", "builds": [{"number": 1, "url": "https://ci.example.org/job/shop/1/"}]}
    with pytest.raises(ReadError, match=r"tree=allBuilds\[number,result,timestamp"):
        read(tmp_path, "jenkins", plain)


def test_every_sync_of_the_history_is_a_deployment(tmp_path):
    """The current operation that succeeded is the last of them, and not counted twice."""
    table = read(tmp_path, "argocd", application()).tables["deployments"]
    assert table["deployment_id"].tolist() == ["shop/1", "shop/2"]
    assert table["finished_at"].tolist() == [at("06-01T10:05"), at("06-02T10:05")]
    assert table["started_at"].tolist() == [at("06-01T10:04"), at("06-02T10:04")]
    assert table["commit_sha"].tolist() == ["1" * 40, "2" * 40]
    assert table["service"].tolist() == ["shop", "shop"]


@pytest.mark.parametrize(
    "wrap",
    [lambda apps: {"kind": "List", "items": apps}, lambda apps: apps],
    ids=["kubectl", "cli"],
)
def test_several_applications_are_several_services(tmp_path, wrap):
    """A list of kubectl and an array of argocd are read alike."""
    table = read(tmp_path, "argocd", wrap([application("a"), application("b")]))
    assert table.tables["deployments"]["service"].tolist() == ["a", "a", "b", "b"]


def test_a_fail_rate_from_the_history_is_called_meaningless(tmp_path):
    """Failures leave no trace in it."""
    assert noted(read(tmp_path, "argocd", application()), "a fail rate", "always 0")


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_the_current_operation_counts_where_it_failed(tmp_path, phase):
    """It is the only failure Argo CD still knows."""
    operation = {
        "phase": phase,
        "startedAt": "2026-06-03T09:00:00Z",
        "finishedAt": "2026-06-03T09:02:00Z",
        "syncResult": {"revision": "c" * 40},
    }
    result = read(tmp_path, "argocd", application(operationState=operation))
    row = result.tables["deployments"].iloc[2]
    assert (row["status"], row["finished_at"]) == ("failed", at("06-03T09:02"))
    assert (row["deployment_id"], row["commit_sha"]) == ("shop 2026-06-03T09:00:00Z", "c" * 40)
    assert noted(result, "current operation of 1 applications failed")


@pytest.mark.parametrize("phase", ["Running", "Terminating"])
def test_a_sync_under_way_is_refused(tmp_path, phase):
    """It is no deployment yet."""
    operation = {"phase": phase, "startedAt": "2026-06-03T09:00:00Z"}
    result = read(tmp_path, "argocd", application(operationState=operation))
    assert (result.rows_kept, result.rows_read) == (2, 3)
    assert "not finished" in result.rejects["reason"][0]


def test_of_several_sources_the_first_revision_counts(tmp_path):
    """Applications with several sources list their revisions; a chart's version is no commit."""
    history = [
        {"id": 1, "revisions": ["a" * 40, "b" * 40], "deployedAt": "2026-06-01T10:05:00Z"},
        {"id": 2, "revisions": ["0.4.0", "c" * 40], "deployedAt": "2026-06-02T10:05:00Z"},
        {"id": 3, "revision": "0.4.1", "deployedAt": "2026-06-03T10:05:00Z"},
    ]
    table = read(tmp_path, "argocd", application(history=history)).tables["deployments"]
    assert table["commit_sha"].tolist()[:2] == ["a" * 40, "c" * 40]
    assert table["commit_sha"].isna().tolist() == [False, False, True]


def test_a_full_history_has_lost_its_past(tmp_path):
    """Ten entries, or as many as the application keeps, raise a suspicion."""
    history = [{"id": n, "revision": f"{n:040d}", "deployedAt": f"2026-06-{n:02d}T10:00:00Z"}
               for n in range(1, 11)]  # fmt: skip
    full = application(history=history)
    assert noted(read(tmp_path, "argocd", full), "1 of 1 applications keep as many syncs")
    roomy = full | {"spec": {"revisionHistoryLimit": 50}}
    assert not noted(read(tmp_path, "argocd", roomy), "keep as many")


def test_a_sync_of_the_same_revision_is_noted(tmp_path):
    """A repair counts as a deployment, and the report says how many there are."""
    history = [{"id": n, "revision": "a" * 40, "deployedAt": f"2026-06-0{n}T10:00:00Z"}
               for n in (1, 2)]  # fmt: skip
    assert noted(read(tmp_path, "argocd", application(history=history)), "1 syncs brought")


def test_places_are_listed_until_one_is_called_production(tmp_path):
    """Argo CD knows no production: all is kept, and the keys that narrow it down are given."""
    staging = application("shop-staging")
    staging["spec"] = {"destination": {"server": "https://k8s.example.org", "namespace": "staging"}}
    apps = [application(), staging]
    result = read(tmp_path, "argocd", apps)
    assert result.rows_kept == 4
    assert noted(result, "2 places", 'environment = "spec.destination.namespace"')
    said = {"columns": {"environment": "spec.destination.namespace"}, "environment": ".*-prod"}
    narrowed = read(tmp_path, "argocd", apps, **said)
    assert narrowed.tables["deployments"]["environment"].unique().tolist() == ["shop-prod"]
    assert not noted(narrowed, "places")


def test_applications_that_were_never_synced_are_no_history(tmp_path):
    """The error gives the command that exports one."""
    with pytest.raises(ReadError, match=r"ever synced.*kubectl get applications"):
        read(tmp_path, "argocd", application(history=[], operationState=None))
