"""User-facing downtime: the union, whatever the order, zero-length and open ones included."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib import incidents
from srelib.errors import ParameterError

START = pd.Timestamp("2026-01-01", tz="UTC")
DAY = START, START + pd.Timedelta("1D")
MINUTE = pd.Timedelta("1min")


def table(*rows: tuple) -> pd.DataFrame:
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
    found = incidents.downtime(
        table(("api", 80, 100, "high"), ("shop", 30, 90, "high"), ("shop", 0, 60, "low")),
        between=DAY,
    )
    rows = found.services.set_index("service")
    assert rows["downtime"].to_dict() == {"shop": 90 * MINUTE, "api": 20 * MINUTE}
    assert (found.downtime, found.summed) == (100 * MINUTE, 140 * MINUTE)
    assert rows.loc["shop", ["incidents", "overlapping"]].tolist() == [2, 1]
    assert rows.loc["shop", "share"] == pytest.approx(90 / 1440)


def test_odd_ones_add_nothing_and_are_counted():
    """Of no length, ending before its start, open, felt by nobody."""
    found = incidents.downtime(
        table(("shop", 10, 10, "high"), ("shop", 50, 40, "high"), ("shop", 1430, None, "high"),
              ("shop", 100, 200, "none"), ("shop", 300, 400, "Maintenance")),
        between=DAY,
    )  # fmt: skip
    (row,) = found.services.to_dict("records")
    assert (row["zero"], row["unknown"], row["open"], row["incidents"]) == (1, 1, 1, 3)
    assert (found.downtime, found.not_felt) == (10 * MINUTE, 1)


def test_only_the_part_inside_the_period_counts():
    """From the day before, into the day after, and wholly outside."""
    rows = table(("shop", -60, 30, "high"), ("shop", 1400, 1500, "high"), ("shop", -9, -5, "high"))
    found = incidents.downtime(rows, between=DAY)
    assert (found.downtime, found.services["incidents"].sum()) == (70 * MINUTE, 2)


def test_no_incident_is_no_downtime():
    """An empty table, not an error."""
    found = incidents.downtime(table(), between=DAY)
    assert (found.downtime, len(found.services)) == (pd.Timedelta(0), 0)


def test_a_period_must_end_after_it_begins():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="between must end after it begins"):
        incidents.downtime(table(), between=DAY[::-1])


SPANS = st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 300)), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(spans=SPANS, order=st.randoms(use_true_random=False))
def test_downtime_is_the_number_of_minutes_in_which_any_was_open(spans, order):
    """Painted minute by minute; the order of the rows does not matter."""
    minutes = {m for start, size in spans for m in range(start, min(start + size, 1440))}
    order.shuffle(spans)
    rows = table(*(("shop", start, start + size, "high") for start, size in spans))
    found = incidents.downtime(rows, between=DAY)
    assert found.downtime == len(minutes) * MINUTE
    assert found.summed >= found.downtime
