"""Syncs of Argo CD."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import application


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
