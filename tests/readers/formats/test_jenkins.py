"""Jenkins builds."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import SHA, build


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
