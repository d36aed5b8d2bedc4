"""Deployments, changes, incidents, alerts and exclusions as a CSV of any origin."""

import pandas as pd
import pytest

from srelib import tables
from srelib.errors import ReadError
from srelib.readers import recognition, records
from srelib.sources import Source


def utc(text):
    """A UTC time."""
    return pd.Timestamp(text, tz="UTC")


def read(folder, text, source=None, name="rows.csv"):
    """Result of reading the text; rows read = kept + rejected is checked on the way."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    kind, result = recognition.read(path, root=folder, source=source)
    assert kind == "records"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    assert result.rows_kept == sum(len(table) for table in result.tables.values())
    for name, table in result.tables.items():
        assert table.columns.tolist() == tables.names(name)
    return result


CANONICAL = {
    "deployments": (
        "deployment_id,service,environment,started_at,finished_at,status,commit_sha,planned,"
        "url\n"
        "d1,shop,production,2026-06-01T10:00:00Z,2026-06-01T10:05:00Z,succeeded,abc,true,"
        "https://ci.example.org/d1\n"
    ),
    "changes": (
        "change_id,service,committed_at,merged_at,deployment_id,kind,reverts,assisted,url\n"
        "c1,shop,2026-06-01T10:00:00Z,2026-06-01T10:05:00Z,d1,revert,c0,true,"
        "https://git.example.org/c1\n"
    ),
    "incidents": (
        "incident_id,service,severity,started_at,detected_at,acknowledged_at,mitigated_at,"
        "resolved_at,deployment_id,title,url\n"
        "i1,shop,SEV1,2026-06-01T10:00:00Z,2026-06-01T10:01:00Z,2026-06-01T10:02:00Z,"
        "2026-06-01T10:40:00Z,2026-06-01T11:00:00Z,d1,down,https://status.example.org/i1\n"
    ),
    "alerts": (
        "service,rule,severity,fired_at,resolved_at\n"
        "shop,Burn,page,2026-06-01T10:00:00Z,2026-06-01T10:05:00Z\n"
    ),
    "exclusions": (
        "service,sli,starts_at,ends_at,reason,rrule,timezone\n"
        "shop,availability,2026-06-01T10:00:00Z,2026-06-01T10:05:00Z,move,FREQ=DAILY,UTC\n"
    ),
    "annotations": "service,date,note\nshop,2026-06-01,moved\n",
    "teams": "service,team\nshop,payments\n",
}


@pytest.mark.parametrize("table", CANONICAL)
def test_the_canonical_names_need_no_explanation(tmp_path, table):
    """Every column of every table is read under its own name, every cell filled."""
    result = read(tmp_path, CANONICAL[table])
    assert list(result.tables) == [table]
    assert result.tables[table].notna().all(axis=None)


@pytest.mark.parametrize("table", CANONICAL)
def test_the_order_of_columns_does_not_matter(tmp_path, table):
    """The same file with its columns reversed gives the same table."""
    turned = "\n".join(",".join(line.split(",")[::-1]) for line in CANONICAL[table].splitlines())
    expected = read(tmp_path, CANONICAL[table]).tables[table]
    pd.testing.assert_frame_equal(read(tmp_path, turned + "\n").tables[table], expected)


@pytest.mark.parametrize(
    ("header", "cells", "table", "expected"),
    [
        (
            "Deploy ID,App,Env,Deployed At,Result,SHA",
            "7,shop,prod,2026-06-01 10:00:00Z,SUCCESS,ab",
            "deployments", {"deployment_id": "7", "service": "shop", "commit_sha": "ab"},
        ),
        (
            "sha,repo,commit-date,release", "ab,shop,2026-06-01T10:00:00Z,v1",
            "changes", {"change_id": "ab", "service": "shop", "deployment_id": "v1"},
        ),
        (
            "id,component,impact,start,resolved,name", "9,shop,major,2026-06-01T10:00:00Z,,down",
            "incidents", {"incident_id": "9", "severity": "major", "title": "down"},
        ),
        (
            "alertname,job,priority,started_at,ended_at", "Burn,shop,P1,2026-06-01T10:00:00Z,",
            "alerts", {"rule": "Burn", "service": "shop", "severity": "P1"},
        ),
        (
            "app,from,until,comment", "shop,2026-06-01T10:00:00Z,2026-06-01T12:00:00Z,move",
            "exclusions", {"service": "shop", "reason": "move"},
        ),
    ],
)  # fmt: skip
def test_common_words_are_understood(tmp_path, header, cells, table, expected):
    """Files made by hand or by other tools use other words for the same columns."""
    made = read(tmp_path, f"{header}\n{cells}\n").tables[table]
    assert {name: made[name][0] for name in expected} == expected


@pytest.mark.parametrize(
    "header",
    [
        "time,service,good,total",
        "timestamp,value",
        "time_utc,site,status,http_code,kind,slug",
        "time_utc,zone,requests_total,r5xx_total",
        "date,slug,minutes_down,snapshot",
        "Time,get,put",
        "deployment,team",
        "id,status,timestamp",
    ],
)
def test_exports_of_metrics_are_left_to_their_own_readers(header):
    """A time and a status alone make neither a deployment nor an incident."""
    from srelib.readers import records

    assert records.table_of(tuple(header.split(","))) is None


def test_the_column_map_goes_before_names_and_words(tmp_path):
    """One column of the file may stand for two of the table."""
    source = Source(
        match="*",
        table="deployments",
        service="shop",
        columns={"finished_at": "when", "deployment_id": "when", "commit_sha": "tag"},
    )
    text = "when,tag,finished_at\n2026-06-01T10:00:00Z,v1,never\n"
    row = read(tmp_path, text, source).tables["deployments"].iloc[0]
    assert row["finished_at"] == utc("2026-06-01T10:00")
    assert (row["deployment_id"], row["commit_sha"]) == ("2026-06-01T10:00:00Z", "v1")


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    """A typing error in the map says what the file does hold."""
    source = Source(match="*", table="incidents", columns={"started_at": "begun"})
    with pytest.raises(ReadError, match=r"no column 'begun'; the file has 'start', 'service'"):
        read(tmp_path, "start,service\n2026-06-01T10:00:00Z,shop\n", source)


def test_a_lacking_column_says_how_to_give_it(tmp_path):
    """Incidents without a service ask for one."""
    said = r'a table of incidents needs a column service; .* service = "..."'
    with pytest.raises(ReadError, match=said):
        read(tmp_path, "incident_id,started_at,resolved_at\n1,2026-06-01T10:00:00Z,\n")


def test_times_without_a_zone_ask_for_one(tmp_path):
    """A local time is never guessed to be UTC; with a zone it is converted."""
    text = "incident_id,service,started_at,resolved_at\n1,shop,2026-06-01 10:00:00,\n"
    with pytest.raises(ReadError, match="no time zone"):
        read(tmp_path, text)
    made = read(tmp_path, text, Source(match="*", timezone="Europe/Berlin"))
    assert made.tables["incidents"]["started_at"].tolist() == [utc("2026-06-01T08:00")]
    assert made.timezone == "Europe/Berlin"


@pytest.mark.parametrize("column", ["url", "html_url", "Web URL", "link", "permalink"])
def test_the_address_of_a_record_is_kept_as_it_is(tmp_path, column):
    """Whatever stands there; what shows it decides what is a link."""
    text = f"incident_id,service,started_at,{column}\ni1,web,2026-06-01T10:00:00Z,javascript:x\n"
    assert read(tmp_path, text).tables["incidents"]["url"].tolist() == ["javascript:x"]


@pytest.mark.parametrize("column", ["updated_at", "Last Updated", "last-update", "modified at"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_last_update_goes_before_the_latest_end(tmp_path, column, turned):
    """An incident that was resolved and opened again is open; one whose end was corrected ended."""
    states = [
        ("i1", "2026-06-01T11:00:00Z", "2026-06-01T11:00:00Z"), ("i1", "", "2026-06-01T12:00:00Z"),
        ("i2", "2026-06-01T18:00:00Z", "2026-06-01T18:00:00Z"),
        ("i2", "2026-06-01T12:00:00Z", "2026-06-02T09:00:00Z"),
    ]  # fmt: skip
    rows = [f"{name},web,2026-06-01T10:00:00Z,{end},{update}\n" for name, end, update in states]
    header = f"incident_id,service,started_at,resolved_at,{column}\n"
    made = read(tmp_path, header + "".join(rows[::-1] if turned else rows))
    ends = made.tables["incidents"].set_index("incident_id")["resolved_at"]
    assert pd.isna(ends["i1"])
    assert ends["i2"] == utc("2026-06-01T12:00")


RELEASES = """release,service,released_at
v1.2.0-rc1,web,2026-06-01T10:00:00Z
v1.2.0,web,2026-06-02T10:00:00Z
v1.3.0-beta.2,web,2026-06-03T10:00:00Z
"""


def test_release_candidates_of_a_list_are_left_out(tmp_path):
    """As of tags and GitHub's releases; said, counted, and kept where somebody wants them."""
    made = read(tmp_path, RELEASES)
    assert made.tables["deployments"]["deployment_id"].tolist() == ["v1.2.0"]
    assert (made.rows_read, made.rows_kept, made.rejects["by_rule"].tolist()) == (3, 1, [True] * 2)
    assert any("2 of 3 are pre-releases" in note for note in made.notes)
    kept = read(tmp_path, RELEASES, Source(match="*", prereleases=True))
    assert len(kept.tables["deployments"]) == 3


def test_a_release_candidate_that_ran_in_production_is_a_deployment(tmp_path):
    """A column that names the environment says where it ran."""
    lines = RELEASES.splitlines()
    text = "\n".join([f"{lines[0]},environment", *(f"{line},production" for line in lines[1:])])
    assert len(read(tmp_path, text).tables["deployments"]) == 3


def test_a_note_is_of_a_day_as_written(tmp_path):
    """No zone is asked for; one that is written counts; a row without a day or text is refused."""
    text = (
        "Day,Service,Note\n2026-06-03,shop,a day\n2026-06-03 23:30,shop,at night\n,shop,when?\n"
        "2026-06-04T01:00:00+02:00,,for all\n2026-06-05,shop,\n"
    )
    result = read(tmp_path, text)
    rows = result.tables["annotations"]
    assert rows["date"].tolist() == [utc("2026-06-03"), utc("2026-06-03 23:30"),
                                     utc("2026-06-03 23:00")]  # fmt: skip
    assert rows["service"].isna().tolist() == [False, False, True]
    assert sorted(result.rejects["reason"]) == ["date is empty: fill it in",
                                                "note is empty: fill it in"]  # fmt: skip


def test_a_note_beside_numbers_makes_no_table_of_notes(tmp_path):
    """Only a file that holds nothing else is recognised as one."""
    assert records.table_of(("service", "date", "note")) == "annotations"
    assert records.table_of(("service", "date", "good", "total", "note")) is None
    assert records.table_of(("service", "team", "on_call")) is None
