"""The exact words of notebook 09: one text per verdict, and why there is none."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from srelib.decisions import DecisionRules
from srelib.decisions.levers import DETECTED, FREEZE, REPEATED, RETARGET, SAFER, TWICE
from srelib.decisions.verdict import (
    ALERTS,
    CARRY_ON,
    FEW_DEPLOYMENTS,
    FEW_EVENTS,
    FEW_WEEKS,
    FIX,
    LONGER,
    MISSED,
    NO_COUNTS,
    NO_OBJECTIVE,
    NOT_ENOUGH,
    SAFER_RELEASES,
    SHIP_MORE,
    TARGET,
    UNSURE,
    Decision,
)
from srelib.errors import InsufficientDataError
from srelib.findings import decisions as findings
from tests.decisions.by_hand import NAN, decision, estimate, lever

ROOT = Path(__file__).parents[2]
LEVERS = (
    lever(SAFER, 0.76, 0.33, 0.41), lever(REPEATED, 0.54, 0.11, 0.13, detail="Disk *full*"),
    lever(DETECTED, 0.47, 0.04), lever(TWICE, 0.1, -0.33, -0.82),
    lever(RETARGET, 0.96, 0.53, NAN, detail="0.98"),
)  # fmt: skip
NAMED = pd.DataFrame({"title": ["Disk *full*", "VPN down"], "incidents": [7, 1],
                      "share": [0.33, 0.082]})  # fmt: skip
SAFE = estimate(0.985, 0.9, 1.0)


def say(one: Decision, **rules) -> str:
    """What is said of one service, with ordinary spaces."""
    (found,) = findings.service_sentences({"shop": one}, rules=DecisionRules(**rules))
    return found.sentence.replace("\u00a0", " ")


VERDICTS = {
    SAFER_RELEASES: (
        decision(SAFER_RELEASES, levers=LEVERS),
        "**shop**: **make releases safer**. Deployments used 82 % of the error budget of 13 weeks "
        "(72 % to 92 %). With half that cost, 99 % would be met in 76 of 100 windows instead of "
        "43. Confidence: 97 %.",
    ),
    FIX: (
        decision(FIX, levers=LEVERS[:3], named=NAMED,
                 causes={"deployments": 0.0, "outages": 0.93, "usual": 0.2}),
        "**shop**: **fix outages unrelated to deployments**. Outages not attributed to "
        "deployments used 93 % of the error budget of 13 weeks, deployments 0 %. Costliest: "
        "**Disk \\*full\\*** (7 times, 33 %). Without it, 99 % would be met in 54 of 100 windows "
        "instead of 43. Confidence: 97 %.",
    ),
    ALERTS: (
        decision(ALERTS, levers=LEVERS[:3], missed=(3, 0.74)),
        "**shop**: **improve alerting**. 3 outages that each used 20 % or more of a window's "
        "budget had no page on record; they used 74 % of what such outages used. Detected when "
        "the replayed alert policy would have paged, 10 % of the error budget of 13 weeks would "
        "have been saved (simulated). Confidence: 97 %.",
    ),
    TARGET: (
        decision(TARGET, levers=LEVERS, causes={"deployments": 0.1, "outages": 0.1, "usual": 1.4}),
        "**shop**: **review the target**. Errors outside outages and deployments alone used 140 % "
        "of the error budget of 13 weeks; 99 % would be met in 43 of 100 windows. 98 % would be "
        "met in 96 of 100 windows. Confidence: 97 %.",
    ),
    SHIP_MORE: (
        decision(SHIP_MORE, met=SAFE, frequency=0.38, levers=(LEVERS[0], lever(TWICE, 0.98, 0.0)),
                 causes={"deployments": 0.003, "outages": 0.002, "usual": 0.145}),
        "**shop**: **deploy more often**. 15 % of the error budget of 13 weeks was used, at 0.38 "
        "deployments a week. With twice as many deployments of the same cost, 99 % would be met "
        "in 98 of 100 windows. Confidence: 97 %.",
    ),
    CARRY_ON: (
        decision(CARRY_ON, met=SAFE, levers=LEVERS[:1],
                 causes={"deployments": 0.066, "outages": 0.04, "usual": 0.304}),
        "**shop**: **no change needed**. 99 % would be met in 98 of 100 windows; 41 % of the error "
        "budget of 13 weeks was used, 6.6 % by deployments. Confidence: 97 %.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_has_its_sentence_with_size_and_confidence(verdict):
    """The size in the same sentence, what to do in bold, how sure at the end."""
    one, text = VERDICTS[verdict]
    said, _, book = say(one).rpartition(" [Evidence](")
    assert said == text
    assert (ROOT / "notebooks" / book.removesuffix(")")).exists()


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (FIX, "**shop**: **fix outages unrelated to deployments**. Outages used 93 % of the error "
              "budget of 13 weeks; how much of that deployments caused is unknown, because none "
              "could be compared. Costliest:"),
        (CARRY_ON, "**shop**: **no change needed**. 99 % would be met in 98 of 100 windows; 41 % "
                   "of the error budget of 13 weeks was used. How much of that deployments caused "
                   "is unknown, because none could be compared. Confidence:"),
    ],
)  # fmt: skip
def test_without_deployments_nothing_is_said_of_their_share(verdict, text):
    """Nobody exported them, or none could be compared: their harm is unknown, not 0 %."""
    one = replace(VERDICTS[verdict][0], deployments=0)
    assert say(one).startswith(text)
    assert "0 % by deployments" not in say(one)


NONE = {
    NO_OBJECTIVE: (
        Decision(NOT_ENOUGH, lacks=NO_OBJECTIVE),
        "There is no objective. Add one to slos.yaml; `srelib init` proposes one for each service "
        "in the exports.",
    ),
    NO_COUNTS: (
        Decision(NOT_ENOUGH, lacks=NO_COUNTS, deployments=57),
        "Good and total events are missing. An objective and 8 whole weeks of them are needed. On "
        "record: 57 deployments.",
    ),
    FEW_WEEKS: (
        decision(NOT_ENOUGH, lacks=FEW_WEEKS, weeks=5, enough=8.0, confidence=NAN),
        "5 whole weeks of good and total events; 8 whole weeks are needed.",
    ),
    FEW_EVENTS: (
        decision(NOT_ENOUGH, lacks=FEW_EVENTS, confidence=NAN),
        "The error budget of a window is less than one event.",
    ),
    FEW_DEPLOYMENTS: (
        decision(NOT_ENOUGH, lacks=FEW_DEPLOYMENTS, enough=60.0, deployments=6),
        "99 % would be met in 43 of 100 windows. Deployments seem to cost more than outages, but "
        "with 6 deployments this could be chance. About 60 deployments with such cost would be "
        "enough.",
    ),
    UNSURE: (
        decision(NOT_ENOUGH, lacks=UNSURE, leaning=FIX, enough=26.0, confidence=0.5),
        "99 % would be met in 43 of 100 windows (10 to 80). The most likely verdict is *fix "
        "outages unrelated to deployments*, with too little confidence. About 26 weeks like these "
        "would be enough.",
    ),
    MISSED: (
        decision(NOT_ENOUGH, lacks=MISSED, leaning=CARRY_ON, enough=17.0, met=SAFE, confidence=0.9),
        "99 % would be met in 98 of 100 windows (90 to over 99), but the last window missed it. "
        "About 17 weeks like these would be enough.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lacks", NONE)
def test_without_enough_data_it_says_what_would_be_enough(lacks):
    """Each reason has its sentence; there is no confidence in a verdict that is none."""
    one, text = NONE[lacks]
    assert say(one) == f"**shop**: **not enough data**. {text}"


def test_where_nothing_would_settle_it_that_is_said():
    """No number of weeks tried gives a sure verdict."""
    one = replace(NONE[UNSURE][0], enough=NAN)
    assert say(one).endswith(
        f"confidence. Even {max(LONGER):g} times as much history like this would not be enough."
    )


def test_incidents_alone_give_a_verdict_about_incidents():
    """Named with the time they were open, and what cannot be said."""
    named = pd.DataFrame({"title": ["Actions slow"], "incidents": [12], "hours": [30.5],
                          "share": [NAN]})  # fmt: skip
    one = Decision(FIX, lacks=NO_COUNTS, named=named)
    assert say(one) == (
        "**shop**: **fix recurring incidents**. Without good and total events nothing can be said "
        "of its error budget or its releases. Costliest: **Actions slow** (12 times, open for "
        "1 day 6 h). [Evidence](05_incidents.ipynb)"
    )
    assert "Without an objective nothing can be said" in say(replace(one, lacks=NO_OBJECTIVE))


def test_the_fleet_is_counted_by_verdict_what_needs_doing_first():
    """Errors are no services, and stand at the end with their reason."""
    decided = {
        "a": VERDICTS[CARRY_ON][0], "b": VERDICTS[FIX][0], "c": VERDICTS[CARRY_ON][0],
        "d": InsufficientDataError("there is no traffic."),
    }  # fmt: skip
    text = findings.fleet_sentence(decided).sentence.replace("\u00a0", " ")
    assert (
        text
        == "**3 services: fix outages unrelated to deployments (b); no change needed (a and c).**"
    )
    lines = findings.service_sentences(decided, rules=DecisionRules())
    assert [line.service for line in lines[:-1]] == ["b", "a", "c"]
    assert lines[-1].sentence == "**d**: there is no traffic."
    assert findings.fleet_sentence({}).sentence == "There is no service to decide about."


def test_a_verdict_is_a_finding_with_its_confidence():
    """Value, unit, verdict and anchor travel with the sentence."""
    (found,) = findings.service_sentences({"shop": VERDICTS[FIX][0]}, rules=DecisionRules())
    assert (found.key, found.verdict, found.value) == ("decisions.service", FIX, 0.97)
    assert (found.unit, found.text, found.n) == ("share of redrawn histories", "97\u00a0%", 13)


def test_the_table_has_one_row_per_service():
    """The change that the verdict asks for, today's windows and those then."""
    decided = {"shop": VERDICTS[SAFER_RELEASES][0], "web": Decision(NOT_ENOUGH, lacks=NO_OBJECTIVE)}
    given = {"teams": pd.Series(dtype="object"), "rules": DecisionRules()}
    made = findings.decisions_table(decided, **given)
    rows = [[cell.replace("\u00a0", " ") for cell in row] for row in made.rows]
    assert rows == [
        ["shop", SAFER_RELEASES, "43 → 76", SAFER, "41 %", "97 %"],
        ["web", NOT_ENOUGH, "–", "–", "–", "–"],
    ]
    stated = {(one.quantity, one.text.replace("\u00a0", " ")) for one in made.findings}
    assert stated == {
        ("probability to meet the next window", "43"), ("probability after the change", "76"),
        ("cost of deployments", "82 %"), ("", ""),
    }  # fmt: skip
    reasons = {one.service: one.sentence.replace("\u00a0", " ") for one in made.findings
               if one.key == findings.REASON}  # fmt: skip
    assert reasons["shop"] in VERDICTS[SAFER_RELEASES][1]
    assert reasons["web"] == NONE[NO_OBJECTIVE][1]
    assert findings.decisions_table({}, **given) is None


def test_the_table_of_changes_gives_every_number_its_interval():
    """A range where there is no estimate; a change that does nothing is left out."""
    freeze = lever(FREEZE, NAN, NAN, NAN, detail="workbook", pages=NAN, frozen=20.0)
    freeze = replace(freeze, probability=estimate(NAN, 0.2, 0.9), gain=estimate(NAN, 0.0, 0.4),
                     saved=estimate(NAN, 0.0, 0.33))  # fmt: skip
    idle = lever(TWICE, 0.43, 0.002)
    one = decision(SAFER_RELEASES, levers=(LEVERS[0], idle, freeze, LEVERS[4]))
    rows = [[cell.replace("\u00a0", " ") for cell in row]
            for row in findings.levers_table({"shop": one}).rows]  # fmt: skip
    assert rows == [
        ["shop", SAFER, "76", "+33\n+23 to +43", "41 %\n36 % to 46 %", "−0.5", "−3"],
        ["shop", "freeze policy: workbook", "20 to 90", "0 to +40", "0 % to 33 %", "–", "+20"],
        ["shop", "target 98 %", "96", "+53\n+43 to +63", "–", "−0.5", "−3"],
    ]
    assert findings.levers_table({"shop": decision(CARRY_ON)}) is None


def test_incidents_are_listed_over_services_the_costliest_first():
    """Those of services without a budget by the time they were open, behind the others."""
    named = pd.DataFrame({"title": ["Slow"], "incidents": [3], "hours": [2.0], "share": [NAN]})
    made = findings.incidents_table({"a": Decision(FIX, lacks=NO_COUNTS, named=named),
                                     "b": VERDICTS[FIX][0]})  # fmt: skip
    rows = [[cell.replace("\u00a0", " ") for cell in row] for row in made.rows]
    assert rows == [["b", "Disk *full*", "7", "33 %", "–"], ["b", "VPN down", "1", "8.2 %", "–"],
                    ["a", "Slow", "3", "–", "2 h"]]  # fmt: skip
    assert findings.incidents_table({"b": decision(CARRY_ON)}) is None


def test_missing_tables_are_named_with_how_to_export_them():
    """None is not exported; an empty table is."""
    text = findings.missing_sentence({"alerts": None, "incidents": pd.DataFrame()}).sentence
    assert text.startswith("Not in the folder, and so not considered: **alerts** (")
    assert "incidents" not in text.split("**alerts**")[0]
    assert findings.missing_sentence({"incidents": pd.DataFrame()}) is None


def test_what_it_stands_on_is_said_where_there_is_any_what_if():
    """The number of redrawn histories and the least confidence."""
    found = findings.basis_sentences({"shop": VERDICTS[FIX][0]}, rules=DecisionRules(sure=0.7))
    lines = [one.sentence for one in found]
    assert "below 70\u00a0% the verdict is *not enough data*" in lines[0]
    assert "simulated" in lines[1]
    assert "moved towards the mean of the service" in lines[2]
    assert findings.basis_sentences({"shop": decision(CARRY_ON)}, rules=DecisionRules()) == []
