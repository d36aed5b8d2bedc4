"""What notebook 07 says: delayed, nothing frozen, always frozen, no deployments, no SLO."""

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
    """A text with ordinary spaces and signs."""
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def replayed(counts, deployments=SHIPPED, *, policy=WORKBOOK, key=SHOP, incidents=None):
    """One objective replayed."""
    rows = deployments.assign(service=key.service)
    return replayed_fleet({key: counts}, rows, policy=policy, draws=20, incidents=incidents)


def pooled(found):
    """The policy on the whole fleet."""
    return fleet.pooled(found, policies.pooled)


def said(counts, deployments=SHIPPED, **options) -> list[str]:
    """The first lines of the notebook."""
    found = replayed(counts, deployments, **options)
    return [plain(x.sentence) for x in spoken.policy_sentences(pooled(found), replays=found)]


WORDS = "Replayed, the **workbook** freeze policy (28 days, frozen when nothing is left) would have"


def test_frozen_delayed_and_avoided():
    """600 bad events after one of two releases delayed for nearly 27 days."""
    assert said(failing(hours(), ORDINARY, OUTAGE, HARM)) == [
        f"{WORDS} frozen releases on **28** of 42 service-days.",
        "Simulated, the policy would have delayed **2 of 5 deployments**, half of them by 4 weeks "
        "or more. Up to 2 of one service would have been released at once.",
        "Bad events avoided (simulated, chance included), most for **shop availability**: **-65 to "
        "601** of 11,208 events.",
    ]


def test_what_could_be_chance_is_said_to_be_so():
    """A release followed by no more than what other hours have now and then."""
    counts = failing(hours(), OUTAGE)
    counts["good"] -= np.random.default_rng(1).integers(0, 8, len(counts)).clip(max=counts["good"])
    lines = said(counts, made(("b", "2026-06-30T12:00")))
    assert lines[1].endswith("delayed **1 of 1 deployment**, half of them by 3 weeks or more.")
    assert lines[2].endswith("**All of it could be chance.**")


def test_nothing_frozen_and_nothing_judged_are_different_answers():
    """No outage; ten days of four weeks."""
    assert said(hours()) == [
        f"{WORDS} frozen **nothing**: no budget fell that low in 42 service-days."
    ]
    (line,) = said(hours(days=10), made(("a", "2026-06-05T12:00")))
    assert line.startswith(f"{WORDS} **decided nothing**: less than half of its window")


def test_frozen_from_the_first_day_judged_to_the_last():
    """Everything delayed, nothing released, no median."""
    lines = said(failing(hours(), ("2026-06-01", "2026-07-27", 20.0)))
    assert lines[0] == f"{WORDS} frozen releases on **42** of 42 service-days."
    assert lines[1] == (
        "Simulated, the policy would have delayed **4 of 5 deployments**, most of them beyond the "
        "end of the data."
    )


@pytest.mark.parametrize("given", [("a", "2026-06-10T12:00"), ("fix", "2026-06-25T12:00", False)])
def test_frozen_days_without_a_deployment_to_delay(given):
    """A freeze that no deployment met, and one that only a fix met."""
    assert said(failing(hours(), OUTAGE), made(given))[1:] == [
        "Simulated, **no deployment** would have been delayed."
    ]


def test_without_deployments_or_objectives_what_to_add_is_said():
    """The days are frozen all the same; without an objective there is no budget."""
    lines = said(failing(hours(), OUTAGE), made())
    assert lines[0].endswith("frozen releases on **28** of 42 service-days.")
    assert lines[1].startswith("There are **no deployments** of these services to delay. To add")
    (line,) = spoken.policy_sentences(None, replays={})
    assert line.sentence.startswith("**No policy can be replayed: no objective has data.**")
    broken = {NASTY: InsufficientDataError("buckets of 1 day.")}
    assert [one.sentence for one in spoken.policy_sentences(None, replays=broken)] == [
        "**No policy could be replayed.**",
        "Not replayed: **&#60;b&#62;\\*x\\***: buckets of 1 day.",
    ]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({}, "rationed releases on **28** of 42 service-days."),
        ({"freeze_below": 0.0, "slow_below": 0.99}, "on **28** and rationed them on 4 of 42"),
    ],
)
def test_rationing_has_its_own_words(rule, text):
    """Releases one a week, alone and beside a freeze on other days."""
    given = {"freeze_below": None, "slow_below": 0.0, "slow_to": 1, **rule}
    counts = failing(hours(), OUTAGE, ("2026-07-23T00:00", "2026-07-23T05:00", 20.0))
    first = said(counts, policy=Policy(name="<i>one*", window="28d", **given))[0]
    assert first.startswith("Replayed, the **&#60;i&#62;one\\*** freeze policy (28 days, ")
    assert text in first


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (policies.named("early"), "28 days, frozen when less than 20 % is left"),
        (policies.named("cautious"), "28 days, frozen when nothing is left, until 20 % is back"),
        (policies.named("week"),
         "28 days, frozen when nothing is left, until the last 7 days met the target"),
        (policies.named("objective's window"),
         "window of each objective, frozen when nothing is left"),
        (policies.named("slow down"),
         "28 days, frozen when nothing is left, 2 releases a week when less than 25 % is left"),
        (policies.named("none"), "window of each objective, delays nothing"),
        (Policy(name="x", freeze_below=-0.5, window=Window(unit="month")),
         "calendar month (UTC), frozen when overspent by more than 50 %"),
    ],
    ids=lambda value: value.name if isinstance(value, Policy) else "",
)  # fmt: skip
def test_a_policy_is_said_in_words(policy, text):
    """Window, line, end and ration."""
    assert plain(spoken._rule(policy)).replace("\\", "") == text


def test_the_longest_freeze_is_named_with_what_required_it():
    """None without an outage, and nothing where nothing was replayed."""
    found = spoken.freezes_sentence(replayed(failing(hours(), OUTAGE)))
    assert plain(found.sentence) == (
        "Longest replayed freeze: **shop**, 4 weeks from 24 June 2026, required by **shop "
        "availability**."
    )
    none = spoken.freezes_sentence(replayed(hours()))
    assert none.sentence == "Replayed, no service would have been frozen on any day."
    assert spoken.freezes_sentence({}) is None


def test_tables_hold_both_readings_and_links():
    """A range where they differ, one number where not; markup stays text."""
    shipped = SHIPPED.assign(url="https://ci.example.org/" + SHIPPED["deployment_id"])
    found = replayed(failing(hours(), ORDINARY, OUTAGE, HARM), shipped, key=NASTY)
    table = spoken.days_table(found)
    assert [plain(cell) for cell in table.rows[0]] == [
        "<b>*x*", "28", "28", "2", "1", "-65 to 601\nof 11,208 events",
    ]  # fmt: skip
    assert "<b>" not in table._repr_html_()
    held = spoken.held_table(pooled(found))
    assert [[plain(cell) for cell in row] for row in held.rows] == [
        ["b", "<b>*x*", "2026-06-25", "4 weeks"], ["c", "<b>*x*", "2026-06-25", "4 weeks"],
    ]  # fmt: skip
    assert held.links == {(0, 0): "https://ci.example.org/b", (1, 0): "https://ci.example.org/c"}
    assert spoken.held_table(None) is spoken.days_table(replayed(hours())) is None


def basis(counts, deployments=SHIPPED, incidents=(1,)) -> list[str]:
    """What a replay stands on."""
    found = replayed(counts, deployments)
    lines = spoken.basis_sentences(pooled(found), replays=found, deployments=deployments,
                                   incidents=pd.DataFrame({"a": incidents}))  # fmt: skip
    return [plain(one.sentence) for one in lines]


def test_the_basis_names_what_could_not_be_judged_or_told_apart():
    """Half a window unseen; releases every six hours leave nothing to compare with."""
    assert basis(failing(hours(), OUTAGE))[0] == (
        "75 % of 56 service-days could be judged; until half of a window was observed, nothing is "
        "frozen."
    )
    dense = made(*((f"{t}", f"{t:%Y-%m-%dT%H:%M}") for t in
                   pd.date_range("2026-06-01T01:00", "2026-07-26", freq="6h")))  # fmt: skip
    last = basis(failing(hours(), OUTAGE), dense)[-1]
    assert last.startswith("For **shop availability**, almost every hour follows a release")
    nothing = pd.DataFrame()
    assert spoken.basis_sentences(None, replays={}, deployments=nothing, incidents=nothing) == []


def test_close_decisions_are_named():
    """6,000 bad events held back end the freeze, or come again and begin another."""
    counts = failing(hours(), (OUTAGE[0], OUTAGE[1], 850.0),
                     ("2026-06-25T12:00", "2026-06-25T20:00", 1000.0))  # fmt: skip
    lines = basis(counts, made(("b", "2026-06-25T12:00"), ("d", "2026-07-23T12:00")))
    assert lines[1].startswith("Some replayed decisions were close. With other luck after releases")
    assert "**shop** 2" in lines[1]


def test_missing_inputs_are_named():
    """No incidents; deployments of which nobody says whether they were planned."""
    unknown = SHIPPED.assign(planned=pd.array([pd.NA] * len(SHIPPED), dtype="boolean"))
    fixes, incidents = basis(hours(), unknown, incidents=())[-2:]
    assert fixes.startswith("For 5 deployments it is unknown whether they were fixes;")
    assert incidents.startswith("There are no incidents in the folder")
    assert len(basis(hours())) == 1


def policies_on(counts, *tried: str, grid=None):
    """Policies on one objective."""
    several = grid or {name: policies.named(name) for name in tried} or policies.ready_made()
    current = "x" if grid else "workbook"
    return policies.frontier(prepared({SHOP: counts}, SHIPPED.assign(service="shop")),
                             policies=several, current=current)  # fmt: skip


def test_another_policy_is_compared_with_the_chosen_one():
    """Nothing beats it; a policy with less delay does; no policy delays anything."""
    counts = failing(hours(), ORDINARY, OUTAGE, HARM)
    assert plain(spoken.frontier_sentence(policies_on(counts, "workbook", "early")).sentence) == (
        "Of 2 freeze policies replayed, none would have avoided more than **workbook** for no more "
        "delay, if harm is avoided for good."
    )
    rows = policies_on(counts, "workbook", "week")
    assert plain(spoken.frontier_sentence(rows).sentence) == (
        "Of 2 freeze policies replayed, **week** would have avoided 0.09 four-week budgets for 11 "
        "deployment-days of delay, against 0.09 for 53 by **workbook**, if harm is avoided for "
        "good."
    )
    table = spoken.policies_table(rows)
    assert [row[0] for row in table.rows] == ["workbook", "week"]
    quiet = spoken.frontier_sentence(policies_on(hours()))
    assert quiet.sentence == (
        "Replayed, none of 7 freeze policies would have delayed a deployment."
    )
    assert spoken.frontier_sentence(pd.DataFrame()) is spoken.policies_table(pd.DataFrame()) is None


def test_windows_and_thresholds_stand_in_one_table():
    """One row a window, one column a threshold, in their own order."""
    grid = policies.grid(windows=("28d", "14d"), thresholds=(0.5, 0.0))
    found = spoken.grid_table(policies_on(failing(hours(), OUTAGE), grid=grid))
    assert found.headers == ("window", "50%", "0%")
    assert [row[0] for row in found.rows] == ["28d", "14d"]
    assert found.rows[0][2] == "28\n2 delayed"
    assert spoken.grid_table(pd.DataFrame()) is None
