"""Bitbucket deployments."""

from __future__ import annotations

import json

import pytest

from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, bitbucket_deployment


def status(state, created_at):
    """A status as the REST interface writes it."""
    return {"state": state, "created_at": created_at}


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
