"""What files of no known format look like: proposals from names and cells."""

from __future__ import annotations

import json

import pytest

from srelib.dataset import explored
from srelib.folder import proposed_keys
from srelib.questions import Unconfirmed
from srelib.readers import base


def head(folder, text, name="a.csv"):
    """The start of a file with this text."""
    (folder / name).write_text(text)
    return base.head(folder / name, folder)


def plain(keys):
    """The keys without marks."""
    return {key: getattr(value, "value", value) for key, value in keys.items()}


TIME = "2026-06-01T00:00:00Z"
FILES = {
    "counts": (
        f"when;host;hits;errors\n{TIME};web;10;1\n",
        {"table": "sli", "columns": {"time": "when", "service": "host", "bad": "errors",
                                     "total": "hits"}},
    ),
    "half of an indicator": (
        f"ts,failed\n{TIME},3\n", {"table": "sli", "columns": {"time": "ts", "bad": "failed"}},
    ),
    "a share of good": (
        f"day,uptime\n{TIME},99.5\n",
        {"table": "sli", "columns": {"time": "day", "ratio": "uptime"}},
    ),
    "a share of bad": (
        f"day,error_rate\n{TIME},0.02\n",
        {"table": "sli", "columns": {"time": "day", "bad_ratio": "error_rate"}},
    ),
    "months": (
        "month,good,total\n2026-01,9,10\n",
        {"table": "sli", "columns": {"time": "month", "good": "good", "total": "total"}},
    ),
    "a measured value": (
        f"t,p95 latency\n{TIME},0.3\n",
        {"table": "sli", "sli": "latency", "columns": {"time": "t", "value": "p95 latency"}},
    ),
    "states in words": (
        f"seen,monitor,result\n{TIME},web,UP\n{TIME},web,DOWN\n",
        {"table": "sli", "unit": "state",
         "columns": {"time": "seen", "service": "monitor", "state": "result"}},
    ),
    "states in numbers": (
        f"time,site,state\n{TIME},web,0\n{TIME},web,2\n",
        {"table": "sli", "unit": "state",
         "columns": {"time": "time", "service": "site", "state": "state"}},
    ),
    "a log of requests": (
        f"at,path,http code,bytes\n{TIME},/a,200,10\n{TIME},/b,503,7\n",
        {"table": "sli", "unit": "event", "good": "`http code` < 500", "columns": {"time": "at"}},
    ),
    "tickets": (
        "Nr,System,Begin,Closed,Prio\n4,web,31.01.2026 10:00,31.01.2026 11:00,high\n",
        {"table": "incidents",
         "columns": {"started_at": "Begin", "resolved_at": "Closed", "incident_id": "Nr",
                     "severity": "Prio", "service": "System"}},
    ),
    "buckets with two ends": (
        "from_s,to_s,app,requests,errors\n1788220800,1788224400,web,10,1\n"
        "1788224400,1788228000,web,12,0\n",
        {"table": "sli", "columns": {"time": "from_s", "service": "app", "bad": "errors",
                                     "total": "requests"}},
    ),
    "names rather than identifiers": (
        f"runId,appId,app name,ended,outcome state,commitCount\n7,1,web,{TIME},failed,3\n",
        {"table": "deployments",
         "columns": {"finished_at": "ended", "deployment_id": "runId", "service": "app name",
                     "status": "outcome state"}},
    ),
    "a list kept by hand": (
        "Nr,System,Beginn,Ende\n4,web,31.01.2026 10:00,31.01.2026 11:00\n",
        {"table": "incidents",
         "columns": {"started_at": "Beginn", "resolved_at": "Ende", "incident_id": "Nr",
                     "service": "System"}},
    ),
    "releases": (
        f"release,product,went out on,stage\nv1,shop,{TIME},prod\n",
        {"table": "deployments",
         "columns": {"finished_at": "went out on", "deployment_id": "release",
                     "service": "product", "environment": "stage"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_names_and_cells_say_what_a_file_looks_like(tmp_path, name):
    """The table and the columns that a person would choose, by hand."""
    text, expected = FILES[name]
    assert plain(proposed_keys.entry(head(tmp_path, text))) == expected


def test_a_file_without_a_time_looks_like_nothing(tmp_path):
    """No proposal is better than one without ground."""
    assert proposed_keys.entry(head(tmp_path, "x,y\n1,2\n")) == {}


def test_json_is_known_by_where_its_records_are(tmp_path):
    """The longest list of objects, with dotted keys."""
    rows = [{"at": TIME, "of": {"service": "web"}, "n": {"good": 1, "total": n}} for n in (1, 2)]
    found = proposed_keys.entry(
        head(tmp_path, json.dumps({"meta": [{}], "data": {"rows": rows}}), "a.json")
    )
    assert plain(found) == {
        "records": "data.rows", "table": "sli",
        "columns": {"time": "at", "service": "of.service", "good": "n.good", "total": "n.total"},
    }  # fmt: skip


def test_columns_without_a_header_are_named(tmp_path):
    """Times, states and codes get the names that are understood, the others a number."""
    found = proposed_keys.header_of(head(tmp_path, f"{TIME},x1,200,UP\n{TIME},y,503,DOWN\n"))
    assert found.value == ["time", "column 2", "status", "state"]


def test_the_name_of_a_service_is_that_of_the_file():
    """Only a proposal, and marked as one."""
    assert proposed_keys.service_name("2026/checkout.csv.gz") == Unconfirmed(
        "checkout", "the service this file is about"
    )


def test_of_named_series_two_become_an_indicator():
    """Errors and requests; without such words, the first two."""
    (one,) = proposed_keys.series_like(["web requests", "web errors", "cpu"], "web")
    assert plain(one) == {"service": "web", "bad": "web errors", "total": "web requests"}
    (two,) = proposed_keys.series_like(["A", "B"], "web")
    assert plain(two) == {"service": "web", "good": "B", "total": "A"}
    assert proposed_keys.series_like(["A"], "web") == []


def test_words_for_outcomes_are_sorted_by_what_they_sound_like():
    """Only proposals; whatever says nothing is a deployment that succeeded."""
    counts = {"TimedOut": 1, "Rolled back": 2, "partiallySucceeded": 3, "Aborted": 1}
    refused = {"status": {("Status", word): count for word, count in counts.items()}}
    (found,) = proposed_keys.for_refused(refused, {}, "a.csv")
    assert found["values"]["status"].value == {
        "TimedOut": "failed", "Rolled back": "rolled_back", "partiallySucceeded": "succeeded",
        "Aborted": "cancelled",
    }  # fmt: skip
    foreign = {"status": {("Ergebnis", word): 1 for word in ("Erfolgreich", "Fehlgeschlagen")}}
    (found,) = proposed_keys.for_refused(foreign, {}, "a.csv")
    assert [*found["values"]["status"].value.values()] == ["succeeded", "failed"]


def test_kinds_of_which_none_counts_are_proposed_by_what_they_sound_like():
    """The most frequent one where none sounds like an incident; rows without a service name one."""
    kinds = {("Type", "Story"): 9, ("Type", "Bug"): 4, ("Type", "Störung"): 1}
    (found,) = proposed_keys.for_refused({"where": kinds}, {}, "a.csv")
    assert found["where"]["Type"].value == ["Bug", "Störung"]
    (found,) = proposed_keys.for_refused({"where": {("Type", "Story"): 9}}, {}, "a.csv")
    assert found["where"]["Type"].value == ["Story"]
    (found,) = proposed_keys.for_refused({"service": {("service", ""): 9}}, {}, "pay.csv")
    assert found["service"].value == "pay"


def test_words_for_states_are_bad_where_they_sound_so_or_are_rare(tmp_path):
    """What most rows say is good where nothing else is known."""
    asks = {"values": {"KO": 0.01, "PASSED": 0.1, "7": 0.8, "8": 0.09}}
    found = proposed_keys.filled(asks, head(tmp_path, "a,b\n1,2\n"))["values"]
    assert found.value == {"KO": "bad", "PASSED": "good", "7": "good", "8": "bad"}
    assert found.about.endswith("KO in 1 %, PASSED in 10 %, 7 in 80 %, 8 in 9 % of the rows")


def test_each_of_several_shares_is_an_indicator(tmp_path):
    """A sheet with a column for each service."""
    found = proposed_keys.entry(
        head(tmp_path, f"day,Web uptime %,Shop error rate\n{TIME},99.5,0.1\n")
    )
    assert plain(found)["columns"] == {"time": "day"}
    assert [plain(one) for one in found["series"]] == [
        {"service": "Web", "ratio": "Web uptime %"},
        {"service": "Shop", "bad_ratio": "Shop error rate"},
    ]


def test_probes_and_addresses_of_a_file_without_a_header_are_named(tmp_path):
    """Zero and one are states; words that repeat are probes where an address is the service."""
    rows = "".join(
        f"{1788220800 + 60 * n};{probe};https://shop.example.com/;{n % 5 > 0:d};0.{n}\n"
        for n in range(10) for probe in ("eu", "us")
    )  # fmt: skip
    found = proposed_keys.header_of(head(tmp_path, rows))
    assert found.value == ["time", "probe", "service", "state", "column 5"]


def test_a_time_of_day_in_a_column_of_its_own_belongs_to_the_only_date(tmp_path):
    """What is proposed reads both as one time; with two of them nobody can tell."""
    found = proposed_keys.entry(head(tmp_path, "Date,From,outage of\n2026-06-01,10:15,web\n"))
    assert found["date_and_time"].value == ["Date", "From"]
    assert "From only a time of day" in found["columns"].about
    twice = "Date,From,To,outage of\n2026-06-01,10:15,10:30,web\n"
    assert "date_and_time" not in proposed_keys.entry(head(tmp_path, twice))


def test_a_file_without_header_may_hold_counts_or_records(tmp_path):
    """The smaller of two numbers is a part of the other; two times are a start and an end."""
    counts = "".join(f"{TIME},web,{90 + n},100\n" for n in range(9))
    assert proposed_keys.header_of(head(tmp_path, counts)).value == (
        ["time", "service", "good", "total"]
    )
    errors = "".join(f"{TIME},100,{n}\n" for n in range(9))
    assert proposed_keys.header_of(head(tmp_path, errors)).value == ["time", "total", "bad"]
    records = "".join(f"INC-{n},pay,{TIME},{TIME},P2\n" for n in range(9))
    assert proposed_keys.header_of(head(tmp_path, records)).value == (
        ["id", "service", "start", "end", "group"]
    )
    apart = "".join(f"2026-06-01,10:{n:02d},UP\n" for n in range(9))
    assert proposed_keys.header_of(head(tmp_path, apart)).value == ["date", "time", "state"]


def test_shares_among_named_series_are_indicators_of_their_own(tmp_path):
    """One of them is never taken for the total of another."""
    panel = head(tmp_path, f'Time,Metric,Value\n{TIME},"cart error %",0.4\n')
    found = proposed_keys.filled({"series": ["cart error %", "shop uptime"]}, panel)
    assert [plain(one) for one in found["series"]] == [
        {"service": "cart", "bad_ratio": "cart error %"},
        {"service": "shop", "ratio": "shop uptime"},
    ]  # fmt: skip


def test_a_single_series_of_errors_is_a_part_of_an_indicator(tmp_path):
    """Its total may stand in another file; a share it is only where its name says so."""
    panel = head(tmp_path, f"Time,Metric,Value\n{TIME},HTTPCode_Target_5XX_Count,4\n")
    found = proposed_keys.filled({"series": ["HTTPCode_Target_5XX_Count"]}, panel)
    assert plain(found) == {"columns": {"bad": "HTTPCode_Target_5XX_Count"}}


def test_the_creation_of_a_request_is_no_commit(tmp_path):
    """What is known of pull requests is when they were merged."""
    text = f"Number,Repository,Created,Merged,State\n7,web,{TIME},{TIME},merged\n"
    found = proposed_keys.entry(head(tmp_path, text, "pull_requests.csv"))
    assert plain(found)["columns"] == (
        {"merged_at": "Merged", "change_id": "Number", "service": "Repository"}
    )


@pytest.mark.parametrize(
    ("table", "text", "columns"),
    [
        (
            "annotations",
            "app,when it was,remarks of the day\nshop,2026-05-01,x\n",
            ["date", "note"],
        ),
        ("teams", "app name,squad name,floor\nshop,pay,3\n", ["service", "team"]),
    ],
)
def test_columns_of_notes_and_teams_are_proposed(tmp_path, table, text, columns):
    """Where sources.toml says what the file is, and its columns have other names."""
    (tmp_path / "x.csv").write_text(text)
    (tmp_path / "a.csv").write_text("service,rule,fired_at\nshop,Burn,2026-06-05T04:02:00Z\n")
    (tmp_path / "sources.toml").write_text(f'[[file]]\nmatch = "x.csv"\ntable = "{table}"\n')
    found = explored(tmp_path)
    assert found.problems
    for name in columns:
        assert f"{name} = " in found.to_paste
