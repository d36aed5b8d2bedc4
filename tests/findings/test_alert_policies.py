"""The exact words of notebook 03 about rules and other policies: blind, better, not better."""

import pandas as pd
import pytest

from srelib import alerts
from srelib.alerts import Rule, review, workbook_policy
from srelib.findings import alert_policies as compared
from srelib.findings.alerts import NOTHING
from tests.alerts.made import minutes
from tests.findings.replayed import NASTY, OUTAGE, SHOP, incidents, plain, replays


def looked_at(counts: pd.DataFrame, *, target: float, policy) -> list[str]:
    """What stands in the way of the rules."""
    found = review(counts["good"], counts["total"], target=target, policy=policy)
    return [plain(x) for x in compared.review_sentences({NASTY: found}, severity="page")]


@pytest.mark.parametrize(
    ("counts", "target", "policy", "lines"),
    [
        (minutes(), 0.99, workbook_policy("28d"),
         ["Every page rule can fire, sees the data and needs more than one failure, on "
          "1 objective."]),
        (minutes(), 0.9, (Rule("page", "1h", "5m", 14.4),),
         ["**Unreachable**, not even a total outage fires it: the 14.4x rule over 1 h and 5 min "
          "of **&#60;b&#62;\\*x\\***."]),
        (minutes().resample("h").sum(), 0.99, (Rule("page", "6h", "30m", 6),),
         ["**Blind** and left out, a window is shorter than a bucket of the data: the 6x rule "
          "over 6 h and 30 min of **&#60;b&#62;\\*x\\***."]),
        (minutes(), 0.99, (Rule("page", "30d", "1h", 1),),
         ["**Too long** and left out, it looks back further than the history: the 1x rule over "
          "30 days and 1 h of **&#60;b&#62;\\*x\\***."]),
        (minutes(total=0.05), 0.99, (Rule("page", "1h", "5m", 14.4),),
         ["**One failure is enough** at average traffic: the 14.4x rule over 1 h and 5 min of "
          "**&#60;b&#62;\\*x\\***."]),
    ],
)  # fmt: skip
def test_rules_that_cannot_do_their_job_are_named(counts, target, policy, lines):
    """Fine, unreachable, blind, too long, set off by one failure."""
    assert looked_at(counts, target=target, policy=policy) == lines


def test_other_policies_are_said_by_what_they_miss():
    """Fifteen minutes of outage: 5 % in an hour is not reached, 2 % is."""
    log = incidents(("down", OUTAGE))
    found = alerts.compare(replays(minutes(OUTAGE, length="14min"), incidents=log))
    lines = [plain(line) for line in compared.compare_sentences(found)]
    assert (
        "**4 one burn rate** (0 pages a week) misses 1 that **workbook** tells about (**down**, "
        "shop, 2 June, 3.7 %)." in lines
    )
    assert "**grafana** (0.9 pages a week) tells about the same incidents as **workbook**." in lines


def test_policies_left_out_of_the_comparison_are_named():
    """Five-minute buckets are too coarse for a window of one minute."""
    coarse = minutes(OUTAGE).resample("5min").sum()
    lines = compared.compare_sentences(alerts.compare(replays(coarse)))
    assert lines[-1] == "Not replayed on every objective, so not compared: **3 longer wait**."


def searched(**better) -> pd.DataFrame:
    """The policy in use and one candidate on two halves."""
    now = {"policy": "workbook", "kind": "current", "chosen": not better}
    best = {"policy": "<i>", "kind": "candidate", "chosen": bool(better)}
    halves = {"pages_per_week_chosen_on": 2.0, "pages_per_week_tested_on": 2.0,
              "spent_chosen_on": 0.02, "spent_tested_on": 0.02, "events_chosen_on": 7,
              "events_tested_on": 8}  # fmt: skip
    return pd.DataFrame([{**now, **halves}, {**best, **halves, **better}])


@pytest.mark.parametrize(
    ("better", "text"),
    [
        ({"spent_chosen_on": 0.01, "spent_tested_on": 0.01},
         "Of 2 policies tried on the first half, **&#60;i&#62;** does best for no more pages than "
         "**workbook**: 2 against 2 pages a week, 1 % against 2 % of a budget spent before anybody "
         "knew (n = 7). **It lasts** on the second half: 2 against 2 pages a week, 1 % against 2 % "
         "of a budget spent before anybody knew (n = 8)."),
        ({"spent_chosen_on": 0.01, "pages_per_week_tested_on": 3.0},
         "Of 2 policies tried on the first half, **&#60;i&#62;** does best for no more pages than "
         "**workbook**: 2 against 2 pages a week, 1 % against 2 % of a budget spent before anybody "
         "knew (n = 7). **It does not last** on the second half: 3 against 2 pages a week, 2 % "
         "with either of a budget spent before anybody knew (n = 8)."),
        ({}, "Of 2 policies tried on the first half, none spends less before anybody knows for as "
             "few pages as **workbook**."),
    ],
)  # fmt: skip
def test_a_better_policy_must_last(better, text):
    """Chosen on the first half, judged on the second; or none is better."""
    assert plain(compared.search_sentence(searched(**better), severity="page")) == text


def test_halves_without_events_choose_nothing():
    """One outage cannot be in two halves."""
    assert compared.search_sentence(pd.DataFrame(), severity="page").startswith("One half of the")


def test_nothing_replayed_is_said_everywhere():
    """No section is left empty."""
    assert compared.compare_sentences(None) == [NOTHING]
    assert compared.search_sentence(None, severity="page") == NOTHING
    assert compared.compare_table(None) is None
    assert compared.rules_table({}, severity="page") is None


def test_the_table_of_rules_shows_what_it_takes():
    """Events needed per rule, and how long an outage lasts until it fires."""
    counts = minutes()
    looked = review(counts["good"], counts["total"], target=0.99, policy=workbook_policy("28d"))
    (fast, _) = compared.rules_table({SHOP: looked}, severity="page").rows
    # 6000 events an hour, 13.44 % of them bad: more than 806.4; 13.44 % of an hour are 8 min 4 s
    assert [plain(cell) for cell in fast] == [
        "shop", "13.44x over 1 h and 5 min", "6,000", "807",
        "8 min 4 s on paper, replayed 9 min", "replayed",
    ]  # fmt: skip
    unreachable = review(counts["good"], counts["total"], target=0.9,
                         policy=(Rule("page", "1h", "5m", 14.4),))  # fmt: skip
    (never,) = compared.rules_table({SHOP: unreachable}, severity="page").rows
    assert never[4] == "never"


def test_the_record_stands_behind_the_policy_in_use():
    """Second row of the table, which says what it is; one row each without it."""
    found = replays(minutes(OUTAGE), incidents=incidents(("down", OUTAGE)))
    start, end = (pd.Timestamp(f"2026-06-02T{at}", tz="UTC") for at in ("12:09", "13:00"))
    log = pd.DataFrame({"service": ["shop"], "rule": "Burn", "severity": "page",
                        "fired_at": [start], "resolved_at": [end]})  # fmt: skip
    policies = alerts.compare(found)
    table = compared.compare_table(policies, recorded=alerts.recorded(log, found))
    assert [row[0] for row in table.rows][:3] == ["workbook", "recorded", "pyrra"]
    assert [plain(cell) for cell in table.rows[0]] == [
        "workbook", "100 % of 1", "100 % of 1", "0.9", "9 min", "2.2 %", "0 %"
    ]  # fmt: skip
    assert "recorded: what really fired" in table._repr_html_()
    assert [row[0] for row in compared.compare_table(policies).rows] == list(policies)
