"""Other policies, and the alerts that really fired, on the same history."""

import numpy as np
import pandas as pd
import pytest

from srelib import alerts, tables
from srelib.alerts.policies import _builtin_policies
from srelib.errors import ColumnError
from tests.alerts.made import OTHER, SHOP, SLOW, incidents, minutes, replay

PERIOD = "28d"


def fired(*rows: tuple[str, str | None, str, str | None]) -> pd.DataFrame:
    """Alerts: service, severity, start, end."""
    times = [pd.to_datetime([row[n] for row in rows], utc=True, format="ISO8601") for n in (2, 3)]
    return tables.conform(pd.DataFrame({
        "service": [row[0] for row in rows], "rule": "Burn", "severity": [row[1] for row in rows],
        "fired_at": times[0], "resolved_at": times[1],
    }), "alerts")  # fmt: skip


LOG = incidents(("a", "shop", "2026-06-03T12:00"), ("b", "shop", "2026-06-05T12:00"))
SHOPS = {
    SHOP: replay(minutes("2026-06-03T12:00", "2026-06-05T12:00"), incidents=LOG),
    SLOW: replay(minutes(), incidents=LOG),
}


def test_the_policy_in_use_stands_first_among_those_replayed_everywhere():
    """Five-minute buckets are too coarse for the window of one minute of the third attempt."""
    coarse = replay(minutes().resample("5min").sum(), policy="5% in 1h")
    found = list(alerts.compare({SHOP: coarse, SLOW: replay(minutes(), policy="5% in 1h")}))
    assert found[:2] == ["yours", "workbook"]
    assert set(_builtin_policies(PERIOD)) - set(found) == {"3 longer wait"}


def test_policies_are_compared_on_one_history():
    """5 % in an hour takes 20.16 of 403.2 minutes: it misses a quarter of an hour, 2 % does not."""
    counts = minutes("2026-06-04T12:00")
    counts.loc["2026-06-04T12:15":"2026-06-04T12:59", "good"] = 100.0
    found = alerts.compare({SHOP: replay(counts)})
    assert (found["workbook"].recall.value, len(found["workbook"].pages)) == (1.0, 1)
    assert (found["4 one burn rate"].recall.value, len(found["4 one burn rate"].pages)) == (0.0, 0)
    assert found["workbook"].events["detection"].tolist() == [pd.Timedelta("9min")]


def test_search_counts_each_half_by_itself():
    """One outage in each half: one page in four days each, spent the same before anybody knew."""
    replays = {SHOP: replay(minutes("2026-06-02T12:00", "2026-06-07T12:00"))}
    found = alerts.search(replays).set_index("policy")
    now = found.loc["workbook"]
    assert now["pages_per_week_chosen_on"] == pytest.approx(7 / 4)
    assert now["pages_per_week_tested_on"] == pytest.approx(7 / 4)
    # 2 % of the 6.72 h that 28 days allow are 8.06 min of outage; the 9th whole minute exceeds it
    assert now["spent_tested_on"] == pytest.approx(9 / 60 / 6.72)
    assert found["chosen"].sum() == 1
    assert found.loc[found["chosen"], "spent_chosen_on"].item() <= now["spent_chosen_on"]


def busy(*seeds: int) -> pd.DataFrame:
    """A week of minutes from each seed, with an outage of some length and depth every day."""
    weeks = []
    for seed in seeds:
        random, bad = np.random.default_rng(seed), np.zeros(7 * 1440)
        for start in range(0, len(bad), 1440):
            first = start + int(random.integers(0, 1200))
            bad[first : first + int(random.integers(5, 200))] = random.choice([3, 10, 40, 100])
        weeks.append(bad)
    bad = np.concatenate(weeks)
    index = pd.date_range("2026-06-01", periods=len(bad), freq="min", tz="UTC", unit="us")
    return pd.DataFrame({"good": 100.0 - bad, "total": 100.0}, index=index)


@pytest.fixture(scope="module")
def searched() -> pd.DataFrame:
    """A search on two weeks of two objectives."""
    return alerts.search({SHOP: replay(busy(3, 4)), SLOW: replay(busy(5, 6))})


def test_a_search_tries_the_ready_made_and_three_dozen_more(searched):
    """One row per policy, one of them in use, one of them chosen."""
    kinds = searched["kind"].value_counts().to_dict()
    assert kinds == {"candidate": 36, "ready-made": 7, "current": 1}
    assert searched["chosen"].sum() == 1


def test_the_front_is_what_nothing_beats(searched):
    """Compared pair by pair on the half they are chosen on."""
    pairs = list(
        zip(searched["pages_per_week_chosen_on"], searched["spent_chosen_on"], strict=True)
    )
    beaten = [any(x <= a and y <= b and (x, y) != (a, b) for x, y in pairs) for a, b in pairs]
    assert searched["front"].tolist() == [not b for b in beaten]


def test_the_chosen_policy_pages_no_more_and_spends_least(searched):
    """On the first half, among those that page at most as often as the one in use."""
    (now,) = searched[searched["kind"] == "current"].to_dict("records")
    (chosen,) = searched[searched["chosen"]].to_dict("records")
    able = searched[searched["pages_per_week_chosen_on"] <= now["pages_per_week_chosen_on"]]
    assert chosen["pages_per_week_chosen_on"] <= now["pages_per_week_chosen_on"]
    assert chosen["spent_chosen_on"] == able["spent_chosen_on"].min()


def test_what_comes_later_does_not_change_the_choice():
    """Another second week leaves everything chosen on the first as it was."""
    log = incidents(*((f"{n}", "shop", f"2026-06-{n:02}T00:00") for n in range(1, 15)))
    first, again = (alerts.search({SHOP: replay(busy(3, seed), incidents=log)}) for seed in (4, 5))
    assert first["chosen"].tolist() == again["chosen"].tolist()
    assert first["pages_per_week_chosen_on"].tolist() == again["pages_per_week_chosen_on"].tolist()
    assert first["pages_per_week_tested_on"].tolist() != again["pages_per_week_tested_on"].tolist()


def test_a_search_agrees_with_the_scores():
    """Pages and budget spent of both halves together are those of `pooled`, policy by policy."""
    log = incidents(
        ("a", "shop", "2026-06-02T12:00"), ("b", "shop", "2026-06-04T01:00"),
        ("c", "shop", "2026-06-07T11:30"),
    )  # fmt: skip
    replays = {
        SHOP: replay(minutes("2026-06-02T12:00", "2026-06-07T12:00"), incidents=log),
        SLOW: replay(minutes("2026-06-02T12:30", "2026-06-03T12:00"), incidents=log),
    }
    found = alerts.search(replays).set_index("policy")
    for name, score in alerts.compare(replays).items():
        row, early = found.loc[name], score.events["starts_at"] < "2026-06-05T00:00Z"
        pages = (row["pages_per_week_chosen_on"] + row["pages_per_week_tested_on"]) * 4 / 7
        assert pages == pytest.approx(len(score.pages))
        spent = score.events["spent_at_detection"]
        assert row["spent_chosen_on"] == pytest.approx(spent[early].median())
        assert row["spent_tested_on"] == pytest.approx(spent[~early].median())


def test_a_policy_of_ones_own_is_the_current_one():
    """Whatever its name."""
    counts = minutes("2026-06-02T12:00", "2026-06-07T12:00")
    found = alerts.search({SHOP: replay(counts, policy="5% in 1h")}).set_index("policy")
    assert found.loc["yours", "kind"] == "current"


def test_without_events_in_both_halves_nothing_is_chosen():
    """One outage cannot be in two halves."""
    assert alerts.search({SHOP: replay(minutes("2026-06-02T12:00"))}).empty


def test_an_alert_detects_an_incident_of_its_service():
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
    assert one.pages["out_of_hours"].mean() == 0.5
    assert (real.severities, real.others, real.silent) == (("page",), ("ticket",), ())


def test_the_same_pages_get_the_same_score():
    """The pages of a replay, put on record, score as the replay does."""
    rows = SHOPS[SHOP].pages["workbook"].assign(service="shop", rule="Burn")
    real = alerts.recorded(rows, SHOPS).pooled
    told = alerts.pooled(SHOPS)
    columns = ["objective", "key", "detected", "detected_at", "detection", "spent_at_detection"]
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
    assert real.pooled.events["detected"].tolist() == [True, False]


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
        (("page", "critical"), ("critical", "page"), ()),
        ((None, None), (), ()),
        ((None, "ticket"), (), ("ticket",)),
    ],
)
def test_which_alerts_count_is_said(severities, counting, others):
    """Pages by whichever name, and alerts without a severity."""
    rows = fired(*(("shop", name, "2026-06-03T12:20", "2026-06-03T12:30") for name in severities))
    real = alerts.recorded(rows, SHOPS)
    assert (real.severities, real.others, real.unclear) == (counting, others, ())
    assert real.pooled is not None


def test_nothing_is_scored_while_severities_may_or_may_not_be_pages():
    """Two of three may be; asked for by name they count, since then nothing is guessed."""
    rows = fired(*(("shop", name, "2026-06-03T12:20", "2026-06-03T12:30")
                   for name in ("page", "sev1", "sev2")))  # fmt: skip
    real = alerts.recorded(rows, SHOPS)
    assert (real.pooled, real.unclear, real.others) == (None, ("sev1", "sev2"), ())
    assert alerts.recorded(rows.iloc[[0, 1]], SHOPS, severity="Sev1").pooled is not None


def test_tickets_are_scored_where_they_are_asked_for():
    """By any of their names."""
    rows = fired(("shop", "warning", "2026-06-03T12:20", "2026-06-03T12:30"),
                 ("shop", "page", "2026-06-05T12:20", "2026-06-05T12:30"))  # fmt: skip
    real = alerts.recorded(rows, SHOPS, severity="ticket")
    assert (real.severities, real.others) == (("warning",), ("page",))
    assert real.pooled.events["detected"].tolist() == [True, False]


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


def test_without_a_record_there_is_nothing_to_score():
    """An empty table."""
    assert alerts.recorded(tables.empty("alerts"), SHOPS) is None


def test_a_missing_column_is_named():
    """Not an alert."""
    with pytest.raises(ColumnError, match=r"alerts lack rule"):
        alerts.recorded(pd.DataFrame({"service": ["shop"]}), SHOPS)
