"""Monitors of UptimeRobot."""

from __future__ import annotations

import json

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source
from tests.readers.reading import at, noted
from tests.readers.shapes import uptime_monitor

START = 1780308000  # 2026-06-01T10:00:00Z
UP, DOWN, STARTED, PAUSED = 2, 1, 98, 99


def read_monitors(folder, *monitors, total=None, **said):
    """The monitors as getMonitors gives them, with their records conserved."""
    page = {"stat": "ok", "monitors": list(monitors)}
    page |= {"pagination": {"offset": 0, "limit": 50, "total": total}} if total else {}
    path = folder / "u.json"
    path.write_text(json.dumps(page))
    source = Source(match="*", **said) if said else None
    form, result = recognition.read(path, root=folder, source=source)
    assert form == "uptimerobot"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


def test_states_last_from_entry_to_entry_and_the_last_as_long_as_it_says(tmp_path):
    """Ten minutes up, five down, fifteen up; newest first."""
    logs = [(UP, START + 900, 900), (DOWN, START + 600, 300), (UP, START, 600)]
    result = read_monitors(tmp_path, uptime_monitor(*logs))
    sli = result.tables["sli"]
    assert sli["total"].sum() == 1800
    assert sli["good"].sum() == 1500
    assert result.rows_read == 3
    outage = result.tables["incidents"].iloc[0]
    assert (outage["started_at"], outage["resolved_at"]) == (at("06-01T10:10"), at("06-01T10:15"))
    assert outage["service"] == "shop"


def test_pauses_are_unknown(tmp_path):
    """Neither up nor down; nor is the moment a monitor was started."""
    logs = [(UP, START + 900, 300), (PAUSED, START + 300, 600), (UP, START, 300),
            (STARTED, START - 60, 60)]  # fmt: skip
    sli = read_monitors(tmp_path, uptime_monitor(*logs)).tables["sli"]
    assert (sli["good"].sum(), sli["total"].sum()) == (600, 600)


def test_entries_that_lasted_no_time_are_left_out(tmp_path):
    """A monitor is started and up in one second; that it was started says nothing."""
    result = read_monitors(tmp_path, uptime_monitor((UP, START, 600), (STARTED, START, 0)))
    assert result.tables["sli"]["good"].sum() == 600
    assert result.rejects["by_rule"].tolist() == [True]


def test_two_monitors_of_one_name_are_two_probes(tmp_path):
    """Which of them decides is asked for; one may check the page, the other its address."""
    page = uptime_monitor((UP, START + 600, 600), (DOWN, START, 600))
    other = uptime_monitor((UP, START, 1200)) | {"id": 8}
    with pytest.raises(ReadError, match=r'probes = "(majority|any|all)"'):
        read_monitors(tmp_path, page, other)
    sli = read_monitors(tmp_path, page, other, probes="all").tables["sli"]
    assert (sli["good"].sum(), sli["total"].sum()) == (600, 1200)


def test_a_type_nobody_knows_is_asked_for_by_its_number(tmp_path):
    """What it means is said in sources.toml; it is neither up nor down before."""
    logs = [(UP, START + 600, 60), (55, START + 300, 300), (UP, START, 300)]
    with pytest.raises(ReadError, match=r'values = \{ "55" = '):
        read_monitors(tmp_path, uptime_monitor(*logs))


def test_monitors_without_logs_say_what_to_ask_for(tmp_path):
    """The states of now are no history."""
    with pytest.raises(ReadError, match="logs=1"):
        read_monitors(tmp_path, uptime_monitor())


def test_a_page_of_many_is_truncated(tmp_path):
    """It counts more monitors than it holds."""
    monitor = uptime_monitor((UP, START, 300))
    assert noted(read_monitors(tmp_path, monitor, total=70), "counts 70 monitors", "holds 1")
    assert not noted(read_monitors(tmp_path, monitor, total=1), "counts")
