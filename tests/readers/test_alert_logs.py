"""Alert episodes from Alertmanager and from Prometheus."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srelib.errors import ReadError
from tests.readers.reading import at, noted, read
from tests.readers.shapes import FIRING, alert, alerts_query, notification

START = 1780308000  # 2026-06-01T10:00:00Z
YEAR_ONE = "0001-01-01T00:00:00Z"


def test_an_alert_of_a_notification_is_an_episode(tmp_path):
    """Rule, severity and service stand in its labels."""
    row = read(tmp_path, "alertmanager", notification(alert())).tables["alerts"].iloc[0]
    assert (row["service"], row["rule"], row["severity"]) == ("shop", "HighErrorRate", "page")
    assert (row["fired_at"], row["resolved_at"]) == (at("06-01T10:00:00.5"), at("06-01T10:20"))


def test_many_notifications_tell_of_one_episode(tmp_path):
    """Firing, firing again, resolved, and the rest of the group in each: two episodes."""
    firing = alert(status="firing", endsAt=YEAR_ONE)
    other = alert("SlowCheckout", fingerprint="f2", status="firing", endsAt=YEAR_ONE)
    log = "\n".join(
        json.dumps(notification(*alerts))
        for alerts in ([firing, other], [firing, other], [alert(), other], [alert()])
    )
    result = read(tmp_path, "alertmanager", log)
    table = result.tables["alerts"]
    assert table["rule"].tolist() == ["HighErrorRate", "SlowCheckout"]
    assert table["resolved_at"].isna().tolist() == [False, True]
    assert noted(result, "7 alerts in notifications tell of 2 episodes")


def test_a_late_notification_does_not_open_an_episode_again(tmp_path):
    """Notifications can arrive in the wrong order."""
    firing = alert(status="firing", endsAt=YEAR_ONE)
    result = read(tmp_path, "alertmanager", [notification(alert()), notification(firing)])
    assert result.tables["alerts"]["resolved_at"].tolist() == [at("06-01T10:20")]


@pytest.mark.parametrize(
    "more",
    [
        {"status": "firing", "endsAt": YEAR_ONE},
        {"status": "firing", "endsAt": "2026-06-01T10:04:00Z"},
        {"status": "resolved", "endsAt": YEAR_ONE},
        {"status": {"state": "active"}, "endsAt": "2026-06-01T10:04:00Z"},
        {"status": {"state": "suppressed"}, "endsAt": "2026-06-01T10:04:00Z"},
    ],
)
def test_the_time_at_which_it_would_time_out_is_no_end(tmp_path, more):
    """Nor is the year 1."""
    result = read(tmp_path, "alertmanager", [alert(**more)])
    assert result.tables["alerts"]["resolved_at"].isna().tolist() == [True]


def test_the_current_alerts_are_no_history(tmp_path):
    """The API knows only what fires now, and the report says how to get more."""
    result = read(tmp_path, "alertmanager", [alert(status={"state": "active"})])
    assert noted(result, "alerts of one moment", 'ALERTS{alertstate="firing"}')
    assert not noted(read(tmp_path, "alertmanager", notification(alert())), "one moment")


def test_a_watchdog_is_left_out_by_rule(tmp_path):
    """It fires all the time to show that alerting works."""
    watchdog = alert("Watchdog", fingerprint="f0")
    result = read(tmp_path, "alertmanager", notification(watchdog, alert()))
    assert result.rejects[["value", "by_rule"]].values.tolist() == [["Watchdog", True]]


def test_another_label_can_name_the_service(tmp_path):
    """`job` stands in where there is no better one, and `columns` chooses any."""
    labels = {"alertname": "A", "job": "checkout", "team": "pay"}
    plain = read(tmp_path, "alertmanager", [alert(labels=labels)]).tables["alerts"]
    chosen = read(tmp_path, "alertmanager", [alert(labels=labels)],
                  columns={"service": "labels.team"}).tables["alerts"]  # fmt: skip
    assert (plain["service"].tolist(), chosen["service"].tolist()) == (["checkout"], ["pay"])


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
    with pytest.raises(ReadError, match='say step = "1m"'):
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
