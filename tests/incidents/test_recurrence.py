"""Do incidents come back: hours, weekdays, services, titles."""

import numpy as np
import pandas as pd
import pytest

from srelib.errors import ParameterError
from srelib.incidents import recurrence

START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
WEEKS = START, START + pd.Timedelta("84D")


def table(at: pd.DatetimeIndex, service: str = "shop", titles: list[str] | None = None):
    """Incidents of half an hour."""
    return pd.DataFrame({
        "incident_id": [f"{service}{n}" for n in range(len(at))], "service": service,
        "started_at": at, "resolved_at": at + pd.Timedelta("30min"),
        "title": titles or "down", "severity": "high",
    })  # fmt: skip


def test_every_morning_at_nine_is_an_hour_and_no_weekday():
    """In the zone asked for."""
    rows = table(pd.date_range(START + pd.Timedelta("8h"), periods=84, freq="D"))
    found = recurrence._recurrence(rows, between=WEEKS, timezone="Europe/Berlin")
    assert found["hour"].counts["count"].idxmax() == 9
    assert found["hour"].adjusted_p_value < 0.01
    assert found["weekday"].p_value == 1.0
    assert "service" not in found


def test_one_bad_night_is_no_preference():
    """Thirty incidents of one night: a plain chi-square would call it an hour and a weekday."""
    burst = pd.date_range(START + pd.Timedelta("30h"), periods=30, freq="2min")
    calm = pd.date_range(START, periods=12, freq="167h")
    found = recurrence._recurrence(table(burst.append(calm).sort_values()), between=WEEKS)
    assert found["hour"].p_value > 0.05
    assert found["weekday"].p_value > 0.05


def test_expected_counts_follow_the_time_there_was():
    """Ten days from a Monday: two Mondays to Wednesdays, one of each other day."""
    days = START, START + pd.Timedelta("10D")
    rows = table(pd.date_range(START, periods=20, freq="12h"))
    found = recurrence._recurrence(rows, between=days)["weekday"]
    assert found.counts["expected"].tolist() == pytest.approx([4, 4, 4, 2, 2, 2, 2])
    assert found.counts["count"].tolist() == [4, 4, 4, 2, 2, 2, 2]


def test_with_few_incidents_there_is_no_test():
    """Fewer than ten."""
    rows = table(pd.date_range(START, periods=9, freq="D"))
    assert np.isnan(recurrence._recurrence(rows, between=WEEKS)["hour"].p_value)


def test_services_with_as_many_are_spread_evenly_and_others_are_not():
    """Three services; one with ten times as many."""
    at = pd.date_range(START, periods=24, freq="84h")
    even = pd.concat([table(at, name) for name in "abc"])
    assert recurrence._recurrence(even, between=WEEKS)["service"].p_value > 0.9
    more = pd.concat([table(pd.date_range(START, periods=240, freq="8h"), "a"), even])
    assert recurrence._recurrence(more, between=WEEKS)["service"].adjusted_p_value < 0.001


def test_titles_that_differ_in_numbers_and_case_are_the_same():
    """How often, how far apart, as last written; titles that came once are left out."""
    at = pd.date_range(START, periods=4, freq="2D")
    rows = table(at, titles=["Disk 1 full", "disk 22  FULL", "Network", "Disk 3 full"])
    (row,) = recurrence._repeated(rows, between=WEEKS).to_dict("records")
    assert (row["title"], row["incidents"], row["services"]) == ("Disk 3 full", 3, 1)
    assert row["gap"] == pd.Timedelta("3D")


def test_an_incident_of_two_services_comes_once_and_at_either():
    """Once per hour and title; a row for each service it was at."""
    shop = table(pd.date_range(START, periods=12, freq="7D"))
    rows = pd.concat([shop, shop[:3].assign(service="api")])
    found = recurrence._recurrence(rows, between=WEEKS)
    assert found["hour"].counts["count"].sum() == 12
    assert found["service"].counts[["value", "count"]].values.tolist() == [["shop", 12], ["api", 3]]
    (row,) = recurrence._repeated(rows, between=WEEKS).to_dict("records")
    assert (row["incidents"], row["services"]) == (12, 2)


def test_an_unknown_zone_is_refused():
    """The message says what was seen."""
    rows = table(pd.date_range(START, periods=3, freq="D"))
    with pytest.raises(ParameterError, match="IANA name; got 'Berlin/Mitte'"):
        recurrence._recurrence(rows, between=WEEKS, timezone="Berlin/Mitte")
