"""Episodes, truth and score: planted events are found, named and timed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from srelib import alerts, tables, windows
from srelib.alerts.firing import _as_episodes
from srelib.alerts.score import _budget_events, _incident_events, _spending
from srelib.budget.status import _window_allowance
from srelib.errors import ColumnError, InsufficientDataError, ParameterError, TimeIndexError

MINUTES = pd.date_range("2026-06-01", periods=3 * 1440, freq="min", tz="UTC", unit="us")
"""Monday to Wednesday."""


def minute(text: str) -> pd.Timestamp:
    """A time of June 2026, UTC: day and HH:MM."""
    return pd.Timestamp(f"2026-06-{text}", tz="UTC")


def fires(*spans: tuple[str, str], severity: str = "page") -> pd.DataFrame:
    """Booleans that are set from one time up to another."""
    flags = np.zeros(len(MINUTES), dtype=bool)
    for start, stop in spans:
        flags |= np.asarray((minute(start) <= MINUTES) & (minute(stop) > MINUTES))
    return pd.DataFrame({severity: flags}, MINUTES)


def truth(*spans: tuple[str, str]) -> pd.DataFrame:
    """Events a, b, ... from one time to another."""
    return pd.DataFrame(
        {
            "key": list("abcdef"[: len(spans)]),
            "label": [f"event {n}" for n in range(len(spans))],
            "starts_at": pd.DatetimeIndex([minute(start) for start, _ in spans], tz="UTC"),
            "ends_at": pd.DatetimeIndex([minute(stop) for _, stop in spans], tz="UTC"),
        }
    )


def flat() -> alerts.Spending:
    """The three days as a history in which nothing was spent."""
    return alerts.Spending(MINUTES[0], pd.Timedelta("1min"), np.zeros(len(MINUTES) + 1))


def outage(*spans: tuple[str, str]) -> tuple[pd.Series, pd.Series]:
    """Good and total of 100 events a minute, all bad in the spans."""
    total = pd.Series(100.0, MINUTES)
    return total.mask(fires(*spans)["page"], 0.0), total


# --- episodes -------------------------------------------------------------------------------


def test_an_episode_begins_when_its_bucket_is_known() -> None:
    """Firing at buckets 12:00 and 12:01 is known at 12:01, and over at 12:03."""
    found = _as_episodes(fires(("01 12:00", "01 12:02")))
    assert found["fired_at"].tolist() == [minute("01 12:01")]
    assert found["resolved_at"].tolist() == [minute("01 12:03")]


def test_an_episode_that_goes_on_has_no_end() -> None:
    """What still fires at the end of the data has not resolved."""
    found = _as_episodes(fires(("03 23:00", "04 00:00")))
    assert found["resolved_at"].isna().tolist() == [True]


def test_no_firing_is_no_episode() -> None:
    """An empty table with its columns and types."""
    found = _as_episodes(fires())
    assert len(found) == 0
    assert str(found["fired_at"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(("merge", "episodes"), [("0min", 2), ("9min", 2), ("10min", 1)])
def test_episodes_close_to_each_other_merge(merge: str, episodes: int) -> None:
    """A gap of ten minutes is bridged by a merge of ten, not of nine."""
    flapping = fires(("01 12:00", "01 12:05"), ("01 12:15", "01 12:20"))
    assert len(_as_episodes(flapping, merge=merge)) == episodes


@pytest.mark.parametrize("merge", ["0min", "4min", "5min", "30min"])
def test_merging_rows_is_merging_buckets(merge: str) -> None:
    """Episodes of an export merge as those of a replay do."""
    flapping = fires(("01 12:00", "01 12:05"), ("01 12:10", "01 12:20"), ("03 23:59", "04 00:00"))
    rows = _as_episodes(flapping)
    pd.testing.assert_frame_equal(
        _as_episodes(rows, merge=merge), _as_episodes(flapping, merge=merge)
    )


def test_the_table_of_alerts_is_taken_as_it_is() -> None:
    """Alerts that really fired, as exports give them, can be scored too."""
    rows = tables.conform(
        pd.DataFrame(
            {"service": ["shop"], "rule": ["Burn"], "severity": ["page"],
             "fired_at": [minute("01 12:01")], "resolved_at": [minute("01 12:30")]}
        ),
        "alerts",
    )  # fmt: skip
    found = alerts.score(rows, truth(("01 12:00", "01 12:20")), budget=flat())
    assert found.recall.value == 1
    assert found.detection_seconds.value == 60


def test_a_negative_merge_is_refused() -> None:
    """The error shows it."""
    with pytest.raises(ParameterError, match="merge must not be negative"):
        _as_episodes(fires(), merge="-1min")


def test_irregular_times_are_refused() -> None:
    """Episodes need a step."""
    with pytest.raises(TimeIndexError, match="apart"):
        _as_episodes(fires().drop(MINUTES[7]))


# --- truth ----------------------------------------------------------------------------------


def test_an_outage_is_a_budget_event_with_its_share() -> None:
    """60 min of outage at 99.9 % of 30 days: 60 of 43.2 minutes, 138.9 % of the budget."""
    good, total = outage(("02 12:00", "02 13:00"))
    found = _budget_events(windows.history(good, total), target=0.999, period="30d", share=0.02)
    assert found["starts_at"].tolist() == [minute("02 12:00")]
    assert found["ends_at"].tolist() == [minute("02 13:00")]
    assert found["spent"].tolist() == pytest.approx([60 / 43.2])


def test_small_spans_are_not_significant() -> None:
    """One minute at 99 % of 28 days spends 0.248 %: significant from there on only."""
    good, total = outage(("02 12:00", "02 12:01"))
    for share, events in ((0.0024, 1), (0.0025, 0)):
        found = _budget_events(windows.history(good, total), target=0.99, period="28d", share=share)
        assert len(found) == events


@pytest.mark.parametrize(
    ("second", "events"), [(("02 12:50", "02 13:10"), 1), (("02 13:01", "02 13:21"), 2)]
)
def test_spans_half_an_hour_apart_are_one_event(second: tuple[str, str], events: int) -> None:
    """20 minutes of quiet are within one event, 31 are not; both spend 50 minutes in all."""
    good, total = outage(("02 12:00", "02 12:30"), second)
    found = _budget_events(windows.history(good, total), target=0.99, period="28d", share=0.01)
    assert len(found) == events
    assert found["spent"].sum() == pytest.approx(50 / 403.2)


def test_no_event_where_nothing_fails() -> None:
    """An empty table, with columns and types."""
    good, total = outage()
    found = _budget_events(windows.history(good, total), target=0.99, period="28d", share=0.01)
    assert found.columns.tolist() == ["key", "label", "starts_at", "ends_at", "spent"]
    assert len(found) == 0


def test_an_event_at_the_end_ends_with_the_data() -> None:
    """The last bucket is part of it."""
    good, total = outage(("03 23:00", "04 00:00"))
    found = _budget_events(windows.history(good, total), target=0.99, period="28d", share=0.01)
    assert found["ends_at"].tolist() == [minute("04 00:00")]


def test_a_gap_inside_an_event_spends_nothing() -> None:
    """Ten unknown minutes of an hour leave fifty that spent."""
    good, total = outage(("02 12:00", "02 13:00"))
    total[minute("02 12:20") : minute("02 12:29")] = np.nan
    found = _budget_events(windows.history(good, total), target=0.99, period="28d", share=0.01)
    assert found["spent"].tolist() == pytest.approx([50 / 403.2])


def test_without_traffic_there_is_no_budget() -> None:
    """The error says that nothing was asked."""
    total = pd.Series(0.0, MINUTES)
    with pytest.raises(InsufficientDataError, match="needs traffic"):
        _budget_events(windows.history(total, total), target=0.99, period="28d", share=0.01)


def test_a_share_is_positive() -> None:
    """The error shows it."""
    good, total = outage()
    with pytest.raises(ParameterError, match="share must be positive; got 0"):
        _budget_events(windows.history(good, total), target=0.99, period="28d", share=0)


def test_an_hour_of_outage_at_ninety_percent_is_small() -> None:
    """Golden: 90 %, total outage for 1 h: 1.389 % of 30 days, so 2 % in 1 h can never fire."""
    index = pd.date_range("2026-06-01", periods=24 * 30, freq="h", tz="UTC")
    total = pd.Series(100.0, index)
    good = total.where(index != index[100], 0.0)
    went = _spending(windows.history(good, total), target=0.9, period="30d")
    assert went.spent[-1] == pytest.approx(0.01389, abs=5e-6)


def test_one_failure_of_seven_allowed_is_a_seventh_of_the_budget() -> None:
    """Golden: 10 requests an hour at 99.9 % for 30 days: 7.2 allowed, one costs 13.89 %."""
    index = pd.date_range("2026-06-01", periods=720, freq="h", tz="UTC")
    total = pd.Series(10.0, index)
    past = windows.history(total.where(index != index[9], 9.0), total)
    went = _spending(past, target=0.999, period="30d")
    assert went.spent[-1] == pytest.approx(0.1389, abs=5e-5)
    budget = _window_allowance(past, target=0.999, window=windows.Window.parse("30d"))
    assert int(budget) == 7


def test_incidents_are_truth() -> None:
    """Open ones last until the data ends; maintenance and those of no length do not count."""
    rows = pd.DataFrame(
        {
            "incident_id": ["1", "2", "3", "4"],
            "severity": ["high", "Maintenance", "low", None],
            "title": ["down", "upgrade", None, "blip"],
            "started_at": [minute("02 12:00")] * 3 + [minute("02 13:00")],
            "resolved_at": [minute("02 13:00"), minute("02 13:00"), pd.NaT, minute("02 13:00")],
        }
    )
    costs = pd.DataFrame({"incident_id": ["3", "1"], "share": [0.1, 0.5]})
    found = _incident_events(rows, costs, until=minute("04 00:00"))
    assert found["key"].tolist() == ["1", "3"]
    assert found["label"].tolist() == ["down", "3"]
    assert found["ends_at"].tolist() == [minute("02 13:00"), minute("04 00:00")]
    assert found["spent"].tolist() == [0.5, 0.1]


def test_a_table_without_incidents_is_refused() -> None:
    """The error names the missing column."""
    with pytest.raises(ColumnError, match="incidents lack incident_id"):
        _incident_events(pd.DataFrame({"a": [1]}), pd.DataFrame(), until=minute("04 00:00"))


# --- score ----------------------------------------------------------------------------------


def test_a_planted_history_has_the_score_it_was_given() -> None:
    """Two of three events are detected, by two of three pages, after 10 and 20 minutes."""
    pages = fires(("01 12:09", "01 12:34"), ("02 03:19", "02 04:09"), ("03 18:00", "03 18:10"))
    events = truth(("01 12:00", "01 12:30"), ("02 03:00", "02 04:00"), ("03 09:00", "03 10:00"))
    found = alerts.score(pages, events)
    assert (found.precision.value, found.precision.n) == (pytest.approx(2 / 3), 3)
    assert (found.recall.value, found.recall.n) == (pytest.approx(2 / 3), 3)
    assert found.detection_seconds.value == 15 * 60
    assert found.events["reset"].dt.total_seconds().median() == (5 + 10) / 2 * 60
    assert found.missed["key"].tolist() == ["c"]
    assert found.false_pages["fired_at"].tolist() == [minute("03 18:01")]
    assert found.pages["key"].tolist()[:2] == ["a", "b"]
    assert found.pages_per_week.value == pytest.approx(3 / (3 / 7))


def test_ratios_come_with_wilson_intervals() -> None:
    """2 of 3: Wilson's 95 % interval is 0.208 to 0.939."""
    pages = fires(("01 12:09", "01 12:34"), ("02 03:19", "02 04:09"), ("03 18:00", "03 18:10"))
    events = truth(("01 12:00", "01 12:30"), ("02 03:00", "02 04:00"))
    found = alerts.score(pages, events).precision
    assert (found.low, found.high) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )


def test_pages_per_week_come_with_poisson_intervals() -> None:
    """Garwood's exact interval of 3 events: 0.6187 to 8.7673."""
    pages = fires(("01 12:00", "01 12:10"), ("02 12:00", "02 12:10"), ("03 12:00", "03 12:10"))
    found = alerts.score(pages, truth()).pages_per_week
    weeks = 3 / 7
    assert found.low * weeks == pytest.approx(0.61867, abs=1e-5)
    assert found.high * weeks == pytest.approx(8.76727, abs=1e-5)


def test_without_pages_there_is_no_precision() -> None:
    """No data is NaN, never 0: nothing is known of pages that never came."""
    found = alerts.score(fires(), truth(("01 12:00", "01 12:30")))
    assert np.isnan(found.precision.value)
    assert np.isnan(found.detection_seconds.value)
    assert found.recall.value == 0
    assert found.pages_per_week.value == 0


def test_without_events_every_page_is_false() -> None:
    """Recall is unknown, precision 0."""
    found = alerts.score(fires(("01 12:00", "01 12:10")), truth())
    assert np.isnan(found.recall.value)
    assert found.precision.value == 0
    assert len(found.false_pages) == 1


def test_a_page_after_the_event_still_detects_within_the_grace() -> None:
    """16 minutes late it does not, with a grace of 20 it does."""
    pages, events = fires(("01 12:45", "01 12:50")), truth(("01 12:00", "01 12:30"))
    assert alerts.score(pages, events).recall.value == 0
    assert alerts.score(pages, events, grace="20min").recall.value == 1


def test_a_page_that_was_there_before_detects_at_once() -> None:
    """Already firing when the event starts: no time passes."""
    found = alerts.score(fires(("01 11:00", "01 12:10")), truth(("01 12:00", "01 12:30")))
    assert found.detection_seconds.value == 0
    assert found.events["reset"].dt.total_seconds().tolist() == [0]


def test_an_alert_that_never_resolves_has_no_reset() -> None:
    """Still firing at the end of the data: reset is unknown."""
    found = alerts.score(fires(("03 23:00", "04 00:00")), truth(("03 22:30", "03 23:30")))
    assert found.recall.value == 1
    assert found.events["reset"].isna().all()


def test_budget_spent_is_that_until_the_page() -> None:
    """A page after 20 of 60 minutes comes at 20 / 403.2 of the budget of 28 days at 99 %."""
    good, total = outage(("02 12:00", "02 13:00"), ("03 12:00", "03 13:00"))
    budget = _spending(windows.history(good, total), target=0.99, period="28d")
    events = truth(("02 12:00", "02 13:00"), ("03 12:00", "03 13:00"))
    found = alerts.score(fires(("02 12:19", "02 13:00")), events, budget=budget)
    assert found.events["spent"].tolist() == pytest.approx([60 / 403.2] * 2)
    assert found.events["spent_at_detection"].tolist() == pytest.approx([20 / 403.2, 60 / 403.2])
    assert found.spent_at_detection.value == pytest.approx(40 / 403.2)


@pytest.mark.parametrize(
    ("at", "zone", "out"),
    [
        ("01 09:00", "UTC", False), ("01 08:58", "UTC", True), ("01 17:00", "UTC", True),
        ("01 08:58", "Europe/Berlin", False), ("01 16:00", "Europe/Berlin", True),
        ("06 12:00", "UTC", True),
    ],
)  # fmt: skip
def test_office_hours_are_those_of_the_people(at: str, zone: str, out: bool) -> None:
    """Monday to Friday, 9 to 17 in their zone; a Saturday is out of hours."""
    fired = minute(at)
    rows = pd.DataFrame(
        {"severity": ["page"], "fired_at": [fired], "resolved_at": [fired + pd.Timedelta("5min")]}
    )
    week = alerts.Spending(minute("01 00:00"), pd.Timedelta("1D"), np.zeros(8))
    found = alerts.score(rows, truth(), timezone=zone, budget=week)
    assert found.pages["out_of_hours"].tolist() == [out]


def test_events_outside_the_history_are_left_out() -> None:
    """An event before the first bucket could not be detected."""
    events = truth(("01 12:00", "01 12:30"), ("09 12:00", "09 12:30"))
    assert alerts.score(fires(), events).events["key"].tolist() == ["a"]


def test_unknown_severities_and_zones_are_refused() -> None:
    """The errors name what there is."""
    with pytest.raises(ParameterError, match=r"no alert has severity 'sms'; there are \['page'\]"):
        alerts.score(fires(), truth(), severity="sms")
    with pytest.raises(ParameterError, match="timezone must be an IANA name"):
        alerts.score(fires(), truth(), timezone="Berlin")
    with pytest.raises(ColumnError, match="events lack label, starts_at, ends_at"):
        alerts.score(fires(), pd.DataFrame({"key": []}))
    with pytest.raises(ParameterError, match="budget is needed"):
        alerts.score(_as_episodes(fires()), truth())


def test_hours_of_the_week_are_those_of_the_people() -> None:
    """23:30 UTC on a Monday is 1:30 on Tuesday in Berlin in summer, 0:30 in winter."""
    fired = pd.DataFrame({"fired_at": pd.to_datetime(["2026-06-01T23:30Z", "2026-01-05T23:30Z"])})
    found = alerts.Score("page", 1.0, truth(), fired)
    table = found.pages_by_hour(timezone="Europe/Berlin")
    assert table.shape == (7, 24)
    assert (table.loc[1, 1], table.loc[1, 0], int(table.to_numpy().sum())) == (1, 1, 2)
    with pytest.raises(ParameterError, match="IANA"):
        found.pages_by_hour(timezone="Berlin time")
