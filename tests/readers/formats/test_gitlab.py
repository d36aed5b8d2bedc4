"""GitLab deployments and pipelines."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, gitlab_deployment, pipeline


def status(state, created_at):
    """A status as the REST interface writes it."""
    return {"state": state, "created_at": created_at}


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


def test_a_pipeline_of_the_ref_that_deploys_is_a_deployment(tmp_path):
    """From its start to its end; other refs are left out by rule."""
    pipelines = [pipeline(1), pipeline(2, ref="feature")]
    result = read(tmp_path, "gitlab_pipelines", pipelines, where={"ref": "main"})
    row = result.tables["deployments"].iloc[0]
    assert (row["started_at"], row["finished_at"]) == (at("06-01T10:00:10"), at("06-01T10:08"))
    assert (row["service"], row["commit_sha"], row["status"]) == ("shop", SHA, "succeeded")
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["feature", True]]


def test_of_several_refs_the_one_that_deploys_must_be_named(tmp_path):
    """The error lists them and gives the line."""
    with pytest.raises(ReadError, match=r"'feature' 1, 'main' 1. Fix: add where = { ref = \"NAME"):
        read(tmp_path, "gitlab_pipelines", [pipeline(1), pipeline(2, ref="feature")])


def test_without_an_end_the_last_update_counts(tmp_path):
    """Lists of pipelines bring no end, and that is said."""
    bare = {k: v for k, v in pipeline().items() if k not in ("started_at", "finished_at")}
    result = read(tmp_path, "gitlab_pipelines", [bare])
    assert result.tables["deployments"]["finished_at"].tolist() == [at("06-01T10:09")]
    assert noted(result, "1 of 1 pipelines tell no end")


@pytest.mark.parametrize(
    ("word", "reason"), [("running", "not finished"), ("skipped", "nothing was deployed")]
)
def test_what_did_not_happen_is_not_kept(tmp_path, word, reason):
    """Under way, or skipped."""
    result = read(tmp_path, "gitlab_pipelines", [pipeline(status=word)])
    assert reason in result.rejects["reason"][0]
