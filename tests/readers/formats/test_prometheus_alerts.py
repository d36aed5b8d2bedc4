"""Alert episodes from Prometheus."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import FIRING, alerts_query

START = 1780308000  # 2026-06-01T10:00:00Z


def samples(*minutes):
    """Times of samples, in minutes after the start."""
    return [START + 60 * minute for minute in minutes]


def test_samples_without_a_gap_are_one_episode(tmp_path):
    """It ends one step after its last sample; a gap begins another; the end of the query ends
    nothing.
    """
    other = FIRING | {"alertname": "Slow"}
    query = alerts_query((FIRING, samples(0, 1, 2, 7, 8)), (other, samples(5, 9, 10)))
    result = read(tmp_path, "prometheus_alerts", query)
    table = result.tables["alerts"]
    assert table["rule"].tolist() == ["HighErrorRate", "HighErrorRate", "Slow", "Slow"]
    assert table["fired_at"].tolist() == [
        at(f"06-01T10:{minute:02d}") for minute in (0, 7, 5, 9)
    ]  # fmt: skip
    ends = [None if pd.isna(end) else end.minute for end in table["resolved_at"]]
    assert ends == [3, 9, 6, None]
    assert noted(result, "step of the query, 60 s")
    assert noted(result, "1 alerts fire at the start")
    assert noted(result, "1 alerts fire at the end")


def test_a_pending_alert_did_not_fire(tmp_path):
    """It is left out by rule."""
    query = alerts_query((FIRING | {"alertstate": "pending"}, samples(0, 1)))
    result = read(tmp_path, "prometheus_alerts", query)
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["pending", True]]


def test_a_step_that_cannot_be_told_must_be_said(tmp_path):
    """One sample alone has no distance to the next."""
    query = alerts_query((FIRING, samples(0)), (FIRING | {"pod": "b"}, samples(5)))
    with pytest.raises(ReadError, match='add step = "1m"'):
        read(tmp_path, "prometheus_alerts", query)
    ends = read(tmp_path, "prometheus_alerts", query, step="30s").tables["alerts"]["resolved_at"]
    assert ends[0] == at("06-01T10:00:30")


def test_an_instant_query_is_refused(tmp_path):
    """One moment is no history."""
    query = {"data": {"resultType": "vector", "result": [{"metric": FIRING, "value": [1, "1"]}]}}
    with pytest.raises(ReadError, match=r"no answer of a range query.*query_range"):
        read(tmp_path, "prometheus_alerts", query)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 60), min_size=2))
def test_time_fired_is_the_number_of_samples_times_the_step(tmp_path_factory, minutes):
    """However the samples lie, no second is lost or counted twice."""
    query = alerts_query((FIRING, samples(*sorted(minutes))), (FIRING | {"pod": "z"}, samples(99)))
    folder = tmp_path_factory.mktemp("alerts")
    table = read(folder, "prometheus_alerts", query, step="1m").tables["alerts"]
    ended = table.dropna(subset="resolved_at")
    lasted = (ended["resolved_at"] - ended["fired_at"]).sum()
    assert lasted == pd.Timedelta(minutes=len(minutes))


def test_where_chooses_alerts_by_label(tmp_path):
    """The others are left out by rule."""
    other = FIRING | {"alertname": "Slow"}
    query = alerts_query((FIRING, samples(0, 1)), (other, samples(0, 1)))
    result = read(tmp_path, "prometheus_alerts", query, where={"alertname": "Slow"})
    assert result.tables["alerts"]["rule"].tolist() == ["Slow"]
    assert noted(result, "1 records left out by alertname: 'HighErrorRate' 1")
