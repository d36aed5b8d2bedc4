"""Time to detect, acknowledge, mitigate, restore; downtime: overlaps, zero-length, open ones."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import incidents
from srelib.errors import ColumnError, InsufficientDataError, ParameterError
from srelib.incidents import times

START = pd.Timestamp("2026-01-01", tz="UTC")
WHOLE = START, START + pd.Timedelta("56D")
DAY = START, START + pd.Timedelta("1D")
MINUTE = pd.Timedelta("1min")
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
    found = times._durations(rows, as_of=NOW, to="acknowledge")
    assert found["state"].tolist() == ["ended", "unknown", "open"]
    assert found["seconds"].fillna(-1).tolist() == [300.0, -1.0, 7 * 86400.0]
    waiting = incidents.time_to(rows, as_of=NOW, to="acknowledge")
    assert (waiting.unknown, waiting.open, waiting.median.n) == (1, 1, 2)


def test_an_end_before_the_start_is_unknown():
    """Never a negative duration, never an open one."""
    rows = table(started_at=["2026-01-02"], resolved_at=["2026-01-01"])
    assert times._durations(rows, as_of=NOW)["state"].tolist() == ["unknown"]


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
    found = times._durations(rows, as_of=NOW)
    assert found[["seconds", "state"]].values.tolist() == [[86400.0, "open"]]


def test_an_incident_of_two_services_counts_once():
    """One hour at two services and three hours at one: two incidents, median halfway."""
    rows = table(
        started_at=["2026-01-01", "2026-01-01", "2026-01-05"],
        resolved_at=["2026-01-01 01:00", "2026-01-01 01:00", "2026-01-05 03:00"],
        service=["shop", "api", "shop"],
    ).assign(incident_id=["7", "7", "8"])
    found = incidents.time_to(rows, as_of=NOW)
    assert (found.incidents, found.median.value) == (2, 7200.0)


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
    with pytest.raises(ColumnError, match="incidents lack resolved_at"):
        incidents.time_to(rows.drop(columns="resolved_at"), as_of=NOW)


# History and downtime


def spans(*rows: tuple) -> pd.DataFrame:
    """Incidents from (service, first minute, last minute or None, severity)."""
    frame = pd.DataFrame(rows, columns=["service", "a", "b", "severity"])
    return pd.DataFrame({
        "incident_id": [f"i{n}" for n in range(len(frame))],
        "service": frame["service"],
        "severity": frame["severity"],
        "started_at": START + pd.to_timedelta(frame["a"], unit="min"),
        "resolved_at": START + pd.to_timedelta(frame["b"], unit="min"),
    })  # fmt: skip


def test_overlaps_count_once_per_service_and_over_all():
    """Hand-worked: shop 0-60 and 30-90, api 80-100; 90 and 20 minutes, 100 together, 140 summed."""
    found = times._downtime(
        spans(("api", 80, 100, "high"), ("shop", 30, 90, "high"), ("shop", 0, 60, "low")),
        between=DAY,
    )
    rows = found.services.set_index("service")
    assert rows["downtime"].to_dict() == {"shop": 90 * MINUTE, "api": 20 * MINUTE}
    assert (found.downtime, found.summed) == (100 * MINUTE, 140 * MINUTE)
    assert rows["incidents"].to_dict() == {"shop": 2, "api": 1}
    assert found.overlapping == 1


def test_odd_ones_add_nothing_and_are_counted():
    """Of no length, ending before its start, open, felt by nobody."""
    found = times._downtime(
        spans(("shop", 10, 10, "high"), ("shop", 50, 40, "high"), ("shop", 1430, None, "high"),
              ("shop", 100, 200, "none"), ("shop", 300, 400, "Maintenance")),
        between=DAY,
    )  # fmt: skip
    (row,) = found.services.to_dict("records")
    assert row["incidents"] == 3
    assert (found.downtime, found.not_felt) == (10 * MINUTE, 1)


def test_only_the_part_inside_the_period_counts():
    """Of what goes on into the day after; what began the day before is not looked at."""
    rows = spans(("shop", 1400, 1500, "high"), ("shop", -9, -5, "high"))
    found = times._downtime(rows, between=DAY)
    assert (found.downtime, found.services["incidents"].sum()) == (40 * MINUTE, 1)


def test_an_incident_of_two_services_is_one_outage():
    """Each service was down for an hour, the fleet for one, and nothing is added up twice."""
    rows = spans(
        ("shop", 0, 60, "high"),
        ("api", 0, 60, "high"),
        ("api", 30, 50, "high"),
        ("shop", 30, 50, "high"),
        ("api", 90, 95, "none"),
        ("shop", 90, 95, "none"),
    )
    found = times._downtime(rows.assign(incident_id=list("aabbcc")), between=DAY)
    assert found.services["downtime"].tolist() == [60 * MINUTE] * 2
    assert (found.downtime, found.summed) == (60 * MINUTE, 80 * MINUTE)
    assert (found.overlapping, found.not_felt) == (1, 1)


def test_no_incident_is_no_downtime():
    """An empty table, not an error."""
    found = times._downtime(spans(), between=DAY)
    assert (found.downtime, len(found.services)) == (pd.Timedelta(0), 0)


def test_a_period_must_end_after_it_begins():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="between must end after it begins"):
        times._downtime(spans(), between=DAY[::-1])


MINUTES = st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 300)), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(minutes=MINUTES, order=st.randoms(use_true_random=False))
def test_downtime_is_the_number_of_minutes_in_which_any_was_open(minutes, order):
    """Painted minute by minute; the order of the rows does not matter."""
    down = {m for start, size in minutes for m in range(start, min(start + size, 1440))}
    order.shuffle(minutes)
    rows = spans(*(("shop", start, start + size, "high") for start, size in minutes))
    found = times._downtime(rows, between=DAY)
    assert found.downtime == len(down) * MINUTE
    assert found.summed >= found.downtime


def test_the_record_begins_with_the_other_data_only_where_the_first_incident_is_near():
    """Months before the first incident of an export are not months without any."""
    rows = spans(*(("shop", d * 1440, d * 1440 + 60, "high") for d in (10, 20, 30, 40)))
    end = WHOLE[1]
    near = times._history(rows, as_of=end, observed_since=START)
    assert near == (START, end)
    far = times._history(rows, as_of=end, observed_since=START - pd.Timedelta("365D"))
    assert far == times._history(rows, as_of=end) == (START + pd.Timedelta("10D"), end)
    assert times._history(rows, as_of=end, observed_since=pd.NaT) == far
    with pytest.raises(InsufficientDataError, match="no incident began before"):
        times._history(rows, as_of=START)
