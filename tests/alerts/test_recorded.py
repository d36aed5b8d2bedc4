"""Alerts on record: scored like a policy, against the same truth."""

import pandas as pd
import pytest

from srelib import alerts, tables
from srelib.errors import ColumnError
from tests.alerts.made import OTHER, SHOP, SLOW, incidents, minutes


def fired(*rows: tuple[str, str | None, str, str | None]) -> pd.DataFrame:
    """Alerts: service, severity, start, end."""
    times = [pd.to_datetime([row[n] for row in rows], utc=True, format="ISO8601") for n in (2, 3)]
    return tables.conform(pd.DataFrame({
        "service": [row[0] for row in rows], "rule": "Burn", "severity": [row[1] for row in rows],
        "fired_at": times[0], "resolved_at": times[1],
    }), "alerts")  # fmt: skip


def replay(counts: pd.DataFrame, **options) -> alerts.Replay:
    """The Workbook's policy at 99 % over 28 days."""
    options = {"policy": "workbook", **options}
    return alerts.replay(counts["good"], counts["total"], target=0.99, period="28d", **options)


LOG = incidents(("a", "shop", "2026-06-03T12:00"), ("b", "shop", "2026-06-05T12:00"))
SHOPS = {
    SHOP: replay(minutes("2026-06-03T12:00", "2026-06-05T12:00"), incidents=LOG),
    SLOW: replay(minutes(), incidents=LOG),
}


def test_an_alert_tells_about_an_incident_of_its_service():
    """One of two, after 20 minutes: of an hour of outage a third of its price was spent."""
    real = alerts.recorded(
        fired(("shop", "page", "2026-06-03T12:20", "2026-06-03T13:10"),
              ("shop", "page", "2026-06-06T23:30", "2026-06-06T23:40"),
              ("shop", "ticket", "2026-06-05T12:20", "2026-06-05T13:10")),
        SHOPS, timezone="Europe/Berlin",
    )  # fmt: skip
    one = real.pooled
    assert (one.recall.value, one.recall.n, one.precision.value, len(one.pages)) == (0.5, 2, 0.5, 2)
    assert one.detection_seconds.value == 20 * 60
    first, second = one.events["spent_at_detection"]
    # an hour of total outage spends 1 / (28 * 24 h * 0.01) of a budget; what was missed, all
    assert first == pytest.approx(1 / 6.72 / 3)
    assert second == pytest.approx(1 / 6.72)
    assert one.out_of_hours.value == 0.5
    assert (real.severities, real.others, real.silent) == (("page",), ("ticket",), ())


def test_the_same_pages_get_the_same_score():
    """The pages of a replay, put on record, score as the replay does."""
    rows = SHOPS[SHOP].pages["workbook"].assign(service="shop", rule="Burn")
    real = alerts.recorded(rows, SHOPS).pooled
    told = alerts.pooled(SHOPS)
    columns = ["objective", "key", "caught", "detected_at", "detection", "spent_at_detection"]
    pd.testing.assert_frame_equal(real.events[columns], told.events[columns], check_dtype=False)
    assert (real.recall, real.precision) == (told.recall, told.precision)
    assert real.pages_per_week == told.pages_per_week


def test_budget_events_of_all_objectives_of_the_service_are_told():
    """One outage seen by two objectives is two events, and one page tells about both."""
    counts = minutes("2026-06-03T12:00")
    both = {SHOP: replay(counts), SLOW: replay(counts)}
    real = alerts.recorded(fired(("shop", "page", "2026-06-03T12:10", "2026-06-03T13:00")), both)
    assert real.pooled.events["objective"].tolist() == ["shop availability", "shop latency"]
    assert (real.pooled.recall.value, len(real.pooled.pages)) == (1.0, 1)


def test_an_alert_without_an_end_is_a_moment():
    """It is not firing ever since, so it tells nothing about the second incident."""
    real = alerts.recorded(fired(("shop", "page", "2026-06-03T12:20", None)), SHOPS)
    assert real.pooled.events["caught"].tolist() == [True, False]


def test_pages_of_one_rule_within_the_hour_are_one():
    """As they are in a replay."""
    rows = fired(("shop", "page", "2026-06-03T12:20", "2026-06-03T12:30"),
                 ("shop", "page", "2026-06-03T12:50", "2026-06-03T13:00"),
                 ("shop", "page", "2026-06-03T14:10", "2026-06-03T14:20"))  # fmt: skip
    assert len(alerts.recorded(rows, SHOPS).pooled.pages) == 2
    other = rows.assign(rule=["a", "b", "c"])
    assert len(alerts.recorded(other, SHOPS).pooled.pages) == 3


@pytest.mark.parametrize(
    ("severities", "counting", "others"),
    [
        (("Page", "ticket"), ("Page",), ("ticket",)),
        (("critical", "warning"), ("critical",), ("warning",)),
        (("page", "critical"), ("page",), ("critical",)),
        ((None, None), (), ()),
        (("sev1", "sev2"), (), ("sev1", "sev2")),
    ],
)
def test_which_alerts_count_is_said(severities, counting, others):
    """The severity asked for, else what Pyrra calls it, else all where none is named, else none."""
    rows = fired(*(("shop", name, "2026-06-03T12:20", "2026-06-03T12:30") for name in severities))
    real = alerts.recorded(rows, SHOPS)
    assert (real.severities, real.others) == (counting, others)
    assert (real.pooled is None) == (severities == ("sev1", "sev2"))


def test_services_without_any_alert_and_short_exports_are_said():
    """Nothing of the other service; nothing in the last days."""
    log = incidents(("c", "other", "2026-06-03T12:00"))
    shops = {**SHOPS, OTHER: replay(minutes(), incidents=log)}
    rows = fired(("shop", "page", "2026-06-01T12:20", "2026-06-01T12:30"),
                 ("shop", "page", "2026-06-03T12:20", "2026-06-03T12:30"),
                 ("ghost", "page", "2026-06-03T12:20", "2026-06-03T12:30"))  # fmt: skip
    real = alerts.recorded(rows, shops)
    assert real.silent == ("other",)
    assert real.begins is None
    assert real.ends == pd.Timestamp("2026-06-03T12:20", tz="UTC")
    assert len(real.pooled.pages) == 2
    assert real.pooled.recall.n == 3


def test_alerts_outside_the_data_are_left_out():
    """Nobody knows what they told about."""
    rows = fired(("shop", "page", "2026-05-03T12:20", "2026-05-03T12:30"))
    real = alerts.recorded(rows, SHOPS)
    assert (len(real.pooled.pages), real.pooled.recall.value) == (0, 0.0)


def test_nothing_recorded_or_replayed_is_none():
    """No table, no objective."""
    assert alerts.recorded(tables.empty("alerts"), SHOPS) is None
    assert alerts.recorded(fired(("shop", "page", "2026-06-03T12:20", None)), {}) is None


def test_a_missing_column_is_named():
    """Not an alert."""
    with pytest.raises(ColumnError, match=r"alerts lack \['rule'"):
        alerts.recorded(pd.DataFrame({"service": ["shop"]}), SHOPS)


def test_the_record_stands_behind_the_policy_in_use():
    """Second row of the table."""
    found = alerts.side_by_side(SHOPS)
    rows = fired(("shop", "page", "2026-06-03T12:20", "2026-06-03T12:30"))
    names = list(alerts.beside(found, alerts.recorded(rows, SHOPS)))
    assert names[:3] == ["workbook", "recorded", "pyrra"]
    assert alerts.beside(found, None) == found
