"""State logs: the state of a row holds until the next one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.readers.source import Source

HEADER = "time,site,status\n"


def of(folder: Path, rows: list[tuple[str, str]], **said: object) -> FileResult:
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
    result = of(
        tmp_path,
        [("10:00:30", "up"), ("10:10:20", "down"), ("10:11:50", "up"), ("11:00:30", "up")],
    )
    assert seconds(result) == (3600 - 90, 3600)
    sli = result.tables["sli"].set_index("time")
    assert sli.loc["2026-06-01T10:10:00Z", ["good", "total"]].tolist() == [20, 60]
    assert sli.loc["2026-06-01T10:11:00Z", ["good", "total"]].tolist() == [10, 60]
    assert sli["total"].iloc[[0, -1]].tolist() == [30, 30]
    assert (result.series[0].weighting, result.series[0].step_seconds) == ("time", 60)


def test_every_down_episode_is_one_incident(tmp_path: Path) -> None:
    """Heartbeats inside an outage do not split it; an outage at the end is open."""
    result = of(
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
    assert seconds(of(tmp_path, rows)) == (35 * 60, 35 * 60)
    result = of(tmp_path, rows, max_silence="10m")
    assert seconds(result) == (15 * 60, 15 * 60)
    assert not result.tables["sli"]["time"].dt.minute.between(10, 29).any()


def test_states_mean_what_sources_says(tmp_path: Path) -> None:
    """A third state counts as mapped; paused time is unknown."""
    states = ["up", "degraded", "paused", "up", "up"]
    rows = [(f"10:0{minute}:00", state) for minute, state in enumerate(states)]
    assert seconds(of(tmp_path, rows)) == (180, 180)
    result = of(tmp_path, rows, values={"degraded": "bad"})
    assert seconds(result) == (120, 180)


def test_unknown_state_is_a_reject_and_its_time_unknown(tmp_path: Path) -> None:
    """A state nobody mapped is neither up nor a continuation of what was."""
    result = of(tmp_path, [("10:00:00", "up"), ("10:01:00", "wobbly"), ("10:02:00", "up"),
                           ("10:03:00", "up")])  # fmt: skip
    assert seconds(result) == (120, 120)
    assert result.rejects[["line", "column", "value"]].values.tolist() == [[3, "status", "wobbly"]]
    assert (result.rows_read, result.rows_kept) == (4, 3)


def test_contradicting_rows_are_refused_and_repeated_ones_dropped(tmp_path: Path) -> None:
    """Up and down at one instant: both go and the time after is unknown."""
    rows = [("10:00:00", "up"), ("10:01:00", "up"), ("10:01:00", "down"), ("10:02:00", "up"),
            ("10:02:00", "up"), ("10:03:00", "up")]  # fmt: skip
    result = of(tmp_path, rows)
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
    result = of(tmp_path, [("10:00:00", "up"), ("12:00:00", "up")], step="1h")
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
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=changes)
def test_seconds_agree_with_adding_up_the_rows(tmp_path: Path, rows: list[tuple[int, str]]) -> None:
    """Whatever the changes, in any order: known is last minus first, down is the sum of downs."""
    clock = [(str(pd.Timedelta(at, "s")).split()[-1], state) for at, state in rows]
    result = of(tmp_path, clock)
    ordered = sorted(rows)
    down = sum(after[0] - before[0] for before, after in pairwise(ordered) if before[1] == "down")
    good, known = seconds(result)
    assert known == ordered[-1][0] - ordered[0][0]
    assert known - good == down
