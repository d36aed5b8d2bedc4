"""Status pages, GitHub issues and Jira issues."""

from __future__ import annotations

import pandas as pd
import pytest
from babel.dates import get_month_names
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import cells
from tests.readers import reading
from tests.readers.reading import at, noted, read
from tests.readers.shapes import JIRA, issue, jira_row, page_incident, status_page, table


def test_times_of_the_page_become_utc(tmp_path):
    """Start as said, detection with the creation, the end with the resolution."""
    row = read(tmp_path, "statuspage", status_page(page_incident())).tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:00")
    assert row["detected_at"] == at("06-01T10:05")
    assert row["resolved_at"] == at("06-01T11:15")
    assert (row["incident_id"], row["service"], row["severity"]) == ("inc1", "API (EU)", "major")
    assert row["title"] == "Checkout fails"


def test_an_incident_counts_for_every_component_it_hit(tmp_path):
    """One row each, and the report says how many incidents that concerns."""
    parts = [{"name": "API"}, {"name": "Web"}]
    result = read(
        tmp_path, "statuspage", status_page(page_incident(1, components=parts), page_incident(2))
    )
    assert result.tables["incidents"]["service"].tolist() == ["API", "Web", "API (EU)"]
    assert noted(result, "1 of 2 incidents hit several services", "3 rows")


def test_components_become_the_services_said(tmp_path):
    """Two components of one service count once; a name not mapped stays."""
    parts = [{"name": "API (EU)"}, {"name": "API (US)"}, {"name": "Docs"}]
    services = {"API (EU)": "api", "API (US)": "api", "Shop": "shop"}
    result = read(
        tmp_path, "statuspage", status_page(page_incident(components=parts)), services=services
    )
    assert result.tables["incidents"]["service"].tolist() == ["api", "Docs"]
    assert noted(result, "services names 'Shop', which no row is about")


def test_a_service_said_is_that_of_the_whole_page(tmp_path):
    """Then an incident is one row, whatever it hit."""
    parts = [{"name": "API"}, {"name": "Web"}]
    result = read(
        tmp_path, "statuspage", status_page(page_incident(components=parts)), service="shop"
    )
    assert result.tables["incidents"]["service"].tolist() == ["shop"]


@pytest.mark.parametrize("components", [[], None])
def test_an_incident_without_components_is_one_of_the_page(tmp_path, components):
    """The name of the page stands in for a service, and that is said."""
    result = read(tmp_path, "statuspage", status_page(page_incident(components=components)))
    assert result.tables["incidents"]["service"].tolist() == ["Acme"]
    assert noted(result, "1 entries name no component", "'Acme'")


def without(incident, *keys):
    """The incident as an older page writes it."""
    return {key: value for key, value in incident.items() if key not in keys}


def test_without_a_start_the_creation_counts_and_that_is_said(tmp_path):
    """Older pages have no `started_at`."""
    result = read(tmp_path, "statuspage", status_page(without(page_incident(), "started_at")))
    assert result.tables["incidents"]["started_at"].tolist() == [at("06-01T10:05")]
    assert noted(result, "1 of 1 incidents do not say when they started")


def test_an_incident_filled_in_later_begins_with_its_first_update(tmp_path):
    """Its creation lies days after its end: it is neither the start nor the detection."""
    incident = without(page_incident(created_at="2026-06-04T05:00:00-05:00"), "started_at")
    result = read(tmp_path, "statuspage", status_page(incident))
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == at("06-01T10:05")
    assert row.isna()["detected_at"]
    assert noted(result, "1 were filled in later")


def test_the_moment_of_the_fix_is_told_and_can_be_taken_as_the_end(tmp_path):
    """45 minutes after the start; where an incident does not say it, its resolution stays."""
    page = status_page(page_incident(1), page_incident(2, monitoring_at=None))
    result = read(tmp_path, "statuspage", page)
    assert noted(result, "1 of 2 incidents say when a fix was in", "median of 30 minutes")
    said = {"columns": {"resolved_at": "monitoring_at"}}
    ends = read(tmp_path, "statuspage", page, **said).tables["incidents"]["resolved_at"]
    assert ends.tolist() == [at("06-01T10:45"), at("06-01T11:15")]


def test_the_moment_of_the_fix_is_when_it_was_mitigated(tmp_path):
    """If it lies inside the incident; one outside was filled in later."""
    late = page_incident(2, monitoring_at="2026-06-01T09:00:00.000-05:00")
    rows = read(tmp_path, "statuspage", status_page(page_incident(1), late)).tables["incidents"]
    assert rows["mitigated_at"].tolist() == [at("06-01T10:45"), pd.NaT]


def test_an_end_that_is_not_told_is_that_of_the_last_resolved_update(tmp_path):
    """Status resolved without `resolved_at`; without such an update it stays open, and both are
    said.
    """
    told = page_incident(1, resolved_at=None)
    mute = page_incident(2, resolved_at=None, incident_updates=[])
    result = read(tmp_path, "statuspage", status_page(told, mute))
    ends = result.tables["incidents"]["resolved_at"]
    assert ends[0] == at("06-01T11:15")
    assert ends.isna().tolist() == [False, True]
    assert noted(result, "2 incidents are over and tell no end")


def test_an_open_incident_stays_open(tmp_path):
    """Monitoring is not resolved."""
    incident = page_incident(status="monitoring", resolved_at=None)
    result = read(tmp_path, "statuspage", status_page(incident))
    assert result.tables["incidents"]["resolved_at"].isna().tolist() == [True]


def test_incidents_without_impact_are_kept_and_counted(tmp_path):
    """None can be a notice, or a component nobody set."""
    result = read(tmp_path, "statuspage", status_page(page_incident(impact="none")))
    assert result.tables["incidents"]["severity"].tolist() == ["none"]
    assert noted(result, "1 of 1 incidents have impact none")


def test_maintenance_becomes_an_exclusion(tmp_path):
    """Scheduled in its own list, or among the incidents: with its window, and no incident."""
    planned = page_incident(
        2, impact="maintenance", status="scheduled", resolved_at=None, started_at=None,
        scheduled_for="2026-06-05T00:00:00-05:00", scheduled_until="2026-06-05T02:00:00-05:00",
    )  # fmt: skip
    done = page_incident(3, impact="maintenance")
    page = status_page(page_incident(1), done, scheduled_maintenances=[planned])
    result = read(tmp_path, "statuspage", page)
    assert result.tables["incidents"]["incident_id"].tolist() == ["inc1"]
    windows = result.tables["exclusions"]
    assert windows["starts_at"].tolist() == [at("06-01T10:00"), at("06-05T05:00")]
    assert windows["ends_at"].tolist() == [at("06-01T11:15"), at("06-05T07:00")]
    assert noted(result, "2 planned maintenance windows became exclusions")


def test_exactly_fifty_incidents_raise_a_suspicion(tmp_path):
    """A status page gives no more, however long its history."""
    incidents = [page_incident(n) for n in range(50)]
    full = read(tmp_path, "statuspage", status_page(*incidents))
    assert noted(full, "Exactly 50 incidents", "truncated?")
    assert not noted(read(tmp_path, "statuspage", status_page(*incidents[1:])), "truncated?")


def test_a_page_without_incidents_is_read(tmp_path):
    """A quiet month is no error."""
    result = read(tmp_path, "statuspage", status_page())
    assert (result.rows_read, len(result.tables["incidents"])) == (0, 0)


def test_empty_keys_of_a_maintenance_make_no_maintenance(tmp_path):
    """The interface for owners writes `scheduled_for: null` into every incident."""
    incident = page_incident(scheduled_for=None, scheduled_until=None, backfilled=False)
    result = read(tmp_path, "statuspage", status_page(incident))
    assert result.tables["incidents"]["incident_id"].tolist() == ["inc1"]


def test_groups_are_no_components_and_updates_can_tell_of_some(tmp_path):
    """A group holds components; without any, those that left operational in an update count."""
    grouped = page_incident(1, components=[{"name": "All", "group": True}, {"name": "Web"}])
    told = [
        {"name": "API", "new_status": "major_outage"},
        {"name": "Web", "new_status": "operational"},
    ]
    update = page_incident()["incident_updates"][1] | {"affected_components": told}
    late = page_incident(2, components=[], incident_updates=[update, update])
    result = read(tmp_path, "statuspage", status_page(grouped, late))
    assert result.tables["incidents"]["service"].tolist() == ["Web", "API"]


def test_open_incidents_beside_fifty_raise_the_suspicion_too(tmp_path):
    """A page gives the last fifty that are over and adds what is open."""
    incidents = [page_incident(n) for n in range(50)]
    incidents.append(page_incident(50, status="investigating", resolved_at=None))
    assert noted(read(tmp_path, "statuspage", status_page(*incidents)), "truncated?")


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


BERLIN = {"timezone": "Europe/Berlin"}


def read_issues(folder, *rows, header=JIRA, **said):
    """Result of reading the rows as a Jira export."""
    content = table(header, *rows)
    return reading.read(folder, "jira", content, name="jira.csv", **(said or BERLIN))


def test_an_issue_is_an_incident_in_the_zone_said(tmp_path):
    """`01/Jun/26 12:00 PM` is noon in Berlin; creation is start and detection."""
    result = read_issues(tmp_path, jira_row(7))
    row = result.tables["incidents"].iloc[0]
    assert row["started_at"] == row["detected_at"] == at("06-01T10:00")
    assert row["resolved_at"] == at("06-01T11:15")
    assert (row["incident_id"], row["service"], row["severity"]) == ("INC-7", "shop", "High")
    assert row["title"] == "Checkout fails"
    assert result.timezone == "Europe/Berlin"


def test_without_a_zone_nothing_is_guessed(tmp_path):
    """Jira writes the time of whoever exports, and does not say where that is."""
    with pytest.raises(ReadError, match=r"column 'Created' carry no time zone.*timezone = "):
        read_issues(tmp_path, jira_row(), service="shop")


def test_repeated_columns_are_one_column(tmp_path):
    """Two components are two services; labels and comments may repeat as they like."""
    result = read_issues(tmp_path, jira_row(second_component="cart"))
    assert result.tables["incidents"]["service"].tolist() == ["shop", "cart"]
    assert noted(result, "1 of 1 incidents hit several services")
    late = read_issues(tmp_path, jira_row(first_component="", second_component="cart"))
    assert late.tables["incidents"]["service"].tolist() == ["cart"]


def test_a_row_wider_than_the_header_is_refused_with_its_line(tmp_path):
    """Its cells are shifted by nobody knows how many: none of them is used."""
    wide = [*jira_row(2)[:3], "x,", *jira_row(2)[3:], "left over"]
    result = read_issues(tmp_path, jira_row(1), wide, jira_row(3))
    assert result.tables["incidents"]["incident_id"].tolist() == ["INC-1", "INC-3"]
    assert result.rejects["line"].tolist() == [3]
    assert "the row has 17 fields and the header 15" in result.rejects["reason"][0]


def test_empty_cells_beyond_the_header_shift_nothing(tmp_path):
    """Spreadsheets add them."""
    assert read_issues(tmp_path, [*jira_row(), "", ""]).rows_kept == 1


def test_lines_are_those_of_the_file(tmp_path):
    """Descriptions of several lines, with separators of lines that only Unicode knows."""
    rows = [jira_row(1, Summary="a\nb\u2028c\n"), jira_row(2, Created="soon"), jira_row(3)]
    result = read_issues(tmp_path, *rows)
    assert result.rejects[["line", "column", "value"]].values.tolist() == [[5, "Created", "soon"]]
    assert result.tables["incidents"]["title"][0] == "a\nb\u2028c\n"


def test_dates_that_excel_wrote_are_read(tmp_path):
    """`6/21/2025 16:14` shows with its 21 that the month comes first, for the whole file."""
    rows = [
        jira_row(1, Created="6/7/2026 12:00", Resolved="6/21/2026 16:14", Updated=""),
        jira_row(2, Created="6/1/2026 8:00", Resolved="6/1/2026 9:00", Updated=""),
    ]
    starts = read_issues(tmp_path, *rows).tables["incidents"]["started_at"]
    assert starts.tolist() == [at("06-07T10:00"), at("06-01T06:00")]


def test_dates_that_can_be_read_in_two_ways_are_an_error(tmp_path):
    """6/7 is in June or in July; and a file with both orders has none."""
    both = jira_row(Created="6/7/2026 12:00", Resolved="6/8/2026 13:00", Updated="")
    with pytest.raises(ReadError, match=r"can be read in two ways; no date shows.*do not save it"):
        read_issues(tmp_path, both)
    mixed = jira_row(Created="13/7/2026 12:00", Resolved="7/14/2026 13:00", Updated="")
    with pytest.raises(ReadError, match=r"'13/7/2026 12:00' has the day first"):
        read_issues(tmp_path, mixed)


@pytest.mark.parametrize(
    ("written", "month"),
    [
        # as a profile writes them: German, French, Spanish, Polish, Turkish, Finnish
        ("01/Mai/26 12:00 PM", 5), ("01/Mrz/26 12:00 PM", 3), ("01/März/26 12:00 PM", 3),
        ("01/févr./26 12:00 PM", 2), ("01/ago/26 12:00 PM", 8), ("01/wrz/26 12:00 PM", 9),
        ("01/Ağu/26 12:00 PM", 8), ("01/marras/26 12:00 PM", 11), ("01/October/26 12:00 PM", 10),
    ],
)  # fmt: skip
def test_months_are_read_in_the_language_of_the_profile(tmp_path, written, month):
    """Short or long, with a dot or without."""
    row = jira_row(1, Created=written, Resolved="31/Dec/26 12:00 PM", Updated="")
    started = read_issues(tmp_path, row).tables["incidents"]["started_at"][0]
    assert started.tz_convert("Europe/Berlin").month == month


def test_no_name_means_two_months():
    """Taken from all languages together, a name would otherwise be read wrongly in one."""
    every = [
        (name.lower().rstrip("."), number)
        for language in cells.LANGUAGES
        for width in ("abbreviated", "wide")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    ]
    assert all(cells.months()[name] == number for name, number in every)


def test_months_of_no_known_language_are_refused_with_the_way_out(tmp_path):
    """The row is kept apart, with what stands there."""
    result = read_issues(tmp_path, jira_row(1, Created="01/Lipanj/26 12:00 PM"), jira_row(2))
    assert "no month is called 'Lipanj'" in result.rejects["reason"][0]
    assert "set the language of your Jira profile" in result.rejects["reason"][0]


def test_an_hour_that_came_twice_is_refused(tmp_path):
    """Local times have no offset: which of the two is meant cannot be known."""
    twice = jira_row(1, Created="25/Oct/26 2:30 AM", Resolved="25/Oct/26 5:00 AM")
    result = read_issues(tmp_path, twice, jira_row(2))
    assert "occurred twice in Europe/Berlin" in result.rejects["reason"][0]


def test_done_without_a_resolution_ends_with_the_last_update(tmp_path):
    """Workflows without resolutions leave it empty; an issue in progress stays open."""
    rows = [
        jira_row(1, Resolved="", Resolution=""),
        jira_row(2, Resolved="", Resolution="", Status="In Progress"),
    ]
    result = read_issues(tmp_path, *rows)
    ends = result.tables["incidents"]["resolved_at"]
    assert ends[0] == at("06-09T07:30")
    assert ends.isna().tolist() == [False, True]
    assert noted(result, "1 of 2 rows are of issues that are done and have no Resolved")


def test_the_category_of_the_status_goes_before_its_name(tmp_path):
    """Statuses have any name; their category is Done or it is not."""
    header = [*JIRA, "Status Category"]
    rows = [[*jira_row(n, Resolved="", Status="Verified"), word]
            for n, word in ((1, "Done"), (2, "In Progress"))]  # fmt: skip
    ends = read_issues(tmp_path, *rows, header=header).tables["incidents"]["resolved_at"]
    assert ends.isna().tolist() == [False, True]


@pytest.mark.parametrize("word", ["Duplicate", "Canceled", "Declined"])
def test_what_was_no_incident_of_its_own_is_left_out_by_rule(tmp_path, word):
    """Its resolution says so."""
    result = read_issues(tmp_path, jira_row(1, Resolution=word), jira_row(2))
    assert result.rejects[["value", "by_rule"]].values.tolist() == [[word, True]]


def test_custom_fields_are_mapped(tmp_path):
    """A start of its own leaves the moment of detection unknown: creation may be days later."""
    header = [*JIRA, "Custom field (Incident start)"]
    row = [*jira_row(), "01/Jun/26 11:30 AM"]
    row[JIRA.index("Custom field (Severity)")] = "SEV1"
    columns = {
        "started_at": "Custom field (Incident start)", "severity": "Custom field (Severity)",
    }  # fmt: skip
    incident = read_issues(tmp_path, row, header=header, columns=columns, **BERLIN)
    incident = incident.tables["incidents"].iloc[0]
    assert incident["started_at"] == at("06-01T09:30")
    assert incident["severity"] == "SEV1"
    assert incident.isna()["detected_at"]


def test_a_mapped_column_must_be_there(tmp_path):
    """The error lists the columns of the file, each once."""
    with pytest.raises(ReadError, match=r"no column 'Severity'; the file has 'Summary', 'Iss"):
        read_issues(tmp_path, jira_row(), columns={"severity": "Severity"}, **BERLIN)


def test_an_issue_without_a_component_needs_a_service(tmp_path):
    """The refusal gives the key."""
    result = read_issues(tmp_path, jira_row(first_component=""))
    assert 'set service = "..."' in result.rejects["reason"][0]
    said = read_issues(tmp_path, jira_row(first_component=""), service="shop", **BERLIN)
    assert said.tables["incidents"]["service"].tolist() == ["shop"]


def test_exactly_a_thousand_issues_raise_a_suspicion(tmp_path):
    """Jira writes no more at once unless the site allows it."""
    rows = [jira_row(n) for n in range(1000)]
    assert noted(read_issues(tmp_path, *rows), "Exactly 1,000 issues", "truncated?")
    assert not noted(read_issues(tmp_path, *rows[1:]), "truncated?")


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2069-12-31")).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
    st.sampled_from(["%d/%b/%y %I:%M %p", "%d/%b/%Y %H:%M", "%d-%B-%Y %I:%M %p", "%d/%m/%Y %H:%M"]),
)
def test_a_date_as_jira_writes_it_comes_back(moment, form):
    """Every minute of seventy years, in each format, with a date that shows the order of day and
    month beside it.
    """
    rows = pd.DataFrame({"at": [moment.strftime(form), "31/12/2020 00:00"]})
    assert cells.jira_iso(rows, {"at": "Created"}, file="j.csv")["at"][0] == moment.isoformat()


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("0123456789/:. AaPpMmJunx-"), max_size=18))
def test_no_text_is_more_than_a_fault_or_a_date(text):
    """Whatever stands in a cell, nothing breaks but the cell."""
    rows = pd.DataFrame({"at": [text, "31/12/2020 00:00", "1/Jun/20 1:00 AM"]})
    try:
        known = cells.jira_iso(rows, {"at": "Created"}, file="j.csv")["at"].tolist()[1:]
    except ReadError as error:  # a date with the month first beside one with the day first
        known = [str(error).split(";")[0]]
    assert known in (
        ["2020-12-31T00:00:00", "2020-06-01T01:00:00"],
        [f"j.csv: dates such as {text.strip()!r} can be read in two ways"],
    )
