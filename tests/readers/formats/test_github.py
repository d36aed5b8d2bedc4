"""GitHub deployments with their statuses, and runs of Actions."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from srelib.tables import left_out
from tests.readers.reading import ODD, at, noted, read
from tests.readers.shapes import SHA, gh_run, run


def status(state, created_at):
    """A status as the REST interface writes it."""
    return {"state": state, "created_at": created_at}


def deployment(number=1, *, statuses=None, environment="production", **more):
    """A deployment as the REST interface writes it, with only the keys that matter."""
    record = {
        "id": number,
        "sha": f"{number:040x}",
        "environment": environment,
        "created_at": "2026-06-01T10:00:00Z",
        "updated_at": "2026-06-09T09:09:09Z",
        "repository_url": "https://api.github.com/repos/acme/checkout",
        "statuses_url": f"https://api.github.com/repos/acme/checkout/deployments/{number}/statuses",
    }
    return record | ({} if statuses is None else {"statuses": statuses}) | more


DONE = [status("success", "2026-06-01T10:05:00Z")]


def write(folder: Path, records, name="deployments.json") -> Path:
    """The records as one JSON array in a file."""
    path = folder / name
    path.write_text(records if isinstance(records, str) else json.dumps(records))
    return path


def read_deployments(folder: Path, records, source=None):
    """Result of reading the records; rows read = kept + rejected is checked on the way."""
    path = write(folder, records)
    kind, result = recognition.read(path, root=folder, source=source)
    assert kind == "github"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    assert result.rows_kept == len(result.tables["deployments"])
    return result


def test_a_deployment_finishes_with_its_success_not_with_its_last_update(tmp_path):
    """A superseded deployment ends at its SUCCESS, not when the next one made it INACTIVE."""
    statuses = [
        status("inactive", "2026-06-07T10:00:00Z"),
        status("success", "2026-06-01T10:05:00Z"),
        status("in_progress", "2026-06-01T10:01:00Z"),
    ]
    row = (
        read_deployments(tmp_path, [deployment(7, statuses=statuses)]).tables["deployments"].iloc[0]
    )
    assert row["finished_at"] == pd.Timestamp("2026-06-01T10:05:00Z")
    assert row["started_at"] == pd.Timestamp("2026-06-01T10:00:00Z")
    assert (row["status"], row["service"], row["deployment_id"]) == ("succeeded", "checkout", "7")
    assert row["commit_sha"] == f"{7:040x}"


def test_the_newest_success_counts_when_a_job_was_run_again(tmp_path):
    """Failure, then success on a rerun: succeeded, at the time of the rerun."""
    statuses = [
        status("failure", "2026-06-01T10:05:00Z"),
        status("success", "2026-06-01T10:30:00Z"),
        status("success", "2026-06-01T10:20:00Z"),
    ]
    row = read_deployments(tmp_path, [deployment(statuses=statuses)]).tables["deployments"].iloc[0]
    assert (row["status"], row["finished_at"]) == (
        "succeeded", pd.Timestamp("2026-06-01T10:30:00Z"),
    )  # fmt: skip


@pytest.mark.parametrize("word", ["failure", "error", "FAILURE"])
def test_a_failed_deployment_is_kept_with_the_time_of_its_failure(tmp_path, word):
    """Failure and error are outcomes, with their own time."""
    row = (
        read_deployments(tmp_path, [deployment(statuses=[status(word, "2026-06-01T10:07:00Z")])])
        .tables["deployments"]
        .iloc[0]
    )
    assert (row["status"], row["finished_at"]) == ("failed", pd.Timestamp("2026-06-01T10:07:00Z"))


def test_a_failure_after_a_success_is_a_failure(tmp_path):
    """What was said last about the outcome counts."""
    statuses = [*DONE, status("failure", "2026-06-01T10:09:00Z")]
    row = read_deployments(tmp_path, [deployment(statuses=statuses)]).tables["deployments"].iloc[0]
    assert row["status"] == "failed"


def test_inactive_alone_is_no_success(tmp_path):
    """A deployment known only as INACTIVE is refused: nobody knows whether it ever worked."""
    result = read_deployments(
        tmp_path, [deployment(statuses=[status("inactive", "2026-06-07T10:00:00Z")])]
    )
    assert result.rows_kept == 0
    assert "whether and when it succeeded is not known" in result.rejects["reason"][0]
    assert result.rejects["value"][0] == "INACTIVE"


def test_a_list_without_statuses_says_how_to_fetch_them(tmp_path):
    """The REST list alone holds no outcome: every row is refused with the command to run."""
    result = read_deployments(tmp_path, [deployment(1), deployment(2)])
    assert result.rejects["reason"].str.contains("gh api repos/OWNER/REPO/deployments/ID").all()
    assert result.rejects["line"].tolist() == [1, 2]


@pytest.mark.parametrize("word", ["in_progress", "queued", "pending", "waiting"])
def test_what_has_not_finished_is_counted_but_not_kept(tmp_path, word):
    """A deployment under way is neither a success nor a failure."""
    result = read_deployments(
        tmp_path, [deployment(statuses=[status(word, "2026-06-01T10:01:00Z")])]
    )
    assert result.rows_kept == 0
    assert "not finished" in result.rejects["reason"][0]


def test_an_own_state_stands_in_for_missing_statuses_with_a_note(tmp_path):
    """A state without statuses is used, at the last update, and the report says so."""
    result = read_deployments(
        tmp_path, [deployment(1, state="SUCCESS"), deployment(2, state="INACTIVE")]
    )
    assert result.tables["deployments"]["finished_at"].tolist() == [
        pd.Timestamp("2026-06-09T09:09:09Z")
    ]
    assert result.rejects["line"].tolist() == [2]
    assert any("bring no statuses" in note for note in result.notes)


def test_statuses_that_follow_as_records_of_their_own_are_joined(tmp_path):
    """`gh api` for the list and then for each statuses page, all in one file, is enough."""
    url = "https://api.github.com/repos/acme/checkout/deployments/2"
    apart = [status("success", "2026-06-01T10:05:00Z") | {"id": 99, "deployment_url": url}]
    result = read_deployments(
        tmp_path, json.dumps([deployment(1), deployment(2)]) + json.dumps(apart)
    )
    assert result.tables["deployments"]["deployment_id"].tolist() == ["2"]
    assert result.rows_read == 2


def test_a_status_that_has_an_environment_is_still_a_status(tmp_path):
    """Newer servers repeat the environment in each status: it is no deployment of its own."""
    url = "https://api.github.com/repos/acme/checkout/deployments/1"
    apart = DONE[0] | {"id": 99, "deployment_url": url, "environment": "production"}
    result = read_deployments(tmp_path, [deployment(1), apart])
    assert (result.rows_read, result.rows_kept) == (1, 1)


@pytest.mark.parametrize(
    "glue", ["[{}][{}]", "{}\n{}\n", "[[{}],[{}]]"], ids=["gh pages", "lines", "slurp"]
)
def test_all_pages_are_read(tmp_path, glue):
    """Pages glued together, JSON lines and slurped pages give the same two deployments."""
    one, two = (json.dumps(deployment(n, statuses=DONE)) for n in (1, 2))
    result = read_deployments(tmp_path, glue.format(one, two))
    assert result.tables["deployments"]["deployment_id"].tolist() == ["1", "2"]


def graphql(*nodes):
    """A page as `gh api graphql` writes it."""
    return {
        "data": {
            "repository": {"name": "OpenBIC", "deployments": {"totalCount": 2, "nodes": [*nodes]}}
        }
    }


NODE = {
    "id": "DE_kwDOFAKDls7k2xiG",
    "databaseId": 3839563910,
    "commitOid": "74962aec9820f7e3a6f1e60f54b4ce8c747e1e1f",
    "environment": "production",
    "state": "INACTIVE",
    "createdAt": "2026-02-14T00:32:15Z",
    "updatedAt": "2026-02-20T00:30:59Z",
    "statuses": {
        "nodes": [
            {"state": "INACTIVE", "updatedAt": "2026-02-20T00:30:59Z"},
            {"state": "SUCCESS", "updatedAt": "2026-02-14T00:32:36Z"},
            {"state": "IN_PROGRESS", "updatedAt": "2026-02-14T00:32:20Z"},
        ]
    },
}


def test_graphql_pages_are_read_like_rest(tmp_path):
    """Nodes deep in the answer, camelCase keys, the repository around them: same table."""
    other = NODE | {"databaseId": 2, "commitOid": "ab" * 20}
    row = read_deployments(tmp_path, json.dumps(graphql(NODE)) + "\n" + json.dumps(graphql(other)))
    table = row.tables["deployments"]
    assert table["service"].tolist() == ["OpenBIC", "OpenBIC"]
    assert table["finished_at"].tolist() == [pd.Timestamp("2026-02-14T00:32:36Z")] * 2
    assert table["deployment_id"].tolist() == ["3839563910", "2"]
    assert table["commit_sha"][0] == "74962aec9820f7e3a6f1e60f54b4ce8c747e1e1f"


def test_a_last_status_of_success_is_enough(tmp_path):
    """Queries that ask only for the last status give the outcome of deployments not replaced."""
    node = {key: value for key, value in NODE.items() if key != "statuses"}
    node["latestStatus"] = {"state": "SUCCESS", "updatedAt": "2026-02-20T00:30:59Z"}
    table = read_deployments(tmp_path, [graphql(node)]).tables["deployments"]
    assert table["finished_at"].tolist() == [pd.Timestamp("2026-02-20T00:30:59Z")]


@pytest.mark.parametrize(
    ("environment", "kept"),
    [
        ("production", True),
        ("Production – shop", True),
        ("prod-eu", True),
        ("LIVE", True),
        ("preview", False),
        ("github-pages", False),
        ("product-demo", False),
        ("staging", False),
    ],
)
def test_only_production_is_kept_when_nothing_is_said(tmp_path, environment, kept):
    """Previews and pages would drown the real deployments; what stays out says how to keep it."""
    result = read_deployments(tmp_path, [deployment(statuses=DONE, environment=environment)])
    assert result.rows_kept == int(kept)
    if not kept:
        assert result.rejects["value"][0] == environment
        assert "set environment = " in result.rejects["reason"][0]
        assert result.rejects["by_rule"].tolist() == [True]
        assert any(f"left out: {environment} 1." in note for note in result.notes)


def test_what_github_itself_calls_production_is_production(tmp_path):
    """`production_environment: true` keeps a deployment whatever its environment is called."""
    record = deployment(statuses=DONE, environment="shop-main", production_environment=True)
    assert read_deployments(tmp_path, [record]).rows_kept == 1


def test_the_environment_asked_for_replaces_the_rule(tmp_path):
    """`environment = "staging.*"` keeps staging and leaves production out."""
    records = [
        deployment(1, statuses=DONE, environment="staging-eu"),
        deployment(2, statuses=DONE, environment="production", production_environment=True),
    ]
    result = read_deployments(tmp_path, records, Source(match="*", environment="staging.*"))
    assert result.tables["deployments"]["environment"].tolist() == ["staging-eu"]


def test_an_unfinished_preview_is_left_out_as_a_preview(tmp_path):
    """A row has one reason, and the environment is the first."""
    result = read_deployments(tmp_path, [deployment(environment="preview")])
    assert result.rejects["column"].tolist() == ["environment"]


def test_the_service_said_replaces_the_repository(tmp_path):
    """One repository may hold a service of another name."""
    source = Source(match="*", service="shop")
    table = read_deployments(tmp_path, [deployment(statuses=DONE)], source).tables["deployments"]
    assert table["service"].tolist() == ["shop"]


def test_a_key_of_the_payload_can_name_the_service(tmp_path):
    """Dotted keys reach into the payload, which GraphQL hands over as text."""
    records = [
        deployment(1, statuses=DONE, payload={"service": "cart"}),
        deployment(2, statuses=DONE, payload='{"service": "till"}'),
        deployment(3, statuses=DONE, payload="not json"),
    ]
    result = read_deployments(
        tmp_path, records, Source(match="*", columns={"service": "payload.service"})
    )
    assert result.tables["deployments"]["service"].tolist() == ["cart", "till"]
    assert "service is empty" in result.rejects["reason"][0]


def test_the_same_deployment_twice_counts_once(tmp_path):
    """Overlapping exports: the state with the latest end counts, the others are its history."""
    one = deployment(1, statuses=DONE)
    later = deployment(1, statuses=[status("failure", "2026-06-01T10:06:00Z")])
    result = read_deployments(tmp_path, [one, one, later])
    assert result.rows_kept == 1
    assert result.tables["deployments"]["status"].tolist() == ["failed"]
    assert result.rejects["line"].tolist() == [1, 2]
    assert left_out(result.rejects).all()


@pytest.mark.parametrize("count", [30, 100])
def test_a_full_page_raises_a_suspicion_github(tmp_path, count):
    """Exactly one page of deployments probably is not all of them."""
    result = read_deployments(tmp_path, [deployment(n, statuses=DONE) for n in range(count)])
    assert any("--paginate" in note for note in result.notes)


def test_a_time_that_is_none_is_refused_with_its_value(tmp_path):
    """A broken time costs its deployment, not the file."""
    records = [
        deployment(1, statuses=DONE, created_at="yesterday"),
        deployment(2, statuses=[status("success", "2026-06-01T12:00:00+02:00")]),
    ]
    result = read_deployments(tmp_path, records)
    assert result.rejects[["line", "column", "value"]].values.tolist() == [
        [1, "started_at", "yesterday"]
    ]
    assert result.tables["deployments"]["finished_at"].tolist() == [
        pd.Timestamp("2026-06-01T10:00:00Z")
    ]


def test_odd_members_do_not_stop_the_rest(tmp_path):
    """Nulls, numbers and odd statuses beside real records are passed over."""
    records = [None, 3, "x", deployment(1, statuses=[None, "x", *DONE]), {"message": "Not Found"}]
    assert read_deployments(tmp_path, records).rows_kept == 1


def test_an_error_page_is_not_taken_for_deployments(tmp_path):
    """What GitHub answers when it refuses is an unknown format, named."""
    path = write(tmp_path, {"message": "Not Found", "status": "404"})
    with pytest.raises(ReadError, match=r"^deployments\.json: the format"):
        recognition.read(path, root=tmp_path)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    damage=st.dictionaries(
        st.sampled_from([*deployment(statuses=[]), "payload"]), st.sampled_from(ODD)
    )
)
def test_a_damaged_record_costs_itself_and_nothing_else(tmp_path, damage):
    """Whatever a record holds in whatever key, the sound ones beside it are read."""
    sound = deployment(2, statuses=DONE)
    damaged = deployment(1, statuses=DONE) | damage
    source = Source(match="*", columns={"planned": "payload.planned"})
    result = read_deployments(tmp_path, [sound, damaged, deployment(3, statuses=DONE)], source)
    assert {"2", "3"} <= set(result.tables["deployments"]["deployment_id"])
    assert result.rows_read <= 3


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


def test_the_service_said_replaces_the_repository_of_a_run(tmp_path):
    """And a dotted key goes before it."""
    result = read(
        tmp_path, "github_runs", [run()], **DEPLOY, service="x",
        columns={"service": "head_commit.message"},
    )  # fmt: skip
    assert result.tables["deployments"]["service"].tolist() == ["faster"]
