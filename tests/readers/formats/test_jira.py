"""Jira issues as CSV."""

from __future__ import annotations

import pandas as pd
import pytest
from babel.dates import get_month_names
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers import cells
from tests.readers import reading
from tests.readers.reading import at, noted
from tests.readers.shapes import JIRA, jira_row, table

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


@pytest.mark.parametrize(
    "word", ["Duplicate", "Canceled", "Declined", "Won't Do", "Cannot Reproduce", "Not a Bug"]
)
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


def test_only_incidents_count_among_issues_of_all_types(tmp_path):
    """The others are left out by rule and counted by type, with the line that chooses."""
    kinds = ("Incident", "[System] Incident", "Outage", "Story", "Story", "Task")
    rows = [jira_row(n, Issue_Type=kind) for n, kind in enumerate(kinds)]
    result = read_issues(tmp_path, *rows)
    assert result.tables["incidents"]["incident_id"].tolist() == ["INC-0", "INC-1", "INC-2"]
    assert result.rejects["by_rule"].tolist() == [True] * 3
    assert noted(result, "3 records left out by Issue Type: 'Story' 2, 'Task' 1", "where = {")


def test_where_chooses_the_types_that_count(tmp_path):
    """It goes before the default."""
    rows = [jira_row(1), jira_row(2, Issue_Type="Problem")]
    result = read_issues(tmp_path, *rows, where={"Issue Type": ["Problem"]}, **BERLIN)
    assert result.tables["incidents"]["incident_id"].tolist() == ["INC-2"]
    assert noted(result, "1 records left out by Issue Type: 'Incident' 1")


def test_where_no_issue_is_an_incident_the_types_are_listed(tmp_path):
    """With the line to paste."""
    result = read_issues(tmp_path, jira_row(1, Issue_Type="Bug"))
    assert noted(result, "No issue has the type of an incident; types seen: 'Bug' 1")
    (reason,) = result.rejects["reason"]
    assert "nothing is left, seen: 'Bug' 1" in reason
    assert 'where = { "Issue Type" = [...] }' in reason


def test_the_line_to_paste_names_the_column_of_the_file(tmp_path):
    """In its language."""
    row = ("Neu", "OPS-1", "1", "Aufgabe", "Offen", "Hoch", "", "09/Mär/26 18:16", "", "", "kasse")
    result = read_issues(tmp_path, row, header=GERMAN)
    assert noted(result, "1 records left out by Vorgangstyp: 'Aufgabe' 1", '"Vorgangstyp" = [')
    said = BERLIN | {"where": {"Vorgangstyp": "Aufgabe"}}
    assert read_issues(tmp_path, row, header=GERMAN, **said).rows_kept == 1


GERMAN = ("Zusammenfassung", "Vorgangsschlüssel", "Vorgangs-ID", "Vorgangstyp", "Status",
          "Priorität", "Lösung", "Erstellt", "Aktualisiert", "Erledigt",
          "Komponente/n")  # fmt: skip
SPANISH = ("Resumen", "Clave de incidencia", "Tipo de Incidencia", "Estado", "Prioridad", "Creada",
           "Resuelta", "Componente/s")  # fmt: skip


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (GERMAN, ("Kasse steht", "OPS-1", "1", "Incident", "Fertig", "Hoch", "Fertig",
                  "09/Mär/26 18:16", "09/Mär/26 19:16", "09/Mär/26 19:16", "kasse")),
        (SPANISH, ("Kasse steht", "OPS-1", "Incident", "Cerrada", "Hoch", "09/mar/26 06:16 PM",
                   "09/mar/26 07:16 PM", "kasse")),
    ],
    ids=["German", "Spanish"],
)  # fmt: skip
def test_headers_of_other_languages_are_known(tmp_path, header, row):
    """The same issue, whatever the language of the profile."""
    incident = read_issues(tmp_path, row, header=header).tables["incidents"].iloc[0]
    assert incident[["incident_id", "service", "severity", "title"]].tolist() == [
        "OPS-1", "kasse", "Hoch", "Kasse steht",
    ]  # fmt: skip
    assert incident["started_at"] == at("03-09T17:16")
    assert incident["resolved_at"] == at("03-09T18:16")


def test_other_languages_are_mapped(tmp_path):
    """By `format` and `columns`."""
    header = ("Résumé", "Clé", "Créée", "Résolue")
    row = ("La caisse est en panne", "OPS-1", "09/mars/26 18:16", "09/mars/26 19:16")
    said = {
        "format": "jira",
        "service": "caisse",
        "timezone": "Europe/Paris",
        "columns": {"incident_id": "Clé", "started_at": "Créée", "resolved_at": "Résolue"},
    }
    incident = read_issues(tmp_path, row, header=header, **said).tables["incidents"].iloc[0]
    assert incident["started_at"] == at("03-09T17:16")


def test_a_done_issue_ends_with_its_last_update_in_german_too(tmp_path):
    """Fertig is done."""
    row = ("Kasse steht", "OPS-1", "1", "Incident", "Fertig", "Hoch", "", "09/Mär/26 18:16",
           "10/Mär/26 19:16", "", "kasse")  # fmt: skip
    incident = read_issues(tmp_path, row, header=GERMAN).tables["incidents"].iloc[0]
    assert incident["resolved_at"] == at("03-10T18:16")
