"""Logs of states: exact seconds, incidents, silence, probes, and logs that overlap."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import srelib
from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.sources import Source

HEADER = "time,site,status\n"


def read_log(folder: Path, rows: list[tuple[str, str]], **said: object) -> FileResult:
    """The result of a log of one site; times as HH:MM:SS of one day."""
    path = folder / "log.csv"
    path.write_text(HEADER + "".join(f"2026-06-01T{time}Z,web,{state}\n" for time, state in rows))
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    form, result = read(path, root=folder, source=source)
    assert form == "statelog"
    return result


def seconds(result: FileResult) -> tuple[float, float]:
    """Seconds up and seconds known."""
    sli = result.tables["sli"]
    return sli["good"].sum(), sli["total"].sum()


def test_seconds_up_and_known_are_exact(tmp_path: Path) -> None:
    """An outage of 90 s in an hour, across three minutes."""
    result = read_log(
        tmp_path,
        [("10:00:30", "up"), ("10:10:20", "down"), ("10:11:50", "up"), ("11:00:30", "up")],
        max_silence="1d",
    )
    assert seconds(result) == (3600 - 90, 3600)
    sli = result.tables["sli"].set_index("time")
    assert sli.loc["2026-06-01T10:10:00Z", ["good", "total"]].tolist() == [20, 60]
    assert sli.loc["2026-06-01T10:11:00Z", ["good", "total"]].tolist() == [10, 60]
    assert sli["total"].iloc[[0, -1]].tolist() == [30, 30]
    assert (result.series[0].weighting, result.series[0].step_seconds) == ("time", 60)


def test_every_down_episode_is_one_incident(tmp_path: Path) -> None:
    """Heartbeats inside an outage do not split it; an outage at the end is open."""
    result = read_log(
        tmp_path,
        [("10:00:00", "up"), ("10:01:00", "down"), ("10:02:00", "down"), ("10:03:00", "up"),
         ("10:04:00", "down")],
    )  # fmt: skip
    found = result.tables["incidents"]
    assert found["started_at"].dt.minute.tolist() == [1, 4]
    assert found["resolved_at"].iloc[0] == pd.Timestamp("2026-06-01T10:03Z")
    assert pd.isna(found["resolved_at"].iloc[1])
    assert found["title"].tolist() == ["web down", "web down"]
    assert set(found["severity"]) == {"outage"}


def test_silence_past_the_heartbeat_is_unknown(tmp_path: Path) -> None:
    """With max_silence a state holds no longer than that; the rest is not uptime."""
    rows = [("10:00:00", "up"), ("10:30:00", "up"), ("10:35:00", "up")]
    result = read_log(tmp_path, rows, max_silence="10m")
    assert seconds(result) == (15 * 60, 15 * 60)
    assert not result.tables["sli"]["time"].dt.minute.between(10, 29).any()


def test_the_spacing_of_checks_gives_the_longest_silence(tmp_path: Path) -> None:
    """Checks a minute apart: three minutes after the last one its state means nothing more."""
    checks = [(f"10:0{minute}:00", "up") for minute in range(6)]
    result = read_log(tmp_path, [*checks, ("10:06:00", "down"), ("14:00:00", "up")])
    assert seconds(result) == (6 * 60, 9 * 60)
    incident = result.tables["incidents"].iloc[0]
    assert incident["resolved_at"] == pd.Timestamp("2026-06-01T10:09Z")
    assert "fell silent" in incident["title"]
    assert "silence beyond 3 of them is unknown" in result.notes[-1]


def test_each_log_goes_by_its_own_spacing(tmp_path: Path) -> None:
    """Beside a site checked each minute, one checked each hour is known between its checks."""
    often = [(f"10:{n:02d}:00", "a") for n in range(60)]
    seldom = [(f"{n:02d}:00:00", "b") for n in range(6, 12)]
    path = tmp_path / "log.csv"
    rows = (f"2026-06-01T{time}Z,{site},up\n" for time, site in often + seldom)
    path.write_text(HEADER + "".join(rows))
    _, result = read(path, root=tmp_path)
    known = result.tables["sli"].groupby("service", observed=True)["total"].sum()
    assert known.to_dict() == {"a": 59 * 60, "b": 5 * 3600}
    assert "a check every 1 to 60 min" in result.notes[-1]


@pytest.mark.parametrize("times", [("06:00:00", "16:00:00"), ("06:00:00", "09:07:00", "09:08:00",
                                   "14:30:00", "14:31:00", "15:59:00", "16:00:00")])  # fmt: skip
def test_a_log_without_a_spacing_of_its_own_has_that_of_the_file(
    tmp_path: Path, times: tuple[str, ...]
) -> None:
    """Two rows ten hours apart, or uneven ones, are no reason to call these hours known."""
    often = [(f"{hour}:{n:02d}:00", "a") for hour in range(10, 13) for n in range(60)]
    path = tmp_path / "log.csv"
    rows = (
        f"2026-06-01T{time}Z,{site},up\n" for time, site in [*often, *((t, "b") for t in times)]
    )
    path.write_text(HEADER + "".join(rows))
    _, result = read(path, root=tmp_path)
    known = result.tables["sli"].groupby("service", observed=True)["total"].sum()
    assert known["a"] == 179 * 60
    assert known["b"] <= 3 * 60 * (len(times) - 1)


def test_a_column_that_is_mostly_false_is_asked_about(tmp_path: Path) -> None:
    """Few outages last longer than what lies between them: false may be good."""
    rows = [(f"10:{n:02d}:00", "true" if n == 7 else "false") for n in range(20)]
    with pytest.raises(ReadError, match=r"mean: 'false' 19, 'true' 1.*values = "):
        read_log(tmp_path, rows)
    result = read_log(tmp_path, rows, values={"false": "good", "true": "bad"})
    assert seconds(result) == (18 * 60, 19 * 60)


def test_a_log_of_changes_asks_how_long_a_state_holds(tmp_path: Path) -> None:
    """Without regular checks silence may mean that nothing changed, or that nobody looked."""
    rows = [("10:00:00", "up"), ("10:10:00", "down"), ("10:11:00", "up"), ("18:00:00", "up")]
    with pytest.raises(ReadError, match=r'max_silence = "26h" .* match = .log.csv.'):
        read_log(tmp_path, rows)


PROBES = """time,service,probe,status
2026-06-01T10:00:00Z,web,fra,up
2026-06-01T10:00:00Z,web,nyc,up
2026-06-01T10:00:00Z,web,sin,down
2026-06-01T10:01:00Z,web,fra,up
2026-06-01T10:01:00Z,web,nyc,down
2026-06-01T10:01:00Z,web,sin,down
2026-06-01T10:02:00Z,web,fra,up
2026-06-01T10:02:00Z,web,nyc,up
2026-06-01T10:02:00Z,web,sin,up
"""


@pytest.mark.parametrize(("rule", "up"), [("any", 120), ("majority", 60), ("all", 0)])
def test_several_probes_go_by_the_stated_rule(tmp_path: Path, rule: str, up: int) -> None:
    """Up for 120, 60 or 0 of 120 seconds; without a rule the file is refused."""
    path = tmp_path / "log.csv"
    path.write_text(PROBES)
    source = Source(match="*", probes=rule)  # type: ignore[arg-type]
    assert seconds(read(path, root=tmp_path, source=source)[1]) == (up, 120)
    with pytest.raises(ReadError, match=r'3 probes .*probes = "majority"'):
        read(path, root=tmp_path)


def test_states_mean_what_sources_says(tmp_path: Path) -> None:
    """A third state counts as mapped; paused time is unknown."""
    states = ["up", "degraded", "paused", "up", "up"]
    rows = [(f"10:0{minute}:00", state) for minute, state in enumerate(states)]
    assert seconds(read_log(tmp_path, rows)) == (180, 180)
    result = read_log(tmp_path, rows, values={"degraded": "bad"})
    assert seconds(result) == (120, 180)


@pytest.mark.parametrize("states", [["up", "wobbly", "up"], ["0", "0", "1"]])
def test_states_nobody_explained_are_asked_for(tmp_path: Path, states: list[str]) -> None:
    """Numbers mean different things in different tools; the words come with how often."""
    rows = [(f"10:0{minute}:00", state) for minute, state in enumerate(states)]
    with pytest.raises(ReadError, match=r"values = \{ \"(wobbly|0)\" = ") as caught:
        read_log(tmp_path, rows, unit="state")
    assert "'wobbly' 1" in str(caught.value) or "'0' 2, '1' 1" in str(caught.value)
    sound = read_log(tmp_path, rows, unit="state", values={states[1]: "good", states[2]: "good"})
    assert seconds(sound) == (120, 120)


def test_contradicting_rows_are_refused_and_repeated_ones_dropped(tmp_path: Path) -> None:
    """Up and down at one instant: both go and the time after is unknown."""
    rows = [("10:00:00", "up"), ("10:01:00", "up"), ("10:01:00", "down"), ("10:02:00", "up"),
            ("10:02:00", "up"), ("10:03:00", "up")]  # fmt: skip
    result = read_log(tmp_path, rows)
    assert seconds(result) == (120, 120)
    assert result.rejects["line"].tolist() == [3, 4, 6]
    assert result.rows_read == result.rows_kept + len(result.rejects) == 6


def test_several_sites_and_a_chosen_column(tmp_path: Path) -> None:
    """The service comes from the column sources.toml names."""
    path = tmp_path / "log.csv"
    path.write_text(
        "time_utc,site,status,slug\n2026-06-01T10:00:00Z,The Web,up,web\n"
        "2026-06-01T10:00:00Z,The API,down,api\n2026-06-01T10:01:00Z,The Web,up,web\n"
        "2026-06-01T10:01:00Z,The API,up,api\n"
    )
    source = Source(match="*", columns={"service": "slug"})
    sli = read(path, root=tmp_path, source=source)[1].tables["sli"]
    assert sli[["service", "good", "total"]].astype({"service": "str"}).values.tolist() == [
        ["api", 0, 60], ["web", 60, 60],
    ]  # fmt: skip


def test_other_grid(tmp_path: Path) -> None:
    """step sets the length of the buckets."""
    result = read_log(tmp_path, [("10:00:00", "up"), ("12:00:00", "up")], step="1h")
    assert result.tables["sli"]["total"].tolist() == [3600, 3600]


def test_log_without_a_service_column_needs_one(tmp_path: Path) -> None:
    """The error lists the columns and the fix."""
    path = tmp_path / "log.csv"
    path.write_text("time,status\n2026-06-01T10:00:00Z,up\n")
    with pytest.raises(ReadError, match=r"needs a column service.*columns = "):
        read(path, root=tmp_path, source=Source(match="*", unit="state"))


changes = st.lists(
    st.tuples(st.integers(0, 20_000), st.sampled_from(["up", "down"])),
    min_size=2, max_size=12, unique_by=lambda row: row[0],
)  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=changes)
def test_seconds_agree_with_adding_up_the_rows(tmp_path: Path, rows: list[tuple[int, str]]) -> None:
    """Whatever the changes, in any order: known is last minus first, down is the sum of downs."""
    clock = [(str(pd.Timedelta(at, "s")).split()[-1], state) for at, state in rows]
    result = read_log(tmp_path, clock, max_silence="1d")
    ordered = sorted(rows)
    down = sum(after[0] - before[0] for before, after in pairwise(ordered) if before[1] == "down")
    good, known = seconds(result)
    assert known == ordered[-1][0] - ordered[0][0]
    assert known - good == down


LOG = [f"2026-06-01T10:{minute:02}:00Z,web,{'down' if 3 <= minute < 6 else 'up'}\n"
       for minute in range(10)]  # fmt: skip


def logs_in(folder: Path, **files: list[str]) -> srelib.Dataset:
    """A folder of logs, each file with its rows, every row kept, left out or refused once."""
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text(HEADER + "".join(rows))
    dataset = srelib.load(folder)
    counted = dataset.sources["rows_kept"] + dataset.sources["rows_rejected"]
    assert counted.tolist() == dataset.sources["rows_read"].tolist()
    assert dataset.sources["rows_kept"].ge(0).all()
    return dataset


def test_two_copies_of_a_log_count_once(tmp_path: Path) -> None:
    """The rows of the second copy are refused, each with its line; nothing else changes."""
    found = logs_in(tmp_path, a=LOG, b=LOG)
    assert found.sources["rows_kept"].tolist() == [10, 0]
    assert found.rejects["line"].tolist() == list(range(2, 12))
    assert set(found.rejects["reason"]) == {"repeats a row of a.csv (same service, time and state)"}
    assert (found.sli["good"].sum(), found.sli["total"].sum()) == (360, 540)
    assert found.incidents["started_at"].tolist() == [pd.Timestamp("2026-06-01T10:03Z")]


def test_logs_that_overlap_are_one_log(tmp_path: Path) -> None:
    """Two exports of an hour that share some rows give what one export of the hour gives."""
    found = logs_in(tmp_path, a=LOG[:6], b=LOG[4:])
    assert found.sources["rows_kept"].tolist() == [6, 4]
    assert found.rejects["line"].tolist() == [2, 3]
    assert (found.sli["good"].sum(), found.sli["total"].sum()) == (360, 540)
    assert found.incidents["resolved_at"].tolist() == [pd.Timestamp("2026-06-01T10:06Z")]


def test_logs_that_contradict_each_other_are_unknown_there(tmp_path: Path) -> None:
    """Both rows go, and the minute until the next row is known to nobody."""
    other = [LOG[8].replace("up", "down"), *LOG[9:]]
    found = logs_in(tmp_path, a=LOG, b=[*LOG[:8], *other])
    clash = found.rejects[found.rejects["reason"].str.contains("another file gives a different")]
    assert list(zip(clash["file"], clash["line"], clash["value"], strict=True)) == [
        ("a.csv", 10, "up"), ("b.csv", 10, "down"),
    ]  # fmt: skip
    assert found.sli["total"].sum() == 480


def test_a_log_beside_seconds_of_another_file_counts_its_rows(tmp_path: Path) -> None:
    """One row of an hour makes sixty buckets, and is refused once when they are repeated."""
    rows = [LOG[0], LOG[9]]
    (tmp_path / "sources.toml").write_text(
        '[[file]]\nmatch = "z.csv"\nunit = "ratio"\nservice = "web"\n'
        'columns = { ratio = "r" }\n'
        '[[file]]\nmatch = "a.csv"\nmax_silence = "1h"\n'
    )
    (tmp_path / "z.csv").write_text(
        "time,r\n" + "".join(f"2026-06-01T10:{n:02}:00Z,0.5\n" for n in range(5))
    )
    found = logs_in(tmp_path, a=rows)
    of_log = found.rejects[found.rejects["file"] == "a.csv"]
    assert of_log["line"].tolist() == [2]
    assert found.sources.set_index("file").loc["a.csv", "rows_kept"] == 1


@pytest.mark.parametrize("column", ["is_down", "failed", "outage"])
def test_true_in_a_column_of_failure_is_not_up(tmp_path: Path, column: str) -> None:
    """What true and false mean there is asked for."""
    cells = "".join(f"2026-06-01T0{n}:00:00Z,site,{str(n == 3).lower()}\n" for n in range(9))
    (tmp_path / "s.csv").write_text(f"time,service,{column}\n{cells}")
    said = Source(match="*", unit="state", columns={"state": column})
    with pytest.raises(ReadError, match=r"nothing says what these states .* 'false' 8, 'true' 1"):
        read(tmp_path / "s.csv", root=tmp_path, source=said)


def test_rows_years_apart_are_no_regular_checks(tmp_path: Path) -> None:
    """One wrong year makes neither a heartbeat nor a bucket for every minute in between."""
    path = tmp_path / "log.csv"
    path.write_text(f"{HEADER}2026-06-01T10:00:00Z,web,up\n2066-06-01T10:00:00Z,web,down\n")
    with pytest.raises(ReadError, match="no regular checks"):
        read(path, root=tmp_path)
    source = Source(match="*", max_silence="2m")  # type: ignore[arg-type]
    tracemalloc.start()
    _, found = read(path, root=tmp_path, source=source)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tables["sli"]["total"].tolist() == [60, 60]
    assert most < 20_000_000
