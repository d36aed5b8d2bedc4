"""A policy replayed on objectives: each event once, rules that can answer, the sample's truth."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

import srelib
from srelib import alerts, events, fleet, objectives
from srelib.alerts.policies import _threshold
from srelib.errors import InsufficientDataError, ParameterError
from tests.alerts.made import MONITORED_BAD, OTHER, SHOP, SLOW, incidents, minutes, monitor, replay

PERIOD = "28d"
ROOT = Path(__file__).parents[2]
TRUTH = ROOT / "tests" / "truth" / "sample.json"
POLICIES = ("workbook", "pyrra", "4 one burn rate")
SURE, BUSY = 1.1, 100
"""Error ratio over a window, against the threshold, that leaves no doubt; events an hour below
which chance decides, not the ratio that was planted."""


def test_an_incident_of_two_objectives_counts_once():
    """Latency stays fine, availability pages: one incident, detected, spent what hurt most."""
    log = incidents(("a", "shop", "2026-06-04T12:00"))
    found = alerts.pooled({
        SHOP: replay(minutes("2026-06-04T12:00"), incidents=log),
        SLOW: replay(minutes(), incidents=log),
    })  # fmt: skip
    (event,) = found.events.to_dict("records")
    assert event["detected"]
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


def test_an_incident_of_two_services_counts_once_for_the_fleet():
    """One tracker number, open at the same time in both: paged for in one, so detected; the same
    number at another time is another incident."""
    times = ("2026-06-04T12:00", "2026-06-06T12:00")
    log = incidents(("1", "shop", times[0]))
    for time, n, recall in ((times[0], 1, 1.0), (times[1], 2, 0.5)):
        other = replay(minutes(), incidents=incidents(("1", "other", time)))
        found = alerts.pooled({SHOP: replay(minutes(times[0]), incidents=log), OTHER: other})
        assert (found.recall.n, found.recall.value) == (n, recall)
        assert found.events["service"].tolist()[0] == "shop"


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


def test_an_unknown_policy_names_those_there_are():
    """A typo is not another policy."""
    with pytest.raises(
        ParameterError, match=r"'mine' cannot be read.*name one of: workbook, pyrra, grafana"
    ):
        replay(minutes(), policy="mine")


def test_a_policy_of_ones_own_is_replayed_beside_the_others():
    """Five per cent in an hour, as the Workbook's fourth attempt: the same pages, called yours."""
    found = replay(minutes("2026-06-04T12:00"), policy="5% in 1h, ticket 1x in 3d")
    assert found.policy == "yours"
    pd.testing.assert_frame_equal(found.pages["yours"], found.pages["4 one burn rate"])


def test_a_guard_keeps_a_policy_quiet():
    """An hour of outage is 6000 failures, which is no reason to page who asks for 6001."""
    counts = minutes("2026-06-04T12:00")
    assert len(replay(counts, policy="5% in 1h at least 6000 bad").score.pages) == 1
    assert len(replay(counts, policy="5% in 1h at least 6001 bad").score.pages) == 0


def test_what_pages_are_scored_against_is_known_or_refused():
    """Incidents where there are any, else the budget; a typo is not another truth."""
    some = incidents(("a", "shop", "2026-06-04T12:00"))
    assert alerts.truth_in_use(some, wanted="incidents") == "incidents"
    assert alerts.truth_in_use(some, wanted="budget") == "budget"
    assert alerts.truth_in_use(some.iloc[:0], wanted="incidents") == "budget"
    with pytest.raises(ParameterError, match="incidents, budget; got 'incident'"):
        alerts.truth_in_use(some, wanted="incident")


def test_outages_of_the_monitor_are_told_and_scored(tmp_path):
    """Three outages on record by the monitor itself; 41 seconds page since the hour is bad already.

    At 99.5 % an hour of 14.4 is 259.2 bad seconds: reached 259 s into the first outage, so told
    at the end of that minute.
    """
    dataset = monitor(tmp_path)
    ((key, counts),) = objectives.with_target(dataset).items()
    log = events.of_service(dataset.incidents, key.service)
    found = alerts.replay(counts.good, counts.total, target=0.995, period=key.window,
                         policy="14.4x in 1h/5m", truth="incidents", incidents=log)  # fmt: skip
    assert found.score.events["detected"].tolist() == [True, True, True]
    delay = found.score.events["detection"].dt.total_seconds().iloc[0]
    assert 259.2 < delay <= 259.2 + 60
    # 4273 bad seconds of the 12960 that 30 days allow
    assert found.budget.spent[-1] == pytest.approx(MONITORED_BAD / 12960, rel=2e-3)


# --- the sample: what each policy detects and misses follows from the incidents planted in it ---


@pytest.fixture(scope="module")
def replays() -> Mapping[fleet.Indicator, alerts.AlertReplay]:
    """Every objective of the sample, under the ready-made policies."""
    dataset = srelib.load(ROOT / "data" / "sample")
    counts = objectives.with_target(dataset)
    return fleet.answers(fleet.each(counts, lambda key, c: alerts.replay(
        c.good, c.total, target=key.target, period=key.window, policy="workbook",
        truth="incidents", incidents=events.of_service(dataset.incidents, key.service),
        candidates={},
    )))  # fmt: skip


@pytest.fixture(scope="module")
def busy() -> set[str]:
    """Services with enough traffic for a ratio to be what was planted."""
    file = json.loads(TRUTH.read_text(encoding="utf-8"))
    hours = (pd.Timestamp(file["end"]) - pd.Timestamp(file["start"])) / pd.Timedelta("1h")
    return {row["service"] for row in file["slis"]
            if row["sli"] == "availability" and row["total"] > BUSY * hours}  # fmt: skip


@pytest.fixture(scope="module")
def planted(replays, busy) -> pd.DataFrame:
    """The incidents of the truth, with the share of each rule's threshold they reach alone."""
    rows = pd.DataFrame(json.loads(TRUTH.read_text(encoding="utf-8"))["incidents"])
    starts, ends = pd.to_datetime(rows["started_at"]), pd.to_datetime(rows["ended_at"])
    rows = rows.assign(starts=starts, ends=ends, length=ends - starts)
    objective_of = {key.service: key for key in replays if key.sli == "availability"}
    for name in POLICIES:
        rows[name] = [
            _reached(row, objective_of[row["service"]], name) for _, row in rows.iterrows()
        ]
    rows["alone"] = [_alone(row, rows) for _, row in rows.iterrows()]
    rows["single"] = [sum(key.service == s for key in replays) == 1 for s in rows["service"]]
    return rows[rows["service"].isin(busy)].set_index("incident_id")


def _reached(row: pd.Series, key: fleet.Indicator, policy: str) -> float:
    """Its error ratio over the long window of the rule it comes closest to, over the threshold."""
    return max(
        min(row["length"] / rule.long, 1) * row["error_ratio"]
        / _threshold(rule, target=key.target)
        for rule in alerts.read_policy(policy, period=key.window) if rule.severity == "page"
    )  # fmt: skip


def _alone(row: pd.Series, rows: pd.DataFrame) -> bool:
    """Whether no other incident of its service lies within a day before it, or in it."""
    others = rows[(rows["service"] == row["service"]) & (rows["incident_id"] != row["incident_id"])]
    near = (others["ends"] > row["starts"] - pd.Timedelta("1D")) & (others["starts"] < row["ends"])
    return not near.any()


@pytest.mark.parametrize("policy", POLICIES)
def test_what_must_fire_by_the_book_is_detected(policy, replays, planted):
    """Every incident that reaches a threshold by itself is detected."""
    found = alerts.pooled(replays, policy=policy).events.set_index("key")
    must = planted.index[planted[policy] > SURE]
    assert len(must) >= 5
    assert found.loc[must, "detected"].all()


@pytest.mark.parametrize("policy", POLICIES)
def test_what_cannot_fire_by_the_book_is_missed(policy, replays, planted):
    """Incidents that stay below, with no other nor a second objective near, are missed."""
    pooled = alerts.pooled(replays, policy=policy)
    found = pooled.events.set_index("key")
    cannot = planted.index[(planted[policy] < 1 / SURE) & planted["alone"] & planted["single"]]
    assert len(cannot) >= 9
    assert not found.loc[cannot, "detected"].any()
    assert set(cannot) <= set(pooled.missed["key"])
