"""Pipelines of GitLab."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, pipeline


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
