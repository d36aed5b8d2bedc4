"""GitHub issues as incidents."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import issue


def rest_issue(number=1, **more):
    """An issue as the REST interface writes it."""
    return {
        "number": number, "title": "Checkout is down", "state": "closed",
        "state_reason": "completed", "created_at": "2026-06-01T10:00:00Z",
        "closed_at": "2026-06-01T11:00:00Z", "labels": [{"name": "incident"}],
        "html_url": f"https://github.com/acme/shop/issues/{number}",
        "repository_url": "https://api.github.com/repos/acme/shop",
    } | more  # fmt: skip


@pytest.mark.parametrize("made", [issue, rest_issue])
def test_an_issue_is_an_incident_from_opening_to_closing(tmp_path, made):
    """Opening is when somebody noticed; the repository is the service."""
    row = read(tmp_path, "github_issues", [made(3)]).tables["incidents"].iloc[0]
    assert row["started_at"] == row["detected_at"] == at("06-01T10:00")
    assert row["resolved_at"] == at("06-01T11:00")
    assert (row["incident_id"], row["service"]) == ("3", "shop")


def test_a_label_can_tell_the_severity(tmp_path):
    """sev-2, P1, severity: high; an issue without one has none."""
    issues = [
        issue(1),
        issue(2, labels=["incident", "severity: high"]),
        issue(3, labels=["outage"]),
    ]
    severities = read(tmp_path, "github_issues", issues).tables["incidents"]["severity"]
    assert severities.tolist()[:2] == ["sev-2", "severity: high"]
    assert severities.isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("label", "kept"),
    [("incident", True), ("Incident", True), ("type: outage", True), ("incidental", False),
     ("bug", False)],
)  # fmt: skip
def test_only_issues_labelled_incident_are_kept(tmp_path, label, kept):
    """The others are left out by rule, with their labels."""
    result = read(tmp_path, "github_issues", [issue(labels=[{"name": label}])])
    assert result.rows_kept == int(kept)
    if not kept:
        assert result.rejects[["value", "by_rule"]].values.tolist() == [[label, True]]
        assert noted(result, "No issue carries the label", f"'{label}' 1")


def test_other_labels_can_be_asked_for(tmp_path):
    """`label = "status"` is what a monitor writes that keeps its incidents as issues."""
    result = read(tmp_path, "github_issues", [issue(1, labels=["status"]), issue(2)],
                  label="status")  # fmt: skip
    assert result.tables["incidents"]["incident_id"].tolist() == ["1"]


@pytest.mark.parametrize("reason", ["NOT_PLANNED", "DUPLICATE"])
def test_what_was_not_planned_was_no_incident(tmp_path, reason):
    """Left out by rule."""
    result = read(tmp_path, "github_issues", [issue(stateReason=reason)])
    assert result.rejects["by_rule"].tolist() == [True]


def test_a_pull_request_is_no_issue(tmp_path):
    """The REST interface lists both."""
    result = read(tmp_path, "github_issues", [rest_issue(pull_request={"url": "x"})])
    assert "a pull request" in result.rejects["reason"][0]


def test_an_open_issue_is_an_open_incident(tmp_path):
    """It has no time of closing."""
    result = read(tmp_path, "github_issues", [issue(state="OPEN", closedAt=None, stateReason="")])
    assert result.tables["incidents"]["resolved_at"].isna().tolist() == [True]


def test_exactly_thirty_issues_raise_a_suspicion(tmp_path):
    """`gh issue list` stops there unless told otherwise."""
    issues = [issue(n) for n in range(30)]
    assert noted(read(tmp_path, "github_issues", issues), "Exactly 30 issues", "truncated?")
    assert not noted(read(tmp_path, "github_issues", issues[1:]), "truncated?")


def test_issues_without_labels_say_how_to_export_them(tmp_path):
    """Nothing would tell an incident from a wish."""
    bare = {key: value for key, value in issue().items() if key != "labels"}
    with pytest.raises(ReadError, match="--json number,title,labels"):
        read(tmp_path, "github_issues", [bare])


def test_a_request_exported_as_an_issue_is_left_out(tmp_path):
    """Its address tells, where `mergedAt` was not exported."""
    records = [issue(1), issue(2, url="https://github.com/acme/shop/pull/2")]
    result = read(tmp_path, "github_issues", records)
    assert result.tables["incidents"]["incident_id"].tolist() == ["1"]
    assert "a pull request" in result.rejects["reason"][0]


@pytest.mark.parametrize("label", ["incident-review", "post-incident", "Incident follow-up"])
def test_what_follows_an_incident_is_none(tmp_path, label):
    """Reviews and follow-ups carry its name."""
    records = [issue(1), issue(2, labels=[{"name": label}])]
    result = read(tmp_path, "github_issues", records)
    assert result.tables["incidents"]["incident_id"].tolist() == ["1"]


def test_answers_of_a_search_are_read(tmp_path):
    """In `items`, with merged pull requests among them that bring no address."""
    records = [issue(1), issue(2, state="MERGED", url=None)]
    result = read(tmp_path, "github_issues", {"total_count": 2, "items": records}, service="web")
    assert result.tables["incidents"]["incident_id"].tolist() == ["1"]
