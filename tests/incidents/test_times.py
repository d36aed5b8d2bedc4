"""Time to detect, acknowledge, mitigate, restore: ended, open, unknown."""

import math

import pandas as pd
import pytest

from srelib import incidents
from srelib.errors import ColumnError, ParameterError

NOW = pd.Timestamp("2026-01-10", tz="UTC")


def table(**columns: list) -> pd.DataFrame:
    """Incidents of one service; times as text, None is missing."""
    frame = pd.DataFrame(columns)
    for name in frame.columns:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
    frame["incident_id"] = [f"i{n}" for n in range(len(frame))]
    return frame.assign(service=frame.get("service", "shop"))


def test_open_ones_count_for_as_long_as_they_were_seen():
    """Hand-worked: 1 h and 2 h ended, one open for 9 days; the curve falls to 2/3, then 1/3."""
    rows = table(
        started_at=["2026-01-01"] * 3, resolved_at=["2026-01-01 01:00", "2026-01-01 02:00", None]
    )
    found = incidents.time_to(rows, as_of=NOW)
    assert (found.median.value, found.open, found.incidents) == (7200.0, 1, 3)
    assert found.curve["going_on"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert math.isnan(found.p90.value)


def test_left_out_the_open_ones_would_make_the_median_short():
    """Three of five still open after a day: the median is not known, and not one hour."""
    rows = table(
        started_at=["2026-01-09"] * 5,
        resolved_at=["2026-01-09 01:00", "2026-01-09 01:00", None, None, None],
    )
    assert math.isnan(incidents.time_to(rows, as_of=NOW).median.value)


def test_what_nobody_wrote_down_is_unknown_and_not_open():
    """Over without an acknowledgement: unknown; open without one: still waiting."""
    rows = table(
        started_at=["2026-01-01", "2026-01-02", "2026-01-03"],
        acknowledged_at=["2026-01-01 00:05", None, None],
        resolved_at=["2026-01-01 01:00", "2026-01-02 01:00", None],
    )
    found = incidents.durations(rows, as_of=NOW, to="acknowledge")
    assert found["state"].tolist() == ["ended", "unknown", "open"]
    assert found["seconds"].fillna(-1).tolist() == [300.0, -1.0, 7 * 86400.0]
    counted = incidents.time_to(rows, as_of=NOW, to="acknowledge")
    assert (counted.unknown, counted.open, counted.median.n) == (1, 1, 2)


def test_an_end_before_the_start_is_unknown():
    """Never a negative duration, never an open one."""
    rows = table(started_at=["2026-01-02"], resolved_at=["2026-01-01"])
    assert incidents.durations(rows, as_of=NOW)["state"].tolist() == ["unknown"]


def test_detection_that_is_the_start_by_construction_is_no_time_of_detection():
    """As PagerDuty has it; a single later one is enough to show that the source knows."""
    rows = table(
        started_at=["2026-01-01", "2026-01-02"],
        detected_at=["2026-01-01", "2026-01-02"],
        resolved_at=["2026-01-01 01:00", "2026-01-02 01:00"],
    )
    assert not incidents.time_to(rows, as_of=NOW, to="detect").recorded
    rows.loc[1, "detected_at"] += pd.Timedelta("1min")
    assert incidents.time_to(rows, as_of=NOW, to="detect").recorded


def test_mitigation_is_read_where_a_source_has_it():
    """Status pages note when users were well again before the incident is closed."""
    rows = table(started_at=["2026-01-01"], resolved_at=["2026-01-01 05:00"])
    assert incidents.time_to(rows, as_of=NOW, to="mitigate").unknown == 1
    rows["mitigated_at"] = pd.to_datetime(["2026-01-01 02:00"], utc=True)
    assert incidents.time_to(rows, as_of=NOW, to="mitigate").median.value == 7200.0


def test_what_has_not_happened_yet_is_not_known():
    """Resolved after the end of the data: open; begun after it: not there."""
    rows = table(started_at=["2026-01-09", "2026-01-11"], resolved_at=["2026-01-12", "2026-01-12"])
    found = incidents.durations(rows, as_of=NOW)
    assert found[["seconds", "state"]].values.tolist() == [[86400.0, "open"]]


def test_each_value_of_a_column_has_its_times():
    """Without a severity an incident is in none of them."""
    rows = table(
        started_at=["2026-01-01"] * 3,
        resolved_at=["2026-01-01 01:00", "2026-01-01 02:00", "2026-01-01 03:00"],
        severity=["high", "low", None],
    )
    found = incidents.time_to_by(rows, by="severity", as_of=NOW)
    assert {name: one.median.value for name, one in found.items()} == {
        "high": 3600.0, "low": 7200.0,
    }  # fmt: skip


def test_the_input_is_left_alone():
    """No column added, no row moved."""
    rows = table(started_at=["2026-01-02", "2026-01-01"], resolved_at=[None, None])
    before = rows.copy()
    incidents.time_to(rows, as_of=NOW)
    pd.testing.assert_frame_equal(rows, before)


def test_an_unknown_end_is_refused():
    """The message lists what there is."""
    rows = table(started_at=["2026-01-01"], resolved_at=[None])
    with pytest.raises(ParameterError, match="to must be one of detect, acknowledge, mitigate"):
        incidents.time_to(rows, as_of=NOW, to="repair")
    with pytest.raises(ColumnError, match="incidents lack 'team'"):
        incidents.time_to_by(rows, by="team", as_of=NOW)
