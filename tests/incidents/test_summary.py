"""Incidents per service: counts, rates, times to restore."""

import math

import pandas as pd
import pytest

from srelib import incidents
from srelib.errors import ColumnError, ParameterError

START, END = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-29", tz="UTC")


def table(*rows: tuple) -> pd.DataFrame:
    """Incidents from (service, start, hours or None, severity)."""
    frame = pd.DataFrame(rows, columns=["service", "started_at", "hours", "severity"])
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True)
    frame["resolved_at"] = frame["started_at"] + pd.to_timedelta(frame["hours"], unit="h")
    frame["incident_id"] = [f"i{n}" for n in range(len(frame))]
    return frame.drop(columns="hours")


ROWS = table(
    ("shop", "2025-12-31 23:59", 1.0, "high"),
    ("shop", "2026-01-01 00:00", 1.0, "high"),
    ("shop", "2026-01-05 00:00", 3.0, "low"),
    ("shop", "2026-01-28 23:00", None, "low"),
    ("shop", "2026-01-29 00:00", 1.0, "high"),
    ("api", "2026-01-09 00:00", 9.0, "Maintenance"),
    ("api", "2025-12-09 00:00", 9.0, "high"),
)


def test_an_incident_belongs_to_the_period_it_began_in():
    """Half-open: the start counts, the end does not."""
    found = incidents.summary(ROWS, between=(START, END))
    assert list(found) == ["api", "shop"]
    assert (found["shop"].count, found["shop"].open) == (3, 1)
    assert found["shop"].per_week.value == 0.75


def test_the_open_one_counts_for_as_long_as_it_was_seen():
    """Of 1 h, 3 h and one open after 1 h the median is 3 h: the open one leaves at 1 h."""
    assert incidents.summary(ROWS, between=(START, END))["shop"].restore.value == 3 * 3600


def test_no_incident_is_zero_a_week_and_no_time_to_restore():
    """Planned maintenance is none; a rate of 0 still has an upper end (Garwood: 3.689 in all)."""
    found = incidents.summary(ROWS, between=(START, END))["api"]
    assert (found.count, found.per_week.value, found.restore.n) == (0, 0.0, 0)
    assert found.per_week.high == pytest.approx(3.689 / 4, abs=1e-3)
    assert math.isnan(found.restore.value)


def test_a_burst_says_less_than_as_many_apart():
    """Twelve in one night against twelve spread over four weeks: the same rate, wider interval."""
    night = table(*(("shop", f"2026-01-05 0{n // 2}:{30 * (n % 2):02d}", 0.2, "high")
                    for n in range(12)))  # fmt: skip
    apart = table(*(("shop", f"2026-01-{2 + 2 * n:02d}", 0.2, "high") for n in range(12)))
    burst, even = (incidents.summary(rows, between=(START, END))["shop"].per_week
                   for rows in (night, apart))  # fmt: skip
    assert burst.value == even.value == 3.0
    assert burst.low < even.low < even.high < burst.high
    assert even.high == pytest.approx(20.96 / 4, abs=0.005)


def test_what_ended_after_the_period_was_open_in_it():
    """Only what was known by the end counts."""
    rows = table(("shop", "2026-01-28 00:00", 48.0, "high"))
    found = incidents.summary(rows, between=(START, END))["shop"]
    assert (found.open, found.restore.n) == (1, 1)
    assert math.isnan(found.restore.value)


def test_a_period_must_end_after_it_begins():
    """The message says what was seen."""
    with pytest.raises(ParameterError, match="between must end after it begins"):
        incidents.summary(ROWS, between=(END, START))


def test_a_missing_column_is_named():
    """Not a KeyError."""
    with pytest.raises(ColumnError, match="incidents lack 'resolved_at'"):
        incidents.summary(ROWS.drop(columns="resolved_at"), between=(START, END))
