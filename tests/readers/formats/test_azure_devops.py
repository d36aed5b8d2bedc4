"""Builds of Azure DevOps."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, azure_build


@pytest.mark.parametrize("wrap", [list, lambda builds: {"count": 1, "value": builds}])
def test_a_build_is_a_deployment_from_its_start_to_its_end(tmp_path, wrap):
    """The queue does not count; the repository is the service."""
    row = read(tmp_path, "azure_devops", wrap([azure_build(3)])).tables["deployments"].iloc[0]
    assert (row["started_at"], row["finished_at"]) == (at("06-01T10:01"), at("06-01T10:21"))
    assert (row["deployment_id"], row["service"]) == ("3", "shop")
    assert (row["commit_sha"], row["status"]) == (SHA, "succeeded")


@pytest.mark.parametrize(
    ("result", "status"),
    [("succeeded", "succeeded"), ("partiallySucceeded", "succeeded"), ("failed", "failed"),
     ("canceled", "cancelled")],
)  # fmt: skip
def test_results_are_outcomes(tmp_path, result, status):
    """A partial success counts as one, and that is said."""
    found = read(tmp_path, "azure_devops", [azure_build(result=result)])
    assert found.tables["deployments"]["status"].tolist() == [status]
    assert noted(found, "1 of 1 builds are partiallySucceeded") == (result == "partiallySucceeded")


def test_a_partial_success_can_be_called_a_failure(tmp_path):
    """By the line the note gives."""
    words = {"status": {"partiallySucceeded": "failed"}}
    found = read(tmp_path, "azure_devops", [azure_build(result="partiallySucceeded")], values=words)
    assert found.tables["deployments"]["status"].tolist() == ["failed"]


def test_a_build_under_way_is_refused(tmp_path):
    """It has no result yet."""
    build = azure_build(status="inProgress", result=None, finishTime=None)
    found = read(tmp_path, "azure_devops", [build])
    assert "not finished" in found.rejects["reason"][0]


def test_of_several_definitions_those_that_deploy_must_be_named(tmp_path):
    """Most builds are no deployments."""
    builds = [azure_build(1), azure_build(2, definition={"name": "Tests"})]
    with pytest.raises(ReadError, match=r"'Deploy' 1, 'Tests' 1. Fix: add workflow = \"NAME\""):
        read(tmp_path, "azure_devops", builds)
    found = read(tmp_path, "azure_devops", builds, workflow="Deploy")
    assert found.tables["deployments"]["deployment_id"].tolist() == ["1"]
    assert found.rejects[["value", "by_rule"]].values.tolist() == [["Tests", True]]


def test_without_a_repository_the_service_is_asked_for(tmp_path):
    """The project holds many."""
    with pytest.raises(ReadError, match=r'Fix: add service = "\.\.\."'):
        read(tmp_path, "azure_devops", [azure_build(repository={"id": "r1"})])
