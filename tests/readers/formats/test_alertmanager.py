"""Alerts of Alertmanager."""

from __future__ import annotations

import json

import pytest

from tests.readers.reading import at, noted, read
from tests.readers.shapes import alert, notification

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
