"""Every question of every file in one round, and entries that answer them all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import srelib
from srelib.dataset import explored
from srelib.errors import InputError, ReadError
from srelib.folder import files
from tests.readers.workbook import write_workbook

COUNTS = "time,service,good,total\n" + "".join(
    f"2026-06-01T{hour:02}:00:00Z,shop,9,10\n" for hour in range(24)
)
LOG = "".join(f"2026-06-01T{hour:02}:00:00,{'DEAD' if hour == 7 else 'ALIVE'}\n"
              for hour in range(24))  # fmt: skip
TICKETS = "Nr,System,Begin,End\n1,shop,03/04/2026 10:00,03/04/2026 11:00\n"
RUNS = json.dumps([
    {"databaseId": n, "workflowName": name, "conclusion": "success", "status": "completed",
     "createdAt": "2026-06-01T10:00:00Z", "startedAt": "2026-06-01T10:00:00Z",
     "updatedAt": f"2026-06-01T10:0{n}:00Z", "headSha": "a" * 40, "event": "push", "attempt": 1,
     "url": f"https://github.com/o/shop/actions/runs/{n}"}
    for n, name in enumerate(["Tests", "Tests", "Deploy"])
])  # fmt: skip
PANEL = "Time,A,B\n" + "".join(f"2026-06-01 {h:02}:00:00,{h % 3},{10 + h % 4}\n" for h in range(24))
GROWING = "time,service,good,total\n" + "".join(
    f"2026-06-01T{h:02}:00:00Z,shop,{9 * h + 1},{10 * h + 2}\n" for h in range(24)
)
VALUES = "time,service,sli,value\n" + "".join(
    f"2026-06-01T{h:02}:00:00Z,shop,latency,0.{h:02}\n" for h in range(24)
)
LISTS = 'incident_id,service,started_at\n1,"web, cart",2026-06-01T10:00:00Z\n'

FILES = {
    "a log without header, service, zone and meaning": {"log.csv": LOG},
    "dates in two ways without a zone": {"tickets.csv": TICKETS},
    "runs of several workflows": {"runs.json": RUNS},
    "a panel of unnamed series": {"panel.csv": PANEL},
    "numbers that never fall": {"growing.csv": GROWING},
    "a measured value without a threshold": {"values.csv": VALUES, "counts.csv": COUNTS},
    "several services in a cell": {"incidents.csv": LISTS, "counts.csv": COUNTS},
    "JSON with dates in two ways": {"checks.json": json.dumps([
        {"day": "03/04/2026", "at": f"03/04/2026 {h:02}:00", "target": "web", "state": "down"
         if h == 3 else "up"} for h in range(11)])},
    "lines of JSON, one for each request": {"access.jsonl": "".join(json.dumps(
        {"@t": f"2026-06-01T{h:02}:00:00Z", "res": {"code": 500 if h == 7 else 200}}) + "\n"
        for h in range(24))},
    "JSON of any kind": {"probe.json": json.dumps({"data": [
        {"ts": f"2026-06-01 {h:02}:00", "meta": {"name": "web"}, "ok": 8 + h % 2, "all": 9}
        for h in range(24)
    ]})},
}  # fmt: skip
FILES["all of them"] = {name: text for files in FILES.values() for name, text in files.items()}


@pytest.mark.parametrize("case", FILES)
def test_one_round_is_enough(tmp_path: Path, case: str) -> None:
    """What is printed can be pasted as it is, and then nothing is asked any more."""
    for name, text in FILES[case].items():
        (tmp_path / name).write_text(text)
    seen = explored(tmp_path)
    assert seen.problems
    assert seen.dataset is not None
    with pytest.raises(InputError) as caught:
        srelib.load(tmp_path)
    assert seen.entries in str(caught.value)
    (tmp_path / "sources.toml").write_text(seen.to_paste)
    data = srelib.load(tmp_path)
    for table in ("sli", "deployments", "incidents"):
        assert len(getattr(data, table)) == len(getattr(seen.dataset, table))
    assert any("nobody has confirmed" in note for note in data.notes)


def test_what_the_user_confirmed_is_no_proposal_any_more(tmp_path: Path) -> None:
    """Without the mark there is no note."""
    (tmp_path / "tickets.csv").write_text(TICKETS)
    text = explored(tmp_path).entries
    plain = "\n".join(line.partition("  # ?")[0] for line in text.splitlines())
    (tmp_path / "sources.toml").write_text(plain)
    data = srelib.load(tmp_path)
    assert not any("confirmed" in note for note in data.notes)
    assert str(data.incidents["started_at"][0]) == "2026-04-03 10:00:00+00:00"


def test_an_entry_repeats_what_an_older_one_says(tmp_path: Path) -> None:
    """Pasted above, it takes the place of the older one as a whole."""
    (tmp_path / "tickets.csv").write_text(TICKETS)
    older = '[[file]]\nmatch = "*.csv"\nservice = "web"\ntime_format = "%m/%d/%Y %H:%M"\n'
    (tmp_path / "sources.toml").write_text(older)
    seen = explored(tmp_path)
    assert 'time_format = "%m/%d/%Y %H:%M"\n' in seen.entries
    (tmp_path / "sources.toml").write_text(seen.entries + older)
    data = srelib.load(tmp_path)
    assert str(data.incidents["started_at"][0]) == "2026-03-04 10:00:00+00:00"


def test_a_file_that_nothing_can_answer_does_not_hide_the_others(tmp_path: Path) -> None:
    """Its problem is listed, and the others are asked to the end."""
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "log.csv").write_text(LOG)
    seen = explored(tmp_path)
    assert seen.problems[0].file == "empty.csv"
    assert 'values = { ALIVE = "good", DEAD = "bad" }  # ?' in seen.entries
    assert "empty.csv" not in seen.entries


def test_locks_of_open_workbooks_are_no_exports(tmp_path: Path) -> None:
    """Excel lays ~$name.xlsx beside a workbook that is open."""
    (tmp_path / "counts.csv").write_text(COUNTS)
    (tmp_path / "~$counts.xlsx").write_bytes(b"\x05ops")
    assert srelib.load(tmp_path).sources["file"].tolist() == ["counts.csv"]


def test_words_that_refuse_rows_are_asked_for_too(tmp_path: Path) -> None:
    """The folder is usable without; with the entry the rows are kept."""
    (tmp_path / "deployments.csv").write_text(
        "deployment_id,service,finished_at,status\n"
        "1,shop,2026-06-01T10:00:00Z,success\n2,shop,2026-06-02T10:00:00Z,TimedOut\n"
    )
    seen = explored(tmp_path)
    assert (seen.problems, len(seen.dataset.deployments)) == ((), 1)
    assert 'values = { status = { TimedOut = "failed" } }  # ?' in seen.entries
    (tmp_path / "sources.toml").write_text(seen.to_paste)
    assert srelib.load(tmp_path).deployments["status"].tolist() == ["succeeded", "failed"]
    assert explored(tmp_path).entries == ""


def test_a_series_alone_is_asked_what_it_is(tmp_path: Path) -> None:
    """The answer of a query that was already divided."""
    values = [[1780272000 + 60 * n, str(1 - n % 7 / 100)] for n in range(60)]
    result = [{"metric": {"service": "web"}, "values": values}]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    (tmp_path / "q.json").write_text(json.dumps(answer))
    seen = explored(tmp_path)
    assert 'unit = "ratio"  # ? what the one series holds' in seen.entries
    (tmp_path / "sources.toml").write_text(seen.to_paste)
    assert len(srelib.load(tmp_path).sli) == 60


def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """No exception of the file system reaches the user."""
    assert [path.name for path in files._entries(tmp_path, tmp_path)] == []
    with pytest.raises(ReadError, match=r"gone: the folder cannot be read .*Fix: "):
        files._entries(tmp_path / "gone", tmp_path)


def test_a_table_that_is_said_is_not_proposed_anew(tmp_path: Path) -> None:
    """Its columns are, all of them."""
    rows = [{"id": n, "app": "web", "at": f"2026-06-0{n}T10:00:00Z", "status": "failed"}
            for n in range(1, 9)]  # fmt: skip
    (tmp_path / "runs.json").write_text(json.dumps({"runs": rows}))
    assert 'table = "deployments"  # ?' in explored(tmp_path).entries
    (tmp_path / "sources.toml").write_text('[[file]]\nmatch = "runs.json"\ntable = "incidents"\n')
    found = explored(tmp_path).entries
    assert 'table = "incidents"\n' in found
    assert 'columns = { incident_id = "id", service = "app", started_at = "at" }' in found


def test_empty_cells_below_a_service_are_asked_for(tmp_path: Path) -> None:
    """The entry keeps the rows that are refused without it."""
    at = [f"2026-06-0{n}T10:00:00Z" for n in range(1, 4)]
    rows = [["ticket", "System", "begin"], [1, "web", at[0]], [2, None, at[1]], [3, None, at[2]]]
    write_workbook(tmp_path / "outages.xlsx", {"all": rows})
    seen = explored(tmp_path)
    assert 'fill_down = ["System"]  # ?' in seen.entries
    (tmp_path / "sources.toml").write_text(seen.to_paste)
    assert srelib.load(tmp_path).incidents["service"].tolist() == ["web"] * 3


def test_a_month_of_shares_has_its_true_length(tmp_path: Path) -> None:
    """February has 28 days, and nothing is moved to buckets of 31."""
    shares = {"Jan 2026": 99.5, "Feb 2026": 100, "Mar 2026": 99.0, "Apr 2026": 98.0}
    rows = "".join(f"{month},{share},{share}\n" for month, share in shares.items())
    (tmp_path / "sla.csv").write_text(f"Month,Web shop,Search\n{rows}")
    (tmp_path / "sources.toml").write_text(explored(tmp_path).to_paste)
    data = srelib.load(tmp_path)
    web = data.sli[data.sli["service"] == "Web shop"]
    assert (web["total"] / 86400).tolist() == [31, 28, 31, 30]
    assert (web["good"] / web["total"]).tolist() == pytest.approx([0.995, 1, 0.99, 0.98])
    assert data.series["period"].tolist() == ["month UTC"] * 2
