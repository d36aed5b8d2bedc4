"""What every format of records has in common: choosing records, words, and the columns of CSV."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from tests.readers import shapes
from tests.readers.reading import noted, read
from tests.readers.shapes import JIRA, gitlab_deployment, jira_row, run, table


def test_where_keeps_records_by_dotted_keys(tmp_path):
    """The others are left out by rule and counted by kind."""
    records = [gitlab_deployment(n, ref=ref) for n, ref in enumerate(("main", "dev", "dev"))]
    result = read(tmp_path, "gitlab", records, where={"ref": "main"})
    assert result.tables["deployments"]["deployment_id"].tolist() == ["700"]
    assert result.rejects[["column", "value", "by_rule"]].values.tolist() == [
        ["ref", "dev", True], ["ref", "dev", True],
    ]  # fmt: skip
    assert noted(result, "2 records left out by ref: 'dev' 2")
    both = read(tmp_path, "gitlab", records, where={"ref": ["main", "dev"]})
    assert both.rows_kept == 3


def test_where_reaches_into_objects(tmp_path):
    """A dotted key names what lies below."""
    result = read(tmp_path, "gitlab", [gitlab_deployment(1)], where={"user.name": "b"})
    assert result.rejects["column"].tolist() == ["user.name"]


def test_where_names_a_column_of_a_csv(tmp_path):
    """A column that is not there is an error that lists the others."""
    rows = [jira_row(1), jira_row(2, Priority="Low")]
    said = {"timezone": "UTC", "where": {"Priority": "High"}}
    result = read(tmp_path, "jira", table(JIRA, *rows), name="j.csv", **said)
    assert result.tables["incidents"]["incident_id"].tolist() == ["INC-1"]
    said["where"] = {"Urgency": "High"}
    with pytest.raises(ReadError, match=r"no column 'Urgency'; the file has 'Summary'"):
        read(tmp_path, "jira", table(JIRA, *rows), name="j.csv", **said)


def test_words_of_a_tool_can_be_given_another_meaning(tmp_path):
    """What sources.toml says goes before what the format says."""
    words = {"status": {"skipped": "failed", "SUCCESS": "rolled_back"}}
    records = [gitlab_deployment(1), gitlab_deployment(2, status="skipped")]
    result = read(tmp_path, "gitlab", records, values=words)
    assert result.tables["deployments"]["status"].tolist() == ["rolled_back", "failed"]


def test_unknown_words_are_counted_with_the_line_to_write(tmp_path):
    """Each is refused; the note says how often it occurs."""
    records = [gitlab_deployment(n, status="fine") for n in (1, 2)]
    result = read(tmp_path, "gitlab", records)
    assert result.rejects["value"].tolist() == ["fine", "fine"]
    assert noted(result, "2 rows have an unknown status ('fine' 2)", 'values.status = { "fine"')


def test_a_choice_says_what_was_left_out(tmp_path):
    """The runs of other workflows are counted by workflow."""
    runs = [run(1), run(2, name="Tests"), run(3, name="Tests")]
    result = read(tmp_path, "github_runs", runs, workflow="Deploy")
    assert noted(result, "2 records left out by workflow: 'Tests' 2")


@pytest.mark.parametrize(
    ("form", "record", "said", "address"),
    [
        ("github_issues", shapes.issue(url="https://api.github.com/repos/a/b/issues/1",
                                       html_url="https://github.com/a/b/issues/1"), {},
         "https://github.com/a/b/issues/1"),
        ("github_runs", shapes.run(), {"workflow": ["Deploy"]},
         "https://github.com/acme/shop/actions/runs/9001"),
        ("github_pulls", shapes.gh_pull(), {}, "https://github.com/acme/shop/pull/1"),
        ("github_releases", shapes.release(), {},
         "https://github.com/acme/shop/releases/tag/v1.1"),
        ("gitlab", shapes.gitlab_deployment(), {},
         "https://gitlab.example.org/acme/group/shop/-/jobs/88"),
        ("gitlab_merge_requests", shapes.merge_request(), {},
         "https://gitlab.example.org/acme/shop/-/merge_requests/1"),
        ("gitlab_pipelines", shapes.pipeline(), {"where": {"ref": ["main"]}},
         "https://gitlab.example.org/acme/shop/-/pipelines/1"),
        ("azure_devops", shapes.azure_build(_links={"web": {"href": "https://dev.example.org/1"}}),
         {"workflow": ["Deploy"]}, "https://dev.example.org/1"),
        ("jenkins", shapes.build(), {}, "https://ci.example.org/job/acme/job/deploy-shop/1/"),
        ("statuspage", shapes.status_page(shapes.page_incident()), {},
         "https://stspg.example.org/1"),
        ("pagerduty_api", shapes.pagerduty_incident(html_url="https://acme.example.org/Q1"), {},
         "https://acme.example.org/Q1"),
        ("incident_io", shapes.io_incident(permalink="https://app.example.org/1"),
         {"service": "web"}, "https://app.example.org/1"),
    ],
)  # fmt: skip
def test_the_address_people_open_is_kept(tmp_path, form, record, said, address):
    """Not that of the interface, where an export has both."""
    (table,) = (t for t in read(tmp_path, form, [record], **said).tables.values() if len(t))
    assert table["url"].tolist() == [address]


def test_a_quote_open_for_megabytes_refuses_the_file(tmp_path):
    """The records inside it are not one broken record; the line is that of the quote."""
    content = table(JIRA, jira_row(1)) + f'x,"{"y" * 90}\n' + "a,b\n" * 600_000
    with pytest.raises(ReadError, match=r"line 3: a quote is opened here .*Fix: close the quote"):
        read(tmp_path, "jira", content, name="j.csv", timezone="UTC")
