"""The exact words of notebook 07: held, nothing frozen, always frozen, no deployments, no SLO."""

import numpy as np
import pandas as pd
import pytest

from srelib import fleet
from srelib import policy as policies
from srelib.errors import InsufficientDataError
from srelib.findings import policy as spoken
from srelib.fleet import Indicator
from srelib.policy import Policy
from srelib.windows import Window
from tests.policy.shapes import failing, hours, made, prepared, replayed_fleet

WINDOW = Window.parse("28d")
SHOP = Indicator("shop availability", "shop", "availability", target=0.99, window=WINDOW)
NASTY = Indicator("<b>*x*", "<b>*x*", "availability", target=0.99, window=WINDOW)
OUTAGE = ("2026-06-23T10:00", "2026-06-23T18:00", 990.0)
ORDINARY = ("2026-06-01", "2026-07-27", 2.0)
HARM = ("2026-06-25T12:00", "2026-06-25T15:00", 200.0)
SHIPPED = made(
    ("a", "2026-06-22T12:00"), ("b", "2026-06-25T12:00"), ("c", "2026-06-25T19:00"),
    ("fix", "2026-06-25T15:00", False), ("d", "2026-07-23T12:00"),
)  # fmt: skip
WORKBOOK = policies.named("workbook")


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def replayed(counts, deployments=SHIPPED, *, policy=WORKBOOK, key=SHOP, incidents=None):
    """One objective replayed."""
    rows = deployments.assign(service=key.service)
    return replayed_fleet({key: counts}, rows, policy=policy, draws=20, incidents=incidents)


def said(counts, deployments=SHIPPED, **options) -> list[str]:
    """The first lines of the notebook."""
    found = replayed(counts, deployments, **options)
    return [
        plain(x)
        for x in spoken.policy_sentences(fleet.pooled(found, policies.pooled), replays=found)
    ]


def test_frozen_held_and_avoided_beyond_chance():
    """600 bad events after one of two releases held for nearly 27 days."""
    assert said(failing(hours(), ORDINARY, OUTAGE, HARM)) == [
        "The **workbook** freeze policy (28 days, frozen when nothing is left) would have frozen "
        "releases on **28** of 42 days that could be judged.",
        "The **workbook** freeze policy would have delayed **2 of 5 deployments**, half of them by "
        "4 weeks or more; up to 2 of one service would be released together and 1 fix not delayed.",
        "These delays would have avoided most for **shop availability**: **−65 to 601** of 11,208 "
        "bad events, chance included. The low end is for harm that only moves to the day of the "
        "release, the high end for harm that never comes.",
    ]


def test_what_chance_could_explain_is_said_to_be_so():
    """A release followed by no more than what other hours have now and then."""
    counts = failing(hours(), OUTAGE)
    counts["good"] -= np.random.default_rng(1).integers(0, 8, len(counts)).clip(max=counts["good"])
    lines = said(counts, made(("b", "2026-06-30T12:00")))
    assert lines[1] == (
        "The **workbook** freeze policy would have delayed **1 of 1 deployment**, half of them by "
        "3 weeks or more."
    )
    assert lines[2].endswith("**Chance could explain all of it.**")


def test_nothing_frozen_says_so():
    """No outage."""
    assert said(hours()) == [
        "The **workbook** freeze policy (28 days, frozen when nothing is left) would have frozen "
        "**nothing**: no budget fell that low on any of 42 days that could be judged.",
    ]


def test_frozen_from_the_first_day_judged_to_the_last():
    """Everything delayed, nothing released, no median."""
    lines = said(failing(hours(), ("2026-06-01", "2026-07-27", 20.0)))
    assert lines[:2] == [
        "The **workbook** freeze policy (28 days, frozen when nothing is left) would have frozen "
        "releases on **every one** of 42 days that could be judged.",
        "The **workbook** freeze policy would have delayed **4 of 5 deployments**, so many of them "
        "to the end of the data that no median can be given; 4 would still wait at the end and "
        "1 fix not delayed.",
    ]


def test_frozen_days_without_a_deployment_on_them():
    """A freeze that nobody met, and one that only a fix met."""
    counts = failing(hours(), OUTAGE)
    assert said(counts, made(("a", "2026-06-10T12:00")))[1:] == [
        "**No deployment** was requested on these days that it would have delayed.",
    ]
    assert said(counts, made(("fix", "2026-06-25T12:00", False)))[1:] == [
        "**No deployment** was requested on these days that it would have delayed; 1 fix not "
        "delayed.",
    ]


def test_deployments_held_lead_to_where_the_tool_shows_them():
    """By their own address, whatever the order."""
    shipped = SHIPPED.assign(url="https://ci.example.org/" + SHIPPED["deployment_id"])
    found = replayed(failing(hours(), ORDINARY, OUTAGE, HARM), shipped)
    held = spoken.held_table(fleet.pooled(found, policies.pooled))
    assert held.links == {(0, 0): "https://ci.example.org/b", (1, 0): "https://ci.example.org/c"}


def test_no_deployments_says_what_to_export():
    """The days are frozen all the same."""
    lines = said(failing(hours(), OUTAGE), made())
    assert lines[0].endswith(
        "would have frozen releases on **28** of 42 days that could be judged."
    )
    assert lines[1] == (
        "There are **no deployments** of these services in the time of the data, so nothing could "
        "be delayed. To add them, export the output of "
        "`gh api repos/OWNER/REPO/deployments --paginate`, or a CSV with service and finished_at."
    )


def test_no_objective_says_what_to_write():
    """Nothing to measure against."""
    (line,) = spoken.policy_sentences(None, replays={})
    assert line.startswith("**No policy can be replayed, because no objective has data.**")
    broken = {NASTY: InsufficientDataError("buckets of 1 day.")}
    assert spoken.policy_sentences(None, replays=broken) == [
        "**No policy could be replayed.** Not replayed: **&#60;b&#62;\\*x\\***: buckets of 1 day."
    ]  # fmt: skip


def test_a_history_too_short_to_judge_decides_nothing():
    """Ten days of four weeks."""
    (line,) = said(hours(days=10), made(("a", "2026-06-05T12:00")))
    assert line == (
        "The **workbook** freeze policy (28 days, frozen when nothing is left) would have "
        "**decided nothing**: less than half of its window was observed on every day. Export a "
        "longer history."
    )


def test_rationing_has_its_own_words():
    """Never frozen, releases one a week."""
    ration = Policy(name="<i>one*", window="28d", freeze_below=None, slow_below=0.0, slow_to=1)
    assert said(failing(hours(), OUTAGE), policy=ration)[0] == (
        "The **&#60;i&#62;one\\*** freeze policy (28 days, 1 release a week when nothing is left) "
        "would have rationed releases on **28** of 42 days that could be judged."
    )


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (policies.named("early"), "28 days, frozen when less than 20 % is left"),
        (policies.named("cautious"), "28 days, frozen when nothing is left, until 20 % is back"),
        (policies.named("week"),
         "28 days, frozen when nothing is left, until the last 7 days kept the target"),
        (policies.named("objective's window"),
         "the window of each objective, frozen when nothing is left"),
        (policies.named("slow down"),
         "28 days, frozen when nothing is left, 2 releases a week when less than 25 % is left"),
        (policies.named("none"), "the window of each objective, delays nothing"),
        (Policy(name="x", freeze_below=-0.5, window=Window(unit="month")),
         "calendar month (UTC), frozen when it is overspent by more than 50 %"),
    ],
    ids=lambda value: value.name if isinstance(value, Policy) else "",
)  # fmt: skip
def test_a_policy_is_said_in_words(policy, text):
    """Window, line, end and ration."""
    assert plain(spoken._rule_words(policy)).replace("\\", "") == text


def test_the_longest_freeze_is_named():
    """Both readings, where they differ."""
    found = replayed(failing(hours(), OUTAGE))
    assert plain(spoken.freezes_sentence(found)) == (
        "If harm is only postponed, there would have been 1 freeze. The longest: **shop**, 4 weeks "
        "from 24 June 2026 to 22 July 2026, asked for by **shop availability**."
    )
    assert spoken.freezes_sentence(replayed(hours())) == (
        "No service would have been frozen on any day."
    )
    assert spoken.freezes_sentence({}) == spoken.NOTHING


def test_the_readings_are_told_apart_where_they_differ():
    """6,000 bad events held back end the freeze, or come again and begin another."""
    counts = failing(hours(), (OUTAGE[0], OUTAGE[1], 850.0),
                     ("2026-06-25T12:00", "2026-06-25T20:00", 1000.0))  # fmt: skip
    found = replayed(counts, made(("b", "2026-06-25T12:00"), ("d", "2026-07-23T12:00")))
    assert plain(spoken.freezes_sentence(found)).endswith(
        "asked for by **shop availability**. If harm is avoided instead, **shop** would have been "
        "frozen on 28 days instead of 32."
    )


def test_tables_hold_both_readings():
    """A range where they differ, one number where not; markup stays text."""
    found = replayed(failing(hours(), ORDINARY, OUTAGE, HARM), key=NASTY)
    table = spoken.days_table(found)
    assert [plain(cell) for cell in table.rows[0]] == [
        "<b>*x*", "28", "28", "2", "11,208 events", "−65 to 601",
        "99.17 % and 99.21 %",
    ]  # fmt: skip
    assert "<b>" not in table._repr_html_()
    held = spoken.held_table(fleet.pooled(found, policies.pooled))
    assert [row[0] for row in held.rows] == ["b", "c"]
    assert held.links == {}
    assert plain(held.rows[0][4]) == "26 days 21 h"
    assert spoken.held_table(None) is None
    assert spoken.days_table({}) is None


def test_the_basis_names_close_decisions_and_what_cannot_be_told():
    """Half a window unseen; releases every six hours leave nothing to compare with."""
    found = replayed(failing(hours(), OUTAGE))
    lines = [
        plain(x)
        for x in spoken.basis_sentences(fleet.pooled(found, policies.pooled), replays=found)
    ]
    assert lines[0] == (
        "75 % of 56 days could be judged; before half of a window was seen, nothing is frozen."
    )
    dense = made(*((f"{t}", f"{t:%Y-%m-%dT%H:%M}") for t in
                   pd.date_range("2026-06-01T01:00", "2026-07-26", freq="6h")))  # fmt: skip
    found = replayed(failing(hours(), OUTAGE), dense)
    lines = spoken.basis_sentences(fleet.pooled(found, policies.pooled), replays=found)
    assert lines[-1].startswith("For **shop availability** hardly any hours lie clear of releases")
    assert spoken.basis_sentences(None, replays={}) == [spoken.NOTHING]


def test_missing_inputs_are_named():
    """No incidents; deployments of which nobody says whether they were planned."""
    unknown = SHIPPED.assign(planned=pd.array([pd.NA] * len(SHIPPED), dtype="boolean"))
    text = plain(spoken.inputs_sentence(deployments=unknown, incidents=pd.DataFrame()))
    assert text.startswith(
        "Of 5 deployments it is not known whether they were fixes; they count as planned and can "
        "be delayed. There are no incidents in the folder"
    )
    assert spoken.inputs_sentence(deployments=SHIPPED, incidents=pd.DataFrame({"a": [1]})) == ""


def policies_on(counts, *, current: str = "workbook", deployments=SHIPPED, several=None):
    """Ready-made policies on one objective."""
    rows = deployments.assign(service="shop")
    tried = several or policies.ready_made()
    return policies.frontier(prepared({SHOP: counts}, rows), policies=tried, current=current)


def test_the_front_is_said_both_ways():
    """Nothing beats the one in question; a stricter one is beaten by it."""
    counts = failing(hours(), ORDINARY, OUTAGE, HARM)
    names = ("workbook", "early")
    tried = {name: policies.named(name) for name in names}
    rows = policies_on(counts, several=tried)
    assert plain(spoken.frontier_sentence(rows)) == (
        "Of 2 freeze policies replayed, none would have avoided more than **workbook** for no more "
        "delay, if harm is avoided. If harm is only postponed, each of them may have avoided "
        "nothing."
    )
    week = {"workbook": policies.named("workbook"), "week": policies.named("week")}
    rows = policies_on(counts, several=week)
    assert plain(spoken.frontier_sentence(rows)) == (
        "Of 2 freeze policies replayed, **week** would have avoided 0.09 four-week budgets against "
        "0.09 of **workbook**, for 11 against 53 deployment-days of delay, if harm is avoided. If "
        "harm is only postponed, each of them may have avoided nothing."
    )
    assert spoken.frontier_sentence(policies_on(hours())) == (
        "None of 7 freeze policies would have delayed a deployment."
    )
    assert spoken.frontier_sentence(pd.DataFrame()) == spoken.NOTHING


def test_sensitivity_is_said_in_ranges():
    """The shortest and the longest over the grid."""
    several = policies.grid(windows=("14d", "28d"), thresholds=(0.0, 0.5))
    rows = policies_on(failing(hours(), ORDINARY, OUTAGE, HARM), several=several, current="x")
    assert plain(spoken.sensitivity_sentence(rows)) == (
        "Replayed over 4 windows and thresholds, days frozen would run from 14 to 28, deployments "
        "delayed from 2 to 2, and what is avoided at best from 0.09 to 0.09 four-week budgets."
    )
    assert spoken.sensitivity_sentence(pd.DataFrame()) == spoken.NOTHING
    assert spoken.policies_table(pd.DataFrame()) is None
