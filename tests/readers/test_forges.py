"""Deployments, releases and tags of code hosts: what they say and when it reached users."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.readers.source import Source
from tests.readers.reading import ODD, at, noted, read
from tests.readers.shapes import SHA, bitbucket_deployment, gh_release, gitlab_deployment, release


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
    """Overlapping exports: the equal record is refused as equal, the other one as in conflict."""
    one = deployment(1, statuses=DONE)
    later = deployment(1, statuses=[status("failure", "2026-06-01T10:06:00Z")])
    result = read_deployments(tmp_path, [one, one, later])
    assert result.rows_kept == 1
    assert result.rejects["line"].tolist() == [2, 3]
    assert "same row stands in line 1" in result.rejects["reason"][0]
    assert "other values stands in line 1" in result.rejects["reason"][1]


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


def test_a_deployment_finishes_with_its_job_in_whatever_zone(tmp_path):
    """Z, +02:00 and +08:00 in one record are one instant each; the last update does not count."""
    row = read(tmp_path, "gitlab", [gitlab_deployment(3)]).tables["deployments"].iloc[0]
    assert row["started_at"] == at("06-01T10:01")
    assert row["finished_at"] == at("06-01T10:05")
    assert (row["deployment_id"], row["service"], row["commit_sha"]) == ("703", "shop", SHA)
    assert (row["environment"], row["status"]) == ("production", "succeeded")


def test_without_a_job_the_last_update_counts_and_that_is_said(tmp_path):
    """Deployments made through the API have `deployable: null`."""
    records = [gitlab_deployment(1), gitlab_deployment(2, deployable=None)]
    result = read(tmp_path, "gitlab", records)
    assert result.tables["deployments"]["finished_at"].tolist()[1] == at("06-09T09:00")
    assert noted(result, "1 of 2 deployments tell no end of a job")
    assert noted(result, "1 deployments name no project: taken as 'shop'")
    assert result.tables["deployments"]["service"].tolist() == ["shop", "shop"]


def test_a_project_is_not_guessed_among_two(tmp_path):
    """With two projects in the file, a deployment without a job has no service."""
    cart = gitlab_deployment(1)["deployable"] | {
        "web_url": "https://gl.example.org/a/cart/-/jobs/1"
    }
    records = [
        gitlab_deployment(1),
        gitlab_deployment(2, deployable=cart),
        gitlab_deployment(3, deployable=None),
    ]
    result = read(tmp_path, "gitlab", records)
    assert result.tables["deployments"]["service"].tolist() == ["shop", "cart"]
    assert "service is empty" in result.rejects["reason"][0]


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.example.org/acme/deep/er/shop/-/jobs/88",
        "https://gitlab.example.org/acme/shop/-/commit/c0ffee",
        "https://gitlab.example.org/acme/shop/pipelines/12",
    ],
)
def test_the_project_is_read_from_any_address(tmp_path, address):
    """Of a job, a commit or a pipeline, in the old and in the new form."""
    job = gitlab_deployment()["deployable"] | {"web_url": None, "pipeline": {"web_url": address}}
    result = read(tmp_path, "gitlab", [gitlab_deployment(deployable=job)])
    assert result.tables["deployments"]["service"].tolist() == ["shop"]


@pytest.mark.parametrize(
    ("word", "status"), [("success", "succeeded"), ("failed", "failed"), ("canceled", "cancelled")]
)
def test_statuses_are_outcomes(tmp_path, word, status):
    """GitLab writes canceled with one l."""
    result = read(tmp_path, "gitlab", [gitlab_deployment(status=word)])
    assert result.tables["deployments"]["status"].tolist() == [status]


@pytest.mark.parametrize("word", ["created", "running", "blocked"])
def test_what_is_under_way_is_refused(tmp_path, word):
    """It is neither a success nor a failure yet."""
    result = read(tmp_path, "gitlab", [gitlab_deployment(status=word)])
    assert "not finished" in result.rejects["reason"][0]


def test_a_skipped_deployment_deployed_nothing(tmp_path):
    """It is left out by rule."""
    result = read(tmp_path, "gitlab", [gitlab_deployment(status="skipped")])
    assert result.rejects["by_rule"].tolist() == [True]


def test_the_tier_tells_production_whatever_its_name(tmp_path):
    """Without a tier, the name decides."""
    records = [
        gitlab_deployment(1, environment={"name": "shop-main", "tier": "production"}),
        gitlab_deployment(2, environment={"name": "shop-main", "tier": "staging"}),
    ]
    result = read(tmp_path, "gitlab", records)
    assert result.tables["deployments"]["deployment_id"].tolist() == ["701"]


@pytest.mark.parametrize("count", [20, 100])
def test_a_full_page_raises_a_suspicion_gitlab(tmp_path, count):
    """GitLab gives twenty at a time unless asked for more."""
    records = [gitlab_deployment(n) for n in range(count)]
    assert noted(read(tmp_path, "gitlab", records), f"Exactly {count} deployments", "truncated?")
    assert not noted(read(tmp_path, "gitlab", records[1:]), "truncated?")


def test_a_deployment_is_over_when_its_state_was_completed(tmp_path):
    """Start, end, commit and repository come from the record."""
    row = read(tmp_path, "bitbucket", {"values": [bitbucket_deployment()]})
    row = row.tables["deployments"].iloc[0]
    assert (row["started_at"], row["finished_at"]) == (at("06-01T10:00"), at("06-01T10:05"))
    assert (row["service"], row["commit_sha"], row["status"]) == ("shop", SHA, "succeeded")


@pytest.mark.parametrize(
    ("word", "status"),
    [("SUCCESSFUL", "succeeded"), ("FAILED", "failed"), ("STOPPED", "cancelled")],
)
def test_how_it_ended_stands_below_the_state(tmp_path, word, status):
    """`COMPLETED` alone only says that it is over."""
    state = bitbucket_deployment()["state"] | {"status": {"name": word}}
    result = read(tmp_path, "bitbucket", [bitbucket_deployment(state=state)])
    assert result.tables["deployments"]["status"].tolist() == [status]


def test_completed_alone_counts_as_succeeded_and_that_is_said(tmp_path):
    """Older records do not say how it ended."""
    state = {k: v for k, v in bitbucket_deployment()["state"].items() if k != "status"}
    result = read(tmp_path, "bitbucket", [bitbucket_deployment(state=state)])
    assert result.tables["deployments"]["status"].tolist() == ["succeeded"]
    assert noted(result, "1 of 1 deployments are completed and do not say how")


@pytest.mark.parametrize(
    ("word", "reason"), [("IN_PROGRESS", "not finished"), ("UNDEPLOYED", "nothing was deployed")]
)
def test_what_did_not_happen_is_not_kept(tmp_path, word, reason):
    """Under way, or waiting for somebody."""
    result = read(tmp_path, "bitbucket", [bitbucket_deployment(state={"name": word})])
    assert reason in result.rejects["reason"][0]


def test_an_environment_known_by_identifier_can_be_asked_for(tmp_path):
    """It is no production until somebody says so."""
    records = [bitbucket_deployment(environment={"uuid": "{e1}", "type": "x"})]
    result = read(tmp_path, "bitbucket", records)
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["{e1}", True]]
    assert read(tmp_path, "bitbucket", records, environment=r"\{e1\}").rows_kept == 1


def test_a_next_page_is_missing(tmp_path):
    """The page itself says that there are more; the last of all pages does not."""
    page = {"values": [bitbucket_deployment()], "next": "https://api.bitbucket.org/2.0/x?page=2"}
    assert noted(read(tmp_path, "bitbucket", page), "names a next one")
    last = '{"values": []}'
    assert not noted(read(tmp_path, "bitbucket", json.dumps(page) + last), "names a next one")


def test_newer_answers_spell_the_times_otherwise(tmp_path):
    """`start_date` and `completion_date`; the address of the result names the repository."""
    state = {
        "name": "COMPLETED",
        "status": {"name": "SUCCESSFUL"},
        "start_date": "2026-06-01T10:01:00Z",
        "completion_date": "2026-06-01T10:04:00Z",
        "url": "https://bitbucket.org/acme/till/pipelines/results/42",
    }
    result = read(tmp_path, "bitbucket", [bitbucket_deployment(state=state)])
    row = result.tables["deployments"].iloc[0]
    assert (row["started_at"], row["finished_at"]) == (at("06-01T10:01"), at("06-01T10:04"))
    assert row["service"] == "till"


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
    """It counts as an environment of its own, which `environment` can keep."""
    records = [made(1, **{key: True}), made(2)]
    result = read(tmp_path, "github_releases", records, service="shop")
    assert result.tables["deployments"]["deployment_id"].tolist() == ["v1.2"]
    assert result.rejects["by_rule"].tolist() == [True]
    assert "set environment = " in result.rejects["reason"][0]
    both = {"service": "shop", "environment": ["production", "prerelease"]}
    assert read(tmp_path, "github_releases", records, **both).rows_kept == 2


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


FORMAT = "%(refname:short),%(creatordate:iso-strict),%(objectname),%(*objectname)"
SHOP = Source(match="*", service="shop")
A, B, C = "a" * 40, "b" * 40, "c" * 40


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
    """A line pasted twice is refused as equal."""
    line = f"v1,2026-06-01T10:00:00Z,{A},\n"
    result = read_tags(tmp_path, line + line)
    assert "same row stands in line 1" in result.rejects["reason"][0]


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
