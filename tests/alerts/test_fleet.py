"""One policy on many objectives: each incident once, rules that can answer, out of sample."""

import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import comparison
from srelib.errors import InsufficientDataError, ParameterError
from tests.alerts.made import OTHER, SHOP, SLOW, incidents, minutes

PERIOD = "28d"


def replay(counts: pd.DataFrame, **options) -> alerts.Replay:
    """The Workbook's policy at 99 % over 28 days."""
    options = {"policy": "workbook", **options}
    return alerts.replay(counts["good"], counts["total"], target=0.99, period=PERIOD, **options)


def test_an_incident_of_two_objectives_counts_once():
    """Latency stays fine, availability pages: one incident, told about, spent what hurt most."""
    log = incidents(("a", "shop", "2026-06-04T12:00"))
    found = alerts.pooled({
        SHOP: replay(minutes("2026-06-04T12:00"), incidents=log),
        SLOW: replay(minutes(), incidents=log),
    })  # fmt: skip
    (event,) = found.events.to_dict("records")
    assert event["caught"]
    assert event["objective"] == "shop availability"
    # an hour of total outage: 1 / (28 * 24 h * 0.01) of a budget
    assert event["spent"] == pytest.approx(1 / 6.72)
    assert (found.recall.value, found.recall.n, len(found.pages)) == (1.0, 1, 1)


def test_budget_events_of_two_objectives_stay_two():
    """Without incidents an event belongs to the budget it was taken from."""
    counts = minutes("2026-06-04T12:00")
    found = alerts.pooled({SHOP: replay(counts), SLOW: replay(counts)})
    assert found.truth == "budget"
    assert found.events["objective"].tolist() == ["shop availability", "shop latency"]


def test_incidents_of_the_same_key_in_two_services_stay_two():
    """Some trackers number per service."""
    first = replay(minutes(), incidents=incidents(("1", "shop", "2026-06-04T12:00")))
    other = replay(minutes(), incidents=incidents(("1", "other", "2026-06-04T12:00")))
    found = alerts.pooled({SHOP: first, OTHER: other})
    assert len(found.missed) == 2
    assert found.recall.value == 0


def test_pages_for_nothing_on_record_may_have_burned_all_the_same():
    """The outage nobody wrote down is a false page, and is marked as burning."""
    found = alerts.pooled({SHOP: replay(
        minutes("2026-06-04T12:00"), incidents=incidents(("a", "shop", "2026-06-06T12:00"))
    )})  # fmt: skip
    (page,) = found.pages.to_dict("records")
    assert pd.isna(page["key"])
    assert page["burning"]


def test_only_rules_the_data_can_answer_are_replayed():
    """Hourly buckets: windows of 5 and 30 minutes are blind, and the error says so."""
    hourly = minutes(days=20).resample("h").sum()
    with pytest.raises(InsufficientDataError, match="every page rule is blind"):
        replay(hourly)
    tickets = replay(hourly, severity="ticket")
    assert set(tickets.scores) == {"workbook", "pyrra", "grafana", "5 several burn rates"}


def test_a_short_history_is_told_apart_from_blind_rules():
    """Half an hour of minutes is shorter than any window."""
    with pytest.raises(InsufficientDataError, match="looks back further than the history"):
        replay(minutes().iloc[:30])


def test_a_policy_without_the_severity_is_refused_with_it():
    """One burn rate only pages."""
    with pytest.raises(InsufficientDataError, match="no rule of severity 'ticket', only page"):
        replay(minutes(), policy="4 one burn rate", severity="ticket")


@pytest.mark.parametrize("call", [
    lambda: replay(minutes(), policy="mine"),
    lambda: alerts.named("mine", period=PERIOD),
])  # fmt: skip
def test_an_unknown_policy_names_those_there_are(call):
    """A typo is not another policy."""
    with pytest.raises(
        ParameterError, match=r"'mine' cannot be read.*name one of: workbook, pyrra, grafana"
    ):
        call()


def test_a_policy_of_ones_own_is_replayed_beside_the_others():
    """Five per cent in an hour, as the Workbook's fourth attempt: the same pages, called yours."""
    found = replay(minutes("2026-06-04T12:00"), policy="5% in 1h, ticket 1x in 3d")
    assert found.policy == "yours"
    pd.testing.assert_frame_equal(found.pages["yours"], found.pages["4 one burn rate"])
    assert list(alerts.side_by_side({SHOP: found}))[:2] == ["yours", "workbook"]
    front = alerts.front({SHOP: replay(minutes("2026-06-02T12:00", "2026-06-07T12:00"),
                                      policy="5% in 1h")}).set_index("policy")  # fmt: skip
    assert front.loc["yours", "kind"] == "current"


def test_a_guard_keeps_a_policy_quiet():
    """An hour of outage is 6000 failures, which is no reason to page who asks for 6001."""
    counts = minutes("2026-06-04T12:00")
    assert len(replay(counts, policy="5% in 1h at least 6000 bad").score.pages) == 1
    assert len(replay(counts, policy="5% in 1h at least 6001 bad").score.pages) == 0


def test_an_unknown_truth_is_refused():
    """A typo does not silently score against something else."""
    with pytest.raises(ParameterError, match="incidents, budget; got 'incident'"):
        alerts.known_incidents(pd.DataFrame(), truth="incident")


def test_front_counts_each_half_by_itself():
    """One outage in each half: one page in four days each, spent the same before anybody knew."""
    replays = {SHOP: replay(minutes("2026-06-02T12:00", "2026-06-07T12:00"))}
    front = alerts.front(replays).set_index("policy")
    now = front.loc["workbook"]
    assert now["pages_per_week_chosen_on"] == pytest.approx(7 / 4)
    assert now["pages_per_week_tested_on"] == pytest.approx(7 / 4)
    # 2 % of the 6.72 h that 28 days allow are 8.06 min of outage; the 9th whole minute exceeds it
    assert now["spent_tested_on"] == pytest.approx(9 / 60 / 6.72)
    assert front["chosen"].sum() == 1
    assert front.loc[front["chosen"], "spent_chosen_on"].item() <= now["spent_chosen_on"]


def test_front_agrees_with_the_scores_over_all_of_history():
    """The fast way to the first page gives what `score` gives, for every ready-made policy."""
    log = incidents(
        ("a", "shop", "2026-06-02T12:00"), ("b", "shop", "2026-06-04T01:00"),
        ("c", "shop", "2026-06-07T11:30"),
    )  # fmt: skip
    replays = {
        SHOP: replay(minutes("2026-06-02T12:00", "2026-06-07T12:00"), incidents=log),
        SLOW: replay(minutes("2026-06-02T12:30", "2026-06-03T12:00"), incidents=log),
    }
    events = alerts.pooled(replays).events
    for name in alerts.ready_made(PERIOD):
        slow = alerts.pooled(replays, policy=name).events.set_index("key")["detected_at"]
        fast = pd.Series(comparison._told_at(name, replays, events).to_numpy(), events["key"])
        expected = slow.dt.tz_localize(None).reindex(fast.index)
        pd.testing.assert_series_equal(
            fast, expected, check_names=False, check_dtype=False, obj=name
        )


def test_without_events_in_both_halves_nothing_is_chosen():
    """One outage cannot be in two halves."""
    assert alerts.front({SHOP: replay(minutes("2026-06-02T12:00"))}).empty
    assert alerts.front({}) is None


def test_hours_of_the_week_are_those_of_the_people():
    """23:30 UTC on a Monday is 1:30 on Tuesday in Berlin in summer, 0:30 in winter."""
    times = pd.Series(pd.to_datetime(["2026-06-01T23:30Z", "2026-01-05T23:30Z"]))
    table = alerts.by_hour_of_week(times, timezone="Europe/Berlin")
    assert table.shape == (7, 24)
    assert (table.loc[1, 1], table.loc[1, 0], int(table.to_numpy().sum())) == (1, 1, 2)
    with pytest.raises(ParameterError, match="IANA"):
        alerts.by_hour_of_week(times, timezone="Berlin time")
